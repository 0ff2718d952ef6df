/* make_text - any number of labelled texts with the statistics of a corpus, for benchmarks.
 *
 *     make_text ROWS SEED NOISE < corpus.tsv > rows.csv
 *
 * The corpus has one "label TAB text" a line. A row takes a class and a length from the corpus,
 * then walks: the next word is the one that follows a random occurrence of the present word in that
 * class, or a random word of the class, or (in mixed rows more often) of any class, or a new rare
 * word, so that word frequencies, pairs and vocabulary growth (Zipf, Heaps) are those of real text.
 * NOISE of all rows get another class's label. Columns: id,label,text,true_label. Deterministic by
 * seed; about 100 MB/s.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CLASSES = 64, END = -1, SLOT_COUNT = 1 << 21 };

/* Odds of a step, in 1/1024: a random word of the class, of any class (in a row as mixed as can
 * be), a new word. */
enum { JUMP = 110, MIX = 50, NEW = 10 };
static const double new_words = 4e6;

typedef struct corpus {
  char *bytes;
  const char *labels[MAX_CLASSES];
  int n_classes;
  const char **words; /* distinct */
  int32_t n_words;
  int32_t *word; /* per position: its word */
  size_t n;
  size_t class_start[MAX_CLASSES + 1]; /* positions by class */
  int32_t *occurrences;                /* positions by class and word */
  int32_t *first, *count;              /* per position: its occurrences in that list */
  int32_t *lengths;
  size_t row_start[MAX_CLASSES + 1]; /* lengths by class */
} corpus;

static uint64_t state;

