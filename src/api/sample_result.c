/* A rate is never shown without its interval, its method and n. Strata are shown so that a reader
 * sees where the errors are, and how little a small stratum says.
 */
#include "api/sample_result.h"

#include <math.h>

/* "Sports", or what a stratum without a class of its own holds. */
static lqa_str name_stratum(const lqa_spot_stratum *s) {
  return s->is_rest                  ? LQA_STR("(small classes)")
         : lqa_str_is_null(s->label) ? LQA_STR("(no known label)")
                                     : s->label;
}

static void add_number(lqa_json *json, const char *key, int64_t value) {
  lqa_json_key(json, key);
  lqa_json_int(json, value);
}

static void add_rate(lqa_json *json, const lqa_interval *rate) {
  lqa_json_key(json, "error_rate");
  if (rate->n == 0) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_key(json, "estimate");
  lqa_json_double(json, rate->estimate);
  lqa_json_key(json, "low");
  lqa_json_double(json, rate->low);
  lqa_json_key(json, "high");
  lqa_json_double(json, rate->high);
  lqa_json_key(json, "method");
  lqa_json_text(json, rate->method);
  add_number(json, "n", rate->n);
  lqa_json_close_object(json);
}

static void add_stratum(lqa_json *json, const lqa_spot_stratum *s) {
  lqa_json_open_object(json);
  lqa_json_key(json, "suspicious");
  lqa_json_bool(json, s->is_suspicious);
  lqa_json_key(json, "label");
  lqa_json_str(json, s->is_rest ? (lqa_str){NULL, 0} : s->label);
  lqa_json_key(json, "small_classes");
  lqa_json_bool(json, s->is_rest);
  add_number(json, "rows", s->population);
  add_number(json, "drawn", s->drawn);
  add_number(json, "checked", s->answered);
  add_number(json, "wrong", s->wrong);
  add_rate(json, &s->rate);
  lqa_json_close_object(json);
}

static void describe_json(const lqa_spot_check *check, const char *path, bool ingested,
                          lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 2);
  lqa_json_open_object(&json);
  lqa_json_key(&json, "sheet");
  lqa_json_text(&json, check->sheet);
  if (path) {
    lqa_json_key(&json, "file");
    lqa_json_text(&json, path);
  }
  add_number(&json, "drawn", check->drawn);
  add_number(&json, "checked", check->answered);
  add_number(&json, "wrong", check->wrong);
  if (ingested) {
    add_number(&json, "decided", check->decided);
    add_number(&json, "wrong_without_label", check->wrong_only);
    add_number(&json, "gone", check->gone);
  }
  add_rate(&json, &check->rate);
  lqa_json_key(&json, "strata");
  lqa_json_open_array(&json);
  for (size_t i = 0; i < check->n_strata; i++) {
    add_stratum(&json, &check->strata[i]);
  }
  lqa_json_close_array(&json);
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
}

void lqa_sample_describe_draw(const lqa_spot_check *check, const char *path, const char *run,
                              lqa_result *result) {
  lqa_buf_printf(&result->text,
                 "%s: %lld rows from %zu strata, in random order\n"
                 "Fill in is_correct (yes or no) and, where it is no, correct_label; then\n"
                 "  labelqa sample %s --ingest %s\n",
                 path, (long long)check->drawn, check->n_strata, run, path);
  describe_json(check, path, false, &result->json);
}

static void add_strata(const lqa_spot_check *check, lqa_buf *text) {
  lqa_buf_printf(text, "\n  %-10s %-24s %9s %8s %6s   %s\n", "", "label", "rows", "checked",
                 "wrong", "rate, 95 % interval");
  for (size_t i = 0; i < check->n_strata; i++) {
    const lqa_spot_stratum *s = &check->strata[i];
    lqa_str name = name_stratum(s);
    lqa_buf_printf(text, "  %-10s %-24.*s %9lld %8lld %6lld", s->is_suspicious ? "suspicious" : "",
                   (int)(name.size > 24 ? 24 : name.size), name.data, (long long)s->population,
                   (long long)s->answered, (long long)s->wrong);
    if (s->answered > 0) {
      lqa_buf_printf(text, "   %5.1f %%, %.1f to %.1f %%", 100 * s->rate.estimate,
                     100 * s->rate.low, 100 * s->rate.high);
    }
    lqa_buf_add_char(text, '\n');
  }
}

static void add_taken(const lqa_spot_check *check, lqa_buf *text) {
  lqa_buf_printf(text, "%lld decision%s recorded", (long long)check->decided,
                 check->decided == 1 ? "" : "s");
  if (check->wrong_only > 0) {
    lqa_buf_printf(text, "; %lld marked wrong without a correct label (counted, not decided)",
                   (long long)check->wrong_only);
  }
  if (check->gone > 0) {
    lqa_buf_printf(text, "; %lld no longer in the data", (long long)check->gone);
  }
  lqa_buf_add_char(text, '\n');
}

void lqa_sample_describe_rate(const lqa_spot_check *check, bool ingested, lqa_result *result) {
  lqa_buf *text = &result->text;
  lqa_buf_printf(text, "sheet %s: %lld of %lld rows checked, %lld wrong\n", check->sheet,
                 (long long)check->answered, (long long)check->drawn, (long long)check->wrong);
  if (ingested) {
    add_taken(check, text);
  }
  if (check->rate.n > 0) {
    lqa_buf_printf(
        text,
        "Labels of the whole run that are wrong: %.1f %%, 95 %% interval %.1f to %.1f %% "
        "(%s, n = %lld)\n",
        100 * check->rate.estimate, 100 * check->rate.low, 100 * check->rate.high,
        check->rate.method, (long long)check->rate.n);
    add_strata(check, text);
  } else {
    lqa_buf_add_text(text, "No row is answered yet, so nothing is known of the error rate\n");
  }
  describe_json(check, NULL, ingested, &result->json);
}
