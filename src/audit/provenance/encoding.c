/* audit/provenance/encoding.c - texts that were decoded wrongly somewhere on their way.
 *
 * Five traces, told apart because their cures differ: replacement characters (bytes were lost),
 * mojibake (UTF-8 read as Windows-1252: nothing is lost, it can be turned back), control characters
 * (binary data or terminal codes), and decomposed letters in a file that otherwise composes them
 * (one word, two byte forms: two features to a model). Mojibake is recognised by structure, not by
 * a list of words: a character that Windows-1252 has for a UTF-8 lead byte, followed by as many for
 * continuation bytes. The fifth is markup: entities and tags of a page's source. Plain ASCII rows,
 * most of most files, are passed over eight bytes at a time.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/row_list.h"
#include "base/unicode.h"

enum { ROWS_PER_PIECE = 1 << 18 };

typedef enum trace { REPLACED, MOJIBAKE, CONTROL, DECOMPOSED, MARKUP, COMPOSED, TRACE_COUNT } trace;

/* Unicode of the bytes 0x80..0x9f in Windows-1252; 0 = unassigned. */
static const uint16_t CP1252[32] = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                    0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

/* The byte that Latin-1 or Windows-1252 shows as this character, or -1. */
static int legacy_byte(uint32_t code_point) {
  if (code_point >= 0x80 && code_point <= 0xff) {
    return (int)code_point;
  }
  for (int i = 0; i < 32; i++) {
    if (CP1252[i] == code_point && CP1252[i]) {
      return 0x80 + i;
    }
  }
  return -1;
}

static int continuation_count(int byte) {
  return byte >= 0xc2 && byte <= 0xdf   ? 1
         : byte >= 0xe0 && byte <= 0xef ? 2
         : byte >= 0xf0 && byte <= 0xf4 ? 3
                                        : 0;
}

/* True if a misread UTF-8 sequence begins at `at`. Two-character ones must begin with the letters
 * that Western text never puts before such signs (A and its accents in capitals), else "e, degree
 * sign" would count. */
static bool is_mojibake(lqa_str text, size_t at) {
  size_t length;
  int lead = legacy_byte(lqa_utf8_decode(text.data + at, text.size - at, &length));
  int wanted = continuation_count(lead);
  if (wanted == 0 || (wanted == 1 && lead != 0xc2 && lead != 0xc3)) {
    return false;
  }
  for (int i = 0; i < wanted; i++) {
    at += length;
    if (at >= text.size) {
      return false;
    }
    int byte = legacy_byte(lqa_utf8_decode(text.data + at, text.size - at, &length));
    if (byte < 0x80 || byte > 0xbf) {
      return false;
    }
  }
  return true;
}

static bool is_combining(uint32_t code_point) {
  return code_point >= 0x300 && code_point <= 0x36f;
}

static bool is_ascii_letter(uint32_t code_point) {
  return (code_point | 32) >= 'a' && (code_point | 32) <= 'z';
}

static bool starts_with_any(lqa_str s, const char *const *words) {
  for (; *words; words++) {
    size_t n = strlen(*words);
    if (s.size >= n && lqa_str_equal_nocase((lqa_str){s.data, n}, lqa_str_from(*words))) {
      return true;
    }
  }
  return false;
}

/* "&amp;", "&#39;", "&eacute;": the text behind '&'. */
static bool is_entity(lqa_str s) {
  static const char *const names[] = {"amp;",   "lt;",    "gt;",    "quot;",   "apos;",  "nbsp;",
                                      "copy;",  "reg;",   "trade;", "euro;",   "pound;", "hellip;",
                                      "mdash;", "ndash;", "lsquo;", "rsquo;",  "ldquo;", "rdquo;",
                                      "laquo;", "raquo;", "bull;",  "middot;", "szlig;", NULL};
  static const char *const accents[] = {"acute;", "grave;", "circ;",  "uml;", "tilde;",
                                        "cedil;", "ring;",  "slash;", NULL};
  if (s.size > 2 && s.data[0] == '#') {
    size_t at = 1 + (s.data[1] == 'x' || s.data[1] == 'X'), begin = at;
    while (at < s.size && strchr("0123456789abcdefABCDEF", s.data[at]) && s.data[at]) {
      at++;
    }
    return at > begin && at < begin + 7 && at < s.size && s.data[at] == ';';
  }
  return starts_with_any(s, names) || (s.size > 4 && is_ascii_letter((unsigned char)s.data[0]) &&
                                       starts_with_any((lqa_str){s.data + 1, s.size - 1}, accents));
}

/* "<br>", "</p>", "<a href=": the text behind '<'. */
static bool is_tag(lqa_str s) {
  static const char *const tags[] = {
      "br>",      "br/>",   "br />", "p>",  "/p>",    "div>",  "div ", "/div>", "span>", "span ",
      "/span>",   "a href", "/a>",   "b>",  "/b>",    "i>",    "/i>",  "em>",   "/em>",  "strong>",
      "/strong>", "li>",    "/li>",  "ul>", "/ul>",   "img ",  "td>",  "/td>",  "tr>",   "/tr>",
      "table",    "h1>",    "h2>",   "h3>", "script", "style", "html", "!--",   "font ", NULL};
  return starts_with_any(s, tags);
}

