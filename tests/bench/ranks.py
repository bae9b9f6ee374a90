#!/usr/bin/env python3
"""Two ranks against one thread: `tests/bench/ranks.py target/release/clinreg REGISTRY.csv` (built with `--features mpi`).

Prints medians of some runs: the whole job, and a hundred full sweeps of gradient descent beyond it; and what an all-reduce
takes. REGISTRY.csv comes from registry.py.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAM, DATA = sys.argv[1:3]
RUNS = 5
SWEEPS = 200
LAUNCH = ["mpirun", "--oversubscribe"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])
PREDICTORS = [c for c in open(DATA).readline().strip().split(",") if c not in ("died", "days", "hospital")]
FORMULA = "died ~ " + " + ".join(PREDICTORS)


def seconds(ranks, *options):
    launch = LAUNCH + ["-n", str(ranks)] if ranks > 1 else []
    with tempfile.TemporaryDirectory() as folder:
        command = launch + [PROGRAM, "fit", DATA, FORMULA, "--threads", "1", "-o", f"{folder}/out", *options]
        start = time.perf_counter()
        found = subprocess.run(command, capture_output=True, text=True)
        took = time.perf_counter() - start
        assert found.returncode in (0, 3), found.stderr
        reduce = re.search(r"an all-reduce of (\d+) numbers takes ([\d.]+)", found.stderr)
        return took, reduce


def main():
    descent = ["--optimizer", "gradient-descent", "--learning-rate", "0.01", "--tolerance", "1e-12", "--max-epochs"]
    whole, sweep, reduces = {}, {}, []
    for _ in range(RUNS):
        for ranks in (1, 2):
            took, reduce = seconds(ranks)
            whole.setdefault(ranks, []).append(took)
            reduces += [reduce] if reduce else []
            short, _ = seconds(ranks, *descent, "1")
            long, _ = seconds(ranks, *descent, str(1 + SWEEPS))
            sweep.setdefault(ranks, []).append((long - short) / SWEEPS)
    for name, found, unit in (("whole job", whole, 1.0), ("one sweep", sweep, 1e3)):
        one, two = (statistics.median(found[k]) * unit for k in (1, 2))
        print(f"{name}: one process on one thread {one:.2f}, two ranks {two:.2f} {'s' if unit == 1 else 'ms'}: {one / two:.2f} times")
    numbers = reduces[0].group(1)
    print(f"all-reduce of {numbers} numbers: {statistics.median(float(r.group(2)) for r in reduces):.1f} microseconds")


if __name__ == "__main__":
    main()
