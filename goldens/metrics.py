"""Writes data/metrics.json: inputs with the metrics that scikit-learn gives for them.

Made with scikit-learn 1.9.1 and numpy 2.4.6, Python 3.11:

    pip install scikit-learn==1.9.1 numpy==2.4.6
    python goldens/metrics.py

Probabilities are multiples of 1/64 and weights of 1/4: exact in float32, with many ties. scikit-learn sees
them as float64, so its clipping uses the epsilon of float64. Missing labels are null. scikit-learn has no
expected calibration error: it is computed here with numpy's own binning (`digitize`).
"""

import json
import pathlib

import numpy as np
from sklearn import metrics as sk

SEED = 20170608


def simplex(rng, rows, classes, steps=64):
    """Random rows of probabilities that are multiples of 1/steps and sum to exactly 1."""
    cuts = np.sort(rng.integers(0, steps + 1, size=(rows, classes - 1)), axis=1)
    edges = np.hstack([np.zeros((rows, 1)), cuts, np.full((rows, 1), steps)])
    return np.diff(edges, axis=1) / steps


def ece(target, proba, weight, bins=15):
    confidence, predicted = proba.max(axis=1), proba.argmax(axis=1)
    edges = np.linspace(0, 1, bins + 1)
    which = np.digitize(confidence, edges[1:-1], right=True)
    gaps = [weight[which == b] @ ((predicted == target) * 1.0 - confidence)[which == b] for b in range(bins)]
    return np.abs(gaps).sum() / weight.sum()


def classes_case(rng, rows, n_classes, weighted):
    proba = simplex(rng, rows, n_classes)
    # Half of the classes follow the probabilities, so that the scores are neither perfect nor random.
    drawn = np.array([rng.choice(n_classes, p=p) for p in proba])
    target = np.where(rng.random(rows) < 0.5, drawn, rng.integers(0, n_classes, rows))
    weight = rng.integers(0, 9, rows) / 4 if weighted else None
    ones = np.ones(rows) if weight is None else weight
    onehot = np.eye(n_classes)[target]
    labels = list(range(n_classes))
    if n_classes == 2:
        auc = sk.roc_auc_score(target, proba[:, 1], sample_weight=weight)
        brier = sk.brier_score_loss(target, proba[:, 1], sample_weight=weight)
    else:
        auc = sk.roc_auc_score(target, proba, multi_class="ovr", average="macro", sample_weight=weight)
        brier = sk.brier_score_loss(target, proba, labels=labels, sample_weight=weight, scale_by_half=False)
        assert np.isclose(brier, np.average(((proba - onehot) ** 2).sum(axis=1), weights=ones))
    predicted = proba.argmax(axis=1)
    return {
        "n_classes": n_classes,
        "target": target.tolist(),
        "proba": proba.ravel().tolist(),
        "weight": None if weight is None else weight.tolist(),
        "confusion": sk.confusion_matrix(target, predicted, labels=labels, sample_weight=weight).ravel().tolist(),
        "metrics": {
            "accuracy": sk.accuracy_score(target, predicted, sample_weight=weight),
            "balanced_accuracy": sk.balanced_accuracy_score(target, predicted, sample_weight=weight),
            "log_loss": sk.log_loss(target, proba, labels=labels, sample_weight=weight),
            "auc": auc,
            "brier": brier,
            "ece": ece(target, proba, ones),
        },
    }


def values_case(rng, rows, weighted):
    target = np.round(rng.normal(200, 50, rows), 3)
    predicted = np.round(target + rng.normal(0, 20, rows), 3)
    weight = rng.integers(0, 9, rows) / 4 if weighted else None
    return {
        "target": target.tolist(),
        "predicted": predicted.tolist(),
        "weight": None if weight is None else weight.tolist(),
        "metrics": {
            "rmse": sk.root_mean_squared_error(target, predicted, sample_weight=weight),
            "mae": sk.mean_absolute_error(target, predicted, sample_weight=weight),
            "r2": sk.r2_score(target, predicted, sample_weight=weight),
        },
    }


def labels_case(rng, rows, weighted):
    tasks = ["both", "often missing", "only ones", "rare"]
    proba = rng.integers(0, 65, size=(rows, len(tasks))) / 64
    target = (rng.random((rows, len(tasks))) < (proba + [0.3, 0.5, 9.0, -0.2]) / 1.5).astype(float)
    target[rng.random(target.shape) < [0.1, 0.6, 0.2, 0.0]] = np.nan
    weight = rng.integers(0, 9, rows) / 4 if weighted else None
    ones = np.ones(rows) if weight is None else weight
    auc = {}
    for t, task in enumerate(tasks):
        there = ~np.isnan(target[:, t])
        both = len(np.unique(target[there, t])) == 2
        args = target[there, t], proba[there, t]
        auc[task] = sk.roc_auc_score(*args, sample_weight=ones[there]) if both else None
    assert auc["only ones"] is None and auc["rare"] is not None
    there = ~np.isnan(target)
    every = np.repeat(ones[:, None], len(tasks), axis=1)[there]
    return {
        "tasks": tasks,
        "target": [None if np.isnan(y) else y for y in target.ravel()],
        "proba": proba.ravel().tolist(),
        "weight": None if weight is None else weight.tolist(),
        "metrics": {
            "log_loss": sk.log_loss(target[there], proba[there], sample_weight=every),
            "mean_auc": float(np.mean([a for a in auc.values() if a is not None])),
            "auc": auc,
        },
    }


def main():
    rng = np.random.default_rng(SEED)
    golden = {
        "classes": [classes_case(rng, 60, n, w) for n in (2, 4) for w in (False, True)],
        "values": [values_case(rng, 30, w) for w in (False, True)],
        "labels": [labels_case(rng, 40, w) for w in (False, True)],
    }
    path = pathlib.Path(__file__).parent / "data" / "metrics.json"
    path.parent.mkdir(exist_ok=True)
    lines = ",\n".join(
        f'"{kind}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" for kind, cases in golden.items()
    )
    path.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
