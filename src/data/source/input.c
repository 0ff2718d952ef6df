/* From file to UTF-8 in up to three stages: read, decompress, transcode.
 *
 * A compressed file of some size is read and decompressed by a thread of its own, so that whoever
 * parses need not wait.
 * A plain UTF-8 file is read straight into the caller's buffer. Compressed data goes through one
 * raw buffer, transcoded data through a second one. ISA-L and zstd report damage and truncation,
 * which a short file would otherwise pass off as its end.
 */
#include "data/source/input.h"

#include "base/memory.h"
#include "base/unicode.h"
#include "data/source/read_ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <isa-l/igzip_lib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { RAW_BYTES = 1 << 18, HEAD_BYTES = 1 << 12 };

typedef enum compression { PLAIN, GZIP, ZSTD } compression;

/* A buffer that is filled at the end and taken from at the start. */
typedef struct window {
  char *data;
  size_t start, end;
} window;

struct lqa_input {
  const char *name;
  int fd;
  uint64_t size_bytes, read_bytes; /* read_bytes: counted by the thread, atomically */
  lqa_read_ahead *ahead;           /* decompresses, once it has begun */
  bool is_ahead_tried;
  compression compression;
  bool at_end;      /* of the file */
  bool in_frame;    /* compressed data has begun and not ended */
  bool after_frame; /* some compressed data has been seen */
  window raw;       /* compressed bytes */
  window head;      /* first decompressed bytes, already looked at */
  window text;      /* bytes to be transcoded */
  bool text_at_end;
  uint64_t text_bytes; /* transcoded so far */
  struct inflate_state *gzip;
  ZSTD_DStream *zstd;
  iconv_t iconv; /* (iconv_t)-1: none */
  char encoding[64];
  const char *guessed_encoding; /* by its bytes alone, or NULL */
};

static lqa_status read_file(lqa_input *in, char *to, size_t capacity, size_t *got, lqa_error *err) {
  ssize_t n;
  do {
    n = read(in->fd, to, capacity);
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    return lqa_fail_errno(err, "read", in->name);
  }
  *got = (size_t)n;
  __atomic_fetch_add(&in->read_bytes, (uint64_t)n, __ATOMIC_RELAXED);
  in->at_end = n == 0;
  return LQA_OK;
}

static lqa_status refill_raw(lqa_input *in, lqa_error *err) {
  if (in->raw.start == in->raw.end && !in->at_end) {
    in->raw.start = in->raw.end = 0;
    return read_file(in, in->raw.data, RAW_BYTES, &in->raw.end, err);
  }
  return LQA_OK;
}

static lqa_status fail_damaged(const lqa_input *in, const char *what, lqa_error *err) {
  return lqa_fail_at(err, LQA_BAD_DATA, in->name, -1, NULL, "'%s' is damaged: its %s %s", in->name,
                     in->compression == GZIP ? "gzip data" : "zstd data", what);
}

/* One step of gzip; members may follow each other. */
static lqa_status inflate_step(lqa_input *in, char *to, size_t capacity, size_t *got,
                               lqa_error *err) {
  struct inflate_state *z = in->gzip;
  if (!in->in_frame) {
    isal_inflate_reset(z);
  }
  in->in_frame = true;
  z->next_in = (unsigned char *)in->raw.data + in->raw.start;
  z->avail_in = (uint32_t)(in->raw.end - in->raw.start);
  z->next_out = (unsigned char *)to;
  z->avail_out = (uint32_t)(capacity < RAW_BYTES * 64 ? capacity : RAW_BYTES * 64);
  size_t room = z->avail_out;
  int result = isal_inflate(z); /* negative: not gzip data, or its check sum is wrong */
  in->raw.start = in->raw.end - z->avail_in;
  *got = room - z->avail_out;
  in->in_frame = z->block_state != ISAL_BLOCK_FINISH;
  return result < 0 ? fail_damaged(in, "cannot be decompressed", err) : LQA_OK;
}

