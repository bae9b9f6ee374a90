#!/usr/bin/env python3
"""Rows beyond memory and factors of many levels: `tests/bench/large.py target/release/clinreg FOLDER [--rows 10000000]`.

Makes registries in FOLDER with registry.py (that of ten million patients takes 0.9 GB) and removes them. Prints seconds and
peak memory, medians of three runs in turns, of the whole job in memory and at `--memory 300MB`, and of a tenth of the rows
with a factor of 500 hospitals and without it. Ends with status 1 if the coefficients files in memory and on disk differ.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys

from timed import fit

HERE = pathlib.Path(__file__).resolve().parent
FORMULA = "died ~ . - days"
RUNS = 3


def registry(path, rows, *options):
    words = [sys.executable, HERE / "registry.py", path, "--rows", rows, "--predictors", 20, *options]
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)
    return path


def beside(program, jobs):
    """Prints the medians of some jobs, run in turns; gives the coefficients file of each."""
    runs = {name: [] for name, _, _ in jobs}
    for _ in range(RUNS):
        for name, data, options in jobs:
            runs[name].append(fit(program, data, FORMULA, *options))
    for name, found in runs.items():
        seconds, megabytes = (statistics.median(run[k] for run in found) for k in (0, 1))
        print(f"| {name} | {seconds:.2f} | {megabytes:.0f} |", flush=True)
    return [runs[name][0][2] for name, _, _ in jobs]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=10_000_000)
    asked = parser.parse_args()
    made = []
    try:
        print("| job | seconds | peak MB |\n| --- | --- | --- |", flush=True)
        made.append(registry(asked.folder / "large.csv", asked.rows))
        rows = f"{asked.rows:,} x 20"
        in_memory, on_disk = beside(
            asked.program,
            [(f"{rows} in memory", made[0], []), (f"{rows} at `--memory 300MB`", made[0], ["--memory", "300MB"])],
        )
        made[0].unlink()
        made.append(registry(asked.folder / "plain.csv", asked.rows // 10))
        made.append(registry(asked.folder / "hospitals.csv", asked.rows // 10, "--hospitals", 500))
        rows = f"{asked.rows // 10:,} x 20"
        beside(asked.program, [(rows, made[1], []), (f"{rows} and 500 hospitals", made[2], [])])
    finally:
        for path in made:
            path.unlink(missing_ok=True)
            path.with_suffix(".truth.json").unlink(missing_ok=True)
    print("the coefficients files in memory and on disk are", "identical" if in_memory == on_disk else "DIFFERENT")
    return int(in_memory != on_disk)


sys.exit(main())
