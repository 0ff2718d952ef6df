/* tests/unit/audit_fixture.h - small data sets and single audits for the tests of src/audit. */
#ifndef LQA_TESTS_AUDIT_FIXTURE_H
#define LQA_TESTS_AUDIT_FIXTURE_H

#include "must.h"

#include "audit/audit_run.h"

/* Rows as {content, label} pairs of C strings; NULL = NULL. `classes` may be NULL. */
typedef struct fixture_row {
  const char *content, *label;
} fixture_row;

static inline lqa_dataset *fixture_dataset(const fixture_row *rows, size_t n,
                                           const char *const *classes, int n_classes) {
  lqa_str *contents = calloc(n + 1, sizeof *contents), *labels = calloc(n + 1, sizeof *labels);
  lqa_str names[64];
  for (size_t i = 0; i < n; i++) {
    contents[i] = lqa_str_from(rows[i].content);
    labels[i] = lqa_str_from(rows[i].label);
  }
  for (int k = 0; k < n_classes; k++) {
    names[k] = lqa_str_from(classes[k]);
  }
  lqa_dataset *dataset = NULL;
  lqa_error err;
  lqa_error_clear(&err);
  MUST(lqa_dataset_from_arrays((int64_t)n, contents, labels, classes ? names : NULL, n_classes,
                               &dataset, &err));
  free(contents);
  free(labels);
  return dataset;
}

/* Runs one check ("duplicate", "basic") on the data.
 */
static inline void fixture_init(lqa_audit_run *run, const char *checks, const char *set) {
  static const char *check[1], *param[1];
  check[0] = checks;
  param[0] = set;
  lqa_audit_choices choices = {.checks = {check, checks ? 1 : 0}, .set = {param, set ? 1 : 0}};
  lqa_error err;
  lqa_error_clear(&err);
  MUST(lqa_audit_run_init(run, &choices, &err));
}

static inline void fixture_run(lqa_audit_run *run, const lqa_audit_input *known) {
  lqa_error err;
  lqa_error_clear(&err);
  MUST(lqa_audit_run_structural(run, known, &err));
  MUST(lqa_audit_run_modelled(run, known, &err));
}

/* The n-th finding of an id with count > 0, or NULL. */
static inline const lqa_finding *fixture_find(const lqa_audit_run *run, const char *id, int nth) {
  for (size_t i = 0; i < run->findings.items.n; i++) {
    const lqa_finding *finding = &run->findings.items.data[i];
    if (strcmp(finding->kind->id, id) == 0 && finding->count > 0 && nth-- == 0) {
      return finding;
    }
  }
  return NULL;
}

/* Asserts that the finding marks exactly these rows. */
static inline void fixture_expect_rows(const lqa_finding *finding, const int64_t *rows, int64_t n) {
  assert_non_null(finding);
  assert_int_equal(finding->n_rows, n);
  for (int64_t i = 0; i < n; i++) {
    assert_int_equal(finding->rows[i], rows[i]);
  }
}

/* True if the id is listed with count 0: looked for, nothing found. */
static inline bool fixture_is_clean(const lqa_audit_run *run, const char *id) {
  bool listed = false;
  for (size_t i = 0; i < run->findings.items.n; i++) {
    if (strcmp(run->findings.items.data[i].kind->id, id) == 0) {
      listed = true;
      if (run->findings.items.data[i].count != 0) {
        return false;
      }
    }
  }
  return listed;
}

/* Why a kind was not looked for, or NULL: by itself, not with its whole audit. */
static inline const char *fixture_declined(const lqa_audit_run *run, const char *id) {
  for (int i = 0; i < run->n_skipped; i++) {
    const lqa_finding_kind *kind = run->skipped[i].kind;
    if (kind && strcmp(kind->id, id) == 0) {
      return run->skipped[i].reason;
    }
  }
  return NULL;
}

#define FIXTURE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
