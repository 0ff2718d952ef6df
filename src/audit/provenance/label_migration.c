/* audit/provenance/label_migration.c - did every old label become the new label it should?
 *
 * After a change of label scheme the old and the new data are matched row by row and every (old,
 * new) pair is counted. With a map (--map: old label, new label), rows whose pair is not in it are
 * marked; without one the pairs are only listed. Old classes that share a new one lose their
 * distinction for good, which is worth knowing before the old data is deleted. details holds all
 * pairs.
 */
#include "audit/against.h"
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/row_pairing.h"
#include "audit/row_list.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/map.h"
#include "base/rng.h"

enum { OUTSIDE, MERGED, PAIRS };
enum { PARAM_SPOT_CHECK };
enum {
  MAX_LIST_BYTES = 1 << 22,
  MAX_KEY_BYTES = 1 << 20,
  PAIRS_NAMED = 5,
  MAX_PAIRS = 5000,
  RNG_STREAM = 0x6d67
};

typedef struct pair {
  lqa_str old_label, new_label;
  int64_t count;
  bool is_allowed;
} pair;

typedef struct pairs {
  lqa_map *index; /* "old\x1fnew" */
  LQA_VEC(pair) items;
  lqa_map *allowed;
  lqa_row_list outside;
  LQA_VEC(uint32_t) pair_of; /* per row, UINT32_MAX = not matched */
  lqa_buf key;
} pairs;

static void pairs_clear(pairs *p) {
  lqa_map_free(p->index);
  lqa_map_free(p->allowed);
  lqa_vec_clear(&p->items);
  lqa_vec_clear(&p->outside);
  lqa_vec_clear(&p->pair_of);
  lqa_buf_clear(&p->key);
}

static lqa_str make_key(pairs *p, lqa_str old_label, lqa_str new_label) {
  lqa_buf_reset(&p->key);
  lqa_buf_add_str(&p->key, old_label);
  lqa_buf_add_char(&p->key, '\x1f');
  lqa_buf_add_str(&p->key, new_label);
  return lqa_buf_str(&p->key);
}

static bool occurs(const lqa_migration *m, lqa_str label) {
  for (int64_t row = 0; row < m->n_rows; row++) {
    if (lqa_str_equal(m->label[row], label)) {
      return true;
    }
  }
  return false;
}

/* A map that names an old label which the old data does not have, or a new one outside the class
 * list, is a mistake in the map. */
static lqa_status check_map(const lqa_audit_input *input, lqa_error *err) {
  const lqa_migration *m = input->migration;
  for (size_t i = 0; i < m->n_pairs; i++) {
    bool is_class = false;
    for (int32_t k = 0; k < input->dataset->n_classes; k++) {
      is_class = is_class || lqa_str_equal(input->dataset->classes[k], m->map_new[i]);
    }
    bool old_known = occurs(m, m->map_old[i]);
    if (!old_known || !is_class) {
      lqa_str label = old_known ? m->map_new[i] : m->map_old[i];
      return lqa_fail_at(err, LQA_BAD_DATA, m->map_path, (int64_t)i, old_known ? "new" : "old",
                         "%s, pair %zu: the %s label '%.*s' does not occur in %s", m->map_path,
                         i + 1, old_known ? "new" : "old", (int)(label.size < 80 ? label.size : 80),
                         label.data ? label.data : "", old_known ? "the data" : m->path);
    }
  }
  return LQA_OK;
}

static lqa_status read_map(const lqa_migration *m, pairs *p) {
  p->index = lqa_map_new(true);
  p->allowed = lqa_map_new(true);
  lqa_buf_init(&p->key, MAX_KEY_BYTES);
  if (!p->index || !p->allowed) {
    return LQA_NO_MEMORY;
  }
  for (size_t i = 0; i < m->n_pairs; i++) {
    uint32_t number;
    LQA_TRY(lqa_map_add(p->allowed, make_key(p, m->map_old[i], m->map_new[i]), &number, NULL));
  }
  return LQA_OK;
}

