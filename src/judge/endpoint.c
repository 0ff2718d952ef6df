/* judge/endpoint.c - see endpoint.h.
 *
 * Users give the base URL with or without "/v1", with or without a slash, sometimes the whole path:
 * all become one form, because the form is part of the cache's key and the same endpoint must not
 * be paid twice for being spelled in two ways. A URL that ends in "/chat/completions" is used as it
 * was given: some endpoints have no "/v1".
 *
 * Azure has its own header for keys and wants "?api-version=" on every request; its newer API needs
 * neither version nor deployment and lives under "/openai/v1".
 */
#include "judge/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { MAX_URL_BYTES = 2048, MIN_SECRET_BYTES = 8 };

static lqa_status refuse(lqa_error *err, const char *why) {
  return lqa_fail(err, LQA_BAD_USAGE, "the judge's base URL %s", why);
}

/* Where the authority starts, or NULL. */
static const char *authority_of(const char *url) {
  if (strncasecmp(url, "http://", 7) == 0) {
    return url + 7;
  }
  return strncasecmp(url, "https://", 8) == 0 ? url + 8 : NULL;
}

static bool query_has_secret(const char *query) {
  static const char *const words[] = {"key", "token", "secret", "sig", "password"};
  for (size_t i = 0; query && i < sizeof words / sizeof *words; i++) {
    if (strcasestr(query, words[i])) {
      return true;
    }
  }
  return false;
}

static lqa_status check_url(const char *url, lqa_error *err) {
  const char *authority = authority_of(url);
  if (!authority || !*authority || *authority == '/') {
    return refuse(err, "must begin with http:// or https:// and name a host");
  }
  if (strlen(url) > MAX_URL_BYTES) {
    return refuse(err, "is longer than 2048 bytes");
  }
  for (const char *c = url; *c; c++) {
    if ((unsigned char)*c <= ' ' || *c == 127 || *c == '#') {
      return refuse(err, "holds a space, a control character or '#'");
    }
  }
  size_t size = strcspn(authority, "/?");
  if (memchr(authority, '@', size)) {
    return refuse(err, "must not hold credentials; put the key into its environment variable");
  }
  if (query_has_secret(strchr(url, '?'))) {
    return refuse(err, "must not carry a key in its query; put it into its environment variable");
  }
  return LQA_OK;
}

/* The host without port and brackets. */
static lqa_str host_of(const char *url) {
  const char *start = authority_of(url);
  if (!start) {
    return (lqa_str){"", 0};
  }
  if (*start == '[') {
    return (lqa_str){start + 1, strcspn(start + 1, "]/?")};
  }
  return (lqa_str){start, strcspn(start, ":/?")};
}

/* True if `s` ended in it. */
static bool drop_suffix(lqa_str *s, const char *suffix) {
  bool found = lqa_str_ends_with(*s, lqa_str_from(suffix));
  s->size -= found ? strlen(suffix) : 0;
  return found;
}

/* What stands between host and "/chat/completions" where the user names nothing. */
static const char *usual_path(const char *url) {
  return lqa_endpoint_is_azure(url) ? "/openai/v1" : "/v1";
}

lqa_status lqa_endpoint_normalise(const char *base_url, char **out, lqa_error *err) {
  LQA_TRY(check_url(base_url, err));
  const char *query = strchr(base_url, '?');
  lqa_str base = {base_url, query ? (size_t)(query - base_url) : strlen(base_url)};
  while (lqa_str_ends_with(base, LQA_STR("/"))) {
    base.size--;
  }
  bool is_whole = drop_suffix(&base, "/chat/completions");
  size_t before_path = (size_t)(authority_of(base_url) - base_url);
  bool has_path = is_whole || memchr(base.data + before_path, '/', base.size - before_path) != NULL;
  char *text = NULL;
  if (asprintf(&text, "%.*s%s%s", (int)base.size, base.data, has_path ? "" : usual_path(base_url),
               query ? query : "") < 0) {
    return lqa_fail_memory(err, "reading the base URL");
  }
  for (char *c = text; *c && c < text + before_path + strcspn(text + before_path, "/?"); c++) {
    *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c; /* scheme and host know no case */
  }
  *out = text;
  return LQA_OK;
}

char *lqa_endpoint_join(const char *normalised, const char *path) {
  size_t base = strcspn(normalised, "?");
  char *text = NULL;
  int n = asprintf(&text, "%.*s/%s%s", (int)base, normalised, path, normalised + base);
  return n < 0 ? NULL : text;
}

