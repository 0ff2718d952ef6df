/* audit/provenance/label_spelling.c - one class under two spellings.
 *
 * "Sport" for "Sports", "business " with a space, a Cyrillic letter that looks Latin: each spelling
 * is a class of its own to a loader. Two written labels are taken for one if their skeletons are
 * equal (case, white space, separators and look-alike letters apart), or if they are one edit apart
 * (two from eight letters on) and the one has at most a tenth of the other's rows: real classes
 * that are spelt alike are usually both frequent. Labels that differ in digits are different names.
 * With
 * --classes only labels outside the list are suspects, and only classes of the list are meant.
 * Cost: pairs of distinct labels (at most some thousand), not of rows.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/measure/group_finding.h"
#include "audit/measure/spelling.h"
#include "base/json.h"
#include "base/map.h"
#include "base/memory.h"

enum { PARAM_SHARE };
enum { MAX_SPELLINGS = 3000, MAX_LIST_BYTES = 1 << 16, MAPPINGS_NAMED = 5 };

typedef struct spelling {
  lqa_str text;
  lqa_str skeleton; /* in the arena of the audit */
  int64_t count;
  int32_t code;  /* class, or LQA_LABEL_UNKNOWN */
  int32_t meant; /* index of the spelling that is meant, or -1 */
  int32_t group; /* number among those that mean another */
} spelling;

typedef struct spellings {
  LQA_VEC(spelling) items;
  lqa_map *index; /* label text -> item */
} spellings;

static void spellings_clear(spellings *s) {
  lqa_vec_clear(&s->items);
  lqa_map_free(s->index);
}

/* Known classes count as spellings even where no row carries them. */
static lqa_status add_spelling(spellings *s, lqa_str text, int32_t code, int64_t rows) {
  uint32_t item;
  bool added;
  LQA_TRY(lqa_map_add(s->index, text, &item, &added));
  if (added) {
    spelling blank = {.text = text, .code = code, .meant = -1};
    LQA_TRY(lqa_vec_push(&s->items, blank));
  }
  s->items.data[item].count += rows;
  return LQA_OK;
}

static lqa_status spellings_read(const lqa_audit_input *input, spellings *s) {
  const lqa_dataset *d = input->dataset;
  s->index = lqa_map_new(false);
  if (!s->index) {
    return LQA_NO_MEMORY;
  }
  for (int32_t k = 0; k < d->n_classes; k++) {
    LQA_TRY(add_spelling(s, d->classes[k], k, 0));
  }
  for (int64_t row = 0; row < d->n_rows && s->items.n <= MAX_SPELLINGS; row++) {
    if (d->label[row] >= 0) {
      s->items.data[d->label[row]].count++;
    } else if (d->label[row] == LQA_LABEL_UNKNOWN) {
      LQA_TRY(add_spelling(s, lqa_column_get(&d->label_text, row), LQA_LABEL_UNKNOWN, 1));
    }
  }
  lqa_buf skeleton;
  lqa_buf_init(&skeleton, MAX_LIST_BYTES);
  for (size_t i = 0; i < s->items.n; i++) {
    lqa_buf_reset(&skeleton);
    lqa_spelling_skeleton(s->items.data[i].text, &skeleton);
    char *copy = lqa_arena_copy(input->arena, skeleton.data ? skeleton.data : "", skeleton.size);
    s->items.data[i].skeleton = (lqa_str){copy, skeleton.size};
    if (!copy || skeleton.failed) {
      lqa_buf_clear(&skeleton);
      return LQA_NO_MEMORY;
    }
  }
  lqa_buf_clear(&skeleton);
  return LQA_OK;
}

static bool is_near(lqa_str a, lqa_str b) {
  size_t length = a.size < b.size ? a.size : b.size;
  int limit = length >= 8 ? 2 : length >= 4 ? 1 : 0;
  return limit > 0 && !lqa_spelling_differs_in_digits(a, b) &&
         lqa_spelling_distance(a, b, limit) <= limit;
}

/* Could `other` be what `item` means? */
static bool is_meant(const spelling *item, const spelling *other, bool classes_given,
                     double share) {
  if (classes_given && (item->code >= 0 || other->code < 0)) {
    return false;
  }
  bool is_one = item->skeleton.size > 0 && lqa_str_equal(item->skeleton, other->skeleton);
  if (is_one || lqa_str_is_same_number(item->text, other->text)) {
    return classes_given || other->count > item->count ||
           (other->count == item->count && lqa_str_compare(other->text, item->text) < 0);
  }
  bool is_rare = (double)item->count <= share * (double)other->count;
  return (classes_given || is_rare) && is_near(item->skeleton, other->skeleton);
}

/* Gives each suspect the most frequent spelling it could mean. */
static int32_t find_meanings(spellings *s, bool classes_given, double share) {
  int32_t n = 0;
  for (size_t i = 0; i < s->items.n; i++) {
    spelling *item = &s->items.data[i];
    for (size_t j = 0; j < s->items.n && item->count > 0; j++) {
      const spelling *other = &s->items.data[j];
      bool better = item->meant < 0 || other->count > s->items.data[item->meant].count;
      if (i != j && better && is_meant(item, other, classes_given, share)) {
        item->meant = (int32_t)j;
      }
    }
    item->group = n;
    n += item->meant >= 0;
  }
  return n;
}