static bool has_markup(lqa_str text) {
  static const char marks[] = {'&', '<'};
  for (int m = 0; m < 2; m++) {
    const char *end = text.data + text.size, *p = text.data;
    while (p < end && (p = memchr(p, marks[m], (size_t)(end - p))) != NULL) {
      p++;
      lqa_str rest = {p, (size_t)(end - p)};
      if (m == 0 ? is_entity(rest) : is_tag(rest)) {
        return true;
      }
    }
  }
  return false;
}

/* Bit per trace. */
static unsigned look_at(lqa_str text) {
  unsigned found = 0;
  uint32_t before = 0;
  for (size_t at = 0, length; at < text.size; at += length) {
    uint32_t c = lqa_utf8_decode(text.data + at, text.size - at, &length);
    bool is_control = (c < 32 && c != 9 && c != 10 && c != 13) || (c >= 0x7f && c < 0xa0);
    found |= (unsigned)(c == 0xfffd) << REPLACED | (unsigned)is_control << CONTROL;
    found |= (unsigned)(is_combining(c) && is_ascii_letter(before)) << DECOMPOSED;
    found |= (unsigned)(c >= 0xc0 && c < 0x250) << COMPOSED;
    if (c >= 0xc2 && c <= 0xf4 && is_mojibake(text, at)) {
      found |= 1u << MOJIBAKE;
    }
    before = c;
  }
  return found;
}

/* Neither a byte over 0x7e nor one below 32 (bar tab and line breaks): nothing to look at. */
static bool is_plain(lqa_str text) {
  size_t i = 0;
  for (; i + 8 <= text.size; i += 8) {
    uint64_t word;
    memcpy(&word, text.data + i, 8);
    uint64_t low = (word - 0x2020202020202020u) & ~word, high = word | (word + 0x0101010101010101u);
    if ((low | high) & 0x8080808080808080u) {
      break;
    }
  }
  for (; i < text.size; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c > 0x7e || (c < 32 && c != 9 && c != 10 && c != 13)) {
      return false;
    }
  }
  return true;
}

static const struct {
  const char *name, *advice;
} TRACES[] = {
    [REPLACED] = {"replacement characters",
                  "Bytes were lost on the way: export again as UTF-8 from the source"},
    [MOJIBAKE] = {"mojibake",
                  "UTF-8 was read as Windows-1252: encode as Windows-1252 and decode as UTF-8 to "
                  "turn it back"},
    [CONTROL] = {"control characters", "Remove them, or check the column for binary data"},
    [DECOMPOSED] = {"decomposed letters",
                    "Other rows compose them, so the same word has two byte forms: normalise all "
                    "to NFC"},
    [MARKUP] = {"HTML entities or tags",
                "A page's source was kept for its text: unescape it (html.unescape in Python) and "
                "take the tags out"},
};

static lqa_status report(const lqa_audit_input *input, int t, const lqa_row_list *rows) {
  int64_t n = (int64_t)rows->n;
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], rows->data, n, "%s %s (%s), for example %s. %s.",
      lqa_phrase_count(input->arena, n, "row has", "rows have"), TRACES[t].name,
      lqa_phrase_rows(input->arena, rows->data, n),
      lqa_phrase_quote(input->arena, lqa_column_get(&input->dataset->content, rows->data[0]), 60),
      TRACES[t].advice);
  if (finding) {
    finding->subject = TRACES[t].name;
  }
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  lqa_row_list rows[TRACE_COUNT] = {{0}};
  int64_t n_composed = 0;
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < input->dataset->n_rows; row++) {
    if (row % ROWS_PER_PIECE == 0) {
      lqa_dataset_release_content(input->dataset, row);
    }
    lqa_str text = lqa_column_get(&input->dataset->content, row);
    unsigned found = is_plain(text) ? 0 : look_at(text);
    found |= (unsigned)(text.data && has_markup(text)) << MARKUP;
    n_composed += found >> COMPOSED & 1;
    for (int t = 0; found && t <= MARKUP; t++) {
      if (found >> t & 1) {
        LQA_TRY_OUT(lqa_vec_push(&rows[t], row));
      }
    }
  }
  for (int t = 0; t <= MARKUP; t++) {
    bool counts = t != DECOMPOSED || n_composed > 0;
    LQA_TRY_OUT(rows[t].n && counts ? report(input, t, &rows[t]) : LQA_OK);
  }
out:
  for (int t = 0; t < TRACE_COUNT; t++) {
    lqa_vec_clear(&rows[t]);
  }
  return status;
}

const lqa_audit lqa_audit_encoding = {
    .number = LQA_AUDIT_encoding,
    .id = "encoding",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "replacement and control characters, mojibake, markup, mixed Unicode forms",
    .needs = LQA_NEEDS_TEXT,
    .kinds = {{"encoding", LQA_WARN, true, "the text was decoded wrongly somewhere"}},
    .run = run,
};
