# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The page: answers first, then plots, tables, losses and method; as blocks, which viewer.py shows as HTML."""
import os
import textwrap

from answers import dropped_line, elsewhere, first_lines, guesses
from reasons import loss_lines
from subjects import OURS, SUBJECTS, family_of
from tables import TABLES
from verdicts import RUNS, verdicts
from versions import FOLDER, read_machine
from words import listed

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
    words = dict.fromkeys(("date", "machine", "memory", "turns", "others"), "")
    versions, missing = [], []
    for key, value in read_machine(path):
        if key == "version":
            versions.append(value)
        elif key == "not measured":
            missing.append(value)
        elif key in words:
            words[key] = value
    if words["date"]:
        yield ""
        yield from wrap(f"{words['date']}. {words['machine']}. {words['memory']}. Turns: {words['turns']}. Others used "
                        f"{words['others']} (of runs of 0.2 s and more).")
        yield ""
        yield from wrap("Versions: " + "; ".join(versions) + ".")
    if missing:
        yield ""
        yield "Not measured:"
        yield ""
        for text in missing:
            yield from wrap("- " + text, "  ")


def absent_block(data, path):
    """Who is in no figure, and why."""
    said = dict(value.split(": ", 1) for key, value in read_machine(path) if key == "missing" and ": " in value)
    rows = {row["subject"]: row["status"] for row in data.rows}
    found = {}  # why -> who
    for subject in SUBJECTS:
        if subject.name not in data.subjects:
            why = said.get(subject.name) or (
                {"cannot": "says of every case that it cannot"}.get(rows[subject.name], "no run of it went well")
                if subject.name in rows else f"not there, or not asked for ({subject.needs})")
            found.setdefault(why, []).append(subject.name)
    if found:
        yield ""
        yield from wrap("Without a figure: " +
                        "; ".join(f"{listed(names)}: {why}" for why, names in found.items()) + ".")


def method():
    with open(os.path.join(FOLDER, "method.md"), encoding="utf-8") as file:
        return file.read().rstrip("\n").split("\n")


SECTIONS = (
    ("The map", ("map-time", "map-memory"), ("crossings",),
     "Who is first, by length of a task and number in flight. Blue: libpool, by the best of its ways; orange: somebody "
     "else. *Even*: less than a tenth apart, or their runs overlap, or there are fewer than three of one."),
    ("Number in flight, number of tasks", ("in-flight", "cold"), (), ""),
    ("Kinds of work", ("work",), ("work",), ""),
    ("Groups, submitters, workers", ("groups", "workers"), ("submitters", "fan_out", "many", "many-memory"), ""),
    ("Tasks that sleep", ("sleepers",), ("sleepers",), ""),
    ("Latency", ("latency",), ("base",), ""),
    ("Overload", ("overload",), ("overload",), ""),
    ("After a burst, and idle", ("burst",), ("burst",),
     "The last look is twelve seconds after the burst: long enough for libpool, whose threads leave and whose memory "
     "goes back when they have idled for ten. The time-outs of others may be longer: GLib's unused threads have 15 s, "
     "Go's forced collection comes after 2 min."),
)


def page_lines(data, plots, machine):
    yield f"# {TITLE}"
    yield ""
    for text in first_lines(data):
        yield from wrap("- " + text, "  ")
    yield from ("", WRITTEN, "")
    ways = {family: [name for name in data.subjects if family_of(name) == family] for family in data.families}
    several = "; ".join(f"{family} of {', '.join(names)}" for family, names in ways.items() if len(names) > 1)
    yield from wrap((f"In these lines each is the best of its ways: {several}. " if several else "") +
                    "*Ahead* is by more than a tenth, with three runs at least and each of them better than each of "
                    "the other; else it is *even*. " + " ".join(filter(None, (elsewhere(data), dropped_line(data)))))
    found = verdicts(data, "time")
    few = sum(verdict.runs < RUNS for verdict in found)
    if few:
        yield ""
        yield from wrap(f"**In {few} of {len(found)} cases there are fewer than three runs: these are called even, "
                        "whatever they are.**")
    if data.others()[0] > 0.2:
        yield ""
        yield f"**Others used {data.others()[0]:.1f} CPUs in the middle run: these figures are worth little.**"
    yield from machine_block(machine)
    yield from absent_block(data, machine)
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
