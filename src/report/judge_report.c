/* Numbers with what they mean: a rate never stands without its interval, an agreement never without
 * the number of rows, a cost never without what it was booked for.
 */
#include "report/judge_report.h"

#include <math.h>

static void text_rate(const char *name, const lqa_judge_rate *rate, lqa_buf *out) {
  const lqa_interval *share = &rate->share;
  if (share->n > 0) {
    lqa_buf_printf(out, "%s %.1f %% (%lld of %lld, 95 %%: %.1f to %.1f)\n", name,
                   100 * share->estimate, (long long)rate->hits, (long long)share->n,
                   100 * share->low, 100 * share->high);
  }
}

static void text_judge(const lqa_judge_report *r, int judge, lqa_buf *out) {
  const lqa_judge_score *score = &r->summary->judges[judge];
  const char *model = r->options->judges[judge].model;
  if (r->options->n_judges == 2) {
    lqa_buf_printf(out, "%s: %lld YES, %lld NO, %lld UNKNOWN\n", model, (long long)score->yes,
                   (long long)score->no, (long long)score->unknown);
  }
  if (score->reply_model[0] && strcmp(score->reply_model, model) != 0) {
    lqa_buf_printf(out, "%s answers as %s\n", model, score->reply_model);
  }
  if (score->other_model > 0) {
    lqa_buf_printf(out, "%lld answer%s from another model than %s: counted as UNKNOWN\n",
                   (long long)score->other_model, lqa_plural(score->other_model), model);
  }
  text_rate("  finds wrong labels (people's decisions):", &score->sensitivity, out);
  text_rate("  doubts right labels (people's decisions):", &score->false_alarm, out);
  text_rate("  says the same when asked again:", &score->self_agreement, out);
}

static void text_agreement(const lqa_judge_report *r, lqa_buf *out) {
  const lqa_judge_summary *sum = r->summary;
  if (r->options->n_judges == 2 && !isnan(sum->agreement)) {
    lqa_buf_printf(out, "The two judges agree on %.1f %% of rows", 100 * sum->agreement);
    if (!isnan(sum->kappa)) {
      lqa_buf_printf(out, ", kappa %.2f", sum->kappa);
    }
    lqa_buf_add_text(out, ".\n");
    if (sum->same_family) {
      lqa_buf_add_text(out, "Both come from one maker: they are likely to be wrong together. A "
                            "second judge of another family is a better check.\n");
    }
  }
  if (sum->overlap_rows > 0) {
    lqa_buf_printf(
        out, "Confident learning and judge agree on %.1f %% (%lld row%s, weighted to the whole",
        100 * sum->overlap_agreement, (long long)sum->overlap_rows, lqa_plural(sum->overlap_rows));
    if (!isnan(sum->overlap_kappa)) {
      lqa_buf_printf(out, ", kappa %.2f", sum->overlap_kappa);
    }
    lqa_buf_add_text(out, ").\n");
    if (sum->overlap_kappa < 0.2 && sum->overlap_rows >= 20) {
      lqa_buf_add_text(out, "That is little: one of them does not see what the other sees (a class "
                            "description that is missing, systematic confusion that the model has "
                            "learnt). Look at rows where they differ before believing either.\n");
    }
  }
}

static void text_money(const lqa_judge_summary *sum, lqa_buf *out) {
  lqa_buf_printf(out, "%lld call%s, %lld answer%s from the cache, %lld tokens in, %lld out, cost ",
                 (long long)sum->calls, lqa_plural(sum->calls), (long long)sum->cached,
                 lqa_plural(sum->cached), (long long)sum->tokens_in, (long long)sum->tokens_out);
  lqa_judge_report_money(out, sum->cost_usd);
  lqa_buf_add_char(out, '\n');
  if (sum->errors > 0) {
    lqa_buf_printf(out, "%lld call%s refused with an error status: cost nothing\n",
                   (long long)sum->errors, lqa_plural(sum->errors));
  }
  if (sum->booked > 0) {
    lqa_buf_printf(out,
                   "%lld call%s ended without a bill (time-outs, lost connections, no usage): "
                   "booked at the upper bound\n",
                   (long long)sum->booked, lqa_plural(sum->booked));
  }
  if (sum->lost > 0) {
    lqa_buf_printf(out,
                   "%lld call%s open when an earlier run was killed: perhaps paid, never "
                   "received\n",
                   (long long)sum->lost, lqa_plural(sum->lost));
  }
}