static uint64_t next_random(void) { /* splitmix64 */
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

static size_t below(size_t n) {
  return (size_t)((unsigned __int128)next_random() * n >> 64);
}

static void *take(size_t n, size_t size) {
  void *memory = calloc(n + 1, size);
  if (!memory) {
    fprintf(stderr, "make_text: out of memory\n");
    exit(1);
  }
  return memory;
}

static char *read_all(size_t *size) {
  size_t capacity = (size_t)1 << 26;
  char *bytes = take(capacity, 1);
  *size = 0;
  for (size_t got; (got = fread(bytes + *size, 1, capacity - *size, stdin)) > 0;) {
    *size += got;
    if (*size == capacity) {
      bytes = realloc(bytes, (capacity *= 2) + 1);
    }
  }
  bytes[*size] = '\0';
  return bytes;
}

static int find_class(corpus *c, const char *label) {
  for (int k = 0; k < c->n_classes; k++) {
    if (strcmp(c->labels[k], label) == 0) {
      return k;
    }
  }
  if (c->n_classes == MAX_CLASSES) {
    fprintf(stderr, "make_text: more than %d classes\n", MAX_CLASSES);
    exit(1);
  }
  c->labels[c->n_classes] = label;
  return c->n_classes++;
}

static int32_t find_word(corpus *c, int32_t *slots, const char *word) {
  uint64_t hash = 14695981039346656037u;
  for (const char *p = word; *p; p++) {
    hash = (hash ^ (unsigned char)*p) * 1099511628211u;
  }
  size_t slot = (size_t)(hash >> 20) % SLOT_COUNT;
  while (slots[slot] && strcmp(c->words[slots[slot] - 1], word) != 0) {
    slot = (slot + 1) % SLOT_COUNT;
  }
  if (!slots[slot]) {
    c->words[c->n_words] = word;
    slots[slot] = ++c->n_words;
  }
  return slots[slot] - 1;
}

/* Positions hold words; a line's end is END. Two passes over lines put classes together. */
static void split_lines(corpus *c, size_t size) {
  size_t n_lines = 0, n_tokens = 0;
  for (size_t i = 0; i < size; i++) {
    n_lines += c->bytes[i] == '\n';
    n_tokens += c->bytes[i] == ' ';
  }
  char **texts = take(n_lines, sizeof *texts);
  int *classes = take(n_lines, sizeof *classes);
  char *line = c->bytes;
  for (size_t i = 0; i < n_lines; i++) {
    char *end = strchr(line, '\n'), *tab = strchr(line, '\t');
    *end = '\0';
    if (!tab || tab > end) {
      fprintf(stderr, "make_text: line %zu has no tab\n", i + 1);
      exit(1);
    }
    *tab = '\0';
    classes[i] = find_class(c, line);
    texts[i] = tab + 1;
    line = end + 1;
  }
  int32_t *slots = take(SLOT_COUNT, sizeof *slots);
  c->words = take(SLOT_COUNT / 2, sizeof *c->words);
  c->word = take(n_tokens + 2 * n_lines, sizeof *c->word);
  c->lengths = take(n_lines, sizeof *c->lengths);
  size_t n_rows = 0;
  for (int k = 0; k < c->n_classes; k++) {
    for (size_t i = 0; i < n_lines; i++) {
      size_t before = c->n;
      for (char *save, *w = classes[i] == k ? strtok_r(texts[i], " ", &save) : NULL; w;
           w = strtok_r(NULL, " ", &save)) {
        c->word[c->n++] = find_word(c, slots, w);
      }
      if (c->n > before) {
        c->lengths[n_rows++] = (int32_t)(c->n - before);
        c->word[c->n++] = END;
      }
    }
    c->class_start[k + 1] = c->n;
    c->row_start[k + 1] = n_rows;
  }
  free(slots);
  free(texts);
  free(classes);
}

/* Groups the positions of each class by word, by counting. */
static void index_words(corpus *c) {
  c->occurrences = take(c->n, sizeof *c->occurrences);
  c->first = take(c->n, sizeof *c->first);
  c->count = take(c->n, sizeof *c->count);
  int32_t *start = take((size_t)c->n_words + 1, sizeof *start);
  int32_t *held = take((size_t)c->n_words, sizeof *held);
  for (int k = 0; k < c->n_classes; k++) {
    size_t from = c->class_start[k], to = c->class_start[k + 1];
    memset(held, 0, (size_t)c->n_words * sizeof *held);
    for (size_t i = from; i < to; i++) {
      held[c->word[i] >= 0 ? c->word[i] : 0] += c->word[i] >= 0;
    }
    int32_t at = (int32_t)from;
    for (int32_t w = 0; w < c->n_words; w++) {
      start[w] = at;
      at += held[w];
      held[w] = 0;
    }
    for (size_t i = from; i < to; i++) {
      if (c->word[i] >= 0) {
        c->occurrences[start[c->word[i]] + held[c->word[i]]++] = (int32_t)i;
      }
    }
    for (size_t i = from; i < to; i++) {
      if (c->word[i] >= 0) {
        c->first[i] = start[c->word[i]];
        c->count[i] = held[c->word[i]];
      }
    }
  }
  free(start);
  free(held);
}

static size_t random_position(const corpus *c, int k) {
  size_t at;
  do {
    at = c->class_start[k] + below(c->class_start[k + 1] - c->class_start[k]);
  } while (c->word[at] == END);
  return at;
}

/* The position after a random occurrence of the present word; a line's end jumps. */
static size_t follow(const corpus *c, size_t at, int k) {
  size_t next = (size_t)c->occurrences[c->first[at] + (int32_t)below((size_t)c->count[at])] + 1;
  return c->word[next] == END ? random_position(c, k) : next;
}

static char *put_text(char *to, const char *text) {
  for (; *text; text++) {
    *to++ = *text;
    if (*text == '"') {
      *to++ = '"';
    }
  }
  return to;
}

/* A word that no corpus holds, the same for the same number; numbers are drawn by Zipf's law. */
static char *put_new_word(char *to) {
  static const char syllables[16][4] = {"ba",  "re", "ni",  "to",  "lu", "ka",  "sho", "ver",
                                        "mon", "di", "fel", "qua", "zi", "hor", "pe",  "wyn"};
  double u = (double)(next_random() >> 11) * 0x1p-53;
  uint64_t number = (uint64_t)exp(u * log(new_words)) + 16;
  for (; number; number >>= 4) {
    to = stpcpy(to, syllables[number & 15]);
  }
  return to;
}

static char *put_row(const corpus *c, char *to, int k) {
  size_t own = c->row_start[k + 1] - c->row_start[k], at = random_position(c, k);
  int32_t length = c->lengths[c->row_start[k] + below(own)];
  size_t mix = below(MIX);
  for (int32_t i = 0; i < length; i++) {
    if (i > 0) {
      *to++ = ' ';
    }
    if (below(1024) < NEW) {
      to = put_new_word(to);
      continue;
    }
    to = put_text(to, c->words[c->word[at]]);
    size_t step = below(1024);
    if (step < mix) {
      at = random_position(c, (int)below((size_t)c->n_classes));
    } else {
      at = step < mix + JUMP ? random_position(c, k) : follow(c, at, k);
    }
  }
  return to;
}

int main(int argc, char **argv) {
  enum { HALF = 1 << 22 };
  corpus c = {0};
  size_t size;
  if (argc != 4) {
    fprintf(stderr, "usage: make_text ROWS SEED NOISE < corpus.tsv > rows.csv\n");
    return 2;
  }
  long long n_rows = atoll(argv[1]);
  double noise = atof(argv[3]);
  state = strtoull(argv[2], NULL, 10);
  c.bytes = read_all(&size);
  split_lines(&c, size);
  index_words(&c);
  char *buffer = take(2 * HALF, 1), *to = stpcpy(buffer, "id,label,text,true_label\n");
  for (long long row = 0; row < n_rows; row++) {
    size_t any = below(c.row_start[c.n_classes]);
    int k = 0;
    while (any >= c.row_start[k + 1]) {
      k++;
    }
    int given = k;
    if ((double)(next_random() >> 11) * 0x1p-53 < noise) {
      given = (k + 1 + (int)below((size_t)c.n_classes - 1)) % c.n_classes;
    }
    to += sprintf(to, "%lld,\"%s\",\"", row, c.labels[given]);
    to = put_row(&c, to, k);
    to += sprintf(to, "\",\"%s\"\n", c.labels[k]);
    if (to - buffer > HALF || row + 1 == n_rows) {
      fwrite(buffer, 1, (size_t)(to - buffer), stdout);
      to = buffer;
    }
  }
  return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
