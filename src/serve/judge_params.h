/* serve/judge_params.h - the options of labelqa judge that the page may set. */
#ifndef LQA_SERVE_JUDGE_PARAMS_H
#define LQA_SERVE_JUDGE_PARAMS_H

#define LQA_JUDGE_PARAMS                                                                         \
  {"model", LQA_PARAM_TEXT, "the model to ask", .min = 1, .max = 200},                           \
      {"protocol", LQA_PARAM_CHOICE, "show the given label or not", .choices = "verify|blind"},  \
      {"budget", LQA_PARAM_INT, "rows in all, spread in phases", .min = 1, .max = 1e9},          \
      {"top", LQA_PARAM_INT, "suspicious rows", .min = 0, .max = 1e9},                           \
      {"sample_unflagged", LQA_PARAM_INT, "other rows, at random", .min = 0, .max = 1e9},        \
      {"max_calls", LQA_PARAM_INT, "requests at most", .min = 0, .max = 1e12},                   \
      {"price", LQA_PARAM_TEXT, "IN,OUT: US dollars per million tokens, as 0.15,0.6", .max = 60, \
       .pattern = "^[0-9]{1,4}(\\.[0-9]{1,9})?,[0-9]{1,4}(\\.[0-9]{1,9})?$"},                    \
  {                                                                                              \
    "concurrency", LQA_PARAM_INT, "requests open at a time", .min = 1, .max = 1024               \
  }

#endif
