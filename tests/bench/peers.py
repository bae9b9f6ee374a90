#!/usr/bin/env python3
"""The whole job, CSV on disk to logistic regression with standard errors, by clinreg and by its peers.

Usage: tests/bench/peers.py FILE.csv [--outcome died] [--drop days,hospital] [--repeats 3] [--only polars,glum,...]
                            [--clinreg target/release/clinreg] [--json]

Each peer is a process of its own: wall time from its start to its end, processor time and peak memory as the operating
system counts them for it. The repeats are interleaved, so that a busy spell of the machine falls on all peers alike; the
table has medians and their ratio to `polars`, which only reads the file. Then the coefficients are compared: the exit
status is 1 if a pair of peers differs by more than 1e-4 standard errors anywhere, or if a peer failed. FILE comes from registry.py; its text
columns enter by level, the first level in order of sort as the reference, its 0/1 columns as numbers.

Python's peers read with polars and must be importable by the interpreter that runs this script; R needs data.table.
A peer that is not there is named and left out. Agreement needs a file whose estimates are finite: a small file with
hospitals none of whose patients died has none, and each peer stops somewhere else on the way to infinity.
"""

import argparse
import csv
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLINREG = HERE.parents[1] / "target" / "release" / "clinreg"
AGREE = 1e-4  # standard errors by which two peers' coefficients may differ
BYTES = 1 if sys.platform == "darwin" else 1024  # what one of ru_maxrss is


# What runs in the subprocess of a Python peer. Imports stand inside so that each process loads only what it uses.


def read(file, outcome, drop):
    """The outcome and the table of predictors."""
    import polars as pl

    header = pl.read_csv(file, n_rows=0).columns
    table = pl.read_csv(file, columns=[name for name in header if name not in drop])
    return table[outcome], table.drop(outcome)


def design(table):
    """A dense matrix with a column a number and one a level except the first, and the names of its columns."""
    import numpy as np
    import polars as pl

    columns = []
    for name in table.columns:
        if table[name].dtype == pl.String:
            levels = table[name].unique().sort().to_list()[1:]
            columns += [(pl.col(name) == level).cast(pl.Float64).alias(f"{name}[{level}]") for level in levels]
        else:
            columns.append(pl.col(name).cast(pl.Float64))
    table = table.select(columns)
    return np.asfortranarray(table.to_numpy()), table.columns


def run_polars(file, outcome, drop):
    """Reads the whole file and does nothing with it; prints the seconds of the call alone, without Python's start."""
    import polars as pl

    begun = time.perf_counter()
    pl.read_csv(file)
    print(time.perf_counter() - begun)


def run_glum(file, outcome, drop):
    import polars as pl
    from glum import GeneralizedLinearRegressor

    y, table = read(file, outcome, drop)
    texts = [name for name in table.columns if table[name].dtype == pl.String]
    table = table.with_columns(pl.col(name).cast(pl.Enum(table[name].unique().sort())) for name in texts)
    table = table.to_pandas()  # its categorical support does not know polars 2
    # Its default gradient_tol, 1e-4, leaves coefficients some hundredths of a standard error from the maximum.
    model = GeneralizedLinearRegressor(family="binomial", alpha=0, drop_first=True, gradient_tol=1e-6)
    y = y.to_numpy().astype(float)
    model.fit(table, y)
    covariance = model.covariance_matrix(table, y, robust=False, dispersion=1.0)
    estimates = [model.intercept_, *model.coef_]
    return ["(Intercept)", *model.feature_names_], estimates, covariance.diagonal() ** 0.5


def run_sklearn(file, outcome, drop):
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    y, table = read(file, outcome, drop)
    x, names = design(table)
    mean, sd = x.mean(axis=0), x.std(axis=0)
    x -= mean
    x /= sd
    model = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(x, y.to_numpy())  # C=inf: no penalty
    slopes = model.coef_[0] / sd
    return ["(Intercept)", *names], [model.intercept_[0] - slopes @ mean, *slopes], None


