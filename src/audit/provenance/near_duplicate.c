/* audit/provenance/near_duplicate.c - contents that are nearly the same, and with different labels.
 *
 * Syndicated news, templates with another name in them, a text with and without its footer: equal
 * to a reader, different to a hash. The driver's clusters (feature/minhash.c; Jaccard .8 on
 * character 5-grams by default) are walked once. A cluster whose labels differ is marked whole,
 * since one of its labels is probably wrong, but not the rows of a clear majority (vote.h); exact
 * copies are left to the check `duplicate`, so that no row is told twice. The clusters also keep
 * near duplicates in one fold, so that no row is predicted by a model that has seen its twin.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/group_finding.h"
#include "audit/measure/vote.h"
#include "audit/row_groups.h"

enum { CONFLICT, SURPLUS };

/* True if all rows have the content of the first. Embeddings have none to compare. */
static bool is_one_content(const lqa_dataset *d, const uint32_t *rows, int64_t n) {
  if (!d->content_hash) {
    return false;
  }
  for (int64_t i = 1; i < n; i++) {
    if (d->content_hash[rows[i]].low != d->content_hash[rows[0]].low) {
      return false;
    }
  }
  return true;
}

/* What is gathered on the way. */
typedef struct gathering {
  const lqa_dataset *dataset;
  uint8_t *is_copy;
  lqa_group_finding conflicts, surplus;
} gathering;

static lqa_status add_cluster(gathering *all, const uint32_t *rows, int64_t n) {
  lqa_vote vote = lqa_vote_count(all->dataset, rows, n);
  lqa_group_finding *conflicts = &all->conflicts, *surplus = &all->surplus;
  bool is_clear = lqa_vote_is_clear(&vote);
  for (int64_t i = 0; i < n; i++) {
    int32_t label = all->dataset->label[rows[i]];
    if (vote.n_labels > 1 && label != LQA_LABEL_NULL && !(is_clear && label == vote.majority)) {
      LQA_TRY(lqa_group_finding_add(conflicts, rows[i], conflicts->n_groups, vote.majority));
    }
    if (i > 0 && !all->is_copy[rows[i]]) {
      LQA_TRY(lqa_group_finding_add(surplus, rows[i], surplus->n_groups, -1));
    }
  }
  conflicts->n_groups += vote.n_labels > 1;
  surplus->n_groups++;
  return LQA_OK;
}

static lqa_status gather(gathering *all, const lqa_row_groups *clusters) {
  for (int32_t g = 0; g < clusters->n_groups; g++) {
    const uint32_t *rows = clusters->rows + clusters->start[g];
    int64_t n = clusters->start[g + 1] - clusters->start[g];
    if (!is_one_content(all->dataset, rows, n)) {
      LQA_TRY(add_cluster(all, rows, n));
    }
  }
  return LQA_OK;
}

/* "Jaccard 0.8 or more", "by the distance of their embeddings" */
static const char *describe_measure(const lqa_audit_input *input) {
  if (input->dataset->kind == LQA_CONTENT_EMBEDDING) {
    return "by the distance of their embeddings";
  }
  const char *text = lqa_arena_printf(input->arena, "Jaccard %.2g or more",
                                      input->params[LQA_NEAR_DUPLICATE_JACCARD]);
  return text ? text : "";
}

static lqa_status report_conflicts(const lqa_audit_input *input, lqa_group_finding *conflicts) {
  int64_t n = (int64_t)conflicts->members.n;
  return lqa_group_finding_report(
      conflicts, input, CONFLICT,
      "%s (%s) with nearly the same content as another, %s, but another label. %s Read them side "
      "by "
      "side: if they say the same, give them one label; if a few words change the meaning, accept "
      "them in the baseline.",
      lqa_phrase_count(input->arena, n, "row", "rows"),
      lqa_phrase_count(input->arena, conflicts->n_groups, "group", "groups"),
      describe_measure(input), lqa_group_finding_example(conflicts, input));
}

static lqa_status report_surplus(const lqa_audit_input *input, lqa_group_finding *surplus) {
  int64_t n = (int64_t)surplus->members.n;
  return lqa_group_finding_report(
      surplus, input, SURPLUS,
      "%s nearly the content of an earlier row (%s). They were kept in one fold. In a train and "
      "test "
      "split keep each group on one side.",
      lqa_phrase_count(input->arena, n, "row repeats", "rows repeat"),
      lqa_phrase_count(input->arena, surplus->n_groups, "group", "groups"));
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  gathering all = {.dataset = input->dataset,
                   .is_copy = lqa_row_groups_copies(input->content_groups, input->dataset->n_rows)};
  lqa_row_groups clusters = {0};
  lqa_status status = all.is_copy ? LQA_OK : LQA_NO_MEMORY;
  LQA_TRY_OUT(status);
  LQA_TRY_OUT(lqa_row_groups_by_number(input->dataset->n_rows, input->cluster, &clusters, err));
  LQA_TRY_OUT(gather(&all, &clusters));
  if (all.conflicts.n_groups) {
    LQA_TRY_OUT(report_conflicts(input, &all.conflicts));
  }
  if (all.surplus.n_groups) {
    LQA_TRY_OUT(report_surplus(input, &all.surplus));
  }
out:
  free(all.is_copy);
  lqa_group_finding_clear(&all.conflicts);
  lqa_group_finding_clear(&all.surplus);
  lqa_row_groups_clear(&clusters);
  return status;
}

const lqa_audit lqa_audit_near_duplicate = {
    .number = LQA_AUDIT_near_duplicate,
    .id = "near-duplicate",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "nearly the same content more than once, with equal or different labels",
    .needs = LQA_NEEDS_CLUSTERS | LQA_NEEDS_LABELS,
    .kinds =
        {
            [CONFLICT] = {"near-duplicate-conflict", LQA_ERROR, true,
                          "another row has nearly the same content but a different label"},
            [SURPLUS] = {"near-duplicate", LQA_INFO, true,
                         "an earlier row has nearly the same content"},
        },
    .params =
        {
            [LQA_NEAR_DUPLICATE_JACCARD] = {"jaccard", .8, .1, 1,
                                            "share of common shingles from which on two rows are "
                                            "near duplicates",
                                            false},
            [LQA_NEAR_DUPLICATE_SHINGLE] = {"shingle", 5, 1, 100, "characters or words a shingle",
                                            true},
            [LQA_NEAR_DUPLICATE_FRACTION] = {"fraction", .13, 0, 1,
                                             "embeddings: distance, as a fraction of the median "
                                             "distance to the nearest neighbour",
                                             false},
            [LQA_NEAR_DUPLICATE_WORDS] = {"words", 0, 0, 1,
                                          "1: shingles of words instead of characters", true},
        },
    .run = run,
};