static void text_advice(const lqa_judge_report *r, lqa_buf *out) {
  const lqa_judge_summary *sum = r->summary;
  if (sum->truncated > 0) {
    lqa_buf_printf(out,
                   "%lld answer%s cut by the token limit: raise " LQA_OPTION(
                       "max_output_tokens") " (models "
                                            "that think first need 2000 or more)\n",
                   (long long)sum->truncated, lqa_plural(sum->truncated));
  }
  if (sum->dropped_fields[0]) {
    lqa_buf_printf(out, "Request fields that the endpoint refuses and that are left out: %s\n",
                   sum->dropped_fields);
  }
  text_rate("Wrong labels among the rows drawn at random:", &sum->random_error, out);
  if (sum->advise_relabel) {
    lqa_buf_add_text(
        out, "More than 30 % of the labels look wrong. Do not repair them one by one; label all "
             "rows again, by people or by the model (" LQA_OPTION_AS("mode", "label") ").\n");
  }
}

/* Where most answers are no verdict: three of them, and why that may be. */
static void text_unknown(const lqa_judge_summary *sum, lqa_buf *out) {
  const lqa_unknown_notes *notes = &sum->unknown_notes;
  if (notes->n_examples == 0 || 2 * sum->unknown <= sum->judged) {
    return;
  }
  lqa_buf_printf(out, "Over half of the answers are UNKNOWN. %s:\n",
                 notes->n_examples == 1 ? "This is one" : "Some of them");
  for (int i = 0; i < notes->n_examples; i++) {
    const lqa_unknown_example *e = &notes->examples[i];
    lqa_buf_printf(out, "  row %lld (%s): %s\n", (long long)e->row, e->why,
                   *e->text ? e->text : "(nothing)");
  }
  lqa_buf_printf(out, "Probably %s.\n", lqa_unknown_advice(lqa_unknown_reason(notes)));
}

