/* Header or data, by the evidence of the whole head.
 *
 * Every column gives a log likelihood ratio: how much likelier its first cell is as a name than as
 * one more value, judged by the values below it and nothing else.
 *
 *   kind      a word above numbers is hardly a value, a number above numbers hardly a name
 *   recurs    a cell that its column repeats is a value; one that a column of few values never
 *             repeats is none: the chance of a new value is the share of those that occur once
 *             (Good and Turing)
 *   form      where values do not repeat: how odd the cell's length, digits, spaces, capitals and
 *             marks are among them. Odd is what a column of data shows rarely, so the likelihood
 *             under "data" is the smallest of these tail probabilities, corrected for their number
 *   name      known words (id, text, label, ...), or letters_joined_like_this, speak for a name;
 *             links, sentences and texts of many words against it
 *
 * Numbers that count up from column to column (0,1,2 or 2019,2020,2021) are names, unless records
 * below count up as well. The sum decides. In doubt, when all cells are distinct, short and never
 * seen again, and there are two of them, it takes clear evidence against a header: a header taken
 * for a row costs a wrong class and every row number, a row taken for a header one row.
 *
 * Sources of the idea: csvkit's and Python's sniffers (types and lengths), DuckDB's (types),
 * clevercsv's. They look at types alone, or at lengths without regard to how they vary.
 */
#include "data/source/header_evidence.h"

#include "base/explog.h"
#include "base/map.h"
#include "base/memory.h"
#include "data/dataset/feature_columns.h"

enum { MOST_COLUMNS = 1024, MOST_NAME_BYTES = 64, MOST_NAME_WORDS = 8, LONG_BYTES = 100 };
enum { N_FORMS = 6 };

static const double doubt = -4.0, prior = 1.0, recurs = -3.5, alone = 3.5;

typedef enum kind { EMPTY, MISSING, NUMBER, LINK, WORDS, N_KINDS } kind;

/* How a name's kind is distributed; what is empty is judged apart. */
static const double kind_of_names[N_KINDS] = {0, 0.005, 0.01, 0.002, 0.98};

/* "$1,234.5", "12 %", "2020-01-31 12:00": nothing but digits and what stands between them. */
static bool is_like_number(lqa_str s) {
  double number;
  if (lqa_str_to_double(s, &number)) {
    return true;
  }
  size_t n_digits = 0;
  for (size_t i = 0; i < s.size; i++) {
    bool digit = s.data[i] >= '0' && s.data[i] <= '9';
    if (!digit && !strchr("+-.,:/ %$TZ", s.data[i])) {
      return false;
    }
    n_digits += digit;
  }
  return n_digits > 0 && 2 * n_digits >= s.size;
}

static bool is_link(lqa_str s) {
  const char *at = memchr(s.data, '@', s.size);
  bool spaced = memchr(s.data, ' ', s.size) != NULL;
  const char *colon = memchr(s.data, ':', s.size);
  bool is_url = colon && s.data + s.size - colon > 3 && colon[1] == '/' && colon[2] == '/';
  bool is_mail =
      at && at > s.data && !spaced && memchr(at, '.', (size_t)(s.data + s.size - at)) != NULL;
  return (is_url && !spaced) || is_mail;
}

static kind kind_of(lqa_str s) {
  return s.size == 0                 ? EMPTY
         : lqa_feature_is_missing(s) ? MISSING
         : is_like_number(s)         ? NUMBER
         : is_link(s)                ? LINK
                                     : WORDS;
}

/* How a text is written. */
typedef struct form {
  size_t length;
  bool has[N_FORMS]; /* digits, spaces, capitals, small letters, marks, other scripts */
} form;

static form form_of(lqa_str s) {
  form f = {.length = s.size};
  for (size_t i = 0; i < s.size; i++) {
    unsigned char c = (unsigned char)s.data[i];
    f.has[0] |= c >= '0' && c <= '9';
    f.has[1] |= c == ' ';
    f.has[2] |= c >= 'A' && c <= 'Z';
    f.has[3] |= c >= 'a' && c <= 'z';
    f.has[4] |= c < 0x80 && strchr(".,;:!?'\"()[]{}<>/\\&*%$#@=+|", c) != NULL && c != '\0';
    f.has[5] |= c >= 0x80;
  }
  return f;
}

static size_t count_words(lqa_str s) {
  size_t n = 0;
  for (size_t i = 0; i < s.size; i++) {
    n += s.data[i] != ' ' && (i == 0 || s.data[i - 1] == ' ');
  }
  return n;
}

