# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Writes results with their machine, date and plots into a page, between two marks."""
import os
import platform
import subprocess
import time

from plots import draw
from table import page, summary

BEGIN, END = "<!-- results: written by cmake/bench.sh --report -->", "<!-- end of results -->"


def first_line(words, find=None):
    """The first line that a tool prints (that has `find` in it), or nothing if it is not there."""
    try:
        lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return ""
    return next((line.strip() for line in lines if find is None or find in line), "")


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "") if hasattr(
        platform, "freedesktop_os_release") else ""
    parts = [f"{os.cpu_count()} CPUs ({models[0] if models else platform.machine()})", f"Linux {platform.release()}",
             system, first_line(["g++", "--version"]), first_line(["go", "version"]).replace("go version ", ""),
             first_line(["rustc", "--version"])]
    tbb = first_line(["pkg-config", "--modversion", "tbb"])
    glib = first_line(["pkg-config", "--modversion", "glib-2.0"])
    parts += [f"oneTBB {tbb}" if tbb else "", f"GLib {glib}" if glib else ""]
    return ", ".join(part for part in parts if part)


def write_report(path, results, runs, load, complaints):
    """Replaces what is between the marks in `path`; the plots go to plots/ beside it."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    lines = [BEGIN, "", f"{time.strftime('%d %B %Y')}. {machine()}.",
             f"Load {load:.1f} before the start, medians of {runs} alternating runs. {summary(results)}.", ""]
    lines += page(results)
    lines += [""] + [f"Not measured: {text}" for text in complaints]
    for name in draw(os.path.join(os.path.dirname(path), "plots"), results):
        what = "CPU time" if name == "cpu.svg" else "Wall time"
        lines += [f"![{what} of each library](plots/{name})", ""]
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + "\n".join(lines) + END + after)
