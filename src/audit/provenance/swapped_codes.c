/* audit/provenance/swapped_codes.c - one part of the data uses the class codes in another meaning.
 *
 * File B was exported after somebody re-sorted the class list: its 2 is everybody else's 3. Within
 * B all is consistent, and a model trained on both only learns to be unsure. So each part (source
 * file,
 * --source-column, --annotator) is predicted by a quick model trained on all the others, and its
 * confusion matrix is searched for a permutation of codes that fits far better than none
 * (permutation.c). With two parts the finding is mutual: the smaller one is named.
 * Cost: a sample of some ten thousand rows is scored once; taking a part out of the counts is a
 * subtraction.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/alignment.h"
#include "audit/measure/parts.h"
#include "audit/measure/permutation.h"
#include "audit/measure/quick_bayes.h"
#include "base/json.h"
#include "base/memory.h"

enum { PARAM_ALPHA, PARAM_MIN_RATIO, PARAM_MIN_ROWS };
enum { MAX_SAMPLE = 32768, MIN_SAMPLE = 4096, SCORES = 1 << 18, MAX_DETAILS_BYTES = 1 << 16 };

static size_t sample_size(int32_t n_classes) {
  size_t n = SCORES / (size_t)n_classes;
  return n > MAX_SAMPLE ? MAX_SAMPLE : n < MIN_SAMPLE ? MIN_SAMPLE : n;
}

/* "lost card" <-> "exchange rate" */
static const char *describe_map(const lqa_audit_input *input, const lqa_permutation *found) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_DETAILS_BYTES);
  for (int32_t k = 0; k < input->dataset->n_classes; k++) {
    if (found->to[k] != k) {
      lqa_buf_printf(&out, "%s%s for %s", out.size ? ", " : "",
                     lqa_phrase_quote(input->arena, input->dataset->classes[k], 40),
                     lqa_phrase_quote(input->arena, input->dataset->classes[found->to[k]], 40));
    }
  }
  const char *text = out.failed ? NULL : lqa_arena_copy(input->arena, out.data, out.size);
  lqa_buf_clear(&out);
  return text ? text : "";
}

/* What export --repair needs: where, and which label becomes which. */
static const char *write_details(const lqa_audit_input *input, const lqa_parts *parts,
                                 uint32_t part, const lqa_permutation *found) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_DETAILS_BYTES);
  lqa_json json;
  lqa_json_init(&json, &out, 0);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "column",
                    parts->role < 0 ? NULL : input->dataset->roles[parts->role].name);
  lqa_json_add_str(&json, "value", lqa_parts_name(parts, part));
  lqa_json_key(&json, "map");
  lqa_json_open_array(&json);
  for (int32_t k = 0; k < input->dataset->n_classes; k++) {
    if (found->to[k] != k) {
      lqa_json_open_array(&json);
      lqa_json_str(&json, input->dataset->classes[k]);
      lqa_json_str(&json, input->dataset->classes[found->to[k]]);
      lqa_json_close_array(&json);
    }
  }
  lqa_json_close_array(&json);
  lqa_json_close_object(&json);
  const char *text = out.failed ? NULL : lqa_arena_copy(input->arena, out.data, out.size);
  lqa_buf_clear(&out);
  return text;
}

