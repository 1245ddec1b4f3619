# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""What this machine is, and how much of it others use meanwhile."""
import os
import platform
import resource
import subprocess
import time


class Others:
    """The CPUs that were busy for anybody but this process and its children, time stolen by other guests included."""

    def __init__(self):
        self.begin = self._now()

    @staticmethod
    def _now():
        with open("/proc/stat", encoding="utf-8") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        busy = (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")  # but idle and waiting for disks
        ours = sum(usage.ru_utime + usage.ru_stime for usage in (resource.getrusage(resource.RUSAGE_SELF),
                                                                resource.getrusage(resource.RUSAGE_CHILDREN)))
        return time.monotonic(), busy - ours

    def share(self):
        """The mean since the start: 0.5 is half of one CPU."""
        wall, busy = (now - then for now, then in zip(self._now(), self.begin))
        return round(max(busy / wall, 0.0), 3) if wall > 0 else 0.0


def first_line(words):
    """The first line that a tool prints, or nothing if it is not there."""
    try:
        lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return ""
    return lines[0].strip() if lines else ""


def versions_of(module):
    """A need of the bench, as pkg-config knows it, e.g. "oneTBB 2021.8.0"."""
    name, package = module
    version = first_line(["pkg-config", "--modversion", package])
    return f"{name} {version}" if version else ""


def system():
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            names = [line.split("=", 1)[1].strip().strip('"') for line in file if line.startswith("PRETTY_NAME=")]
    except OSError:
        names = []
    return names[0] if names else ""


def describe():
    """One sentence: CPUs, system, compilers, the peers that come with the system."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    parts = [f"{os.cpu_count()} CPUs ({models[0] if models else platform.machine()})", f"Linux {platform.release()}",
             system(), first_line(["g++", "--version"]), first_line(["go", "version"]).replace("go version ", ""),
             first_line(["rustc", "--version"])]
    parts += [versions_of(module) for module in (("oneTBB", "tbb"), ("GLib", "glib-2.0"))]
    return ", ".join(part for part in parts if part)
