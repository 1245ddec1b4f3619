# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Plots of dots and of small panels: kinds of work, latencies, overload, what stays after a burst."""
import math
import statistics

from draw import MUTED, figure, is_ours, line, logarithmic, name_ends, room, steps, widen
from subjects import BY_NAME, OURS, colour_of
from verdicts import judge, partial_text
from words import bytes_text, count_text, listed, short, time_text

WORK_TITLES = {"empty": "empty", "1 us": "1 us of CPU", "100 us": "100 us of CPU",
               "pareto": "uneven, 10 us in the mean", "touch": "touches 64 KiB", "stack": "64 KiB of stack",
               "file": "reads a file", "lock": "one lock for all", "sleep": "sleeps 10 ms"}


def dots(panel, names, figures, reference=None):
    """A row for each name: a dot at the median and a bar for the spread."""
    for row, name in enumerate(names):
        found = figures.get(name)
        if found is None:
            panel.text(0.02, row, "-", transform=panel.get_yaxis_transform(), va="center", color=MUTED, fontsize=7)
            continue
        panel.plot([found.low, found.high], [row, row], color=colour_of(name), linewidth=3, alpha=0.35)
        panel.plot([found.mid], [row], "o", color=colour_of(name), markersize=6 if is_ours(name) else 4.5, zorder=4)
    if reference:
        panel.axvline(reference, color=colour_of(OURS), linewidth=1)
    panel.set(ylim=(len(names) - 0.4, -0.6))


def name_rows(panel, names, marked=()):
    panel.set_yticks(range(len(names)), [name + ("*" if name in marked else "") for name in names], fontsize=8)
    for label, name in zip(panel.get_yticklabels(), names):
        label.set_color(colour_of(name))
        label.set_fontweight("bold" if is_ours(name) else "normal")
    panel.tick_params(axis="y", length=0)


def works(data):
    """Ratio to plain libpool by kind of work: a panel for each kind."""
    cases = {level: case for level, case in data.levels.get("work", {}).items() if level in WORK_TITLES}
    cases = {level: cases[level] for level in WORK_TITLES if level in cases}
    ratios = {}
    for level, case in cases.items():
        own = data.mid(case, OURS, "time")
        for name in data.subjects:
            found = data.figure(case, name, "time")
            if own and found:
                ratios.setdefault(level, {})[name] = type(found)(found.mid / own, found.low / own, found.high / own,
                                                                 found.runs)
    if len(ratios) < 2:
        return None
    def usual(name):
        values = [found[name].mid for found in ratios.values() if name in found]
        return len(values) <= len(ratios) / 2, statistics.median(values or [math.inf])
    names = sorted(data.subjects, key=usual)
    found = {level: judge(data, case, "time") for level, case in cases.items()}
    behind = [WORK_TITLES[level] for level, verdict in found.items() if verdict and verdict.lead > 0]
    ahead = [WORK_TITLES[level] for level, verdict in found.items() if verdict and verdict.lead < 0]
    message = f"By kind of work: libpool is ahead in {len(ahead)} of {len(found)}" + (
        f", behind in {len(behind)} ({listed(behind)})" if behind else ", behind in none")
    columns = min(3, len(ratios))
    rows = math.ceil(len(ratios) / columns)
    fig, axes = figure(message, width=9.2, height=(0.62 + 0.165 * len(names)) * rows + 0.35, rows=rows, columns=columns,
                       sharey=True, note="Wall time for a task, divided by that of plain libpool (line at 1); bar: "
                       "least to largest. Left of the line is faster. 1,000 in flight, groups of 10." +
                       partial_text(data, list(cases.values())))
    low = min(one.low for part in ratios.values() for one in part.values())
    high = max(one.high for part in ratios.values() for one in part.values())
    for panel in axes.flat[len(ratios):]:
        panel.set_visible(False)
    for panel, (level, figures) in zip(axes.flat, ratios.items()):
        panel.set(xscale="log", title=WORK_TITLES[level], xlim=(low / 1.3, high * 1.3))
        dots(panel, names, figures, 1)
        name_rows(panel, names)
        logarithmic(panel.xaxis, lambda value: f"{short(value)} x")
        panel.tick_params(axis="x", labelsize=7.5)
    room(fig, left=1.35, top=0.35, bottom=0.35, hspace=0.32, wspace=0.08)
    return "Time by kind of work, beside plain libpool", fig


