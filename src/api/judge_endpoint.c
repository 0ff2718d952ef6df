/* Keys and endpoints come in pairs: LLM_API_KEY with LLM_BASE_URL, else OPENAI_API_KEY with
 * OPENAI_BASE_URL, and LLM_API_KEY_2 with --second-base-url. A second judge without an endpoint of
 * its own is asked at the first one's, with the first one's key. No key ever goes to another
 * endpoint.
 */
#include "api/judge_endpoint.h"

#include "base/file.h"
#include "judge/endpoint.h"
#include "judge/price.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define OPENAI_URL "https://api.openai.com/v1"

enum { MAX_TABLE_BYTES = 16 << 20 };

static lqa_status set_first(const lqa_judge_args *args, lqa_judge_endpoint *out, lqa_error *err) {
  if (args->llm_key || args->llm_base_url) {
    if (!args->llm_base_url) {
      return lqa_fail(err, LQA_BAD_USAGE,
                      "LLM_API_KEY is set but LLM_BASE_URL is not: they belong together (or use "
                      "OPENAI_API_KEY for OpenAI)");
    }
    out->base_url = args->llm_base_url;
    out->key = args->llm_key;
    return LQA_OK;
  }
  out->base_url = args->openai_base_url ? args->openai_base_url : OPENAI_URL;
  out->key = args->openai_key;
  return LQA_OK;
}

/* The same endpoint in two spellings is the same endpoint. */
static lqa_status is_same_url(const char *a, const char *b, bool *same, lqa_error *err) {
  char *first = NULL, *second = NULL;
  LQA_TRY(lqa_endpoint_normalise(a, &first, err));
  lqa_status status = lqa_endpoint_normalise(b, &second, err);
  *same = status == LQA_OK && strcmp(first, second) == 0;
  free(first);
  free(second);
  return status;
}

static lqa_status set_second(const lqa_judge_args *args, const lqa_judge_endpoint *first,
                             lqa_judge_endpoint *out, lqa_error *err) {
  bool same = true;
  *out = *first;
  if (args->second_base_url) {
    LQA_TRY(is_same_url(args->second_base_url, first->base_url, &same, err));
    out->base_url = args->second_base_url;
    out->key = args->second_key ? args->second_key : same ? first->key : NULL;
  }
  out->model = args->second_model;
  return LQA_OK;
}

/* The user's price table: --prices, else <config>/labelqa/prices.json if it is there. */
static char *table_path(const lqa_judge_args *args) {
  char *path = NULL;
  if (args->prices) {
    return strdup(args->prices);
  }
  if ((args->config_home || args->home) &&
      asprintf(&path, "%s%s/labelqa/prices.json",
               args->config_home ? args->config_home : args->home,
               args->config_home ? "" : "/.config") < 0) {
    return NULL;
  }
  if (path && !lqa_path_exists(path)) {
    free(path);
    path = NULL;
  }
  return path;
}

static lqa_status find_price(const lqa_judge_args *args, const char *given, lqa_judge_endpoint *out,
                             lqa_error *err) {
  double price[2] = {NAN, NAN};
  lqa_status status = LQA_OK;
  if (given) {
    status = lqa_price_parse(given, price, err);
  } else {
    lqa_buf table;
    lqa_buf_init(&table, MAX_TABLE_BYTES);
    char *path = table_path(args);
    status = path ? lqa_file_load(path, &table, err) : LQA_OK;
    if (status == LQA_OK) {
      lqa_str text = path ? lqa_buf_str(&table) : (lqa_str){NULL, 0};
      status = lqa_price_find(text, path, out->model, price, err);
    }
    free(path);
    lqa_buf_clear(&table);
  }
  out->price_in = price[0];
  out->price_out = price[1];
  return status;
}

static const char *proxy_for(const lqa_judge_args *args, const char *base_url) {
  const char *own = strncmp(base_url, "http:", 5) == 0 ? args->http_proxy : args->https_proxy;
  return own ? own : args->all_proxy;
}

lqa_status lqa_judge_set_endpoints(const lqa_judge_args *args, lqa_judge_options *options,
                                   lqa_error *err) {
  lqa_judge_endpoint *judges = options->judges;
  LQA_TRY(set_first(args, &judges[0], err));
  judges[0].model = args->model;
  options->proxy = proxy_for(args, judges[0].base_url);
  options->no_proxy = args->no_proxy;
  options->n_judges = args->second_model ? 2 : 1;
  if (args->second_base_url && !args->second_model) {
    return lqa_fail(err, LQA_BAD_USAGE,
                    LQA_OPTION("second_base_url") " needs " LQA_OPTION("second_model"));
  }
  LQA_TRY(find_price(args, args->price, &judges[0], err));
  if (options->n_judges == 2) {
    LQA_TRY(set_second(args, &judges[0], &judges[1], err));
    LQA_TRY(find_price(args, args->second_price, &judges[1], err));
  }
  return LQA_OK;
}

const char *lqa_judge_price_origin(const lqa_judge_args *args, int judge, double price_in) {
  const char *given = judge ? args->second_price : args->price;
  return given ? "as given" : isnan(price_in) ? "not known" : "by the price table";
}

lqa_status lqa_judge_cache_path(const lqa_judge_args *args, lqa_arena *arena, const char **path,
                                lqa_error *err) {
  if (args->cache) {
    *path = args->cache;
    return LQA_OK;
  }
  if (!args->cache_home && !args->home) {
    return lqa_fail(
        err, LQA_BAD_USAGE,
        "neither XDG_CACHE_HOME nor HOME is set, so paid answers cannot be kept: name a "
        "file with " LQA_OPTION("cache"));
  }
  *path = args->cache_home ? lqa_arena_printf(arena, "%s/labelqa/judge.db", args->cache_home)
                           : lqa_arena_printf(arena, "%s/.cache/labelqa/judge.db", args->home);
  return *path ? LQA_OK : lqa_fail_memory(err, "opening the judge's cache");
}

bool lqa_judge_is_local(const char *base_url) {
  char *url = NULL;
  lqa_error ignored;
  bool is_local =
      lqa_endpoint_normalise(base_url, &url, &ignored) == LQA_OK && lqa_endpoint_is_loopback(url);
  free(url);
  return is_local;
}

lqa_status lqa_judge_check_price(const lqa_judge_args *args, const lqa_judge_options *options,
                                 lqa_error *err) {
  for (int j = 0; j < options->n_judges && args->max_calls < 0; j++) {
    const lqa_judge_endpoint *e = &options->judges[j];
    if (isnan(e->price_in) && !lqa_judge_is_local(e->base_url)) {
      return lqa_fail(err, LQA_BAD_USAGE,
                      "the price of '%s' is not known: give " LQA_OPTION(
                          "%s") " IN,OUT (USD per million tokens; 0,0 "
                                "for a server of your own) or " LQA_OPTION("max_calls"),
                      e->model, j ? "second_price" : "price");
    }
  }
  return LQA_OK;
}