static lqa_status unzstd_step(lqa_input *in, char *to, size_t capacity, size_t *got,
                              lqa_error *err) {
  ZSTD_inBuffer from = {in->raw.data + in->raw.start, in->raw.end - in->raw.start, 0};
  ZSTD_outBuffer out = {to, capacity, 0};
  size_t result = ZSTD_decompressStream(in->zstd, &out, &from);
  in->raw.start += from.pos;
  *got = out.pos;
  if (ZSTD_isError(result)) {
    return fail_damaged(in, "cannot be decompressed", err);
  }
  in->in_frame = result != 0;
  return LQA_OK;
}

/* Between two gzip members: zero bytes are padding (tar, tape); other bytes must begin a member. */
static lqa_status begin_member(lqa_input *in, lqa_error *err) {
  while (in->after_frame && in->raw.start < in->raw.end && in->raw.data[in->raw.start] == 0) {
    in->raw.start++;
  }
  const unsigned char *next = (const unsigned char *)in->raw.data + in->raw.start;
  size_t n = in->raw.end - in->raw.start;
  bool is_other = n > 0 && (next[0] != 0x1f || (n > 1 && next[1] != 0x8b));
  return in->after_frame && in->compression == GZIP && is_other
             ? fail_damaged(in, "is followed by bytes that are no gzip data: cut them off", err)
             : LQA_OK;
}

static lqa_status decompress(lqa_input *in, char *to, size_t capacity, size_t *got,
                             lqa_error *err) {
  *got = 0;
  while (*got == 0) {
    LQA_TRY(refill_raw(in, err));
    if (!in->in_frame) {
      LQA_TRY(begin_member(in, err));
    }
    if (in->raw.start < in->raw.end) {
      LQA_TRY((in->compression == GZIP ? inflate_step : unzstd_step)(in, to, capacity, got, err));
      in->after_frame = true;
    } else if (in->at_end && in->in_frame) {
      /* Output may still be pending inside zstd; a step without input tells. */
      LQA_TRY(in->compression == GZIP ? LQA_OK : unzstd_step(in, to, capacity, got, err));
      return *got > 0 ? LQA_OK : fail_damaged(in, "ends too early (truncated download?)", err);
    } else if (in->at_end) {
      return LQA_OK;
    }
  }
  return LQA_OK;
}

static lqa_status decompress_ahead(void *data, char *to, size_t capacity, size_t *got,
                                   lqa_error *err) {
  return decompress(data, to, capacity, got, err);
}

/* What follows the head. Whatever looks at the head alone starts no thread. */
static lqa_status read_rest(lqa_input *in, char *to, size_t capacity, size_t *got, lqa_error *err) {
  if (in->compression == PLAIN) {
    return read_file(in, to, capacity, got, err);
  }
  if (!in->is_ahead_tried && in->size_bytes > RAW_BYTES) {
    in->ahead = lqa_read_ahead_new(decompress_ahead, in);
  }
  in->is_ahead_tried = true;
  return in->ahead ? lqa_read_ahead_get(in->ahead, to, capacity, got, err)
                   : decompress(in, to, capacity, got, err);
}

static lqa_status read_decompressed(lqa_input *in, char *to, size_t capacity, size_t *got,
                                    lqa_error *err) {
  if (in->head.start < in->head.end) {
    size_t n = in->head.end - in->head.start;
    *got = n < capacity ? n : capacity;
    memcpy(to, in->head.data + in->head.start, *got);
    in->head.start += *got;
    return LQA_OK;
  }
  return read_rest(in, to, capacity, got, err);
}

static lqa_status refill_text(lqa_input *in, lqa_error *err) {
  size_t kept = in->text.end - in->text.start, got = 0;
  memmove(in->text.data, in->text.data + in->text.start, kept);
  in->text.start = 0;
  in->text.end = kept;
  LQA_TRY(read_decompressed(in, in->text.data + kept, RAW_BYTES - kept, &got, err));
  in->text.end += got;
  in->text_at_end = got == 0;
  return LQA_OK;
}

static lqa_status fail_encoding(const lqa_input *in, lqa_error *err) {
  return lqa_fail_at(err, LQA_BAD_DATA, in->name, -1, NULL,
                     "'%s': byte %llu is not valid %s: is " LQA_OPTION("encoding") " right?",
                     in->name, (unsigned long long)in->text_bytes, in->encoding);
}

