/* How many labels are wrong, in the whole data and by stratum; a rate never without its interval.
 */
#include "report/spot_report.h"

#include "report/markup.h"

#include <math.h>

static void print_rate(const lqa_interval *rate, lqa_buf *out) {
  lqa_buf_printf(out, "%6.1f %%  (95 %% interval %.1f to %.1f, %s, n = %lld)", 100 * rate->estimate,
                 100 * rate->low, 100 * rate->high, rate->method, (long long)rate->n);
}

static void print_recall(const lqa_spot_check *check, lqa_buf *out) {
  lqa_buf_add_text(out, "of the wrong labels, among suspicious rows ");
  if (check->recall.n == 0) {
    lqa_buf_add_text(out, "unknown: rows of both kinds must be checked\n");
  } else if (isnan(check->recall.estimate)) {
    lqa_buf_add_text(out, "unknown: no wrong label was found\n");
  } else {
    print_rate(&check->recall, out);
    lqa_buf_add_char(out, '\n');
  }
}

static void print_strata(const lqa_spot_check *check, lqa_buf *out) {
  lqa_buf_add_text(out, "\nby stratum (rows in it, checked, wrong)\n");
  for (size_t i = 0; i < check->n_strata; i++) {
    const lqa_spot_stratum *s = &check->strata[i];
    lqa_buf_printf(out, "  %-13s", s->is_suspicious ? "suspicious" : "unsuspected");
    lqa_markup_excerpt(s->is_rest                  ? LQA_STR("(small classes)")
                       : lqa_str_is_null(s->label) ? LQA_STR("(no known label)")
                                                   : s->label,
                       24, out);
    lqa_buf_printf(out, ": %lld, %lld, %lld", (long long)s->population, (long long)s->answered,
                   (long long)s->wrong);
    if (s->answered > 0) {
      lqa_buf_add_text(out, "   ");
      print_rate(&s->rate, out);
    }
    lqa_buf_add_char(out, '\n');
  }
}

void lqa_spot_report_text(const lqa_spot_check *check, lqa_buf *out) {
  lqa_buf_printf(out, "%lld of %lld row%s checked, %lld wrong; %lld %s a decision now\n",
                 (long long)check->answered, (long long)check->drawn, lqa_plural(check->drawn),
                 (long long)check->wrong, (long long)check->decided,
                 check->decided == 1 ? "row has" : "rows have");
  if (check->wrong_only > 0) {
    lqa_buf_printf(
        out, "%lld marked wrong without a correct label: counted, but no decision is stored\n",
        (long long)check->wrong_only);
  }
  if (check->gone > 0) {
    lqa_buf_printf(out, "%lld row%s of the sheet no longer in the data\n", (long long)check->gone,
                   lqa_plural(check->gone));
  }
  if (check->rate.n > 0) {
    lqa_buf_add_text(out, "\nlabels wrong in the whole data ");
    print_rate(&check->rate, out);
    lqa_buf_add_char(out, '\n');
    print_recall(check, out);
    print_strata(check, out);
  }
}

static void add_rate(const char *key, const lqa_interval *rate, lqa_json *json) {
  lqa_json_key(json, key);
  if (rate->n == 0 || isnan(rate->estimate)) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_double(json, "estimate", rate->estimate);
  lqa_json_add_double(json, "low", rate->low);
  lqa_json_add_double(json, "high", rate->high);
  lqa_json_add_text(json, "method", rate->method);
  lqa_json_add_int(json, "n", rate->n);
  lqa_json_close_object(json);
}

static void add_strata(const lqa_spot_check *check, lqa_json *json) {
  lqa_json_key(json, "strata");
  lqa_json_open_array(json);
  for (size_t i = 0; i < check->n_strata; i++) {
    const lqa_spot_stratum *s = &check->strata[i];
    lqa_json_open_object(json);
    lqa_json_add_bool(json, "suspicious", s->is_suspicious);
    lqa_json_add_str(json, "label", s->label);
    lqa_json_add_bool(json, "rest", s->is_rest);
    lqa_json_add_int(json, "population", s->population);
    lqa_json_add_int(json, "drawn", s->drawn);
    lqa_json_add_int(json, "checked", s->answered);
    lqa_json_add_int(json, "wrong", s->wrong);
    add_rate("error_rate", &s->rate, json);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

void lqa_spot_report_json(const lqa_spot_check *check, const char *file, lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 1);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "sheet", check->sheet);
  lqa_json_add_text(&json, "file", file);
  lqa_json_add_int(&json, "drawn", check->drawn);
  lqa_json_add_int(&json, "checked", check->answered);
  lqa_json_add_int(&json, "wrong", check->wrong);
  add_rate("error_rate", &check->rate, &json);
  add_rate("flag_recall", &check->recall, &json);
  add_strata(check, &json);
  lqa_json_close_object(&json);
  lqa_buf_add_char(out, '\n');
}
