#!/usr/bin/env python3
"""How many passes over the data each logistic reference case takes to converge. Usage: tests/bench/sweeps.py"""

from statistics import median

from cases import cases, fit

print(f"{'case':30} {'rows':>7} {'columns':>7} {'updates':>7} {'passes':>7} {'gradient norm':>13} {'error in SE':>11}")
passes = []
for case in cases("fit"):
    if case["family"] != "logistic":
        continue
    model, _ = fit(case)
    end = model["convergence"]
    assert end["converged"], case["name"]
    passes.append(end["sweeps"])
    print(
        f"{case['name']:30} {model['data']['rows_used']:7} {len(model['coefficients']):7} {end['iterations']:7} "
        f"{end['sweeps']:7.1f} {end['gradient_norm']:13.1e} {end['max_error_in_standard_errors']:11.1e}"
    )
print(f"{len(passes)} cases: median {median(passes):.1f} passes, largest {max(passes):.1f}")
