/* judge/request.c - see request.h. */
#include "judge/request.h"

#include "base/json.h"

#include <stdio.h>
#include <strings.h>

static const char *const names[LQA_FIELD_COUNT] = {
    "max_tokens", "max_completion_tokens", "temperature", "top_p",
    "seed",       "reasoning_effort",      "system",
};

const char *lqa_request_field_name(lqa_request_field field) {
  return names[field];
}

static bool has(unsigned set, lqa_request_field field) {
  return set >> field & 1u;
}

static bool is_sent(const lqa_judge_options *options, unsigned refused, lqa_request_field field) {
  if (has(refused, field)) {
    return false;
  }
  if (field == LQA_FIELD_MAX_COMPLETION_TOKENS) {
    return has(refused, LQA_FIELD_MAX_TOKENS);
  }
  return field != LQA_FIELD_REASONING_EFFORT || options->reasoning_effort;
}

static void write_message(lqa_json *json, const char *role, lqa_str content) {
  lqa_json_open_object(json);
  lqa_json_add_text(json, "role", role);
  lqa_json_add_str(json, "content", content);
  lqa_json_close_object(json);
}

static void write_messages(lqa_json *json, bool with_system, lqa_str system, lqa_str user) {
  lqa_json_key(json, "messages");
  lqa_json_open_array(json);
  if (with_system) {
    write_message(json, "system", system);
    write_message(json, "user", user);
  } else {
    lqa_buf both;
    lqa_buf_init(&both, system.size + user.size + 2);
    lqa_buf_add_str(&both, system);
    lqa_buf_add_text(&both, "\n\n");
    lqa_buf_add_str(&both, user);
    write_message(json, "user", lqa_buf_str(&both));
    json->out->failed |= both.failed;
    lqa_buf_clear(&both);
  }
  lqa_json_close_array(json);
}

void lqa_request_write(const lqa_judge_options *options, const lqa_request_parts *parts,
                       lqa_buf *out) {
  lqa_json json;
  lqa_json_init(&json, out, 0);
  lqa_json_open_object(&json);
  lqa_json_add_text(&json, "model", parts->model);
  write_messages(&json, !has(parts->refused, LQA_FIELD_SYSTEM), parts->system, parts->user);
  for (int i = 0; i < LQA_FIELD_SYSTEM; i++) {
    lqa_request_field field = (lqa_request_field)i;
    if (!is_sent(options, parts->refused, field)) {
      continue;
    }
    lqa_json_key(&json, names[field]);
    switch (field) {
    case LQA_FIELD_TEMPERATURE:
      lqa_json_double(&json, options->temperature);
      break;
    case LQA_FIELD_TOP_P:
      lqa_json_double(&json, options->top_p);
      break;
    case LQA_FIELD_SEED:
      lqa_json_int(&json, options->request_seed);
      break;
    case LQA_FIELD_REASONING_EFFORT:
      lqa_json_text(&json, options->reasoning_effort);
      break;
    default:
      lqa_json_int(&json, parts->max_output);
    }
  }
  lqa_json_close_object(&json);
}

/* Where `word` stands in `text` as a word of its own, whatever its case, or -1. */
static long find_word(const char *text, const char *word) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  size_t n = strlen(word);
  for (const char *hit = text; (hit = strcasestr(hit, word)); hit += n) {
    bool starts = hit == text || !strchr(letters, hit[-1]);
    bool ends = !hit[n] || !strchr(letters, hit[n]);
    if (starts && ends) {
      return (long)(hit - text);
    }
  }
  return -1;
}

/* Servers word it in many ways ("System role not supported", "Conversation roles must alternate",
 * "Developer instruction is not enabled", "messages.0.role: Input should be 'user' or
 * 'assistant'"). In the refusal of a request any talk of roles, or of system or developer messages,
 * is taken for it: folding the message costs nothing, giving up costs the run. */
static bool speaks_of_roles(const char *text) {
  static const char *const kinds[] = {"system", "developer"};
  static const char *const things[] = {"message", "prompt", "instruction", "role", "turn"};
  if (find_word(text, "role") >= 0 || find_word(text, "roles") >= 0) {
    return true;
  }
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    for (const char *hit = text; (hit = strcasestr(hit, kinds[k]));) {
      hit += strlen(kinds[k]);
      const char *next = hit + strspn(hit, " '\"`_-");
      for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
        if (strncasecmp(next, things[i], strlen(things[i])) == 0) {
          return true;
        }
      }
    }
  }
  return strcasestr(text, "first message") != NULL || strcasestr(text, "must alternate") != NULL;
}

static bool names_system_role(const lqa_wire_error *error) {
  size_t n = strlen(error->param);
  bool is_role = n >= 4 && strcmp(error->param + n - 4, "role") == 0;
  return is_role || speaks_of_roles(error->message) || speaks_of_roles(error->words);
}

/* The name at the end of a parameter's path ("body.seed"). */
static const char *last_name(const char *param) {
  const char *dot = strrchr(param, '.');
  return dot ? dot + 1 : param;
}

/* The field that the error is about: its param, else the first field its texts name. */
static int named_field(const lqa_judge_options *options, const lqa_wire_error *error,
                       unsigned refused) {
  int best = -1;
  long best_at = -1;
  for (int i = 0; i < LQA_FIELD_SYSTEM; i++) {
    if (!is_sent(options, refused, (lqa_request_field)i)) {
      continue;
    }
    if (strcmp(last_name(error->param), names[i]) == 0) {
      return i;
    }
    long at = find_word(error->message, names[i]);
    long later = find_word(error->words, names[i]);
    at = at < 0 && later >= 0 ? later + (long)sizeof error->message : at;
    if (at >= 0 && (best < 0 || at < best_at)) {
      best = i;
      best_at = at;
    }
  }
  return best;
}

/* "temperature and top_p cannot both be given": ours says nothing where top_p is 1. */
static bool is_about_both(const lqa_judge_options *options, const lqa_wire_error *error,
                          unsigned refused) {
  return options->top_p == 1 && is_sent(options, refused, LQA_FIELD_TOP_P) &&
         find_word(error->message, "both") >= 0 &&
         find_word(error->message, names[LQA_FIELD_TOP_P]) >= 0;
}

bool lqa_request_learn(const lqa_judge_options *options, const lqa_wire_error *error,
                       unsigned *refused) {
  int field = is_about_both(options, error, *refused) ? LQA_FIELD_TOP_P
                                                      : named_field(options, error, *refused);
  if (field < 0 && !has(*refused, LQA_FIELD_SYSTEM) && names_system_role(error)) {
    field = LQA_FIELD_SYSTEM;
  }
  if (field < 0 || field == LQA_FIELD_MAX_COMPLETION_TOKENS) {
    return false;
  }
  *refused |= 1u << field;
  return true;
}

int64_t lqa_request_max_output(const lqa_judge_options *options, unsigned refused,
                               size_t longest_class) {
  if (options->max_output_tokens > 0) {
    return options->max_output_tokens;
  }
  return (has(refused, LQA_FIELD_MAX_TOKENS) ? 4096 : 256) + (int64_t)longest_class;
}

void lqa_request_settings(const lqa_judge_options *options, size_t longest_class, char out[160]) {
  char temperature[32], top_p[32];
  lqa_format_double(options->temperature, temperature);
  lqa_format_double(options->top_p, top_p);
  snprintf(out, 160, "temperature=%s top_p=%s seed=%lld max=%lld effort=%.40s", temperature, top_p,
           (long long)options->request_seed,
           (long long)lqa_request_max_output(options, 0, longest_class),
           options->reasoning_effort ? options->reasoning_effort : "");
}
