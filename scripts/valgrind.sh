#!/bin/sh
# Runs the kernel tests under valgrind's memcheck: no invalid read or write, no use of memory that
# was not set, no lost allocation. Valgrind knows no AVX-512, so the AVX2 kernels are the fastest
# ones that run here.
#
# Usage: scripts/valgrind.sh [TEST FILTER]
set -eu
cd "$(dirname "$0")/.."
export BANACH_ISA=avx2 CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/valgrind"
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="valgrind --quiet --error-exitcode=1 \
--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --fair-sched=yes"
exec cargo test --release -p banach-kernels --lib --tests -- --test-threads=1 "$@"
