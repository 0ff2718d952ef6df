/* numpy's file format: a magic, a version, a Python dict literal of three known keys, then raw
 * data.
 *
 * The header is parsed by looking for the three keys rather than by evaluating Python; anything
 * that is not a plain numeric 1-D or 2-D array is refused with a reason.
 */
#include "base/npy.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

size_t lqa_dtype_size(lqa_dtype dtype) {
  static const size_t sizes[] = {2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8};
  return sizes[dtype];
}

static lqa_status refuse(const char *path, lqa_error *err, const char *why) {
  return lqa_fail_at(err, LQA_BAD_DATA, path, -1, NULL, "'%s' is no usable .npy file: %s", path,
                     why);
}

/* What the header says. */
struct header {
  char descr[16];
  bool fortran_order;
  int n_dims;
  int64_t shape[2];
  size_t data_offset;
};

/* The text after "'key':" in the dict literal, or NULL. */
static const char *find_key(const char *dict, const char *key) {
  const char *at = strstr(dict, key);
  at = at ? strchr(at, ':') : NULL;
  return at ? at + 1 + strspn(at + 1, " ") : NULL;
}

static bool parse_descr(const char *dict, struct header *header) {
  const char *at = find_key(dict, "'descr'");
  if (!at || *at != '\'') {
    return false;
  }
  size_t n = strcspn(at + 1, "'");
  if (n >= sizeof header->descr) {
    return false;
  }
  memcpy(header->descr, at + 1, n);
  header->descr[n] = '\0';
  return true;
}

/* NULL, or why the shape is none that is read here. */
static const char *parse_shape(const char *dict, struct header *header) {
  static const char dimensions[] = "expected an array of one or two dimensions";
  const char *at = find_key(dict, "'shape'");
  if (!at || *at != '(') {
    return "its header names no shape";
  }
  header->shape[0] = header->shape[1] = 1;
  for (at++; *at && *at != ')';) {
    char *end = NULL;
    errno = 0;
    long long size = strtoll(at, &end, 10);
    if (end == at || size < 0 || errno) {
      return "its shape holds a negative or impossible number of rows or columns";
    }
    if (header->n_dims == 2) {
      return dimensions;
    }
    header->shape[header->n_dims++] = size;
    at = end + strspn(end, ", ");
  }
  return header->n_dims >= 1 ? NULL : dimensions;
}

/* NULL, or what the file is instead of an array. */
static const char *check_magic(const unsigned char *bytes, size_t size) {
  static const char magic[] = "\x93NUMPY";
  if (size >= 4 && memcmp(bytes, "PK\x03\x04", 4) == 0) {
    return "it is a zip archive, as numpy.savez writes (.npz): save its array by itself: python3 "
           "-c \"import numpy as n; f = n.load('FILE.npz'); n.save('FILE.npy', f[f.files[0]])\"";
  }
  if (memcmp(bytes, magic, size < 6 ? size : 6) != 0) {
    return "it does not begin with numpy's magic bytes";
  }
  return size < 10 ? "it is truncated" : NULL;
}

static lqa_status parse_header(const char *path, const unsigned char *bytes, size_t size,
                               struct header *header, lqa_error *err) {
  const char *why = check_magic(bytes, size);
  if (why) {
    return refuse(path, err, why);
  }
  size_t length = bytes[8] | (size_t)bytes[9] << 8, start = 10;
  if (bytes[6] >= 2) {
    if (size < 12) {
      return refuse(path, err, "it is truncated");
    }
    length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    start = 12;
  }
  char dict[1024];
  if (bytes[6] > 3 || length > size - start || length >= sizeof dict) {
    return refuse(path, err, "its header is truncated or too long");
  }
  memcpy(dict, bytes + start, length);
  dict[length] = '\0';
  const char *order = find_key(dict, "'fortran_order'");
  if (!parse_descr(dict, header) || !order) {
    return refuse(path, err, "expected a plain numeric array (no records, no objects)");
  }
  why = parse_shape(dict, header);
  if (why) {
    return refuse(path, err, why);
  }
  header->fortran_order = strncmp(order, "True", 4) == 0;
  header->data_offset = start + length;
  return LQA_OK;
}

