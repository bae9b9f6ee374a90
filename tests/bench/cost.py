#!/usr/bin/env python3
"""What the whole job costs as the work grows: `tests/bench/cost.py target/release/clinreg FOLDER`.

Times CSV to model.json with standard errors, certificate and pictures, for logistic regressions of 10^4 to 10^7 rows and
5 to 500 predictors; prints a table in Markdown and the exponents of rows and columns (least squares of the logarithms).
Makes its CSVs in FOLDER with registry.py, one at a time, and removes them: the largest takes 0.9 GB.
"""

import math
import pathlib
import statistics
import subprocess
import sys

from timed import fit

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
ROWS = [10_000, 100_000, 1_000_000, 10_000_000]
PREDICTORS = [5, 20, 100, 500]
MOST_CELLS = 200_000_000


def job(data):
    header = data.open().readline().strip().split(",")
    formula = "died ~ " + " + ".join(c for c in header if c not in ("died", "days"))
    return fit(PROGRAM, data, formula)[:2]


def measured(rows, predictors):
    data = FOLDER / f"cost_{rows}_{predictors}.csv"
    command = [sys.executable, str(HERE / "registry.py"), str(data), "--rows", str(rows), "--predictors", str(predictors)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        job(data)  # the file is in the system's cache afterwards
        runs = [job(data) for _ in range(3 if rows * predictors <= 20_000_000 else 1)]
    finally:
        data.unlink()
        data.with_suffix(".truth.json").unlink(missing_ok=True)
    return statistics.median(took for took, _ in runs), max(peak for _, peak in runs)


def slope(points):
    """Of log y on log x."""
    xs, ys = zip(*((math.log(x), math.log(y)) for x, y in points))
    mx, my = statistics.fmean(xs), statistics.fmean(ys)
    return sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sum((x - mx) ** 2 for x in xs)


def main():
    found = {}
    for rows in ROWS:
        for predictors in PREDICTORS:
            if rows * predictors <= MOST_CELLS:
                found[rows, predictors] = measured(rows, predictors)
                seconds, peak = found[rows, predictors]
                print(f"{rows} x {predictors}: {seconds:.2f} s, {peak:.0f} MB", file=sys.stderr)
    print("| rows | " + " | ".join(f"{p} predictors" for p in PREDICTORS) + " |")
    print("| --- |" + " --- |" * len(PREDICTORS))
    for rows in ROWS:
        cell = lambda p: "{:.2f} s, {:.0f} MB".format(*found[rows, p]) if (rows, p) in found else ""
        print(f"| {rows:,} | " + " | ".join(cell(p) for p in PREDICTORS) + " |")
    for p in PREDICTORS[:2]:
        points = [(rows, found[rows, p][0]) for rows in ROWS[1:] if (rows, p) in found]
        print(f"rows, from {ROWS[1]:,} on, {p} predictors: exponent {slope(points):.2f}")
    for rows in ROWS[:2]:
        points = [(p, found[rows, p][0]) for p in PREDICTORS if (rows, p) in found]
        print(f"columns, {rows:,} rows: exponent {slope(points):.2f}")


if __name__ == "__main__":
    main()
