/* tests/unit/test_content_checks.c - near duplicates, leakage, encoding, cuts, openings, languages,
 * personal data.
 */
#include "audit_fixture.h"

#include "base/rng.h"

#include "audit/measure/language.h"

#include <stdio.h>

enum { N = 400 };

static fixture_row rows[N];
static char texts[N][512];

/* n rows of plain, different English sentences of varied length in two classes. */
static void fill(int n) {
  static const char *const words[] = {"river",  "market", "engine", "doctor",
                                      "winter", "garden", "letter", "planet"};
  for (int i = 0; i < n; i++) {
    int at = snprintf(texts[i], sizeof texts[i], "the %s of %d was in the", words[i % 8], i * 37);
    for (int w = 0; w < 3 + i * 7 % 11; w++) {
      at += snprintf(texts[i] + at, sizeof texts[i] - (size_t)at, " %s%d", words[(i + w * w) % 8],
                     i * w);
    }
    snprintf(texts[i] + at, sizeof texts[i] - (size_t)at, " and that is it.");
    rows[i] = (fixture_row){texts[i], i % 2 ? "a" : "b"};
  }
}

static lqa_dataset *audit(const char *checks, int n, lqa_audit_run *run) {
  lqa_dataset *d = fixture_dataset(rows, (size_t)n, NULL, 0);
  fixture_init(run, checks, NULL);
  fixture_run(run, &(lqa_audit_input){.dataset = d});
  return d;
}

static void done(lqa_dataset *d, lqa_audit_run *run) {
  lqa_audit_run_clear(run);
  lqa_dataset_free(d);
}

static void finds_near_duplicates(void **state) {
  (void)state;
  fill(40);
  static const char *const story =
      "A long story about a ship that left the harbour at dawn with forty men on board and came "
      "back in the evening with forty-one of them and nobody could say who the last one was %s";
  snprintf(texts[5], sizeof texts[5], story, "today");
  snprintf(texts[20], sizeof texts[20], story, "again"); /* another label than row 5 */
  snprintf(texts[31], sizeof texts[31], story, "today"); /* an exact copy of row 5 */
  lqa_audit_run run;
  lqa_dataset *d = audit("near-duplicate", 40, &run);
  const lqa_finding *conflict = fixture_find(&run, "near-duplicate-conflict", 0);
  fixture_expect_rows(conflict, (int64_t[]){5, 20, 31}, 3);
  assert_int_equal(conflict->suggested_label[1], 0); /* two for "a" */
  fixture_expect_rows(fixture_find(&run, "near-duplicate", 0), (int64_t[]){20}, 1);
  assert_int_equal(run.cluster[20], run.cluster[5]);
  assert_true(run.cluster_is_near);
  done(d, &run);
}

static void exact_copies_are_no_near_duplicates(void **state) {
  (void)state;
  fill(40);
  strcpy(texts[9], texts[2]);
  lqa_audit_run run;
  lqa_dataset *d = audit("near-duplicate", 40, &run);
  assert_true(fixture_is_clean(&run, "near-duplicate"));
  assert_true(fixture_is_clean(&run, "near-duplicate-conflict"));
  done(d, &run);
}

static void finds_leaks_across_splits(void **state) {
  (void)state;
  fill(40);
  strcpy(texts[35], texts[3]);  /* test row with the content of a train row */
  strcpy(texts[36], texts[37]); /* within test: no leak */
  lqa_dataset *d = fixture_dataset(rows, 40, NULL, 0);
  char bytes[40 * 5 + 1] = "";
  uint64_t offsets[41] = {0};
  for (int i = 0; i < 40; i++) {
    strcat(bytes, i < 30 ? "train" : "test");
    offsets[i + 1] = strlen(bytes);
  }
  d->roles[LQA_ROLE_SPLIT] = (lqa_column){"split", 40, bytes, offsets, NULL};
  lqa_audit_run run;
  fixture_init(&run, "split-leakage", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  fixture_expect_rows(fixture_find(&run, "split-leakage", 0), (int64_t[]){35}, 1);
  done(d, &run);
}

static const lqa_finding *find_subject(const lqa_audit_run *run, const char *id,
                                       const char *subject) {
  for (int i = 0; fixture_find(run, id, i); i++) {
    if (strcmp(fixture_find(run, id, i)->subject, subject) == 0) {
      return fixture_find(run, id, i);
    }
  }
  return NULL;
}

static void finds_errors_that_were_copied(void **state) {
  (void)state;
  static float probs[40 * 2];
  fill(40); /* even rows are "b", odd rows "a" */
  strcpy(texts[12], texts[10]);
  strcpy(texts[14], texts[10]); /* three copies of class "b" ... */
  strcpy(texts[21], texts[23]); /* two of class "a", which the model confirms */
  for (int i = 0; i < 40; i++) {
    bool doubted = i == 10 || i == 12 || i == 14;
    probs[2 * i] = (i % 2 == 1) != doubted ? .97f : .03f;
    probs[2 * i + 1] = 1 - probs[2 * i];
  }
  lqa_dataset *d = fixture_dataset(rows, 40, NULL, 0);
  lqa_audit_run run;
  fixture_init(&run, "repeated-error", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d, .pred_probs = probs});
  const lqa_finding *finding = fixture_find(&run, "repeated-error", 0);
  fixture_expect_rows(finding, (int64_t[]){10, 12, 14}, 3);
  assert_int_equal(finding->suggested_label[0], 0);
  done(d, &run);
}

