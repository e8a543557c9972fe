"""Makes the golden files of the networks that self-normalizing ones are compared with.

    python goldens/rivals.py            writes the files and prints the cross-check table
    python goldens/rivals.py --check    writes nothing; exits 1 if a committed file would change

As `make.py`, whose data, losses and optimisers are used here; the layers are PyTorch's own modules.
"""

import make  # first: it sets what torch reads when it is loaded

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

LOSS = "cross_entropy"


def hidden(width, normalization="none", connection="plain"):
    layer = {"width": width, "activation": "relu", "dropout": "none"}
    return layer | {"normalization": normalization, "connection": connection}


def plain(normalization):
    """The first layer is wider than the 32 units that the engine computes side by side."""
    return [hidden(width, normalization) for width in [40, 12, 8]]


def residual(block, inner, outer=12, blocks=2):
    layers = [hidden(outer, "batch")]
    for _ in range(blocks):
        layers += [hidden(inner, "batch")] * (block - 1)
        layers.append(hidden(outer, "batch", {"residual": {"layers": block}}))
    return layers


RIVALS = {
    "msra": plain("none"),
    "batchnorm": plain("batch"),
    "layernorm": plain("layer"),
    "weightnorm": plain("weight"),
    "highway": [hidden(make.N_FEATURES, connection="highway")] * 3,
    "resnet_2": residual(block=2, inner=12),
    "resnet_3": residual(block=3, inner=6),
}

# Optimiser, and whether gradients are clipped to a global norm of 0.5. All have weight decay.
CURVES = [("sgd_momentum", 0.5), ("adam", None)]


class Layer(nn.Module):
    """One hidden layer; `inputs` are the units that entered this layer and those before it."""

    def __init__(self, n_in, spec):
        super().__init__()
        self.connection = spec["connection"]
        width, normalization = spec["width"], spec["normalization"]
        self.linear = nn.Linear(n_in, width, bias=normalization in ["none", "weight"])
        self.norm = nn.Identity()
        if normalization == "batch":
            self.norm = nn.BatchNorm1d(width)
        elif normalization == "layer":
            self.norm = nn.LayerNorm(width)
        elif normalization == "weight":
            self.linear = weight_norm(self.linear, dim=0)
        if self.connection == "highway":
            self.gate = nn.Linear(n_in, width)

    def forward(self, inputs):
        x = inputs[-1]
        z = self.norm(self.linear(x))
        if isinstance(self.connection, dict):
            z = z + inputs[-self.connection["residual"]["layers"]]
        y = F.relu(z)
        if self.connection == "highway":
            t = torch.sigmoid(self.gate(x))
            y = t * y + (1 - t) * x
        return y

    def tensors(self):
        """Parameters and running statistics by the names of a model file."""
        linear, norm = self.linear, self.norm
        if hasattr(linear, "parametrizations"):
            weight = linear.parametrizations.weight
            return {"weight": weight.original1, "bias": linear.bias, "gain": weight.original0}
        if isinstance(norm, nn.Identity):
            found = {"weight": linear.weight, "bias": linear.bias}
        else:
            found = {"weight": linear.weight, "bias": norm.bias, "gain": norm.weight}
        if isinstance(norm, nn.BatchNorm1d):
            found |= {"running_mean": norm.running_mean, "running_variance": norm.running_var}
        if self.connection == "highway":
            found |= {"gate.weight": self.gate.weight, "gate.bias": self.gate.bias}
        return found


class Rival(nn.Module):
    def __init__(self, layers, n_outputs):
        super().__init__()
        widths = [make.N_FEATURES, *(layer["width"] for layer in layers)]
        self.layers = nn.ModuleList(Layer(n, spec) for n, spec in zip(widths, layers))
        self.output = nn.Linear(widths[-1], n_outputs)

    def forward(self, x):
        inputs = [x]
        for layer in self.layers:
            inputs.append(layer(inputs))
        return self.output(inputs[-1])

    def tensors(self):
        found = {}
        for i, layer in enumerate(self.layers):
            found |= {f"layers.{i}.{name}": t for name, t in layer.tensors().items()}
        last = len(self.layers)
        return found | {
            f"layers.{last}.weight": self.output.weight,
            f"layers.{last}.bias": self.output.bias,
        }

    def trained(self):
        return {name: t for name, t in self.tensors().items() if t.requires_grad}

    def snapshot(self, prefix):
        """Copies of all tensors."""
        return {prefix + name: vector(name, t).detach().clone() for name, t in self.tensors().items()}

    def gradients(self, prefix):
        return {prefix + name: vector(name, p.grad) for name, p in self.trained().items()}


def vector(name, tensor):
    """PyTorch has the gains of weight normalization as a column, a model file as a vector."""
    return tensor.reshape(-1) if name.endswith("gain") else tensor