static lqa_status parse_dtype(const char *path, const char *descr, lqa_matrix *matrix,
                              lqa_error *err) {
  static const struct {
    const char *code;
    lqa_dtype dtype;
  } known[] = {{"f2", LQA_FLOAT16}, {"f4", LQA_FLOAT32}, {"f8", LQA_FLOAT64}, {"i1", LQA_INT8},
               {"i2", LQA_INT16},   {"i4", LQA_INT32},   {"i8", LQA_INT64},   {"u1", LQA_UINT8},
               {"u2", LQA_UINT16},  {"u4", LQA_UINT32},  {"u8", LQA_UINT64}};
  matrix->swapped = descr[0] == '>';
  for (size_t i = 0; strlen(descr) == 3 && i < sizeof known / sizeof known[0]; i++) {
    if (strcmp(descr + 1, known[i].code) == 0) {
      matrix->dtype = known[i].dtype;
      return LQA_OK;
    }
  }
  char why[128];
  snprintf(why, sizeof why, "its type is '%s', expected floats or integers (save it as float32)",
           descr);
  return refuse(path, err, why);
}

/* Fills the view over the mapped bytes; the data must be all there. */
static lqa_status view_data(const char *path, const struct header *header, lqa_npy *npy,
                            lqa_error *err) {
  lqa_matrix *matrix = &npy->matrix;
  LQA_TRY(parse_dtype(path, header->descr, matrix, err));
  int64_t item = (int64_t)lqa_dtype_size(matrix->dtype), count, bytes, stride;
  matrix->n_rows = header->shape[0];
  matrix->n_columns = header->shape[1];
  if (__builtin_mul_overflow(matrix->n_rows, matrix->n_columns, &count) ||
      __builtin_mul_overflow(count, item, &bytes) ||
      __builtin_mul_overflow(item, header->fortran_order ? matrix->n_rows : matrix->n_columns,
                             &stride) ||
      (uint64_t)bytes > npy->map_bytes - header->data_offset) {
    return refuse(path, err, "it is truncated: fewer bytes than its shape needs");
  }
  matrix->data = (const char *)npy->map + header->data_offset;
  matrix->row_stride = header->fortran_order ? item : stride;
  matrix->column_stride = header->fortran_order ? stride : item;
  npy->n_dims = header->n_dims;
  return LQA_OK;
}

static lqa_status map_file(const char *path, lqa_npy *npy, lqa_error *err) {
  struct stat info;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return lqa_fail_errno(err, "open", path);
  }
  lqa_status status = LQA_OK;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = lqa_fail_at(err, LQA_BAD_FILE, path, -1, NULL, "'%s' is not a file", path);
  } else if (info.st_size == 0) {
    status = refuse(path, err, "it is empty");
  } else {
    npy->map_bytes = (size_t)info.st_size;
    npy->map = mmap(NULL, npy->map_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (npy->map == MAP_FAILED) {
      npy->map = NULL;
      status = lqa_fail_errno(err, "map", path);
    }
  }
  close(fd);
  return status;
}

lqa_status lqa_npy_open(const char *path, lqa_npy *npy, lqa_error *err) {
  lqa_npy opened = {0};
  struct header header = {0};
  LQA_TRY(map_file(path, &opened, err));
  lqa_status status;
  LQA_TRY_OUT(parse_header(path, opened.map, opened.map_bytes, &header, err));
  status = view_data(path, &header, &opened, err);
out:
  if (status != LQA_OK) {
    lqa_npy_close(&opened);
    return status;
  }
  *npy = opened;
  return LQA_OK;
}

void lqa_npy_close(lqa_npy *npy) {
  if (npy->map) {
    munmap(npy->map, npy->map_bytes);
  }
  *npy = (lqa_npy){0};
}

static double half_to_double(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = (half >> 10) & 31;
  uint32_t mantissa = half & 0x3FF;
  float value;
  if (exponent == 0) {
    value = (float)mantissa * 0x1p-24f;
    return sign ? -(double)value : (double)value;
  }
  uint32_t bits = sign | (exponent == 31 ? 0x7F800000u : (exponent + 112) << 23) | mantissa << 13;
  memcpy(&value, &bits, sizeof value);
  return (double)value;
}

/* The item at `at` as an unsigned integer of its size, in this machine's byte order. */
static uint64_t load_bits(const char *at, size_t size, bool swapped) {
  uint16_t b2;
  uint32_t b4;
  uint64_t b8;
  switch (size) {
  case 1:
    return (unsigned char)*at;
  case 2:
    memcpy(&b2, at, 2);
    return swapped ? __builtin_bswap16(b2) : b2;
  case 4:
    memcpy(&b4, at, 4);
    return swapped ? __builtin_bswap32(b4) : b4;
  default:
    memcpy(&b8, at, 8);
    return swapped ? __builtin_bswap64(b8) : b8;
  }
}

