/* judge/judge.h - a language model looks at suspicious rows: the one header of this layer that the
 * bridge needs.
 *
 *     lqa_judge_plan *plan;
 *     lqa_judge_plan_new(&input, &options, &plan, err);   // reads the cache, spends nothing
 *     lqa_judge_plan_numbers(plan);                       // what it would cost
 *     lqa_judge_ask(plan, NULL, err);                     // spends
 *     lqa_judge_apply(plan, &sink, &summary, err);         // verdicts, agreement, counts
 *     lqa_judge_plan_free(plan);
 *
 * Money rules, all of them fail closed: no request starts that could pass a budget when every open
 * request is counted at its upper bound; an answer that was paid for is on disk before its slot
 * asks again; what is in the cache is never asked again; two processes never ask the same thing at
 * once.
 *
 * The layer prints nothing and reads no environment: keys come in through lqa_judge_endpoint and go
 * out in one HTTP header, nowhere else.
 */
#ifndef LQA_JUDGE_JUDGE_H
#define LQA_JUDGE_JUDGE_H

#include "base/interval.h"
#include "base/observer.h"
#include "base/status.h"
#include "base/str.h"
#include "judge/unknown.h"
#include "judge/judge_verdict.h"

typedef enum lqa_judge_protocol { LQA_PROTOCOL_VERIFY, LQA_PROTOCOL_BLIND } lqa_judge_protocol;

/* Why a row is asked about. */
typedef enum lqa_judge_kind {
  LQA_JUDGE_SUSPICIOUS, /* flagged, or marked by an error finding */
  LQA_JUDGE_RANDOM,     /* drawn at random among the unsuspected */
  LQA_JUDGE_EVERY,      /* mode label: all rows */
  LQA_JUDGE_KIND_COUNT
} lqa_judge_kind;

enum { LQA_JUDGE_NO_CLASS = -1, LQA_JUDGE_MAX_JUDGES = 2 };

typedef struct lqa_judge_class {
  lqa_str name;
  lqa_str note; /* what belongs in it, or NULL data */
} lqa_judge_class;

/* One row to ask about. Texts are borrowed until the plan is freed. */
typedef struct lqa_judge_item {
  int64_t row; /* row number in the run */
  lqa_str key; /* the row's key: its id, or its content hash */
  lqa_str text;
  int32_t label; /* given class; LQA_JUDGE_NO_CLASS only in the blind protocol */
  lqa_judge_kind kind;
  double inclusion; /* probability with which the row was chosen, (0, 1] */
  int32_t stratum;  /* given class, or -1 */
  bool is_flagged;  /* by confident learning: for agreement on the overlap */
  int32_t decided;  /* class a person decided, or LQA_JUDGE_NO_CLASS: measures the judges */
} lqa_judge_item;

typedef struct lqa_judge_input {
  const lqa_judge_item *items;
  size_t n_items;
  const lqa_judge_class *classes;
  size_t n_classes;
} lqa_judge_input;

/* One judge. Texts are borrowed until the plan is freed; the key is never copied anywhere but into
 * the Authorization header. */
typedef struct lqa_judge_endpoint {
  const char *base_url; /* "http://localhost:11434/v1"; joined exactly once */
  const char *model;
  const char *key;            /* NULL = no Authorization header */
  double price_in, price_out; /* USD per million tokens; NaN = unknown */
} lqa_judge_endpoint;

