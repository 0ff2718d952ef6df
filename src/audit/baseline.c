/* audit/baseline.c - accepted findings: a set of lines, looked up per finding and per row.
 *
 * The file is kept by people in version control, so it is plain text, one acceptance a line, and a
 * line that names no finding is an error rather than ignored: a typing slip must not let an error
 * through unseen. Lookups are exact text matches in a hash set; a million rows cost a second or
 * less.
 */
#include "audit/baseline.h"

#include "audit/audit.h"
#include "audit/phrase.h"
#include "base/file.h"

enum { MAX_FILE_BYTES = 1 << 30, MAX_KEY_BYTES = 1 << 16 };

static bool names_finding(lqa_str id) {
  char text[64];
  if (id.size == 0 || id.size >= sizeof text) {
    return false;
  }
  memcpy(text, id.data, id.size);
  text[id.size] = 0;
  return lqa_audit_find(text) != NULL;
}

/* Adds "id" or "id<TAB>key" with whatever single white space stood between them. */
static lqa_status add_line(lqa_map *lines, const char *path, int64_t number, lqa_str line,
                           lqa_error *err) {
  line = lqa_str_trim(line);
  if (line.size == 0 || line.data[0] == '#') {
    return LQA_OK;
  }
  size_t id_size = 0;
  while (id_size < line.size && line.data[id_size] != ' ' && line.data[id_size] != '\t') {
    id_size++;
  }
  lqa_str id = {line.data, id_size};
  if (!names_finding(id)) {
    return lqa_fail_at(err, LQA_BAD_DATA, path, number, NULL,
                       "%s, line %lld: '%.*s' is no finding's id (labelqa checks lists them)", path,
                       (long long)number + 1, (int)(id_size < 64 ? id_size : 64), id.data);
  }
  lqa_str key = lqa_str_trim((lqa_str){line.data + id_size, line.size - id_size});
  lqa_buf text;
  lqa_buf_init(&text, MAX_KEY_BYTES);
  lqa_buf_add_str(&text, id);
  if (key.size) {
    lqa_buf_add_char(&text, '\t');
    lqa_buf_add_str(&text, key);
  }
  uint32_t index;
  lqa_status status;
  LQA_TRY_OUT(lqa_buf_check(&text, err));
  if (lqa_map_add(lines, lqa_buf_str(&text), &index, NULL) != LQA_OK) {
    LQA_TRY_OUT(lqa_fail_memory(err, "reading the baseline"));
  }
out:
  lqa_buf_clear(&text);
  return status;
}

lqa_status lqa_baseline_load(const char *path, lqa_baseline *baseline, lqa_error *err) {
  lqa_buf file;
  lqa_buf_init(&file, MAX_FILE_BYTES);
  lqa_status status = LQA_OK;
  lqa_map *lines = lqa_map_new(true);
  if (!lines) {
    status = lqa_fail_memory(err, "reading the baseline");
    goto out;
  }
  LQA_TRY_OUT(lqa_file_load(path, &file, err));
  size_t start = 0;
  for (int64_t number = 0; start < file.size; number++) {
    const char *end = memchr(file.data + start, '\n', file.size - start);
    size_t size = end ? (size_t)(end - file.data) - start : file.size - start;
    LQA_TRY_OUT(add_line(lines, path, number, (lqa_str){file.data + start, size}, err));
    start += size + 1;
  }
  baseline->lines = lines;
  lines = NULL;
out:
  lqa_map_free(lines);
  lqa_buf_clear(&file);
  return status;
}

void lqa_baseline_clear(lqa_baseline *baseline) {
  lqa_map_free(baseline->lines);
  baseline->lines = NULL;
}

static bool accepts(const lqa_baseline *baseline, lqa_buf *key, const char *id, lqa_str what) {
  lqa_buf_reset(key);
  lqa_buf_add_text(key, id);
  if (what.data) {
    lqa_buf_add_char(key, '\t');
    lqa_buf_add_str(key, lqa_str_trim(what));
  }
  return !key->failed && lqa_map_find(baseline->lines, lqa_buf_str(key)) >= 0;
}

static bool accepts_row(const lqa_baseline *baseline, lqa_buf *key, const char *id,
                        const lqa_dataset *dataset, int64_t row) {
  char scratch[24], hash[33];
  if (accepts(baseline, key, id, lqa_dataset_row_id(dataset, row, scratch))) {
    return true;
  }
  if (!dataset->content_hash) {
    return false;
  }
  lqa_hash128_format(dataset->content_hash[row], hash);
  return accepts(baseline, key, id, lqa_str_from(hash));
}

