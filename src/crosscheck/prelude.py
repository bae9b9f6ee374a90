import csv
import datetime
import math
import os
import re
import sys

import numpy as np
import statsmodels.api as sm

csv.field_size_limit(1 << 30)


def cells_of(file):
    """The cells of a file as text by column, without blanks at both ends."""
    with open(file["path"], encoding=file["encoding"], newline="") as handle:
        for _ in range(file["skip"]):
            handle.readline()
        rows = list(csv.reader(handle, delimiter=file["sep"], skipinitialspace=True))
    rows = [row for row in rows if len(row) > 1 or any(cell.strip() for cell in row)]
    return {name: [row[k].strip() for row in rows] for k, name in enumerate(file["names"])}


def number(text):
    try:
        return float(text.replace("\u2212", "-"))
    except ValueError:
        return math.nan


def decimal_comma(texts):
    return [text if text is None else text.replace(",", ".", 1) for text in texts]


def present(texts, words, numbers):
    """None for the empty cell, the words, and the numbers in whatever spelling (007 is a code, not a number)."""
    def is_missing(text):
        if text == "" or text in words:
            return True
        return bool(numbers) and not re.fullmatch("0[0-9]+", text) and number(text.replace(",", ".", 1)) in numbers
    return [None if is_missing(text) else text for text in texts]


def as_numbers(texts):
    return np.array([math.nan if text is None else number(text) for text in texts])


def days(texts):
    """Days since 1970-01-01; a time is a part of the day."""
    def day(text):
        if text is None:
            return math.nan
        clock = text[11:].rstrip("Z")
        parts = [float(part) for part in clock.split(":")] if clock else []
        time = sum(part * unit for part, unit in zip(parts, (3600, 60, 1))) / 86400
        return (datetime.date.fromisoformat(text[:10]) - datetime.date(1970, 1, 1)).days + time
    return np.array([day(text) for text in texts])


def places(texts, levels):
    """The place of each cell among the levels: the same text, or else the same number; NaN where it is missing."""
    by_text = {level: k for k, level in enumerate(levels)}
    by_number = {number(level.replace(",", ".", 1)): k for k, level in reversed(list(enumerate(levels)))}
    def place(text):
        if text is None:
            return math.nan
        return by_text.get(text, by_number.get(number(text.replace(",", ".", 1)), math.nan))
    return np.array([place(text) for text in texts], dtype=float)


def groups(texts):
    """A number for each different text, NaN where it is missing."""
    known = {}
    return np.array([math.nan if text is None else known.setdefault(text, len(known)) for text in texts], dtype=float)


def rcs(x, knots):
    """A restricted cubic spline that is linear beyond the outer knots, divided by their squared distance."""
    cube = lambda u: np.maximum(u, 0.0) ** 3
    last, before = knots[-1], knots[-2]
    beyond = [
        (cube(x - t) - cube(x - before) * (last - t) / (last - before) + cube(x - last) * (before - t) / (last - before))
        / (last - knots[0]) ** 2
        for t in knots[:-2]
    ]
    return np.column_stack([x, *beyond])


def ns(x, knots, ends):
    """R's natural spline: B-splines whose second derivative is 0 at both ends, by R's own orthogonal complement."""
    from scipy.interpolate import BSpline
    t = np.array([ends[0]] * 4 + list(knots) + [ends[1]] * 4)
    n = len(t) - 4
    splines = [BSpline(t, np.eye(n)[k], 3) for k in range(n)]
    values = lambda at, order: np.column_stack([s.derivative(order)(at) if order else s(at) for s in splines])[:, 1:]
    q, _ = np.linalg.qr(values(np.array(ends), 2).T, mode="complete")
    inside = np.clip(x, *ends)
    basis = values(inside, 0) + values(inside, 1) * (x - inside)[:, None]
    return basis @ q[:, 2:]


def poly(x, alpha, norm2):
    """Orthogonal polynomials by their recurrence."""
    columns, before, p = [], np.zeros_like(x), np.ones_like(x)
    for k, centre in enumerate(alpha):
        ratio = norm2[k + 1] / norm2[k] if k else 0.0
        before, p = p, (x - centre) * p - ratio * before
        columns.append(p / math.sqrt(norm2[k + 2]))
    return np.column_stack(columns)
