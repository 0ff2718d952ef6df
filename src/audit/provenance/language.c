/* audit/provenance/language.c - scripts by code point, Latin languages by their function words.
 *
 * A dozen words (the, der, les ...) make up a quarter of running text in any language, so a few
 * hits tell languages apart without a model or data files. It is no language identifier: it says
 * nothing of short texts and mixes up close relatives, in which case neither leads and the answer
 * is NONE.
 */
#include "audit/provenance/language.h"

#include "base/map.h"
#include "base/unicode.h"
#include "base/vec.h"

enum { LOOK_BYTES = 1000, MIN_LETTERS = 8, MIN_HITS = 3, MAX_WORD = 16, MAX_LISTED = 512 };

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

struct lqa_language_guesser {
  lqa_map *words;
  LQA_VEC(uint16_t) languages; /* per word, bit k = language k has it */
};

static lqa_status add_words(lqa_language_guesser *guesser, int language) {
  const char *list = WORDS[language] + 1;
  for (const char *end = strchr(list, ' '); end; list = end + 1, end = strchr(list, ' ')) {
    uint32_t word;
    bool added;
    LQA_TRY(lqa_map_add(guesser->words, (lqa_str){list, (size_t)(end - list)}, &word, &added));
    if (added) {
      LQA_TRY(lqa_vec_push(&guesser->languages, 0));
    }
    guesser->languages.data[word] |= (uint16_t)(1u << language);
  }
  return LQA_OK;
}

lqa_language_guesser *lqa_language_guesser_new(void) {
  lqa_language_guesser *guesser = lqa_calloc(1, sizeof *guesser);
  lqa_status status = guesser ? LQA_OK : LQA_NO_MEMORY;
  if (guesser) {
    guesser->words = lqa_map_new(false);
    status = guesser->words ? LQA_OK : LQA_NO_MEMORY;
  }
  for (int k = LQA_LANGUAGE_ENGLISH; status == LQA_OK && k <= LQA_LANGUAGE_TURKISH; k++) {
    status = add_words(guesser, k);
  }
  if (status != LQA_OK) {
    lqa_language_guesser_free(guesser);
    guesser = NULL;
  }
  return guesser;
}

void lqa_language_guesser_free(lqa_language_guesser *guesser) {
  if (guesser) {
    lqa_map_free(guesser->words);
    lqa_vec_clear(&guesser->languages);
    free(guesser);
  }
}

typedef struct counts {
  int hits[LQA_LANGUAGE_COUNT];   /* different words for Latin languages, letters for scripts */
  int letters;                    /* all of them */
  uint64_t seen[MAX_LISTED / 64]; /* words of the lists that were counted */
} counts;

static void count_word(const lqa_language_guesser *guesser, lqa_str word, counts *out) {
  int64_t number = word.size <= MAX_WORD ? lqa_map_find(guesser->words, word) : -1;
  if (number < 0 || number >= MAX_LISTED || out->seen[number / 64] >> (number % 64) & 1) {
    return;
  }
  out->seen[number / 64] |= (uint64_t)1 << (number % 64);
  unsigned languages = guesser->languages.data[number];
  for (int k = LQA_LANGUAGE_ENGLISH; k <= LQA_LANGUAGE_TURKISH; k++) {
    out->hits[k] += languages >> k & 1;
  }
}

static void count_text(const lqa_language_guesser *guesser, lqa_str lower, counts *out) {
  size_t start = 0;
  for (size_t at = 0, length; at < lower.size; at += length) {
    uint32_t c = lqa_utf8_decode(lower.data + at, lower.size - at, &length);
    if (lqa_unicode_is_word(c)) {
      lqa_language script = script_of(c);
      out->letters++;
      out->hits[script] += script != LQA_LANGUAGE_NONE;
    } else {
      count_word(guesser, (lqa_str){lower.data + start, at - start}, out);
      start = at + length;
    }
  }
  count_word(guesser, (lqa_str){lower.data + start, lower.size - start}, out);
}

/* The leader among Latin languages, if it leads clearly. */
static lqa_language find_leader(const int *hits) {
  int best = LQA_LANGUAGE_ENGLISH, second = 0;
  for (int k = LQA_LANGUAGE_GERMAN; k <= LQA_LANGUAGE_TURKISH; k++) {
    if (hits[k] > hits[best]) {
      second = hits[best];
      best = k;
    } else if (hits[k] > second) {
      second = hits[k];
    }
  }
  return hits[best] >= MIN_HITS && hits[best] >= 2 * second ? (lqa_language)best
                                                            : LQA_LANGUAGE_NONE;
}

lqa_language lqa_language_guess(const lqa_language_guesser *guesser, lqa_str text,
                                lqa_buf *scratch) {
  counts found = {{0}, 0, {0}};
  text.size = text.size < LOOK_BYTES ? text.size : LOOK_BYTES;
  lqa_buf_reset(scratch);
  lqa_unicode_lower(text, scratch);
  count_text(guesser, lqa_buf_str(scratch), &found);
  for (int k = LQA_LANGUAGE_CYRILLIC; k < LQA_LANGUAGE_COUNT; k++) {
    if (found.hits[k] * 2 > found.letters && found.letters >= MIN_LETTERS) {
      return (lqa_language)k;
    }
  }
  return find_leader(found.hits);
}

const char *lqa_language_name(lqa_language language) {
  return NAMES[language];
}