static lqa_status transcode(lqa_input *in, char *to, size_t capacity, size_t *got, lqa_error *err) {
  for (;;) {
    char *from = in->text.data + in->text.start, *out = to;
    size_t n_from = in->text.end - in->text.start, room = capacity;
    size_t result = n_from ? iconv(in->iconv, &from, &n_from, &out, &room) : 0;
    int reason = result == (size_t)-1 ? errno : 0;
    size_t used = in->text.end - in->text.start - n_from;
    in->text.start += used;
    in->text_bytes += used;
    *got = capacity - room;
    if (*got > 0) {
      return LQA_OK;
    }
    if (reason == EILSEQ || (in->text_at_end && n_from > 0)) {
      return fail_encoding(in, err);
    }
    if (in->text_at_end) {
      return LQA_OK;
    }
    LQA_TRY(refill_text(in, err));
  }
}

lqa_status lqa_input_read(lqa_input *input, char *to, size_t capacity, size_t *got,
                          lqa_error *err) {
  return input->iconv == (iconv_t)-1 ? read_decompressed(input, to, capacity, got, err)
                                     : transcode(input, to, capacity, got, err);
}

/* What people call encodings, where iconv does not. */
static const char *encoding_name(const char *name) {
  static const char *const aliases[][2] = {{"latin-1", "ISO-8859-1"}, {"latin_1", "ISO-8859-1"},
                                           {"utf8", "UTF-8"},         {"utf-8-sig", "UTF-8"},
                                           {"utf_8", "UTF-8"},        {"utf16", "UTF-16"},
                                           {"utf_16", "UTF-16"},      {"ansi", "CP1252"}};
  for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
    if (strcasecmp(name, aliases[i][0]) == 0) {
      return aliases[i][1];
    }
  }
  return name;
}

static bool is_utf8(const char *encoding) {
  return !encoding || strcasecmp(encoding_name(encoding), "UTF-8") == 0;
}

static lqa_status set_encoding(lqa_input *in, const char *encoding, lqa_error *err) {
  if (is_utf8(encoding)) {
    return LQA_OK;
  }
  encoding = encoding_name(encoding);
  in->iconv = iconv_open("UTF-8", encoding);
  if (in->iconv == (iconv_t)-1) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    "encoding '%s' is not known: try utf-8, utf-16, latin-1 or windows-1252",
                    encoding);
  }
  strncpy(in->encoding, encoding, sizeof in->encoding - 1);
  in->text.data = lqa_malloc(RAW_BYTES, 1);
  return in->text.data ? LQA_OK : lqa_fail_memory(err, "opening a file");
}

/* UTF-16 without a mark: in texts with Latin letters, commas and line ends every other byte of many
 * is NUL, and always the same one of a pair. NULL: nothing says so. */
static const char *guess_utf16(const unsigned char *bytes, size_t size) {
  size_t n[2] = {0, 0};
  for (size_t i = 0; i < size; i++) {
    n[i % 2] += bytes[i] == 0;
  }
  size_t most = n[0] > n[1] ? n[0] : n[1], least = n[0] > n[1] ? n[1] : n[0];
  int64_t bad = lqa_utf8_check((const char *)bytes, size);
  bool is_utf8 = bad < 0 || (size_t)bad + 4 > size; /* the end may cut a character */
  bool speaks = is_utf8 ? 5 * most > size : most > 1;
  return size < 8 || !speaks || 50 * least > most ? NULL : n[1] > n[0] ? "UTF-16LE" : "UTF-16BE";
}

/* Looks at the first decompressed bytes: drops a UTF-8 mark, obeys a UTF-16 one (iconv drops it).
 */
