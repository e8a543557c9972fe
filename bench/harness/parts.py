"""The parts of the benchmark. In each, all take turns, A B C A B C, so that none has the machine's better hour."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from workloads import SCALING, WORKLOADS, flop_per_sample, n_weights

from .build import BENCH, Built
from .record import Record
from .worker import IDLE, Failed, Worker, run_once

WORKERS = BENCH / "workers"
# What the clock of processor time cannot tell from nothing.
CLOCK_TICKS = 0.02


@dataclass
class Plan:
    """What is measured, and how long."""

    built: Built
    record: Record
    workloads: list | None
    peers: list | None
    threads: list
    rounds: int
    seconds: float
    quick: bool
    data: Path

    def chosen(self, names):
        return [name for name in names if self.workloads is None or name in self.workloads]

    def commands(self, names):
        """How the chosen peers are started."""
        python, peers = self.built.python, self.built.peers
        known = {
            "pytorch": [python, WORKERS / "torch_train.py", "eager"],
            "pytorch-compiled": [python, WORKERS / "torch_train.py", "compiled"],
            "jax": [python, WORKERS / "jax_train.py"],
            "scikit-learn": [python, WORKERS / "sklearn_train.py"],
            "burn": [peers, "burn"],
            "candle": [peers, "candle"],
            "pytorch-predict": [python, WORKERS / "torch_predict.py"],
            "onnxruntime": [peers, "onnxruntime", self.built.onnxruntime],
        }
        return {name: known[name] for name in names if self.peers is None or name in self.peers}

    def with_banach(self):
        return self.peers is None or "banach" in self.peers


class Crew:
    """The workers of one thread count."""

    def __init__(self, plan, commands, threads):
        self.plan, self.threads = plan, threads
        self.workers = {name: Worker(command, threads, plan.record.log) for name, command in commands.items()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self.workers.values():
            worker.close()

    def warm_up(self, peer, request, **about):
        """Whether a peer answers; if not, that is on record."""
        try:
            self.workers[peer].ask(request)
            return True
        except Failed as error:
            self.plan.record.add(**about, peer=peer, threads=self.threads, error=str(error))
            return False

    def ask(self, peer, request, **about):
        self.turn(peer, lambda: self.workers[peer].ask(request), **about)

    def turn(self, peer, measure, **about):
        """One measurement, after all others have come to rest; whether they kept still is on record with it."""
        self.settle()
        waiting = [worker for name, worker in self.workers.items() if name != peer]
        before, start = sum(worker.cpu_seconds() for worker in waiting), time.perf_counter()
        try:
            answer = measure()
        except Failed as error:
            answer = {"error": str(error)}
        used = sum(worker.cpu_seconds() for worker in waiting) - before
        if used > IDLE * (time.perf_counter() - start) + CLOCK_TICKS:
            answer = answer | {"cpu_seconds_of_others": used}
        self.plan.record.add(**about, peer=peer, threads=self.threads, **answer)

    def settle(self):
        """Waits until no worker computes: thread pools spin for a while after their last work."""
        for _ in range(50):
            before = sum(worker.cpu_seconds() for worker in self.workers.values())
            time.sleep(0.1)
            if sum(worker.cpu_seconds() for worker in self.workers.values()) - before <= CLOCK_TICKS:
                return


TRAINERS = ["pytorch", "pytorch-compiled", "jax", "scikit-learn", "burn", "candle"]


def train(plan):
    """Every workload, every peer, every thread count."""
    commands = plan.commands(TRAINERS)
    commands["matmul"] = [plan.built.python, WORKERS / "torch_train.py", "eager"]
    nets = {name: WORKLOADS[name] for name in plan.chosen(WORKLOADS)}
    for threads in plan.threads:
        with Crew(plan, commands, threads) as crew:
            for name, net in nets.items():
                train_rounds(plan, crew, "train", name, net, plan.rounds, plan.seconds)


def scaling(plan):
    """Training at other widths, depths, batches and numbers of rows, against the two best known peers."""
    commands = plan.commands(["pytorch", "jax"])
    commands["matmul"] = [plan.built.python, WORKERS / "torch_train.py", "eager"]
    points = list(SCALING.items())
    if plan.quick:
        points = points[::6]
    with Crew(plan, commands, max(plan.threads)) as crew:
        for name, net in points:
            train_rounds(plan, crew, "scaling", name, net, min(plan.rounds, 3), min(plan.seconds, 1.5))


def train_rounds(plan, crew, part, name, net, n_rounds, seconds):
    counted = net | {"n_weights": n_weights(net), "flop_per_sample": flop_per_sample(net)}
    about = {"part": part, "name": name, "network": counted}
    request = {"task": "train", "network": net}
    # Compiles, and shows who has something to measure.
    peers = [peer for peer in crew.workers if peer != "matmul"]
    ready = [peer for peer in peers if crew.warm_up(peer, request | {"seconds": 0.01}, **about)]
    for number in range(1, n_rounds + 1):
        now = about | {"round": number}
        if plan.with_banach():
            crew.turn("banach", lambda: banach_train(plan, net, crew.threads, seconds), **now)
        for peer in ready:
            crew.ask(peer, request | {"seconds": seconds}, **now)
        matmul = {"task": "matmul", "sizes": [512, 1024, 2048], "seconds": min(plan.seconds, 1.0)}
        crew.ask("matmul", matmul, **now)


def banach_train(plan, net, threads, seconds):
    options = ("features", "layers", "width", "classes", "batch", "optimizer", "dropout", "rows")
    command = [plan.built.banach, "bench", "train", "--threads", threads, "--seconds", seconds, "--json"]
    for name in options:
        command += [f"--{name}", net[name]]
    printed, _, memory = run_once(command, threads, plan.record.log)
    (report,) = json.loads(printed)
    keep = ("samples_per_second", "lowest", "highest", "loss")
    return {name: report[name] for name in keep} | {"max_rss_bytes": memory}


NETWORKS = 64
# Networks that PyTorch trains one after another in a turn: all 64 would have the same rate.
TRAINED = 8


def fleet(plan):
    """64 networks of `small`: side by side in banach, one after another in PyTorch, by vmap in JAX."""
    net = WORKLOADS["small"]
    counted = net | {"n_weights": n_weights(net), "flop_per_sample": flop_per_sample(net)}
    about = {"part": "fleet", "name": f"{NETWORKS} x small", "network": counted}
    request = {"task": "fleet", "workload": "small", "networks": NETWORKS, "trained": TRAINED}
    for threads in plan.threads:
        with Crew(plan, plan.commands(["pytorch", "jax"]), threads) as crew:
            short = request | {"seconds": 0.01}
            ready = [peer for peer in crew.workers if crew.warm_up(peer, short, **about)]
            for number in range(1, plan.rounds + 1):
                now = about | {"round": number}
                if plan.with_banach():
                    crew.turn("banach", lambda: banach_fleet(plan, threads), **now)
                for peer in ready:
                    crew.ask(peer, request | {"seconds": plan.seconds}, **now)


def banach_fleet(plan, threads):
    command = [plan.built.banach, "bench", "fleet", "--networks", NETWORKS, "--workload", "small", "--threads", threads]
    printed, _, memory = run_once([*command, "--seconds", plan.seconds, "--json"], threads, plan.record.log)
    return {"samples_per_second": json.loads(printed)["samples_per_second"], "max_rss_bytes": memory}


def predict(plan):
    """The same weights and rows everywhere; every peer says how far its outputs are from banach's."""
    peers = plan.commands(["onnxruntime", "pytorch-predict"])
    for name in plan.chosen(["small", "deep", "wide"]):
        with TemporaryDirectory() as folder:
            file = Path(folder) / "network.safetensors"
            write = [plan.built.banach, "bench", "predict", "--workload", name, "--seconds", "0.01", "--json", "--write", file]
            run_once(write, 1, plan.record.log)
            run_once([plan.built.python, WORKERS / "make_onnx.py", folder], 1, plan.record.log)
            for threads in plan.threads:
                predict_rounds(plan, peers, name, folder, threads)


