#!/usr/bin/env python3
"""Several ranks against one process, over Open MPI: `tests/mpi.py target/release/clinreg` (built with `--features mpi`).

Ends with status 1 where anything differs: coefficients by more than 1e-10, a rank that dies without a word, a resumed run
with other bits, a site with too few rows that is not refused.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
LAUNCH = ["mpirun", "--oversubscribe"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])
ROWS = 40_000
LOGISTIC = "responded ~ rcs(age, 4) + sex + treatment * baseline_severity + biomarker + smoking + site"
PLAIN = "responded ~ age + sex + treatment + baseline_severity + biomarker + smoking"
LINEAR = "effectiveness ~ age + sex + treatment + dose_mg + site"


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **more)


def fitted(ranks, data, formula, out, *options):
    launch = LAUNCH + ["-n", str(ranks)] if ranks else []
    found = run(launch + [PROGRAM, "fit", str(data), formula, "-q", "-o", str(out), *options])
    assert found.returncode == 0, found.stderr
    return coefficients(out)


def coefficients(folder, what="estimate"):
    model = json.loads((pathlib.Path(folder) / "model.json").read_text())
    return [c[what] for c in model["coefficients"]]


def near(a, b, what):
    worst = max(abs(x - y) / max(1.0, abs(x)) for x, y in zip(a, b, strict=True))
    assert worst <= 1e-10, f"{what}: {worst}"
    print(f"{what}: within {worst:.1e}")


def rank_of(pid):
    try:
        environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    found = [e for e in environment if e.startswith(b"OMPI_COMM_WORLD_RANK=")]
    return int(found[0].split(b"=")[1]) if found else None


def ranks_under(launcher):
    """The processes that a launcher started, by rank."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        if parent == launcher:
            rank = rank_of(entry.name)
            if rank is not None:
                found[rank] = int(entry.name)
    return found


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = folder / "trial.csv"
        made = run([PROGRAM, "simulate", "--rows", str(ROWS), "-q", "-o", str(data)])
        assert made.returncode == 0, made.stderr
        lines = data.read_text().splitlines(keepends=True)

        # one table, shared
        alone = fitted(0, data, LOGISTIC, folder / "alone", "--memory", "16MB")
        for ranks in (1, 2, 3):
            near(alone, fitted(ranks, data, LOGISTIC, folder / f"k{ranks}"), f"{ranks} ranks, one file")
        near(
            fitted(0, data, LINEAR, folder / "linear"),
            fitted(2, data, LINEAR, folder / "linear2", "--robust", "hc3"),
            "2 ranks, linear, robust",
        )
        for name, penalty in {"ridge": [], "lasso": [], "elastic-net": ["--alpha", "0.5"]}.items():
            shrunk = ["--penalty", name, "--lambda", "0.01", *penalty, "--memory", "6MB"]
            near(
                fitted(0, data, PLAIN, folder / name, *shrunk),
                fitted(2, data, PLAIN, folder / f"{name}2", *shrunk),
                f"2 ranks, {name}",
            )
        firth = ["--penalty", "firth", "--ci", "profile"]
        near(
            fitted(0, data, PLAIN, folder / "firth", *firth),
            fitted(2, data, PLAIN, folder / "firth2", *firth),
            "2 ranks, Firth",
        )
        near(
            coefficients(folder / "firth", "conf_low"),
            coefficients(folder / "firth2", "conf_low"),
            "2 ranks, ends of profile intervals",
        )
        for cluster in ["site", "patient_id"]:
            fitted(0, data, LINEAR, folder / "clusters", "--cluster", cluster)
            fitted(3, data, LINEAR, folder / "clusters3", "--cluster", cluster)
            near(
                coefficients(folder / "clusters", "std_error"),
                coefficients(folder / "clusters3", "std_error"),
                f"3 ranks, standard errors clustered by {cluster}",
            )

        # each rank a table of its own
        for name, (start, end) in {"a": (1, 9001), "b": (9001, 30001), "c": (30001, ROWS + 1)}.items():
            (folder / f"{name}.csv").write_text("".join([lines[0], *lines[start:end]]))
        command = LAUNCH[:]
        for k, name in enumerate("abc"):
            more = [":"] if k else []
            command += more + ["-n", "1", PROGRAM, "fit", str(folder / f"{name}.csv"), PLAIN, "-q", "-o", str(folder / "own")]
        found = run(command)
        assert found.returncode == 0, found.stderr
        near(fitted(0, data, PLAIN, folder / "plain"), coefficients(folder / "own"), "3 ranks, 3 files")

        # a site of which the sums would say too much
        (folder / "few.csv").write_text("".join(lines[:6]))
        command = LAUNCH[:]
        for k, name in enumerate(["a", "few"]):
            more = [":"] if k else []
            command += more + ["-n", "1", PROGRAM, "fit", str(folder / f"{name}.csv"), PLAIN, "-q", "-o", str(folder / "few")]
        found = run(command)
        assert found.returncode == 1 and "rank 1 has 5 complete rows of its own" in found.stderr, found.stderr
        assert not (folder / "few").exists()
        print("a site with 5 rows is refused")

        # a rank dies
        slow = ["--optimizer", "gradient-descent", "--learning-rate", "0.001", "--max-epochs", "6000", "-q"]
        state = folder / "dead.checkpoint"
        launch = LAUNCH + ["-n", "2", PROGRAM, "fit", str(data), PLAIN, *slow]
        whole = run(launch + ["-o", str(folder / "whole")])
        assert whole.returncode == 3, whole.stderr
        job = subprocess.Popen(
            launch + ["-o", str(folder / "dead")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(1000):
            if state.exists():
                break
            time.sleep(0.01)
        os.kill(ranks_under(job.pid)[1], signal.SIGKILL)
        told = job.communicate(timeout=60)[1]
        assert job.returncode != 0 and "another rank has died" in told and "--resume" in told, told
        assert not (folder / "dead").exists() and state.exists()
        resumed = run(launch + ["-o", str(folder / "dead"), "--resume", str(state)])
        assert resumed.returncode == 3, resumed.stderr
        assert coefficients(folder / "whole") == coefficients(folder / "dead"), "a resumed run has other bits"
        print("a rank was killed; the resumed run has the same bits")


if __name__ == "__main__":
    main()