def latencies(data):
    """p50, p99 and p99.9 in the base case: a panel for the start of tasks and one for groups."""
    case = data.levels.get("base", {}).get("base")
    if case is None:
        return None
    parts = {what: {name: [data.mid(case, name, f"{what}_{which}") for which in ("p50", "p99", "p999")]
                    for name in data.subjects} for what in ("start", "group")}
    parts = {what: {name: trio for name, trio in part.items() if all(trio)} for what, part in parts.items()}
    if len(parts["start"]) < 2:
        return None
    names = sorted(parts["start"], key=lambda name: parts["start"][name][1])
    # Who keeps the submitter back has fewer before each task: that is another case.
    marked = [name for name in names if name in BY_NAME and BY_NAME[name].short]
    full = [name for name in names if name not in marked]
    if not full:
        return None
    place = full.index(OURS) + 1 if OURS in full else 0
    message = f"Latency with 1,000 in flight: the least p99 from hand-over to start has {full[0]} " \
              f"({time_text(parts['start'][full[0]][1])})"
    if place > 1:
        message += f"; libpool is number {place} of {len(full)} ({time_text(parts['start'][OURS][1])})"
    fig, axes = figure(message, width=8.6, height=1 + 0.2 * len(names), columns=2, sharey=True,
                       note="Tasks of 1 us, 1,000 in flight: most of it is the wait for those before. Dot: p50; "
                            "tick: p99; end: p99.9." + (" *: never has 1,000 in flight, and is not in the title."
                                                           if marked else ""))
    titles = {"start": "from hand-over to start", "group": "from hand-over to the end of the group"}
    for panel, (what, text) in zip(axes[0], titles.items()):
        for row, name in enumerate(names):
            if name not in parts[what]:
                continue
            p50, p99, p999 = parts[what][name]
            panel.plot([p50, p999], [row, row], color=colour_of(name), linewidth=2.4 if is_ours(name) else 1.4)
            panel.plot([p50], [row], "o", color=colour_of(name), markersize=6 if is_ours(name) else 4.5)
            panel.plot([p99, p999], [row, row], "|", color=colour_of(name), markersize=8, markeredgewidth=1.6)
        panel.set(xscale="log", title=text, ylim=(len(names) - 0.4, -0.6), xlabel="latency")
        name_rows(panel, names, marked)
        logarithmic(panel.xaxis, time_text)
    room(fig, left=1.35, top=0.3, wspace=0.08)
    return "Latencies in the base case", fig


def overload_title(data, loads, policies):
    """Each policy beside no bound, at the largest load that both have; burst has further workers, and is left out."""
    top = max((load for load in loads.get("none", {}) if load >= 1), default=None)
    late = {policy: [value for value in (data.mid(loads[policy].get(top), name, "late_p99") for name in data.subjects)
                     if value] for policy in policies}
    unbound = late.get("none")
    late = {policy: values for policy, values in late.items() if values and policy not in ("none", "burst")}
    if not unbound or not late:
        return "Overload: what is served, and how late, by what a full queue does"
    less = [policy for policy, values in late.items() if max(values) < min(unbound)]
    rest = [policy for policy in late if policy not in less]
    message = f"Load {short(top)}, p99 of those served: "
    if less:
        message += f"{listed(less)} {time_text(min(min(late[policy]) for policy in less))} to " \
                   f"{time_text(max(max(late[policy]) for policy in less))} late, less than any without a bound; "
    if rest:
        message += f"{listed(rest)} {time_text(min(min(late[policy]) for policy in rest))} to " \
                   f"{time_text(max(max(late[policy]) for policy in rest))}, not less; "
    return message + f"without a bound {time_text(min(unbound))} to {time_text(max(unbound))}, and the longer the " \
        "overload lasts the more"


