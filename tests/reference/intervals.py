"""Makes the numbers of tests/unit/test_error_rate.c with scipy.

usage: python tests/reference/intervals.py   (prints C initialisers)
"""
import numpy as np
from scipy import special, stats

CASES = [(0, 1), (1, 1), (0, 20), (1, 20), (7, 50), (50, 50), (3, 149), (0, 149), (480, 1000),
         (12345, 100000)]
STRATA = [
    [(1000, 40, 4), (200, 30, 21)],
    [(5000, 100, 0), (300, 50, 10), (20, 20, 3)],
    [(100, 1, 0), (100, 1, 1), (100, 5, 2)],
    [(10, 10, 1), (10, 10, 9)],
]


def wilson(p, n, confidence=.95):
    z = stats.norm.ppf(.5 + confidence / 2)
    if np.isinf(n):
        return p, p
    # The roots of (p - x)^2 = z^2 x (1 - x) / n, by numpy's polynomial solver.
    roots = np.sort(np.roots([1 + z * z / n, -2 * p - z * z / n, p * p]).real)
    return max(0, roots[0]), min(1, roots[1])


def stratified(strata):
    """Wilson at the effective sample size (Korn and Graubard), strata shrunk as Jeffreys does."""
    total = sum(size for size, _, _ in strata)
    checked = sum(n for _, n, _ in strata)
    mean = sum(size / total * hits / n for size, n, hits in strata)
    variance = sum((size / total) ** 2 * (1 - n / size) * stats.beta(hits + .5, n - hits + .5).mean()
                   * (1 - stats.beta(hits + .5, n - hits + .5).mean()) / n
                   for size, n, hits in strata)
    inner = (mean * checked + .5) / (checked + 1)
    return mean, *wilson(mean, inner * (1 - inner) / variance if variance else np.inf)


print("/* hits, n, wilson low, high, clopper-pearson low, high, jeffreys low, high */")
for hits, n in CASES:
    test = stats.binomtest(hits, n)
    w = test.proportion_ci(.95, "wilson")
    c = test.proportion_ci(.95, "exact")
    low = 0 if hits == 0 else stats.beta.ppf(.025, hits + .5, n - hits + .5)
    high = 1 if hits == n else stats.beta.ppf(.975, hits + .5, n - hits + .5)
    print("{" + ", ".join([str(hits), str(n)] + [f"{x:.15g}" for x in (*w, *c, low, high)]) + "},")
print("/* stratified: estimate, low, high */")
for strata in STRATA:
    print("{" + ", ".join(f"{x:.15g}" for x in stratified(strata)) + "},", strata)
print("/* p, normal quantile */")
for p in (1e-12, .001, .025, .2, .5, .9, .975, .9999999):
    print(f"{{{p!r}, {special.ndtri(p):.15g}}},")
print("/* x, a, b, incomplete beta, its quantile back */")
for x, a, b in [(.1, 2, 3), (.5, .5, .5), (.9, 30, 2), (.01, 1, 500), (.123, 12345.5, 87655.5),
                (.999, 200, .5)]:
    p = special.betainc(a, b, x)
    print(f"{{{x}, {a}, {b}, {p:.15g}}},")
print("/* x, log gamma */")
for x in (.001, .5, 1, 2, 3.7, 10, 100.25, 1e6):
    print(f"{{{x}, {special.gammaln(x):.15g}}},")
