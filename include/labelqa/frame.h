/* labelqa/frame.h - tables of Arrow's C stream interface, to Parquet files and back.
 *
 * Data frames of any library that speaks the interface (pandas, polars, pyarrow, DuckDB, R) come in
 * without an Arrow library on this side:
 *
 *     lqa_frame_save(&stream, "/tmp/x/frame.parquet", NULL, &err);   // a SOURCE like any other
 *     lqa_frame_load("tickets.labelqa/rows.parquet", &stream, &err); // 2048 rows at a time
 *     stream.get_schema(&stream, &schema);
 *     stream.get_next(&stream, &array);                              // released array: the end
 *     stream.release(&stream);
 *
 * Source: "The Arrow C data interface" and "The Arrow C stream interface" of the Arrow project; the
 * structs are an ABI and restated as it asks. */
#ifndef LABELQA_FRAME_H
#define LABELQA_FRAME_H

#include "labelqa/error.h"
#include "labelqa/observer.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format, *name, *metadata;
  int64_t flags, n_children;
  struct ArrowSchema **children, *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length, null_count, offset, n_buffers, n_children;
  const void **buffers;
  struct ArrowArray **children, *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};
#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};
#endif

/* Writes all rows of `stream` to the Parquet file `path`, atomically, with the columns' own types;
 * batches are used where they lie, and the schema's metadata "huggingface" (names of classes) is
 * kept. The caller releases the stream. Errors: LQA_BAD_DATA (the stream failed, or a column, named
 * in err->column, has a type that is not read), LQA_BAD_FILE, LQA_INTERRUPTED. */
LQA_API LQA_MUST_CHECK lqa_status lqa_frame_save(struct ArrowArrayStream *stream, const char *path,
                                                 const lqa_observer *observer, lqa_error *err);

/* Reads a Parquet file as a stream, rows in order. The caller releases *out; it belongs to one
 * thread at a time. Errors: LQA_BAD_FILE, LQA_BAD_DATA; later ones come through get_last_error. */
LQA_API LQA_MUST_CHECK lqa_status lqa_frame_load(const char *path, struct ArrowArrayStream *out,
                                                 lqa_error *err);

/* The same with every column as text, as SQL prints its values. */
LQA_API LQA_MUST_CHECK lqa_status lqa_frame_load_texts(const char *path,
                                                       struct ArrowArrayStream *out,
                                                       lqa_error *err);

#ifdef __cplusplus
}
#endif
#endif