static lqa_status report(const lqa_audit_input *input, const lqa_parts *parts, uint32_t part,
                         const lqa_permutation *found) {
  lqa_str name = lqa_parts_name(parts, part);
  const char *what = parts->role < 0 ? lqa_arena_copy(input->arena, name.data, name.size)
                                     : lqa_arena_printf(input->arena, "%s %s",
                                                        input->dataset->roles[parts->role].name,
                                                        lqa_phrase_quote(input->arena, name, 60));
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], NULL, 0,
      "In %s class codes mean other classes than in the rest: %s (z = %.1f: of the rows so "
      "labelled "
      "a model of the other rows predicts the other class %lld times, the written one %lld times). "
      "Compare the two code lists, then rename: labelqa export RUN fixed FILE --repair "
      "swapped-codes%s.",
      what ? what : "", describe_map(input, found), found->z, (long long)found->moved,
      (long long)found->kept,
      parts->n == 2 ? "; with two parts, the other one may be the wrong one" : "");
  if (!finding) {
    return LQA_NO_MEMORY;
  }
  finding->z = found->z;
  finding->subject = lqa_arena_copy(input->arena, name.data, name.size);
  finding->repair = "swapped-codes";
  finding->details_json = write_details(input, parts, part, found);
  if (parts->role < 0) {
    finding->is_block = true;
    finding->rows_from = input->dataset->files[part].first_row;
    finding->rows_to = finding->rows_from + input->dataset->files[part].n_rows - 1;
  }
  return finding->subject && finding->details_json ? LQA_OK : LQA_NO_MEMORY;
}

/* Rows of the bag by part. */
static void count_parts(const lqa_parts *parts, const lqa_hashed_rows *bag, const int32_t *label,
                        int64_t *count) {
  for (size_t i = 0; i < bag->n; i++) {
    uint32_t part = parts->of[bag->row[i]];
    if (part != LQA_PART_NONE && label[i] >= 0) {
      count[part]++;
    }
  }
}

/* Predictions of one part by a model of the others go into `confusion`. */
static lqa_status confuse_part(const lqa_parts *parts, uint32_t part, const lqa_hashed_rows *bag,
                               const lqa_leave_out *model, const int32_t *label,
                               int64_t *confusion) {
  int32_t n_classes = model->n_classes;
  memset(confusion, 0, (size_t)n_classes * (size_t)n_classes * sizeof *confusion);
  uint8_t *out = lqa_calloc(bag->n, 1);
  int32_t *predicted = lqa_malloc(bag->n, sizeof *predicted);
  lqa_status status;
  LQA_TRY_OUT(out && predicted ? LQA_OK : LQA_NO_MEMORY);
  for (size_t i = 0; i < bag->n; i++) {
    out[i] = parts->of[bag->row[i]] == part;
  }
  LQA_TRY_OUT(lqa_leave_out_predict(model, bag, label, out, predicted));
  for (size_t i = 0; i < bag->n; i++) {
    if (out[i] && label[i] >= 0) {
      confusion[(int64_t)label[i] * n_classes + predicted[i]]++;
    }
  }
out:
  free(out);
  free(predicted);
  return status;
}

/* What stays the same over all parts of one kind. */
typedef struct search {
  const lqa_audit_input *input;
  const lqa_hashed_rows *bag;
  const lqa_leave_out *model;
  const int32_t *label;
  int64_t *confusion, *count;
} search;

static lqa_status judge_part(const search *s, const lqa_parts *parts, uint32_t part, bool *found,
                             lqa_error *err) {
  const lqa_audit_input *input = s->input;
  int32_t n_classes = input->dataset->n_classes;
  LQA_TRY(confuse_part(parts, part, s->bag, s->model, s->label, s->confusion));
  double tests = (double)parts->n * n_classes * n_classes;
  lqa_permutation permutation;
  LQA_TRY(lqa_permutation_find(n_classes, s->confusion, input->params[PARAM_MIN_RATIO],
                               lqa_alignment_z_limit(tests, input->params[PARAM_ALPHA]),
                               &permutation, err));
  *found = permutation.n_moved > 0;
  lqa_status status = *found ? report(input, parts, part, &permutation) : LQA_OK;
  lqa_permutation_clear(&permutation);
  return status;
}

/* Parts from the smallest to the largest; with two parts the second is not judged once the first
 * was found, since the finding is mutual. */
