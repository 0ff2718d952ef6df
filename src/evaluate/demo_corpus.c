/* Each report is a headline and one or two sentences. A slot is filled from the report's own topic,
 * or with a small chance from another topic: that overlap is what makes some reports hard.
 */
#include "evaluate/demo_corpus.h"

#include "base/buf.h"
#include "base/memory.h"
#include "base/rng.h"

enum { N_CLASSES = 4, N_WORDS = 24, STREAM = 201 };

static const char *const class_names[N_CLASSES] = {"World", "Sports", "Business", "Sci/Tech"};

static const char *const actors[N_CLASSES][N_WORDS] = {
    {"the foreign minister",
     "rebel leaders",
     "the president",
     "peacekeepers",
     "the opposition",
     "border guards",
     "the parliament",
     "aid workers",
     "the prime minister",
     "an envoy",
     "the army",
     "election officials",
     "refugees",
     "the ambassador",
     "protesters",
     "a tribunal",
     "the coalition",
     "diplomats",
     "the interior ministry",
     "villagers",
     "the rebels",
     "the king",
     "security forces",
     "the council"},
    {"the home side",     "the striker",      "the champions",   "the coach",
     "the goalkeeper",    "a rookie pitcher", "the sprinter",    "the captain",
     "the top seed",      "the visitors",     "the quarterback", "the cyclist",
     "the national team", "the defender",     "the swimmer",     "the referee",
     "the underdogs",     "the batsman",      "the relay team",  "the league leaders",
     "the golfer",        "the skipper",      "the wing",        "the midfielder"},
    {"the retailer",        "shareholders",  "the central bank",    "the airline",
     "the carmaker",        "analysts",      "the insurer",         "oil traders",
     "the chief executive", "the regulator", "the lender",          "investors",
     "the brewer",          "the exporter",  "the holding company", "auditors",
     "the steelmaker",      "bondholders",   "the pension fund",    "the supplier",
     "the mining group",    "the broker",    "the board",           "economists"},
    {"researchers",       "the space agency",     "engineers",          "the chip designer",
     "a software team",   "astronomers",          "the browser maker",  "biologists",
     "the laboratory",    "programmers",          "the probe",          "the search engine",
     "security experts",  "the telescope crew",   "the robotics group", "chemists",
     "the handset maker", "the network operator", "geneticists",        "the satellite",
     "the game studio",   "physicists",           "the start-up",       "developers"}};

static const char *const acts[N_CLASSES][N_WORDS] = {
    {"agreed to a ceasefire",
     "called for fresh elections",
     "rejected the peace plan",
     "condemned the bombing",
     "signed the border treaty",
     "demanded the release of hostages",
     "voted on sanctions",
     "declared a state of emergency",
     "opened talks in the capital",
     "withdrew troops from the valley",
     "accused a neighbour of shelling",
     "fled the fighting",
     "delayed the referendum",
     "buried victims of the attack",
     "asked for humanitarian aid",
     "recalled the delegation",
     "vowed to restore order",
     "met tribal elders",
     "lifted the curfew",
     "disputed the vote count",
     "urged restraint",
     "freed prisoners",
     "expelled two diplomats",
     "mourned the dead"},
    {"won in extra time",
     "scored twice before the break",
     "set a season record",
     "missed a late penalty",
     "took the gold medal",
     "beat the holders in straight sets",
     "signed a two-year contract with the club",
     "hit a three-run homer",
     "returned from a knee injury",
     "drew away from home",
     "reached the final",
     "lost the opening match",
     "kept a clean sheet",
     "broke the course record",
     "stormed into the playoffs",
     "threw for three touchdowns",
     "was sent off",
     "faced a doping test",
     "retained the title",
     "fought back from two goals down",
     "clinched promotion",
     "dropped out of the tournament",
     "finished on the podium",
     "stretched the winning streak"},
    {"cut the profit forecast",  "raised interest rates",
     "announced a takeover bid", "reported higher quarterly earnings",
     "plans to shed jobs",       "filed for bankruptcy",
     "sold a stake in the unit", "lifted the dividend",
     "saw shares slide",         "settled a pricing lawsuit",
     "posted a record loss",     "agreed on a merger",
     "warned of weak demand",    "bought back stock",
     "won a supply contract",    "missed revenue estimates",
     "refinanced the debt",      "slashed costs",
     "floated on the exchange",  "upgraded the rating",
     "fined the bank",           "hedged fuel prices",
     "restated its accounts",    "opened a factory"},
    {"launched a new satellite",      "patched a security hole",
     "unveiled a faster processor",   "decoded the genome of a moss",
     "released a beta version",       "photographed a distant galaxy",
     "found ice below the surface",   "tested a walking robot",
     "traced the computer virus",     "published the source code",
     "built a tiny sensor",           "demonstrated wireless broadband",
     "mapped the ocean floor",        "upgraded the operating system",
     "measured a faint signal",       "grew cells on a chip",
     "filed a patent on the display", "simulated a hurricane",
     "shipped the handheld console",  "sent a probe past the comet",
     "indexed a billion pages",       "cooled atoms to a standstill",
     "blocked spam with a filter",    "recovered the data"}};

