/* judge/unknown.c - answers that are no verdict: when there are too many, and why that may be.
 *
 * A judge that cannot keep to the grammar costs as much as one that can. After a few answers the
 * share tells: a run where most are UNKNOWN is ended, with some of them to look at.
 */
#include "judge/unknown.h"

#include "base/status.h"

#include <stdio.h>

enum { FEWEST = 10 };

bool lqa_unknown_is_too_much(int64_t n_unknown, int64_t n_answers, double most) {
  return n_answers >= FEWEST && (double)n_unknown > most * (double)n_answers;
}

const char *lqa_unknown_advice(const char *why) {
  static const struct {
    const char *why, *advice;
  } table[] = {
      {"cut by", "the model reasons before it answers and runs out of tokens: raise " LQA_OPTION(
                     "max_output_tokens") " (2000 or more)"},
      {"unfinished", "the model's reasoning does not end: raise " LQA_OPTION(
                         "max_output_tokens") " (2000 or more)"},
      {"refused", "the provider's filter refuses these texts: use another endpoint"},
      {"empty",
       "the model's answer is empty: its hidden reasoning used all tokens (raise " LQA_OPTION(
           "max_output_tokens") "), or the server's chat template does not fit the model"},
      {"judge finds it ambiguous",
       "the judge finds that the classes overlap: describe what belongs in each with " LQA_OPTION(
           "class_notes")},
      {"judge finds no class", "the classes do not cover these texts, or their names are too "
                               "vague: describe them with " LQA_OPTION("class_notes")},
      {"answered by another", "the endpoint falls back to another model"},
      {"NO ", "the judge doubts labels but names no other valid class: are the class names words "
              "that it can understand? Describe them with " LQA_OPTION("class_notes")},
      {"no known class", "the judge names classes that do not exist: are the class names words "
                         "that it can understand? Describe them with " LQA_OPTION("class_notes")},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (strncmp(why, table[i].why, strlen(table[i].why)) == 0) {
      return table[i].advice;
    }
  }
  return "the model does not answer in the requested form: it is too small, is no chat model, or "
         "has a wrong chat template; try another model, or " LQA_OPTION_AS(
             "protocol", "blind") ", which asks for "
                                  "one line";
}

void lqa_unknown_note(lqa_unknown_notes *notes, int64_t row, const char *why, lqa_str raw) {
  int i = 0;
  while (i < notes->n_reasons && strcmp(notes->reasons[i].why, why) != 0) {
    i++;
  }
  if (i == notes->n_reasons && i < LQA_UNKNOWN_REASONS) {
    notes->reasons[notes->n_reasons++].why = why;
  }
  if (i < LQA_UNKNOWN_REASONS) {
    notes->reasons[i].n++;
  }
  if (notes->n_examples < LQA_UNKNOWN_EXAMPLES) {
    lqa_unknown_example *e = &notes->examples[notes->n_examples++];
    e->row = row;
    e->why = why;
    int n = (int)(raw.size < 160 ? raw.size : lqa_utf8_prefix(raw.data, 160, 150));
    snprintf(e->text, sizeof e->text, "%.*s%s", n, raw.data ? raw.data : "",
             raw.size > (size_t)n ? "..." : "");
    for (char *c = e->text; *c; c++) {
      *c = (unsigned char)*c < ' ' || *c == 127 ? ' ' : *c;
    }
  }
}

const char *lqa_unknown_reason(const lqa_unknown_notes *notes) {
  int best = 0;
  for (int i = 1; i < notes->n_reasons; i++) {
    best = notes->reasons[i].n > notes->reasons[best].n ? i : best;
  }
  return notes->n_reasons ? notes->reasons[best].why : "";
}