def run_statsmodels(file, outcome, drop):
    import numpy as np
    from statsmodels.api import Logit

    y, table = read(file, outcome, drop)
    x, names = design(table)
    fit = Logit(y.to_numpy(), np.column_stack([np.ones(len(x)), x])).fit(disp=0)
    return ["(Intercept)", *names], fit.params, fit.bse


IN_PYTHON = {"polars": run_polars, "glum": run_glum, "sklearn": run_sklearn, "statsmodels": run_statsmodels}
PEERS = [*IN_PYTHON, "R", "clinreg"]


def child(peer, file, outcome, drop, out):
    """One run of a Python peer; writes its coefficients as clinreg's coefficients.csv has them."""
    found = IN_PYTHON[peer](file, outcome, drop.split(","))
    if found:
        names, estimates, errors = found
        with open(out, "w", newline="") as to:
            rows = csv.writer(to)
            rows.writerow(["term", "estimate", "std_error"])
            rows.writerows(zip(names, map(float, estimates), [""] * len(names) if errors is None else map(float, errors)))


# What runs in the process that measures. It imports nothing big: a child's peak memory is at least its parent's.


def missing(peer, clinreg):
    """Why the peer cannot run here, or nothing."""
    if peer in IN_PYTHON:
        for module in {"polars", peer}:
            if importlib.util.find_spec(module) is None:
                return f"no Python package {module}"
    elif peer == "R":
        if not shutil.which("Rscript"):
            return "no Rscript"
        if subprocess.run(["Rscript", "-e", "library(data.table)"], capture_output=True).returncode:
            return "no R package data.table"
    elif not Path(clinreg).is_file():
        return f"no program {clinreg}"


def command(peer, options, folder):
    """The peer's command line and the file in which its coefficients will be."""
    out = folder / "coefficients.csv"
    if peer in IN_PYTHON:
        return [sys.executable, __file__, "--child", peer, options.file, options.outcome, options.drop, out], out
    if peer == "R":
        return ["Rscript", HERE / "peers.R", options.file, options.outcome, options.drop, out], out
    with open(options.file, newline="") as file:
        header = next(csv.reader(file))
    dropped = [f" - {name}" for name in options.drop.split(",") if name in header]
    formula = f"{options.outcome} ~ .{''.join(dropped)}"
    return [options.clinreg, "fit", options.file, formula, "--out", folder / "report", "-q"], folder / "report" / out.name


def measure(peer, options):
    """One run: seconds of wall and processor, peak memory in MB, what it printed, its coefficients."""
    with tempfile.TemporaryDirectory() as folder:
        words, out = command(peer, options, Path(folder))
        with open(Path(folder) / "stdout", "w+") as stdout, open(Path(folder) / "stderr", "w+") as stderr:
            begun = time.perf_counter()
            process = subprocess.Popen([str(word) for word in words], stdout=stdout, stderr=stderr)
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            stdout.seek(0)
            stderr.seek(0)
            if process.returncode:
                raise RuntimeError(f"{peer} ended with status {process.returncode}:\n{stderr.read()}")
            printed = stdout.read()
        found = None
        if out.is_file():
            with open(out, newline="") as file:
                found = {row["term"]: (float(row["estimate"]), float(row["std_error"] or "nan")) for row in csv.DictReader(file)}
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss * BYTES / 1e6
    return {"seconds": wall, "cpu_seconds": cpu, "peak_mb": peak, "printed": printed, "coefficients": found}


def distance(one, other, errors):
    """The largest difference of two peers' coefficients in standard errors; infinite where the terms are not the same."""
    if one.keys() != other.keys():
        return float("inf")
    return max(abs(one[term][0] - other[term][0]) / errors[term][1] for term in errors)


def error_distance(one, other):
    """The largest relative difference of two peers' standard errors; None if one has none, or other terms."""
    if one.keys() != other.keys() or any(error != error for found in (one, other) for _, error in found.values()):
        return None
    return max(abs(one[term][1] / other[term][1] - 1) for term in one)


