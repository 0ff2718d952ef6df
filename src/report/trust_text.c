/* What the posterior says, as sentences: a probability is only called one where it was measured, or
 * where the model's fit supports it.
 */
#include "report/report.h"

#include "report/markup.h"

#include <math.h>

enum { SHOWN_CONFUSIONS = 5, MORE_ROWS = 40, SHOWN_CHARS = 60 };

static void say_scale(const lqa_trust_summary *t, const char *bullet, lqa_buf *out) {
  if (!t->is_calibrated) {
    lqa_buf_printf(out, "%sp_correct is a rank, not a probability: %s.\n", bullet, t->why_rank);
    return;
  }
  lqa_buf_printf(out, "%sp_correct: the labels of %.1f %% of the rows are expected to be wrong",
                 bullet, 100 * t->rate);
  if (t->has_ece) {
    lqa_buf_printf(out, "; calibration error %.3f (%.3f to %.3f) on %lld verified rows.\n", t->ece,
                   t->ece_low, t->ece_high, (long long)t->n_verified);
  } else {
    lqa_buf_printf(out, ". This rests on the model's fit: %lld row%s verified.\n",
                   (long long)t->n_verified, t->n_verified == 1 ? " is" : "s are");
  }
}

static void say_name(lqa_str name, lqa_buf *out) {
  lqa_buf_add_char(out, '\'');
  lqa_markup_excerpt(name, SHOWN_CHARS, out);
  lqa_buf_add_char(out, '\'');
}

static void say_confusion(const lqa_report *r, const lqa_suspected_confusion *c, const char *bullet,
                          lqa_buf *out) {
  lqa_buf_printf(out, "%s%.0f %% of ", bullet, 100 * c->rate.estimate);
  say_name(r->classes[c->truth], out);
  lqa_buf_add_text(out, " seem to be labelled ");
  say_name(r->classes[c->given], out);
  if (!isnan(c->rate.low)) {
    lqa_buf_printf(out, " (%.0f to %.0f %%)", 100 * c->rate.low, 100 * c->rate.high);
  }
  lqa_buf_printf(out, ": %lld rows, %lld of them verified%s\n", (long long)c->rows,
                 (long long)c->verified,
                 c->verified < MORE_ROWS ? "; judge 40 more rows of this pair to be sure." : ".");
}

static void say_judge(const lqa_judge_accuracy *j, const char *bullet, lqa_buf *out) {
  if (j->is_constant) {
    lqa_buf_printf(out,
                   "%sJudge %s gave the same answer all %lld times: its answers carry no "
                   "information, and p_correct ignores them.\n",
                   bullet, j->model, (long long)j->n);
  } else {
    lqa_buf_printf(
        out, "%sJudge %s is right in %.0f %% of its answers (%.0f to %.0f %%, n = %lld)%s.\n",
        bullet, j->model, 100 * j->accuracy.estimate, 100 * j->accuracy.low, 100 * j->accuracy.high,
        (long long)j->n,
        j->is_weak       ? ": too rarely for so few answers, so p_correct ignores them"
        : j->is_left_out ? ": hardly better than chance, so p_correct ignores its answers"
                         : "");
  }
}

void lqa_report_trust_lines(const lqa_report *r, const char *bullet, lqa_buf *out) {
  const lqa_trust_summary *t = r->trust;
  if (!t) {
    return;
  }
  if (!t->is_known) {
    lqa_buf_printf(out, "%sNo p_correct: %s.\n", bullet, t->why_not);
    return;
  }
  say_scale(t, bullet, out);
  if (t->why_no_refit) {
    lqa_buf_printf(out,
                   "%sThe verified rows correct the model, which was not trained on them again: "
                   "%s.\n",
                   bullet, t->why_no_refit);
  }
  for (int i = 0; i < t->n_confusions && i < SHOWN_CONFUSIONS; i++) {
    say_confusion(r, &t->confusions[i], bullet, out);
  }
  for (int i = 0; i < t->n_judges; i++) {
    say_judge(&t->judges[i], bullet, out);
  }
}
