/* Folding for duplicate detection: NFKC, full case folding, single spaces, in pieces.
 *
 * utf8proc does the general case, at some 20 MB/s. Most text needs none of it: the text is cut
 * where the next code point can neither combine nor be reordered with what stands before ("starts
 * anew"), which changes no result, and a piece of one code point with a plain mapping (ASCII, the
 * letters of Latin-1, Greek and Cyrillic, kana, Han, Hangul, emoji) is mapped here. test_unicode.c
 * holds both against folding by utf8proc in one piece, for every code point and for random
 * neighbours.
 */
#include "base/unicode.h"

#include "base/memory.h"

enum { CHUNK = 512, SMALL = 64, SMALL_POINTS = 256 };

/* What has been folded so far; white space waits until something follows it. */
struct folder {
  lqa_buf *out;
  char chunk[CHUNK];
  size_t n;
  bool is_space_due, any;
};

static void flush(struct folder *folder) {
  lqa_buf_add(folder->out, folder->chunk, folder->n);
  folder->n = 0;
}

static void put(struct folder *folder, uint32_t c) {
  if (lqa_unicode_is_space(c)) {
    folder->is_space_due = folder->any;
    return;
  }
  if (folder->n + 5 > CHUNK) {
    flush(folder);
  }
  if (folder->is_space_due) {
    folder->chunk[folder->n++] = ' ';
  }
  folder->n += lqa_utf8_encode(c, folder->chunk + folder->n);
  folder->is_space_due = false;
  folder->any = true;
}

/* Blocks whose code points (folded or not) begin with a starter that composes with nothing before
 * it. Canonical compositions by second element: combining marks, and the vowel and final jamo. */
static bool starts_anew(uint32_t c) {
  static const struct {
    uint32_t first, last;
  } ranges[] = {{0x0000, 0x02FF}, {0x0370, 0x0482},  {0x048A, 0x058F}, {0x2000, 0x20CF},
                {0x2100, 0x2BFF}, {0x3000, 0x3029},  {0x3041, 0x3096}, {0x309B, 0x30FF},
                {0x3400, 0x4DBF}, {0x4E00, 0x9FFF},  {0xAC00, 0xD7A3}, {0xFE00, 0xFE0F},
                {0xFF01, 0xFF9D}, {0x1F000, 0x1FAFF}};
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges && c >= ranges[i].first; i++) {
    if (c <= ranges[i].last) {
      return true;
    }
  }
  return false;
}

/* Latin-1 and Latin Extended-A; 0 where the mapping is none or more than one code point. */
static uint32_t plain_latin(uint32_t c) {
  if (c < 0x100) {
    bool is_upper = c >= 0xC0 && c <= 0xDE && c != 0xD7;
    return is_upper ? c + 0x20 : c >= 0xE0 || c == 0xD7 ? c : 0;
  }
  if ((c <= 0x12F) || (c >= 0x14A && c <= 0x177)) {
    return c | 1; /* pairs of capital (even) and small */
  }
  bool is_odd_pair =
      (c >= 0x139 && c <= 0x148 && c != 0x13F && c != 0x140) || (c >= 0x179 && c <= 0x17E);
  return is_odd_pair ? c + (c & 1) : 0;
}

static uint32_t plain_greek_or_cyrillic(uint32_t c) {
  if (c >= 0x391 && c <= 0x3AB && c != 0x3A2) {
    return c + 0x20;
  }
  if (c >= 0x3B1 && c <= 0x3CE) {
    return c == 0x3C2 ? 0x3C3 : c;
  }
  if (c >= 0x400 && c <= 0x45F) {
    return c < 0x410 ? c + 0x50 : c < 0x430 ? c + 0x20 : c;
  }
  return c >= 0x48A && c <= 0x4BF ? c | 1 : 0;
}

/* What a piece that consists of c alone folds to, or 0 where only utf8proc knows. */
static uint32_t plain_fold(uint32_t c) {
  if (c < 0x80) {
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
  }
  if (c < 0x180) {
    return plain_latin(c);
  }
  if (c < 0x530) {
    return plain_greek_or_cyrillic(c);
  }
  bool is_itself = (c >= 0x2018 && c <= 0x2022) || (c >= 0x3001 && c <= 0x3003) ||
                   (c >= 0x3008 && c <= 0x3011) || (c >= 0x3041 && c <= 0x3096) ||
                   (c >= 0x30A1 && c <= 0x30FA) || (c >= 0x3400 && c <= 0x4DBF) ||
                   (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3) ||
                   (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0x1F300 && c <= 0x1FAFF);
  return is_itself ? c : 0;
}

