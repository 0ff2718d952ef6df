/* audit/audit_run.c - runs audits in table order and keeps the books.
 *
 * The driver knows nothing of any audit beyond its descriptor: what it needs decides the stage and
 * whether it can run, its kinds decide what is listed. Shared artifacts (equal-content groups,
 * near-duplicate clusters) are computed at most once, when the first audit that needs them is
 * wanted.
 */
#include "audit/audit_run.h"

#include "audit/chance_equal.h"
#include "base/clock.h"
#include "base/memory.h"
#include "feature/embedding_cluster.h"
#include "feature/minhash.h"

static const unsigned MODEL_NEEDS = LQA_NEEDS_PRED_PROBS | LQA_NEEDS_FEATURES;

lqa_status lqa_audit_run_init(lqa_audit_run *run, const lqa_audit_choices *choices,
                              lqa_error *err) {
  *run = (lqa_audit_run){0};
  LQA_TRY(lqa_audit_plan_init(&run->plan, choices, err));
  lqa_arena_init(&run->arena);
  run->findings.arena = &run->arena;
  return LQA_OK;
}

void lqa_audit_run_clear(lqa_audit_run *run) {
  lqa_audit_plan_clear(&run->plan);
  lqa_row_groups_clear(&run->content_groups);
  lqa_row_groups_clear(&run->chance_groups);
  free(run->is_by_chance);
  free(run->cluster);
  lqa_vec_clear(&run->findings.items);
  lqa_vec_clear(&run->findings.declined_kinds);
  lqa_arena_clear(&run->arena);
  *run = (lqa_audit_run){0};
}

static bool has_content_texts(const lqa_dataset *dataset) {
  return dataset->content_hash != NULL &&
         (dataset->kind == LQA_CONTENT_TEXT || dataset->kind == LQA_CONTENT_TABLE);
}

/* Why the audit cannot run on this data, or NULL. */
static const char *find_obstacle(const lqa_audit *audit, const lqa_audit_input *input) {
  const lqa_dataset *d = input->dataset;
  const struct {
    unsigned need;
    bool is_met;
    const char *reason;
  } needs[] = {
      {LQA_NEEDS_CONTENT | LQA_NEEDS_GROUPS, has_content_texts(d), "no text or feature columns"},
      {LQA_NEEDS_TEXT, d->kind == LQA_CONTENT_TEXT, "no text column"},
      {LQA_NEEDS_LABELS, d->label != NULL, "no label column"},
      {LQA_NEEDS_ID, lqa_dataset_has_role(d, LQA_ROLE_ID), "no " LQA_OPTION("id") " column"},
      {LQA_NEEDS_TIME, lqa_dataset_has_role(d, LQA_ROLE_TIME), "no " LQA_OPTION("time") " column"},
      {LQA_NEEDS_LABEL_TIME, lqa_dataset_has_role(d, LQA_ROLE_LABEL_TIME),
       "no " LQA_OPTION("label_time") " column"},
      {LQA_NEEDS_SPLIT, lqa_dataset_has_role(d, LQA_ROLE_SPLIT),
       "no " LQA_OPTION("split") " column"},
      {LQA_NEEDS_PRED_PROBS, input->pred_probs != NULL, "no out-of-fold probabilities"},
      {LQA_NEEDS_GIVEN_PROBS, d->pred_probs != NULL, "no " LQA_OPTION("pred_probs")},
      {LQA_NEEDS_FEATURES, input->sparse != NULL, "no text features"},
      {LQA_NEEDS_CLUSTERS, input->cluster != NULL, "no texts to compare"},
      {LQA_NEEDS_AGAINST, input->against != NULL, "no " LQA_OPTION("against") " run"},
      {LQA_NEEDS_MIGRATION, input->migration != NULL, "no " LQA_OPTION("migrated_from") " data"},
  };
  for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
    if ((audit->needs & needs[i].need) && !needs[i].is_met) {
      return needs[i].reason;
    }
  }
  return NULL;
}

/* Drops what is not wanted, sets severities, applies the baseline; from finding `from` on. */
static lqa_status settle(lqa_audit_run *run, const lqa_audit *audit, const lqa_dataset *dataset,
                         size_t from, lqa_error *err) {
  size_t kept = from;
  for (size_t i = from; i < run->findings.items.n; i++) {
    lqa_finding finding = run->findings.items.data[i];
    ptrdiff_t kind = finding.kind - audit->kinds;
    finding.severity = run->plan.severity[audit->number][kind];
    if (run->plan.wanted[audit->number][kind] && finding.severity != LQA_IGNORE) {
      LQA_TRY(lqa_baseline_apply(&run->plan.baseline, dataset, &finding, &run->arena, err));
      run->findings.items.data[kept++] = finding;
    }
  }
  run->findings.items.n = kept;
  return LQA_OK;
}

