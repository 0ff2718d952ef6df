/* Rows to text to file: a buffer is filled with whole rows and written when it passes 1 MiB. */
#include "data/table/table_text.h"

#include "base/file.h"
#include "data/table/table_write.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { FLUSH_BYTES = 1 << 20 };
static const size_t max_row_bytes = (size_t)1 << 33;

static lqa_status flush(int fd, const char *path, lqa_buf *buf, lqa_error *err) {
  LQA_TRY(lqa_buf_check(buf, err));
  for (size_t done = 0; done < buf->size;) {
    ssize_t n = write(fd, buf->data + done, buf->size - done);
    if (n < 0 && errno != EINTR) {
      return lqa_fail_errno(err, "write", path);
    }
    done += n > 0 ? (size_t)n : 0;
  }
  lqa_buf_reset(buf);
  return LQA_OK;
}

static lqa_status write_all(const lqa_table *table, int fd, const char *path,
                            lqa_table_row_fn write_row, lqa_buf *buf, const lqa_observer *observer,
                            lqa_error *err) {
  for (int64_t row = -1; row < table->n_rows; row++) {
    if (row >= 0 && table->begin_row) {
      LQA_TRY(table->begin_row(table->data, row, err));
    }
    write_row(table, row, buf);
    if (buf->size >= FLUSH_BYTES || buf->failed) {
      LQA_TRY(flush(fd, path, buf, err));
    }
    if (row % LQA_TABLE_ROWS_PER_STEP == 0) {
      LQA_TRY(lqa_observe_check(observer, err));
      lqa_observe_progress(observer, "writing", (double)row / (double)(table->n_rows + 1));
    }
  }
  return flush(fd, path, buf, err);
}

lqa_status lqa_table_write_rows(const lqa_table *table, const char *path,
                                lqa_table_row_fn write_row, const lqa_observer *observer,
                                lqa_error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    return lqa_fail_create(err, "write", path);
  }
  lqa_buf buf;
  lqa_buf_init(&buf, max_row_bytes);
  lqa_status status = write_all(table, fd, path, write_row, &buf, observer, err);
  lqa_buf_clear(&buf);
  if (close(fd) != 0 && status == LQA_OK) {
    status = lqa_fail_errno(err, "write", path);
  }
  return status;
}
