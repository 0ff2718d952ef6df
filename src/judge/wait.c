/* judge/wait.c - how long a server asks to wait, in all the ways servers say it (ratelimit.h).
 *
 * Names differ by vendor (retry-after, retry-after-ms, x-ms-retry-after-ms, x-ratelimit-reset-*,
 * anthropic-ratelimit-*-reset, the IETF draft's RateLimit), and so do units: seconds, "7m12s",
 * milliseconds, a moment as an epoch in seconds or milliseconds, RFC 3339. So a header is known by
 * the words in its name, and a value by its form. A number without a unit is seconds, unless it is
 * too large for a wait and just right for a moment.
 */
#include "judge/ratelimit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define EPOCH_SECONDS 1e9 /* from here on a number is a moment: 32 years are no wait */
#define EPOCH_MS 1e12

/* ---- durations ---- */

/* The unit that `text` begins with, in seconds, and how long its name is; 0 if there is none. */
static double unit_seconds(const char *text, size_t *length) {
  static const struct {
    const char *name;
    double seconds;
  } table[] = {
      {"milliseconds", 1e-3},
      {"millisecond", 1e-3},
      {"microseconds", 1e-6},
      {"msecs", 1e-3},
      {"minutes", 60},
      {"minute", 60},
      {"mins", 60},
      {"min", 60},
      {"hours", 3600},
      {"hour", 3600},
      {"hrs", 3600},
      {"hr", 3600},
      {"seconds", 1},
      {"second", 1},
      {"secs", 1},
      {"sec", 1},
      {"days", 86400},
      {"day", 86400},
      {"weeks", 604800},
      {"week", 604800},
      {"ms", 1e-3},
      {"us", 1e-6},
      {"\xc2\xb5s", 1e-6},
      {"\xce\xbcs", 1e-6},
      {"ns", 1e-9},
      {"d", 86400},
      {"h", 3600},
      {"m", 60},
      {"s", 1},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    size_t n = strlen(table[i].name);
    if (strncasecmp(text, table[i].name, n) == 0) {
      *length = n;
      return table[i].seconds;
    }
  }
  return 0;
}

static const char *skip_blanks(const char *text) {
  return text + strspn(text, " \t");
}

/* The decimal number at `text`, whatever the locale; *end is behind it. */
static double read_number(const char *text, const char **end) {
  double value = 0, scale = 1;
  for (; *text >= '0' && *text <= '9'; text++) {
    value = value * 10 + (*text - '0');
  }
  if (*text == '.' && text[1] >= '0' && text[1] <= '9') {
    for (text++; *text >= '0' && *text <= '9'; text++) {
      scale /= 10;
      value += scale * (*text - '0');
    }
  }
  *end = text;
  return value;
}

/* Numbers with units, as many as there are; a number without one ends it and is seconds. *end is
 * behind what was read. NaN if `text` does not begin with a number. */
static double read_duration(const char *text, const char **end) {
  double total = NAN;
  *end = text;
  if (*text == 'P' || *text == 'p') {
    text += text[1] == 'T' || text[1] == 't' ? 2 : 1; /* ISO 8601 */
  }
  while (*text >= '0' && *text <= '9') {
    const char *behind;
    size_t length = 0;
    double value = read_number(text, &behind);
    double unit = unit_seconds(skip_blanks(behind), &length);
    if (unit == 0) {
      bool alone = isnan(total);
      *end = alone ? behind : *end;
      return alone ? value : total;
    }
    total = (isnan(total) ? 0 : total) + value * unit;
    *end = text = skip_blanks(behind) + length;
    text = skip_blanks(text);
    text = *text == ',' ? skip_blanks(text + 1) : text;
    text = strncmp(text, "and ", 4) == 0 ? skip_blanks(text + 4) : text;
  }
  return total;
}

double lqa_duration_parse(const char *text) {
  const char *end;
  double seconds = read_duration(text, &end);
  return *skip_blanks(end) ? NAN : seconds;
}

