/* base/interval.c - the normal quantile and Wilson's interval, on our own logarithm so that they
 * have the same bits on every machine.
 *
 * Normal quantile: algorithm AS 241 (Wichura 1988), relative error about 1e-16. The interval solves
 * |p - share| = z sqrt(p (1 - p) / n) for p; where all or none were hits, one end is exact.
 */
#include "base/interval.h"

#include "base/explog.h"

#include <math.h>

static double polynomial(const double *c, int n, double x) {
  double y = c[n - 1];
  for (int i = n - 2; i >= 0; i--) {
    y = y * x + c[i];
  }
  return y;
}

/* Coefficients of AS 241 (PPND16): numerators and denominators for the middle, the shoulder, the
 * tail. */
static const double MIDDLE[2][8] = {
    {3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
     1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
     3.3430575583588128105e+4, 2.5090809287301226727e+3},
    {1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
     2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
     5.2264952788528545610e+3}};
static const double SHOULDER[2][8] = {
    {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
     3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
     2.27238449892691845833e-2, 7.74545014278341407640e-4},
    {1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9}};
static const double TAIL[2][8] = {
    {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
     2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
     2.71155556874348757815e-5, 2.01033439929228813265e-7},
    {1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15}};

double lqa_normal_quantile(double p) {
  double q = p - .5;
  if (fabs(q) <= .425) {
    double r = .180625 - q * q;
    return q * polynomial(MIDDLE[0], 8, r) / polynomial(MIDDLE[1], 8, r);
  }
  double r = sqrt(-lqa_log(q < 0 ? p : 1 - p));
  double x = r <= 5 ? polynomial(SHOULDER[0], 8, r - 1.6) / polynomial(SHOULDER[1], 8, r - 1.6)
                    : polynomial(TAIL[0], 8, r - 5) / polynomial(TAIL[1], 8, r - 5);
  return q < 0 ? -x : x;
}

lqa_interval lqa_interval_of_share(double share, double n, double confidence) {
  if (!(n > 0)) {
    return (lqa_interval){share, NAN, NAN, "wilson", 0};
  }
  double z = lqa_normal_quantile(.5 + .5 * confidence);
  double shrink = isinf(n) ? 0 : z * z / n;
  double middle = (share + .5 * shrink) / (1 + shrink);
  double spread =
      isinf(n) ? 0 : z * sqrt(share * (1 - share) / n + .25 * z * z / (n * n)) / (1 + shrink);
  double low = share <= 0 ? 0 : fmax(0, middle - spread);
  double high = share >= 1 ? 1 : fmin(1, middle + spread);
  return (lqa_interval){share, low, high, "wilson", 0};
}
