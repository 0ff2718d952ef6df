/* Objects out of a window, by the scanner of json_scan.h. An object is scanned without being
 * changed; only when it is complete are escapes undone, in place, so that an incomplete one can be
 * scanned again after a refill.
 *
 * DuckDB's read_json is not used: it types values (1.10 becomes 1.1), ignores keys that its sample
 * did not show, and counts rows only within its own buffers.
 */
#include "data/source/json_rows.h"

#include "base/unicode.h"
#include "data/source/json_scan.h"

#include <stdio.h>

lqa_status lqa_json_rows_open(lqa_json_rows *json, lqa_input *input, const char *name,
                              size_t max_field_bytes) {
  *json =
      (lqa_json_rows){.name = name, .max_field_bytes = max_field_bytes, .row = -1, .next_line = 1};
  return lqa_record_buffer_open(&json->window, input);
}

void lqa_json_rows_open_memory(lqa_json_rows *json, char *data, size_t size) {
  *json = (lqa_json_rows){
      .name = "(memory)", .max_field_bytes = SIZE_MAX / 2, .row = -1, .next_line = 1};
  lqa_record_buffer_open_memory(&json->window, data, size, true);
}

void lqa_json_rows_close(lqa_json_rows *json) {
  lqa_record_buffer_close(&json->window);
  lqa_vec_clear(&json->fields);
  lqa_vec_clear(&json->escaped);
}

static lqa_json_outcome scan_field(lqa_json_rows *json, lqa_json_cursor *c) {
  lqa_json_field field;
  bool key_escaped = false, value_escaped = false;
  if (c->p == c->end) {
    return lqa_json_run_dry(c);
  }
  if (*c->p != '"') {
    return lqa_json_expect(c, "a key in double quotes");
  }
  lqa_json_outcome result = lqa_json_scan_string(c, &field.key, &key_escaped);
  lqa_json_skip_space(c);
  if (result == LQA_JSON_FOUND && c->p == c->end) {
    result = lqa_json_run_dry(c);
  }
  if (result == LQA_JSON_FOUND && *c->p != ':') {
    result = lqa_json_expect(c, "':' after a key");
  }
  if (result != LQA_JSON_FOUND) {
    return result;
  }
  const char *begin = ++c->p;
  result = lqa_json_scan_value(c, &field.value, &value_escaped);
  if (result == LQA_JSON_INCOMPLETE && (size_t)(c->end - begin) > json->max_field_bytes) {
    return LQA_JSON_TOO_LONG;
  }
  if (result != LQA_JSON_FOUND) {
    return result;
  }
  field.is_text = field.value.data && field.value.data[-1] == '"';
  size_t i = json->fields.n;
  bool kept = lqa_vec_push(&json->fields, field) == LQA_OK &&
              (!key_escaped || lqa_vec_push(&json->escaped, 2 * i) == LQA_OK) &&
              (!value_escaped || lqa_vec_push(&json->escaped, 2 * i + 1) == LQA_OK);
  return !kept                                      ? LQA_JSON_NO_MEMORY
         : field.value.size > json->max_field_bytes ? LQA_JSON_TOO_LONG
                                                    : LQA_JSON_FOUND;
}

/* An object from its opening brace. */
static lqa_json_outcome scan_object(lqa_json_rows *json, lqa_json_cursor *c) {
  json->fields.n = json->escaped.n = 0;
  c->p++;
  for (;;) {
    lqa_json_skip_space(c);
    if (c->p < c->end && *c->p == '}' && json->fields.n == 0) {
      c->p++;
      return LQA_JSON_FOUND;
    }
    lqa_json_outcome result = scan_field(json, c);
    if (result != LQA_JSON_FOUND) {
      return result;
    }
    lqa_json_skip_space(c);
    if (c->p == c->end) {
      return lqa_json_run_dry(c);
    }
    if (*c->p == '}') {
      c->p++;
      return LQA_JSON_FOUND;
    }
    if (*c->p != ',') {
      return lqa_json_expect(c, "',' or '}' after a value");
    }
    c->p++;
  }
}

static int64_t count_lines(const char *p, const char *end) {
  int64_t n = 0;
  while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
    n++;
    p++;
  }
  return n;
}

static lqa_status fail_row(const lqa_json_rows *json, lqa_json_outcome result,
                           const lqa_json_cursor *c, lqa_error *err) {
  if (result == LQA_JSON_NO_MEMORY) {
    return lqa_fail_memory(err, "reading JSON");
  }
  const char *begin = json->window.data + json->window.start;
  long long row = (long long)(json->row < 0 ? 0 : json->row), line = (long long)json->line;
  if (result == LQA_JSON_TOO_LONG) {
    return lqa_fail_at(err, LQA_BAD_DATA, json->name, row, NULL,
                       "%s, row %lld (line %lld): a value is longer than %zu bytes; if it is "
                       "right, raise " LQA_OPTION("max_field_size"),
                       json->name, row, line, json->max_field_bytes);
  }
  char found[16] = "the end";
  if (c->p < c->end) {
    unsigned char byte = (unsigned char)*c->p;
    snprintf(found, sizeof found, byte > 0x20 && byte < 0x7F ? "'%c'" : "byte 0x%02X", byte);
  }
  return lqa_fail_at(err, LQA_BAD_DATA, json->name, row, NULL,
                     "%s, row %lld (line %lld): not valid JSON: expected %s, found %s (line %lld, "
                     "%lld bytes into the row)",
                     json->name, row, line, c->expected, found,
                     (long long)(json->line + count_lines(begin, c->p)), (long long)(c->p - begin));
}

