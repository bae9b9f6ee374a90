"""One fit, timed: for the benchmarks beside this file."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

BYTES = 1 if sys.platform == "darwin" else 1024  # what one of ru_maxrss is


def fit(program, data, formula, *options):
    """Seconds, peak megabytes and the coefficients file of one fit."""
    with tempfile.TemporaryDirectory() as folder:
        words = [program, "fit", data, formula, "-q", "-o", f"{folder}/fit", *options]
        with open(f"{folder}/said", "w+") as said:
            begun = time.perf_counter()
            process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=said)
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            assert process.returncode == 0, said.read()
        table = pathlib.Path(folder, "fit", "coefficients.csv").read_bytes()
    return seconds, used.ru_maxrss * BYTES / 1e6, table
