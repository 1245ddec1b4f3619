# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Starts the programs: one process for a case of a library, with a time limit."""
import os
import re
import subprocess

OURS = "libpool"

# Where cmake/bench.sh has built each, below the folder of the programs.
FILES = {
    OURS: "ours",
    "oneTBB": "tbb",
    "Asio": "asio",
    "GLib": "glib",
    "OpenMP": "openmp",
    "std::thread": "thread",
    "Go": "go",
    "Go channel": "gochan",
    "ants": "ants",
    "rayon": "rayon",
    "floor": "floor",
    "ideal": "floor",
}

NEEDS = {
    "oneTBB": "Debian: libtbb-dev",
    "Asio": "Debian: libboost-dev",
    "GLib": "Debian: libglib2.0-dev and pkg-config",
    "OpenMP": "a compiler with OpenMP",
    "Go": "Debian: golang-go",
    "Go channel": "Debian: golang-go",
    "ants": "Debian: golang-go, and the module of ants",
    "rayon": "Debian: cargo, and the crate rayon",
}


class Programs:
    def __init__(self, folder, quick, limit):
        self.folder = os.path.abspath(folder)
        self.limit = limit
        self.prefix = []  # words before each command
        self.environment = dict(os.environ, BENCH_QUICK="1" if quick else "0")

    def command(self, peer, case):
        """The command of one run, or None if the program is not there."""
        if case == "startup":
            program = os.path.join(self.folder, "startup_ours" if peer == OURS else "startup_empty")
            words = [os.path.join(self.folder, "startup_timer"), program, case]
        elif peer == "C":
            words = [os.path.join(self.folder, FILES[OURS]), case + "-c"]
        else:
            words = [os.path.join(self.folder, FILES[peer]), case]
        return words if os.path.exists(words[0]) else None

    def run(self, peer, case):
        """{case: (value, cpu or None)} of one process, or what went wrong as text."""
        words = self.prefix + self.command(peer, case)
        try:
            done = subprocess.run(words, env=self.environment, timeout=self.limit, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        except subprocess.TimeoutExpired:
            return f"hangs: not over after {self.limit:g} s"
        if done.returncode != 0:
            return f"status {done.returncode}: {done.stderr.strip()}"
        figures = {}
        for line in done.stdout.splitlines():
            name, value, cpu = line.split()
            figures[name] = (float(value), None if cpu == "-" else float(cpu))
        return figures

    def futex_calls(self, case):
        """How often the library calls futex() in one run, or None if nothing here can count that."""
        for tool in (["perf", "stat", "-x", ",", "-e", "syscalls:sys_enter_futex", "--"],
                     ["strace", "-f", "--seccomp-bpf", "-c", "-e", "trace=futex", "--"]):
            try:
                done = subprocess.run(tool + self.command(OURS, case), env=self.environment, timeout=4 * self.limit,
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            except (OSError, subprocess.TimeoutExpired):
                continue
            if tool[0] == "perf":
                found = re.search(r"^(\d+),,syscalls:sys_enter_futex", done.stderr, re.MULTILINE)
            else:
                found = re.search(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) .*futex$", done.stderr, re.MULTILINE)
            if done.returncode == 0 and found:
                return int(found.group(1))
        return None