/* `text` with invalid bytes replaced, so that utf8proc accepts it; out has room for three times its
 * size. */
static size_t write_valid(lqa_str text, char *out) {
  size_t n = 0, length;
  for (size_t i = 0; i < text.size; i += length) {
    n += lqa_utf8_encode(lqa_utf8_decode(text.data + i, text.size - i, &length), out + n);
  }
  return n;
}

static void put_points(struct folder *folder, const int32_t *points, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    put(folder, (uint32_t)points[i]);
  }
}

static void fold_large(struct folder *folder, lqa_str piece) {
  char *valid = lqa_malloc(piece.size, 3);
  int32_t *points = NULL;
  if (valid) {
    size_t size = write_valid(piece, valid);
    int64_t n = lqa_unicode_case_fold_points(valid, size, NULL, 0);
    points = n < 0 ? NULL : lqa_malloc((size_t)n, sizeof *points);
    n = points ? lqa_unicode_case_fold_points(valid, size, points, (size_t)n) : -1;
    put_points(folder, points, n);
  }
  if (!points) {
    folder->out->failed = true;
  }
  free(points);
  free(valid);
}

static void fold_piece(struct folder *folder, lqa_str piece) {
  char valid[3 * SMALL];
  int32_t points[SMALL_POINTS];
  if (piece.size > SMALL) {
    fold_large(folder, piece);
    return;
  }
  int64_t n = lqa_unicode_case_fold_points(valid, write_valid(piece, valid), points, SMALL_POINTS);
  if (n < 0 || n > SMALL_POINTS) {
    fold_large(folder, piece);
    return;
  }
  put_points(folder, points, n);
}

/* Folds a piece whose first code point is c, of `length` bytes. */
static void put_piece(struct folder *folder, lqa_str piece, uint32_t c, size_t length) {
  uint32_t plain = length == piece.size ? plain_fold(c) : 0;
  if (plain || (c == 0 && piece.size == 1)) {
    put(folder, plain);
  } else {
    fold_piece(folder, piece);
  }
}

static void fold_mixed(lqa_str text, struct folder *folder) {
  size_t start = 0, first_length, length;
  uint32_t first = lqa_utf8_decode(text.data, text.size, &first_length);
  for (size_t at = first_length; at < text.size; at += length) {
    uint32_t c = lqa_utf8_decode(text.data + at, text.size - at, &length);
    if (starts_anew(c)) {
      put_piece(folder, (lqa_str){text.data + start, at - start}, first, first_length);
      start = at;
      first = c;
      first_length = length;
    }
  }
  put_piece(folder, (lqa_str){text.data + start, text.size - start}, first, first_length);
}

/* Whether white space is folded already, as in most texts: single spaces inside, none at the ends.
 * Without branches, so that the compiler vectorises it. */
static bool is_folded_space(const char *c, size_t n) {
  unsigned char odd = 0;
  for (size_t i = 0; i < n; i++) {
    odd |= (unsigned char)(c[i] - '\t') <= '\r' - '\t';
  }
  for (size_t i = 1; i < n; i++) {
    odd |= (unsigned char)((c[i] == ' ') & (c[i - 1] == ' '));
  }
  return !odd && (n == 0 || (c[0] != ' ' && c[n - 1] != ' '));
}

static void fold_ascii(lqa_str text, lqa_buf *out) {
  size_t start = out->size;
  lqa_ascii_lower(text.data, text.size, out);
  if (out->failed) {
    return;
  }
  char *c = out->data + start;
  if (is_folded_space(c, text.size)) {
    return;
  }
  size_t n = 0;
  bool after_space = true; /* without branches: where words end cannot be foreseen */
  for (size_t i = 0; i < text.size; i++) {
    bool is_space = (c[i] == ' ') | ((unsigned char)(c[i] - '\t') <= '\r' - '\t');
    c[n] = is_space ? ' ' : c[i];
    n += !(is_space & after_space);
    after_space = is_space;
  }
  n -= n > 0 && c[n - 1] == ' ';
  out->size = start + n;
  out->data[out->size] = '\0';
}

void lqa_unicode_case_fold(lqa_str text, lqa_buf *out) {
  if (lqa_utf8_ascii_prefix(text.data, text.size) == text.size) {
    fold_ascii(text, out);
    return;
  }
  struct folder folder = {.out = out};
  fold_mixed(text, &folder);
  flush(&folder);
}
