"""The parts of the benchmark. In each, all take turns, A B C A B C, so that none has the machine's better hour."""

import json
from dataclasses import dataclass
from pathlib import Path

from workloads import SCALING, WORKLOADS, flop_per_sample, n_weights

from .build import BENCH, Built
from .record import Record
from .worker import IDLE, Failed, Worker, run_once

WORKERS = BENCH / "workers"


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

    def turn(self, peer, measure, **about):
        """One measurement, and whether those who waited kept still."""
        waiting = {name: worker for name, worker in self.workers.items() if name != peer}
        before = {name: worker.cpu_seconds() for name, worker in waiting.items()}
        about = about | {"peer": peer, "threads": self.threads}
        try:
            answer = measure()
        except Failed as error:
            answer = {"error": str(error)}
        used = {name: worker.cpu_seconds() - before[name] for name, worker in waiting.items()}
        restless = {name: s for name, s in used.items() if s > IDLE * self.plan.seconds + 0.02}
        if restless:
            answer = answer | {"restless": restless}
        self.plan.record.add(**about, **answer)
        return "error" not in answer


def banach_train(plan, net, threads, seconds):
    options = {name: net[name] for name in ("features", "layers", "width", "classes", "batch", "optimizer", "dropout", "rows")}
    command = [plan.built.banach, "bench", "train", "--threads", threads, "--seconds", seconds, "--json"]
    for name, value in options.items():
        command += [f"--{name}", value]
    printed, _, memory = run_once(command, threads, plan.record.log)
    (report,) = json.loads(printed)
    keep = ("samples_per_second", "lowest", "highest", "loss")
    return {name: report[name] for name in keep} | {"max_rss_bytes": memory}


def matmul(plan, crew, **about):
    """The machine's limit, by PyTorch's matrix product."""
    worker, seconds = crew.workers["matmul"], min(plan.seconds, 1.0)
    request = {"task": "matmul", "sizes": [512, 1024, 2048], "seconds": seconds}
    crew.turn("matmul", lambda: worker.ask(request), **about)


TRAINERS = ["pytorch", "pytorch-compiled", "jax", "scikit-learn", "burn", "candle"]


def train(plan):
    """Every workload, every peer, every thread count."""
    commands = plan.commands(TRAINERS)
    commands["matmul"] = [plan.built.python, WORKERS / "torch_train.py", "eager"]
    nets = {name: WORKLOADS[name] for name in plan.chosen(WORKLOADS)}
    for threads in plan.threads:
        with Crew(plan, commands, threads) as crew:
            for name, net in nets.items():
                rounds(plan, crew, "train", name, net, plan.rounds, plan.seconds)


def rounds(plan, crew, part, name, net, n_rounds, seconds):
    about = {"part": part, "name": name, "network": net | {"n_weights": n_weights(net), "flop_per_sample": flop_per_sample(net)}}
    peers = [peer for peer in crew.workers if peer != "matmul"]
    ready = []
    for peer in peers:
        # Compiles, and says whether there is anything to measure.
        request = {"task": "train", "network": net, "seconds": 0.01}
        try:
            crew.workers[peer].ask(request)
            ready.append(peer)
        except Failed as error:
            plan.record.add(**about, peer=peer, threads=crew.threads, error=str(error))
    request = {"task": "train", "network": net, "seconds": seconds}
    for number in range(1, n_rounds + 1):
        now = about | {"round": number}
        if plan.with_banach():
            crew.turn("banach", lambda: banach_train(plan, net, crew.threads, seconds), **now)
        for peer in ready:
            crew.turn(peer, lambda peer=peer: crew.workers[peer].ask(request), **now)
        matmul(plan, crew, **now)


def scaling(plan):
    """Training at other widths, depths, batches and numbers of rows, against the two best known peers."""
    commands = plan.commands(["pytorch", "jax"])
    commands["matmul"] = [plan.built.python, WORKERS / "torch_train.py", "eager"]
    points = list(SCALING.items())
    if plan.quick:
        points = points[::6]
    with Crew(plan, commands, max(plan.threads)) as crew:
        for name, net in points:
            rounds(plan, crew, "scaling", name, net, min(plan.rounds, 3), min(plan.seconds, 1.5))


PARTS = {"train": train, "scaling": scaling}