static lqa_status fail_encoding(const lqa_json_rows *json, const char *begin, int64_t bad,
                                lqa_error *err) {
  return lqa_fail_at(
      err, LQA_BAD_DATA, json->name, json->row, NULL,
      "%s, row %lld (line %lld): byte 0x%02X is not valid UTF-8; if the file is in "
      "another encoding, name it (" LQA_OPTION_AS("encoding", "latin-1") ", windows-1252, utf-16)",
      json->name, (long long)json->row, (long long)json->line, (unsigned char)begin[bad]);
}

/* Between objects: the array's brackets and commas. INCOMPLETE also at the end of the text. */
static lqa_json_outcome scan_between(lqa_json_rows *json, lqa_json_cursor *c) {
  for (;;) {
    const char *begin = c->p;
    lqa_json_skip_space(c);
    json->next_line += count_lines(begin, c->p);
    json->window.start = (size_t)(c->p - json->window.data);
    if (c->p == c->end) {
      bool open_array = json->place == LQA_JSON_IN_ARRAY || json->place == LQA_JSON_IN_FRESH_ARRAY;
      return c->at_end && open_array ? lqa_json_expect(c, "']' at the end (is the file cut off?)")
                                     : LQA_JSON_INCOMPLETE;
    }
    if (json->place == LQA_JSON_AT_START) {
      json->place = *c->p == '[' ? LQA_JSON_IN_FRESH_ARRAY : LQA_JSON_IN_LINES;
      c->p += *c->p == '[';
      continue;
    }
    if (json->place == LQA_JSON_AT_END) {
      return lqa_json_expect(c, "nothing after the closing ']'");
    }
    if (json->place != LQA_JSON_IN_LINES && *c->p == ']') {
      json->place = LQA_JSON_AT_END;
      c->p++;
      continue;
    }
    if (json->place == LQA_JSON_IN_ARRAY) {
      if (*c->p != ',') {
        return lqa_json_expect(c, "',' or ']' after an object");
      }
      /* Only a whole ", {" is taken, so that a refill in between starts over at the comma. */
      lqa_json_cursor after = *c;
      after.p++;
      lqa_json_skip_space(&after);
      if (after.p == after.end) {
        return lqa_json_run_dry(&after) == LQA_JSON_INCOMPLETE
                   ? LQA_JSON_INCOMPLETE
                   : lqa_json_expect(c, "an object after ','");
      }
      json->next_line += count_lines(c->p, after.p);
      c->p = after.p;
      json->window.start = (size_t)(c->p - json->window.data);
    }
    return *c->p == '{' ? LQA_JSON_FOUND : lqa_json_expect(c, "an object, '{'");
  }
}

static lqa_json_outcome read_object(lqa_json_rows *json, lqa_json_cursor *c) {
  lqa_json_outcome result = scan_between(json, c);
  json->line = json->next_line;
  if (result != LQA_JSON_FOUND) {
    return result;
  }
  /* The comma before may be gone now: what follows is an object, whatever happens. */
  lqa_json_place place = json->place;
  json->place = place == LQA_JSON_IN_ARRAY ? LQA_JSON_IN_FRESH_ARRAY : json->place;
  result = scan_object(json, c);
  if (result == LQA_JSON_FOUND) {
    json->place = place == LQA_JSON_IN_LINES ? LQA_JSON_IN_LINES : LQA_JSON_IN_ARRAY;
  }
  return result;
}

static lqa_status finish_object(lqa_json_rows *json, const lqa_json_cursor *c, lqa_error *err) {
  const char *begin = json->window.data + json->window.start;
  json->window.start = (size_t)(c->p - json->window.data);
  json->next_line += count_lines(begin, c->p);
  if (!lqa_record_buffer_is_ascii(begin, c->p)) {
    int64_t bad = lqa_utf8_check(begin, (size_t)(c->p - begin));
    if (bad >= 0) {
      return fail_encoding(json, begin, bad, err);
    }
  }
  for (size_t i = 0; i < json->escaped.n; i++) {
    lqa_json_field *field = &json->fields.data[json->escaped.data[i] / 2];
    lqa_json_unescape(json->escaped.data[i] % 2 ? &field->value : &field->key);
  }
  return LQA_OK;
}

lqa_status lqa_json_rows_next(lqa_json_rows *json, bool may_refill, bool *more, lqa_error *err) {
  lqa_record_buffer *w = &json->window;
  for (;;) {
    lqa_json_cursor c = {w->data + w->start, w->data + w->end, w->at_end, NULL};
    json->row++;
    lqa_json_outcome result = read_object(json, &c);
    *more = result == LQA_JSON_FOUND;
    if (result == LQA_JSON_FOUND) {
      return finish_object(json, &c, err);
    }
    if (result != LQA_JSON_INCOMPLETE) {
      return fail_row(json, result, &c, err);
    }
    json->row--;
    if (w->at_end || !may_refill || !w->input) {
      return LQA_OK;
    }
    LQA_TRY(lqa_record_buffer_refill(w, err));
  }
}
