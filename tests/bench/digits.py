#!/usr/bin/env python3
"""Correct digits on the NIST linear regression sets, R's lm beside. Usage: tests/bench/digits.py

Log relative error: -log10(|q - c| / |c|), c the certified value, -log10|q| where c is 0; at most 15. Each cell is the
worst over the coefficients. Source: McCullough 1998, The American Statistician 52:358-366.
"""

import json
import math
import shutil
import subprocess

from cases import cases, data_file, fit

R = """
options(digits = 17); words <- commandArgs(TRUE)
d <- read.csv(words[1]); s <- summary(lm(as.formula(words[2]), d))
cat(s$coefficients[, 1], s$coefficients[, 2], s$sigma, s$r.squared)
"""


def digits(got, certified):
    if got is None:
        return float("nan")
    error = abs(got - certified) / (abs(certified) or 1.0)
    return 15.0 if error == 0 else min(15.0, max(0.0, -math.log10(error)))


def row(estimates, errors, sigma, case):
    wanted = list(case["coefficients"].values())
    return [
        min(digits(got, want["estimate"]) for got, want in zip(estimates, wanted)),
        min(digits(got, want["std_error"]) for got, want in zip(errors, wanted)),
        digits(sigma, case["sigma"]),
    ]


def of_clinreg(case):
    model, _ = fit(case)
    rows = model["coefficients"]
    return row([c["estimate"] for c in rows], [c["std_error"] for c in rows], model["fit"]["sigma"], case)


def of_r(case):
    command = ["Rscript", "-e", R, str(data_file(case)), case["formula"]]
    ended = subprocess.run(command, capture_output=True, text=True)
    numbers = [float(word) for word in ended.stdout.split()]
    k = len(case["coefficients"])
    return row(numbers[:k], numbers[k : 2 * k], numbers[2 * k], case)


has_r = shutil.which("Rscript") is not None
if not has_r:
    print("R is not installed: clinreg alone")
print(f"{'':18} {'clinreg':^26} {'R lm' if has_r else '':^26}")
print(f"{'set':18} {'estimate':>8} {'SE':>8} {'sigma':>8} " + (f"{'estimate':>8} {'SE':>8} {'sigma':>8}" if has_r else ""))
for case in cases("fit"):
    if not case.get("certified"):
        continue
    ours = of_clinreg(case)
    theirs = of_r(case) if has_r else []
    print(f"{case['name']:18} " + " ".join(f"{x:8.1f}" for x in ours + theirs))