static bool is_listed(const lqa_finding_list *list, size_t from, const char *id) {
  for (size_t i = from; i < list->items.n; i++) {
    if (strcmp(list->items.data[i].kind->id, id) == 0) {
      return true;
    }
  }
  return false;
}

/* Books an audit, or one kind, as not run; a warning if the user named it, who else would think it
 * passed. */
static void skip(lqa_audit_run *run, const lqa_audit_skip *what, const lqa_observer *observer) {
  run->skipped[run->n_skipped++] = *what;
  if (run->plan.named[what->audit->number]) {
    lqa_observe_message(observer, LQA_MESSAGE_WARN, "check %s is not run: " LQA_WORDS,
                        what->kind ? what->kind->id : what->audit->id, what->reason);
  }
}

/* Kinds that the audit declined and that are wanted, unless it found one all the same. */
static void skip_kinds(lqa_audit_run *run, const lqa_audit *audit, size_t from,
                       const lqa_observer *observer) {
  for (size_t i = 0; i < run->findings.declined_kinds.n; i++) {
    const lqa_declined_kind *declined = &run->findings.declined_kinds.data[i];
    ptrdiff_t k = declined->kind - audit->kinds;
    if (run->plan.wanted[audit->number][k] && run->plan.severity[audit->number][k] != LQA_IGNORE &&
        !is_listed(&run->findings, from, declined->kind->id)) {
      skip(run, &(lqa_audit_skip){audit, declined->kind, declined->reason}, observer);
    }
  }
}

static bool is_declined(const lqa_finding_list *list, const lqa_finding_kind *kind) {
  for (size_t i = 0; i < list->declined_kinds.n; i++) {
    if (list->declined_kinds.data[i].kind == kind) {
      return true;
    }
  }
  return false;
}

/* One entry with count 0 for each id that the audit looked for in vain. */
static lqa_status list_silent_kinds(lqa_audit_run *run, const lqa_audit *audit, size_t from,
                                    lqa_error *err) {
  for (int k = 0; k < lqa_audit_kind_count(audit); k++) {
    const lqa_finding_kind *kind = &audit->kinds[k];
    lqa_severity severity = run->plan.severity[audit->number][k];
    if (!run->plan.wanted[audit->number][k] || severity == LQA_IGNORE ||
        is_listed(&run->findings, from, kind->id) || is_declined(&run->findings, kind)) {
      continue;
    }
    lqa_finding *none = lqa_finding_add_none(&run->findings, kind);
    if (!none) {
      return lqa_fail_memory(err, "listing findings");
    }
    none->severity = severity;
  }
  return LQA_OK;
}

static lqa_status run_one(lqa_audit_run *run, const lqa_audit *audit, const lqa_audit_input *known,
                          lqa_error *err) {
  lqa_audit_input input = *known;
  input.findings = &run->findings;
  input.arena = &run->arena;
  input.audit = audit;
  memcpy(input.params, run->plan.params[audit->number], sizeof input.params);
  const char *obstacle = find_obstacle(audit, &input);
  if (obstacle) {
    skip(run, &(lqa_audit_skip){audit, NULL, obstacle}, input.observer);
    return LQA_OK;
  }
  size_t from = run->findings.items.n;
  run->findings.declined = NULL;
  run->findings.declined_kinds.n = 0;
  double start = lqa_clock_seconds();
  lqa_observe_progress(input.observer, "checking structure",
                       (double)audit->number / (double)LQA_AUDIT_COUNT);
  LQA_TRY(lqa_observe_check(input.observer, err));
  lqa_status status = audit->run(&input, err);
  lqa_dataset_release_content(input.dataset, input.dataset->n_rows);
  run->seconds[audit->number] = lqa_clock_seconds() - start;
  if (status != LQA_OK || run->arena.failed) {
    bool no_memory = status == LQA_OK || status == LQA_NO_MEMORY;
    return no_memory ? lqa_fail_memory(err, audit->summary) : status;
  }
  if (run->findings.declined && run->findings.items.n == from) {
    skip(run, &(lqa_audit_skip){audit, NULL, run->findings.declined}, input.observer);
    return LQA_OK;
  }
  LQA_TRY(settle(run, audit, input.dataset, from, err));
  skip_kinds(run, audit, from, input.observer);
  return list_silent_kinds(run, audit, from, err);
}