static lqa_status read_mark(lqa_input *in, const char *encoding, lqa_error *err) {
  size_t got = 1;
  while (got > 0 && in->head.end < HEAD_BYTES) {
    LQA_TRY((in->compression == PLAIN ? read_file : decompress)(
        in, in->head.data + in->head.end, HEAD_BYTES - in->head.end, &got, err));
    in->head.end += got;
  }
  const unsigned char *h = (const unsigned char *)in->head.data;
  if (in->head.end >= 3 && h[0] == 0xEF && h[1] == 0xBB && h[2] == 0xBF) {
    in->head.start = 3;
  } else if (is_utf8(encoding) && in->head.end >= 2 &&
             ((h[0] == 0xFF && h[1] == 0xFE) || (h[0] == 0xFE && h[1] == 0xFF))) {
    encoding = "UTF-16";
  } else if (is_utf8(encoding)) {
    const char *guessed = guess_utf16(h, in->head.end);
    in->guessed_encoding = guessed;
    encoding = guessed ? guessed : encoding;
  }
  return encoding ? set_encoding(in, encoding, err) : LQA_OK;
}

static lqa_status start_decompression(lqa_input *in, lqa_error *err) {
  unsigned char magic[4] = {0};
  ssize_t n = pread(in->fd, magic, sizeof magic, 0);
  if (n >= 2 && magic[0] == 0x1F && magic[1] == 0x8B) {
    in->compression = GZIP;
    in->gzip = lqa_malloc(1, sizeof *in->gzip);
    if (in->gzip) {
      isal_inflate_init(in->gzip);
      in->gzip->crc_flag = ISAL_GZIP;
    }
  } else if (n == 4 && memcmp(magic, "\x28\xB5\x2F\xFD", 4) == 0) {
    in->compression = ZSTD;
    in->zstd = ZSTD_createDStream();
  }
  in->raw.data = in->compression == PLAIN ? NULL : lqa_malloc(RAW_BYTES, 1);
  bool ready = in->compression == PLAIN || (in->raw.data && (in->gzip || in->zstd));
  return ready ? LQA_OK : lqa_fail_memory(err, "decompressing");
}

static lqa_status open_file(lqa_input *in, const char *path, lqa_error *err) {
  struct stat info;
  in->fd = open(path, O_RDONLY | O_CLOEXEC);
  if (in->fd < 0 || fstat(in->fd, &info) != 0) {
    return lqa_fail_errno(err, "open", in->name);
  }
  if (S_ISDIR(info.st_mode)) {
    return lqa_fail_because(
        lqa_fail_at(err, LQA_BAD_FILE, in->name, -1, NULL,
                    "'%s' is a folder: name its files, or a glob such as '%s/*.csv'", in->name,
                    in->name),
        err, LQA_REASON_FOLDER);
  }
  in->size_bytes = (uint64_t)info.st_size;
  return LQA_OK;
}

lqa_status lqa_input_open(const char *path, const char *name, const char *encoding, lqa_input **out,
                          lqa_error *err) {
  lqa_input *in = lqa_calloc(1, sizeof *in);
  if (!in) {
    return lqa_fail_memory(err, "opening a file");
  }
  *in = (lqa_input){.name = name, .fd = -1, .iconv = (iconv_t)-1};
  lqa_status status = LQA_OK;
  in->head.data = lqa_malloc(HEAD_BYTES, 1);
  LQA_TRY_OUT(in->head.data ? LQA_OK : lqa_fail_memory(err, "opening a file"));
  LQA_TRY_OUT(open_file(in, path, err));
  LQA_TRY_OUT(start_decompression(in, err));
  LQA_TRY_OUT(read_mark(in, encoding, err));
  *out = in;
  return LQA_OK;
out:
  lqa_input_close(in);
  return status;
}

const char *lqa_input_guessed_encoding(const lqa_input *input) {
  return input->guessed_encoding;
}

double lqa_input_fraction(const lqa_input *input) {
  uint64_t done = __atomic_load_n(&input->read_bytes, __ATOMIC_RELAXED);
  return input->size_bytes > 0 ? (double)done / (double)input->size_bytes : -1;
}

void lqa_input_close(lqa_input *input) {
  if (!input) {
    return;
  }
  lqa_read_ahead_free(input->ahead);
  ZSTD_freeDStream(input->zstd);
  if (input->iconv != (iconv_t)-1) {
    iconv_close(input->iconv);
  }
  if (input->fd >= 0) {
    close(input->fd);
  }
  free(input->gzip);
  free(input->raw.data);
  free(input->head.data);
  free(input->text.data);
  free(input);
}