def initial(name, tensors):
    """Values for all tensors: weights Normal(0, 2/fan_in), everything else away from where it starts."""
    rng = make.generator("rival", name)
    values = {}
    for key, tensor in tensors.items():
        shape = tuple(tensor.shape)
        if key.endswith("weight"):
            scale = (2.0 / shape[1]) ** 0.5
            values[key] = make.normal(rng, *shape, scale=scale)
        elif key.endswith("gate.bias"):
            values[key] = make.normal(rng, *shape, scale=0.3) - 0.5
        elif key.endswith("gain"):
            values[key] = make.normal(rng, *shape, scale=0.2) + 1.0
        elif key.endswith("running_variance"):
            values[key] = torch.from_numpy(rng.uniform(0.5, 2.0, shape).astype(np.float32))
        else:
            values[key] = make.normal(rng, *shape, scale=0.1)
    return values


def rival(name, dtype):
    """The network with its initial values."""
    network = Rival(RIVALS[name], make.LOSSES[LOSS]["n_outputs"]).to(dtype)
    tensors = network.tensors()
    with torch.no_grad():
        for key, value in initial(name, tensors).items():
            tensors[key].copy_(value)
    return network


def inputs_of(network, prefix, n_rows):
    x, targets, sample_weight = make.table(LOSS, n_rows)
    data = {"x": x, "targets": targets, "sample_weight": sample_weight}
    start = make.cast(network.snapshot(prefix), torch.float32)
    return data | start, make.cast(data, network.output.weight.dtype)


def settings_of(name):
    inputs = {"n_numbers": make.N_FEATURES, "categories": [], "dropout": "none"}
    n_outputs = make.LOSSES[LOSS]["n_outputs"]
    network = {"inputs": inputs, "layers": RIVALS[name], "n_outputs": n_outputs}
    return {"loss": LOSS, **make.LOSSES[LOSS], "network": network}


def one_batch(name, dtype):
    """Outputs, loss and gradients of one training batch, and what it leaves in the running averages."""
    network = rival(name, dtype)
    inputs, data = inputs_of(network, "", make.BATCH_SIZE)
    outputs = network(data["x"])
    outputs.retain_grad()
    value = make.batch_loss(LOSS, outputs, data["targets"], data["sample_weight"])
    value.backward()
    results = {"outputs": outputs, "loss": value, "grad.outputs": outputs.grad}
    results |= network.gradients("grad.")
    running = network.snapshot("after.").items()
    results |= {key: t for key, t in running if ".running_" in key}
    return inputs, results, settings_of(name)


def curve(name, optimizer_name, clip_norm, dtype):
    """20 steps as in `make.curve`, then the outputs of all rows in evaluation mode."""
    network = rival(name, dtype)
    inputs, data = inputs_of(network, "initial.", make.N_ROWS)
    trained = network.trained()
    optimizer = make.make_optimizer(optimizer_name, trained)
    losses, norms = [], []
    for step in range(make.N_STEPS):
        start = step % (make.N_ROWS // make.BATCH_SIZE) * make.BATCH_SIZE
        rows = slice(start, start + make.BATCH_SIZE)
        optimizer.zero_grad()
        outputs = network(data["x"][rows])
        value = make.batch_loss(LOSS, outputs, data["targets"][rows], data["sample_weight"][rows])
        value.backward()
        limit = float("inf") if clip_norm is None else clip_norm
        norms.append(torch.nn.utils.clip_grad_norm_(trained.values(), limit, foreach=False))
        losses.append(value.detach())
        optimizer.step()
    results = {"losses": torch.stack(losses), "grad_norm": torch.stack(norms)}
    results |= network.snapshot("final.")
    network.eval()
    results["predicted"] = network(data["x"])
    settings = settings_of(name) | {
        "optimizer": {"name": optimizer_name, **make.OPTIMIZERS[optimizer_name]},
        "clip_norm": clip_norm,
        "schedule": {"kind": "constant"},
        "batch_size": make.BATCH_SIZE,
        "batches": "step s takes rows 24 (s mod 4) up to 24 (s mod 4) + 24",
    }
    return inputs, results, settings


def goldens():
    """(file name, function of the dtype) of every golden file."""
    for name in RIVALS:
        yield f"rival_{name}", lambda dtype, name=name: one_batch(name, dtype)
        for optimizer, clip in CURVES:
            yield (
                f"rival_curve_{name}_{optimizer}",
                lambda dtype, name=name, optimizer=optimizer, clip=clip: curve(name, optimizer, clip, dtype),
            )


if __name__ == "__main__":
    make.main(__doc__, goldens(), "rival_*.safetensors")
