/* Class sets and class codes. One pass interns the label texts (millions of rows, few classes),
 * then the distinct ones are sorted and the rows renumbered.
 */
#include "data/dataset/labels.h"

#include "base/file.h"
#include "base/map.h"
#include "base/memory.h"
#include "data/dataset/storage.h"

static int compare_texts(const void *a, const void *b) {
  return lqa_str_compare(*(const lqa_str *)a, *(const lqa_str *)b);
}

static bool is_integer(lqa_str s) {
  size_t n_signs = s.size > 0 && (s.data[0] == '-' || s.data[0] == '+');
  for (size_t i = n_signs; i < s.size; i++) {
    if (s.data[i] < '0' || s.data[i] > '9') {
      return false;
    }
  }
  return s.size > n_signs;
}

/* The digits without leading zeros. */
static lqa_str digits_of(lqa_str s) {
  size_t skip = s.data[0] == '-' || s.data[0] == '+';
  while (skip + 1 < s.size && s.data[skip] == '0') {
    skip++;
  }
  return (lqa_str){s.data + skip, s.size - skip};
}

/* Of any size: by sign, number of digits, digits. */
static int compare_integers(const void *a, const void *b) {
  lqa_str x = *(const lqa_str *)a, y = *(const lqa_str *)b;
  lqa_str m = digits_of(x), n = digits_of(y);
  bool x_negative = x.data[0] == '-' && m.data[0] != '0';
  bool y_negative = y.data[0] == '-' && n.data[0] != '0';
  if (x_negative != y_negative) {
    return x_negative ? -1 : 1;
  }
  int size = m.size == n.size ? lqa_str_compare(m, n) : m.size < n.size ? -1 : 1;
  return size == 0 ? compare_texts(a, b) : x_negative ? -size : size;
}

bool lqa_labels_are_integers(const lqa_str *classes, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!is_integer(classes[i])) {
      return false;
    }
  }
  return true;
}

void lqa_labels_sort(lqa_str *classes, size_t n) {
  qsort(classes, n, sizeof *classes,
        lqa_labels_are_integers(classes, n) ? compare_integers : compare_texts);
}

/* Number of every row's label in order of first appearance, LQA_LABEL_NULL where there is none. */
static lqa_status intern_rows(const lqa_column *labels, lqa_map *seen, int32_t *code) {
  for (int64_t row = 0; row < labels->n; row++) {
    lqa_str label = lqa_column_get(labels, row);
    uint32_t index = 0;
    if (lqa_str_is_null(label)) {
      code[row] = LQA_LABEL_NULL;
      continue;
    }
    LQA_TRY(lqa_map_add(seen, label, &index, NULL));
    code[row] = (int32_t)index;
  }
  return LQA_OK;
}

lqa_status lqa_labels_collect(const lqa_dataset *dataset, lqa_map **labels) {
  const lqa_column *text = &dataset->label_text;
  lqa_map *seen = lqa_map_new(false);
  lqa_status status;
  LQA_TRY_OUT(seen ? LQA_OK : LQA_NO_MEMORY);
  for (int64_t row = 0; row < text->n; row++) {
    lqa_str label = lqa_column_get(text, row);
    uint32_t index = 0;
    LQA_TRY_OUT(lqa_str_is_null(label) ? LQA_OK : lqa_map_add(seen, label, &index, NULL));
  }
out:
  if (status != LQA_OK) {
    lqa_map_free(seen);
    return status;
  }
  *labels = seen;
  return LQA_OK;
}

/* The class set as an owned array in the dataset's storage. */
static lqa_status collect_classes(lqa_dataset *dataset, const lqa_map *seen) {
  int32_t n = (int32_t)lqa_map_count(seen);
  lqa_str *classes = lqa_storage_alloc(dataset->storage, (size_t)n + 1, sizeof *classes);
  if (!classes) {
    return LQA_NO_MEMORY;
  }
  for (int32_t k = 0; k < n; k++) {
    lqa_str key = lqa_map_key(seen, (uint32_t)k);
    classes[k] = (lqa_str){lqa_arena_copy(&dataset->storage->arena, key.data, key.size), key.size};
    if (!classes[k].data) {
      return LQA_NO_MEMORY;
    }
  }
  lqa_labels_sort(classes, (size_t)n);
  dataset->classes = classes;
  dataset->n_classes = n;
  return LQA_OK;
}

