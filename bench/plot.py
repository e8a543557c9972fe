#!/usr/bin/env python3
"""Draws training.svg from a folder's summary.json: samples per second as a multiple of the best peer's.

Usage: plot.py FOLDER [THREADS]
"""

import json
import sys
from pathlib import Path

WIDTH, TOP, HEIGHT, BOTTOM, LEFT = 860, 64, 230, 40, 44
GAP = 26  # Between workloads.

# Colours that keep their contrast on white and on the dark grey of GitHub's other theme: a picture cannot know which it is on.
COLOURS = {
    "banach": "#d6336c",
    "jax": "#2f7ed8",
    "pytorch-compiled": "#e8730c",
    "pytorch": "#f2a65a",
    "scikit-learn": "#2f9e44",
    "burn": "#8a63d2",
    "candle": "#868e96",
}
STYLE = """
  text { font: 12px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #768390; }
  .strong { font-weight: 600; }
  line { stroke: #8b949e; stroke-opacity: 0.45; }
"""


def text(x, y, words, anchor="middle", kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{words}</text>'


def draw(entries, threads, machine):
    """The picture, as text."""
    ratios = []
    for entry in entries:
        rates = {peer: value["median"] for peer, value in entry["samples_per_second"].items() if peer in COLOURS}
        best = rates[entry["best_peer"]]
        ratios.append((entry["name"], {peer: rates[peer] / best for peer in COLOURS if peer in rates}))
    peers = [peer for peer in COLOURS if any(peer in bars for _, bars in ratios)]
    highest = max(value for _, bars in ratios for value in bars.values())
    top = -(-highest // 0.5) * 0.5

    def y(value):
        return TOP + HEIGHT * (1 - value / top)

    parts = []
    for step in range(int(top / 0.5) + 1):
        value = step * 0.5
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 8}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(text(LEFT - 6, y(value) + 4, f"{value:g}", "end"))
    group = (WIDTH - LEFT - 8) / len(ratios)
    bar = (group - GAP) / len(peers)
    for number, (name, bars) in enumerate(ratios):
        left = LEFT + number * group + GAP / 2
        for place, peer in enumerate(peers):
            if peer not in bars:
                continue
            x, value = left + place * bar, bars[peer]
            title = f"<title>{peer}, {name}: {value:.2f}</title>"
            box = f'x="{x:.1f}" y="{y(value):.1f}" width="{bar - 1.5:.1f}" height="{y(0) - y(value):.1f}"'
            parts.append(f'<rect {box} rx="1.5" fill="{COLOURS[peer]}">{title}</rect>')
            if peer == "banach":
                parts.append(text(x + bar / 2, y(value) - 5, f"{value:.2f}", kind="strong"))
        parts.append(text(left + (group - GAP) / 2, TOP + HEIGHT + 18, name, kind="strong"))
    x = LEFT
    for peer in peers:
        parts.append(f'<rect x="{x}" y="30" width="11" height="11" rx="2" fill="{COLOURS[peer]}"/>')
        parts.append(text(x + 16, 40, peer, "start", "strong" if peer == "banach" else ""))
        x += 32 + 7 * len(peer)
    plural = "1 thread" if threads == 1 else f"{threads} threads"
    title = f"Training, samples per second as a multiple of the best peer's ({plural}, {machine})"
    parts.append(text(LEFT, 16, title, "start", "strong"))
    size = f'width="{WIDTH}" height="{TOP + HEIGHT + BOTTOM}" viewBox="0 0 {WIDTH} {TOP + HEIGHT + BOTTOM}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">'
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"


def write(folder, threads=None):
    """training.svg, if training was measured: at most threads, unless a number is given."""
    results = json.loads((folder / "summary.json").read_text()).get("train", [])
    threads = threads or max((entry["threads"] for entry in results), default=0)
    shown = [entry for entry in results if entry["threads"] == threads and "ratio_to_best_peer" in entry]
    if shown:
        processor = json.loads((folder / "machine.json").read_text())["machine"]["processor"]
        (folder / "training.svg").write_text(draw(shown, threads, processor))


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