def overload(data):
    """What is served and how late, against load: a column for each policy."""
    loads = {}  # policy -> {load: case}
    for level, case in data.levels.get("overload", {}).items():
        policy, load = level.rsplit("/", 1)
        loads.setdefault(policy, {})[float(load)] = case
    policies = [policy for policy in loads if len(loads[policy]) > 1 and any(
        data.mid(case, name, "late_p99") for case in loads[policy].values() for name in data.subjects)]
    if not policies:
        return None
    policies.sort(key=lambda policy: policy == "none")
    message = overload_title(data, loads, policies)
    fig, axes = figure(message, width=max(1.45 * len(policies) + 1, 5), height=4.4, rows=2, columns=len(policies),
                       sharex=True, sharey="row", note="4 workers, tasks that hold one for 1 ms, 64 places in the "
                       "queue, random arrivals. Load 1: as many as are served at full speed. A column: what a full "
                       "queue does. Late: from when a task should have arrived until it ended, of those served.")
    for column, policy in enumerate(policies):
        upper, lower = axes[0][column], axes[1][column]
        ends = []
        for name in data.subjects:
            points = sorted(loads[policy].items())
            line(upper, [(load, data.figure(case, name, "served_per_s")) for load, case in points], name)
            end = line(lower, [(load, data.figure(case, name, "late_p99")) for load, case in points], name)
            if end:
                ends.append(end)
        upper.set_title({"none": "no bound", "burst": "burst\n(up to 8 workers)"}.get(policy, policy), fontsize=8.5)
        lower.set(yscale="log", xlabel="load")
        lower.set_xticks([0.5, 1, 1.5, 2])
        for panel in (upper, lower):
            panel.axvline(1, color=MUTED, linewidth=0.8, linestyle=(0, (5, 3)))
            panel.tick_params(labelsize=7.5)
        # The names stand in the panel, in the order of the lines: there are seven at most.
        for row, (_, _, name) in enumerate(sorted(ends, key=lambda end: -end[1])):
            lower.text(0.05, 0.97 - 0.065 * row, name, transform=lower.transAxes, va="top", fontsize=6.6,
                       color=colour_of(name),
                       fontweight="bold" if is_ours(name) else "normal")
    axes[0][0].set_ylim(bottom=0)
    axes[1][0].set_ylim(top=axes[1][0].get_ylim()[1] * 30)  # room for the names
    axes[0][0].set_ylabel("served per second")
    axes[1][0].set_ylabel("late by, p99")
    axes[0][0].yaxis.set_major_formatter(lambda value, _: count_text(value))
    logarithmic(axes[1][0].yaxis, time_text)
    room(fig, left=0.85, top=0.3, wspace=0.12, hspace=0.12)
    return "Overload: what is served and how late, by what a full queue does", fig


def burst(data):
    """Memory and threads from the end of a burst on."""
    found = data.levels.get("burst", {})
    cases = [(level, found[level]) for level in ("spin", "sleep") if level in found]
    times = [ms for ms in (0, 100, 300, 1_000, 3_000, 12_000)
             if any(data.mid(case, name, f"rss_{ms}") for _, case in cases for name in data.subjects)]
    if not cases or len(times) < 2:
        return None
    first, last = times[0], times[-1]
    names = {"spin": "100,000 tasks of 1 us at once", "sleep": "1,000 tasks that sleep, on as many threads"}
    back = {}
    for name in data.subjects:
        before, after = (data.mid(cases[-1][1], name, f"threads_{ms}") for ms in (first, last))
        if before and after:
            back[name] = after / before
    freed = [name for name, share in back.items() if share < 0.5]
    message = f"{time_text(last * 1e6)} after a burst: " + (
        f"{listed(freed)} {'has' if len(freed) == 1 else 'have'} ended most of their threads" if freed else
        "nobody has ended its threads") + f"; libpool holds {bytes_text(data.mid(cases[0][1], OURS, f'rss_{last}'))}"
    fig, axes = figure(message, width=9.6, height=3.9 * len(cases), rows=len(cases), columns=2,
                       note="Resident memory and threads of the whole process, while the pool stays and nobody "
                            "submits. Others may have longer time-outs: GLib's unused threads 15 s, Go's forced "
                            "collection 2 min.")
    places = [max(ms, 30) for ms in times]  # 0 has its place on the logarithmic axis, too
    for row, (level, case) in zip(axes, cases):
        for panel, field, show in ((row[0], "rss", bytes_text), (row[1], "threads", count_text)):
            panel.set(xscale="log", yscale="log", title=names[level], xlabel="after the last round")
            ends = [line(panel, [(place, data.figure(case, name, f"{field}_{ms}"))
                                 for place, ms in zip(places, times)], name) for name in data.subjects]
            steps(panel.xaxis, places, lambda place: "0" if place == 30 else f"{short(place / 1_000)} s")
            widen(panel, 4)
            logarithmic(panel.yaxis, show)
            panel.set_ylabel({"rss": "resident memory", "threads": "threads"}[field])
            panel.ends = [end for end in ends if end]
    room(fig, right=1.45, top=0.3, wspace=0.85, hspace=0.32)
    for panel in axes.flat:
        name_ends(panel, panel.ends, at=1.05)
    return "What comes back after a burst: memory and threads", fig


PANELS = {"work": works, "latency": latencies, "overload": overload, "burst": burst}