static lqa_status judge_parts(const search *s, const lqa_parts *parts, lqa_error *err) {
  memset(s->count, 0, parts->n * sizeof *s->count);
  count_parts(parts, s->bag, s->label, s->count);
  bool found = false;
  uint32_t first = parts->n == 2 && s->count[1] <= s->count[0] ? 1 : 0;
  for (uint32_t i = 0; i < parts->n && !(found && parts->n == 2); i++) {
    uint32_t part = (i + first) % parts->n;
    if ((double)s->count[part] >= s->input->params[PARAM_MIN_ROWS]) {
      LQA_TRY(judge_part(s, parts, part, &found, err));
    }
  }
  return LQA_OK;
}

static lqa_status search_kinds(search *s, const lqa_dataset *d, lqa_error *err) {
  static const int kinds[] = {LQA_PARTS_FILES, LQA_ROLE_SOURCE, LQA_ROLE_ANNOTATOR};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    lqa_parts parts;
    LQA_TRY(lqa_parts_read(d, kinds[i], &parts, err));
    s->count = lqa_calloc(parts.n + 1, sizeof *s->count);
    lqa_status status = s->count ? LQA_OK : LQA_NO_MEMORY;
    if (status == LQA_OK && parts.n >= 2 && parts.n <= LQA_PARTS_MAX) {
      status = judge_parts(s, &parts, err);
    }
    free(s->count);
    lqa_parts_clear(&parts);
    LQA_TRY(status);
  }
  return LQA_OK;
}

static bool has_parts(const lqa_dataset *d) {
  return d->n_files > 1 || lqa_dataset_has_role(d, LQA_ROLE_SOURCE) ||
         lqa_dataset_has_role(d, LQA_ROLE_ANNOTATOR);
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  const lqa_dataset *d = input->dataset;
  lqa_hashed_row_source *source = NULL;
  lqa_hashed_rows bag = {0};
  lqa_leave_out model = {0};
  int32_t *label = NULL;
  search s = {.input = input, .bag = &bag, .model = &model};
  uint32_t n_buckets = lqa_quick_bayes_buckets(d->n_classes);
  if (!has_parts(d)) {
    return lqa_finding_decline(
        input->findings,
        "one file, and no " LQA_OPTION("source_column") " or " LQA_OPTION("annotator") " column");
  }
  LQA_TRY(lqa_hashed_row_source_new(input, n_buckets, &source, err));
  if (!source) {
    return lqa_finding_decline(input->findings, "no content beside the probabilities");
  }
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_hashed_rows_draw(source, 0, d->n_rows, sample_size(d->n_classes), input->seed,
                                   &bag, err));
  label = lqa_malloc(bag.n, sizeof *label);
  s.confusion = lqa_malloc((size_t)d->n_classes * (size_t)d->n_classes, sizeof *s.confusion);
  if (!label || !s.confusion) {
    status = LQA_NO_MEMORY;
    goto out;
  }
  for (size_t i = 0; i < bag.n; i++) {
    label[i] = d->label[bag.row[i]];
  }
  s.label = label;
  LQA_TRY_OUT(lqa_leave_out_fit(&model, &bag, n_buckets, d->n_classes, label));
  status = search_kinds(&s, d, err);
out:
  lqa_leave_out_clear(&model);
  lqa_hashed_rows_clear(&bag);
  lqa_hashed_row_source_free(source);
  free(s.confusion);
  free(label);
  return status;
}

const lqa_audit lqa_audit_swapped_codes = {
    .number = LQA_AUDIT_swapped_codes,
    .id = "swapped-codes",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "class codes that mean another class in one file, source or annotator",
    .needs = LQA_NEEDS_PRED_PROBS | LQA_NEEDS_LABELS,
    .kinds = {{"swapped-codes", LQA_ERROR, false, "one part of the data permutes class codes"}},
    .params =
        {
            [PARAM_ALPHA] = {"alpha", .01, 1e-9, .5, "chance of a false alarm in clean data",
                             false},
            [PARAM_MIN_RATIO] = {"min-ratio", 1.5, 1, 100,
                                 "predictions of the other class over those of the written one",
                                 false},
            [PARAM_MIN_ROWS] = {"min-rows", 50, 10, 1e9, "smaller parts are not judged", true},
        },
    .run = run,
};
