/* base/printable.c - what must not reach a terminal.
 *
 * The list is that of ECMA-48 (C0 and C1 controls; a terminal takes U+009B for ESC [) and of
 * Unicode's report 36 on visual spoofing (text direction). Bytes that are no UTF-8 go, too: a
 * terminal in an 8-bit encoding reads 0x9B as the same control. The size stays, so that messages of
 * a fixed size can be cleaned where they lie.
 */
#include "base/printable.h"

#include "base/utf8.h"

#include <string.h>

enum { REPLACEMENT = 0xFFFD };

bool lqa_printable_is(uint32_t c) {
  if (c < 0x20) {
    return c == '\t' || c == '\n';
  }
  bool is_control = c >= 0x7F && c < 0xA0;
  bool is_separator = c == 0x2028 || c == 0x2029;
  bool turns_text = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return !is_control && !is_separator && !turns_text;
}

void lqa_printable_clean(char *text, size_t size) {
  for (size_t i = 0, length; i < size; i += length) {
    uint32_t c = lqa_utf8_decode(text + i, size - i, &length);
    bool is_invalid = c == REPLACEMENT && length == 1;
    if (is_invalid || !lqa_printable_is(c)) {
      memset(text + i, '?', length);
    }
  }
}