static lqa_status run_stage(lqa_audit_run *run, const lqa_audit_input *known, bool is_modelled,
                            lqa_error *err) {
  lqa_audit_input input = *known;
  input.content_groups = run->content_groups.start ? &run->content_groups : NULL;
  input.chance_groups = run->chance_groups.start ? &run->chance_groups : NULL;
  input.cluster = run->cluster_is_near ? run->cluster : NULL;
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    const lqa_audit *audit = lqa_audit_get((lqa_audit_number)i);
    bool needs_model = (audit->needs & MODEL_NEEDS) != 0;
    if (needs_model == is_modelled && lqa_audit_plan_runs(&run->plan, audit->number)) {
      LQA_TRY(run_one(run, audit, &input, err));
    }
  }
  return LQA_OK;
}

/* Equal content as cluster numbers: a group's first row gives the number. */
static lqa_status cluster_equals(lqa_audit_run *run, const lqa_dataset *dataset, lqa_error *err) {
  run->cluster = lqa_malloc((size_t)dataset->n_rows, sizeof *run->cluster);
  if (!run->cluster) {
    return lqa_fail_memory(err, "grouping rows by content");
  }
  for (int64_t row = 0; row < dataset->n_rows; row++) {
    run->cluster[row] = (uint32_t)row;
  }
  const lqa_row_groups *groups = &run->content_groups;
  for (int32_t g = 0; g < groups->n_groups; g++) {
    for (int64_t i = groups->start[g]; i < groups->start[g + 1]; i++) {
      run->cluster[groups->rows[i]] = groups->rows[groups->start[g]];
    }
  }
  return LQA_OK;
}

/* Parts what is equal by chance from the copies. */
static lqa_status part_chance(lqa_audit_run *run, const lqa_dataset *dataset, lqa_error *err) {
  lqa_row_groups *chance = &run->chance_groups;
  LQA_TRY(lqa_chance_equal_part(dataset, &run->content_groups, chance, err));
  if (chance->n_groups == 0) {
    return LQA_OK;
  }
  run->is_by_chance = lqa_calloc((size_t)dataset->n_rows, 1);
  if (!run->is_by_chance) {
    return lqa_fail_memory(err, "grouping rows by content");
  }
  for (int64_t i = 0; i < chance->n_members; i++) {
    run->is_by_chance[chance->rows[i]] = 1;
  }
  return LQA_OK;
}

/* Rows that are equal by chance are near nothing: each is a cluster of its own, and the others of
 * its cluster are numbered by the first of theirs. */
static lqa_status free_chance(lqa_audit_run *run, int64_t n_rows, lqa_error *err) {
  uint32_t *number = run->is_by_chance ? lqa_malloc((size_t)n_rows, sizeof *number) : NULL;
  if (!number) {
    return run->is_by_chance ? lqa_fail_memory(err, "looking for near duplicates") : LQA_OK;
  }
  memset(number, 0xff, (size_t)n_rows * sizeof *number);
  for (int64_t row = 0; row < n_rows; row++) {
    uint32_t *first = &number[run->cluster[row]];
    if (run->is_by_chance[row]) {
      run->cluster[row] = (uint32_t)row;
    } else {
      *first = *first == UINT32_MAX ? (uint32_t)row : *first;
      run->cluster[row] = *first;
    }
  }
  free(number);
  return LQA_OK;
}

static bool wants_near_clusters(const lqa_audit_run *run) {
  for (int i = 0; i < LQA_AUDIT_COUNT; i++) {
    const lqa_audit *audit = lqa_audit_get((lqa_audit_number)i);
    if ((audit->needs & LQA_NEEDS_CLUSTERS) && lqa_audit_plan_runs(&run->plan, audit->number)) {
      return true;
    }
  }
  return false;
}

static lqa_status cluster_embeddings(lqa_audit_run *run, const lqa_audit_input *known,
                                     lqa_error *err) {
  const double *params = run->plan.params[LQA_AUDIT_near_duplicate];
  lqa_embedding_options options = {.fraction = params[LQA_NEAR_DUPLICATE_FRACTION],
                                   .seed = known->seed,
                                   .pool = known->pool,
                                   .observer = known->observer};
  run->cluster = lqa_malloc((size_t)known->dataset->n_rows, sizeof *run->cluster);
  if (!run->cluster) {
    return lqa_fail_memory(err, "looking for near duplicates");
  }
  LQA_TRY(lqa_embedding_cluster(known->dataset->embeddings, &options, run->cluster, NULL, err));
  run->cluster_is_near = true;
  return LQA_OK;
}

