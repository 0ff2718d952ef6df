/* audit/measure/language.c - scripts by code point, Latin languages by their function
 * words.
 *
 * A dozen words (the, der, les ...) make up a quarter of running text in any language, so a few
 * hits tell languages apart without a model or data files. It is no language identifier: it says
 * nothing of short texts and mixes up close relatives, in which case neither leads and the answer
 * is NONE. Listed words have at most eight bytes, so a word is packed into one number while it is
 * read and looked up in a small table; most bytes cost one table look-up.
 */
#include "audit/measure/language.h"

#include "base/memory.h"
#include "base/unicode.h"

#include <assert.h>

enum {
  LOOK_BYTES = 1000,
  MIN_LETTERS = 8,
  MIN_HITS = 3,
  CLEAR_HITS = 4, /* of one language, and twice any other's: the rest need not be read */
  MAX_WORD = 8,   /* bytes: a word is one number */
  MAX_LISTED = 512,
  SLOT_BITS = 11
};

static const char *const NAMES[LQA_LANGUAGE_COUNT] = {"unknown",
                                                      "English",
                                                      "German",
                                                      "French",
                                                      "Spanish",
                                                      "Italian",
                                                      "Portuguese",
                                                      "Dutch",
                                                      "Swedish",
                                                      "Polish",
                                                      "Turkish",
                                                      "Cyrillic script",
                                                      "Greek script",
                                                      "Arabic script",
                                                      "Hebrew script",
                                                      "Devanagari",
                                                      "Thai script",
                                                      "Korean",
                                                      "Chinese or Japanese"};

/* Function words between spaces; words that two languages share stand in both lists. */
static const char *const WORDS[LQA_LANGUAGE_POLISH + 2] = {
    [LQA_LANGUAGE_ENGLISH] =
        " the of and to a in that is was for with as it on by at from this are "
        "his her they have not be i you my what how where when can your me ",
    [LQA_LANGUAGE_GERMAN] =
        " der die das und ist nicht ein eine mit von den dem zu im auf ich sie "
        "es auch wie wir ihr f\xc3\xbcr sich wird hat sind kann mein meine was ",
    [LQA_LANGUAGE_FRENCH] =
        " le la les des et est une un que qui dans pour pas sur avec je vous nous "
        "il elle ce cette au aux du ne son sa ses mon ma plus par ",
    [LQA_LANGUAGE_SPANISH] =
        " el la los las y es una un que en por para con no se del al su lo como "
        "m\xc3\xa1s pero sus esta este mi yo muy ",
    [LQA_LANGUAGE_ITALIAN] = " il lo la gli le e di che un una per con non sono del della nel alla "
                             "anche come ho mio mia questo questa pi\xc3\xb9 \xc3\xa8 si ",
    [LQA_LANGUAGE_PORTUGUESE] = " o os as um uma e de que em para com n\xc3\xa3o por do da dos das "
                                "no na se mais como mas meu minha \xc3\xa9 voc\xc3\xaa ao ",
    [LQA_LANGUAGE_DUTCH] =
        " de het een en van is dat niet in op te met voor zijn ik je wij ook aan "
        "maar naar bij dit deze heeft mijn wat ",
    [LQA_LANGUAGE_SWEDISH] = " och att det som en ett p\xc3\xa5 \xc3\xa4r av f\xc3\xb6r med den "
                             "till inte om jag har de vi men s\xc3\xa5 kan min ",
    [LQA_LANGUAGE_POLISH] = " i w na nie si\xc4\x99 z do to \xc5\xbc"
                            "e jest o jak ale po co tak za od "
                            "czy dla mnie jestem ",
    [LQA_LANGUAGE_TURKISH] = " ve bir bu da de i\xc3\xa7in ile ne \xc3\xa7ok daha olarak gibi ben "
                             "var m\xc4\xb1 ama nas\xc4\xb1l ",
};

static lqa_language script_of(uint32_t c) {
  return c >= 0x400 && c < 0x530     ? LQA_LANGUAGE_CYRILLIC
         : c >= 0x370 && c < 0x400   ? LQA_LANGUAGE_GREEK
         : c >= 0x600 && c < 0x780   ? LQA_LANGUAGE_ARABIC
         : c >= 0x590 && c < 0x600   ? LQA_LANGUAGE_HEBREW
         : c >= 0x900 && c < 0x980   ? LQA_LANGUAGE_DEVANAGARI
         : c >= 0xe00 && c < 0xe80   ? LQA_LANGUAGE_THAI
         : c >= 0xac00 && c < 0xd7b0 ? LQA_LANGUAGE_KOREAN
         : c >= 0x3040 && c < 0xa000 ? LQA_LANGUAGE_CHINESE_JAPANESE
                                     : LQA_LANGUAGE_NONE;
}

typedef struct listed_word {
  uint64_t packed;    /* 0: an empty slot */
  uint16_t number;    /* of the word */
  uint16_t languages; /* bit k: language k has it */
} listed_word;

struct lqa_language_guesser {
  listed_word slots[1 << SLOT_BITS];
  uint8_t lower[256]; /* of ASCII: the letter or digit in lower case; 0 for all others */
};

/* The slot of a word, or the empty slot where it belongs. */
static size_t find_slot(const lqa_language_guesser *guesser, uint64_t packed) {
  size_t slot = (size_t)(packed * 0x9e3779b97f4a7c15u >> (64 - SLOT_BITS));
  while (guesser->slots[slot].packed && guesser->slots[slot].packed != packed) {
    slot = (slot + 1) & ((1 << SLOT_BITS) - 1);
  }
  return slot;
}

