#!/usr/bin/env bash
# The tables of README's section "How fast?", one after the other: tests/bench/all.sh FOLDER
# Builds the program, makes its registries in FOLDER (1 GB at a time) and removes them; some ten minutes, during which
# nothing else should run. Needs python3 with numpy and polars; peers that cannot be imported are named and left out. Two
# ranks are measured where Open MPI's `mpirun` is there and CLINREG_MPI names a program that was built with `--features mpi`.
set -euo pipefail
[ $# = 1 ] || { echo "usage: tests/bench/all.sh FOLDER" >&2; exit 2; }
folder=$(realpath "$1")
cd "$(dirname "$0")/../.."
program=${CARGO_TARGET_DIR:-target}/release/clinreg
registry=$folder/registry.csv
trap 'rm -f "$registry" "$folder/registry.truth.json"' EXIT

cargo build --release --locked
cargo bench --locked --bench speed
cargo bench --locked --bench pieces
python3 tests/bench/registry.py "$registry" --rows 1000000 --predictors 20
python3 tests/bench/peers.py "$registry" --clinreg "$program"
if [ -n "${CLINREG_MPI:-}" ] && command -v mpirun >/dev/null; then
  python3 tests/bench/ranks.py "$CLINREG_MPI" "$registry"
fi
rm -f "$registry"
python3 tests/bench/large.py "$program" "$folder"
python3 tests/bench/cost.py "$program" "$folder"
