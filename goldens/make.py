"""Makes the golden files of `goldens/data/` with PyTorch.

    python goldens/make.py            writes the files and prints the cross-check table
    python goldens/make.py --check    writes nothing; exits 1 if a committed file would change

Inputs and initial weights are float32 numbers. Everything that follows from them is computed in
float64 and rounded to float32 once, at the end, so a golden is within half a float32 ULP of the
exact-arithmetic answer to all intents. The same computation in plain float32 is the cross-check
that is printed: it says how far an honest float32 engine may be away.
"""

import argparse
import itertools
import json
import os
import sys
from pathlib import Path

# One code path on every x86-64 machine, set before torch loads: the same bits everywhere.
os.environ["ATEN_CPU_CAPABILITY"] = "default"
os.environ["MKL_CBWR"] = "COMPATIBLE"

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save

DATA = Path(__file__).parent / "data"
SEED = 20170608
HIDDEN = [16, 12, 8]
N_FEATURES, N_ROWS, BATCH_SIZE, N_STEPS = 10, 96, 24, 20

# n_outputs and PyTorch's settings of each loss. `l_i` is a sample's loss, `w_i` its weight; the
# loss of a batch is sum_i w_i l_i / sum_i w_i. For `bce_masked` the sums run over present labels.
LOSSES = {
    "cross_entropy": {"n_outputs": 4, "label_smoothing": 0.0},
    "cross_entropy_smoothing": {"n_outputs": 4, "label_smoothing": 0.1},
    "bce_masked": {"n_outputs": 5},
    "squared": {"n_outputs": 1},
    "huber": {"n_outputs": 1, "delta": 1.0},
}

# Weight decay is on weights only, never on biases: L2 (added to the gradient), but for adamw
# decoupled.
OPTIMIZERS = {
    "sgd": {"learning_rate": 0.05, "weight_decay": 0.01},
    "sgd_momentum": {"learning_rate": 0.02, "weight_decay": 0.01, "momentum": 0.9},
    "sgd_nesterov": {"learning_rate": 0.02, "weight_decay": 0.01, "momentum": 0.9},
    "adam": {"learning_rate": 0.01, "weight_decay": 0.01, "betas": [0.9, 0.999], "eps": 1e-8},
    "adamw": {"learning_rate": 0.01, "weight_decay": 0.05, "betas": [0.9, 0.999], "eps": 1e-8},
}

ONE_CYCLE = {
    "kind": "one_cycle",
    "pct_start": 0.3,
    "div_factor": 25.0,
    "final_div_factor": 1e4,
    "total_steps": N_STEPS,
}
COSINE = {"kind": "cosine", "eta_min": 0.0, "total_steps": N_STEPS}


def generator(*purpose):
    """A generator of its own for each purpose: adding a file changes no other."""
    return np.random.default_rng([SEED, *"/".join(map(str, purpose)).encode()])


def normal(rng, *shape, scale=1.0):
    return torch.from_numpy((scale * rng.standard_normal(shape)).astype(np.float32))


def initial_parameters(loss):
    """Weights Normal(0, 1/fan_in); biases Normal(0, 0.01), so that no bias is 0."""
    rng = generator("weights", loss)
    widths = [N_FEATURES, *HIDDEN, LOSSES[loss]["n_outputs"]]
    parameters = {}
    for i, (n_in, n_out) in enumerate(itertools.pairwise(widths)):
        parameters[f"layers.{i}.weight"] = normal(rng, n_out, n_in, scale=n_in**-0.5)
        parameters[f"layers.{i}.bias"] = normal(rng, n_out, scale=0.1)
    return parameters


def table(loss, n_rows):
    """x [n_rows, 10], targets, and sample weights in [0.25, 2) with a zero among them."""
    rng = generator("table", loss, n_rows)
    x = normal(rng, n_rows, N_FEATURES)
    n_outputs = LOSSES[loss]["n_outputs"]
    # The targets follow the features, so that there is something to learn.
    signal = x.numpy() @ rng.standard_normal((N_FEATURES, n_outputs)).astype(np.float32)
    signal += 0.5 * rng.standard_normal(signal.shape).astype(np.float32)
    if loss.startswith("cross_entropy"):
        targets = torch.from_numpy(signal.argmax(axis=1))
    elif loss == "bce_masked":
        labels = np.where(rng.random(signal.shape) < 0.3, np.nan, signal > 0)
        labels[1::17] = np.nan  # rows without any label
        targets = torch.from_numpy(labels.astype(np.float32))
    else:
        targets = torch.from_numpy((0.7 * signal[:, 0]).astype(np.float32))
    sample_weight = rng.uniform(0.25, 2.0, n_rows).astype(np.float32)
    sample_weight[5] = 0.0
    return x, targets, torch.from_numpy(sample_weight)


