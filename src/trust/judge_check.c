/* A judge that answers at least 20 times is constant if it
 *
 *   names one and the same class for rows of different labels; or
 *   says YES to all rows, although by the model at least 5 of their labels are wrong; or
 *   says NO to all rows, although by the model at least 10 of their labels are right.
 *
 * Where the model's counts are right, an honest judge does the second in one of 150 cases, the
 * third in one of 20,000. Labels that are all right look like a judge that does not read: nothing
 * in the answers tells the two apart, control questions do (judge/apply.c).
 *
 * A judge that is right in 60 to 75 of 100 answers helps where it answers a thousand times. Two
 * hundred of its answers do harm: its accuracy is then overestimated, and the correction learns its
 * errors (bench/RESULTS.md). So it is held against what its answers are worth together.
 *
 * The calibrator's accuracy holds a prior of 18 right answers in 20, which would hide a judge near
 * chance who has answered little; it is taken off before the accuracy is held against the bound.
 */
#include "trust/judge_check.h"

enum { MIN_ANSWERS = 20 };
static const double MIN_EXPECTED_WRONG = 5, MIN_EXPECTED_RIGHT = 10, MIN_ACCURACY = .65;
static const double GOOD_ACCURACY = .8, MIN_WORTH = 150;

static lqa_judge_check check_one(const lqa_calibrator_input *in, const double *p_wrong, int judge) {
  lqa_judge_check out = {0};
  const lqa_opinion *first = NULL;
  bool same_class = true, same_label = true, all_yes = true, all_no = true;
  double wrong = 0;
  for (size_t i = 0; i < in->n_opinions; i++) {
    const lqa_opinion *o = &in->opinions[i];
    if (o->judge != judge) {
      continue;
    }
    first = first ? first : o;
    bool is_yes = o->class_code == in->rows->label[o->row];
    same_class = same_class && o->class_code == first->class_code;
    same_label = same_label && in->rows->label[o->row] == in->rows->label[first->row];
    all_yes = all_yes && is_yes;
    all_no = all_no && !is_yes;
    wrong += p_wrong[o->row];
    out.n++;
  }
  out.is_constant = out.n >= MIN_ANSWERS &&
                    ((same_class && !same_label) || (all_yes && wrong >= MIN_EXPECTED_WRONG) ||
                     (all_no && (double)out.n - wrong >= MIN_EXPECTED_RIGHT));
  return out;
}

void lqa_judge_check_run(const lqa_calibrator_input *input, const double *p_wrong,
                         lqa_judge_check *checks) {
  for (int j = 0; j < input->n_judges; j++) {
    checks[j] = check_one(input, p_wrong, j);
  }
}

/* The accuracy without the calibrator's prior. */
static double accuracy_alone(const lqa_judge_check *check, double accuracy) {
  double n = (double)check->n, prior = LQA_JUDGE_PRIOR_RIGHT + LQA_JUDGE_PRIOR_WRONG;
  double alone = (accuracy * (n + prior) - LQA_JUDGE_PRIOR_RIGHT) / n;
  return alone < 0 ? 0 : alone > 1 ? 1 : alone;
}

bool lqa_judge_check_fails(const lqa_judge_check *check, double accuracy) {
  return check->n >= MIN_ANSWERS &&
         (check->is_constant || accuracy_alone(check, accuracy) < MIN_ACCURACY);
}

double lqa_judge_check_worth(const lqa_judge_check *check, double accuracy, int32_t n_classes) {
  if (check->n == 0) {
    return 0;
  }
  double error = 1 - accuracy_alone(check, accuracy);
  double youden = 1 - error * n_classes / (n_classes - 1);
  return youden > 0 ? youden * youden : 0;
}

bool lqa_judge_check_is_weak(const lqa_judge_check *check, double accuracy, int32_t n_classes) {
  return check->n >= MIN_ANSWERS && accuracy_alone(check, accuracy) < GOOD_ACCURACY &&
         (double)check->n * lqa_judge_check_worth(check, accuracy, n_classes) < MIN_WORTH;
}
