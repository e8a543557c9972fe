#!/usr/bin/env bash
# What the default recipe reaches on real tables, and what a fit of adult costs in time and memory.
# BANACH_DATA names the data folder (default: ../shared/data). Arguments go to the bench `accuracy`, such as --seeds 3.
set -euo pipefail
cd "$(dirname "$0")/.."
export BANACH_DATA=${BANACH_DATA:-../shared/data}
target=${CARGO_TARGET_DIR:-target}
cargo build --quiet --release -p banach-cli
cargo bench --quiet -p banach --bench accuracy -- "$@"

table=$BANACH_DATA/csv/adult.csv
if [ ! -f "$table" ]; then
    echo "adult: skipped, $table is not there"
    exit 0
fi
model=$(mktemp -d)/adult.safetensors
"$target/release/banach" fit "$table" --target income --out "$model" --quiet --json > "$model.json" &
program=$!
peak=0
while kill -0 "$program" 2>/dev/null; do
    # The file is gone between the last look and the end of the program.
    now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "/proc/$program/status" 2>/dev/null || true)
    [ -n "$now" ] && peak=$now
    sleep 0.1
done
wait "$program"
seconds=$(sed 's/.*"seconds":\([0-9.]*\).*/\1/' "$model.json")
echo "fit of adult: $seconds s, peak memory $((peak / 1024)) MiB, model $(($(wc -c < "$model") / 1024)) KiB"
rm -r "$(dirname "$model")"