static const char *const places[] = {"in the capital",
                                     "on Monday",
                                     "after a long weekend",
                                     "according to a statement",
                                     "for the second time this year",
                                     "despite criticism",
                                     "as expected",
                                     "late on Friday",
                                     "in front of a large crowd",
                                     "people close to the matter said",
                                     "in a surprise move",
                                     "after weeks of delay",
                                     "at the annual meeting",
                                     "under heavy rain",
                                     "local media reported",
                                     "with little warning"};

static const char *const links[] = {"while", "and", "after", "before", "as", "although"};

struct writer {
  lqa_rng rng;
  int topic;
  lqa_buf text;
};

/* The report's own topic, or one time in eight another. */
static int slot_topic(struct writer *w) {
  return lqa_rng_below(&w->rng, 8) == 0 ? (int)lqa_rng_below(&w->rng, N_CLASSES) : w->topic;
}

static void add_clause(struct writer *w) {
  lqa_buf_add_text(&w->text, actors[slot_topic(w)][lqa_rng_below(&w->rng, N_WORDS)]);
  lqa_buf_add_char(&w->text, ' ');
  lqa_buf_add_text(&w->text, acts[slot_topic(w)][lqa_rng_below(&w->rng, N_WORDS)]);
}

static void write_report(struct writer *w) {
  size_t n_places = sizeof places / sizeof places[0], n_links = sizeof links / sizeof links[0];
  lqa_buf_reset(&w->text);
  add_clause(w);
  lqa_buf_add_char(&w->text, ' ');
  lqa_buf_add_text(&w->text, places[lqa_rng_below(&w->rng, n_places)]);
  if (lqa_rng_below(&w->rng, 4) != 0) {
    lqa_buf_add_text(&w->text, ", ");
    lqa_buf_add_text(&w->text, links[lqa_rng_below(&w->rng, n_links)]);
    lqa_buf_add_char(&w->text, ' ');
    add_clause(w);
  }
  lqa_buf_printf(&w->text, ". Report %llu.", (unsigned long long)lqa_rng_below(&w->rng, 1000000));
  if (!w->text.failed && w->text.data[0] >= 'a') {
    w->text.data[0] = (char)(w->text.data[0] - 32);
  }
}

static lqa_status write_rows(int64_t n_rows, uint64_t seed, lqa_arena *arena, lqa_str *contents,
                             lqa_str *labels) {
  struct writer w = {0};
  lqa_rng_init(&w.rng, seed, STREAM);
  lqa_buf_init(&w.text, 1 << 16);
  lqa_status status = LQA_OK;
  for (int64_t i = 0; i < n_rows; i++) {
    w.topic = (int)lqa_rng_below(&w.rng, N_CLASSES);
    write_report(&w);
    contents[i] = (lqa_str){lqa_arena_copy(arena, w.text.data, w.text.size), w.text.size};
    labels[i] = lqa_str_from(class_names[w.topic]);
    LQA_TRY_OUT(w.text.failed || !contents[i].data ? LQA_NO_MEMORY : LQA_OK);
  }
out:
  lqa_buf_clear(&w.text);
  return status;
}

lqa_status lqa_demo_corpus_make(int64_t n_rows, uint64_t seed, lqa_dataset **out, lqa_error *err) {
  lqa_arena arena;
  lqa_arena_init(&arena);
  lqa_str *contents = lqa_calloc((size_t)n_rows, sizeof *contents);
  lqa_str *labels = lqa_calloc((size_t)n_rows, sizeof *labels);
  lqa_str classes[N_CLASSES];
  for (int k = 0; k < N_CLASSES; k++) {
    classes[k] = lqa_str_from(class_names[k]);
  }
  lqa_status status;
  LQA_TRY_OUT(contents && labels ? LQA_OK : LQA_NO_MEMORY);
  status = write_rows(n_rows, seed, &arena, contents, labels);
out:
  if (status != LQA_OK) {
    status = lqa_fail_memory(err, "making the demo corpus");
  } else {
    status = lqa_dataset_from_arrays(n_rows, contents, labels, classes, N_CLASSES, out, err);
  }
  free(contents);
  free(labels);
  lqa_arena_clear(&arena);
  return status;
}
