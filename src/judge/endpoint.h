/* judge/endpoint.h - base URLs, keys and model names: what they may look like, what they may
 * become.
 */
#ifndef LQA_JUDGE_ENDPOINT_H
#define LQA_JUDGE_ENDPOINT_H

#include "base/buf.h"

/* Checks a base URL and brings it into one form, owned: no trailing slash, no "/chat/completions",
 * "/v1" ("/openai/v1" at Azure) where neither that nor a path was given, query kept. LQA_BAD_USAGE
 * for another scheme than http(s), for credentials in the URL or for a query that looks like it
 * carries a key. */
LQA_MUST_CHECK lqa_status lqa_endpoint_normalise(const char *base_url, char **out, lqa_error *err);

/* "<normalised base>/<path>", with the base's query after it; owned; NULL = no memory. */
char *lqa_endpoint_join(const char *normalised, const char *path);

bool lqa_endpoint_is_loopback(const char *normalised); /* localhost, 127.x.x.x, [::1] */
bool lqa_endpoint_is_openai(const char *normalised);   /* host api.openai.com */
/* An Azure host, or "?api-version=": keys travel in "api-key" there, tokens (below) do not. */
bool lqa_endpoint_is_azure(const char *url);
bool lqa_key_is_token(const char *key); /* signed (JWT): always a bearer */

/* LQA_BAD_USAGE where a key could not travel in a header; the message never shows it. */
LQA_MUST_CHECK lqa_status lqa_key_check(const char *key, const char *name, lqa_error *err);
/* Overwrites every occurrence of `key` in `text` with '*'. Keys below 8 bytes are no secrets
 * ("none", "ollama") and stay. */
void lqa_key_blank(const char *key, char *text, size_t size);

/* The maker of a model by its name ("gpt-4o-mini" -> "openai"); NULL if not known. Static. */
const char *lqa_model_family(const char *model);
/* Whether `reply` may be the model that was asked for as `asked`: equal, or one the other with a
 * date, a tag or a folder around it; "" counts as yes. */
bool lqa_model_matches(const char *asked, const char *reply);

#endif
