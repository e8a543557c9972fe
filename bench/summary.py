#!/usr/bin/env python3
"""Medians and tables of a folder of results: summary.json and summary.md. Usage: summary.py FOLDER"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median


def read(folder):
    """Measurements by (part, name, threads), then peer."""
    groups = defaultdict(lambda: defaultdict(list))
    for line in (folder / "raw.jsonl").read_text().splitlines():
        row = json.loads(line)
        groups[row["part"], row["name"], row.get("threads", 0)][row["peer"]].append(row)
    return groups


def spread(values):
    """Median, lowest and highest, or None without values."""
    values = [value for value in values if value is not None]
    return {"median": median(values), "lowest": min(values), "highest": max(values), "n": len(values)} if values else None


def rates(group, key="samples_per_second"):
    """Spread of each peer that gave numbers."""
    found = {peer: spread([row.get(key) for row in rows]) for peer, rows in group.items()}
    return {peer: value for peer, value in found.items() if value}


def compare(group):
    """banach beside its peers in samples per second, and beside the machine's matrix product."""
    found = rates(group)
    limit = rates(group, "gflops").get("matmul")
    network = next(row["network"] for rows in group.values() for row in rows if "network" in row)
    result = {"samples_per_second": found, "matmul_gflops": limit}
    peers = {peer: value["median"] for peer, value in found.items() if peer != "banach"}
    if peers:
        result["best_peer"] = max(peers, key=peers.get)
    if "banach" in found:
        gflops = found["banach"]["median"] * network["flop_per_sample"] / 1e9
        result["banach_gflops"] = gflops
        if limit:
            result["share_of_matmul"] = gflops / limit["median"]
        if peers:
            result["ratio_to_best_peer"] = found["banach"]["median"] / peers[result["best_peer"]]
        if "pytorch" in peers:
            result["ratio_to_pytorch"] = found["banach"]["median"] / peers["pytorch"]
        memory = spread([row.get("max_rss_bytes") for row in group["banach"]])
        if memory:
            result["banach_max_rss_bytes"] = memory["median"]
    errors = {peer: rows[-1]["error"] for peer, rows in group.items() if peer not in found and "error" in rows[-1]}
    if errors:
        result["errors"] = errors
    return result


def summarize(folder):
    summary = defaultdict(list)
    for (part, name, threads), group in read(folder).items():
        result = PARTS.get(part, compare)(group)
        summary[part].append({"name": name, "threads": threads} | result)
    return dict(summary)


def number(value):
    """Three digits, thousands apart."""
    if value is None:
        return "-"
    if value >= 1000:
        digits = len(str(int(value)))
        return f"{round(value, 3 - digits):,.0f}"
    return f"{value:.3g}"


def cell(value):
    if value is None:
        return "-"
    return f"{number(value['median'])} ({number(value['lowest'])} to {number(value['highest'])})"


def table(head, lines):
    rows = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(rows + ["| " + " | ".join(line) + " |" for line in lines])


def rate_tables(title, entries, unit):
    """A table for each thread count: a line for each name, a column for each peer."""
    text = []
    for threads in sorted({entry["threads"] for entry in entries}):
        here = [entry for entry in entries if entry["threads"] == threads]
        peers = list(dict.fromkeys(peer for entry in here for peer in entry["samples_per_second"]))
        head = ["", *peers, "banach / best peer", "banach / pytorch", "share of matrix product", "matrix product, GFLOP/s"]
        lines = []
        for entry in here:
            share = entry.get("share_of_matmul")
            limit = entry.get("matmul_gflops")
            lines.append(
                [
                    entry["name"],
                    *[cell(entry["samples_per_second"].get(peer)) for peer in peers],
                    f"{entry['ratio_to_best_peer']:.2f} ({entry['best_peer']})" if "ratio_to_best_peer" in entry else "-",
                    f"{entry['ratio_to_pytorch']:.2f}" if "ratio_to_pytorch" in entry else "-",
                    f"{share:.0%}" if share else "-",
                    cell(limit),
                ]
            )
        text.append(f"## {title}, {threads} thread{'s' if threads > 1 else ''}: {unit}\n\n{table(head, lines)}\n")
    return text


