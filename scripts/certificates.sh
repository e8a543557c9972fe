#!/usr/bin/env bash
# Certified bounds and seconds of each theorem beside the paper's numbers, the counterexamples of false statements, the check of
# every certificate without the search, and the region of weights that keeps the guarantee.
#
# usage: scripts/certificates.sh [FOLDER]     FOLDER gets the certificates and the picture (default: target/certificates)
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-target/certificates}
mkdir -p "$folder"
cargo build --quiet --release -p banach-cli
banach=${CARGO_TARGET_DIR:-target}/release/banach

# A statement that is not proved answers with exit code 1: expected here.
refuted() {
    local code=0
    "$banach" theory certify "$@" || code=$?
    if [ "$code" -ne 1 ]; then
        echo "expected exit code 1 for: $*, got $code" >&2
        exit 1
    fi
}

echo "== proofs (paper, arXiv:1706.02515: theorem 1 norm < 1, fixed points in mu [-0.03106, 0.06773], nu [0.80009, 1.48617];"
echo "   theorem 2 variance < nu; theorem 3 variance > nu; domains as in the paper, theorem 3 from nu = 0.02)"
"$banach" theory certify all --out "$folder"
echo
echo "== checked again without the search"
"$banach" theory verify "$folder"/theorem1.json "$folder"/theorem2.json "$folder"/theorem3.json
echo
echo "== false statements and where they fail"
echo "-- theorem 1 with tau up to 1.5"
refuted theorem1 --tau 0.95,1.5
echo "-- theorem 1 with alpha = 1"
refuted theorem1 --alpha 1
echo "-- theorem 2 from nu = 1"
refuted theorem2 --nu 1,16
echo "-- theorem 3 up to nu = 0.8"
refuted theorem3 --nu 0.02,0.8
echo
echo "== how far weights may drift"
"$banach" theory region --out "$folder/region.svg"
echo "picture: $folder/region.svg"