static lqa_status count_row(pairs *p, int64_t row, lqa_str old_label, lqa_str new_label) {
  uint32_t number;
  bool added;
  LQA_TRY(lqa_map_add(p->index, make_key(p, old_label, new_label), &number, &added));
  if (added) {
    bool allowed = lqa_map_find(p->allowed, lqa_buf_str(&p->key)) >= 0;
    pair made = {old_label, new_label, 0, allowed};
    LQA_TRY(lqa_vec_push(&p->items, made));
  }
  p->items.data[number].count++;
  p->pair_of.data[row] = number;
  if (lqa_map_count(p->allowed) > 0 && !p->items.data[number].is_allowed) {
    return lqa_vec_push(&p->outside, row);
  }
  return LQA_OK;
}

static lqa_status count_pairs(const lqa_audit_input *input, const lqa_row_pairing *match,
                              pairs *p) {
  const lqa_dataset *d = input->dataset;
  for (int64_t row = 0; row < d->n_rows; row++) {
    LQA_TRY(lqa_vec_push(&p->pair_of, UINT32_MAX));
    if (match->other_of[row] >= 0) {
      lqa_str old_label = input->migration->label[match->other_of[row]];
      LQA_TRY(count_row(p, row, old_label, lqa_column_get(&d->label_text, row)));
    }
  }
  return p->key.failed ? LQA_NO_MEMORY : LQA_OK;
}

/* Up to `wanted` rows of a pair, drawn by reservoir; returns how many. */
static int draw_rows(const lqa_audit_input *input, const pairs *p, uint32_t number, int wanted,
                     int64_t *rows) {
  lqa_rng rng;
  lqa_rng_init(&rng, input->seed, RNG_STREAM + number);
  int64_t seen = 0;
  for (int64_t row = 0; row < input->dataset->n_rows; row++) {
    if (p->pair_of.data[row] != number) {
      continue;
    }
    uint64_t at = seen < wanted ? (uint64_t)seen : lqa_rng_below(&rng, (uint64_t)seen + 1);
    seen++;
    if (at < (uint64_t)wanted) {
      rows[at] = row;
    }
  }
  return seen < wanted ? (int)seen : wanted;
}

/* All pairs with counts and a spot-check draw of rows each. */
static const char *write_details(const lqa_audit_input *input, const pairs *p) {
  int64_t rows[100];
  int wanted = (int)input->params[PARAM_SPOT_CHECK];
  lqa_buf out;
  lqa_buf_init(&out, MAX_LIST_BYTES);
  lqa_json json;
  lqa_json_init(&json, &out, 0);
  lqa_json_open_object(&json);
  lqa_json_key(&json, "pairs");
  lqa_json_open_array(&json);
  for (size_t i = 0; i < p->items.n && i < 1000; i++) {
    lqa_json_open_object(&json);
    lqa_json_add_str(&json, "old", p->items.data[i].old_label);
    lqa_json_add_str(&json, "new", p->items.data[i].new_label);
    lqa_json_add_int(&json, "count", p->items.data[i].count);
    lqa_json_add_bool(&json, "in_map", p->items.data[i].is_allowed);
    lqa_json_key(&json, "spot_check");
    lqa_json_open_array(&json);
    for (int r = 0, n = draw_rows(input, p, (uint32_t)i, wanted, rows); r < n; r++) {
      lqa_json_int(&json, rows[r]);
    }
    lqa_json_close_array(&json);
    lqa_json_close_object(&json);
  }
  lqa_json_close_array(&json);
  lqa_json_close_object(&json);
  const char *text = out.failed ? NULL : lqa_arena_copy(input->arena, out.data, out.size);
  lqa_buf_clear(&out);
  return text;
}

static const char *name_pair(const lqa_audit_input *input, const pair *it) {
  const char *text = lqa_arena_printf(
      input->arena, "%s -> %s (%lld)", lqa_phrase_quote(input->arena, it->old_label, 40),
      lqa_phrase_quote(input->arena, it->new_label, 40), (long long)it->count);
  return text ? text : "";
}

static const char *list_outside(const lqa_audit_input *input, const pairs *p) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_LIST_BYTES);
  int named = 0;
  for (size_t i = 0; i < p->items.n && named < PAIRS_NAMED; i++) {
    if (!p->items.data[i].is_allowed) {
      lqa_buf_printf(&out, "%s%s", named++ ? ", " : "", name_pair(input, &p->items.data[i]));
    }
  }
  const char *text = out.failed ? NULL : lqa_arena_copy(input->arena, out.data, out.size);
  lqa_buf_clear(&out);
  return text ? text : "";
}