def predict_rounds(plan, commands, name, folder, threads):
    about = {"part": "predict", "name": name}
    request = {"task": "predict", "folder": folder, "threads": threads}
    with Crew(plan, commands, threads) as crew:
        ready = [peer for peer in crew.workers if crew.warm_up(peer, request | {"seconds": 0.1}, **about)]
        for number in range(1, plan.rounds + 1):
            now = about | {"round": number}
            if plan.with_banach():
                for peer, precision in (("banach", "single"), ("banach-bf16", "bf16")):
                    crew.turn(peer, lambda precision=precision: banach_predict(plan, name, precision, threads), **now)
            for peer in ready:
                crew.ask(peer, request | {"seconds": plan.seconds}, **now)


def banach_predict(plan, name, precision, threads):
    command = [plan.built.banach, "bench", "predict", "--workload", name, "--precision", precision, "--threads", threads]
    printed, _, _ = run_once([*command, "--seconds", plan.seconds, "--json"], threads, plan.record.log)
    report = json.loads(printed)
    return {key: report[key] for key in ("single_row", "batch_1024")}


TABLES = {"adult": ("csv/adult.csv", "income"), "HTRU2": ("htru2/HTRU_2.csv", "class")}
EPOCHS, BATCH = 20, 256
# scikit-learn's network and training, but for SELU in place of ReLU.
EQUAL = (
    "--layers 3 --width 256 --shape rectangular --dropout 0 --optimizer adam --lr 0.001 --beta2 0.999 --schedule constant "
    "--weight-decay 0 --clip-norm 0 --label-smoothing 0 --scaling standard --max-one-hot 1000 --category-dropout 0 --valid 0.2 "
    "--stopping last"
)


def end_to_end(plan):
    """Seconds from a CSV file to a model file, start of the program included, at equal epochs."""
    epochs = 2 if plan.quick else EPOCHS
    for name, (file, target) in TABLES.items():
        data = plan.data / file
        if not data.exists():
            plan.record.add(part="end-to-end", name=name, peer="all", error=f"{data} is not there")
            continue
        for threads in plan.threads:
            for number in range(1, plan.rounds + 1):
                with TemporaryDirectory() as folder:
                    banach = [plan.built.banach, "fit", data, "--target", target, *EQUAL.split(), "--batch", BATCH]
                    banach += ["--epochs", epochs, "--threads", threads, "--quiet", "--out", Path(folder) / "model"]
                    script = BENCH / "end_to_end" / "sklearn_fit.py"
                    sklearn = [plan.built.python, script, data, target, epochs, BATCH, Path(folder) / "model.joblib"]
                    for peer, command in {"banach": banach, "scikit-learn": sklearn}.items():
                        if plan.peers is not None and peer not in plan.peers:
                            continue
                        about = {"part": "end-to-end", "name": name, "round": number, "peer": peer, "threads": threads}
                        try:
                            _, seconds, memory = run_once(command, threads, plan.record.log)
                            plan.record.add(**about, epochs=epochs, seconds=seconds, max_rss_bytes=memory)
                        except Failed as error:
                            plan.record.add(**about, error=str(error))


PARTS = {"train": train, "scaling": scaling, "fleet": fleet, "predict": predict, "end-to-end": end_to_end}
