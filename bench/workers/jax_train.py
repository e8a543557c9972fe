"""JAX: training as one compiled scan over batches, and fleets by vmap. On the processor."""

import os

import numpy as np

import common
from workloads import WORKLOADS

# XLA's pool has as many threads as there are processors in the process's affinity, which the runner sets.
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

# Most steps in one call.
CHUNK = 64
# Work of one call, so that a call takes well under a second.
CHUNK_FLOP = 3e10

DROPPED = -1.7580993408473766


def random_bits(key, shape):
    """Bits for a mask: a key from JAX's generator, then a hash of each place (lowbias32, C. Wellons).

    XLA fuses it with what uses the mask. `jax.random.bits` for all of them takes 20% more time of a
    step with its default generator, twice the time with rbg or unsafe_rbg.
    """
    size = int(np.prod(shape))
    z = jax.lax.iota(jnp.uint32, size).reshape(shape) * np.uint32(0x9E3779B9) + jax.random.key_data(key)[0]
    z = (z ^ (z >> 16)) * np.uint32(0x7FEB352D)
    z = (z ^ (z >> 15)) * np.uint32(0x846CA68B)
    return z ^ (z >> 16)


def forward_loss(net):
    rate = net["dropout"]
    a = ((1 - rate) * (1 + rate * DROPPED**2)) ** -0.5
    b = -a * rate * DROPPED
    n_hidden = net["layers"]

    def loss(parameters, x, y, key):
        keys = jax.random.split(key, n_hidden) if rate else None
        for layer, (weight, bias) in enumerate(parameters):
            x = x @ weight + bias
            if layer < n_hidden:
                x = jax.nn.selu(x)
                if rate:
                    keep = random_bits(keys[layer], x.shape) >= np.uint32(rate * 2**32)
                    x = jnp.where(keep, a * x + b, np.float32(a * DROPPED + b))
        log_proba = jax.nn.log_softmax(x)
        return -jnp.mean(jnp.take_along_axis(log_proba, y[:, None], axis=1))

    return loss


def update(net):
    learning_rate = net["learning_rate"]

    def sgd(parameters, memory, gradient):
        step = lambda p, g: p - learning_rate * g  # noqa: E731
        return jax.tree.map(step, parameters, gradient), memory

    def adam(parameters, memory, gradient):
        count, first, second = memory
        count = count + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        m_scale, v_scale = 1 / (1 - 0.9**count), 1 / (1 - 0.999**count)
        step = lambda p, m, v: p - learning_rate * (m * m_scale) / (jnp.sqrt(v * v_scale) + 1e-8)  # noqa: E731
        return jax.tree.map(step, parameters, first, second), (count, first, second)

    return adam if net["optimizer"] == "adam" else sgd


def start(net):
    """Parameters, weights as [in, out], and the optimiser's memory."""
    parameters = [(jnp.asarray(np.ascontiguousarray(w.T)), jnp.asarray(b)) for w, b in common.initial(net)]
    if net["optimizer"] != "adam":
        return parameters, ()
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    return parameters, (jnp.zeros(()), zeros, jax.tree.map(jnp.zeros_like, parameters))


def one_step(net):
    gradient_of, apply = jax.grad(forward_loss(net)), update(net)

    def step(parameters, memory, x, y, key):
        return apply(parameters, memory, gradient_of(parameters, x, y, key))

    return step


class Training:
    """Chunks of batches, each trained on by one call of a compiled scan; parameters are donated."""

    def __init__(self, net):
        from workloads import flop_per_sample

        n_steps = int(np.clip(CHUNK_FLOP / (flop_per_sample(net) * net["batch"]), 4, CHUNK))
        x, y = common.batches(net)
        n_steps = min(n_steps, len(x))
        starts = range(0, len(x) - n_steps + 1, n_steps)
        self.chunks = [(jnp.asarray(x[s : s + n_steps]), jnp.asarray(y[s : s + n_steps])) for s in starts]
        self.samples = n_steps * net["batch"]
        self.state = (*start(net), jax.random.key(3))
        self.at = 0
        step = one_step(net)

        def scan(state, x, y):
            def body(state, batch):
                parameters, memory, key = state
                key, now = jax.random.split(key)
                parameters, memory = step(parameters, memory, *batch, now)
                return (parameters, memory, key), None

            return jax.lax.scan(body, state, (x, y))[0]

        self.scan = jax.jit(scan, donate_argnums=0)

    def run(self):
        self.state = jax.block_until_ready(self.scan(self.state, *self.chunks[self.at]))
        self.at = (self.at + 1) % len(self.chunks)
        return self.samples


class Fleet:
    """Many sets of parameters in one compiled scan, each on rows in an order of its own."""

    def __init__(self, request):
        net, n = WORKLOADS[request["workload"]], request["networks"]
        x, y = common.batches(net)
        x, y = x.reshape(-1, net["features"]), y.reshape(-1)
        self.rows = jnp.asarray(x), jnp.asarray(y)
        state = start(net)
        copies = jax.tree.map(lambda array: jnp.repeat(array[None], n, axis=0), state)
        self.state = (*copies, jax.random.key(3))
        n_steps = max(1, CHUNK // n)
        orders = np.stack([np.random.default_rng(i).permutation(len(x)) for i in range(n)])
        orders = orders[:, : n_steps * net["batch"]].reshape(n, n_steps, net["batch"])
        self.orders = jnp.asarray(orders.transpose(1, 0, 2))
        self.samples = n * n_steps * net["batch"]
        step = jax.vmap(one_step(net))

        def scan(state, orders, x, y):
            def body(state, rows):
                parameters, memory, key = state
                key, now = jax.random.split(key)
                parameters, memory = step(parameters, memory, x[rows], y[rows], jax.random.split(now, n))
                return (parameters, memory, key), None

            return jax.lax.scan(body, state, orders)[0]

        self.scan = jax.jit(scan, donate_argnums=0)

    def run(self):
        self.state = jax.block_until_ready(self.scan(self.state, self.orders, *self.rows))
        return self.samples


def train(request):
    return {"samples_per_second": common.rate(training.get(request["network"]).run, request["seconds"])}


def fleet(request):
    shape = {"workload": request["workload"], "networks": request["networks"]}
    return {"samples_per_second": common.rate(fleets.get(shape).run, request["seconds"])}


if __name__ == "__main__":
    training, fleets = common.Latest(Training), common.Latest(Fleet)
    common.serve({"train": train, "fleet": fleet})