static void json_unknown(const lqa_judge_summary *sum, lqa_json *json) {
  const lqa_unknown_notes *notes = &sum->unknown_notes;
  lqa_json_key(json, "unknown_examples");
  lqa_json_open_array(json);
  for (int i = 0; i < notes->n_examples; i++) {
    lqa_json_open_object(json);
    lqa_json_add_int(json, "row", notes->examples[i].row);
    lqa_json_add_text(json, "why", notes->examples[i].why);
    lqa_json_add_text(json, "reply", notes->examples[i].text);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

void lqa_judge_report_text(const lqa_judge_report *r, lqa_buf *out) {
  const lqa_judge_summary *sum = r->summary;
  lqa_buf_printf(out, "%lld of %lld row%s judged: %lld YES, %lld NO, %lld UNKNOWN\n",
                 (long long)sum->judged, (long long)sum->planned, lqa_plural(sum->planned),
                 (long long)sum->yes, (long long)sum->no, (long long)sum->unknown);
  text_unknown(sum, out);
  if (sum->in_batch > 0) {
    lqa_buf_printf(out, "%lld %s in a submitted batch\n", (long long)sum->in_batch,
                   sum->in_batch == 1 ? "row waits" : "rows wait");
  }
  if (sum->unanswered > 0) {
    lqa_buf_printf(out, "%lld %s unanswered; run the command again to ask only %s\n",
                   (long long)sum->unanswered, sum->unanswered == 1 ? "row stays" : "rows stay",
                   sum->unanswered == 1 ? "that one" : "those");
  }
  for (int j = 0; j < r->options->n_judges; j++) {
    text_judge(r, j, out);
  }
  text_agreement(r, out);
  text_money(sum, out);
  text_advice(r, out);
}

static void json_rate(lqa_json *json, const char *key, const lqa_judge_rate *rate) {
  const lqa_interval *share = &rate->share;
  lqa_json_key(json, key);
  if (share->n == 0) {
    lqa_json_null(json);
    return;
  }
  lqa_json_open_object(json);
  lqa_json_add_double(json, "estimate", share->estimate);
  lqa_json_add_double(json, "low", share->low);
  lqa_json_add_double(json, "high", share->high);
  lqa_json_add_int(json, "hits", rate->hits);
  lqa_json_add_int(json, "n", share->n);
  lqa_json_close_object(json);
}

static void json_scores(const lqa_judge_report *r, lqa_json *json) {
  lqa_json_key(json, "judges");
  lqa_json_open_array(json);
  for (int j = 0; j < r->options->n_judges; j++) {
    const lqa_judge_score *score = &r->summary->judges[j];
    lqa_json_open_object(json);
    lqa_json_add_text(json, "model", r->options->judges[j].model);
    lqa_json_add_text(json, "reply_model", score->reply_model);
    lqa_json_add_int(json, "yes", score->yes);
    lqa_json_add_int(json, "no", score->no);
    lqa_json_add_int(json, "unknown", score->unknown);
    lqa_json_add_int(json, "other_model", score->other_model);
    json_rate(json, "sensitivity", &score->sensitivity);
    json_rate(json, "false_alarm", &score->false_alarm);
    json_rate(json, "self_agreement", &score->self_agreement);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

/* What the session's columns of run.db do not hold. */
static void json_details(const lqa_judge_report *r, lqa_json *json) {
  const lqa_judge_summary *sum = r->summary;
  lqa_json_add_text(json, "mode", r->mode);
  lqa_json_add_int(json, "unanswered", sum->unanswered);
  lqa_json_add_int(json, "in_batch", sum->in_batch);
  lqa_json_add_int(json, "errors", sum->errors);
  lqa_json_add_int(json, "booked", sum->booked);
  lqa_json_add_int(json, "lost", sum->lost);
  lqa_json_add_int(json, "truncated", sum->truncated);
  lqa_json_add_double(json, "kappa", sum->kappa);
  lqa_json_add_bool(json, "same_family", sum->same_family);
  lqa_json_add_double(json, "overlap_agreement", sum->overlap_agreement);
  lqa_json_add_double(json, "overlap_kappa", sum->overlap_kappa);
  lqa_json_add_int(json, "overlap_rows", sum->overlap_rows);
  json_rate(json, "random_error", &sum->random_error);
  lqa_json_add_bool(json, "advise_relabel", sum->advise_relabel);
  json_unknown(sum, json);
  lqa_json_add_text(json, "dropped_fields", sum->dropped_fields);
  json_scores(r, json);
}

void lqa_judge_report_json(const lqa_judge_report *r, lqa_json *json) {
  const lqa_judge_summary *sum = r->summary;
  lqa_json_open_object(json);
  lqa_json_add_int(json, "planned", sum->planned);
  lqa_json_add_int(json, "judged", sum->judged);
  lqa_json_add_int(json, "yes", sum->yes);
  lqa_json_add_int(json, "no", sum->no);
  lqa_json_add_int(json, "unknown", sum->unknown);
  lqa_json_add_int(json, "cached", sum->cached);
  lqa_json_add_int(json, "calls", sum->calls);
  lqa_json_add_int(json, "tokens_in", sum->tokens_in);
  lqa_json_add_int(json, "tokens_out", sum->tokens_out);
  lqa_json_add_double(json, "cost_usd", sum->cost_usd);
  lqa_json_add_double(json, "agreement", sum->agreement);
  json_details(r, json);
  lqa_json_close_object(json);
}

void lqa_judge_report_details(const lqa_judge_report *r, lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 0);
  lqa_json_open_object(&json);
  lqa_judge_report_endpoints(r, &json);
  json_details(r, &json);
  lqa_json_close_object(&json);
}
