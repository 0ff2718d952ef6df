/* report/trust_said.c - what is known of the trust in a run, in the words of report.json: class
 * names instead of codes, the channel as a list of rows. */
#include "report/report.h"

static lqa_status say_channel(const lqa_report *r, lqa_arena *arena, lqa_report_trust *out) {
  const lqa_trust_summary *t = r->trust;
  out->has_channel = t->channel != NULL;
  if (!out->has_channel) {
    return LQA_OK;
  }
  size_t n = (size_t)t->n_classes;
  lqa_report_channel_row *rows = lqa_arena_alloc(arena, n, sizeof *rows);
  if (!rows) {
    return LQA_NO_MEMORY;
  }
  for (size_t truth = 0; truth < n; truth++) {
    rows[truth] = (lqa_report_channel_row){t->channel + truth * n, t->n_classes};
  }
  out->channel.classes = r->classes;
  out->channel.n_classes = t->n_classes;
  out->channel.rows = rows;
  return LQA_OK;
}

static lqa_status say_confusions(const lqa_report *r, lqa_arena *arena, lqa_report_trust *out) {
  const lqa_trust_summary *t = r->trust;
  lqa_report_confusion *said = lqa_arena_alloc(arena, (size_t)t->n_confusions + 1, sizeof *said);
  if (!said) {
    return LQA_NO_MEMORY;
  }
  for (int i = 0; i < t->n_confusions; i++) {
    const lqa_suspected_confusion *c = &t->confusions[i];
    said[i] = (lqa_report_confusion){r->classes[c->given], r->classes[c->truth], c->rate, c->rows,
                                     c->verified};
  }
  out->confusions = said;
  out->n_confusions = t->n_confusions;
  return LQA_OK;
}

lqa_status lqa_report_say_trust(lqa_report *report, lqa_arena *arena) {
  const lqa_trust_summary *t = report->trust;
  report->has_trust = t && t->is_known;
  if (!report->has_trust) {
    return LQA_OK;
  }
  report->trust_said =
      (lqa_report_trust){.is_calibrated = t->is_calibrated,
                         .why_rank = t->why_rank,
                         .basis = t->basis,
                         .n_verified = t->n_verified,
                         .mean_p_wrong = t->rate,
                         .has_ece = t->has_ece,
                         .ece = {.estimate = t->ece, .low = t->ece_low, .high = t->ece_high},
                         .bins = t->bins,
                         .n_bins = t->n_bins,
                         .n_rounds = t->n_rounds,
                         .why_no_refit = t->why_no_refit,
                         .judges = t->judges,
                         .n_judges = t->n_judges};
  LQA_TRY(say_channel(report, arena, &report->trust_said));
  return say_confusions(report, arena, &report->trust_said);
}
