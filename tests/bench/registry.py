#!/usr/bin/env python3
"""Registry CSVs for the benchmarks: mixed clinical columns and two outcomes from known models.

Usage: tests/bench/registry.py OUT.csv --rows 1000000 --predictors 20 [--hospitals 500] [--seed 1] [--parquet]

The first twelve predictors have clinical names; those after them are standard normal laboratory values lab_13, lab_14, ...
`died` (0/1) follows a logistic model, `days` (length of stay) a linear one with normal errors; both are drawn from the
values as they stand in the file, so the models hold exactly for what a reader sees. Their coefficients go to
OUT.truth.json, named as clinreg names them. --hospitals adds the text column `hospital`, with a normal random effect
of each hospital on both outcomes. --parquet writes the same table to OUT.parquet as well.

Every column of every block of rows has a random stream of its own. So a file depends on nothing but the options, fewer
rows give the head of a longer file, and more predictors or hospitals leave the other predictors as they were. Memory is
that of one block, whatever the number of rows. Needs numpy and polars, and pyarrow for Parquet.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import polars as pl

BLOCK = 50_000  # rows drawn and written at a time; part of what a seed means
AT_CENTRE_DIED = -2.35  # log odds of death of the patient with every number at its centre and every text at its reference
AT_CENTRE_DAYS = 14.0  # days of that patient
SIGMA_DAYS = 2.5  # standard deviation of a stay about its mean
LABS_DIED, LABS_DAYS = 0.5, 0.8  # standard deviation of what all lab_* columns together add to each outcome
HOSPITAL_DIED, HOSPITAL_DAYS = 0.3, 0.8  # standard deviation of the hospitals' effects


@dataclass
class Column:
    """One predictor: how it is drawn and what it does to the two outcomes.

    `draw(rng, n, drawn)` gives n numbers, or codes into `levels`; `drawn` holds the columns before it by name. The effects
    are a slope by which the number moves the outcome from `centre`, or one value a level with 0 for the reference.
    """

    name: str
    draw: Callable
    died: float | np.ndarray
    days: float | np.ndarray
    centre: float = 0.0
    levels: list[str] | None = None

    def add_to(self, log_odds, mean_days, x):
        for total, effect in ((log_odds, self.died), (mean_days, self.days)):
            total += effect[x] if self.levels else effect * (x - self.centre)

    def series(self, x):
        return pl.Series(self.name, self.levels).gather(x).alias(self.name) if self.levels else pl.Series(self.name, x)


def decimals(x, places):
    """Rounded as it will be written; -0.0 becomes 0.0."""
    return np.round(x, places) + 0.0


def chance(log_odds):
    return 1.0 / (1.0 + np.exp(-log_odds))


def whole(x, low, high):
    return np.clip(np.rint(x), low, high).astype(np.int64)


def age(rng, n, drawn):
    return whole(66 + 13 * rng.standard_normal(n), 18, 99)


def sex(rng, n, drawn):
    return (rng.random(n) < 0.55).astype(np.int64)


def stage(rng, n, drawn):
    return np.searchsorted([0.40, 0.70, 0.90], rng.random(n))


def creatinine(rng, n, drawn):
    return decimals(np.exp(0.08 * drawn["sex"] + 0.004 * (drawn["age"] - 66) + 0.30 * rng.standard_normal(n)), 2)


def diabetes(rng, n, drawn):
    return (rng.random(n) < 0.25).astype(np.int64)


def sbp(rng, n, drawn):
    return whole(132 + 0.4 * (drawn["age"] - 66) + 20 * rng.standard_normal(n), 60, 250)


def bmi(rng, n, drawn):
    return decimals(26 + 1.8 * drawn["diabetes"] + 4.2 * rng.standard_normal(n), 1).clip(12, 60)


def hemoglobin(rng, n, drawn):
    return decimals(12.6 + 1.2 * drawn["sex"] - 0.02 * (drawn["age"] - 66) + 1.6 * rng.standard_normal(n), 1).clip(4, 21)


def admissions(rng, n, drawn):
    return rng.poisson(0.8, n)


def medications(rng, n, drawn):
    return rng.poisson(4.0 + 2.0 * drawn["diabetes"])


def heart_failure(rng, n, drawn):
    return (rng.random(n) < chance(-1.7 + 0.04 * (drawn["age"] - 66))).astype(np.int64)


def crp(rng, n, drawn):
    return decimals(np.exp(2.2 + 0.8 * rng.standard_normal(n)), 1)


def lab(rng, n, drawn):
    return decimals(rng.standard_normal(n), 2)


NAMED = [
    Column("age", age, 0.04, 0.03, centre=66),
    Column("sex", sex, np.array([0.0, 0.2]), np.array([0.0, -0.3]), levels=["f", "m"]),
    Column("stage", stage, np.array([0.0, 0.3, 0.6, 1.0]), np.array([0.0, 0.5, 1.0, 2.0]), levels=["I", "II", "III", "IV"]),
    Column("creatinine", creatinine, 0.45, 0.6, centre=1.1),
    Column("diabetes", diabetes, 0.25, 0.4, centre=0.25),
    Column("sbp", sbp, -0.008, -0.005, centre=132),
    Column("bmi", bmi, -0.02, 0.02, centre=26.5),
    Column("hemoglobin", hemoglobin, -0.08, -0.10, centre=13.3),
    Column("admissions", admissions, 0.12, 0.25, centre=0.8),
    Column("medications", medications, 0.04, 0.05, centre=4.5),
    Column("heart_failure", heart_failure, 0.5, 0.8, centre=0.18),
    Column("crp", crp, 0.010, 0.010, centre=12.4),
]


def stream(seed, *place):
    """The random stream of one place: the planted coefficients, or a column in a block."""
    return np.random.default_rng([seed, *place])


def columns(predictors, seed):
    """The predictors in the order of the file; the labs' effects are drawn, and scaled to the same sum for any number."""
    labs = range(len(NAMED) + 1, predictors + 1)
    effects = stream(seed, 0, 0).standard_normal((len(labs), 2))
    if len(labs):
        effects *= np.array([LABS_DIED, LABS_DAYS]) / np.linalg.norm(effects, axis=0)
    return NAMED[:predictors] + [Column(f"lab_{i}", lab, *map(float, effect)) for i, effect in zip(labs, effects)]