/* Where files are put together their header recurs whole; such rows say nothing. */
static bool is_first_again(const lqa_header_head *head, size_t row) {
  for (size_t i = 0; i < head->n_columns; i++) {
    if (!lqa_str_equal(head->body[row * head->n_columns + i], head->cells[i])) {
      return false;
    }
  }
  return true;
}

/* What stands below a cell. */
typedef struct column {
  lqa_str cell;
  kind kind;
  form form;
  size_t n[N_KINDS];
  size_t n_recurs;            /* values that equal the cell */
  size_t n_distinct, n_once;  /* different values of words; of them without a second */
  size_t n_shorter, n_longer; /* words at most, at least as long as the cell */
  size_t n_same[N_FORMS];     /* words with the cell's answer to a form */
} column;

static void add_word(column *c, lqa_str value) {
  form f = form_of(value);
  c->n_shorter += f.length <= c->form.length;
  c->n_longer += f.length >= c->form.length;
  for (int i = 0; i < N_FORMS; i++) {
    c->n_same[i] += f.has[i] == c->form.has[i];
  }
}

/* Counts the value in `seen`, whose numbers are places in `times`. */
static lqa_status count_value(column *c, lqa_str value, lqa_map *seen, uint8_t *times) {
  uint32_t place;
  bool is_new;
  LQA_TRY(lqa_map_add(seen, value, &place, &is_new));
  if (is_new) {
    c->n_distinct++;
    c->n_once++;
    times[place] = 1;
  } else if (times[place] == 1) {
    c->n_once--;
    times[place] = 2;
  }
  return LQA_OK;
}

static lqa_status read_column(const lqa_header_head *head, size_t at, uint8_t *times, column *c) {
  lqa_map *seen = lqa_map_new(false);
  *c = (column){.cell = lqa_str_trim(head->cells[at])};
  c->kind = kind_of(c->cell);
  c->form = form_of(c->cell);
  lqa_status status;
  LQA_TRY_OUT(seen ? LQA_OK : LQA_NO_MEMORY);
  for (size_t row = 0; row < head->n_rows; row++) {
    lqa_str value = lqa_str_trim(head->body[row * head->n_columns + at]);
    if (lqa_str_equal(value, c->cell) && is_first_again(head, row)) {
      continue;
    }
    kind k = kind_of(value);
    c->n[k]++;
    c->n_recurs += value.size > 0 && lqa_str_equal(value, c->cell);
    if (k == WORDS) {
      add_word(c, value);
      LQA_TRY_OUT(count_value(c, value, seen, times));
    }
  }
out:
  lqa_map_free(seen);
  return status;
}

static double larger(double a, double b) {
  return a > b ? a : b;
}

static double smaller(double a, double b) {
  return a < b ? a : b;
}

/* log(p under "name" / share of the column), the share smoothed. */
static double ratio(double p, size_t count, size_t n) {
  return lqa_log(p / (((double)count + 0.5) / ((double)n + 1.0)));
}

static size_t count_filled(const column *c) {
  size_t n = 0;
  for (int k = MISSING; k < N_KINDS; k++) {
    n += c->n[k];
  }
  return n;
}

/* Odd forms: p is uniform for one more value, small for a name. */
static double weigh_form(const column *c) {
  size_t n = c->n[WORDS];
  size_t tail = c->n_shorter < c->n_longer ? c->n_shorter : c->n_longer;
  double p = smaller(1, 2 * ((double)tail + 0.5) / ((double)n + 1.0));
  for (int i = 0; i < N_FORMS; i++) {
    p = smaller(p, ((double)c->n_same[i] + 0.5) / ((double)n + 1.0));
  }
  return lqa_log(0.3) - 0.7 * lqa_log(smaller(1, 3 * p));
}

/* The cell is words, and so are values below it. */
static double weigh_words(const column *c) {
  size_t n = c->n[WORDS];
  if (c->n_recurs > 0) {
    return smaller(ratio(0.01, n - c->n_once, n), recurs);
  }
  double unseen = ratio(0.99, c->n_once, n);
  return 2 * c->n_distinct > n ? larger(unseen, weigh_form(c)) : larger(unseen, 0);
}

