"""The networks that are measured; the same numbers as in `banach bench train --help`."""

LEARNING_RATE = 1e-3


def network(features, layers, width, classes, batch, optimizer, dropout, rows=None):
    """A SELU network and its training, as the workers and `banach bench train` take it."""
    return {
        "features": features,
        "layers": layers,
        "width": width,
        "classes": classes,
        "batch": batch,
        "optimizer": optimizer,
        "dropout": dropout,
        "learning_rate": LEARNING_RATE,
        "rows": rows or 64 * batch,
    }


WORKLOADS = {
    "small": network(16, 3, 256, 2, 256, "adam", 0.0),
    "deep": network(32, 8, 256, 2, 128, "sgd", 0.05),
    "vdeep": network(32, 32, 256, 2, 128, "sgd", 0.05),
    "wide": network(64, 8, 1024, 10, 128, "sgd", 0.05),
    "mnist": network(784, 8, 784, 10, 128, "sgd", 0.0),
}


def _scaling():
    """One value at a time is changed from 32 features, 8 x 256 units, batches of 128."""
    base = {"features": 32, "layers": 8, "width": 256, "classes": 2, "batch": 128}
    curves = {
        "width": [64, 128, 256, 512, 1024, 2048],
        "layers": [2, 4, 8, 16, 32, 64],
        "batch": [32, 64, 128, 512, 1024, 4096],
        "rows": [8192, 100_000, 1_000_000],
    }
    points = {}
    for name, values in curves.items():
        for value in values:
            changed = base | {name: value}
            points[f"{name}={value}"] = network(**changed, optimizer="sgd", dropout=0.05)
    return points


SCALING = _scaling()


def widths(net):
    """Widths from the input to the output."""
    return [net["features"], *[net["width"]] * net["layers"], net["classes"]]


def n_weights(net):
    """Number of weights, without biases."""
    sizes = widths(net)
    return sum(a * b for a, b in zip(sizes, sizes[1:]))


def flop_per_sample(net):
    """Work of training for one sample: 2 operations a weight in each of three products."""
    return 6 * n_weights(net)
