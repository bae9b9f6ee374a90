"""Live training of a large CSV by `clinreg serve`: updates a second, events a second, how far the page lags behind.

    python3 tests/bench/live.py [ROWS]

Simulates a trial of ROWS rows (100,000 unless said otherwise), sends it to the server, trains by gradient descent and
reads the events as the page does. The lag is from the moment at which the engine stamped a frame to the moment at
which it was read here, less the smallest such difference (the two clocks have no common zero).
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

CLINREG = Path(__file__).resolve().parents[2] / "target" / "release" / "clinreg"
FORMULA = "effectiveness ~ treatment * baseline_severity + age + sex + bmi + log(biomarker) + adherence + site"


def ask(place, token, path, body=None, kind="application/json"):
    """The open answer to a request."""
    headers = {"X-Clinreg-Token": token, "Content-Type": kind}
    return urllib.request.urlopen(urllib.request.Request(place + path, body, headers), timeout=120)


def watch(place, token, run):
    """Reads a run's events to the end: (seconds when read, event, content)."""
    name, seen = "", []
    for line in ask(place, token, f"/api/train/{run}/events"):
        text = line.decode().rstrip("\n")
        if text.startswith("event: "):
            name = text[7:]
        elif text.startswith("data: "):
            seen.append((time.perf_counter(), name, json.loads(text[6:])))
    return seen


def told(what, seen):
    """One line on a run."""
    frames = [(when, event["frames"]) for when, name, event in seen if name == "frames"]
    newest = [(when, batch[-1]) for when, batch in frames]
    began, ended = newest[0][0], newest[-1][0]
    updates = newest[-1][1]["i"]
    descended = newest[-1][1]["t"] - newest[0][1]["t"]
    offsets = sorted(when - frame["t"] for when, frame in newest)
    lags = [1000 * (offset - offsets[0]) for offset in offsets]
    sent = sum(len(batch) for _, batch in frames)
    span = max(ended - began, 1e-9)
    print(f"{what}: {updates} updates in {descended:.2f} s ({updates / max(descended, 1e-9):,.0f} a second); "
          f"{len(frames)} events ({len(frames) / span:.1f} a second) with {sent} frames; "
          f"lag median {lags[len(lags) // 2]:.0f} ms, largest {lags[-1]:.0f} ms")


def main():
    rows = sys.argv[1] if len(sys.argv) > 1 else "100000"
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "trial.csv"
        subprocess.run([CLINREG, "simulate", "--rows", rows, "-o", data, "-q"], check=True)
        server = subprocess.Popen([CLINREG, "serve", "-q"], stdout=subprocess.PIPE, text=True)
        try:
            place, token = server.stdout.readline().strip().split("/?token=")
            start = time.perf_counter()
            sent = json.load(ask(place, token, "/api/data?name=trial.csv", data.read_bytes(), "text/csv"))
            print(f"{rows} rows, {data.stat().st_size / 1e6:.1f} MB, sent and described in "
                  f"{time.perf_counter() - start:.2f} s")
            runs = {"full batch": {"method": "gradient-descent", "tolerance": 1e-9, "max_epochs": 1500},
                    "mini-batches of 64": {"method": "gradient-descent", "batch": 64, "max_epochs": 60}}
            for what, options in runs.items():
                wish = {"data": sent["id"], "formula": FORMULA, **options}
                run = json.load(ask(place, token, "/api/train", json.dumps(wish).encode()))["id"]
                told(what, watch(place, token, run))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
