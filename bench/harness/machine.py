"""What the numbers were measured on: machine.json."""

import json
import os
import platform
import re
import subprocess
import sys
import tomllib
from datetime import datetime, timezone
from pathlib import Path

from .build import BENCH, PROJECT

ISA = ["fma", "avx2", "avx512f", "avx512bw", "avx512vl", "avx512_bf16", "avx512_vnni", "amx_tile", "asimd", "sve"]
PACKAGES = ["torch", "jax", "jaxlib", "scikit-learn", "onnxruntime", "onnx", "numpy", "pandas"]
CRATES = ["burn", "candle-core", "candle-nn", "gemm", "ort"]


def folder(results, day):
    """A new folder named after day and machine."""
    words = re.findall(r"[a-z0-9]+", _processor().lower())
    kept = [word for word in words if word not in ("r", "tm", "cpu", "processor", "core")]
    base = f"{day.isoformat()}-{'-'.join(kept[:4])}-{len(os.sched_getaffinity(0))}"
    path, number = results / base, 2
    while path.exists():
        path, number = results / f"{base}-{number}", number + 1
    return path


def write(out, built, plan, load):
    """Adds a run to machine.json: the machine once, and for each run the versions, the commit and the command."""
    path = out / "machine.json"
    known = json.loads(path.read_text()) if path.exists() else {"runs": []}
    known["machine"] = {
        "processor": _processor(),
        "processors": len(os.sched_getaffinity(0)),
        "caches": _caches(),
        "isa": [flag for flag in ISA if flag in _info("flags").split()],
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
    }
    known["runs"].append(
        {
            "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "command": " ".join(["bench/run", *_arguments(sys.argv[1:])]),
            "load_before": load,
            "commit": _output(["git", "rev-parse", "HEAD"]),
            # Numbers of a tree with changes cannot be had again from the commit.
            "changed_files": _output(["git", "status", "--porcelain", "--", "crates", "Cargo.lock", "Cargo.toml"]).splitlines(),
            "rounds": plan.rounds,
            "seconds": plan.seconds,
            "threads": plan.threads,
            "versions": _versions(built),
        }
    )
    path.write_text(json.dumps(known, indent=2) + "\n")


def _arguments(words):
    """The command's words without folders, which say nothing to others."""
    kept, words = [], iter(words)
    for word in words:
        if word in ("--out", "--venv", "--banach", "--peers-binary", "--data"):
            next(words, None)
        else:
            kept.append(word)
    return kept


def _versions(built):
    script = f"import importlib.metadata as m, json; print(json.dumps({{p: m.version(p) for p in {PACKAGES}}}))"
    versions = {"python": _output([built.python, "-c", "import platform; print(platform.python_version())"])}
    versions |= json.loads(_output([built.python, "-c", script]))
    lock = tomllib.loads((BENCH / "peers" / "Cargo.lock").read_text())
    versions |= {p["name"]: p["version"] for p in lock["package"] if p["name"] in CRATES}
    versions["rustc"] = _output(["rustc", "--version"])
    versions["banach"] = _output([built.banach, "--version"])
    return versions


def _output(command):
    return subprocess.run([str(w) for w in command], cwd=PROJECT, capture_output=True, text=True, check=False).stdout.strip()


def _info(key):
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.split(":")[0].strip() == key:
            return line.split(":", 1)[1].strip()
    return ""


def _processor():
    return _info("model name") or platform.processor() or platform.machine()


def _caches():
    found = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        found[f"L{level} {kind.lower()}"] = size
    return found
