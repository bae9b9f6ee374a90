#!/usr/bin/env python3
"""Faults on demand: `tests/bench/faults.py target/release/clinreg [KILLS]`.

Kills `clinreg fit` with SIGKILL, SIGTERM and SIGINT at random moments (200 times unless told otherwise), alone and two into
one folder, and looks at the folder each time: it must hold the old report or the new one, every file of it whole and of one
run, the user's own file untouched, nothing half-written, an interrupted report only beside it; what killed runs left beside it must go with the next run. Then, as
root, a disk that is full at every size and a folder that cannot be written to. Prints what was seen; ends with status 1 where
anything was half-written.
"""

import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 200
FORMULAS = {"old": "responded ~ age + sex", "new": "responded ~ age + sex + treatment + bmi"}
TIMED = {"history.csv", "report.html"}  # they hold seconds


def command(data, which, out):
    return [PROGRAM, "fit", str(data), FORMULAS[which], "-q", "-o", str(out)]


def state(folder):
    """The digest of each file that does not hold times."""
    files = {p.name: p for p in folder.iterdir() if p.is_file() and p.name != "mine.txt"}
    digest = lambda p: hashlib.sha256(p.read_bytes()).hexdigest()
    return {name: "" if name in TIMED else digest(p) for name, p in files.items() if name != "model.json"} | {
        "model.json": json.dumps(json.loads(files["model.json"].read_text()).get("coefficients")) if "model.json" in files else None
    }


def interrupted(folder):
    """Whether the report is a whole one of a fit that a polite request stopped."""
    try:
        end = json.loads((folder / "model.json").read_text())["convergence"]
        told = (folder / "summary.txt").read_text() + (folder / "report.html").read_text()
    except (OSError, ValueError, KeyError):
        return False
    return end["reason"] == "interrupted" and "</html>" in told


def seconds(data, folder, n):
    """How long n fits at the same time into one folder take."""
    start = time.perf_counter()
    jobs = [subprocess.Popen(command(data, "new", folder), stderr=subprocess.DEVNULL) for _ in range(n)]
    if any([job.wait() for job in jobs]):
        sys.exit("the fit to be killed fails by itself")
    return time.perf_counter() - start


def main():
    random.seed(1)
    with tempfile.TemporaryDirectory() as root:
        root = pathlib.Path(root)
        data = root / "trial.csv"
        subprocess.run([PROGRAM, "simulate", "--rows", "3000", "-q", "-o", str(data)], check=True)
        whole = {}
        for which in FORMULAS:
            subprocess.run(command(data, which, root / which), check=True)
            whole[which] = state(root / which)
        takes = {n: min(seconds(data, root / "new", n) for _ in range(3)) for n in (1, 2)}
        folder = root / "reports" / "out"
        beside = folder.with_name("out-interrupted")
        seen = {"old": 0, "old, and an interrupted one beside it": 0, "new": 0, "half-written": 0}
        kills = late = 0
        while kills < KILLS and late < 3 * KILLS:
            k = kills + late
            subprocess.run(command(data, "old", folder), check=True)
            (folder / "mine.txt").write_text("mine")
            jobs = [subprocess.Popen(command(data, "new", folder), stderr=subprocess.DEVNULL) for _ in range(1 + k % 2)]
            # most moments lie anywhere, some where the files are written
            whole_run = takes[len(jobs)]
            moment = random.uniform(0, whole_run) if k % 4 else random.gauss(0.9 * whole_run, 0.1 * whole_run)
            time.sleep(max(0.0, moment))
            is_late = all(job.poll() is not None for job in jobs)
            late, kills = late + is_late, kills + (not is_late)
            for job in jobs:
                job.send_signal((signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[k % 3])
            for job in jobs:
                job.wait()
            found = state(folder)
            verdict = next((which for which in whole if whole[which] == found), "half-written")
            if (folder / "mine.txt").read_text() != "mine":
                verdict = "half-written"
            if beside.exists():
                verdict = "old, and an interrupted one beside it" if verdict != "half-written" and interrupted(beside) else "half-written"
                shutil.rmtree(beside)
            seen[verdict] += 1
            if verdict == "half-written":
                print(f"kill {k}: {sorted(found)}", file=sys.stderr)
        subprocess.run(command(data, "old", folder), check=True)
        left = [p.name for p in [*folder.iterdir(), *folder.parent.iterdir()] if p.name.startswith(".clinreg")]
        print(f"{kills} kills of running fits, {late} moments more that came too late: {seen}; left over after the next run: {len(left)}")
        bad = seen["half-written"] + len(left)

        if os.getuid() == 0 and shutil.which("mount"):
            full = refused = 0
            size = sum(p.stat().st_size for p in (root / "new").iterdir())
            disk = root / "disk"
            disk.mkdir()
            for share in (0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 1.3, 1.6, 1.9, 2.2):
                mounted = ["mount", "-t", "tmpfs", "-o", f"size={int(size * share) // 4096 * 4096 + 4096}", "tmpfs", str(disk)]
                if subprocess.run(mounted, capture_output=True).returncode != 0:
                    print("SKIPPED: no small disk can be mounted here")
                    break
                try:
                    before = None
                    if share > 1 and subprocess.run(command(data, "old", disk / "out"), capture_output=True).returncode == 0:
                        before = state(disk / "out")
                    job = subprocess.run(command(data, "new", disk / "out"), capture_output=True, text=True)
                    after = state(disk / "out") if (disk / "out").exists() else None
                    good = after == (whole["new"] if job.returncode == 0 else before)
                    said = job.returncode == 0 or "No space left" in job.stderr
                    bad += not (good and said)
                    full += job.returncode != 0
                finally:
                    subprocess.run(["umount", str(disk)], check=True)
            print(f"small disks: {full} of 10 were full; each time the folder was as before")
            closed = root / "closed"
            closed.mkdir()
            if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(closed)], capture_output=True).returncode == 0:
                job = subprocess.run(command(data, "new", closed / "out"), capture_output=True, text=True)
                refused = job.returncode == 1 and "Read-only file system" in job.stderr
                subprocess.run(["umount", str(closed)], check=True)
                bad += not refused
                print(f"a read-only folder: {'refused' if refused else job.stderr}")
        sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
