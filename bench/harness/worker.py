"""Programs that are measured: workers that live through the run, and programs that run once."""

import json
import os
import select
import selectors
import subprocess
import time

# First calls compile: minutes for the deepest network.
PATIENCE = 1200
# A worker that waits should use no more than this share of a processor.
IDLE = 0.02
# Seconds between two looks at a program's memory.
LOOK = 0.05


class Failed(Exception):
    """A peer gave no number."""


def processors(threads):
    """The first processors that this process may use."""
    return sorted(os.sched_getaffinity(0))[:threads]


def environment(threads):
    """Equal threads for everyone, whichever library makes them."""
    names = ["BENCH", "OMP_NUM", "MKL_NUM", "OPENBLAS_NUM", "RAYON_NUM", "BANACH_NUM"]
    counts = {f"{name}_THREADS": str(threads) for name in names}
    return os.environ | counts | {"PYTHONUNBUFFERED": "1"}


def _bind(threads):
    allowed = processors(threads)
    return lambda: os.sched_setaffinity(0, allowed)


class Worker:
    """A process that answers requests, bound to as many processors as it has threads."""

    def __init__(self, command, threads, log):
        self.command, self.threads, self.log = [str(word) for word in command], threads, log
        self.process = None

    def ask(self, request, patience=PATIENCE):
        """The answer to a request; a worker that failed starts anew for the next one."""
        if self.process is None:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log,
                env=environment(self.threads),
                preexec_fn=_bind(self.threads),
            )
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(self.process.stdout, selectors.EVENT_READ)
                ready = selector.select(patience)
            line = self.process.stdout.readline() if ready else b""
        except BrokenPipeError:
            line = b""
        if not line:
            self.close()
            raise Failed(f"no answer within {patience} s" if not ready else "the worker ended")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def cpu_seconds(self):
        """Processor time that the worker has used so far."""
        if self.process is None:
            return 0.0
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None


def run_once(command, threads, log, cwd=None):
    """Runs a program to its end: what it prints, wall-clock seconds, and its largest memory in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment(threads),
        preexec_fn=_bind(threads),
        cwd=cwd,
    )
    # What a program prints fits into the pipe. The system's own record of the largest memory would count this
    # process too, as the program began as its copy.
    memory, ended = 0, os.pidfd_open(process.pid)
    while True:
        over = select.select([ended], [], [], LOOK)[0]
        memory = max(memory, _peak_memory(process.pid))
        if over:
            break
    seconds = time.perf_counter() - start
    os.close(ended)
    process.wait()
    printed = process.stdout.read()
    process.stdout.close()
    if process.returncode != 0:
        raise Failed(f"exit code {process.returncode} of {' '.join(process.args)}")
    return printed, seconds, memory


def _peak_memory(process):
    """Largest memory of a process so far; of one that has ended nothing is known any more."""
    with open(f"/proc/{process}/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