static void drop_all(lqa_finding *finding) {
  finding->n_rows = finding->count = finding->n_groups = 0;
  finding->is_block = finding->has_shift = false;
  finding->repair = NULL;
}

/* Keeps the rows that are not accepted, with what stands beside them; fresh arrays, since the old
 * ones may be shared. Returns false when out of memory. */
static bool drop_rows(const lqa_baseline *baseline, lqa_buf *key, const lqa_dataset *dataset,
                      lqa_finding *finding, lqa_arena *arena) {
  size_t n = (size_t)finding->n_rows;
  int64_t *rows = lqa_arena_alloc(arena, n, sizeof *rows);
  int32_t *groups = lqa_arena_alloc(arena, n, sizeof *groups);
  int32_t *labels = lqa_arena_alloc(arena, n, sizeof *labels);
  if (!rows || !groups || !labels) {
    return false;
  }
  int64_t kept = 0;
  for (int64_t i = 0; i < finding->n_rows; i++) {
    if (!accepts_row(baseline, key, finding->kind->id, dataset, finding->rows[i])) {
      rows[kept] = finding->rows[i];
      groups[kept] = finding->group_of ? finding->group_of[i] : 0;
      labels[kept++] = finding->suggested_label ? finding->suggested_label[i] : -1;
    }
  }
  finding->rows = rows;
  finding->group_of = finding->group_of ? groups : NULL;
  finding->suggested_label = finding->suggested_label ? labels : NULL;
  finding->n_rows = finding->count = kept;
  return true;
}

lqa_status lqa_baseline_apply(const lqa_baseline *baseline, const lqa_dataset *dataset,
                              lqa_finding *finding, lqa_arena *arena, lqa_error *err) {
  if (!baseline->lines || finding->count == 0) {
    return LQA_OK;
  }
  const char *id = finding->kind->id;
  int64_t before = finding->count;
  lqa_buf key;
  lqa_buf_init(&key, MAX_KEY_BYTES);
  bool fits = true;
  if (accepts(baseline, &key, id, (lqa_str){NULL, 0}) ||
      (finding->subject && accepts(baseline, &key, id, lqa_str_from(finding->subject)))) {
    drop_all(finding);
  } else if (finding->kind->marks_rows) {
    fits = drop_rows(baseline, &key, dataset, finding, arena);
  }
  lqa_buf_clear(&key);
  int64_t accepted = before - finding->count;
  finding->accepted = accepted;
  if (fits && accepted > 0) {
    finding->message = lqa_arena_printf(
        arena, "%s (%s accepted by the baseline)", finding->message,
        finding->kind->marks_rows ? lqa_phrase_count(arena, accepted, "row", "rows") : "finding");
    fits = finding->message != NULL;
  }
  return fits ? LQA_OK : lqa_fail_memory(err, "applying the baseline");
}

static void write_rows(const lqa_finding *finding, const lqa_dataset *dataset, lqa_buf *out) {
  char scratch[33];
  bool by_id = lqa_dataset_has_role(dataset, LQA_ROLE_ID) || !dataset->content_hash;
  for (int64_t i = 0; i < finding->n_rows; i++) {
    lqa_str key;
    if (by_id) {
      key = lqa_dataset_row_id(dataset, finding->rows[i], scratch);
    } else {
      lqa_hash128_format(dataset->content_hash[finding->rows[i]], scratch);
      key = lqa_str_from(scratch);
    }
    lqa_buf_printf(out, "%s ", finding->kind->id);
    lqa_buf_add_str(out, key);
    lqa_buf_add_char(out, '\n');
  }
}

void lqa_baseline_write(const lqa_finding_list *list, const lqa_dataset *dataset, lqa_buf *out) {
  if (out->size == 0) {
    lqa_buf_add_text(out, "# findings accepted for this data; see docs/baseline.md\n");
  }
  for (size_t i = 0; i < list->items.n; i++) {
    const lqa_finding *finding = &list->items.data[i];
    if (finding->kind->marks_rows) {
      write_rows(finding, dataset, out);
    } else if (finding->count > 0) {
      lqa_buf_printf(out, "%s%s%s\n", finding->kind->id, finding->subject ? " " : "",
                     finding->subject ? finding->subject : "");
    }
  }
}
