/* store/decide_read.h - what people filled in, in whatever file they bring it back: a sheet with a
 * column `decision`, or an export of Label Studio, Argilla or Prodigy. One answer a row; which row
 * of the run it is about, and whether it makes sense, is judged in decide.c. */
#ifndef LQA_STORE_DECIDE_READ_H
#define LQA_STORE_DECIDE_READ_H

#include "base/arena.h"
#include "data/source/source.h"

/* One answer. Texts are valid until the next one is read; NULL data = not there. */
typedef struct lqa_answer {
  lqa_str row_id, row_number;
  lqa_str given;    /* the label as the file shows it, to notice files of other data */
  lqa_str decision; /* a class, a word such as "keep", or nothing */
  lqa_str by, note;
  const char
      *problem; /* why nothing can be decided from this row; NULL = nothing stands against it */
} lqa_answer;

typedef struct lqa_answer_reader lqa_answer_reader;

/* `name` is for messages. LQA_BAD_DATA where no column holds decisions. Borrows the source. */
LQA_MUST_CHECK lqa_status lqa_answer_reader_open(lqa_source *source, const char *name,
                                                 lqa_answer_reader **out, lqa_error *err);
/* The next row's answer; *more false at the end. */
LQA_MUST_CHECK lqa_status lqa_answer_reader_next(lqa_answer_reader *reader, lqa_answer *answer,
                                                 bool *more, lqa_error *err);
void lqa_answer_reader_close(lqa_answer_reader *reader);

#endif
