"""Every single measurement, as it comes, in raw.jsonl."""

import json
import sys
import time


class Record:
    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.raw = open(folder / "raw.jsonl", "a")
        # What workers write to standard error: warnings of their libraries.
        self.log = open(folder / "workers.log", "a")

    def add(self, **measurement):
        """One measurement, or why there is none."""
        print(json.dumps({"time": round(time.time(), 1)} | measurement), file=self.raw, flush=True)
        shown = {key: _short(value) for key, value in measurement.items() if key not in ("network", "rounds")}
        print("  ".join(f"{value}" if key in ("part", "name", "peer") else f"{key} {value}" for key, value in shown.items()), file=sys.stderr, flush=True)


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else value