typedef struct lqa_judge_options {
  lqa_judge_endpoint judges[LQA_JUDGE_MAX_JUDGES];
  int n_judges;
  lqa_judge_protocol protocol;
  const char *template_text; /* NULL = built in; see prompt.h */
  const char *template_name; /* for messages */
  int64_t max_text_chars;    /* longer texts are cut in the middle; default 6000 */
  uint64_t seed;             /* order of classes in the blind protocol */
  int64_t max_calls;         /* < 0 = planned requests plus a fifth */
  double max_cost_usd;       /* NaN = no limit */
  int concurrency;           /* requests in flight per endpoint at most, default 8 */
  double timeout_seconds;    /* one request, default 60 */
  double connect_seconds;    /* default 10 */
  int max_tries;             /* per row, default 5 */
  double backoff_seconds;  /* first wait after a failure, doubles up to 16 times it; default 0.5 */
  double max_wait_seconds; /* longest Retry-After that is honoured, default 120 */
  double drain_seconds;    /* how long open requests may still answer after a cancel, default 20 */
  int64_t max_output_tokens;    /* 0 = 256 + the longest class name's bytes */
  double temperature, top_p;    /* default 0 and 1 */
  int64_t request_seed;         /* sent as "seed", default 0 */
  const char *reasoning_effort; /* sent as is; NULL = not sent */
  bool retry_unknown;           /* ask cached UNKNOWN rows again */
  double max_unknown;           /* a larger share of UNKNOWN ends the run; default 0.5 */
  int repeats;                  /* k of k-repeat self-agreement, 1 = off */
  int64_t repeat_rows;          /* how many rows are repeated, default 50 */
  const char *cache_path;       /* NULL = in memory: nothing is kept */
  const char *ca_file;          /* PEM bundle; NULL = the system's */
  const char *proxy;            /* NULL or "" = none */
  const char *no_proxy;         /* hosts that need none, comma-separated; NULL = none */
  size_t max_body_bytes;        /* larger replies are refused, default 4 MB */
  const lqa_observer *observer;
  /* Hears every answer that comes from the endpoint; NULL = nobody. */
  void (*answered)(void *data, int64_t row, const char *verdict, const char *corrected);
  void *answered_data;
} lqa_judge_options;

void lqa_judge_options_init(lqa_judge_options *options);

/* How requests travel; NULL = HTTP through libcurl. See transport.h. */
typedef struct lqa_transport lqa_transport;

typedef struct lqa_judge_plan lqa_judge_plan;

/* What a plan amounts to before anything is spent. */
typedef struct lqa_judge_numbers {
  int64_t rows[LQA_JUDGE_KIND_COUNT]; /* by kind */
  int64_t planned;                    /* rows in all */
  int64_t requests;                   /* rows x judges, and repeats */
  int64_t cached;                     /* of those, answered by the cache */
  int64_t shared;                     /* of those, the same question as another row's */
  int64_t in_batch;                   /* of those, waiting in a submitted batch */
  int64_t to_ask;                     /* what is left */
  int64_t cut_texts;                  /* rows whose text was cut */
  int64_t tokens_in, tokens_out;      /* of to_ask, estimated at 4 bytes a token and 16 out */
  double cost_usd;                    /* estimated; NaN where a price is unknown */
  double cost_bound_usd;              /* cannot be passed in one try each; NaN likewise */
  int64_t max_calls;                  /* the budget in force */
} lqa_judge_numbers;

/* Validates options and items, renders every prompt, looks each one up in the cache. Errors:
 * LQA_BAD_USAGE (endpoint, template, price missing for a cost limit), LQA_BAD_FILE (cache). */
LQA_MUST_CHECK lqa_status lqa_judge_plan_new(const lqa_judge_input *input,
                                             const lqa_judge_options *options,
                                             lqa_judge_plan **plan, lqa_error *err);
void lqa_judge_plan_free(lqa_judge_plan *plan);
const lqa_judge_numbers *lqa_judge_plan_numbers(const lqa_judge_plan *plan);
/* Appends the exact system and user message of the first item, each under a "--- name ---" line. */
struct lqa_buf;
LQA_MUST_CHECK lqa_status lqa_judge_plan_prompt(const lqa_judge_plan *plan, struct lqa_buf *out,
                                                lqa_error *err);

/* Asks what is left. LQA_BAD_USAGE where a key is missing. LQA_OK when every request was answered;
 * LQA_BAD_ENDPOINT, LQA_OUT_OF_BUDGET and LQA_INTERRUPTED leave everything that was answered in the
 * plan and the cache: fold it all the same. */
LQA_MUST_CHECK lqa_status lqa_judge_ask(lqa_judge_plan *plan, lqa_transport *transport,
                                        lqa_error *err);

