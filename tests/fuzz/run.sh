#!/bin/bash
# Feeds a part of clinreg with arbitrary input, guided by coverage, for some seconds: tests/fuzz/run.sh csv|formula|model|fit SECONDS
# Needs a C++ compiler. New inputs are kept in target/fuzz/TARGET; one that fails is written to target/fuzz as crash-, timeout-
# or oom-, and is run alone by: tests/fuzz/run.sh TARGET FILE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=${1:?"a target: csv, formula, model or fit"}
what=${2:-300}
case $target in
csv) most=2000 ;;
formula) most=400 ;;
model) most=8000 ;;
fit) most=1500 ;;
*) echo "no target is called \`$target\`: csv, formula, model or fit" >&2; exit 2 ;;
esac
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/../../target}
kept=$CARGO_TARGET_DIR/fuzz
mkdir -p "$kept/$target"
(cd "$here" && RUSTC_WRAPPER=$here/rustc.sh cargo build --release --locked --quiet)
if [ -f "$what" ]; then inputs=("$what"); else
  inputs=(-max_total_time="$what" -dict="$here/$target.dict" -artifact_prefix="$kept/" -print_final_stats=1
    "$kept/$target" "$here/corpus/$target")
fi
export CLINREG_FUZZ=$target RAYON_NUM_THREADS=1
exec "$CARGO_TARGET_DIR/release/clinreg-fuzz" -timeout=5 -rss_limit_mb=2048 -max_len=$most "${inputs[@]}"
