/* Where no guess is good enough: the error shows what there is, each column with its type and its
 * first three different values, and ends with a command that can be copied.
 */
#include "data/source/source_columns.h"

#include "base/buf.h"
#include "base/unicode.h"

#include <ctype.h>

enum { MOST_COLUMNS = 30, VALUE_POINTS = 24, NAME_POINTS = 40, MOST_BYTES = 3600 };

/* Bare where a shell leaves it alone, else in single quotes. */
static void add_word(lqa_buf *out, const char *word) {
  bool is_plain = *word != '\0';
  for (const char *p = word; *p; p++) {
    is_plain = is_plain && ((unsigned char)*p >= 0x80 || isalnum((unsigned char)*p) ||
                            strchr("_-./:@%+,", *p) != NULL);
  }
  if (is_plain && *word != '-') {
    lqa_buf_add_text(out, word);
    return;
  }
  lqa_buf_add_char(out, '\'');
  for (const char *p = word; *p; p++) {
    lqa_buf_add_text(out, *p == '\'' ? "'\\''" : (char[]){*p, '\0'});
  }
  lqa_buf_add_char(out, '\'');
}

/* A value on one line, cut. */
static void add_value(lqa_buf *out, lqa_str value) {
  size_t n = lqa_utf8_prefix(value.data, value.size, VALUE_POINTS);
  for (size_t i = 0; i < n; i++) {
    lqa_buf_add_char(out, (unsigned char)value.data[i] < ' ' ? ' ' : value.data[i]);
  }
  lqa_buf_add_text(out, n < value.size ? "..." : "");
}

static void add_columns(const lqa_source *source, lqa_buf *out) {
  size_t n = lqa_source_count_columns(source), c = 0;
  for (; c < n && c < MOST_COLUMNS && out->size < MOST_BYTES - 500; c++) {
    const lqa_column_profile *p = &source->profiles[c];
    lqa_str name = lqa_str_from(lqa_source_column_name(source, c));
    lqa_buf_printf(out, "\n  %.*s: %s", (int)lqa_utf8_prefix(name.data, name.size, NAME_POINTS),
                   name.data, lqa_profile_type(p));
    for (uint32_t i = 0; i < LQA_PROFILE_EXAMPLES && i < lqa_map_count(p->distinct); i++) {
      lqa_buf_add_text(out, i ? " | " : ": ");
      add_value(out, lqa_map_key(p->distinct, i));
    }
  }
  if (c < n) {
    lqa_buf_printf(out, "\n  and %zu more", n - c);
  }
}

/* The longest column that is no number, or NULL. */
static const char *find_text(const lqa_source *source, const char *label) {
  const char *best = NULL;
  uint64_t most = 0;
  for (size_t c = 0; c < lqa_source_count_columns(source); c++) {
    const lqa_column_profile *p = &source->profiles[c];
    const char *name = lqa_source_column_name(source, c);
    bool fits = lqa_profile_is_texts(p) && p->n_bytes > most && !lqa_source_is_taken(source, name);
    if (fits && !(label && strcmp(label, name) == 0)) {
      best = name;
      most = p->n_bytes;
    }
  }
  return best;
}

/* Of a table the last column, if it could be one, else the one with the fewest values. */
static const char *find_label(const lqa_source *source) {
  size_t n = lqa_source_count_columns(source);
  const char *last = lqa_source_column_name(source, n - 1);
  bool fits =
      !lqa_source_is_taken(source, last) && lqa_profile_is_categories(&source->profiles[n - 1]);
  return fits ? last : lqa_source_likely_label(source);
}

static void add_command(const lqa_source *source, lqa_buf *out) {
  const lqa_source_options *o = &source->options;
  const char *label = source->roles.label ? source->roles.label : find_label(source);
  const char *text = source->roles.text.n > 0 ? source->roles.text.items[0]
                     : source->is_table       ? NULL
                                              : find_text(source, label);
  if (!label) {
    lqa_buf_add_text(out, "\nNo column has few values that repeat, as labels do.");
    return;
  }
  lqa_buf_add_text(out, "\nFor example: labelqa audit");
  for (size_t i = 0; i < o->paths.n && i < 4; i++) {
    lqa_buf_add_char(out, ' ');
    add_word(out, o->paths.items[i]);
  }
  if (!o->embeddings && o->pred_probs.n == 0 && !o->content_optional) {
    lqa_buf_printf(out, " --%s ",
                   text ? "text" : "features"); /* a line to copy: no option to render */
    add_word(out, text ? text : "*");
  }
  lqa_buf_printf(out, " --%s ", "label");
  add_word(out, label);
}

lqa_status lqa_source_ask(lqa_source *source, const char *what, lqa_error *err) {
  const char *name = source->parts.data[0].name;
  bool is_label = strcmp(what, "label") == 0;
  LQA_TRY(lqa_source_profile(source, err));
  lqa_buf out;
  lqa_buf_init(&out, 1 << 20);
  lqa_buf_add_text(&out, "Its columns:");
  add_columns(source, &out);
  add_command(source, &out);
  lqa_status status = lqa_fail_at(
      err, LQA_BAD_USAGE, name, -1, NULL,
      "'%s': no column looks like the %s: name it with " LQA_OPTION("%s") LQA_WORDS ". %s", name,
      what, what, is_label ? "" : ", or the columns of a table with " LQA_OPTION("features"),
      out.data && !out.failed ? out.data : "");
  lqa_buf_clear(&out);
  return status;
}