/* Follows "Sprt" -> "Sport" -> "Sports" to the end; counts grow on the way, so it ends. */
static int32_t final_meaning(const spellings *s, int32_t item) {
  while (s->items.data[item].meant >= 0) {
    item = s->items.data[item].meant;
  }
  return item;
}

static const char *list_mappings(const lqa_audit_input *input, const spellings *s, int32_t n) {
  lqa_buf out;
  lqa_buf_init(&out, MAX_LIST_BYTES);
  int32_t named = 0;
  for (size_t i = 0; i < s->items.n && named < MAPPINGS_NAMED; i++) {
    const spelling *item = &s->items.data[i];
    if (item->meant >= 0) {
      const spelling *meant = &s->items.data[final_meaning(s, (int32_t)i)];
      lqa_buf_printf(&out, "%s%s (%s) is probably %s (%s)", named++ ? "; " : "",
                     lqa_phrase_quote(input->arena, item->text, 40),
                     lqa_phrase_count(input->arena, item->count, "row", "rows"),
                     lqa_phrase_quote(input->arena, meant->text, 40),
                     lqa_phrase_count(input->arena, meant->count, "row", "rows"));
    }
  }
  if (named < n) {
    lqa_buf_printf(&out, "; and %d more", (int)(n - named));
  }
  const char *text = out.failed ? NULL : lqa_arena_copy(input->arena, out.data, out.size);
  lqa_buf_clear(&out);
  return text ? text : "";
}

static const char *write_details(const lqa_audit_input *input, const spellings *s) {
  lqa_buf out;
  lqa_buf_init(&out, (size_t)1 << 24);
  lqa_json json;
  lqa_json_init(&json, &out, 0);
  lqa_json_open_object(&json);
  lqa_json_key(&json, "map");
  lqa_json_open_array(&json);
  for (size_t i = 0; i < s->items.n; i++) {
    if (s->items.data[i].meant >= 0) {
      lqa_json_open_array(&json);
      lqa_json_str(&json, s->items.data[i].text);
      lqa_json_str(&json, s->items.data[final_meaning(s, (int32_t)i)].text);
      lqa_json_close_array(&json);
    }
  }
  lqa_json_close_array(&json);
  lqa_json_close_object(&json);
  const char *text = out.failed ? NULL : lqa_arena_copy(input->arena, out.data, out.size);
  lqa_buf_clear(&out);
  return text;
}

static lqa_status gather_rows(const lqa_dataset *d, const spellings *s, lqa_group_finding *rows) {
  for (int64_t row = 0; row < d->n_rows; row++) {
    int64_t item = d->label[row];
    if (d->label[row] == LQA_LABEL_UNKNOWN) {
      item = lqa_map_find(s->index, lqa_column_get(&d->label_text, row));
    }
    if (item >= 0 && s->items.data[item].meant >= 0) {
      int32_t meant = final_meaning(s, (int32_t)item);
      LQA_TRY(
          lqa_group_finding_add(rows, row, s->items.data[item].group, s->items.data[meant].code));
    }
  }
  return LQA_OK;
}

static lqa_status report(const lqa_audit_input *input, const spellings *s, int32_t n) {
  lqa_group_finding rows = {0};
  lqa_status status;
  LQA_TRY_OUT(gather_rows(input->dataset, s, &rows));
  rows.n_groups = n;
  LQA_TRY_OUT(lqa_group_finding_report(
      &rows, input, 0,
      "%s a label that looks like another spelling of a class: %s. Training code treats each "
      "spelling as a separate class. Rename them (labelqa export RUN fixed FILE --repair "
      "label-spelling), or "
      "accept the label in the baseline if it is meant.",
      lqa_phrase_count(input->arena, (int64_t)rows.members.n, "row carries", "rows carry"),
      list_mappings(input, s, n)));
  lqa_finding *finding = &input->findings->items.data[input->findings->items.n - 1];
  finding->repair = "label-spelling";
  finding->details_json = write_details(input, s);
  status = finding->details_json ? LQA_OK : LQA_NO_MEMORY;
out:
  lqa_group_finding_clear(&rows);
  return status;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  spellings s = {0};
  lqa_status status;
  LQA_TRY_OUT(spellings_read(input, &s));
  if (s.items.n <= MAX_SPELLINGS) {
    int32_t n = find_meanings(&s, input->dataset->classes_given, input->params[PARAM_SHARE]);
    if (n > 0) {
      LQA_TRY_OUT(report(input, &s, n));
    }
  }
out:
  spellings_clear(&s);
  return status;
}

const lqa_audit lqa_audit_label_spelling = {
    .number = LQA_AUDIT_label_spelling,
    .id = "label-spelling",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "labels that are probably another spelling of a class",
    .needs = LQA_NEEDS_LABELS,
    .kinds = {{"label-spelling", LQA_WARN, true, "the label is probably a misspelt class"}},
    .params = {{"share", .1, 0, .9, "a misspelling has at most this share of the other's rows",
                false}},
    .run = run,
};