def forward(parameters, x):
    """Dense layers with SELU between them; the last one is linear. Weights are [out, in]."""
    n_layers = len(parameters) // 2
    for i in range(n_layers):
        x = F.linear(x, parameters[f"layers.{i}.weight"], parameters[f"layers.{i}.bias"])
        if i + 1 < n_layers:
            x = F.selu(x)
    return x


def batch_loss(loss, outputs, targets, sample_weight):
    """The weighted mean of the samples' (for bce_masked: the present labels') losses."""
    settings = LOSSES[loss]
    weight = sample_weight
    if loss.startswith("cross_entropy"):
        smoothing = settings["label_smoothing"]
        each = F.cross_entropy(outputs, targets, reduction="none", label_smoothing=smoothing)
    elif loss == "bce_masked":
        present = ~torch.isnan(targets)
        weight = sample_weight[:, None] * present
        labels = torch.where(present, targets, 0.0)
        each = F.binary_cross_entropy_with_logits(outputs, labels, reduction="none")
    elif loss == "squared":
        each = F.mse_loss(outputs[:, 0], targets, reduction="none")
    else:
        delta = settings["delta"]
        each = F.huber_loss(outputs[:, 0], targets, reduction="none", delta=delta)
    return (weight * each).sum() / weight.sum()


def cast(tensors, dtype):
    """Floating tensors as `dtype`, in leaves of their own; class numbers stay integers."""
    return {k: t.detach().clone().to(dtype) if t.is_floating_point() else t for k, t in tensors.items()}


def trainable(parameters, dtype):
    return {k: t.requires_grad_() for k, t in cast(parameters, dtype).items()}


def selu(dtype):
    """y = selu(x) and dy/dx. The derivative at 0 is the left one, lambda alpha, as PyTorch has it."""
    magnitudes = np.concatenate([np.geomspace(1e-6, 100.0, 401), np.linspace(0.0, 12.0, 601), [1e4]])
    x32 = np.unique(np.concatenate([-magnitudes, magnitudes]).astype(np.float32))
    x32[x32 == 0.0] = 0.0  # whichever zero was left becomes +0; -0 comes last
    x32 = torch.from_numpy(np.append(x32, np.float32(-0.0)))
    x = x32.to(dtype, copy=True).requires_grad_()
    y = F.selu(x)
    y.sum().backward()
    return {"x": x32}, {"y": y, "dy_dx": x.grad}, {}


def network(loss, dtype):
    """Outputs, loss and gradients of one batch, with sample weights and without."""
    initial = initial_parameters(loss)
    x, targets, sample_weight = table(loss, BATCH_SIZE)
    inputs = {"x": x, "targets": targets, "sample_weight": sample_weight, **initial}
    data = cast({"x": x, "targets": targets, "sample_weight": sample_weight}, dtype)
    results = {}
    for prefix, weight in [
        ("", data["sample_weight"]),
        ("unweighted.", torch.ones_like(data["sample_weight"])),
    ]:
        parameters = trainable(initial, dtype)
        outputs = forward(parameters, data["x"])
        outputs.retain_grad()
        value = batch_loss(loss, outputs, data["targets"], weight)
        value.backward()
        results["outputs"] = outputs
        results[f"{prefix}loss"] = value
        results[f"{prefix}grad.outputs"] = outputs.grad
        results |= {f"{prefix}grad.{name}": p.grad for name, p in parameters.items()}
    return inputs, results, {"loss": loss, **LOSSES[loss]}


def make_optimizer(name, parameters):
    settings = OPTIMIZERS[name]
    groups = [
        {
            "params": [p for k, p in parameters.items() if k.endswith("weight")],
            "weight_decay": settings["weight_decay"],
        },
        {
            "params": [p for k, p in parameters.items() if not k.endswith("weight")],
            "weight_decay": 0.0,
        },
    ]
    lr = settings["learning_rate"]
    if name.startswith("sgd"):
        return torch.optim.SGD(
            groups,
            lr=lr,
            momentum=settings.get("momentum", 0.0),
            nesterov=name == "sgd_nesterov",
            foreach=False,
        )
    kind = torch.optim.AdamW if name == "adamw" else torch.optim.Adam
    return kind(groups, lr=lr, betas=tuple(settings["betas"]), eps=settings["eps"], foreach=False)