static lqa_status cluster_near(lqa_audit_run *run, const lqa_audit_input *known, lqa_error *err) {
  const double *params = run->plan.params[LQA_AUDIT_near_duplicate];
  lqa_minhash_options options = {
      .jaccard = params[LQA_NEAR_DUPLICATE_JACCARD],
      .shingle = (int)params[LQA_NEAR_DUPLICATE_SHINGLE],
      .words = params[LQA_NEAR_DUPLICATE_WORDS] != 0,
      .seed = known->seed,
      .memory_bytes = known->memory_bytes,
      .owner = known->dataset,
      .pool = known->pool,
      .observer = known->observer,
  };
  LQA_TRY(lqa_minhash_cluster(&known->dataset->content, &options, run->cluster, err));
  run->cluster_is_near = true;
  return LQA_OK;
}

lqa_status lqa_audit_run_structural(lqa_audit_run *run, const lqa_audit_input *known,
                                    lqa_error *err) {
  double start = lqa_clock_seconds();
  if (has_content_texts(known->dataset)) {
    lqa_observe_progress(known->observer, "comparing contents", -1);
    LQA_TRY(lqa_row_groups_by_content(known->dataset, &run->content_groups, err));
    LQA_TRY(part_chance(run, known->dataset, err));
    LQA_TRY(cluster_equals(run, known->dataset, err));
    if (known->dataset->kind == LQA_CONTENT_TEXT && wants_near_clusters(run)) {
      LQA_TRY(cluster_near(run, known, err));
      LQA_TRY(free_chance(run, known->dataset->n_rows, err));
    }
  }
  bool has_embeddings = known->dataset->kind == LQA_CONTENT_EMBEDDING && known->dataset->embeddings;
  if (has_embeddings && wants_near_clusters(run)) {
    LQA_TRY(cluster_embeddings(run, known, err));
  }
  run->cluster_seconds = lqa_clock_seconds() - start;
  return run_stage(run, known, false, err);
}

/* Stable by table order: stage 2 added its findings behind those of stage 1. */
static void sort_findings(lqa_finding_list *list) {
  for (size_t i = 1; i < list->items.n; i++) {
    lqa_finding finding = list->items.data[i];
    const lqa_audit *audit = lqa_audit_of_kind(finding.kind);
    size_t at = i;
    while (at > 0 && lqa_audit_of_kind(list->items.data[at - 1].kind)->number > audit->number) {
      list->items.data[at] = list->items.data[at - 1];
      at--;
    }
    list->items.data[at] = finding;
  }
}

lqa_status lqa_audit_run_modelled(lqa_audit_run *run, const lqa_audit_input *known,
                                  lqa_error *err) {
  LQA_TRY(run_stage(run, known, true, err));
  sort_findings(&run->findings);
  return LQA_OK;
}

static void mark_rows(const lqa_finding *finding, const lqa_audit_marks *marks) {
  uint64_t bit = (uint64_t)1 << lqa_finding_bit(finding->kind->id);
  for (int64_t i = 0; i < finding->n_rows; i++) {
    int64_t row = finding->rows[i];
    marks->finding_bits[row] |= bit;
    if (finding->severity == LQA_ERROR) {
      marks->has_error[row] = 1;
    }
    if (finding->suggested_label && finding->suggested_label[i] >= 0 &&
        marks->structural_label[row] < 0) {
      marks->structural_label[row] = finding->suggested_label[i];
    }
  }
}

void lqa_audit_run_mark(const lqa_audit_run *run, const lqa_audit_marks *marks) {
  for (int severity = LQA_ERROR; severity >= LQA_INFO; severity--) {
    for (size_t i = 0; i < run->findings.items.n; i++) {
      const lqa_finding *finding = &run->findings.items.data[i];
      if (finding->kind->marks_rows && finding->severity == (lqa_severity)severity) {
        mark_rows(finding, marks);
      }
    }
  }
}

int64_t lqa_finding_count_severity(const lqa_finding_list *list, lqa_severity severity) {
  int64_t n = 0;
  for (size_t i = 0; i < list->items.n; i++) {
    n += list->items.data[i].severity == severity && list->items.data[i].count > 0;
  }
  return n;
}
