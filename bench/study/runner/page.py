# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The page: answers first, then plots, tables, losses and method; as blocks, which viewer.py shows as HTML."""
import os
import textwrap

from answers import elsewhere, first_lines, guesses
from reasons import loss_lines
from subjects import OURS
from tables import TABLES
from versions import FOLDER, read_machine

WRITTEN = "<!-- written by cmake/study.sh: to change it, change bench/study/runner/ or method.md -->"
TITLE = "When does a pool pay, in time and in memory?"


def wrap(text, indent=""):
    """Lines of at most 120 columns, none broken inside a word."""
    return textwrap.wrap(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def plot_block(plots, name):
    if name in plots:
        title, path = plots[name]
        yield from ("", f"![{title}](plots/{os.path.basename(path)})")


def table_block(data, name):
    lines = list(TABLES[name](data))
    if lines:
        yield from ("", *lines)


def machine_block(path):
    """The machine, the date and the versions, from the file beside the data."""
    words = dict.fromkeys(("date", "machine", "turns", "others"), "")
    versions, missing = [], []
    for key, value in read_machine(path):
        if key == "version":
            versions.append(value)
        elif key == "not measured":
            missing.append(value)
        else:
            words[key] = value
    if words["date"]:
        yield from wrap(f"{words['date']}. {words['machine']}. Turns: {words['turns']}. Others used {words['others']}.")
        yield ""
        yield from wrap("Versions: " + "; ".join(versions) + ".")
    if missing:
        yield ""
        yield "Not measured:"
        yield ""
        for text in missing:
            yield from wrap("- " + text, "  ")


def method():
    with open(os.path.join(FOLDER, "method.md"), encoding="utf-8") as file:
        return file.read().rstrip("\n").split("\n")


SECTIONS = (
    ("The map", ("map-time", "map-memory"), ("crossings",),
     "Who is first, by length of a task and number in flight. Blue: libpool, by the best of its ways; orange: somebody "
     "else. *Even*: less than a tenth apart, or no further than the runs of one of them."),
    ("Number in flight, number of tasks", ("in-flight", "cold"), (), ""),
    ("Kinds of work", ("work",), ("work",), ""),
    ("Groups, submitters, workers", ("groups", "workers"), ("submitters",), ""),
    ("Tasks that sleep", ("sleepers",), ("sleepers",), ""),
    ("Latency", ("latency",), ("base",), ""),
    ("Overload", ("overload",), ("overload",), ""),
    ("After a burst, and idle", ("burst",), ("burst",), ""),
)


def page_lines(data, plots, machine):
    yield f"# {TITLE}"
    yield ""
    for text in first_lines(data):
        yield from wrap("- " + text, "  ")
    yield from ("", WRITTEN, "")
    yield from wrap("In these lines, libpool and Go are each the best of their ways (plain, batch, coroutines; `go`, a "
                    "channel, ants), plain threads the best of `std::thread` and `std::async`. *Ahead* is by more than "
                    f"a tenth, and outside the spread of the runs. {elsewhere(data)}".rstrip())
    if data.others()[0] > 0.2:
        yield ""
        yield f"**Others used {data.others()[0]:.1f} CPUs in the middle run: these figures are worth little.**"
    yield ""
    yield from machine_block(machine)
    yield from ("", "## The old guesses")
    for question, answer in guesses(data):
        yield ""
        yield from wrap(f"**{question}** {answer}")
    for title, names, tables, text in SECTIONS:
        shown = [row for name in names for row in plot_block(plots, name)]
        shown += [row for name in tables for row in table_block(data, name)]
        if shown:
            yield from ("", f"## {title}")
            if text:
                yield ""
                yield from wrap(text)
            yield from shown
    yield from ("", f"## Where {OURS} loses, and why")
    for metric, title in (("time", "In time"), ("memory", "In memory")):
        lines = [row for text in loss_lines(data, metric)
                 for row in wrap(text, " " * (len(text) - len(text.lstrip()) + 2))]
        yield from ("", f"### {title}", "")
        yield from lines or ["Nowhere in these cases."]
    yield ""
    yield from method()


def write_page(data, plots, folder, machine):
    with open(os.path.join(folder, "README.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(page_lines(data, plots, machine)) + "\n")
