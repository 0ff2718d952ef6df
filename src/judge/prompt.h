/* judge/prompt.h - the words that are sent: a system message and one user message per row.
 *
 * A template is plain text with named fields in double braces. Fields: {{categories}}
 * (comma-separated, quoted where needed; in the blind protocol in an order of its own for every
 * row), {{notes}} (the class descriptions, or nothing), {{text}} (the row between two marks),
 * {{label}} (verify only),
 * {{instructions}} (the answer's grammar). A line "[system]" begins the system message, "[user]"
 * the user message; a template without them is the user message alone.
 *
 * The row's text is fenced by a mark that does not occur in it, is never expanded again, and is
 * declared to be data. A text of more than max_text_chars code points keeps its first two thirds
 * and its last third of that many, with "[... N characters left out ...]" between them.
 */
#ifndef LQA_JUDGE_PROMPT_H
#define LQA_JUDGE_PROMPT_H

#include "judge/label_book.h"

typedef struct lqa_prompt_form {
  lqa_judge_protocol protocol;
  const lqa_label_book *book; /* borrowed */
  char *system;               /* rendered once; owned */
  char *user;                 /* template; owned */
  char *categories;           /* in class order; owned */
  char *notes;                /* owned */
  int64_t max_text_chars;
  uint64_t seed;
} lqa_prompt_form;

/* `template_text` NULL = the built-in one; `name` is for messages. LQA_BAD_USAGE for an unknown
 * field, a missing {{text}} or {{categories}}, a missing {{label}} in verify or a present one in
 * blind. */
LQA_MUST_CHECK lqa_status lqa_prompt_form_init(lqa_prompt_form *form,
                                               const lqa_judge_options *options,
                                               const lqa_label_book *book, lqa_error *err);
void lqa_prompt_form_clear(lqa_prompt_form *form);

/* Appends the user message for `item`. *was_cut tells whether its text was shortened. */
LQA_MUST_CHECK lqa_status lqa_prompt_render(const lqa_prompt_form *form, const lqa_judge_item *item,
                                            lqa_buf *out, bool *was_cut);

#endif
