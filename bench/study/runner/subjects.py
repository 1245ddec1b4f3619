# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Who takes part: how each is started, what it is not asked for, and how it looks in a plot."""
import os
from dataclasses import dataclass

OURS = "libpool"  # the plain way, which ratios are to, and the name of the family


@dataclass(frozen=True)
class Subject:
    """One library, used in one way.

    `family` puts ways of one library together. `light`: its tasks give up their thread while they sleep, so it needs no
    thread for each. `most` is how many of its tasks may be in flight: beyond it one run would take the machine.
    `joins`: its submitters count among its threads. `places`: what it calls workers is how many tasks may be there at
    all. `short`: it never has as many in flight as it is asked for.
    """

    name: str
    words: tuple  # the program, below the folder of the programs, and its first arguments
    family: str
    colour: str
    needs: str = "not built"
    line: str = "-"
    light: bool = False
    most: int = 10**7
    pool: bool = True  # it has a number of workers
    joins: bool = False
    places: bool = False
    short: bool = False
    works: tuple = ()  # the kinds of work that it is asked for; empty: all
    policies: tuple = ()  # of a full queue, as the program spells them; "none": it has no bound
    quick: bool = False

    def command(self, folder, java):
        """The command without its keys, or None if the program is not there."""
        if self.words[0] == "java":
            classes = os.path.join(folder, "java")
            there = java and os.path.exists(os.path.join(classes, "Study.class"))
            return [java, "-cp", classes, "Study", *self.words[1:]] if there else None
        program = os.path.join(folder, self.words[0])
        return [program, *self.words[1:]] if os.path.exists(program) else None


GO, JDK = "Debian: golang-go", "a JDK, Debian: default-jdk-headless"
OUR_POLICIES = ("block", "reject", "caller-runs", "discard-oldest", "discard-newest", "burst", "none")

SUBJECTS = (
    Subject(OURS, ("ours",), OURS, "#0969da", policies=OUR_POLICIES, quick=True),
    Subject("libpool batch", ("ours_batch",), OURS, "#4f9bea", line="--"),
    Subject("libpool coroutines", ("ours_coroutines",), OURS, "#79b8ff", line=":", light=True),
    Subject("std::thread", ("thread",), "threads", "#a8443f", most=10**4, pool=False, quick=True),
    Subject("std::async", ("async",), "threads", "#cf8d85", line="--", most=10**4, pool=False),
    Subject("oneTBB", ("tbb",), "oneTBB", "#3f7f4c", "Debian: libtbb-dev", joins=True, policies=("none",), quick=True),
    Subject("Asio", ("asio",), "Asio", "#8a9a3b", "Debian: libboost-dev", line="--", policies=("none",)),
    Subject("Asio timers", ("asio_timers",), "Asio", "#b3c06a", "Debian: libboost-dev", line=":", light=True,
            works=("sleep",)),
    Subject("GLib", ("glib",), "GLib", "#6f7f74", "Debian: libglib2.0-dev and pkg-config", line=":",
            policies=("none",)),
    Subject("OpenMP", ("openmp",), "OpenMP", "#7b6fa8", "a compiler with OpenMP", joins=True, short=True),
    Subject("Go", ("go",), "Go", "#1f9aa8", GO, light=True, pool=False, policies=("none",), quick=True),
    Subject("Go pool", ("gopool",), "Go", "#2b7a86", GO, line="-.", policies=("block", "reject")),
    Subject("Go channel", ("gochan",), "Go", "#63b9c4", GO, line="--", short=True, policies=("block", "reject")),
    Subject("ants", ("ants",), "Go", "#8aa7ad", GO + ", and the module of ants", line=":", light=True, places=True,
            policies=("block", "reject")),
    Subject("rayon", ("rayon",), "rayon", "#c2762e", "Debian: cargo, and the crate rayon", joins=True,
            policies=("none",)),
    Subject("Java pool", ("java", "tpe"), "Java", "#b0548f", JDK,
            policies=("reject", "caller-runs", "discard-oldest", "discard-newest", "none")),
    Subject("Java fork-join", ("java", "forkjoin"), "Java", "#8c4a78", JDK, line=":"),
    Subject("Java virtual", ("java", "virtual"), "Java", "#cf9abf", JDK + " of version 21 or later", line="--",
            light=True),
)
BY_NAME = {subject.name: subject for subject in SUBJECTS}
FAMILIES = tuple(dict.fromkeys(subject.family for subject in SUBJECTS))


def family_of(name):
    return BY_NAME[name].family if name in BY_NAME else name


def colour_of(name):
    return BY_NAME[name].colour if name in BY_NAME else "#888888"


def line_of(name):
    return BY_NAME[name].line if name in BY_NAME else "-"