/* "2026-11-30T12:00:00.5Z" or with an offset, as seconds since 1970; NaN if it is none. */
static double read_moment(const char *text) {
  struct tm t = {0};
  int used = 0;
  if (sscanf(text, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &t.tm_year, &t.tm_mon, &t.tm_mday,
             &t.tm_hour, &t.tm_min, &t.tm_sec, &used) != 6 ||
      used < 19) {
    return NAN;
  }
  t.tm_year -= 1900;
  t.tm_mon -= 1;
  double moment = (double)timegm(&t);
  const char *rest = text + used;
  rest += *rest == '.' ? 1 + strspn(rest + 1, "0123456789") : 0;
  int hours = 0, minutes = 0;
  if ((*rest == '+' || *rest == '-') && sscanf(rest + 1, "%2d:%2d", &hours, &minutes) == 2) {
    moment -= (*rest == '-' ? -1 : 1) * (hours * 3600.0 + minutes * 60.0);
  }
  return moment;
}

/* "Wed, 21 Oct 2026 07:28:00 GMT"; NaN if it is none. */
static double read_http_date(const char *text) {
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  struct tm t = {0};
  char month[4] = "";
  if (sscanf(text, "%*3[A-Za-z], %2d%*1[ -]%3[A-Za-z]%*1[ -]%4d %2d:%2d:%2d GMT", &t.tm_mday, month,
             &t.tm_year, &t.tm_hour, &t.tm_min, &t.tm_sec) != 6) {
    return NAN;
  }
  const char *found = strstr(months, month);
  t.tm_mon = found ? (int)(found - months) / 3 : 0;
  t.tm_year -= 1900;
  return found && strlen(month) == 3 ? (double)timegm(&t) : NAN;
}

static double until(double moment, double now) {
  return moment > now ? moment - now : 0;
}

double lqa_wait_parse(lqa_str value, double now) {
  char text[96];
  lqa_str trimmed = lqa_str_trim(value);
  snprintf(text, sizeof text, "%.*s", (int)trimmed.size, trimmed.data ? trimmed.data : "");
  double moment = read_moment(text);
  moment = isnan(moment) ? read_http_date(text) : moment;
  if (!isnan(moment)) {
    return until(moment, now);
  }
  double seconds = lqa_duration_parse(text);
  if (seconds >= EPOCH_MS) {
    return until(seconds / 1000, now);
  }
  return seconds >= EPOCH_SECONDS ? until(seconds, now) : seconds;
}

double lqa_wait_in_prose(const char *text) {
  static const char *const phrases[] = {"again in ",
                                        "again after ",
                                        "retry in ",
                                        "retry after ",
                                        "retry-after: ",
                                        "wait ",
                                        "available in ",
                                        "resets in ",
                                        "reset in ",
                                        "reset after ",
                                        "retry your request in "};
  static const char *const fillers[] = {"about ",   "approximately ", "at least ",
                                        "another ", "for ",           "around "};
  double longest = NAN;
  for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
    for (const char *hit = text; (hit = strcasestr(hit, phrases[i]));) {
      hit += strlen(phrases[i]);
      for (size_t f = 0; f < sizeof fillers / sizeof *fillers; f++) {
        size_t n = strlen(fillers[f]);
        hit += strncasecmp(hit, fillers[f], n) == 0 ? n : 0;
      }
      const char *end;
      double seconds = read_duration(hit, &end);
      longest = seconds > longest || isnan(longest) ? seconds : longest;
    }
  }
  return longest;
}

/* ---- headers ---- */

void lqa_rate_counters_clear(lqa_rate_counters *c) {
  c->n = 0;
  c->retry_after = NAN;
  c->is_exact = false;
}

static bool has_word(const char *name, const char *word) {
  return strcasestr(name, word) != NULL;
}

/* The name without the words that tell what of the counter this is: equal for all of one counter.
 */
static void strip_words(const char *name, char out[48]) {
  static const char *const words[] = {"remaining", "reset", "after", "-ms"};
  size_t n = 0;
  while (*name && n < 47) {
    size_t skipped = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words && !skipped; i++) {
      size_t size = strlen(words[i]);
      skipped = strncasecmp(name, words[i], size) == 0 ? size : 0;
    }
    if (skipped || *name == '-' || *name == '_') {
      name += skipped ? skipped : 1;
    } else {
      out[n++] = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;
      name++;
    }
  }
  out[n] = '\0';
}