static void finds_near_duplicate_embeddings(void **state) {
  (void)state;
  static float vectors[40 * 4];
  static lqa_matrix matrix;
  fill(40);
  lqa_rng rng;
  lqa_rng_init(&rng, 1, 0);
  for (int i = 0; i < 40 * 4; i++) {
    vectors[i] = (float)lqa_rng_uniform(&rng) * 28 - 14;
  }
  memcpy(vectors + 7 * 4, vectors + 30 * 4, 16);
  vectors[7 * 4] += .001f;
  matrix = (lqa_matrix){.data = vectors,
                        .dtype = LQA_FLOAT32,
                        .n_rows = 40,
                        .n_columns = 4,
                        .row_stride = 16,
                        .column_stride = 4};
  lqa_dataset *d = fixture_dataset(rows, 40, NULL, 0);
  lqa_audit_run run;
  d->kind = LQA_CONTENT_EMBEDDING;
  d->embeddings = &matrix;
  fixture_init(&run, "near-duplicate", NULL);
  fixture_run(&run, &(lqa_audit_input){.dataset = d});
  fixture_expect_rows(fixture_find(&run, "near-duplicate-conflict", 0), (int64_t[]){7, 30}, 2);
  d->kind = LQA_CONTENT_TEXT;
  d->embeddings = NULL;
  done(d, &run);
}

static void finds_wrong_encodings(void **state) {
  (void)state;
  fill(30);
  strcpy(texts[1], "caf\xc3\x83\xc2\xa9 au lait");          /* mojibake of e acute */
  strcpy(texts[2], "don\xc3\xa2\xe2\x82\xac\xe2\x84\xa2t"); /* of an apostrophe */
  strcpy(texts[3], "lost \xef\xbf\xbd bytes");
  strcpy(texts[4], "bell \x07 rings");
  strcpy(texts[5], "cafe\xcc\x81 decomposed");
  strcpy(texts[6], "caf\xc3\xa9 composed, 20 \xc2\xb0"
                   "C, na\xc3\xafve \xe2\x82\xac"); /* all right */
  strcpy(texts[7], "tabs\tand\nlines are fine");
  lqa_audit_run run;
  lqa_dataset *d = audit("encoding", 30, &run);
  fixture_expect_rows(find_subject(&run, "encoding", "mojibake"), (int64_t[]){1, 2}, 2);
  fixture_expect_rows(find_subject(&run, "encoding", "replacement characters"), (int64_t[]){3}, 1);
  fixture_expect_rows(find_subject(&run, "encoding", "control characters"), (int64_t[]){4}, 1);
  fixture_expect_rows(find_subject(&run, "encoding", "decomposed letters"), (int64_t[]){5}, 1);
  assert_null(fixture_find(&run, "encoding", 4));
  done(d, &run);
  fill(30);
  strcpy(texts[5], "cafe\xcc\x81 decomposed, and so is every other row");
  d = audit("encoding", 30, &run);
  assert_true(fixture_is_clean(&run, "encoding")); /* one form throughout is no mixture */
  done(d, &run);
}

static void finds_cut_texts(void **state) {
  (void)state;
  fill(N);
  for (int i = 0; i < N; i += 20) { /* 20 longer texts, cut at 200 */
    for (int at = 0; at < 200; at++) {
      texts[i][at] = at % 7 ? (char)('a' + (i + at) % 26) : ' ';
    }
    texts[i][199] = 'x';
    texts[i][200] = 0;
  }
  lqa_audit_run run;
  lqa_dataset *d = audit("truncation", N, &run);
  const lqa_finding *finding = fixture_find(&run, "truncation", 0);
  assert_non_null(finding);
  assert_int_equal(finding->n_rows, 20);
  assert_int_equal(finding->rows[1], 20);
  done(d, &run);
  fill(N);
  d = audit("truncation", N, &run);
  assert_true(fixture_is_clean(&run, "truncation"));
  done(d, &run);
}

