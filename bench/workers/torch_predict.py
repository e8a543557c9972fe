"""PyTorch: prediction with the weights of a network.safetensors; eager, traced and compiled, whichever is fastest."""

import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

import common


class Network(nn.Module):
    def __init__(self, tensors):
        super().__init__()
        n_layers = sum(name.endswith(".weight") for name in tensors)
        self.layers = nn.ModuleList()
        for layer in range(n_layers):
            weight, bias = tensors[f"layers.{layer}.weight"], tensors[f"layers.{layer}.bias"]
            linear = nn.Linear(weight.shape[1], weight.shape[0])
            linear.weight.data.copy_(weight)
            linear.bias.data.copy_(bias)
            self.layers.append(linear)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.selu(layer(x))
        return self.layers[-1](x)


def ways(network, rows):
    """The same function made in several ways."""
    yield "eager", network
    traced = torch.jit.trace(network, rows)
    yield "traced", torch.jit.optimize_for_inference(torch.jit.freeze(traced))
    yield "compiled", torch.compile(network, fullgraph=True, options={"freezing": True, "cpp_wrapper": True})


def quantiles(call, rows, seconds):
    times, start, at = [], time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        row = rows[at]
        at = (at + 1) % len(rows)
        before = time.perf_counter()
        call(row)
        times.append(time.perf_counter() - before)
    return tuple(float(np.quantile(times, q)) * 1e6 for q in (0.5, 0.99))


def predict(request):
    tensors = load_file(Path(request["folder"]) / "network.safetensors")
    network = Network(tensors).eval()
    x, expected = tensors["input"], tensors["output"]
    rows = [x[at : at + 1].clone() for at in range(len(x))]
    seconds = request["seconds"] / 6
    single, batch, difference = {}, {}, 0.0
    with torch.inference_mode():
        for name, call in ways(network, rows[0]):
            quantiles(call, rows, common.WARM_UP * seconds)
            single[name] = quantiles(call, rows, seconds)
        for name, call in ways(network, x):
            for _ in range(3):
                output = call(x)
            difference = max(difference, float((output - expected).abs().max()))
            batch[name] = common.rate(lambda call=call: len(call(x)), seconds)
    best, fastest = min(single, key=lambda name: single[name][0]), max(batch, key=batch.get)
    return {
        "single_row": {"p50_us": single[best][0], "p99_us": single[best][1], "call": best},
        "batch_1024": {"rows_per_second": batch[fastest], "call": fastest},
        "max_difference": difference,
    }


if __name__ == "__main__":
    torch.set_num_threads(common.threads())
    torch.set_flush_denormal(True)
    common.serve({"predict": predict})