static lqa_status report_outside(const lqa_audit_input *input, const pairs *p) {
  int64_t n = (int64_t)p->outside.n;
  if (n == 0) {
    return LQA_OK;
  }
  lqa_finding *finding =
      lqa_finding_add(input->findings, &input->audit->kinds[OUTSIDE], p->outside.data, n,
                      "%s to a new label that %s does not allow for the old one: %s. Correct the "
                      "labels, or add the pair "
                      "to the map.",
                      lqa_phrase_count(input->arena, n, "row went", "rows went"),
                      input->migration->map_path, list_outside(input, p));
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

/* With a map only its pairs: what it forbids is an error already, and no merger that was meant. */
static bool is_meant(const pairs *p, const pair *it) {
  return lqa_map_count(p->allowed) == 0 || it->is_allowed;
}

/* New labels that more than one old label went to. */
static lqa_status report_merged(const lqa_audit_input *input, const pairs *p) {
  for (size_t i = 0; i < p->items.n && p->items.n <= MAX_PAIRS; i++) {
    lqa_buf list;
    lqa_buf_init(&list, MAX_LIST_BYTES);
    int n = 0;
    bool is_first = is_meant(p, &p->items.data[i]);
    for (size_t j = 0; j < p->items.n; j++) {
      if (is_meant(p, &p->items.data[j]) &&
          lqa_str_equal(p->items.data[j].new_label, p->items.data[i].new_label)) {
        is_first = is_first && j >= i;
        lqa_buf_printf(&list, "%s%s (%lld)", n++ ? ", " : "",
                       lqa_phrase_quote(input->arena, p->items.data[j].old_label, 40),
                       (long long)p->items.data[j].count);
      }
    }
    lqa_finding *finding = NULL;
    if (is_first && n > 1) {
      finding = lqa_finding_add(input->findings, &input->audit->kinds[MERGED], NULL, 0,
                                "%d old labels became %s: %s. The distinction is lost in the new "
                                "data; keep the old labels "
                                "if anyone may need it.",
                                n, lqa_phrase_quote(input->arena, p->items.data[i].new_label, 40),
                                list.data ? list.data : "");
    }
    lqa_buf_clear(&list);
    if (is_first && n > 1 && !finding) {
      return LQA_NO_MEMORY;
    }
  }
  return LQA_OK;
}

static lqa_status report_pairs(const lqa_audit_input *input, const lqa_row_pairing *match,
                               const pairs *p) {
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[PAIRS], NULL, 0,
      "%s of %lld found in %s, in %zu pairs of old and new label; report.json lists them with rows "
      "to spot-check.",
      lqa_phrase_count(input->arena, match->n_matched, "row", "rows"),
      (long long)input->dataset->n_rows, input->migration->path, p->items.n);
  if (finding) {
    finding->details_json = write_details(input, p);
  }
  return finding && finding->details_json ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  const lqa_migration *m = input->migration;
  lqa_row_pairing match = {0};
  pairs p = {0};
  LQA_TRY(check_map(input, err));
  lqa_status status = LQA_OK;
  LQA_TRY_OUT(lqa_row_pairing_init(
      input->dataset, &(lqa_other_rows){m->n_rows, m->content_hash, &m->row_id}, &match, err));
  LQA_TRY_OUT(read_map(m, &p));
  LQA_TRY_OUT(count_pairs(input, &match, &p));
  LQA_TRY_OUT(report_outside(input, &p));
  LQA_TRY_OUT(report_merged(input, &p));
  status = report_pairs(input, &match, &p);
out:
  pairs_clear(&p);
  lqa_row_pairing_clear(&match);
  return status;
}

const lqa_audit lqa_audit_label_migration = {
    .number = LQA_AUDIT_label_migration,
    .id = "label-migration",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "pairs of old and new labels after a change of scheme",
    .needs = LQA_NEEDS_MIGRATION | LQA_NEEDS_LABELS,
    .kinds =
        {
            [OUTSIDE] = {"label-migration", LQA_ERROR, true,
                         "the map does not allow this new label for the old one"},
            [MERGED] = {"merged-labels", LQA_INFO, false, "several old labels became one"},
            [PAIRS] = {"migrated-pairs", LQA_INFO, false, "counts of all pairs"},
        },
    .params = {{"spot-check", 5, 0, 100, "rows drawn per pair to be checked by people", true}},
    .run = run,
};
