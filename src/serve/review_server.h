/* serve/review_server.h - the review server: one run, the routes over it, and work that takes long.
 *
 * Everything that touches the review runs on the HTTP server's thread. What takes seconds or hours
 * (a judge, the run's files made again) runs on a thread of its own, one at a time, through the
 * functions of `work`, which open the run for themselves; the review reads the run again after.
 */
#ifndef LQA_SERVE_REVIEW_SERVER_H
#define LQA_SERVE_REVIEW_SERVER_H

#include "review/queue.h"
#include "review/row_json.h"
#include "serve/http_access.h"
#include "serve/route.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct lqa_serve_setting {
  const char *name, *value; /* an option of labelqa judge, as typed */
} lqa_serve_setting;

typedef struct lqa_serve_answer {
  int64_t row;
  const char *verdict, *corrected; /* corrected: NULL = none */
} lqa_serve_answer;

typedef struct lqa_serve_judge {
  const lqa_serve_setting *settings;
  size_t n_settings;
  bool spend; /* else the plan alone */
  const lqa_observer *observer;
  void (*answered)(void *data, const lqa_serve_answer *answer);
  void *data;
} lqa_serve_judge;

/* What commands do, for the server; `json` gets their result. */
typedef struct lqa_serve_work {
  void *data;
  lqa_status (*judge)(void *data, const lqa_serve_judge *what, lqa_buf *json, lqa_error *err);
  lqa_status (*report)(void *data, lqa_buf *json, lqa_error *err);
} lqa_serve_work;

typedef struct lqa_serve_options {
  lqa_review_options review;
  int port;
  const char *reviewer;   /* for requests and pages that name none; NULL = none */
  const char *guidelines; /* a text for reviewers; NULL = none */
  const char *against;    /* an older run, for the page Versions; NULL = none */
  lqa_serve_work work;
} lqa_serve_options;

typedef enum lqa_job_kind { LQA_JOB_PLAN, LQA_JOB_JUDGE, LQA_JOB_REPORT } lqa_job_kind;

typedef struct lqa_job {
  lqa_job_kind kind;
  lqa_http_ticket *ticket; /* whom to answer when it ends; NULL = nobody */
  lqa_arena arena;         /* of the settings */
  lqa_serve_setting *settings;
  size_t n_settings;
  volatile int cancelled;
  pthread_t thread;
  bool has_thread;
  atomic_bool is_running;
  _Atomic int64_t judged, planned, yes, no, unknown; /* of a judge, so far */
} lqa_job;

struct lqa_server {
  lqa_serve_options options;
  char token[LQA_HTTP_TOKEN_SIZE];
  const char *name; /* of the run */
  const char *folder;
  lqa_review *review;
  lqa_near *near;
  lqa_http *http;
  lqa_job job;
  atomic_bool needs_reload;
  lqa_buf report; /* report.json as the files have it */
  lqa_buf diff;   /* labelqa.diff/1 against the older run, as of then */
  lqa_view view;  /* of the latest GET /api/rows, and for what it was made */
  char *view_key;
  int64_t view_version;
};

/* Opens the run and listens. */
LQA_MUST_CHECK lqa_status lqa_server_start(const char *folder, const lqa_serve_options *options,
                                           lqa_server **out, lqa_error *err);
/* "http://127.0.0.1:PORT/?token=HEX"; valid as long as the server. */
void lqa_server_address(const lqa_server *server, char *out, size_t size);
/* Ends what runs, then all connections. */
void lqa_server_stop(lqa_server *server);

/* Starts a job. False: another one runs, and `answer` says so (409). `body` holds the settings of a
 * judge; the members named in `except` (closed by NULL) are none. */
bool lqa_job_start(lqa_server *server, lqa_job_kind kind, const lqa_json_node *body,
                   const char *const *except, lqa_http_ticket *ticket, lqa_http_answer *answer);
void lqa_job_stop(lqa_server *server); /* asks it to end */
void lqa_job_join(lqa_server *server); /* waits for its end */
/* {"running", "judged", "planned", "yes", "no", "unknown"} */
void lqa_job_write(const lqa_job *job, lqa_json *json);

/* Makes the state fit again after a job or another command. */
LQA_MUST_CHECK lqa_status lqa_server_refresh(lqa_server *server, lqa_error *err);
/* The view that a page asks for first, so that it need not wait. */
LQA_MUST_CHECK lqa_status lqa_server_first_view(lqa_server *server, lqa_error *err);
/* Tells pages that the state has changed: event "decision" with the row's number, or "report". */
void lqa_server_tell(lqa_server *server, const char *event, int64_t row);

/* Number of the reviewer named in `body`, or of options.reviewer; false: refused. */
bool lqa_server_reviewer(lqa_server *server, const lqa_json_node *body, int32_t *number,
                         lqa_http_answer *answer);
/* Rows are shown without their labels. */
bool lqa_server_is_blind(const lqa_server *server, int64_t row);

/* Parameters that several routes share, and their values. */
#define LQA_FILTER_PARAMS                                                                       \
  {"action", LQA_PARAM_CHOICE, "review_action of the row",                                      \
   .choices = "relabel|keep (ambiguous)|needs_review|keep"},                                    \
      {"label", LQA_PARAM_TEXT, "the given label, a class", .names = LQA_NAMES_CLASS,           \
       .may_be_empty = true},                                                                   \
      {"suggested", LQA_PARAM_TEXT, "the suggested label, a class", .names = LQA_NAMES_CLASS,   \
       .may_be_empty = true},                                                                   \
      {"predicted", LQA_PARAM_TEXT, "the predicted label, a class", .names = LQA_NAMES_CLASS,   \
       .may_be_empty = true},                                                                   \
      {"finding", LQA_PARAM_TEXT, "id of a finding that marks the row",                         \
       .names = LQA_NAMES_FINDING, .may_be_empty = true},                                       \
      {"annotator", LQA_PARAM_TEXT, "who gave the label", .names = LQA_NAMES_ANNOTATOR},        \
      {"split", LQA_PARAM_TEXT, "value of the split column", .names = LQA_NAMES_SPLIT},         \
      {"group", LQA_PARAM_TEXT, "value of the group column", .names = LQA_NAMES_GROUP},         \
      {"source_file", LQA_PARAM_TEXT, "file that the row came from", .names = LQA_NAMES_FILE,   \
       .may_be_empty = true},                                                                   \
      {"decided", LQA_PARAM_CHOICE, "whether a person decided the row", .choices = "yes|no"}, { \
    "q", LQA_PARAM_TEXT, "text in the content, in any case of A to Z", .max = 1000              \
  }
lqa_view_filter lqa_filter_of_query(const lqa_route_call *call);
lqa_view_filter lqa_filter_of_body(const lqa_json_node *object);

/* A file of the page that is built into the program. */
typedef struct lqa_page_file {
  const char *path, *content_type;
  const unsigned char *bytes;
  size_t size;
} lqa_page_file;
extern const lqa_page_file lqa_page_files[]; /* made by the build from web/dist; path NULL ends */

#endif
