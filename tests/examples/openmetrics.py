# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""OpenMetrics as text: a strict reader of what pool_metrics may say, and the parsers of others."""

import math
import re
import subprocess
import sys

HEAD = re.compile(r"# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)")
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)+)\} (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
SUFFIXES = {"gauge": [""], "counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}


class Family:
    def __init__(self, kind):
        self.kind, self.unit, self.help = kind, None, None
        self.samples = []  # (suffix, labels, value)


def read(text):
    """Name to family. ValueError: it is not well-formed."""
    if not text.endswith("\n# EOF\n"):
        raise ValueError("does not end with # EOF")
    families = {}
    name = None
    for line in text[:-len("# EOF\n")].splitlines():
        head, sample = HEAD.fullmatch(line), SAMPLE.fullmatch(line)
        if head and head[1] == "TYPE":
            name = head[2]
            if name in families or head[3] not in SUFFIXES:
                raise ValueError(line)
            families[name] = Family(head[3])
        elif head:
            family = families[name]
            what = head[1].lower()
            if head[2] != name or getattr(family, what) is not None or family.samples:
                raise ValueError(line)
            setattr(family, what, head[3])
        elif sample and name and sample[1].startswith(name) and sample[1][len(name):] in SUFFIXES[families[name].kind]:
            labels = dict(LABEL.findall(sample[2]))
            key = (sample[1][len(name):], labels)
            if key in [known[:2] for known in families[name].samples]:
                raise ValueError(f"twice: {line}")
            families[name].samples.append((*key, float(sample[3])))
        else:
            raise ValueError(line)
    for name, family in families.items():
        check(name, family)
    return families


def check(name, family):
    if not family.samples or not family.help:
        raise ValueError(f"{name} has no sample, or no help")
    if family.unit is not None and not name.endswith("_" + family.unit):
        raise ValueError(f"{name} does not end with its unit")
    for suffix, labels, value in family.samples:
        if suffix != "" and not 0 <= value < math.inf:
            raise ValueError(f"{name}{suffix} {labels} {value}")
    if family.kind != "histogram":
        return
    buckets = [(float(labels["le"]), value) for suffix, labels, value in family.samples if suffix == "_bucket"]
    bounds, counts = [bound for bound, _ in buckets], [count for _, count in buckets]
    if bounds != sorted(set(bounds)) or bounds[-1] != math.inf or counts != sorted(counts):
        raise ValueError(f"{name}: {buckets}")
    if value_of({name: family}, name, "_count") != counts[-1]:
        raise ValueError(f"{name}_count is not the last bucket")


def value_of(families, name, suffix=""):
    """The one sample of that kind."""
    [value] = [value for its, _, value in families[name].samples if its == suffix]
    return value


# --- others' parsers ---

PARSER = """
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(len(list(text_string_to_metric_families(sys.stdin.buffer.read().decode()))))
"""


def python_with_parser():
    """A Python that has prometheus_client: this one, or, where Debian puts the package, the system's. None: neither."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            done = subprocess.run([python, "-c", "import prometheus_client.openmetrics.parser"], check=False,
                                  stderr=subprocess.DEVNULL)
        except FileNotFoundError:
            continue
        if done.returncode == 0:
            return python
    return None


def with_timestamps(text):
    """The same with a time behind each sample, as files for `promtool tsdb create-blocks-from openmetrics` have it."""
    return "".join(line if line.startswith("#") else line.rstrip("\n") + " 1700000000\n"
                   for line in text.splitlines(keepends=True))


def as_prometheus_text(text):
    """The same in the older text format, the one that `promtool check metrics` knows: there the TYPE and HELP of a
    counter have the name of its sample, and UNIT and EOF are comments."""
    counters = {name for name, family in read(text).items() if family.kind == "counter"}
    lines = []
    for line in text.splitlines(keepends=True):
        words = line.split(" ", 3)
        if words[0] == "#" and len(words) == 4 and words[2] in counters:
            words[2] += "_total"
        lines.append(" ".join(words))
    return "".join(lines)
