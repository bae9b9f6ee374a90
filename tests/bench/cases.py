"""The reference cases beside the project, and clinreg run on one: shared by the scripts of this folder."""

import csv
import io
import json
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT.parent / "shared" / "clinical" / "cases"
CLINREG = ROOT / "target" / "release" / "clinreg"


def cases(kind=None):
    """All cases (of one kind) in order of name; SystemExit where there are none."""
    if not CASES.is_dir():
        raise SystemExit("SKIPPED: the reference cases are not beside the project")
    found = [json.loads(path.read_text()) for path in sorted(CASES.glob("*.json"))]
    return [case for case in found if kind in (None, case["kind"])]


def data_file(case):
    return CASES.parent / case["data"]


def levels(case):
    """--levels (and --factor for levels that are numbers) as the command line wants them."""
    words = []
    for name, order in (case.get("factors") or {}).items():
        record = io.StringIO()
        csv.writer(record, lineterminator="").writerow(order)
        words += ["--levels", f"{name}={record.getvalue()}"]
        if all(is_number(level) for level in order):
            words += ["--factor", name]
    return words


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def fit(case, *options):
    """clinreg fit on the case: the model file and the seconds of the whole command."""
    event = ["--event", case["outcome_positive"]] if "outcome_positive" in case else []
    with tempfile.TemporaryDirectory() as folder:
        command = [CLINREG, "fit", data_file(case), case["formula"], "--family", case["family"], *event]
        command += [*levels(case), *options, "-q", "-o", folder]
        begun = time.perf_counter()
        ended = subprocess.run(command, capture_output=True, text=True)
        seconds = time.perf_counter() - begun
        if ended.returncode not in (0, 3):
            raise SystemExit(f"{case['name']}: {ended.stderr}")
        return json.loads((Path(folder) / "model.json").read_text()), seconds
