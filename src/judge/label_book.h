/* judge/label_book.h - the class names as a judge writes them, and back to class codes.
 *
 * A class is found exactly, else by its only match without case. A class that cannot stand bare in
 * a comma-separated list (comma, quote, line break, outer white space) is shown in CSV quotes, line
 * breaks written \n, and is also understood in that form.
 */
#ifndef LQA_JUDGE_LABEL_BOOK_H
#define LQA_JUDGE_LABEL_BOOK_H

#include "base/buf.h"
#include "base/map.h"
#include "judge/judge.h"

typedef struct lqa_label_book {
  const lqa_judge_class *classes; /* borrowed */
  size_t n_classes;
  char **shown;        /* n_classes texts, quoted where needed; owned */
  lqa_map *exact;      /* names and shown forms */
  int32_t *exact_code; /* class per key of `exact`, -1 = more than one */
  lqa_map *folded;     /* the same in lower case */
  int32_t *folded_code;
} lqa_label_book;

LQA_MUST_CHECK lqa_status lqa_label_book_init(lqa_label_book *book, const lqa_judge_class *classes,
                                              size_t n_classes, lqa_error *err);
void lqa_label_book_clear(lqa_label_book *book);

/* The class that `text` names, or LQA_JUDGE_NO_CLASS. */
int32_t lqa_label_book_find(const lqa_label_book *book, lqa_str text);

/* The class as it stands in a prompt; borrowed. */
const char *lqa_label_book_shown(const lqa_label_book *book, int32_t code);

#endif
