# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""What was measured on what: the lines of machine.txt."""
import os
import re
import subprocess
import time

from machine import describe, first_line, versions_of

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # bench/study
ROOT = os.path.dirname(os.path.dirname(FOLDER))


def found_in(path, pattern):
    """The first group of the pattern in a file, or nothing."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            match = re.search(pattern, file.read(), re.MULTILINE)
    except OSError:
        return ""
    return match.group(1) if match else ""


def boost_version():
    text = next(filter(None, (found_in(f"{prefix}/include/boost/version.hpp", r'BOOST_LIB_VERSION "([\d_]+)"')
                              for prefix in ("/usr/local", "/usr"))), "")
    return text.replace("_", ".")


def java_version(java):
    if not java:
        return ""
    done = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    lines = (done.stderr or done.stdout).splitlines()
    return lines[-2].strip() if len(lines) > 1 else ""  # the line that names vendor and build


def commit_name():
    """The commit, with a mark if anything differs from it but for what a study itself writes."""
    name = first_line(["git", "-C", ROOT, "describe", "--always", "--exclude=*"])
    own = [":!bench/study/" + what for what in ("data.csv", "machine.txt", "README.md", "plots", "study.html")]
    is_changed = first_line(["git", "-C", ROOT, "status", "--porcelain", "--untracked-files=no", "--", ".", *own])
    return name + "-dirty" if name and is_changed else name


def versions(java):
    """{what: version}, of what is there."""
    workloads = os.path.join(ROOT, "bench", "workloads")
    commit = commit_name()
    found = {
        "libpool": (found_in(os.path.join(ROOT, "CMakeLists.txt"), r"project\([^)]*VERSION\s+([\d.]+)") + " " +
                    commit).strip(),
        "g++ (std::thread, std::async, OpenMP)": first_line(["g++", "-dumpfullversion"]),
        "oneTBB": versions_of(("oneTBB", "tbb")).replace("oneTBB ", ""),
        "Boost (Asio)": boost_version(),
        "GLib": versions_of(("GLib", "glib-2.0")).replace("GLib ", ""),
        "Go": first_line(["go", "version"]).replace("go version ", ""),
        "ants": found_in(os.path.join(workloads, "go", "go.mod"), r"panjf2000/ants/v2 (\S+)"),
        "rayon": found_in(os.path.join(workloads, "rayon", "Cargo.lock"), r'name = "rayon"\nversion = "([^"]+)"'),
        "Java": java_version(java),
    }
    return {name: text for name, text in found.items() if text}


def quota():
    """How many CPUs the control group may use."""
    name = found_in("/proc/self/cgroup", r"^0::(\S+)")
    for folder in ("/sys/fs/cgroup" + name.rstrip("/"), "/sys/fs/cgroup"):
        found = found_in(folder + "/cpu.max", r"^(\S+ \S+)")
        if found:
            limit, period = found.split()
            return "none" if limit == "max" else f"{int(limit) / int(period):g} CPUs"
    limit = found_in("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", r"^(-?\d+)")
    period = found_in("/sys/fs/cgroup/cpu/cpu.cfs_period_us", r"^(\d+)")
    return f"{int(limit) / int(period):g} CPUs" if limit and period and int(limit) > 0 else "none"


def memory_setting():
    """What else memory and time depend on."""
    kilobytes = found_in("/proc/meminfo", r"MemTotal:\s+(\d+)")
    huge = found_in("/sys/kernel/mm/transparent_hugepage/enabled", r"\[(\w+)\]")
    libc = (os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in os.confstr_names else "") or "unknown"
    return (f"RAM {int(kilobytes or 0) / 1024**2:.1f} GiB; {libc}; transparent huge pages: {huge or 'unknown'}; "
            f"CPU quota of the control group: {quota()}")


def machine_text(java, turns, limit_ms, seconds, others, complaints, missing):
    """`key: value`, one a line; what was not measured at the end."""
    lines = [f"date: {time.strftime('%d %B %Y')}", f"machine: {describe()}", f"memory: {memory_setting()}",
             f"turns: {turns}, rounds for {limit_ms} ms each; {seconds / 60:.0f} minutes",
             f"others: {others[0]:.2f} CPUs in the middle run, {others[1]:.2f} at most"]
    lines += [f"version: {name} {text}" for name, text in versions(java).items()]
    lines += [f"missing: {text}" for text in missing]
    lines += [f"not measured: {text}" for text in complaints]
    return "\n".join(lines) + "\n"


def read_machine(path):
    """[(key, value)], nothing if there is no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            return [tuple(line.rstrip("\n").split(": ", 1)) for line in file if ": " in line]
    except OSError:
        return []