static void add_words(lqa_language_guesser *guesser, int language, uint16_t *n_words) {
  uint64_t packed = 0;
  for (const char *c = WORDS[language] + 1; *c; c++) {
    if (*c != ' ') {
      packed = packed << 8 | (unsigned char)*c;
      continue;
    }
    listed_word *word = &guesser->slots[find_slot(guesser, packed)];
    if (!word->packed) {
      *word = (listed_word){.packed = packed, .number = (*n_words)++};
    }
    word->languages |= (uint16_t)(1u << language);
    packed = 0;
  }
}

lqa_language_guesser *lqa_language_guesser_new(void) {
  lqa_language_guesser *guesser = lqa_calloc(1, sizeof *guesser);
  if (!guesser) {
    return NULL;
  }
  for (uint32_t c = 0; c < 128; c++) {
    bool is_upper = c >= 'A' && c <= 'Z';
    guesser->lower[c] = lqa_unicode_is_word(c) ? (uint8_t)(is_upper ? c + 32 : c) : 0;
  }
  uint16_t n_words = 0;
  for (int k = LQA_LANGUAGE_ENGLISH; k <= LQA_LANGUAGE_TURKISH; k++) {
    add_words(guesser, k, &n_words);
  }
  assert(n_words <= MAX_LISTED);
  return guesser;
}

void lqa_language_guesser_free(lqa_language_guesser *guesser) {
  free(guesser);
}

typedef struct counts {
  bool is_clear;
  int hits[LQA_LANGUAGE_COUNT];   /* different words for Latin languages, letters for scripts */
  int letters;                    /* all of them */
  uint64_t seen[MAX_LISTED / 64]; /* words of the lists that were counted */
} counts;

/* The leader among Latin languages, if it leads clearly with `least` hits or more. */
static lqa_language find_leader(const int *hits, int least) {
  int best = LQA_LANGUAGE_ENGLISH, second = 0;
  for (int k = LQA_LANGUAGE_GERMAN; k <= LQA_LANGUAGE_TURKISH; k++) {
    if (hits[k] > hits[best]) {
      second = hits[best];
      best = k;
    } else if (hits[k] > second) {
      second = hits[k];
    }
  }
  return hits[best] >= least && hits[best] >= 2 * second ? (lqa_language)best : LQA_LANGUAGE_NONE;
}

static void count_word(const lqa_language_guesser *guesser, uint64_t packed, counts *out) {
  const listed_word *word = &guesser->slots[find_slot(guesser, packed)];
  uint64_t bit = (uint64_t)1 << (word->number % 64);
  if (!word->packed || (out->seen[word->number / 64] & bit)) {
    return;
  }
  out->seen[word->number / 64] |= bit;
  for (int k = LQA_LANGUAGE_ENGLISH; k <= LQA_LANGUAGE_TURKISH; k++) {
    out->hits[k] += word->languages >> k & 1;
  }
  out->is_clear = find_leader(out->hits, CLEAR_HITS) != LQA_LANGUAGE_NONE;
}

/* The word that is being read. */
typedef struct word {
  uint64_t packed;
  size_t size;
} word;

static void end_word(const lqa_language_guesser *guesser, word *w, counts *out) {
  if (w->size > 0 && w->size <= MAX_WORD) {
    count_word(guesser, w->packed, out);
  }
  *w = (word){0};
}

/* A character beyond ASCII, which adds to the word or ends it; gives its length. */
static size_t count_multibyte(const lqa_language_guesser *guesser, lqa_str rest, word *w,
                              counts *out) {
  size_t length;
  uint32_t c = lqa_utf8_decode(rest.data, rest.size, &length);
  if (!lqa_unicode_is_word(c)) {
    end_word(guesser, w, out);
    return length;
  }
  lqa_language script = script_of(c);
  out->hits[script] += script != LQA_LANGUAGE_NONE;
  out->letters++;
  for (size_t i = 0; i < length; i++) {
    w->packed = w->packed << 8 | (unsigned char)rest.data[i];
  }
  w->size += length;
  return length;
}

static void count_text(const lqa_language_guesser *guesser, lqa_str text, counts *out) {
  word w = {0};
  for (size_t at = 0; at < text.size && !out->is_clear;) {
    size_t start = at;
    uint64_t packed = w.packed;
    for (uint8_t c; at < text.size && (c = guesser->lower[(unsigned char)text.data[at]]); at++) {
      packed = packed << 8 | c;
    }
    w = (word){packed, w.size + at - start};
    out->letters += (int)(at - start);
    if (at < text.size && (unsigned char)text.data[at] >= 128) {
      at += count_multibyte(guesser, (lqa_str){text.data + at, text.size - at}, &w, out);
    } else {
      end_word(guesser, &w, out);
      at++;
    }
  }
  end_word(guesser, &w, out);
}

lqa_language lqa_language_guess(const lqa_language_guesser *guesser, lqa_str text,
                                lqa_buf *scratch) {
  counts found = {0};
  text.size = text.size < LOOK_BYTES ? text.size : LOOK_BYTES;
  if (lqa_utf8_ascii_prefix(text.data, text.size) < text.size) {
    lqa_buf_reset(scratch);
    lqa_unicode_lower(text, scratch);
    text = lqa_buf_str(scratch);
  }
  count_text(guesser, text, &found);
  for (int k = LQA_LANGUAGE_CYRILLIC; k < LQA_LANGUAGE_COUNT; k++) {
    if (found.hits[k] * 2 > found.letters && found.letters >= MIN_LETTERS) {
      return (lqa_language)k;
    }
  }
  return find_leader(found.hits, MIN_HITS);
}

const char *lqa_language_name(lqa_language language) {
  return NAMES[language];
}
