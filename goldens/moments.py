"""Writes data/moments.json: SELU's moment map, its Jacobian and its parameters, to the nearest double.

Made with mpmath 1.4.1, Python 3.11:

    pip install mpmath==1.4.1
    python goldens/moments.py

The map is Klambauer et al. 2017 (arXiv:1706.02515), Eq. 4 and 5, written as in the paper and evaluated with 200
digits, which leaves far more than 50 after every cancellation. The Jacobian is a central difference of it with a
step of 1e-60. Neither shares a formula with the program. Twenty points are checked against quadrature of the
definition before anything is written.

`points`, 2000 rows: mu, omega, nu, tau, mean, variance, d mean/d mu, d mean/d nu, d variance/d mu, d variance/d nu.
`parameters`: mean, variance, omega, tau, alpha, lambda of SELUs with that fixed point at these weights, found by
bisection in alpha on the ratio of mean to root mean square.
"""

import json
import pathlib
import random

from mpmath import erfc, exp, inf, mp, mpf, npdf, pi, quad, sqrt

mp.dps = 200
SEED = 20170608
STEP = mpf(10) ** -60

R2 = sqrt(mpf(2))
ALPHA = -sqrt(2 / pi) / (erfc(1 / R2) * exp(mpf(1) / 2) - 1)
LAMBDA = (
    (1 - erfc(1 / R2) * sqrt(exp(mpf(1))))
    * sqrt(2 * pi)
    / sqrt(2 * erfc(R2) * exp(mpf(2)) + pi * erfc(1 / R2) ** 2 * exp(mpf(1)) - 2 * (2 + pi) * erfc(1 / R2) * sqrt(exp(mpf(1))) + pi + 2)
)


def g(mu, omega, nu, tau, alpha=ALPHA, lambda_=LAMBDA):
    m, v = mu * omega, nu * tau
    s = sqrt(v)
    tail, bell = erfc(m / (R2 * s)), sqrt(2 / pi) * s * exp(-m * m / (2 * v))
    once = exp(m + v / 2) * erfc((m + v) / (R2 * s))
    twice = exp(2 * (m + v)) * erfc((m + 2 * v) / (R2 * s))
    mean = lambda_ / 2 * (-(alpha + m) * tail + alpha * once + bell + 2 * m)
    second = lambda_**2 / 2 * ((m * m + v) * (2 - tail) + alpha**2 * (-2 * once + twice + tail) + m * bell)
    return mean, second - mean**2


def jacobian(mu, omega, nu, tau):
    def difference(up, down):
        return [(a - b) / (2 * STEP) for a, b in zip(up, down)]

    by_mu = difference(g(mu + STEP, omega, nu, tau), g(mu - STEP, omega, nu, tau))
    by_nu = difference(g(mu, omega, nu + STEP, tau), g(mu, omega, nu - STEP, tau))
    return [by_mu[0], by_nu[0], by_mu[1], by_nu[1]]


def check_by_quadrature(mu, omega, nu, tau):
    m, s = mu * omega, sqrt(nu * tau)
    mean, variance = g(mu, omega, nu, tau)
    dps, mp.dps = mp.dps, 30
    selu = lambda z: LAMBDA * (z if z > 0 else ALPHA * (exp(z) - 1))
    cuts = sorted({-inf, m - 8 * s, m, m + 8 * s, mpf(0), inf})
    first = quad(lambda z: selu(z) * npdf(z, m, s), cuts)
    spread = quad(lambda z: (selu(z) - first) ** 2 * npdf(z, m, s), cuts)
    assert abs(first - mean) < mpf(10) ** -18 * (1 + abs(mean)), (mu, omega, nu, tau)
    assert abs(spread / variance - 1) < mpf(10) ** -15, (mu, omega, nu, tau)
    mp.dps = dps


def point(rng, kind):
    """A point of the domain mu in +-3, omega in +-2, nu in [1e-4, 300], tau in [0.05, 4]."""
    log_uniform = lambda low, high: low * (high / low) ** rng.random()
    if kind == 0:  # the domain of Theorem 1
        return rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1), rng.uniform(0.8, 1.5), rng.uniform(0.95, 1.1)
    mu, omega, nu, tau = rng.uniform(-3, 3), rng.uniform(-2, 2), log_uniform(1e-4, 300), log_uniform(0.05, 4)
    if kind == 1:  # a net input whose mean is a few standard deviations: the kink at 0 in the middle of everything
        mu = rng.gauss(0, 2) * (nu * tau) ** 0.5 / omega
        mu = max(-3.0, min(3.0, mu))
    return mu, omega, nu, tau


def parameters(mean, variance, omega, tau):
    """Alpha and lambda with this fixed point, or None. The mean's share of the root mean square falls with alpha."""

    def moments(alpha, lambda_=mpf(1)):
        first, spread = g(mean, omega, variance, tau, alpha, lambda_)
        return first, spread + first**2

    def share(alpha):
        first, second = moments(alpha)
        return first / sqrt(second)

    wanted = mean / sqrt(variance + mean**2)
    low, high = mpf(0), mpf(100)
    if not share(high) < wanted < share(low):
        return None
    while high - low > mpf(10) ** -60:
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) > wanted else (low, middle)
    lambda_ = sqrt((variance + mean**2) / moments(low)[1])
    return low, lambda_


def main():
    mean, variance = g(mpf(0), mpf(0), mpf(1), mpf(1))
    assert abs(mean) < mpf(10) ** -150 and abs(variance - 1) < mpf(10) ** -150
    rng = random.Random(SEED)
    rows = []
    for i in range(2000):
        inputs = point(rng, i % 4)
        exact = [mpf(x) for x in inputs]
        if i % 100 == 1:
            check_by_quadrature(*exact)
        rows.append([float(x) for x in (*inputs, *g(*exact), *jacobian(*exact))])
    found = []
    for omega, tau in [(0.0, 1.0), (1.0, 1.0), (-0.5, 1.5)]:
        for variance in [1e-4, 0.01, 0.5, 0.9999, 1, 2, 10, 100]:
            for deviations in [-0.5, -0.1, -1e-6, 0, 1e-6, 0.1, 0.5]:
                target = [deviations * variance**0.5, variance, omega, tau]
                if (solved := parameters(*map(mpf, target))) is not None:
                    found.append([*target, *map(float, solved)])
    lines = lambda rows: ",\n".join(json.dumps(row) for row in rows)
    path = pathlib.Path(__file__).parent / "data" / "moments.json"
    path.write_text(f'{{"points": [\n{lines(rows)}\n],\n"parameters": [\n{lines(found)}\n]}}\n')


if __name__ == "__main__":
    main()