bool lqa_endpoint_is_loopback(const char *normalised) {
  lqa_str host = host_of(normalised);
  return lqa_str_equal_nocase(host, LQA_STR("localhost")) ||
         lqa_str_starts_with(host, LQA_STR("127.")) || lqa_str_equal(host, LQA_STR("::1"));
}

bool lqa_endpoint_is_openai(const char *normalised) {
  return lqa_str_equal_nocase(host_of(normalised), LQA_STR("api.openai.com"));
}

bool lqa_endpoint_is_azure(const char *url) {
  static const char *const hosts[] = {".openai.azure.com", ".openai.azure.us", ".openai.azure.cn",
                                      ".cognitiveservices.azure.com", ".services.ai.azure.com"};
  const char *query = strchr(url, '?');
  bool found = query && strcasestr(query, "api-version=");
  lqa_str host = host_of(url);
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts && !found; i++) {
    size_t n = strlen(hosts[i]);
    found = host.size > n && strncasecmp(host.data + host.size - n, hosts[i], n) == 0;
  }
  return found;
}

/* A signed token ("eyJ...", two dots) travels as a bearer everywhere. */
bool lqa_key_is_token(const char *key) {
  const char *dot = strchr(key, '.');
  return strncmp(key, "eyJ", 3) == 0 && dot && strchr(dot + 1, '.');
}

lqa_status lqa_key_check(const char *key, const char *name, lqa_error *err) {
  for (const char *c = key; c && *c; c++) {
    if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 127) {
      return lqa_fail(err, LQA_BAD_USAGE,
                      "%s holds a space, a line break or another character that no key has", name);
    }
  }
  return LQA_OK;
}

void lqa_key_blank(const char *key, char *text, size_t size) {
  size_t n = key ? strlen(key) : 0;
  if (n < MIN_SECRET_BYTES || !text) {
    return;
  }
  char *end = text + size, *hit;
  while ((hit = memmem(text, (size_t)(end - text), key, n))) {
    memset(hit, '*', n);
    text = hit + n;
  }
}

/* The part after the last '/': gateways put the maker before it. */
static const char *bare_name(const char *model) {
  const char *slash = strrchr(model, '/');
  return slash ? slash + 1 : model;
}

const char *lqa_model_family(const char *model) {
  static const struct {
    const char *word, *family;
  } table[] = {
      {"gpt", "openai"},      {"chatgpt", "openai"},    {"o1", "openai"},
      {"o3", "openai"},       {"o4", "openai"},         {"claude", "anthropic"},
      {"gemini", "google"},   {"gemma", "google"},      {"llama", "meta"},
      {"meta-llama", "meta"}, {"codellama", "meta"},    {"mistral", "mistral"},
      {"mixtral", "mistral"}, {"ministral", "mistral"}, {"magistral", "mistral"},
      {"qwen", "alibaba"},    {"qwq", "alibaba"},       {"deepseek", "deepseek"},
      {"phi", "microsoft"},   {"command", "cohere"},    {"c4ai", "cohere"},
      {"grok", "xai"},        {"glm", "zhipu"},         {"kimi", "moonshot"},
      {"granite", "ibm"},     {"nova", "amazon"},       {"olmo", "ai2"},
  };
  const char *name = bare_name(model);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (strncasecmp(name, table[i].word, strlen(table[i].word)) == 0) {
      return table[i].family;
    }
  }
  return NULL;
}

/* `longer` is `shorter` with a date or number ("-2024-07-18"), "-latest", a tag (":8b", "@eu") or a
 * file suffix behind it; not another member of the family ("gpt-4o" and "gpt-4o-mini"). */
static bool extends(const char *longer, const char *shorter) {
  size_t n = strlen(shorter);
  if (n == 0 || strncasecmp(longer, shorter, n) != 0) {
    return false;
  }
  const char *rest = longer + n;
  return *rest == '\0' || *rest == ':' || *rest == '@' || strcasecmp(rest, ".gguf") == 0 ||
         strcasecmp(rest, "-latest") == 0 || (*rest == '-' && rest[1] >= '0' && rest[1] <= '9');
}

bool lqa_model_matches(const char *asked, const char *reply) {
  if (!*reply || strcasecmp(asked, reply) == 0) {
    return true;
  }
  const char *a = bare_name(asked), *b = bare_name(reply);
  return extends(b, a) || extends(a, b);
}
