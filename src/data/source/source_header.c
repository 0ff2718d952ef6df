/* Dialect and header of a delimited file.
 *
 * The rule of the contract, for --header auto: the first record is a header only if it holds the
 * named columns' names or, for what was not named, a name that columns are guessed by. When
 * --columns gives the names, only a first record equal to them is a header.
 */
#include "data/source/source_part.h"

#include "base/buf.h"
#include "base/unicode.h"

static lqa_status parse_character(const char *option, const char *given, char *out,
                                  lqa_error *err) {
  if (strcmp(given, "\\t") == 0 || strcmp(given, "tab") == 0) {
    *out = '\t';
    return LQA_OK;
  }
  if (strlen(given) != 1 || (unsigned char)*given > 0x7F || *given == '\n' || *given == '\r') {
    return lqa_fail(err, LQA_BAD_USAGE, "--%s takes one character (or \\t), not '%s'", option,
                    given);
  }
  *out = *given;
  return LQA_OK;
}

static lqa_status read_hints(const lqa_source_options *options, const lqa_source_part *part,
                             lqa_csv_hints *hints, lqa_error *err) {
  *hints = (lqa_csv_hints){.prefers_tab = lqa_source_part_has_suffix(part, ".tsv") ||
                                          lqa_source_part_has_suffix(part, ".tab")};
  if (options->delimiter) {
    hints->has_delimiter = true;
    LQA_TRY(parse_character("delimiter", options->delimiter, &hints->delimiter, err));
  }
  if (options->quote) {
    hints->has_quote = true;
    if (*options->quote) {
      LQA_TRY(parse_character("quote", options->quote, &hints->quote, err));
    }
  }
  return hints->has_delimiter && hints->has_quote && hints->delimiter == hints->quote
             ? lqa_fail(err, LQA_BAD_USAGE, "--delimiter and --quote are the same character")
             : LQA_OK;
}

static bool equals_text(lqa_str s, const char *text) {
  return lqa_str_equal(s, lqa_str_from(text));
}

static bool record_holds(const lqa_csv *csv, const char *name) {
  for (size_t i = 0; i < csv->fields.n; i++) {
    if (equals_text(csv->fields.data[i].text, name)) {
      return true;
    }
  }
  return false;
}

static bool equals_given_columns(const lqa_csv *csv, const lqa_text_list *columns) {
  bool equal = csv->fields.n == columns->n;
  for (size_t i = 0; equal && i < columns->n; i++) {
    equal = equals_text(csv->fields.data[i].text, columns->items[i]);
  }
  return equal;
}

/* The rule of the contract; see the top of this file. */
static bool is_header(const lqa_source *source, const lqa_csv *csv) {
  const lqa_source_options *options = &source->options;
  if (options->header && strcmp(options->header, "auto") != 0) {
    return strcmp(options->header, "yes") == 0;
  }
  if (options->columns.n > 0) {
    return equals_given_columns(csv, &options->columns);
  }
  const char *name = lqa_source_named_column(source, 0);
  for (size_t i = 0; name; name = lqa_source_named_column(source, ++i)) {
    if (record_holds(csv, name)) {
      return true;
    }
  }
  bool guesses_text = options->text.n == 0 && options->features.n == 0;
  for (size_t i = 0; i < csv->fields.n; i++) {
    lqa_str field = csv->fields.data[i].text;
    if ((guesses_text && lqa_is_known_name(lqa_known_text_names, field)) ||
        (!options->label && lqa_is_known_name(lqa_known_label_names, field)) ||
        (options->usual_names && lqa_is_known_name(options->usual_names, field))) {
      return true;
    }
  }
  return false;
}

/* The name of a field of the header; an empty one (pandas' index) is named by its place. */
static lqa_status name_from_header(lqa_source *source, const lqa_source_part *part,
                                   const lqa_csv *csv, size_t i, const char **name,
                                   lqa_error *err) {
  lqa_str text = csv->fields.data[i].text;
  if (text.size > 0 && memchr(text.data, '\0', text.size)) {
    return lqa_fail_at(err, LQA_BAD_DATA, part->name, -1, NULL,
                       "'%s' has a NUL byte in a column name", part->name);
  }
  *name = text.size > 0 ? lqa_arena_copy(&source->arena, text.data, text.size)
                        : lqa_arena_printf(&source->arena, "column%zu", i);
  return *name ? LQA_OK : lqa_fail_memory(err, "reading columns");
}

