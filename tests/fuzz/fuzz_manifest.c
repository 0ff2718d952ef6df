/* manifest.json of a stranger's run: damaged, or read. What was read, written and read again, is
 * written as the same bytes. */
#include "base/json_read.h"
#include "fuzz_file.h"
#include "store/manifest.h"

static void write_fields(const lqa_manifest *manifest, lqa_buf *out) {
  lqa_json json;
  lqa_buf_init(out, 1 << 28);
  lqa_json_init(&json, out, 0);
  lqa_json_open_object(&json);
  lqa_fields_write(lqa_manifest_fields, manifest, &json);
  lqa_json_close_object(&json);
  demand(!out->failed);
}

static void write_twice(const lqa_manifest *manifest, lqa_arena *arena) {
  lqa_manifest again = {0};
  const lqa_json_node *root = NULL;
  lqa_buf once, twice;
  write_fields(manifest, &once);
  demand(lqa_json_parse(lqa_buf_str(&once), "again", arena, &root, NULL) == LQA_OK);
  demand(lqa_fields_read(lqa_manifest_fields, root, arena, &again) == LQA_OK);
  write_fields(&again, &twice);
  demand(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
  lqa_buf_clear(&once);
  lqa_buf_clear(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lqa_arena arena;
  lqa_manifest manifest;
  lqa_arena_init(&arena);
  fuzz_file("manifest.json", data, size);
  lqa_status status = lqa_manifest_load(fuzz_folder, &arena, &manifest, NULL);
  demand(status == LQA_OK || status == LQA_BAD_DATA);
  if (status == LQA_OK) {
    demand(manifest.n_rows >= 0 && manifest.n_classes > 0);
    write_twice(&manifest, &arena);
  }
  lqa_arena_clear(&arena);
  return 0;
}
