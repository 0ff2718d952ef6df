/* base/option.h - option tables: one table per command is the single source of parsing, defaults,
 * help, completion and the man page.
 *
 * A row names an option, says where its value lives in an argument struct (offset) and what it may
 * be. A struct that was zeroed and then initialised from its table is ready to use and owns
 * nothing: defaults are borrowed from the table, which must be static. Values set by name are
 * copied; lqa_option_clear frees what was copied. Do not mix setting by name with pointers put into
 * the struct by hand: a text that is not its row's default is taken for a copy.
 */
#ifndef LQA_BASE_OPTION_H
#define LQA_BASE_OPTION_H

#include "base/buf.h"
#include "base/json.h"
#include "labelqa/text_list.h"

typedef enum lqa_option_kind {
  LQA_OPTION_FLAG,     /* int: 0 or 1; takes no argument on the command line */
  LQA_OPTION_INT,      /* int64_t within [min, max] */
  LQA_OPTION_DOUBLE,   /* double within [min, max] */
  LQA_OPTION_TEXT,     /* const char *, NULL when not given */
  LQA_OPTION_CHOICE,   /* const char *, one of choices ("auto|yes|no") */
  LQA_OPTION_SIZE,     /* uint64_t bytes: "64MB", "2GB", "512KiB", "1000" */
  LQA_OPTION_TEXT_LIST /* lqa_text_list; repeatable; split at commas where split_commas */
} lqa_option_kind;

typedef struct lqa_option {
  const char *name; /* "max-features"; NULL ends a table */
  lqa_option_kind kind;
  size_t offset;                   /* of the field in the argument struct */
  const char *default_value;       /* as a user would type it; NULL = not given / 0 */
  const char *const *default_list; /* TEXT_LIST whose default_value has several items: the same,
                                    * item by item, closed by NULL */
  double min, max;                 /* INT and DOUBLE; both 0 = no bounds */
  const char *choices;             /* CHOICE: "a|b|c" */
  const char *argument;            /* placeholder in help: "COL", "N" */
  const char *help;                /* one sentence, no full stop needed */
  const char *group;               /* heading in help; NULL = "Options" */
  bool split_commas;       /* TEXT_LIST: "A,B" adds two items (CSV quoting inside is honoured) */
  bool required;           /* texts and lists only */
  const char *environment; /* TEXT: variable to take an unset value from (lqa_option_fill) */
  bool environment_only;   /* not an option at all: never parsed, never in help (keys) */
} lqa_option;

/* Fills the defaults into zeroed `args`; allocates nothing. LQA_INTERNAL if one does not parse. */
LQA_MUST_CHECK lqa_status lqa_option_init(const lqa_option *table, void *args, lqa_error *err);
/* Sets one option from text; a list option appends (its default, if any, is dropped first). `name`
 * accepts "max-features" and "max_features". LQA_BAD_USAGE names option, value, what was expected,
 * and the nearest option name for an unknown one. value NULL is allowed for flags (means 1). */
LQA_MUST_CHECK lqa_status lqa_option_set(const lqa_option *table, void *args, const char *name,
                                         const char *value, lqa_error *err);
/* For every TEXT row with an `environment` whose field is still NULL: sets it to
 * lookup(environment) if that is not NULL or empty. Front ends pass getenv; the library itself
 * reads no environment. */
LQA_MUST_CHECK lqa_status lqa_option_fill(const lqa_option *table, void *args,
                                          char *(*lookup)(const char *name), lqa_error *err);
/* Frees all texts and lists that were set by name; the table's fields are zeroed. */
void lqa_option_clear(const lqa_option *table, void *args);
/* NULL if there is none; rows that only the environment sets are not found. */
const lqa_option *lqa_option_find(const lqa_option *table, const char *name);

/* After parsing: LQA_BAD_USAGE if a required option is missing. */
LQA_MUST_CHECK lqa_status lqa_option_check(const lqa_option *table, const void *args,
                                           lqa_error *err);

/* The options' part of --help, grouped, wrapped to `width` columns, with defaults and choices. */
void lqa_option_help(const lqa_option *table, int width, lqa_buf *out);
/* The same as roff (man) paragraphs; and as words for shell completion, one "--name" a line. */
void lqa_option_man(const lqa_option *table, lqa_buf *out);
void lqa_option_words(const lqa_option *table, lqa_buf *out);
/* One object a row, as items of the array that is open. */
void lqa_option_json(const lqa_option *table, lqa_json *json);

#endif