static lqa_status name_columns(lqa_source *source, lqa_source_part *part, const lqa_csv *csv,
                               lqa_name_list *list, lqa_error *err) {
  const lqa_text_list *given = &source->options.columns;
  size_t n = csv->fields.n;
  if (!part->has_header && given->n > 0 && given->n != n) {
    return lqa_fail_at(err, LQA_BAD_USAGE, part->name, 0, NULL,
                       "--columns names %zu columns, but the first record of '%s' has %zu field%s",
                       given->n, part->name, n, n == 1 ? "" : "s");
  }
  for (size_t i = 0; i < n; i++) {
    const char *name = given->n > 0 && !part->has_header ? given->items[i] : NULL;
    if (part->has_header) {
      LQA_TRY(name_from_header(source, part, csv, i, &name, err));
    } else if (!name) {
      name = lqa_arena_printf(&source->arena, "column%zu", i);
    }
    if (!name || lqa_vec_push(&list->names, name) != LQA_OK) {
      return lqa_fail_memory(err, "reading columns");
    }
  }
  return LQA_OK;
}

/* Keeps the first record for messages, and warns where it was judged to be data. */
static lqa_status tell_headerless(lqa_source *source, lqa_source_part *part, const lqa_csv *csv,
                                  lqa_error *err) {
  lqa_buf line;
  lqa_buf_init(&line, 1 << 16);
  for (size_t i = 0; i < csv->fields.n && line.size < 100; i++) {
    lqa_str text = csv->fields.data[i].text;
    lqa_buf_add_text(&line, i ? ", " : "");
    lqa_buf_add(&line, text.data, lqa_utf8_prefix(text.data, text.size, 40));
  }
  part->first_record =
      line.failed ? NULL : lqa_arena_copy(&source->arena, line.data ? line.data : "", line.size);
  lqa_buf_clear(&line);
  if (!part->first_record) {
    return lqa_fail_memory(err, "reading columns");
  }
  bool is_auto = !source->options.header || strcmp(source->options.header, "auto") == 0;
  if (is_auto && source->options.columns.n == 0) {
    lqa_observe_message(source->observer, LQA_MESSAGE_WARN,
                        "%s: the first record (%s) is read as data: it holds no column name that "
                        "was given or is usual; if it is the header, say --header yes",
                        part->name, part->first_record);
  }
  return LQA_OK;
}

/* Reads the first record and decides what it is. */
static lqa_status read_first_record(lqa_source *source, lqa_source_part *part, lqa_name_list *list,
                                    lqa_error *err) {
  lqa_input *input = NULL;
  lqa_csv csv = {0};
  bool more = false;
  lqa_status status = lqa_input_open(part->path, part->name, part->encoding, &input, err);
  LQA_TRY_OUT(status);
  status = lqa_csv_open(&csv, &part->dialect, input, part->name, source->options.max_field_bytes,
                        source->options.header && strcmp(source->options.header, "yes") == 0);
  LQA_TRY_OUT(status == LQA_OK ? LQA_OK : lqa_fail_memory(err, "opening a file"));
  LQA_TRY_OUT(lqa_csv_next(&csv, true, &more, err));
  if (!more) {
    status = lqa_fail_at(err, LQA_BAD_DATA, part->name, -1, NULL,
                         "'%s' is empty: it has no header and no rows", part->name);
    goto out;
  }
  part->has_header = is_header(source, &csv);
  LQA_TRY_OUT(part->has_header ? LQA_OK : tell_headerless(source, part, &csv, err));
  status = name_columns(source, part, &csv, list, err);
out:
  lqa_csv_close(&csv);
  lqa_input_close(input);
  return status;
}

lqa_status lqa_source_tell_csv(lqa_source *source, lqa_source_part *part,
                               const lqa_source_head *head, lqa_name_list *names, lqa_error *err) {
  lqa_csv_hints hints;
  bool quotes_dropped = false;
  LQA_TRY(read_hints(&source->options, part, &hints, err));
  if (lqa_csv_detect(head->bytes.data, head->bytes.size, head->whole, &hints, &part->dialect,
                     &quotes_dropped) != LQA_OK) {
    return lqa_fail_memory(err, "reading a file's head");
  }
  if (quotes_dropped) {
    lqa_observe_message(source->observer, LQA_MESSAGE_INFO,
                        "%s: quotes are read as plain characters, because some texts begin with a "
                        "quotation; if they enclose fields, say --quote '\"'",
                        part->name);
  }
  return read_first_record(source, part, names, err);
}
