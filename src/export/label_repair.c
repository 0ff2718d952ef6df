/* export/label_repair.c - repairs, read back from report.json.
 *
 * A shifted block: row i carries the label of row i - shift, so its own label stands at row i +
 * shift. Where that is outside of the block, it was overwritten and is lost: the row gets no label,
 * which is better than one that is known to be another row's. A reversed block swaps its ends and
 * loses nothing. A map renames labels, in one part of the data where the finding says so.
 *
 * Labels are taken from the run's rows, so the source is streamed once whatever the shift. Cost per
 * row: one comparison per finding (32 at most per kind of block).
 */
#include "export/label_repair.h"

#include "base/file.h"
#include "base/json_read.h"
#include "base/memory.h"

enum { MAX_REPORT_BYTES = 1 << 30 };

typedef enum patch_kind { PATCH_SHIFT, PATCH_REVERSE, PATCH_MAP } patch_kind;

typedef struct patch {
  patch_kind kind;
  int64_t from, to; /* rows, inclusive */
  int64_t shift;
  const char *column_name; /* PATCH_MAP: only rows with `value` in this column, or NULL */
  lqa_str value;
  size_t column;
  lqa_map *labels; /* written label -> index in `meant` */
  LQA_VEC(lqa_str) meant;
} patch;

struct lqa_label_repair {
  const lqa_run *run;
  LQA_VEC(patch) patches;
  lqa_arena arena; /* report.json */
};

void lqa_label_repair_free(lqa_label_repair *repair) {
  if (!repair) {
    return;
  }
  for (size_t i = 0; i < repair->patches.n; i++) {
    lqa_map_free(repair->patches.data[i].labels);
    lqa_vec_clear(&repair->patches.data[i].meant);
  }
  lqa_vec_clear(&repair->patches);
  lqa_arena_clear(&repair->arena);
  free(repair);
}

static lqa_status read_map(const lqa_json_node *pairs, patch *p) {
  p->labels = lqa_map_new(false);
  if (!p->labels) {
    return LQA_NO_MEMORY;
  }
  for (const lqa_json_node *pair = pairs->first; pair; pair = pair->next) {
    if (pair->n != 2 || pair->first->kind != LQA_JSON_TEXT ||
        pair->first->next->kind != LQA_JSON_TEXT) {
      continue;
    }
    uint32_t index;
    bool added;
    LQA_TRY(lqa_map_add(p->labels, pair->first->text, &index, &added));
    if (added) {
      LQA_TRY(lqa_vec_push(&p->meant, pair->first->next->text));
    }
  }
  return LQA_OK;
}

/* What a finding's members come to; *known is false where they say nothing that can be applied. */
static lqa_status read_patch(const lqa_json_node *finding, int64_t n_rows, patch *p, bool *known) {
  const lqa_json_node *details = lqa_json_find(finding, "details");
  const lqa_json_node *map = lqa_json_find(details, "map");
  int64_t last = n_rows - 1;
  p->from = lqa_json_find_int(finding, "rows_from", 0);
  p->to = lqa_json_find_int(finding, "rows_to", last);
  p->from = p->from < 0 ? 0 : p->from;
  p->to = p->to > last ? last : p->to;
  p->shift = lqa_json_find_int(finding, "shift", 0);
  *known = true;
  if (map && map->kind == LQA_JSON_ARRAY) {
    p->kind = PATCH_MAP;
    p->column_name = lqa_json_find_text(details, "column");
    p->value = lqa_str_from(lqa_json_find_text(details, "value"));
    return read_map(map, p);
  }
  p->kind = p->shift != 0 ? PATCH_SHIFT : PATCH_REVERSE;
  *known = lqa_json_find(finding, "rows_from") != NULL;
  return LQA_OK;
}

static lqa_status add_patch(lqa_label_repair *repair, const lqa_json_node *finding) {
  patch p = {0};
  bool known = false;
  lqa_status status;
  LQA_TRY_OUT(read_patch(finding, repair->run->rows.n_rows, &p, &known));
  if (known) {
    LQA_TRY_OUT(lqa_vec_push(&repair->patches, p));
  }
out:
  if (status != LQA_OK || !known) {
    lqa_map_free(p.labels);
    lqa_vec_clear(&p.meant);
  }
  return status;
}

/* The repair a finding offers, or NULL. */
static const char *name_of(const lqa_json_node *finding) {
  return lqa_json_find_int(finding, "count", 0) > 0 ? lqa_json_find_text(finding, "repair") : NULL;
}

static bool is_named_before(const lqa_json_node *first, const lqa_json_node *finding,
                            const char *name) {
  for (; first != finding; first = first->next) {
    const char *other = name_of(first);
    if (other && strcmp(other, name) == 0) {
      return true;
    }
  }
  return false;
}

