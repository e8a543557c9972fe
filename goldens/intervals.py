"""Values for the interval tests of crates/banach-theory, in 60-digit arithmetic.

Needs mpmath 1.3.0. Run `python3 goldens/intervals.py`; it writes goldens/data/intervals.json.

Every value is rounded DOWN to a float64 f, so that the true number lies in [f, next float64).
An interval with float64 ends encloses the true number exactly when it encloses both ends of that gap.

- "exp", "erfc", "erfcx": [x, f] at random x.
- "map": [m, v, mean, second moment, variance, d mean/dm, d mean/dv, d variance/dm, d variance/dv]
  for SELU with the fixed point (0, 1); m and v are mean and variance of the net input
  (arXiv:1706.02515, Eq. 4 and 5, with m = mu omega and v = nu tau).
"""

import json
import math
import random
from pathlib import Path

from mpmath import erfc, exp, mp, mpf, pi, sqrt

mp.dps = 60
SEED = 20170608
OUT = Path(__file__).parent / "data" / "intervals.json"

ALPHA = -sqrt(2 / pi) / (erfc(1 / sqrt(mpf(2))) * exp(mpf(1) / 2) - 1)
LAMBDA = (
    (1 - sqrt(mp.e) * erfc(1 / sqrt(mpf(2))))
    * sqrt(2 * pi)
    / sqrt(
        2 * erfc(sqrt(mpf(2))) * mp.e**2
        + pi * erfc(1 / sqrt(mpf(2))) ** 2 * mp.e
        - 2 * (2 + pi) * erfc(1 / sqrt(mpf(2))) * sqrt(mp.e)
        + pi
        + 2
    )
)


def down(value):
    """The largest float64 that is not above value."""
    nearest = float(value)
    return nearest if mpf(nearest) <= value else math.nextafter(nearest, -math.inf)


def moments(m, v):
    """Mean, second moment and their derivatives in (m, v) of selu(z), z ~ Normal(m, v)."""
    with mp.workdps(200):  # second - mean^2 and q2 - 2 q1 + q0 cancel in the corners
        m, v = mpf(m), mpf(v)
        s = sqrt(v)
        q0 = erfc(m / (sqrt(mpf(2)) * s)) / 2
        q1 = exp(m + v / 2) * erfc((m + v) / (sqrt(mpf(2)) * s)) / 2
        q2 = exp(2 * (m + v)) * erfc((m + 2 * v) / (sqrt(mpf(2)) * s)) / 2
        phi = exp(-m * m / (2 * v)) / sqrt(2 * pi * v)
        above = 1 - q0
        mean = LAMBDA * (m * above + v * phi + ALPHA * (q1 - q0))
        second = LAMBDA**2 * ((m * m + v) * above + m * v * phi + ALPHA**2 * (q2 - 2 * q1 + q0))
        mean_m = LAMBDA * (above + ALPHA * q1)
        mean_v = LAMBDA / 2 * ((1 - ALPHA) * phi + ALPHA * q1)
        second_m = LAMBDA**2 * (2 * (m * above + v * phi) + 2 * ALPHA**2 * (q2 - q1))
        second_v = LAMBDA**2 * (above + ALPHA**2 * (2 * q2 - q1))
        return [
            mean,
            second,
            second - mean**2,
            mean_m,
            mean_v,
            second_m - 2 * mean * mean_m,
            second_v - 2 * mean * mean_v,
        ]


def check_moments():
    """The closed forms against differences of each other and against quadrature."""
    for m, v in [(0.3, 1.2), (-1.5, 0.4), (2.0, 5.0)]:
        mean, second, variance, mean_m, mean_v, var_m, var_v = moments(m, v)

        def selu(z):
            return LAMBDA * z if z > 0 else LAMBDA * ALPHA * (exp(z) - 1)

        def density(z):
            return exp(-((z - mpf(m)) ** 2) / (2 * mpf(v))) / sqrt(2 * pi * mpf(v))

        spread = 25 * sqrt(mpf(v))
        points = [m - spread, 0, m + spread]
        assert abs(mp.quad(lambda z: selu(z) * density(z), points) - mean) < 1e-30
        assert abs(mp.quad(lambda z: selu(z) ** 2 * density(z), points) - second) < 1e-30
        h = mpf(10) ** -20
        for got, hi, lo in [
            (mean_m, moments(m + h, v)[0], moments(m - h, v)[0]),
            (mean_v, moments(m, v + h)[0], moments(m, v - h)[0]),
            (var_m, moments(m + h, v)[2], moments(m - h, v)[2]),
            (var_v, moments(m, v + h)[2], moments(m, v - h)[2]),
        ]:
            assert abs((hi - lo) / (2 * h) - got) < 1e-30


def main():
    rng = random.Random(SEED)
    check_moments()
    rows = {"exp": [], "erfc": [], "erfcx": [], "map": []}
    for _ in range(1000):
        x = rng.uniform(-700, 700) if rng.random() < 0.5 else rng.choice([-1, 1]) * 10 ** rng.uniform(-12, 1)
        rows["exp"].append([x, down(exp(mpf(x)))])
    for _ in range(1000):
        x = rng.uniform(-6, 26) if rng.random() < 0.5 else rng.choice([-1, 1]) * 10 ** rng.uniform(-12, 0.5)
        rows["erfc"].append([x, down(erfc(mpf(x)))])
    for _ in range(1000):
        x = rng.uniform(-5, 30) if rng.random() < 0.5 else 10 ** rng.uniform(-12, 12)
        if x > 30:  # the divergent series, cut where its terms fall below 1e-65
            value, term, k = mpf(0), mpf(1), 0
            while abs(term) > mpf(10) ** -65:
                value += term
                term *= -mpf(2 * k + 1) / (2 * mpf(x) ** 2)
                k += 1
            value /= mpf(x) * sqrt(pi)
        else:
            with mp.workdps(500):
                value = exp(mpf(x) ** 2) * erfc(mpf(x))
        rows["erfcx"].append([x, down(value)])
    for _ in range(2000):
        kind = rng.random()
        if kind < 0.4:  # around Theorem 1
            m, v = rng.uniform(-0.02, 0.02), rng.uniform(0.7, 1.7)
        elif kind < 0.7:  # around Theorems 2 and 3
            m, v = rng.uniform(-0.1, 0.1), 10 ** rng.uniform(-2, 1.3)
        else:  # far away
            m, v = rng.uniform(-6, 6), 10 ** rng.uniform(-3, 2.5)
        rows["map"].append([m, v, *[down(value) for value in moments(m, v)]])
    text = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in table) + "\n]" for name, table in rows.items()
    )
    OUT.write_text("{\n" + text + "\n}\n")
    print(f"{OUT}: {OUT.stat().st_size} bytes")
    print("alpha", mp.nstr(ALPHA, 40), "lambda", mp.nstr(LAMBDA, 40))


if __name__ == "__main__":
    main()
