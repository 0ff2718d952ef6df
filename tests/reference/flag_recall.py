"""Makes the numbers of tests/unit/test_flag_recall.c with numpy.

usage: python tests/reference/flag_recall.py   (prints C initialisers)

MOVER for a ratio of two totals (Donner and Zou 2012) by the roots of its quadratic equations; the
library finds the same limits by bisection on the share.
"""
import numpy as np

from intervals import wilson

# part: population, checked, wrong; the same of the rest
CASES = [((1000, 60, 45), (9000, 200, 6)), ((300, 40, 30), (5000, 100, 0)),
         ((500, 50, 0), (4000, 80, 5)), ((200, 200, 120), (1800, 150, 3)),
         ((800, 30, 29), (200, 200, 10)), ((2000, 20, 1), (2000, 20, 1))]


def total(population, checked, wrong):
    """Estimate and Wilson's interval with finite population correction, as rows."""
    rest = population - checked
    n = np.inf if rest == 0 else checked * (population - 1) / rest
    p = wrong / checked
    return population * np.array([p, *wilson(p, n)])


def limits(part, rest):
    (a, la, ua), (b, lb, ub) = part, rest
    upper, lower = np.inf, 0
    if lb > 0:
        upper = max(np.roots([b * b - (b - lb) ** 2, -2 * a * b, a * a - (ua - a) ** 2]).real)
    if la > 0:
        roots = np.roots([b * b - (ub - b) ** 2, -2 * a * b, a * a - (a - la) ** 2]).real
        lower = min(r for r in roots if r >= 0 and a - r * b >= -1e-9 * a)
    return lower / (1 + lower), 1 if np.isinf(upper) else upper / (1 + upper)


if __name__ == "__main__":
    for part, rest in CASES:
        p, r = total(*part), total(*rest)
        numbers = [p[0] / (p[0] + r[0]), *limits(p, r)]
        cells = ", ".join("{%d, %d, %d}" % c for c in (part, rest))
        print("{{" + cells + "}, {" + ", ".join(f"{x:.15g}" for x in numbers) + "}},")