def make_schedule(schedule, optimizer, learning_rate):
    if schedule["kind"] == "one_cycle":
        return torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=learning_rate,
            total_steps=schedule["total_steps"],
            pct_start=schedule["pct_start"],
            anneal_strategy="cos",
            cycle_momentum=False,
            div_factor=schedule["div_factor"],
            final_div_factor=schedule["final_div_factor"],
        )
    if schedule["kind"] == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(
            optimizer, T_max=schedule["total_steps"], eta_min=schedule["eta_min"]
        )
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


def curve(loss, optimizer_name, dtype, clip_norm=None, schedule=None):
    """20 steps: the loss of each batch before its update, the rate and gradient norm of each step."""
    schedule = schedule or {"kind": "constant"}
    initial = initial_parameters(loss)
    x, targets, sample_weight = table(loss, N_ROWS)
    data = cast({"x": x, "targets": targets, "sample_weight": sample_weight}, dtype)
    parameters = trainable(initial, dtype)
    optimizer = make_optimizer(optimizer_name, parameters)
    scheduler = make_schedule(schedule, optimizer, OPTIMIZERS[optimizer_name]["learning_rate"])
    losses, rates, norms = [], [], []
    for step in range(N_STEPS):
        start = step % (N_ROWS // BATCH_SIZE) * BATCH_SIZE
        rows = slice(start, start + BATCH_SIZE)
        optimizer.zero_grad()
        outputs = forward(parameters, data["x"][rows])
        value = batch_loss(loss, outputs, data["targets"][rows], data["sample_weight"][rows])
        value.backward()
        limit = float("inf") if clip_norm is None else clip_norm
        norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), limit, foreach=False))
        losses.append(value.detach())
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    inputs = {"x": x, "targets": targets, "sample_weight": sample_weight}
    inputs |= {f"initial.{name}": t for name, t in initial.items()}
    # Learning rates stay float64: they are settings, not results of the engine's arithmetic.
    inputs["learning_rate"] = torch.tensor(rates, dtype=torch.float64)
    results = {"losses": torch.stack(losses), "grad_norm": torch.stack(norms)}
    results |= {f"final.{name}": p for name, p in parameters.items()}
    settings = {
        "loss": loss,
        **LOSSES[loss],
        "optimizer": {"name": optimizer_name, **OPTIMIZERS[optimizer_name]},
        "clip_norm": clip_norm,
        "schedule": schedule,
        "batch_size": BATCH_SIZE,
        "batches": "step s takes rows 24 (s mod 4) up to 24 (s mod 4) + 24",
    }
    return inputs, results, settings


RATES = [0.0625, 0.125, 0.5]  # multiples of 2^-16, which is what the engine rounds rates to


def alpha_dropout_constants(rate):
    """Kept: a h + b. Dropped: a alpha' + b, where alpha' = -lambda alpha is SELU's limit."""
    limit = -1.7580993408473766
    q = 1.0 - rate
    a = (q + limit**2 * q * (1.0 - q)) ** -0.5
    b = -a * (1.0 - q) * limit
    return a, b, a * limit + b


def alpha_dropout(dtype):
    """y = alpha_dropout(selu(x)) with the mask given, and the gradient at x for one at y."""
    rng = generator("alpha_dropout")
    x32, d_y32 = normal(rng, 70, 32, scale=1.5), normal(rng, 70, 32)
    inputs, results = {"x": x32, "d_y": d_y32}, {}
    for rate in RATES:
        check_alpha_dropout(rate)
        a, b, dropped = alpha_dropout_constants(rate)
        keep = torch.from_numpy(rng.random(x32.shape) >= rate)
        inputs[f"{rate}.keep"] = keep.to(torch.uint8)
        # y_kept and d_x_kept: as if nothing were dropped, for an engine that draws its own mask.
        for suffix, mask in [("", keep), ("_kept", torch.ones_like(keep))]:
            x = x32.to(dtype, copy=True).requires_grad_()
            y = torch.where(mask, a * F.selu(x) + b, dropped)
            y.backward(d_y32.to(dtype))
            results |= {f"{rate}.y{suffix}": y, f"{rate}.d_x{suffix}": x.grad}
        inputs[f"{rate}.constants"] = torch.tensor([a, b, dropped], dtype=torch.float64)
    return inputs, results, {"rates": RATES, "constants": "a, b, value of a dropped unit"}