static double bits_to_double(lqa_dtype dtype, uint64_t bits) {
  uint32_t low = (uint32_t)bits;
  float single;
  double value;
  switch (dtype) {
  case LQA_FLOAT16:
    return half_to_double((uint16_t)bits);
  case LQA_FLOAT32:
    memcpy(&single, &low, sizeof single);
    return (double)single;
  case LQA_FLOAT64:
    memcpy(&value, &bits, sizeof value);
    return value;
  case LQA_INT8:
    return (double)(int8_t)bits;
  case LQA_INT16:
    return (double)(int16_t)bits;
  case LQA_INT32:
    return (double)(int32_t)bits;
  case LQA_INT64:
    return (double)(int64_t)bits;
  default:
    return (double)bits;
  }
}

double lqa_matrix_get(const lqa_matrix *matrix, int64_t row, int64_t column) {
  const char *at =
      (const char *)matrix->data + row * matrix->row_stride + column * matrix->column_stride;
  return bits_to_double(matrix->dtype,
                        load_bits(at, lqa_dtype_size(matrix->dtype), matrix->swapped));
}

void lqa_matrix_row_f32(const lqa_matrix *matrix, int64_t row, float *out) {
  if (matrix->dtype == LQA_FLOAT32 && !matrix->swapped && matrix->column_stride == 4) {
    memcpy(out, (const char *)matrix->data + row * matrix->row_stride,
           (size_t)matrix->n_columns * sizeof *out);
    return;
  }
  for (int64_t k = 0; k < matrix->n_columns; k++) {
    out[k] = (float)lqa_matrix_get(matrix, row, k);
  }
}

void lqa_matrix_row_f64(const lqa_matrix *matrix, int64_t row, double *out) {
  if (matrix->dtype == LQA_FLOAT64 && !matrix->swapped && matrix->column_stride == 8) {
    memcpy(out, (const char *)matrix->data + row * matrix->row_stride,
           (size_t)matrix->n_columns * sizeof *out);
    return;
  }
  for (int64_t k = 0; k < matrix->n_columns; k++) {
    out[k] = lqa_matrix_get(matrix, row, k);
  }
}

/* The header numpy itself would write: padded with spaces to a multiple of 64 bytes. */
static void add_header(int64_t n_rows, int64_t n_columns, lqa_buf *out) {
  char dict[160];
  int length = snprintf(dict, sizeof dict,
                        "{'descr': '<f4', 'fortran_order': False, 'shape': (%lld, %lld), }",
                        (long long)n_rows, (long long)n_columns);
  int total = (10 + length + 1 + 63) / 64 * 64;
  lqa_buf_add(out, "\x93NUMPY\x01", 7);
  lqa_buf_add_char(out, '\0');
  lqa_buf_add_char(out, (char)((total - 10) & 255));
  lqa_buf_add_char(out, (char)((total - 10) >> 8));
  lqa_buf_printf(out, "%s%*s\n", dict, total - 10 - length - 1, "");
}

lqa_status lqa_npy_save_f32(const char *path, const float *data, int64_t n_rows, int64_t n_columns,
                            lqa_error *err) {
  lqa_status status = LQA_OK;
  lqa_buf header;
  lqa_buf_init(&header, 1024);
  add_header(n_rows, n_columns, &header);
  char *temporary = lqa_path_temporary(path);
  FILE *file = NULL;
  size_t count;
  if (header.failed || !temporary ||
      __builtin_mul_overflow((size_t)n_rows, (size_t)n_columns, &count)) {
    status = lqa_fail_memory(err, "writing an array");
    goto out;
  }
  file = fopen(temporary, "wbe");
  bool written = file && fwrite(header.data, 1, header.size, file) == header.size &&
                 fwrite(data, sizeof *data, count, file) == count;
  if (file && fclose(file) != 0) {
    written = false;
  }
  status = written ? lqa_file_commit(temporary, path, err) : lqa_fail_errno(err, "write", path);
  if (status != LQA_OK) {
    unlink(temporary);
  }
out:
  free(temporary);
  lqa_buf_clear(&header);
  return status;
}
