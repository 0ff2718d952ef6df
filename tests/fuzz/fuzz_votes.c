/* Labels of several annotators, long or wide: any bytes are a vote table whose numbers all lie in
 * their ranges, or an error. The first byte chooses suffix, form and what to do with repeats. */
#include "data/votes/vote_table.h"
#include "fuzz_file.h"

static void check_table(const lqa_vote_table *t) {
  char scratch[24];
  for (int64_t v = 0; v < t->n_votes; v++) {
    demand(t->item[v] >= 0 && t->item[v] < t->n_items);
    demand(t->annotator[v] >= 0 && t->annotator[v] < t->n_annotators);
    demand(t->label[v] >= 0 && t->label[v] < t->n_classes);
    demand(lqa_vote_table_annotator(t, t->annotator[v]).data != NULL);
  }
  for (int64_t i = 0; i < t->n_items; i++) {
    demand(lqa_vote_table_item(t, i, scratch).data != NULL);
    demand(!t->gold || (t->gold[i] >= -1 && t->gold[i] < t->n_classes));
    demand(!t->truth || (t->truth[i] >= -2 && t->truth[i] < t->n_classes));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[] = {"x.csv", "x.json", "x.jsonl", "x.tsv"};
  static const char *wide[] = {"a*"}, *missing[] = {"-", "NA"};
  if (size == 0) {
    return 0;
  }
  const char *path = fuzz_file(names[data[0] & 3], data + 1, size - 1);
  lqa_vote_options options = {
      .source = {.paths = {&path, 1}, .no_network = true, .n_threads = 1, .content_optional = true},
      .repeats = (lqa_repeats)((data[0] >> 2) % 3),
      .missing = {missing, data[0] & 16 ? 2 : 0},
      .wide = {wide, data[0] & 32 ? 1 : 0},
      .truth = data[0] & 64 ? "truth" : NULL,
      .gold = data[0] & 128 ? "gold" : NULL};
  lqa_vote_table *table = NULL;
  lqa_status status = lqa_vote_table_load(&options, NULL, &table, NULL);
  demand(fuzz_source_may(status));
  if (status == LQA_OK) {
    check_table(table);
  }
  lqa_vote_table_free(table);
  return 0;
}
