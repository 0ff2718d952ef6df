/* What a server sends, byte for byte: completions, errors, batch lines, and the answer's grammar. A
 * verdict other than UNKNOWN always comes with the classes that the grammar asks for. */
#include "judge/wire.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_reply(const lqa_completion *c) {
  static const lqa_judge_class classes[] = {
      {LQA_STR("World"), {0}}, {LQA_STR("a, \"b\""), {0}}, {LQA_STR("SAME"), {0}}};
  lqa_label_book book;
  if (lqa_label_book_init(&book, classes, 3, NULL) != LQA_OK) {
    return;
  }
  for (int protocol = 0; protocol < 2; protocol++) {
    lqa_reply reply = lqa_reply_parse((lqa_judge_protocol)protocol,
                                      (lqa_str){c->content, c->content_size}, c->end, &book, 0);
    bool is_sound = (reply.verdict == LQA_VERDICT_NO) == (reply.corrected > 0) &&
                    (c->end == LQA_REPLY_COMPLETE || reply.verdict == LQA_VERDICT_UNKNOWN);
    if (!is_sound) {
      abort();
    }
  }
  lqa_label_book_clear(&book);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lqa_str text = {(const char *)data, size};
  lqa_completion completion, bare = {.content = (char *)(uintptr_t)data, .content_size = size};
  lqa_wire_error error;
  lqa_batch_line line;
  lqa_batch_state state;
  if (lqa_wire_completion(text, &completion) == LQA_OK) {
    parse_reply(&completion);
    lqa_completion_clear(&completion);
  }
  if (size > 0) {
    parse_reply(&bare);
  }
  lqa_wire_parse_error(text, &error);
  if (lqa_wire_batch_line(text, &line) == LQA_OK) {
    lqa_batch_line_clear(&line);
  }
  lqa_status status = lqa_wire_batch_state(text, &state);
  (void)status;
  return 0;
}
