/* judge/price.c - see price.h. */
#include "judge/price.h"

#include "judge/wire.h"

#include <math.h>
#include <stdio.h>

static const struct {
  const char *model;
  double in, out;
} list[] = {
#define PRICE(model, in, out) {model, in, out},
#include "judge/price_list.h"
#undef PRICE
};

static void find_listed(const char *model, double price[2]) {
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    if (strcmp(list[i].model, model) == 0) {
      price[0] = list[i].in;
      price[1] = list[i].out;
    }
  }
}

/* Cuts "-YYYY-MM-DD" off; false if there is none. */
static bool drop_date(char *model) {
  size_t n = strlen(model);
  char *date = n > 11 ? model + n - 11 : NULL;
  int year, month, day, used = 0;
  if (!date || sscanf(date, "-%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || used != 11) {
    return false;
  }
  *date = '\0';
  return true;
}

static lqa_status find_name(lqa_str table, const char *file, const char *model, double price[2],
                            lqa_error *err) {
  if (table.data) {
    LQA_TRY(lqa_wire_price(table, file, model, price, err));
  }
  if (isnan(price[0])) {
    find_listed(model, price);
  }
  return LQA_OK;
}

lqa_status lqa_price_find(lqa_str table, const char *file, const char *model, double price[2],
                          lqa_error *err) {
  char name[256];
  const char *slash = strrchr(model, '/');
  price[0] = price[1] = NAN;
  LQA_TRY(find_name(table, file, model, price, err));
  snprintf(name, sizeof name, "%s", slash ? slash + 1 : model);
  if (isnan(price[0]) && slash) {
    LQA_TRY(find_name(table, file, name, price, err));
  }
  return isnan(price[0]) && drop_date(name) ? find_name(table, file, name, price, err) : LQA_OK;
}

lqa_status lqa_price_parse(const char *text, double price[2], lqa_error *err) {
  const char *comma = strchr(text, ',');
  lqa_str in = {text, comma ? (size_t)(comma - text) : 0};
  double values[2];
  if (!comma || !lqa_str_to_double(lqa_str_trim(in), &values[0]) ||
      !lqa_str_to_double(lqa_str_trim(lqa_str_from(comma + 1)), &values[1]) || values[0] < 0 ||
      values[1] < 0 || values[0] >= 1e6 || values[1] >= 1e6) {
    return lqa_fail(
        err, LQA_BAD_USAGE,
        LQA_OPTION("price") " wants IN,OUT: USD per million input and output tokens, such as "
                            "0.15,0.6; not '%.60s'",
        text);
  }
  price[0] = values[0];
  price[1] = values[1];
  return LQA_OK;
}