def agreement(found):
    """The pairs of peers with the distance of their coefficients and of their standard errors."""
    with_errors = [peer for peer in found if all(error == error for _, error in found[peer].values())]
    if not with_errors:
        return []
    errors = found[with_errors[0]]
    return [
        {"pair": [a, b], "estimates": distance(found[a], found[b], errors), "std_errors": error_distance(found[a], found[b])}
        for a, b in combinations(found, 2)
    ]


def summary(runs):
    row = {key: statistics.median(run[key] for run in runs) for key in ("seconds", "cpu_seconds", "peak_mb")}
    return row | {"all_seconds": [run["seconds"] for run in runs]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE.csv")
    parser.add_argument("--outcome", default="died", help="a 0/1 column")
    parser.add_argument("--drop", default="days,hospital", help="columns that are no predictors; those not in FILE do no harm")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default=",".join(PEERS), help=f"from {','.join(PEERS)}")
    parser.add_argument("--clinreg", default=str(CLINREG), metavar="PATH", help="the program to measure")
    parser.add_argument("--json", action="store_true", help="the result as JSON on standard output")
    options = parser.parse_args()
    peers = options.only.split(",")
    if unknown := [peer for peer in peers if peer not in PEERS]:
        parser.error(f"no peer {', '.join(unknown)}; there are {', '.join(PEERS)}")
    if options.repeats < 1:
        parser.error("--repeats must be positive")

    skipped = {peer: why for peer in peers if (why := missing(peer, options.clinreg))}
    for peer, why in skipped.items():
        print(f"SKIPPED {peer}: {why}", file=sys.stderr)
    peers = [peer for peer in peers if peer not in skipped]
    runs, failed = {peer: [] for peer in peers}, {}
    for _ in range(options.repeats):
        for peer in [peer for peer in peers if peer not in failed]:
            try:
                runs[peer].append(measure(peer, options))
            except RuntimeError as error:
                failed[peer] = str(error)
                print(f"FAILED {error}", file=sys.stderr)

    peers = [peer for peer in peers if peer not in failed]
    table = {peer: summary(runs[peer]) for peer in peers}
    if "polars" in table:
        table["polars"]["call_seconds"] = statistics.median(float(run["printed"]) for run in runs["polars"])
        for row in table.values():
            row["ratio"] = row["seconds"] / table["polars"]["seconds"]
    pairs = agreement({peer: runs[peer][-1]["coefficients"] for peer in peers if runs[peer][-1]["coefficients"]})
    apart = [pair for pair in pairs if not pair["estimates"] <= AGREE]
    megabytes = os.path.getsize(options.file) / 1e6

    if options.json:
        shown = {"file": Path(options.file).name, "megabytes": megabytes, "repeats": options.repeats, "processors": os.cpu_count()}
        json.dump(shown | {"peers": table, "skipped": skipped, "failed": failed, "agreement": pairs, "agree": not apart}, sys.stdout, indent=2)
        print()
    else:
        print(f"{Path(options.file).name}, {megabytes:.1f} MB, {os.cpu_count()} processors, medians of {options.repeats}")
        print(f"{'':12}{'seconds':>9}{'processor':>11}{'peak MB':>9}{'/ polars':>10}")
        for peer, row in table.items():
            ratio = f"{row['ratio']:.2f}" if "ratio" in row else ""
            print(f"{peer:12}{row['seconds']:9.2f}{row['cpu_seconds']:11.2f}{row['peak_mb']:9.0f}{ratio:>10}")
        if "polars" in table:
            print(f"polars.read_csv alone, without the start of Python: {table['polars']['call_seconds']:.2f} s")
        for pair in apart:
            print(f"DIFFER: {' and '.join(pair['pair'])}, by up to {pair['estimates']:.2g} standard errors")
        if pairs and not apart:
            names = ", ".join(dict.fromkeys(name for pair in pairs for name in pair["pair"]))
            largest = max(pair["estimates"] for pair in pairs)
            errors = [pair["std_errors"] for pair in pairs if pair["std_errors"] is not None]
            beside = f"; standard errors to {max(errors):.1e}" if errors else ""
            print(f"coefficients agree ({names}): largest difference {largest:.1e} standard errors{beside}")
    sys.exit(bool(apart or failed))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
