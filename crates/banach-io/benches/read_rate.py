"""Times this crate's CSV reader beside Polars and pandas on one table of 30 columns.

    python -m venv venv && venv/bin/pip install polars pandas
    venv/bin/python crates/banach-io/benches/read_rate.py [--rows 1000000] [--repeats 5]

The program of read_rate.rs makes the file in a temporary folder and reads it: as one table
(`whole`), piece by piece (`stream`), and with features made of it (`encode`). The readers take
turns, so that a busy machine slows all of them, and each run is a process of its own, so that its
peak memory is its own. The first turn warms the file cache and does not count. Everything may use
two threads; pandas' C reader uses one.

Wall seconds are those of the read alone; the CPU time and the peak memory of the Python readers
include the interpreter's start.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

WORKSPACE = Path(__file__).resolve().parents[3]
PYTHON = """
import sys, time, {library} as library
start = time.perf_counter()
rows = len(library.read_csv(sys.argv[1]))
print(rows, "rows in", time.perf_counter() - start, "s")
"""


def build():
    """Builds the program and gives its path."""
    command = "cargo bench -p banach-io --bench read_rate --no-run --message-format=json"
    output = subprocess.run(command.split(), cwd=WORKSPACE, check=True, stdout=subprocess.PIPE)
    messages = [json.loads(line) for line in output.stdout.splitlines()]
    return [found for message in messages if (found := message.get("executable"))][-1]


def commands(program, file):
    """Name and command of each reader."""
    read = {kind: [program, kind, file] for kind in ("whole", "stream", "encode")}
    for library in ("polars", "pandas"):
        read[library] = [sys.executable, "-c", PYTHON.format(library=library), file]
    return read


def run(command):
    """Rows, seconds of the read, CPU seconds and peak MB of one process."""
    environment = os.environ | {"POLARS_MAX_THREADS": "2"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command} failed")
    rows, seconds = re.match(r"(\d+) rows.* in ([0-9.e-]+) s", output).groups()
    return int(rows), float(seconds), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--program", help="the built program, instead of building it")
    options = parser.parse_args()
    program = options.program or build()
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "table.csv")
        subprocess.run([program, "write", file, str(options.rows)], check=True)
        size = Path(file).stat().st_size / 1e6
        results = {name: [] for name in commands(program, file)}
        for turn in range(options.repeats + 1):
            for name, command in commands(program, file).items():
                rows, *numbers = run(command)
                assert rows == options.rows, f"{name} read {rows} rows"
                if turn > 0:
                    results[name].append(numbers)
    versions = [f"{name} {sys.modules[name].__version__}" for name in ("polars", "pandas")
                if __import__(name)]
    print(f"{options.rows} rows x 30 columns, {size:.1f} MB; {', '.join(versions)}; "
          f"{os.cpu_count()} CPUs, median of {options.repeats} turns (least to most)")
    print(f"{'reader':8} {'seconds':>22} {'MB/s':>7} {'CPU s':>7} {'peak MB':>8} {'x pandas':>9}")
    pandas = statistics.median(seconds for seconds, _, _ in results["pandas"])
    for name, runs in results.items():
        seconds, cpu, peak = zip(*runs)
        median = statistics.median(seconds)
        print(f"{name:8} {median:8.3f} ({min(seconds):.3f}-{max(seconds):.3f}) {size / median:7.1f} "
              f"{statistics.median(cpu):7.2f} {statistics.median(peak):8.0f} {pandas / median:9.2f}")


if __name__ == "__main__":
    main()
