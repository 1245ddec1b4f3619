# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Writes results with their machine, date and plots into a page, between two marks."""
import os
import time

from cases import SHORT
from machine import describe
from plots import draw
from table import page, summary

BEGIN, END = "<!-- results: written by cmake/bench.sh --report -->", "<!-- end of results -->"


def write_report(path, results, runs, others, complaints):
    """Replaces what is between the marks in `path`; the plots go to plots/ beside it."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    lines = [BEGIN, "", f"{time.strftime('%d %B %Y')}. {describe()}.",
             f"Medians of {runs} alternating runs ({3 * runs} of {', '.join(SHORT)})"
             f"{'' if others is None else f'; others used {others:.2f} CPUs'}. "
             f"{summary(results)}.", ""]
    lines += page(results)
    lines += [""] + [f"Not measured: {text}" for text in complaints]
    for name in draw(os.path.join(os.path.dirname(path), "plots"), results):
        what = "CPU time" if name == "cpu.svg" else "Wall time"
        lines += [f"![{what} of each library](plots/{name})", ""]
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + "\n".join(lines) + END + after)
