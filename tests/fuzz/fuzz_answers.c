/* Decisions that people bring back, in whatever file: sheets, and exports of labelling tools. The
 * first byte chooses the suffix. Any bytes are answers, or bad data. */
#include "fuzz_file.h"
#include "store/decide_read.h"

static void check_text(lqa_str text) {
  volatile char last = text.size > 0 ? text.data[text.size - 1] : '\0';
  (void)last;
  demand(text.data != NULL || text.size == 0);
}

static void read_answers(lqa_source *source) {
  lqa_answer_reader *reader = NULL;
  lqa_status status = lqa_answer_reader_open(source, "file", &reader, NULL);
  bool more = status == LQA_OK;
  while (more) {
    lqa_answer answer = {0};
    status = lqa_answer_reader_next(reader, &answer, &more, NULL);
    more = more && status == LQA_OK;
    const lqa_str texts[] = {answer.row_id,   answer.row_number, answer.given,
                             answer.decision, answer.by,         answer.note};
    for (size_t i = 0; more && i < sizeof texts / sizeof texts[0]; i++) {
      check_text(texts[i]);
    }
  }
  demand(fuzz_source_may(status));
  lqa_answer_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[] = {"x.csv", "x.json", "x.jsonl", "x.tsv"};
  if (size == 0) {
    return 0;
  }
  const char *path = fuzz_file(names[data[0] & 3], data + 1, size - 1);
  const lqa_source_options options = {.paths = {&path, 1},
                                      .header = "yes",
                                      .raw_json = true,
                                      .quote = data[0] & 4 ? "'" : NULL,
                                      .no_network = true,
                                      .n_threads = 1};
  lqa_source *source = NULL;
  lqa_status status = lqa_source_open(&options, NULL, &source, NULL);
  demand(fuzz_source_may(status));
  if (status == LQA_OK) {
    read_answers(source);
  }
  lqa_source_close(source);
  return 0;
}