def hospital_column(hospitals, seed):
    """A text column of hospitals of unequal size (the largest about three times the smallest)."""
    digits = max(3, len(str(hospitals)))
    effects = stream(seed, 0, 1).standard_normal((hospitals, 2)) * [HOSPITAL_DIED, HOSPITAL_DAYS]
    bounds = np.cumsum(np.linspace(3, 1, hospitals))
    return Column(
        "hospital",
        lambda rng, n, drawn: np.searchsorted(bounds, bounds[-1] * rng.random(n), side="right"),
        effects[:, 0],
        effects[:, 1],
        levels=[f"h{i:0{digits}d}" for i in range(1, hospitals + 1)],
    )


def block(shape, n, seed, number):
    """Rows `number * BLOCK` and the n - 1 after them."""
    drawn, series = {}, []
    log_odds, mean_days = np.full(n, AT_CENTRE_DIED), np.full(n, AT_CENTRE_DAYS)
    for column in shape:
        # The name's bytes tell the columns' streams apart, so a column stays as it is whatever stands beside it.
        x = column.draw(stream(seed, 1, number, *column.name.encode()), n, drawn)
        column.add_to(log_odds, mean_days, x)
        series.append(column.series(x))
        drawn[column.name] = x
    died = (stream(seed, 2, number).random(n) < chance(log_odds)).astype(np.int64)
    days = decimals(mean_days + SIGMA_DAYS * stream(seed, 3, number).standard_normal(n), 1)
    return pl.DataFrame([*series, pl.Series("died", died), pl.Series("days", days)])


def truth(shape, outcome, at_centre):
    """The planted coefficients of one outcome by clinreg's names of the terms."""
    terms = {"(Intercept)": at_centre}
    for column in shape:
        effect = getattr(column, outcome)
        if column.levels:
            terms["(Intercept)"] += float(effect[0])
            terms |= {f"{column.name}[{level}]": float(e - effect[0]) for level, e in zip(column.levels[1:], effect[1:])}
        else:
            terms["(Intercept)"] -= effect * column.centre
            terms[column.name] = effect
    return terms


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT.csv")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--predictors", "--columns", type=int, default=20, help="number of predictors, 5 to 500")
    parser.add_argument("--hospitals", type=int, default=0, help="add the column hospital with so many levels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parquet", action="store_true", help="write OUT.parquet as well")
    options = parser.parse_args()
    if not 5 <= options.predictors <= 500:
        parser.error("--predictors goes from 5 to 500")
    if options.rows < 1 or options.hospitals < 0 or options.hospitals == 1 or options.seed < 0:
        parser.error("--rows must be positive, --hospitals 0 or at least 2, and --seed not negative")

    shape = columns(options.predictors, options.seed)
    if options.hospitals:
        shape.append(hospital_column(options.hospitals, options.seed))
    events, parquet = 0, None
    with options.out.open("wb") as csv:
        for number, begin in enumerate(range(0, options.rows, BLOCK)):
            rows = block(shape, min(BLOCK, options.rows - begin), options.seed, number)
            events += rows["died"].sum()
            rows.write_csv(csv, include_header=begin == 0)
            if options.parquet:
                table = rows.to_arrow()
                if parquet is None:
                    from pyarrow.parquet import ParquetWriter

                    parquet = ParquetWriter(options.out.with_suffix(".parquet"), table.schema)
                parquet.write_table(table)
    if parquet is not None:
        parquet.close()

    planted = {
        "rows": options.rows,
        "predictors": options.predictors,
        "hospitals": options.hospitals,
        "seed": options.seed,
        "died": {"family": "logistic", "events": events, "coefficients": truth(shape, "died", AT_CENTRE_DIED)},
        "days": {"family": "linear", "sigma": SIGMA_DAYS, "coefficients": truth(shape, "days", AT_CENTRE_DAYS)},
    }
    options.out.with_suffix(".truth.json").write_text(json.dumps(planted, indent=2) + "\n")
    megabytes = options.out.stat().st_size / 1e6
    print(f"{options.out}: {options.rows:,} rows, {options.predictors} predictors, {megabytes:.1f} MB, {events / options.rows:.1%} died")


main()
