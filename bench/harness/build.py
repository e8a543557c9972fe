"""Makes what is measured: the environment of Python's peers, banach, and the Rust peers."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
PROJECT = BENCH.parent


@dataclass
class Built:
    python: Path
    banach: Path
    peers: Path
    onnxruntime: Path | None


def build(venv, banach=None, peers=None):
    """Everything that is missing; paths that are given are taken as they are."""
    python = venv / "bin" / "python"
    if not python.exists():
        _say(f"making {venv} (some GB)")
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "-r", BENCH / "requirements.txt"], check=True)
    if banach is None:
        _say("building banach")
        banach = _cargo(PROJECT) / "banach"
    if peers is None:
        _say("building the Rust peers")
        # Started in their folder, so that their own flags for the compiler count.
        peers = _cargo(BENCH / "peers") / "banach-bench-peers"
    libraries = venv.glob("lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*")
    # No `resolve`: the environment's interpreter is a link, and the link says which environment it is.
    return Built(python.absolute(), banach.absolute(), peers.absolute(), next(libraries, None))


def _cargo(folder):
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=folder, check=True)
    metadata = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    found = subprocess.run(metadata, cwd=folder, check=True, capture_output=True).stdout
    return Path(json.loads(found)["target_directory"]) / "release"


def _say(text):
    print(text, file=sys.stderr, flush=True)
