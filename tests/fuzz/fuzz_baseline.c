/* Accepted findings that people keep: any bytes are lines that name findings, or bad data. What was
 * accepted is there once, as "id" or "id<TAB>key" without white space around. */
#include "audit/baseline.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lqa_baseline baseline = {0};
  lqa_status status = lqa_baseline_load(fuzz_file("baseline", data, size), &baseline, NULL);
  demand(status == LQA_OK || status == LQA_BAD_DATA);
  for (uint32_t i = 0; status == LQA_OK && i < lqa_map_count(baseline.lines); i++) {
    lqa_str line = lqa_map_key(baseline.lines, i);
    const char *tab = memchr(line.data, '\t', line.size);
    lqa_str id = {line.data, tab ? (size_t)(tab - line.data) : line.size};
    lqa_str key = {line.data + id.size, line.size - id.size};
    demand(id.size > 0 && lqa_str_trim(id).size == id.size);
    demand(!tab || (key.size > 1 && lqa_str_trim(key).size == key.size - 1));
  }
  lqa_baseline_clear(&baseline);
  return 0;
}
