"""Values for the tests of crates/banach-lab/src/statistics, by SciPy 1.17.

Run `python3 goldens/statistics.py`; it writes goldens/data/statistics.json.

- "wilcoxon": paired scores with the statistic and the two-sided p value: by counting all signs of
  the ranks up to 25 differences, ties included (scipy's own exact method knows no ties), else by the
  normal approximation with dropped zeros and without a correction for continuity.
- "friedman": rows of scores with scipy.stats.friedmanchisquare.
- "studentized_range": [groups, alpha, upper point] with infinite degrees of freedom.
"""

import json
from pathlib import Path

import numpy as np
from scipy import stats

SEED = 20170608
MAX_EXACT = 25
OUT = Path(__file__).parent / "data" / "statistics.json"


def wilcoxon(name, a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    d = (a - b)[a != b]
    n = len(d)
    ranks = stats.rankdata(np.abs(d))
    statistic = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    if n <= MAX_EXACT and len(set(ranks)) == n:
        result = stats.wilcoxon(d, method="exact")
        assert result.statistic == statistic
        p = result.pvalue
    elif n <= 20:
        signs = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        sums = signs @ ranks
        p = min(1.0, 2 * np.mean(sums <= statistic + 1e-9))
    else:
        assert n > MAX_EXACT
        result = stats.wilcoxon(a, b, zero_method="wilcox", correction=False, method="asymptotic")
        assert result.statistic == statistic
        p = result.pvalue
    return {
        "name": name,
        "a": a.tolist(),
        "b": b.tolist(),
        "statistic": float(statistic),
        "p": float(p),
        "exact": bool(n <= MAX_EXACT),
    }


def main():
    rng = np.random.default_rng(SEED)
    scores = lambda n, digits: np.round(rng.uniform(0.6, 1.0, n), digits)
    pairs = [
        ("five", scores(5, 6), scores(5, 6)),
        ("ten", scores(10, 6), scores(10, 6)),
        ("twenty-five", scores(25, 6), scores(25, 6) - 0.03),
        ("twelve, shifted", scores(12, 6), scores(12, 6) + 0.4),
        # Eighths have exact differences: ties and zeros are ties and zeros in any arithmetic.
        ("ties", rng.integers(0, 8, 15) / 8, rng.integers(0, 8, 15) / 8),
        ("ties and zeros", rng.integers(0, 3, 20) / 8, rng.integers(0, 3, 20) / 8),
        ("twenty-six", scores(26, 6), scores(26, 6)),
        ("hundred with ties and zeros", rng.integers(0, 16, 100) / 16, rng.integers(0, 16, 100) / 16),
        ("121, shifted", scores(121, 6), scores(121, 6) + 0.05),
    ]
    tables = [
        rng.uniform(size=(4, 3)).round(6),
        rng.uniform(size=(10, 7)).round(6),
        rng.integers(0, 4, (12, 5)) / 4,
        rng.uniform(size=(58, 7)).round(6) + np.linspace(0, 0.3, 7),
    ]
    friedman = []
    for table in tables:
        result = stats.friedmanchisquare(*table.T)
        friedman.append({"scores": table.tolist(), "statistic": result.statistic, "p": result.pvalue})
    points = [
        [k, alpha, float(stats.studentized_range.ppf(1 - alpha, k, np.inf))]
        for k in (2, 3, 4, 7, 10, 24)
        for alpha in (0.1, 0.05, 0.01)
    ]
    OUT.write_text(
        json.dumps(
            {
                "wilcoxon": [wilcoxon(*pair) for pair in pairs],
                "friedman": friedman,
                "studentized_range": points,
            }
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