def check_alpha_dropout(rate):
    """PyTorch's own alpha dropout is this map: element by element, in its gradient and on average."""
    torch.manual_seed(SEED)
    a, b, dropped = alpha_dropout_constants(rate)
    x = torch.from_numpy(generator("check", rate).standard_normal(400_000)).requires_grad_()
    y = F.alpha_dropout(x, rate, training=True)
    y.sum().backward()
    keep = x.grad != 0
    ours = torch.where(keep, a * x + b, dropped)
    assert (y - ours).abs().max() < 1e-12, "not PyTorch's alpha dropout"
    assert (x.grad - a * keep.double()).abs().max() < 1e-12, "not the gradient of PyTorch's alpha dropout"
    # Six standard errors of each mean; the input is Normal(0, 1), which the map must keep.
    n = x.numel()
    assert abs(keep.double().mean() - (1 - rate)) < 6 * (rate * (1 - rate) / n) ** 0.5
    assert abs(y.mean()) < 6 * n**-0.5 and abs(y.var() - 1) < 6 * (8 / n) ** 0.5


def goldens():
    """(file name, function of the dtype) of every golden file."""
    yield "selu", selu
    yield "alpha_dropout", alpha_dropout
    for loss in LOSSES:
        yield f"network_{loss}", lambda dtype, loss=loss: network(loss, dtype)
        for name in OPTIMIZERS:
            yield f"curve_{loss}_{name}", lambda dtype, loss=loss, name=name: curve(loss, name, dtype)
    # Every norm of the cross-entropy run is clipped; of the masked run some are and some are not.
    variants = {
        "clipped": (["cross_entropy", "bce_masked"], {"clip_norm": 0.5}),
        "one_cycle": (["cross_entropy"], {"schedule": ONE_CYCLE}),
        "cosine": (["cross_entropy"], {"schedule": COSINE}),
    }
    for variant, (losses, extra) in variants.items():
        for loss, name in itertools.product(losses, ["sgd_momentum", "adam"]):
            yield (
                f"curve_{loss}_{name}_{variant}",
                lambda dtype, loss=loss, name=name, extra=extra: curve(loss, name, dtype, **extra),
            )


def serialize(name, inputs, results, settings):
    about = {
        "golden": name,
        "torch": torch.__version__.split("+")[0],
        "numpy": np.__version__,
        "seed": SEED,
        "computed_in": "float64, rounded to float32 at the end",
        **settings,
    }
    # One metadata entry: the order of several is not fixed.
    tensors = inputs | cast(results, torch.float32)
    return save({k: t.detach().contiguous() for k, t in tensors.items()}, {"golden": json.dumps(about)})


def difference(exact, rough):
    """Largest absolute difference, as a share of the tensor's largest magnitude."""
    gap = (exact.detach().double() - rough.detach().double()).abs().max()
    return (gap / exact.detach().abs().max().clamp(min=1e-30)).item()


def main(description, goldens, pattern):
    """Makes the files of `goldens`, which are those of `goldens/data/` that `pattern` matches."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files only")
    check = parser.parse_args().check
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    DATA.mkdir(exist_ok=True)
    stale, total, names = [], 0, set()
    print(f"{'file':45} {'bytes':>7}  largest difference float32 / float64, of the largest magnitude")
    for name, make in goldens:
        inputs, results, settings = make(torch.float64)
        _, rough, _ = make(torch.float32)
        if name == "selu":  # PyTorch's float32 values too: rivals to measure a float32 SELU by
            results |= {"y_f32": rough["y"], "dy_dx_f32": rough["dy_dx"]}
        assert all(t.isfinite().all() for t in results.values()), f"{name} is not finite"
        data = serialize(name, inputs, results, settings)
        path = DATA / f"{name}.safetensors"
        names.add(path.name)
        total += len(data)
        if not (path.exists() and path.read_bytes() == data):
            stale.append(path.name)
            if not check:
                path.write_bytes(data)
        worst = max(rough, key=lambda k: difference(results[k], rough[k]))
        note = ""
        if "losses" in results:
            losses, norms = results["losses"], results["grad_norm"]
            note = f"  loss {losses[0]:.3f} -> {losses[-1]:.3f}"
            note += f"  norm {norms.min():.2f}..{norms.max():.2f}"
        print(f"{name:45} {len(data):7}  {difference(results[worst], rough[worst]):.1e} {worst:24}{note}")
    stale += sorted(p.name for p in DATA.glob(pattern) if p.name not in names)
    print(f"{total} bytes; {len(stale)} files {'differ' if check else 'written or left over'}")
    if check and stale:
        sys.exit("not as made: " + ", ".join(stale) + "\nrun: python " + sys.argv[0])


if __name__ == "__main__":
    main(__doc__, goldens(), "[!r]*.safetensors")  # those of rivals.py begin with r
