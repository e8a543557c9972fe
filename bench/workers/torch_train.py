"""PyTorch: training, eager or compiled, fleets one after another, and the machine's matrix product.

Usage: torch_train.py eager|compiled
"""

import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

import common
from workloads import WORKLOADS

# Value of units that alpha dropout drops: minus SELU's alpha times lambda.
DROPPED = -1.7580993408473766


def data(net):
    x, y = common.batches(net)
    return torch.from_numpy(x), torch.from_numpy(y)


class Eager:
    """The usual loop with what makes it fast: fused optimiser steps, SELU in place, gradients set to None."""

    def __init__(self, net, rows=None):
        layers = []
        for weight, bias in common.initial(net):
            linear = nn.Linear(weight.shape[1], weight.shape[0])
            linear.weight.data.copy_(torch.from_numpy(weight))
            linear.bias.data.copy_(torch.from_numpy(bias))
            layers += [linear, nn.SELU(inplace=True)]
            if net["dropout"]:
                layers.append(nn.AlphaDropout(net["dropout"]))
        last = max(at for at, layer in enumerate(layers) if isinstance(layer, nn.Linear))
        self.model = nn.Sequential(*layers[: last + 1])
        rule = torch.optim.Adam if net["optimizer"] == "adam" else torch.optim.SGD
        self.optimizer = rule(self.model.parameters(), lr=net["learning_rate"], fused=True)
        self.x, self.y = rows or data(net)
        self.at = 0

    def step(self):
        x, y = self.x[self.at], self.y[self.at]
        self.at = (self.at + 1) % len(self.x)
        self.optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(self.model(x), y).backward()
        self.optimizer.step()
        return len(x)


class Compiled:
    """Forward, backward and optimiser step as one graph, compiled by Inductor."""

    def __init__(self, net):
        arrays = [array for pair in common.initial(net) for array in pair]
        self.parameters = [torch.from_numpy(array) for array in arrays]
        self.first = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.second = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.count = torch.zeros((), dtype=torch.int32)
        self.x, self.y = data(net)
        self.at = 0
        # A process compiles no function more than 8 times, and each network is another.
        torch._dynamo.reset()
        self.compiled = torch.compile(
            _adam(net) if net["optimizer"] == "adam" else _sgd(net),
            fullgraph=True,
            options=COMPILE_OPTIONS,
        )

    def step(self):
        x, y = self.x[self.at], self.y[self.at]
        self.at = (self.at + 1) % len(self.x)
        with torch.no_grad():
            self.compiled(self.parameters, self.first, self.second, self.count, x, y)
        return len(x)


COMPILE_OPTIONS = {"cpp_wrapper": True}


def _random_bits(key, shape):
    """Signed bits for a mask: a hash of each place (lowbias32, C. Wellons), which Inductor fuses with its use.

    With `torch.rand_like` a step takes 1.45 times as long.
    """
    places = torch.arange(shape.numel(), dtype=torch.int32).view(shape)
    z = places * -1640531527 + key
    z = (z ^ ((z >> 16) & 0xFFFF)) * 0x7FEB352D
    z = (z ^ ((z >> 15) & 0x1FFFF)) * -2073254261
    return z ^ ((z >> 16) & 0xFFFF)


def _loss(net):
    rate = net["dropout"]
    a = ((1 - rate) * (1 + rate * DROPPED**2)) ** -0.5
    b = -a * rate * DROPPED
    threshold = round(rate * 2**32) - 2**31

    def loss(parameters, x, y, count):
        n_layers = len(parameters) // 2
        for layer in range(n_layers):
            x = F.linear(x, parameters[2 * layer], parameters[2 * layer + 1])
            if layer < n_layers - 1:
                x = F.selu(x)
                if rate:
                    bits = _random_bits(count * 2654435 + layer * 104729, x.shape)
                    x = torch.where(bits < threshold, a * DROPPED + b, a * x + b)
        return F.cross_entropy(x, y)

    return torch.func.grad_and_value(loss)


def _sgd(net):
    gradients, learning_rate = _loss(net), net["learning_rate"]

    def step(parameters, _first, _second, count, x, y):
        count.add_(1)
        gradient, loss = gradients(parameters, x, y, count)
        for parameter, d_parameter in zip(parameters, gradient):
            parameter.sub_(d_parameter, alpha=learning_rate)
        return loss

    return step


def _adam(net):
    gradients, learning_rate = _loss(net), net["learning_rate"]

    def step(parameters, first, second, count, x, y):
        count.add_(1)
        gradient, loss = gradients(parameters, x, y, count)
        for parameter, d_parameter, m, v in zip(parameters, gradient, first, second):
            m.mul_(0.9).add_(d_parameter, alpha=0.1)
            v.mul_(0.999).addcmul_(d_parameter, d_parameter, value=0.001)
            root = (v / (1 - 0.999**count)).sqrt() + 1e-8
            parameter.sub_(learning_rate * (m / (1 - 0.9**count)) / root)
        return loss

    return step


def train(request):
    return {"samples_per_second": common.rate(training.get(request["network"]).step, request["seconds"])}


def fleet(request):
    """Networks one after another, each trained for an equal share of the time; making them counts too."""
    net = WORKLOADS[request["workload"]]
    rows = data(net)
    n_trained = request["trained"]
    Eager(net, rows).step()
    start = time.perf_counter()
    samples = 0
    for network in range(n_trained):
        model = Eager(net, rows)
        while time.perf_counter() - start < request["seconds"] * (network + 1) / n_trained:
            samples += model.step()
    return {"samples_per_second": samples / (time.perf_counter() - start)}


def matmul(request):
    """GFLOP/s of the fastest of some matrix products, the machine's limit."""
    best = {}
    for n in request["sizes"]:
        a, b = torch.randn(n, n), torch.randn(n, n)
        out = torch.empty(n, n)
        torch.mm(a, b, out=out)
        shortest, start = float("inf"), time.perf_counter()
        while time.perf_counter() - start < request["seconds"] / len(request["sizes"]):
            before = time.perf_counter()
            torch.mm(a, b, out=out)
            shortest = min(shortest, time.perf_counter() - before)
        best[n] = 2 * n**3 / shortest / 1e9
    return {"gflops": max(best.values()), "by_size": best}


if __name__ == "__main__":
    torch.set_num_threads(common.threads())
    torch.set_flush_denormal(True)
    training = common.Latest({"eager": Eager, "compiled": Compiled}[sys.argv[1]])
    common.serve({"train": train, "fleet": fleet, "matmul": matmul})