static lqa_status fail_unknown(const lqa_json_node *findings, const char *name, lqa_error *err) {
  lqa_buf offered;
  lqa_buf_init(&offered, sizeof err->message);
  for (const lqa_json_node *f = findings->first; f; f = f->next) {
    const char *other = name_of(f);
    if (other && !is_named_before(findings->first, f, other)) {
      lqa_buf_printf(&offered, "%s%s", offered.size ? ", " : "", other);
    }
  }
  const char *list = offered.data ? offered.data : "none";
  lqa_status status =
      name ? lqa_fail(err, LQA_BAD_USAGE,
                      LQA_OPTION_AS("repair", "%s") ": this run's findings offer these repairs: %s",
                      name, list)
           : lqa_fail(err, LQA_BAD_USAGE,
                      "'fixed' needs " LQA_OPTION_AS("repair",
                                                     "FINDING") "; this run's findings offer: %s",
                      list);
  lqa_buf_clear(&offered);
  return status;
}

static lqa_status read_findings(lqa_label_repair *repair, const lqa_json_node *findings,
                                const char *name, lqa_error *err) {
  for (const lqa_json_node *f = findings->first; f; f = f->next) {
    const char *offered = name_of(f);
    if (name && offered && strcmp(offered, name) == 0 && add_patch(repair, f) != LQA_OK) {
      return lqa_fail_memory(err, "reading the report");
    }
  }
  return repair->patches.n > 0 ? LQA_OK : fail_unknown(findings, name, err);
}

static lqa_status read_report(lqa_label_repair *repair, const char *path, const char *name,
                              lqa_error *err) {
  lqa_buf text;
  const lqa_json_node *root;
  lqa_buf_init(&text, MAX_REPORT_BYTES);
  lqa_status status;
  LQA_TRY_OUT(lqa_run_load_report(repair->run, &text, err));
  LQA_TRY_OUT(lqa_json_parse(lqa_buf_str(&text), path, &repair->arena, &root, err));
  const lqa_json_node *findings = lqa_json_find(root, "provenance");
  status = findings
               ? read_findings(repair, findings, name, err)
               : lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                             "'%s' lists no findings: write it again with labelqa report", path);
out:
  lqa_buf_clear(&text);
  return status;
}

lqa_status lqa_label_repair_load(const lqa_run *run, const char *name, lqa_label_repair **out,
                                 lqa_error *err) {
  lqa_label_repair *repair = lqa_calloc(1, sizeof *repair);
  char *path = lqa_path_join(run->folder, "report.json");
  lqa_status status = LQA_OK;
  if (!repair || !path) {
    free(repair);
    free(path);
    return lqa_fail_memory(err, "reading the report");
  }
  repair->run = run;
  lqa_arena_init(&repair->arena);
  status = read_report(repair, path, name, err);
  free(path);
  if (status != LQA_OK) {
    lqa_label_repair_free(repair);
    return status;
  }
  *out = repair;
  return LQA_OK;
}

lqa_status lqa_label_repair_begin(lqa_label_repair *repair, const lqa_source *source,
                                  lqa_error *err) {
  for (size_t i = 0; i < repair->patches.n; i++) {
    patch *p = &repair->patches.data[i];
    int64_t column = p->column_name ? lqa_source_find_column(source, p->column_name) : 0;
    if (column < 0) {
      return lqa_fail_at(err, LQA_BAD_DATA, NULL, -1, p->column_name,
                         "the run's source has no column '%s', which the repair reads",
                         p->column_name);
    }
    p->column = (size_t)column;
  }
  return LQA_OK;
}

static bool applies(const patch *p, const lqa_source_reader *reader, int64_t row) {
  return row >= p->from && row <= p->to &&
         (!p->column_name || lqa_str_equal(lqa_source_reader_get(reader, p->column), p->value));
}

/* The label `p` gives to a row that has `given`. */
static lqa_str find_label(const lqa_run *run, const patch *p, int64_t row, lqa_str given,
                          bool *is_lost) {
  if (p->kind == PATCH_MAP) {
    int64_t index = lqa_str_is_null(given) ? -1 : lqa_map_find(p->labels, given);
    return index < 0 ? given : p->meant.data[index];
  }
  int64_t other = p->kind == PATCH_SHIFT ? row + p->shift : p->from + p->to - row;
  if (other < p->from || other > p->to) {
    *is_lost = true;
    return (lqa_str){NULL, 0};
  }
  return lqa_run_rows_label(&run->rows, &run->manifest, other);
}

bool lqa_label_repair_get(const lqa_label_repair *repair, const lqa_source_reader *reader,
                          int64_t row, lqa_str *label, bool *is_lost) {
  const lqa_run *run = repair->run;
  lqa_str given = lqa_run_rows_label(&run->rows, &run->manifest, row);
  for (size_t i = 0; i < repair->patches.n; i++) {
    if (applies(&repair->patches.data[i], reader, row)) {
      *label = find_label(run, &repair->patches.data[i], row, given, is_lost);
      return lqa_str_is_null(*label) != lqa_str_is_null(given) || !lqa_str_equal(*label, given);
    }
  }
  return false;
}
