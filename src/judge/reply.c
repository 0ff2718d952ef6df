/* judge/reply.c - see reply.h.
 *
 * Read in this order: trim; cut at the first mark that ends a turn ("<|im_end|>"); of harmony's
 * channels take the final one; drop leading thoughts (up to "</think>" where the server's template
 * has swallowed the opening mark); trim; drop one code fence that surrounds all that is left; split
 * into lines; trim each; drop blank ones. What remains must be
 * exactly the lines of the protocol. "KEYWORD:" is compared without case, with any white space
 * after the colon and none before it. A value is looked up among the classes before it is taken for
 * SAME, AMBIGUOUS or NONE, because a data set may well have a class of that name.
 *
 * White space is ASCII's: a reply that hides letters behind exotic blanks is not one of ours.
 */
#include "judge/reply.h"

#define MAX_LINES 3 /* one more than any protocol has: enough to see that there are too many */

static lqa_reply unknown(const char *why) {
  return (lqa_reply){LQA_VERDICT_UNKNOWN, LQA_JUDGE_NO_CLASS, why};
}

static lqa_str skip(lqa_str s, size_t n) {
  return (lqa_str){s.data + n, s.size - n};
}

static const char *find_text(lqa_str s, const char *text) {
  return s.size ? memmem(s.data, s.size, text, strlen(text)) : NULL;
}

static lqa_str behind(lqa_str s, const char *mark, size_t size) {
  return lqa_str_trim(skip(s, (size_t)(mark - s.data) + size));
}

/* The marks around a model's thoughts. */
static const struct {
  const char *open, *close;
} thoughts[] = {{"<think>", "</think>"},
                {"<thinking>", "</thinking>"},
                {"<thought>", "</thought>"},
                {"<reasoning>", "</reasoning>"},
                {"[THINK]", "[/THINK]"},
                {"<|begin_of_thought|>", "<|end_of_thought|>"},
                {"\xe2\x97\x81think\xe2\x96\xb7", "\xe2\x97\x81/think\xe2\x96\xb7"}};

/* Drops what stands before the answer, up to a closing mark that has no opening one behind it;
 * false if thoughts never end. */
static bool drop_thoughts(lqa_str *s) {
  for (size_t i = 0; i < sizeof thoughts / sizeof *thoughts; i++) {
    const char *open = thoughts[i].open, *close = thoughts[i].close;
    const char *first = find_text(*s, open), *end = find_text(*s, close);
    if (first == s->data && first && !end) {
      return false;
    }
    while (end && (!first || first == s->data || end < first)) {
      *s = behind(*s, end, strlen(close));
      first = find_text(*s, open);
      end = find_text(*s, close);
    }
  }
  return true;
}

/* Whether "<|" at `mark` opens one of the marks that begin or end a turn. */
static bool is_turn_mark(lqa_str rest) {
  static const char *const marks[] = {
      "<|im_end|>",      "<|endoftext|>",   "<|eot_id|>",          "<|eom_id|>",
      "<|end|>",         "<|return|>",      "<|im_start|>",        "<|user|>",
      "<|end_of_text|>", "<|end_of_turn|>", "<|start_header_id|>", "<|END_OF_TURN_TOKEN|>"};
  static const char *const tags[] = {"<end_of_turn>", "<start_of_turn>", "</s>", "<eos>", "[INST]"};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    if (lqa_str_starts_with(rest, lqa_str_from(marks[i]))) {
      return true;
    }
  }
  for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
    if (lqa_str_starts_with(rest, lqa_str_from(tags[i]))) {
      return true;
    }
  }
  return false;
}

/* What a template may leave in front of an answer. */
static void drop_role(lqa_str *s) {
  static const char *const heads[] = {
      "<|im_start|>assistant", "<|start_header_id|>assistant<|end_header_id|>",
      "<|start|>assistant",    "<|assistant|>",
      "<start_of_turn>model",  "<s>"};
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
    if (lqa_str_starts_with(*s, lqa_str_from(heads[i]))) {
      *s = lqa_str_trim(skip(*s, strlen(heads[i])));
    }
  }
}

/* Ends the text at the first mark that ends the turn. */
static void cut_turn(lqa_str *s) {
  for (size_t i = 0; i < s->size; i++) {
    if ((s->data[i] == '<' || s->data[i] == '[') && is_turn_mark(skip(*s, i))) {
      *s = lqa_str_trim((lqa_str){s->data, i});
      return;
    }
  }
}

/* Harmony: "<|channel|>analysis<|message|>...<|end|><|start|>assistant<|channel|>final<|message|>"
 * before the answer; servers that drop special tokens leave "analysis...assistantfinal". False if
 * there are channels but none is final. */
static bool keep_final_channel(lqa_str *s) {
  static const char final[] = "<|channel|>final", message[] = "<|message|>";
  static const char bare[] = "assistantfinal";
  const char *channel = find_text(*s, final);
  if (channel) {
    *s = behind(*s, channel, sizeof final - 1);
    const char *start = find_text(*s, message);
    *s = start ? behind(*s, start, sizeof message - 1) : *s;
    return start != NULL;
  }
  if (lqa_str_starts_with(*s, LQA_STR("analysis")) && (channel = find_text(*s, bare))) {
    *s = behind(*s, channel, sizeof bare - 1);
    return true;
  }
  return find_text(*s, "<|channel|>") == NULL;
}