def compare_prediction(group):
    """Microseconds for a row, rows per second in batches, and the largest difference from banach's outputs."""
    result = {"p50_us": {}, "p99_us": {}, "batch_1024_rows_per_second": {}, "max_difference": {}}
    for peer, rows in group.items():
        rows = [row for row in rows if "single_row" in row]
        if rows:
            result["p50_us"][peer] = spread([row["single_row"]["p50_us"] for row in rows])
            result["p99_us"][peer] = spread([row["single_row"]["p99_us"] for row in rows])
            result["batch_1024_rows_per_second"][peer] = spread([row["batch_1024"]["rows_per_second"] for row in rows])
            if "max_difference" in rows[0]:
                result["max_difference"][peer] = max(row["max_difference"] for row in rows)
    errors = {peer: rows[-1]["error"] for peer, rows in group.items() if peer not in result["p50_us"] and "error" in rows[-1]}
    return result | ({"errors": errors} if errors else {})


def compare_seconds(group):
    """Seconds and memory of whole programs."""
    seconds = rates(group, "seconds")
    errors = {peer: rows[-1]["error"] for peer, rows in group.items() if peer not in seconds and "error" in rows[-1]}
    result = {"seconds": seconds, "max_rss_bytes": rates(group, "max_rss_bytes")}
    return result | ({"errors": errors} if errors else {})


def prediction_tables(entries):
    head = ["", "threads", "peer", "one row, median us", "one row, 99% us", "batch 1024, rows/s", "largest difference"]
    lines = []
    for entry in entries:
        for peer in entry["p50_us"]:
            difference = entry["max_difference"].get(peer)
            lines.append(
                [
                    entry["name"],
                    str(entry["threads"]),
                    peer,
                    cell(entry["p50_us"][peer]),
                    cell(entry["p99_us"][peer]),
                    cell(entry["batch_1024_rows_per_second"][peer]),
                    "-" if difference is None else f"{difference:.1e}",
                ]
            )
    return [f"## Prediction\n\n{table(head, lines)}\n"]


def seconds_tables(entries):
    head = ["", "threads", "peer", "seconds", "memory, MiB"]
    lines = []
    for entry in entries:
        for peer, seconds in entry["seconds"].items():
            memory = entry["max_rss_bytes"][peer]["median"] / 2**20
            lines.append([entry["name"], str(entry["threads"]), peer, cell(seconds), f"{memory:.0f}"])
    return [f"## From a file to a model\n\n{table(head, lines)}\n"]


PARTS = {"predict": compare_prediction, "end-to-end": compare_seconds}
SECTIONS = {
    "train": lambda entries: rate_tables("Training", entries, "samples per second"),
    "scaling": lambda entries: rate_tables("Training at other sizes", entries, "samples per second"),
    "fleet": lambda entries: rate_tables("Fleet", entries, "samples per second of all networks"),
    "predict": prediction_tables,
    "end-to-end": seconds_tables,
}


def write(folder):
    """summary.json and summary.md."""
    summary = summarize(folder)
    (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    machine = json.loads((folder / "machine.json").read_text())
    here = machine["machine"]
    text = [
        f"# Benchmark of {machine['runs'][-1]['started'][:10]}\n",
        f"{here['processor']}, {here['processors']} processors, {', '.join(here['isa'])}; medians (lowest to highest) of the rounds in"
        " raw.jsonl; versions and commit in machine.json.\n",
    ]
    for part, section in SECTIONS.items():
        if part in summary:
            text += section(summary[part])
    failures = [(e["name"], e["threads"], p, m) for es in summary.values() for e in es for p, m in e.get("errors", {}).items()]
    if failures:
        text.append("## No numbers\n\n" + "\n".join(f"- {n}, {t} threads, {p}: {m}" for n, t, p, m in failures) + "\n")
    (folder / "summary.md").write_text("\n".join(text))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
