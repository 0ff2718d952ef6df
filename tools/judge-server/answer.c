/* answer.c - what a judge of a chosen accuracy would say.
 *
 * The row's text is found between the prompt's two marks and looked up in the truth file. The
 * judge's opinion is fixed per (seed, model, text), so a row asked twice gets the same answer,
 * unless --noise draws it anew per call. A wrong opinion is another class, uniformly.
 */
#include "judge_server.h"

#include "base/hash.h"
#include "base/memory.h"

#include <jansson.h>
#include <stdio.h>

static int add_truth(truth *t, const char *line, size_t size) {
  json_t *root = json_loadb(line, size, JSON_ALLOW_NUL, NULL);
  const json_t *text = json_object_get(root, "text"), *label = json_object_get(root, "label");
  uint32_t row, code;
  bool added;
  if (!json_is_string(text) || !json_is_string(label) ||
      lqa_map_add(t->texts, (lqa_str){json_string_value(text), json_string_length(text)}, &row,
                  &added) != LQA_OK ||
      lqa_map_add(t->labels, (lqa_str){json_string_value(label), json_string_length(label)}, &code,
                  NULL) != LQA_OK) {
    json_decref(root);
    return -1;
  }
  if (row >= t->capacity) {
    t->capacity = t->capacity ? 2 * t->capacity : 1024;
    uint32_t *bigger = lqa_realloc(t->label_of, t->capacity, sizeof *bigger);
    if (!bigger) {
      json_decref(root);
      return -1;
    }
    t->label_of = bigger;
  }
  t->label_of[row] = code;
  t->n += added;
  json_decref(root);
  return 0;
}

int truth_load(truth *t, const char *path) {
  FILE *file = fopen(path, "re");
  char *line = NULL;
  size_t capacity = 0;
  ssize_t n;
  int rc = file ? 0 : -1;
  t->texts = lqa_map_new(true);
  t->labels = lqa_map_new(true);
  while (rc == 0 && (n = getline(&line, &capacity, file)) > 0) {
    rc = add_truth(t, line, (size_t)n);
  }
  free(line);
  if (file) {
    fclose(file);
  }
  return rc;
}

void truth_free(truth *t) {
  lqa_map_free(t->texts);
  lqa_map_free(t->labels);
  free(t->label_of);
}

/* The row's text between "<<<mark" and "mark>>>", or NULL; *rest is what follows it. */
static char *fenced(const char *user, const char **rest) {
  *rest = user;
  for (const char *open = user; (open = strstr(open, "<<<")); open += 3) {
    char close[16];
    snprintf(close, sizeof close, "\n%.8s>>>", open + 3);
    const char *start = strlen(open) > 12 && open[11] == '\n' ? open + 12 : NULL;
    const char *end = start ? strstr(start - 1, close) : NULL;
    if (end) {
      *rest = end + strlen(close);
      return strndup(start, end > start ? (size_t)(end - start) : 0);
    }
  }
  return NULL;
}

/* The label behind "Assigned label: ", or NULL. */
static char *assigned(const char *rest) {
  static const char field[] = "\nAssigned label: ";
  const char *found = strstr(rest, field);
  return found ? strndup(found + sizeof field - 1, strcspn(found + sizeof field - 1, "\n")) : NULL;
}

static void read_messages(const json_t *messages, question *q) {
  size_t i;
  const json_t *message;
  json_array_foreach(messages, i, message) {
    const char *role = json_string_value(json_object_get(message, "role"));
    const char *content = json_string_value(json_object_get(message, "content"));
    if (role && content && strcmp(role, "user") == 0) {
      free(q->user);
      q->user = strdup(content);
    }
    q->has_system |= role && (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0);
  }
}

int question_read(lqa_str body, question *q, const char **problem) {
  *q = (question){0};
  json_t *root = json_loadb(body.data, body.size, JSON_ALLOW_NUL, NULL);
  const char *model = json_string_value(json_object_get(root, "model"));
  *problem = !root ? "the body is no JSON" : !model ? "you must provide a model parameter" : NULL;
  if (!*problem) {
    q->model = strdup(model);
    read_messages(json_object_get(root, "messages"), q);
    q->has_max_tokens = json_object_get(root, "max_tokens") != NULL;
    q->has_max_completion_tokens = json_object_get(root, "max_completion_tokens") != NULL;
    q->has_temperature = json_object_get(root, "temperature") != NULL;
    q->has_seed = json_object_get(root, "seed") != NULL;
    q->has_top_p = json_object_get(root, "top_p") != NULL;
    *problem = q->user ? NULL : "you must provide a user message";
  }
  json_decref(root);
  if (*problem) {
    question_clear(q);
    return -1;
  }
  const char *rest;
  q->text = fenced(q->user, &rest);
  q->given = assigned(rest);
  return 0;
}

void question_clear(question *q) {
  free(q->model);
  free(q->user);
  free(q->text);
  free(q->given);
  *q = (question){0};
}

/* The class this judge believes in. */
static uint32_t opinion(const truth *t, const question *q, uint32_t row, uint64_t call) {
  lqa_rng rng, noise;
  lqa_rng_init(&rng, lqa_hash64(q->text, strlen(q->text), t->seed),
               lqa_hash64(q->model, strlen(q->model), 0));
  lqa_rng_init(&noise, t->seed, call);
  if (lqa_rng_uniform(&noise) < t->noise) {
    rng = noise;
  }
  uint32_t n = lqa_map_count(t->labels), right = t->label_of[row];
  if (n < 2 || lqa_rng_uniform(&rng) < t->accuracy) {
    return right;
  }
  uint32_t other = (uint32_t)lqa_rng_below(&rng, n - 1);
  return other < right ? other : other + 1;
}

bool answer_write(const truth *t, const question *q, uint64_t call, bool wrong, lqa_buf *out) {
  int64_t row = q->text ? lqa_map_find(t->texts, lqa_str_from(q->text)) : -1;
  if (row < 0) {
    lqa_buf_add_text(out, q->given ? "I do not know this text." : "LABEL: AMBIGUOUS");
    return false;
  }
  uint32_t n = lqa_map_count(t->labels), code = opinion(t, q, (uint32_t)row, call);
  code = wrong ? (code + 1) % n : code;
  lqa_str label = lqa_map_key(t->labels, code);
  if (!q->given) {
    lqa_buf_add_text(out, "LABEL: ");
    lqa_buf_add_str(out, label);
  } else if (lqa_str_equal(label, lqa_str_from(q->given))) {
    lqa_buf_add_text(out, "VERDICT: YES\nCORRECT_LABEL: SAME");
  } else {
    lqa_buf_add_text(out, "VERDICT: NO\nCORRECT_LABEL: ");
    lqa_buf_add_str(out, label);
  }
  return true;
}
