/* base/field.c - one walk over a table of fields to write JSON, one to read it.
 *
 * Values are reached by offset and copied with memcpy, so that no type is read as another. A table
 * that names itself is not supported; the depth is that of the tables. */
#include "base/field.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

#define PLAIN(name, type, kind) \
  const lqa_field name[] = {{"", LQA_FIELD_##kind, .size = sizeof(type)}, {.key = NULL}}
PLAIN(lqa_field_strs, lqa_str, STR);
PLAIN(lqa_field_texts, const char *, TEXT);
PLAIN(lqa_field_ints, int64_t, INT);
PLAIN(lqa_field_doubles, double, DOUBLE);

/* ---- values in a struct ---- */

#define GET(type)                                                 \
  type value;                                                     \
  memcpy(&value, (const char *)record + f->offset, sizeof value); \
  return value

static const char *get_text(const lqa_field *f, const void *record) {
  GET(const char *);
}

static lqa_str get_str(const lqa_field *f, const void *record) {
  GET(lqa_str);
}

static double get_double(const lqa_field *f, const void *record) {
  GET(double);
}

static const char *get_elements(const lqa_field *f, const void *record) {
  GET(const char *);
}

/* An integer, enum or bool of `size` bytes. */
static int64_t get_int(const void *at, size_t size) {
  uint8_t byte;
  int32_t narrow;
  int64_t wide;
  assert(size == sizeof byte || size == sizeof narrow || size == sizeof wide);
  switch (size) {
  case sizeof byte:
    memcpy(&byte, at, size);
    return byte;
  case sizeof narrow:
    memcpy(&narrow, at, size);
    return narrow;
  default:
    memcpy(&wide, at, sizeof wide);
    return wide;
  }
}

static void set_int(void *at, size_t size, int64_t value) {
  const uint8_t byte = (uint8_t)value;
  const int32_t narrow = (int32_t)value;
  switch (size) {
  case sizeof byte:
    memcpy(at, &byte, size);
    break;
  case sizeof narrow:
    memcpy(at, &narrow, size);
    break;
  default:
    memcpy(at, &value, sizeof value);
  }
}

static int64_t get_count(const lqa_field *f, const void *record) {
  return get_int((const char *)record + f->count_offset, f->count_size);
}

static bool is_empty(const lqa_field *f, const void *record) {
  switch (f->kind) {
  case LQA_FIELD_INT:
    return get_int((const char *)record + f->offset, f->size) == 0;
  case LQA_FIELD_DOUBLE:
    return isnan(get_double(f, record));
  case LQA_FIELD_LIST:
  case LQA_FIELD_MAP:
    return get_count(f, record) == 0;
  default:
    return get_text(f, record) == NULL;
  }
}

/* ---- writing ---- */

static void write_value(const lqa_field *f, const void *record, lqa_json *json);

static void write_list(const lqa_field *f, const void *record, lqa_json *json) {
  const char *element = get_elements(f, record);
  bool is_plain = f->fields[0].key[0] == '\0';
  lqa_json_open_array(json);
  for (int64_t i = 0, n = get_count(f, record); i < n; i++, element += f->element_size) {
    if (is_plain) {
      write_value(&f->fields[0], element, json);
      continue;
    }
    lqa_json_open_object(json);
    lqa_fields_write(f->fields, element, json);
    lqa_json_close_object(json);
  }
  lqa_json_close_array(json);
}

static void write_map(const lqa_field *f, const void *record, lqa_json *json) {
  const char *element = get_elements(f, record);
  lqa_json_open_object(json);
  for (int64_t i = 0, n = get_count(f, record); i < n; i++, element += f->element_size) {
    lqa_json_key(json, get_text(&f->fields[0], element));
    write_value(&f->fields[1], element, json);
  }
  lqa_json_close_object(json);
}

static void write_raw(const char *text, lqa_json *json) {
  if (text) {
    lqa_json_raw(json, lqa_str_from(text));
  } else {
    lqa_json_null(json);
  }
}

static void write_value(const lqa_field *f, const void *record, lqa_json *json) {
  const char *at = (const char *)record + f->offset;
  switch (f->kind) {
  case LQA_FIELD_CONSTANT:
    lqa_json_text(json, f->absent);
    break;
  case LQA_FIELD_TEXT:
    lqa_json_text(json, get_text(f, record));
    break;
  case LQA_FIELD_STR:
    lqa_json_str(json, get_str(f, record));
    break;
  case LQA_FIELD_CHARS:
    lqa_json_text(json, at);
    break;
  case LQA_FIELD_INT:
    lqa_json_int(json, get_int(at, f->size));
    break;
  case LQA_FIELD_DOUBLE:
    lqa_json_double(json, get_double(f, record));
    break;
  case LQA_FIELD_BOOL:
    lqa_json_bool(json, get_int(at, f->size) != 0);
    break;
  case LQA_FIELD_CHOICE:
    lqa_json_text(json, f->choices[get_int(at, f->size)]);
    break;
  case LQA_FIELD_JSON:
    write_raw(get_text(f, record), json);
    break;
  case LQA_FIELD_OBJECT:
    lqa_json_open_object(json);
    lqa_fields_write(f->fields, at, json);
    lqa_json_close_object(json);
    break;
  case LQA_FIELD_LIST:
    write_list(f, record, json);
    break;
  case LQA_FIELD_MAP:
    write_map(f, record, json);
    break;
  }
}

void lqa_fields_write(const lqa_field *fields, const void *record, lqa_json *json) {
  for (const lqa_field *f = fields; f->key; f++) {
    bool is_given = f->presence < LQA_WHERE_GIVEN || ((const char *)record)[f->given] != 0;
    bool is_left_out = (f->presence == LQA_UNLESS_EMPTY && is_empty(f, record)) ||
                       (f->presence == LQA_WHERE_GIVEN && !is_given);
    if (is_left_out) {
      continue;
    }
    lqa_json_key(json, f->key);
    if (is_given) {
      write_value(f, record, json);
    } else {
      lqa_json_null(json);
    }
  }
}

/* ---- reading ---- */

static lqa_status read_value(const lqa_field *f, const lqa_json_node *node, lqa_arena *arena,
                             void *record);

static bool is_kind(const lqa_json_node *node, lqa_json_kind kind) {
  return node && node->kind == kind;
}

static void write_node(const lqa_json_node *value, lqa_json *json);

static void write_members(const lqa_json_node *value, lqa_json *json) {
  for (const lqa_json_node *member = value->first; member; member = member->next) {
    if (value->kind == LQA_JSON_OBJECT) {
      lqa_json_key(json, member->key.data);
    }
    write_node(member, json);
  }
}

/* Writes a parsed value again. */
static void write_node(const lqa_json_node *value, lqa_json *json) {
  switch (value->kind) {
  case LQA_JSON_NULL:
    lqa_json_null(json);
    break;
  case LQA_JSON_BOOL:
    lqa_json_bool(json, value->number != 0);
    break;
  case LQA_JSON_NUMBER:
    lqa_json_raw(json, value->text);
    break;
  case LQA_JSON_TEXT:
    lqa_json_str(json, value->text);
    break;
  case LQA_JSON_ARRAY:
    lqa_json_open_array(json);
    write_members(value, json);
    lqa_json_close_array(json);
    break;
  case LQA_JSON_OBJECT:
    lqa_json_open_object(json);
    write_members(value, json);
    lqa_json_close_object(json);
    break;
  }
}

static lqa_status read_raw(const lqa_json_node *node, lqa_arena *arena, const char **out) {
  lqa_buf text;
  lqa_json json;
  *out = NULL;
  if (!is_kind(node, LQA_JSON_OBJECT)) {
    return LQA_OK;
  }
  lqa_buf_init(&text, 256 << 20);
  lqa_json_init(&json, &text, 0);
  write_node(node, &json);
  *out = text.failed ? NULL : lqa_arena_copy(arena, text.data, text.size);
  lqa_buf_clear(&text);
  return *out ? LQA_OK : LQA_NO_MEMORY;
}

/* Elements of a list or map: an array of them all, NULL where there are none. */
static lqa_status read_elements(const lqa_field *f, const lqa_json_node *node, lqa_arena *arena,
                                void *record) {
  bool is_map = f->kind == LQA_FIELD_MAP;
  size_t n = is_kind(node, is_map ? LQA_JSON_OBJECT : LQA_JSON_ARRAY) ? node->n : 0;
  char *element = n ? lqa_arena_alloc(arena, n, f->element_size) : NULL;
  if (n && !element) {
    return LQA_NO_MEMORY;
  }
  memcpy((char *)record + f->offset, &element, sizeof element);
  set_int((char *)record + f->count_offset, f->count_size, (int64_t)n);
  bool is_plain = f->fields[0].key[0] == '\0';
  const lqa_json_node *member = n ? node->first : NULL;
  for (; member; member = member->next, element += f->element_size) {
    if (is_map) {
      memcpy(element + f->fields[0].offset, &member->key.data, sizeof member->key.data);
      LQA_TRY(read_value(&f->fields[1], member, arena, element));
    } else if (is_plain) {
      LQA_TRY(read_value(&f->fields[0], member, arena, element));
    } else {
      LQA_TRY(lqa_fields_read(f->fields, member, arena, element));
    }
  }
  return LQA_OK;
}

static int64_t read_choice(const lqa_field *f, const lqa_json_node *node) {
  for (int64_t i = 0; is_kind(node, LQA_JSON_TEXT) && f->choices[i]; i++) {
    if (lqa_str_equal(node->text, lqa_str_from(f->choices[i]))) {
      return i;
    }
  }
  return 0;
}

static int64_t read_int(const lqa_json_node *node) {
  long long value = 0;
  return is_kind(node, LQA_JSON_NUMBER) && lqa_str_to_int64(node->text, &value) ? value : 0;
}

static bool read_bool(const lqa_field *f, const lqa_json_node *node) {
  return is_kind(node, LQA_JSON_BOOL) ? node->number != 0 : f->absent != NULL;
}

/* One that does not fit is missing. */
static void read_chars(const lqa_field *f, const lqa_json_node *node, char *at) {
  bool fits = is_kind(node, LQA_JSON_TEXT) && node->text.size < f->size;
  memset(at, 0, f->size);
  if (fits) {
    memcpy(at, node->text.data, node->text.size);
  }
}

static lqa_status read_value(const lqa_field *f, const lqa_json_node *node, lqa_arena *arena,
                             void *record) {
  char *at = (char *)record + f->offset;
  bool is_text = is_kind(node, LQA_JSON_TEXT);
  const char *text = is_text ? node->text.data : f->absent;
  const lqa_str str = is_text ? node->text : lqa_str_from(f->absent);
  const double number = is_kind(node, LQA_JSON_NUMBER) ? node->number : (double)NAN;
  switch (f->kind) {
  case LQA_FIELD_CONSTANT:
    break;
  case LQA_FIELD_TEXT:
    memcpy(at, &text, sizeof text);
    break;
  case LQA_FIELD_STR:
    memcpy(at, &str, sizeof str);
    break;
  case LQA_FIELD_CHARS:
    read_chars(f, node, at);
    break;
  case LQA_FIELD_INT:
    set_int(at, f->size, read_int(node));
    break;
  case LQA_FIELD_DOUBLE:
    memcpy(at, &number, sizeof number);
    break;
  case LQA_FIELD_BOOL:
    set_int(at, f->size, read_bool(f, node));
    break;
  case LQA_FIELD_CHOICE:
    set_int(at, f->size, read_choice(f, node));
    break;
  case LQA_FIELD_JSON:
    return read_raw(node, arena, (const char **)(void *)at);
  case LQA_FIELD_OBJECT:
    return lqa_fields_read(f->fields, node, arena, at);
  case LQA_FIELD_LIST:
  case LQA_FIELD_MAP:
    return read_elements(f, node, arena, record);
  }
  return LQA_OK;
}

lqa_status lqa_fields_read(const lqa_field *fields, const lqa_json_node *object, lqa_arena *arena,
                           void *record) {
  for (const lqa_field *f = fields; f->key; f++) {
    const lqa_json_node *node = lqa_json_find(object, f->key);
    LQA_TRY(read_value(f, node, arena, record));
    if (f->presence >= LQA_WHERE_GIVEN) {
      ((char *)record)[f->given] = node && node->kind != LQA_JSON_NULL;
    }
  }
  return LQA_OK;
}
