/* audit/provenance/personal_data.c - hints of personal data in texts. Off unless asked for.
 *
 * Mail addresses, telephone and card numbers, IBANs: data that should not be sent to a judge's
 * endpoint or trained on. Only shapes with a check are taken: a card number must pass Luhn's sum,
 * an IBAN its remainder modulo 97 (ISO 13616), a telephone number must begin with + and a country
 * code. It finds hints, not proof, and misses names and addresses; hence off by default.
 */
#include "audit/audit.h"
#include "audit/phrase.h"
#include "audit/row_list.h"

enum { MAIL, CARD, IBAN, PHONE, HINT_COUNT };

static const char *const HINTS[] = {"mail addresses", "card numbers", "IBANs", "telephone numbers"};

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool is_mail_character(char c) {
  return is_digit(c) || is_letter(c) || c == '.' || c == '_' || c == '-' || c == '+';
}

/* At an '@': something before it, a name, a dot and two letters or more after it. */
static bool is_mail(lqa_str text, size_t at) {
  size_t end = at + 1, dot = 0;
  if (at == 0 || !is_mail_character(text.data[at - 1])) {
    return false;
  }
  for (; end < text.size && is_mail_character(text.data[end]); end++) {
    dot = text.data[end] == '.' && end > at + 1 ? end : dot;
  }
  return dot && end - dot > 2 && is_letter(text.data[dot + 1]) && is_letter(text.data[dot + 2]);
}

/* Digits from `at` on, single blanks and hyphens between them; returns how many. */
static size_t read_digits(lqa_str text, size_t at, char digits[20]) {
  size_t n = 0;
  for (; at < text.size && n < 20; at++) {
    if (is_digit(text.data[at])) {
      digits[n++] = text.data[at];
    } else if ((text.data[at] != ' ' && text.data[at] != '-') || at + 1 >= text.size ||
               !is_digit(text.data[at + 1])) {
      break;
    }
  }
  return n;
}

static bool passes_luhn(const char *digits, size_t n) {
  int sum = 0;
  for (size_t i = 0; i < n; i++) {
    int d = digits[n - 1 - i] - '0';
    d = i % 2 ? 2 * d : d;
    sum += d > 9 ? d - 9 : d;
  }
  return sum % 10 == 0;
}

static bool is_card(lqa_str text, size_t at) {
  char digits[20];
  size_t n = read_digits(text, at, digits);
  return n >= 13 && n <= 19 && digits[0] >= '3' && digits[0] <= '6' && passes_luhn(digits, n);
}

static bool is_phone(lqa_str text, size_t at) {
  char digits[20];
  size_t n = read_digits(text, at + 1, digits);
  return n >= 9 && n <= 15 && digits[0] != '0';
}

/* Two letters, two digits, 11 to 30 letters and digits; remainder 1 modulo 97 with the first four
 * put last and letters counted from 10. */
static bool is_iban(lqa_str text, size_t at) {
  char code[40];
  size_t n = 0;
  for (size_t i = at; i < text.size && n < 34; i++) {
    char c = text.data[i];
    if (is_digit(c) || (c >= 'A' && c <= 'Z')) {
      code[n++] = c;
    } else if (c != ' ' || n % 4 != 0) {
      break;
    }
  }
  if (n < 15 || !is_letter(code[0]) || !is_letter(code[1]) || !is_digit(code[2]) ||
      !is_digit(code[3])) {
    return false;
  }
  int remainder = 0;
  for (size_t i = 0; i < n; i++) {
    char c = code[(i + 4) % n];
    remainder =
        is_digit(c) ? (remainder * 10 + (c - '0')) % 97 : (remainder * 100 + (c - 'A' + 10)) % 97;
  }
  return remainder == 1;
}

enum { ROWS_PER_PIECE = 1 << 18 };

static unsigned look_at(lqa_str text) {
  unsigned found = 0;
  for (size_t at = 0; at < text.size; at++) {
    char c = text.data[at];
    bool starts = at == 0 || (!is_digit(text.data[at - 1]) && !is_letter(text.data[at - 1]));
    found |= (unsigned)(c == '@' && is_mail(text, at)) << MAIL;
    found |= (unsigned)(starts && is_digit(c) && is_card(text, at)) << CARD;
    found |= (unsigned)(starts && c >= 'A' && c <= 'Z' && is_iban(text, at)) << IBAN;
    found |= (unsigned)(c == '+' && starts && is_phone(text, at)) << PHONE;
  }
  return found;
}

static lqa_status report(const lqa_audit_input *input, int hint, const lqa_row_list *rows) {
  int64_t n = (int64_t)rows->n;
  lqa_finding *finding = lqa_finding_add(
      input->findings, &input->audit->kinds[0], rows->data, n,
      "%s what look like %s (%s). Mask them before the texts are sent to a judge or trained on.",
      lqa_phrase_count(input->arena, n, "row holds", "rows hold"), HINTS[hint],
      lqa_phrase_rows(input->arena, rows->data, n));
  if (finding) {
    finding->subject = HINTS[hint];
  }
  return finding ? LQA_OK : LQA_NO_MEMORY;
}

static lqa_status run(const lqa_audit_input *input, lqa_error *err) {
  (void)err;
  lqa_row_list rows[HINT_COUNT] = {{0}};
  lqa_status status = LQA_OK;
  for (int64_t row = 0; row < input->dataset->n_rows; row++) {
    if (row % ROWS_PER_PIECE == 0) {
      lqa_dataset_release_content(input->dataset, row);
    }
    unsigned found = look_at(lqa_column_get(&input->dataset->content, row));
    for (int hint = 0; found && hint < HINT_COUNT; hint++) {
      if (found >> hint & 1) {
        LQA_TRY_OUT(lqa_vec_push(&rows[hint], row));
      }
    }
  }
  for (int hint = 0; hint < HINT_COUNT; hint++) {
    LQA_TRY_OUT(rows[hint].n ? report(input, hint, &rows[hint]) : LQA_OK);
  }
out:
  for (int hint = 0; hint < HINT_COUNT; hint++) {
    lqa_vec_clear(&rows[hint]);
  }
  return status;
}

const lqa_audit lqa_audit_personal_data = {
    .number = LQA_AUDIT_personal_data,
    .id = "personal-data",
    .family = LQA_FAMILY_PROVENANCE,
    .summary = "hints of mail addresses, card and telephone numbers, IBANs (off by default)",
    .needs = LQA_NEEDS_TEXT,
    .kinds = {{"personal-data", LQA_IGNORE, true, "the text holds what looks like personal data"}},
    .run = run,
};