/* One answer of one judge, valid during the call. */
typedef struct lqa_judge_answer {
  const lqa_judge_item *item;
  size_t index; /* of the item */
  int judge;    /* 0 or 1 */
  int repeat;   /* 0 is the one that counts */
  lqa_verdict verdict;
  int32_t corrected; /* class, LQA_JUDGE_NO_CLASS unless NO */
  const char *why;   /* for UNKNOWN: a short reason, else "" */
  lqa_str raw;       /* the reply as it came (keys blanked out) */
  const char *model, *base_url, *reply_model, *prompt_hash, *asked_utc;
  int64_t tokens_in, tokens_out;
  double cost_usd; /* NaN = price unknown */
  bool cached;     /* no money was spent on it in this run */
} lqa_judge_answer;

/* The verdict on one row, after both judges; rows that stayed unanswered are not told. */
typedef struct lqa_judge_row {
  const lqa_judge_item *item;
  size_t index;
  lqa_verdict verdict;
  int32_t corrected;
} lqa_judge_row;

typedef struct lqa_judge_sink {
  void *data;
  lqa_status (*answer)(void *data, const lqa_judge_answer *answer,
                       lqa_error *err);                                    /* may be NULL */
  lqa_status (*row)(void *data, const lqa_judge_row *row, lqa_error *err); /* may be NULL */
} lqa_judge_sink;

/* A share with its Wilson 95 % interval; NaN where its n is 0. */
typedef struct lqa_judge_rate {
  int64_t hits;
  lqa_interval share;
} lqa_judge_rate;

/* What one judge said, and how well it did where people decided. */
typedef struct lqa_judge_score {
  int64_t yes, no, unknown;
  lqa_judge_rate sensitivity;    /* NO among rows whose label people changed */
  lqa_judge_rate false_alarm;    /* NO among rows whose label people kept */
  lqa_judge_rate self_agreement; /* rows whose repeats all gave the same verdict and correction */
  char reply_model[128]; /* the model that answered, by its own word; "" if it did not say */
  int64_t other_model;   /* answers from a model that was not asked for, made UNKNOWN */
} lqa_judge_score;

typedef struct lqa_judge_summary {
  int64_t planned, judged, yes, no, unknown; /* rows */
  int64_t unanswered, in_batch;              /* rows */
  int64_t cached, calls, errors; /* requests: from cache, paid, refused with an error status */
  int64_t booked;                /* of calls: without usage, charged at their bound */
  int64_t lost;                  /* claims left by runs that were killed: maybe paid */
  int64_t truncated;             /* answers cut by the token limit */
  int64_t tokens_in, tokens_out; /* of calls */
  double cost_usd;               /* of calls; NaN = price unknown */
  double agreement, kappa;       /* of two judges; NaN with one */
  double overlap_agreement, overlap_kappa; /* confident learning and judge, weighted, or NaN */
  int64_t overlap_rows;
  lqa_judge_rate random_error; /* NO among the judged random sample */
  bool advise_relabel;         /* its interval lies above 30 % */
  bool same_family;            /* both judges come from one maker */
  lqa_judge_score judges[LQA_JUDGE_MAX_JUDGES];
  lqa_unknown_notes unknown_notes;
  char dropped_fields[256]; /* request fields the endpoints refused, for the manifest */
} lqa_judge_summary;

/* Combines the judges' answers, tells them to `sink` (NULL allowed) in item order, fills `summary`.
 */
LQA_MUST_CHECK lqa_status lqa_judge_apply(lqa_judge_plan *plan, const lqa_judge_sink *sink,
                                          lqa_judge_summary *summary, lqa_error *err);

/* Removes the judges' answers from the cache; *n tells how many. */
LQA_MUST_CHECK lqa_status lqa_judge_forget(const lqa_judge_options *options, int64_t *n,
                                           lqa_error *err);

const char *lqa_judge_kind_name(lqa_judge_kind kind); /* "suspicious", "random", "every" */

#endif
