"""scikit-learn's MLPClassifier: the same shape with ReLU and without dropout, as it has neither SELU nor that."""

import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier

import common

# Batches in one call; each call checks and shuffles its rows.
CHUNK = 16


class Training:
    def __init__(self, net):
        x, y = common.batches(net)
        n_steps = min(CHUNK, len(x))
        starts = range(0, len(x) - n_steps + 1, n_steps)
        flat = lambda s: (x[s : s + n_steps].reshape(-1, net["features"]), y[s : s + n_steps].reshape(-1))  # noqa: E731
        self.chunks = [flat(s) for s in starts]
        self.classes = np.arange(net["classes"])
        self.model = MLPClassifier(
            hidden_layer_sizes=(net["width"],) * net["layers"],
            activation="relu",
            solver=net["optimizer"],
            alpha=0.0,
            batch_size=net["batch"],
            learning_rate_init=net["learning_rate"],
            momentum=0.0,
            nesterovs_momentum=False,
        )
        self.at = 0

    def run(self):
        x, y = self.chunks[self.at]
        self.at = (self.at + 1) % len(self.chunks)
        self.model.partial_fit(x, y, classes=self.classes)
        return len(x)


def train(request):
    return {"samples_per_second": common.rate(training.get(request["network"]).run, request["seconds"])}


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    training = common.Latest(Training)
    common.serve({"train": train})
