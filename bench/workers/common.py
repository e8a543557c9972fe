"""What the workers share: requests, data, timing.

A worker answers each line of standard input, a JSON object with `task` and what the task needs, with
one line of JSON. It lives through a whole benchmark, so that starting and compiling are not measured.
"""

import json
import os
import sys
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

# Share of the measured time that is spent on warming up, beside the first call, which compiles.
WARM_UP = 0.1


def threads():
    """Number of threads to use, as the runner sets it for every worker."""
    return int(os.environ["BENCH_THREADS"])


def serve(tasks):
    """Answers requests until standard input ends."""
    # Libraries that print must not disturb the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = tasks[request["task"]](request)
        except Exception as error:  # The benchmark goes on without this measurement.
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(answer), file=answers, flush=True)


def batches(net):
    """Random rows in batches: features [n_batches, batch, features] of mean 0 and variance 1, classes."""
    n_batches = max(1, net["rows"] // net["batch"])
    random = np.random.default_rng(1)
    x = random.standard_normal((n_batches, net["batch"], net["features"]), dtype=np.float32)
    y = random.integers(0, net["classes"], (n_batches, net["batch"]))
    return x, y


def initial(net):
    """Weights [out, in] from Normal(0, 1 / fan_in) and biases 0, layer by layer."""
    from workloads import widths

    random = np.random.default_rng(2)
    sizes = widths(net)
    for fan_in, n_out in zip(sizes, sizes[1:]):
        weight = random.standard_normal((n_out, fan_in), dtype=np.float32) / np.float32(fan_in**0.5)
        yield weight, np.zeros(n_out, dtype=np.float32)


def rate(run, seconds):
    """Samples per second of `run`, which trains for a while and returns the number of samples."""
    run()
    _time(run, seconds * WARM_UP)
    samples, elapsed = _time(run, seconds)
    return samples / elapsed


def _time(run, seconds):
    start = time.perf_counter()
    samples = 0
    while time.perf_counter() - start < seconds:
        samples += run()
    return samples, time.perf_counter() - start


class Latest:
    """The last thing that was made for a request, kept for the next one that asks for the same."""

    def __init__(self, make):
        self.make, self.key, self.made = make, None, None

    def get(self, net):
        key = json.dumps(net, sort_keys=True)
        if key != self.key:
            self.made = None  # Before the next one takes memory.
            self.made, self.key = self.make(net), key
        return self.made
