#!/bin/sh
# Prints what the theory in the program reaches: errors against reference values, activations, finite width, and the
# certificates with their counterexamples and the region's picture (scripts/certificates.sh).
# Reference values: a moments.json given as the argument, else ../paper beside the folder BANACH_DATA.
set -eu
cd "$(dirname "$0")/.."

moments=${1:-${BANACH_DATA:-../shared/data}/../paper/moments.json}
if [ -f "$moments" ]; then
    echo "== moment map against $(basename "$moments")"
    cargo bench --quiet -p banach-theory --bench moments_accuracy -- "$(realpath "$moments")"
else
    echo "== moment map: skipped, no reference values at $moments"
fi

echo "== activations"
cargo run --quiet --release -p banach-cli -- theory activation

echo "== finite width beside the map"
cargo run --quiet --release -p banach-cli -- theory propagate --width 32,128,512 --layers 32 --samples 40 | tail -5

exec scripts/certificates.sh