static void finds_common_endings(void **state) {
  (void)state;
  fill(N);
  for (int i = 1; i < N; i += 8) { /* 50 texts, all of class a */
    strcat(texts[i], " -- Sent from my telephone, please excuse brevity");
  }
  lqa_audit_run run;
  lqa_dataset *d = audit("boilerplate", N, &run);
  const lqa_finding *finding = fixture_find(&run, "boilerplate", 0);
  assert_non_null(finding);
  assert_int_equal(finding->n_rows, 50);
  assert_non_null(strstr(finding->message, "100 % of them are of class \"a\""));
  done(d, &run);
  fill(N);
  d = audit("boilerplate", N, &run);
  assert_null(fixture_find(&run, "boilerplate", 0));
  done(d, &run);
}

static void guesses_languages(void **state) {
  (void)state;
  static const struct {
    const char *text;
    lqa_language language;
  } cases[] = {
      {"The man who was here is not the one that we saw", LQA_LANGUAGE_ENGLISH},
      {"Ich habe die Karte nicht, wie kann ich das Geld und den Rest bekommen",
       LQA_LANGUAGE_GERMAN},
      {"Je ne sais pas pour la carte, vous avez un compte avec les autres", LQA_LANGUAGE_FRENCH},
      {"No s\xc3\xa9 por qu\xc3\xa9 el banco y los otros no me dan una tarjeta",
       LQA_LANGUAGE_SPANISH},
      {"\xd1\x8f \xd0\xbd\xd0\xb5 \xd0\xbd\xd0\xb5 \xd0\xb7\xd0\xbd\xd0\xb0\xd1\x8e",
       LQA_LANGUAGE_CYRILLIC},
      {"card 42", LQA_LANGUAGE_NONE},
      {"", LQA_LANGUAGE_NONE},
  };
  lqa_language_guesser *guesser = lqa_language_guesser_new();
  lqa_buf scratch;
  lqa_buf_init(&scratch, 1 << 16);
  for (size_t i = 0; i < FIXTURE_COUNT(cases); i++) {
    lqa_language got = lqa_language_guess(guesser, lqa_str_from(cases[i].text), &scratch);
    assert_string_equal(lqa_language_name(got), lqa_language_name(cases[i].language));
  }
  lqa_buf_clear(&scratch);
  lqa_language_guesser_free(guesser);
}

static void finds_foreign_texts(void **state) {
  (void)state;
  fill(N);
  strcpy(texts[11], "Ich habe die Karte nicht, wie kann ich das Geld und den Rest bekommen");
  lqa_audit_run run;
  lqa_dataset *d = audit("language-outlier", N, &run);
  fixture_expect_rows(fixture_find(&run, "language-outlier", 0), (int64_t[]){11}, 1);
  done(d, &run);
  for (int i = 0; i < N; i += 3) { /* a class of two languages says nothing */
    strcpy(texts[i], "Ich habe die Karte nicht, wie kann ich das Geld und den Rest bekommen");
  }
  d = audit("language-outlier", N, &run);
  assert_true(fixture_is_clean(&run, "language-outlier"));
  done(d, &run);
}

static void finds_personal_data_only_when_asked(void **state) {
  (void)state;
  fill(20);
  strcpy(texts[1], "write to jane.doe@example.com please");
  strcpy(texts[2], "my card is 4111 1111 1111 1111, thanks");
  strcpy(texts[3], "number 4111 1111 1111 1112 fails the sum");
  strcpy(texts[4], "pay to DE89 3704 0044 0532 0130 00 today");
  strcpy(texts[5], "call +49 30 1234567 now");
  strcpy(texts[6], "meet me @home or at a@b");
  lqa_audit_run run;
  lqa_dataset *d = audit(NULL, 20, &run);
  assert_null(fixture_find(&run, "personal-data", 0));
  done(d, &run);
  d = audit("personal-data", 20, &run);
  fixture_expect_rows(find_subject(&run, "personal-data", "mail addresses"), (int64_t[]){1}, 1);
  fixture_expect_rows(find_subject(&run, "personal-data", "card numbers"), (int64_t[]){2}, 1);
  fixture_expect_rows(find_subject(&run, "personal-data", "IBANs"), (int64_t[]){4}, 1);
  fixture_expect_rows(find_subject(&run, "personal-data", "telephone numbers"), (int64_t[]){5}, 1);
  done(d, &run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_near_duplicates),
      cmocka_unit_test(exact_copies_are_no_near_duplicates),
      cmocka_unit_test(finds_leaks_across_splits),
      cmocka_unit_test(finds_errors_that_were_copied),
      cmocka_unit_test(finds_near_duplicate_embeddings),
      cmocka_unit_test(finds_wrong_encodings),
      cmocka_unit_test(finds_cut_texts),
      cmocka_unit_test(finds_common_endings),
      cmocka_unit_test(guesses_languages),
      cmocka_unit_test(finds_foreign_texts),
      cmocka_unit_test(finds_personal_data_only_when_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