/* Known words of column names, most frequent in data sets of labelled texts and tables. */
static const char *const name_words[] = {
    "id",      "idx",        "index",     "key",         "no",         "nr",       "num",
    "number",  "uid",        "uuid",      "text",        "sentence",   "content",  "body",
    "message", "comment",    "review",    "tweet",       "title",      "headline", "news",
    "article", "document",   "doc",       "description", "desc",       "summary",  "question",
    "answer",  "query",      "utterance", "prompt",      "input",      "output",   "label",
    "labels",  "class",      "category",  "type",        "target",     "topic",    "tag",
    "intent",  "sentiment",  "emotion",   "rating",      "score",      "stars",    "status",
    "name",    "date",       "time",      "timestamp",   "year",       "month",    "day",
    "user",    "author",     "worker",    "annotator",   "rater",      "source",   "split",
    "lang",    "language",   "url",       "link",        "count",      "value",    "amount",
    "price",   "age",        "sex",       "gender",      "country",    "city",     "state",
    "group",   "level",      "length",    "size",        "file",       "filename", "path",
    "image",   "word",       "words",     "subject",     "email",      "phone",    "address",
    "code",    "weight",     "height",    "income",      "unnamed",    "truth",    "gold",
    "pred",    "prediction", "prob",      "confidence",  "item",       "task",     "text1",
    "text2",   "sentence1",  "sentence2", "premise",     "hypothesis", "feedback", NULL};

static bool is_name_word(const char *word, size_t size) {
  for (size_t i = 0; name_words[i]; i++) {
    if (lqa_str_equal_nocase(lqa_str_from(name_words[i]), (lqa_str){word, size})) {
      return true;
    }
  }
  return false;
}

/* Words end at what is no letter, and where a capital follows a small letter. */
static bool has_name_word(lqa_str s) {
  size_t begin = 0;
  for (size_t i = 0; i <= s.size; i++) {
    bool letter = i < s.size && ((s.data[i] | 0x20) >= 'a') && ((s.data[i] | 0x20) <= 'z');
    bool hump = i > 0 && letter && s.data[i] < 'a' && s.data[i - 1] >= 'a' && s.data[i - 1] <= 'z';
    if (!letter || hump) {
      if (i > begin && is_name_word(s.data + begin, i - begin)) {
        return true;
      }
      begin = hump ? i : i + 1;
    }
  }
  return false;
}

