#!/usr/bin/env python3
"""Bootstrap validation of a model of GUSTO-I against rms::validate on this machine, one after the other.

Usage: tests/bench/validate.py [RESAMPLES OF CLINREG] [RESAMPLES OF RMS]   (500 and 40; R with the package rms)
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cases import CASES, CLINREG

DATA = CASES.parent / "data" / "gusto.csv"
PREDICTORS = "rcs(age, 5) + rcs(sysbp, 5) + rcs(pulse, 5) + rcs(height, 4) + rcs(weight, 4) + Killip + sex + miloc + pmi + tx"
R = """
suppressMessages(library(rms))
d <- read.csv("%s", stringsAsFactors = TRUE)
f <- lrm(day30 ~ %s, data = d, x = TRUE, y = TRUE, maxit = 60)
set.seed(1)
t <- system.time(v <- validate(f, B = %d))
cat(t[["elapsed"]], sum(t[c("user.self", "sys.self")]), v["Dxy", "n"], v["Dxy", "index.corrected"], v["Slope", "index.corrected"])
"""


def cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def clinreg(resamples):
    """Seconds of wall and processor for the whole command: reading, fit, validation, report."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [CLINREG, "fit", DATA, f"day30 ~ {PREDICTORS}", "-q", "-o", out]
        if resamples:
            command += ["--validate", f"bootstrap:{resamples}"]
        begun, before = time.perf_counter(), cpu()
        subprocess.run(command, check=True)
        seconds, processor = time.perf_counter() - begun, cpu() - before
        found = json.loads((out / "validation.json").read_text()) if resamples else None
    return seconds, processor, found


def main():
    mine, theirs = (int(n) for n in (sys.argv[1:] + ["500", "40"][len(sys.argv) - 1 :]))
    alone, alone_cpu, _ = clinreg(0)
    seconds, processor, found = clinreg(mine)
    done = mine - found["failed"]
    index = {name: row["corrected"] for name, row in found["indices"].items()}
    print(f"clinreg, whole command with {mine} resamples: {seconds:.1f} s ({processor:.1f} s of processor), {done} with a model; "
          f"without validation {alone:.1f} s ({alone_cpu:.1f} s)")
    print(f"  corrected: somers_dxy {index['somers_dxy']:.4f}, calibration_slope {index['calibration_slope']:.4f}")
    out = subprocess.run(["Rscript", "-e", R % (DATA, PREDICTORS, theirs)], check=True, capture_output=True, text=True)
    elapsed, r_cpu, n, dxy, slope = (float(x) for x in out.stdout.split()[-5:])
    print(f"rms::validate alone with {theirs} resamples: {elapsed:.1f} s ({r_cpu:.1f} s of processor), {n:.0f} with a model")
    print(f"  corrected: Dxy {dxy:.4f}, slope {slope:.4f}")
    whole = [("the whole command (reading, fit, report)", seconds, processor)]
    of_it = [("its validation alone, as rms::validate is", seconds - alone, processor - alone_cpu)]
    for what, wall, used in whole + of_it:
        per_resample, per_model = mine / theirs, done / n
        print(f"{what}: wall {elapsed * per_resample / wall:.1f} times the time of {mine} resamples, "
              f"{elapsed * per_model / wall:.1f} times that of {done} models; "
              f"processor {r_cpu * per_resample / used:.1f} and {r_cpu * per_model / used:.1f} times")


main()