static lqa_status copy_classes(lqa_dataset *dataset, const lqa_str *given, int32_t n,
                               lqa_error *err) {
  lqa_str *classes = lqa_storage_alloc(dataset->storage, (size_t)n + 1, sizeof *classes);
  for (int32_t k = 0; classes && k < n; k++) {
    if (given[k].size == 0) {
      return lqa_fail(err, LQA_BAD_USAGE, "class %d of the given classes is empty", (int)k + 1);
    }
    classes[k] = (lqa_str){lqa_arena_copy(&dataset->storage->arena, given[k].data, given[k].size),
                           given[k].size};
    classes = classes[k].data ? classes : NULL;
  }
  dataset->classes = classes;
  dataset->n_classes = n;
  dataset->classes_given = true;
  return classes ? LQA_OK : LQA_NO_MEMORY;
}

/* code_of[number in `seen`] = class code. Classes are unique, or it is the user's mistake. */
static lqa_status match_classes(const lqa_dataset *dataset, const lqa_map *seen, int32_t *code_of,
                                lqa_error *err) {
  for (uint32_t i = 0; i < lqa_map_count(seen); i++) {
    code_of[i] = LQA_LABEL_UNKNOWN;
  }
  lqa_map *known = lqa_map_new(false);
  lqa_status status;
  LQA_TRY_OUT(known ? LQA_OK : LQA_NO_MEMORY);
  for (int32_t k = 0; k < dataset->n_classes; k++) {
    uint32_t index;
    bool added;
    LQA_TRY_OUT(lqa_map_add(known, dataset->classes[k], &index, &added));
    if (!added) {
      LQA_TRY_OUT(lqa_fail(err, LQA_BAD_USAGE, "class '%.*s' is given twice",
                           (int)dataset->classes[k].size, dataset->classes[k].data));
    }
    int64_t number = lqa_map_find(seen, dataset->classes[k]);
    if (number >= 0) {
      code_of[number] = k;
    }
  }
out:
  lqa_map_free(known);
  return status;
}

static void renumber(int32_t *code, int64_t n, const int32_t *code_of) {
  for (int64_t row = 0; row < n; row++) {
    code[row] = code[row] >= 0 ? code_of[code[row]] : code[row];
  }
}

lqa_status lqa_labels_encode(lqa_dataset *dataset, const lqa_str *given, int32_t n_given,
                             lqa_error *err) {
  int64_t n = dataset->label_text.n;
  int32_t *code = lqa_storage_alloc(dataset->storage, (size_t)n, sizeof *code);
  int32_t *code_of = NULL;
  lqa_map *seen = lqa_map_new(false);
  lqa_status status;
  LQA_TRY_OUT(code && seen ? LQA_OK : LQA_NO_MEMORY);
  LQA_TRY_OUT(intern_rows(&dataset->label_text, seen, code));
  LQA_TRY_OUT(given ? copy_classes(dataset, given, n_given, err) : collect_classes(dataset, seen));
  code_of = lqa_calloc(lqa_map_count(seen), sizeof *code_of);
  LQA_TRY_OUT(code_of ? match_classes(dataset, seen, code_of, err) : LQA_NO_MEMORY);
  renumber(code, n, code_of);
  dataset->label = code;
out:
  free(code_of);
  lqa_map_free(seen);
  return status == LQA_NO_MEMORY ? lqa_fail_memory(err, "numbering the labels") : status;
}

lqa_status lqa_classes_load(const char *path, lqa_arena *arena, lqa_str **classes, int32_t *n,
                            lqa_error *err) {
  lqa_buf bytes;
  lqa_buf_init(&bytes, 1 << 28);
  lqa_status status;
  *n = 0;
  LQA_TRY_OUT(lqa_file_load(path, &bytes, err));
  size_t n_lines = 1;
  for (size_t i = 0; i < bytes.size; i++) {
    n_lines += bytes.data[i] == '\n';
  }
  *classes = lqa_arena_alloc(arena, n_lines, sizeof **classes);
  char *text = lqa_arena_copy(arena, bytes.data ? bytes.data : "", bytes.size);
  LQA_TRY_OUT(*classes && text ? LQA_OK : lqa_fail_memory(err, "reading the classes"));
  bool has_mark = bytes.size >= 3 && memcmp(bytes.data, "\xEF\xBB\xBF", 3) == 0;
  const char *p = text + (has_mark ? 3 : 0), *end = text + bytes.size;
  while (p < end) {
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    stop = stop ? stop : end;
    size_t size = (size_t)(stop - p);
    size -= size > 0 && p[size - 1] == '\r';
    if (size > 0) {
      (*classes)[(*n)++] = (lqa_str){p, size};
    }
    p = stop + 1;
  }
  if (*n == 0) {
    status = lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL,
                         "'%s' names no class: it needs one a line", path);
  }
out:
  lqa_buf_clear(&bytes);
  return status;
}