/* Leaves the answer alone; false if the reply ends before it. */
static bool find_answer(lqa_str *s) {
  drop_role(s);
  if (!keep_final_channel(s) || !drop_thoughts(s)) {
    return false;
  }
  drop_role(s);
  cut_turn(s);
  return true;
}

static size_t count_ticks(lqa_str s) {
  size_t n = 0;
  while (n < s.size && s.data[n] == '`') {
    n++;
  }
  return n;
}

/* Drops a fence of three or more backticks around everything, with or without a language word. */
static void drop_fence(lqa_str *s) {
  size_t ticks = count_ticks(*s);
  if (ticks < 3) {
    return;
  }
  lqa_str inner = *s;
  lqa_str first = lqa_str_trim(lqa_str_next_line(&inner));
  if (memchr(first.data + ticks, '`', first.size - ticks) || inner.size < ticks) {
    return;
  }
  lqa_str last = skip(inner, inner.size - ticks);
  bool at_line_start = inner.size == ticks || inner.data[inner.size - ticks - 1] == '\n';
  if (at_line_start && count_ticks(last) == ticks) {
    *s = (lqa_str){inner.data, inner.size - ticks};
  }
}

/* The non-blank lines, at most MAX_LINES of them. */
static size_t split_lines(lqa_str s, lqa_str lines[MAX_LINES]) {
  size_t n = 0;
  while (s.size && n < MAX_LINES) {
    lqa_str line = lqa_str_trim(lqa_str_next_line(&s));
    if (line.size) {
      lines[n++] = line;
    }
  }
  return n;
}

/* The value of a "KEYWORD: value" line. */
static bool read_field(lqa_str line, lqa_str keyword, lqa_str *value) {
  if (line.size <= keyword.size || line.data[keyword.size] != ':' ||
      !lqa_str_equal_nocase((lqa_str){line.data, keyword.size}, keyword)) {
    return false;
  }
  *value = lqa_str_trim(skip(line, keyword.size + 1));
  return true;
}

static lqa_reply parse_verify(lqa_str verdict, lqa_str label, const lqa_label_book *book,
                              int32_t given) {
  bool yes = lqa_str_equal_nocase(verdict, LQA_STR("YES"));
  if (!yes && !lqa_str_equal_nocase(verdict, LQA_STR("NO"))) {
    return unknown("verdict is neither YES nor NO");
  }
  int32_t named = lqa_label_book_find(book, label);
  bool same = named == LQA_JUDGE_NO_CLASS && lqa_str_equal_nocase(label, LQA_STR("SAME"));
  if (yes) {
    return same || (named != LQA_JUDGE_NO_CLASS && named == given)
               ? (lqa_reply){LQA_VERDICT_YES, LQA_JUDGE_NO_CLASS, ""}
               : unknown("YES with another label");
  }
  if (named == LQA_JUDGE_NO_CLASS) {
    return unknown(same ? "NO with SAME" : "NO without a known class");
  }
  return named == given ? unknown("NO with the given label")
                        : (lqa_reply){LQA_VERDICT_NO, named, ""};
}

static lqa_reply parse_blind(lqa_str label, const lqa_label_book *book, int32_t given) {
  int32_t named = lqa_label_book_find(book, label);
  if (named != LQA_JUDGE_NO_CLASS) {
    return named == given ? (lqa_reply){LQA_VERDICT_YES, LQA_JUDGE_NO_CLASS, ""}
                          : (lqa_reply){LQA_VERDICT_NO, named, ""};
  }
  if (lqa_str_equal_nocase(label, LQA_STR("AMBIGUOUS"))) {
    return unknown("judge finds it ambiguous");
  }
  return unknown(lqa_str_equal_nocase(label, LQA_STR("NONE")) ? "judge finds no class that fits"
                                                              : "no known class");
}

static lqa_reply parse_lines(lqa_judge_protocol protocol, lqa_str content,
                             const lqa_label_book *book, int32_t given) {
  lqa_str lines[MAX_LINES], first, second;
  size_t n = split_lines(content, lines);
  if (protocol == LQA_PROTOCOL_BLIND) {
    return n == 1 && read_field(lines[0], LQA_STR("LABEL"), &first)
               ? parse_blind(first, book, given)
               : unknown("not the one line that was asked for");
  }
  return n == 2 && read_field(lines[0], LQA_STR("VERDICT"), &first) &&
                 read_field(lines[1], LQA_STR("CORRECT_LABEL"), &second)
             ? parse_verify(first, second, book, given)
             : unknown("not the two lines that were asked for");
}

lqa_reply lqa_reply_parse(lqa_judge_protocol protocol, lqa_str content, lqa_reply_end end,
                          const lqa_label_book *book, int32_t given) {
  if (end != LQA_REPLY_COMPLETE) {
    return unknown(end == LQA_REPLY_TRUNCATED ? "cut by the token limit" : "refused");
  }
  content = lqa_str_trim(content);
  if (content.size == 0) {
    return unknown("empty");
  }
  if (!find_answer(&content)) {
    return unknown("unfinished thoughts");
  }
  drop_fence(&content);
  return parse_lines(protocol, content, book, given);
}
