"""Writes random tables with pandas and polars in many dialects, and what they hold as JSON."""

import csv
import json
import random
import sys
from datetime import datetime, timedelta

import pandas
import polars

folder, n_tables, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)


def column(kind, rows):
    def value():
        if chance.random() < 0.1:
            return None
        if kind == "integer":
            return chance.randrange(-9999, 9999)
        if kind == "decimal":
            return round(chance.uniform(-9e6, 9e6), chance.choice([1, 2, 4]))
        if kind == "boolean":
            return chance.random() < 0.5
        if kind == "time":
            return datetime(1990, 1, 1) + timedelta(minutes=chance.randrange(20_000_000))
        letters = "abcdefgh ,;\"'äß.|\t"
        inner = "".join(chance.choice(letters) for _ in range(chance.randrange(9)))
        return "k" + inner + "k"

    values = [value() for _ in range(rows)]
    # A column without two values is no column.
    values[0] = values[0] if values[0] is not None else {
        "integer": 7, "decimal": 0.25, "boolean": True, "time": datetime(2001, 2, 3, 4, 5), "text": "kk"
    }[kind]
    values[1] = values[0] if values[1] is None else values[1]
    return values


def plain(value):
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1)).total_seconds()
    return value


tables = []
for number in range(n_tables):
    rows = chance.randrange(12, 60)
    kinds = ["integer", "decimal", "boolean", "time", "text"]
    chance.shuffle(kinds)
    data = {f"{kind} column": column(kind, rows) for kind in kinds}
    name = f"{folder}/{number}.csv"
    options = {}
    if chance.random() < 0.7:
        frame = pandas.DataFrame({
            key: pandas.array(values, dtype="Int64" if key.startswith("integer") else None)
            if key.startswith("integer") else values
            for key, values in data.items()
        })
        separator = chance.choice([",", ";", "\t", "|"])
        options = dict(
            sep=separator,
            decimal="," if separator == ";" and chance.random() < 0.6 else ".",
            na_rep=chance.choice(["", "NA", "NaN", "null", "<NA>"]),
            quoting=chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_ALL]),
            date_format=chance.choice([None, "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%SZ"]),
            lineterminator=chance.choice(["\n", "\r\n"]),
            encoding=chance.choice(["utf-8", "utf-8-sig", "utf-16"]),
            index=chance.random() < 0.2,
        )
        frame.to_csv(name, **options)
    else:
        frame = polars.DataFrame(data, schema={
            key: {"integer": polars.Int64, "decimal": polars.Float64, "boolean": polars.Boolean,
                  "time": polars.Datetime, "text": polars.String}[key.split()[0]]
            for key in data
        })
        options = dict(
            separator=chance.choice([",", ";", "\t", "|"]),
            null_value=chance.choice(["", "NA", "null"]),
            quote_style=chance.choice(["necessary", "non_numeric", "always"]),
            include_bom=chance.random() < 0.5,
            line_terminator=chance.choice(["\n", "\r\n"]),
        )
        frame.write_csv(name, **options)
    tables.append({
        "file": name,
        "options": str(options),
        "columns": {key: [plain(value) for value in values] for key, values in data.items()},
    })
print(json.dumps(tables))
