/* In which order a reader meets things: what is worst comes first, whatever order it was found in.
 */
#include "report/report.h"

#include "base/memory.h"

enum { RANKS = 3 };

int lqa_report_severity_rank(const char *severity) {
  return strcmp(severity, "error") == 0 ? 0 : strcmp(severity, "warn") == 0 ? 1 : 2;
}

const lqa_report_finding *lqa_report_next_finding(const lqa_report *report, int64_t *at) {
  int rank = *at < 0 ? 0 : lqa_report_severity_rank(report->findings[*at].severity);
  for (int64_t i = *at + 1; rank < RANKS; rank++, i = 0) {
    for (; i < report->n_findings; i++) {
      const lqa_report_finding *f = &report->findings[i];
      if (f->count > 0 && lqa_report_severity_rank(f->severity) == rank) {
        *at = i;
        return f;
      }
    }
  }
  return NULL;
}

static int compare_classes(const void *a, const void *b, void *data) {
  const lqa_report_class *classes = data;
  int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
  const lqa_report_class *x = &classes[i], *y = &classes[j];
  if (x->label_noise != y->label_noise) {
    return x->label_noise > y->label_noise ? -1 : 1;
  }
  if (x->flagged != y->flagged) {
    return x->flagged > y->flagged ? -1 : 1;
  }
  return (i > j) - (i < j);
}

int64_t *lqa_report_worst_classes(const lqa_report_confident *confident) {
  int64_t *order = lqa_malloc((size_t)confident->n_classes, sizeof *order);
  for (int64_t k = 0; order && k < confident->n_classes; k++) {
    order[k] = k;
  }
  if (order) {
    qsort_r(order, (size_t)confident->n_classes, sizeof *order, compare_classes,
            (void *)confident->per_class);
  }
  return order;
}