/* The counter of that name, made if it is new; -1 where there are too many. */
static int find_counter(lqa_rate_counters *c, const char *header) {
  char name[48];
  strip_words(header, name);
  for (int i = 0; i < c->n; i++) {
    if (strcmp(c->items[i].name, name) == 0) {
      return i;
    }
  }
  if (c->n == LQA_MAX_COUNTERS) {
    return -1;
  }
  memcpy(c->items[c->n].name, name, sizeof name);
  c->items[c->n].remaining = c->items[c->n].reset = NAN;
  return c->n++;
}

/* The number behind `key` in "limit=10, remaining=0, reset=432" or "\"default\";r=0;t=432". */
static double member(const char *value, const char *key) {
  size_t n = strlen(key);
  for (const char *hit = value; (hit = strcasestr(hit, key)); hit += n) {
    bool starts = hit == value || strchr(" ,;", hit[-1]);
    if (starts && hit[n] == '=') {
      const char *end;
      return hit[n + 1] >= '0' && hit[n + 1] <= '9' ? read_number(hit + n + 1, &end) : NAN;
    }
  }
  return NAN;
}

static void read_structured(lqa_rate_counters *c, const char *value) {
  int i = find_counter(c, "ratelimit");
  if (i < 0) {
    return;
  }
  double remaining = member(value, "remaining"), reset = member(value, "reset");
  c->items[i].remaining = isnan(remaining) ? member(value, "r") : remaining;
  c->items[i].reset = isnan(reset) ? member(value, "t") : reset;
}

/* Of several the longest counts, but milliseconds beat seconds that were rounded from them. */
static void keep_retry_after(lqa_rate_counters *c, double seconds, bool is_exact) {
  bool longer = !(c->retry_after >= seconds);
  if (!isnan(seconds) && is_exact >= c->is_exact && (longer || is_exact > c->is_exact)) {
    c->retry_after = seconds;
    c->is_exact = is_exact;
  }
}

static void read_counter(lqa_rate_counters *c, const char *name, lqa_str value, double now) {
  size_t n = strlen(name);
  double unit = n > 3 && strcasecmp(name + n - 3, "-ms") == 0 ? 1e-3 : 1;
  int i = find_counter(c, name);
  if (i >= 0 && has_word(name, "remaining")) {
    double remaining = NAN;
    c->items[i].remaining = lqa_str_to_double(value, &remaining) ? remaining : NAN;
  } else if (i >= 0) {
    c->items[i].reset = unit * lqa_wait_parse(value, now);
  }
}

bool lqa_rate_counters_read(lqa_rate_counters *c, lqa_str header, lqa_str value, double now) {
  char name[96], text[256];
  snprintf(name, sizeof name, "%.*s", (int)header.size, header.data ? header.data : "");
  snprintf(text, sizeof text, "%.*s", (int)value.size, value.data ? value.data : "");
  size_t n = strlen(name);
  bool is_ms = n > 3 && strcasecmp(name + n - 3, "-ms") == 0;
  if (has_word(name, "retry-after") || has_word(name, "retry_after")) {
    keep_retry_after(c, lqa_wait_parse(value, now) * (is_ms ? 1e-3 : 1), is_ms);
    return true;
  }
  bool is_limit = has_word(name, "ratelimit") || has_word(name, "rate-limit");
  if (is_limit && (has_word(name, "remaining") || has_word(name, "reset"))) {
    read_counter(c, name, value, now);
    return true;
  }
  if (strcasecmp(name, "ratelimit") == 0) {
    read_structured(c, text);
    return true;
  }
  return false;
}

double lqa_rate_counters_wait(const lqa_rate_counters *c, bool is_limited) {
  double longest = NAN;
  for (int i = 0; i < c->n; i++) {
    bool counts = c->items[i].remaining == 0 || (is_limited && isnan(c->items[i].remaining));
    if (counts && c->items[i].reset > 0 && !(longest >= c->items[i].reset)) {
      longest = c->items[i].reset;
    }
  }
  return longest;
}