/* letters_joined, lettersJoined */
static bool is_identifier(lqa_str s) {
  bool joined = false;
  for (size_t i = 0; i < s.size; i++) {
    char c = s.data[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool digit = c >= '0' && c <= '9';
    if (!letter && c != '_' && !(digit && i > 0)) {
      return false;
    }
    joined |= i > 0 && (c == '_' || (c >= 'A' && c <= 'Z' && s.data[i - 1] >= 'a'));
  }
  return joined;
}

static bool is_short(lqa_str s) {
  return s.size <= MOST_NAME_BYTES && count_words(s) <= MOST_NAME_WORDS;
}

/* How the cell looks by itself. */
static double weigh_look(const column *c, bool is_known) {
  lqa_str s = c->cell;
  bool words = c->kind == WORDS;
  bool unique = words && c->n_recurs == 0;
  double known = words && is_known ? (unique ? 4 : 2) : 0;
  double name = unique && is_short(s) && has_name_word(s) ? 1.5 : 0;
  double joined = unique && is_identifier(s) ? 1 : 0;
  double sentence = s.size > LONG_BYTES ? -2 : s.size > 20 && s.data[s.size - 1] == '.' ? -1 : 0;
  return larger(known, name + joined) + sentence;
}

static double weigh_column(const column *c, bool is_known, lqa_header_reason *reason) {
  size_t n = count_filled(c);
  double kind_weight = 0, value = 0;
  if (c->kind == EMPTY) {
    return n == 0 ? 0 : larger(-0.5, smaller(2, ratio(0.1, c->n[EMPTY], n + c->n[EMPTY])));
  }
  kind_weight = ratio(kind_of_names[c->kind], c->n[c->kind], n);
  if (c->kind == WORDS && c->n[WORDS] > 0) {
    value = weigh_words(c);
  } else if (c->kind == LINK || c->kind == NUMBER || c->kind == MISSING) {
    value = c->n_recurs > 0 ? -1 : 0;
  }
  *reason = c->kind != MISSING && c->n_recurs > 0 ? LQA_HEADER_VALUE_RECURS
            : kind_weight < -1                    ? LQA_HEADER_SAME_TYPE
                                                  : LQA_HEADER_LIKE_COLUMN;
  return larger(-6, smaller(6, kind_weight + value + weigh_look(c, is_known)));
}

/* Whether the cell continues the number left of it: 2019, 2020. */
static bool counts_on(const lqa_str *cells, size_t at) {
  long long left, right;
  return at > 0 && lqa_str_to_int64(lqa_str_trim(cells[at - 1]), &left) &&
         lqa_str_to_int64(lqa_str_trim(cells[at]), &right) && right == left + 1;
}

static size_t count_counting(const lqa_str *cells, size_t n_columns) {
  size_t n = 0;
  for (size_t i = 1; i < n_columns; i++) {
    n += counts_on(cells, i);
  }
  return n;
}

/* Columns whose names count up, *is_counting[i], and what that says: 0 where they do not. */
static double weigh_counting(const lqa_header_head *head, bool *is_counting) {
  size_t n = count_counting(head->cells, head->n_columns), n_numbers = 0, n_rows = 0;
  for (size_t i = 0; i < head->n_columns; i++) {
    n_numbers += kind_of(lqa_str_trim(head->cells[i])) == NUMBER;
  }
  if (n == 0 || n + 1 != n_numbers) {
    return 0; /* numbers that do not count on, too */
  }
  for (size_t row = 0; row < head->n_rows; row++) {
    n_rows += count_counting(head->body + row * head->n_columns, head->n_columns) >= n;
  }
  for (size_t i = 0; i < head->n_columns; i++) {
    is_counting[i] =
        counts_on(head->cells, i) || (i + 1 < head->n_columns && counts_on(head->cells, i + 1));
  }
  return larger(-6, smaller(6, ratio(0.3, n_rows, head->n_rows)));
}

/* All cells that are there are distinct, short, no numbers or links, and never seen again. */
static lqa_status check_names(const column *columns, const bool *is_counting, size_t n,
                              lqa_map *names, bool *could_be) {
  bool any = false;
  *could_be = false;
  for (size_t i = 0; i < n; i++) {
    const column *c = &columns[i];
    uint32_t place;
    bool is_new = true;
    if (c->kind == EMPTY) {
      continue;
    }
    bool fits = is_counting[i] || (c->kind == WORDS && is_short(c->cell) && c->n_recurs == 0);
    LQA_TRY(fits ? lqa_map_add(names, c->cell, &place, &is_new) : LQA_OK);
    if (!fits || !is_new) {
      return LQA_OK;
    }
    any = true;
  }
  *could_be = any;
  return LQA_OK;
}

/* Sums what the columns say; wide files are judged by their first columns and the last ones. */
static void weigh_all(const lqa_header_head *head, const column *columns, const bool *is_counting,
                      lqa_header_verdict *v) {
  double worst = 0;
  for (size_t i = 0; i < head->n_columns; i++) {
    lqa_header_reason reason = LQA_HEADER_NO_REASON;
    bool is_known = head->is_known && head->is_known[i];
    double weight = is_counting[i] ? 0 : weigh_column(&columns[i], is_known, &reason);
    v->evidence += weight;
    if (weight < worst) {
      worst = weight;
      v->reason = reason;
      v->column = i;
    }
  }
}

static lqa_status judge(const lqa_header_head *head, column *columns, bool *is_counting,
                        lqa_header_verdict *v) {
  uint8_t *times = lqa_malloc(head->n_rows + 1, 1);
  lqa_map *names = lqa_map_new(false);
  lqa_status status;
  LQA_TRY_OUT(times && names ? LQA_OK : LQA_NO_MEMORY);
  for (size_t i = 0; i < head->n_columns; i++) {
    LQA_TRY_OUT(read_column(head, i, times, &columns[i]));
  }
  *v = (lqa_header_verdict){.evidence = prior + weigh_counting(head, is_counting)};
  weigh_all(head, columns, is_counting, v);
  LQA_TRY_OUT(check_names(columns, is_counting, head->n_columns, names, &v->is_doubtful));
  v->is_doubtful = v->is_doubtful && head->n_columns > 1 && v->evidence <= 0 && v->evidence > doubt;
  double needed = head->n_columns > 1 ? 0 : alone;
  v->is_header = v->evidence > needed || v->is_doubtful;
out:
  lqa_map_free(names);
  free(times);
  return status;
}

lqa_status lqa_header_judge(const lqa_header_head *head, lqa_header_verdict *verdict) {
  column *columns = lqa_calloc(head->n_columns, sizeof *columns);
  bool *is_counting = lqa_calloc(head->n_columns, sizeof *is_counting);
  lqa_status status =
      columns && is_counting ? judge(head, columns, is_counting, verdict) : LQA_NO_MEMORY;
  free(is_counting);
  free(columns);
  return status;
}
