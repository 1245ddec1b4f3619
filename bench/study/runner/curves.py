# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Plots with a line for each subject: one factor varied."""
from draw import MUTED, figure, line, logarithmic, name_ends, room, steps
from subjects import BY_NAME, OURS
from verdicts import judge
from words import bytes_text, count_text, listed, time_text, times_text


def span(levels, every, show):
    """Levels in words: neighbours as a range."""
    levels, every = sorted(levels), sorted(every)
    runs = []
    for level in levels:
        if runs and every.index(level) == every.index(runs[-1][-1]) + 1:
            runs[-1].append(level)
        else:
            runs.append([level])
    return listed(show(run[0]) if len(run) == 1 else f"{show(run[0])} to {show(run[-1])}" for run in runs)


def lead_title(data, cases, metric, show, unit, brief=False):
    """Who is ahead at which levels: [(level, case)]. The message of a plot, whatever was measured.

    The same families are compared at all levels, and who is left out for that is named.
    """
    families = [family for family in data.families if family != OURS and
                all(data.best(case, metric, family) for _, case in cases)]
    out = [family for family in data.families if family != OURS and family not in families]
    found = [(level, judge(data, case, metric, families=families)) for level, case in cases] if families else []
    found = [(level, verdict) for level, verdict in found if verdict is not None]
    every = [level for level, _ in found]
    parts = []
    for lead in (-1, 0, 1):
        chosen = [(level, verdict) for level, verdict in found if verdict.lead == lead]
        if not chosen:
            continue
        where = "at all of them" if len(chosen) == len(every) > 1 else f"at {span([c[0] for c in chosen], every, show)}"
        if lead == 0 and brief and len(chosen) < len(every):
            continue
        if lead == 0:
            parts.append(f"even with the best {where}")
            continue
        top = max(chosen, key=lambda pair: pair[1].factor)[1]
        names = list(dict.fromkeys(verdict.their_name for _, verdict in chosen))
        who = "libpool" if lead < 0 else listed(names[:2]) if len(names) < 3 else f"{names[0]}, {names[1]} and others"
        parts.append(f"{who} ahead {where} (up to {times_text(top.factor)} times)")
    if out and parts and not brief:
        parts.append(f"not at every level, and so left out: {listed(out)}")
    return f"{unit}: " + "; ".join(parts) if parts else unit


def draw_series(axes, data, factor, metric):
    """A line for each subject; where they end."""
    ends = []
    for name in data.subjects:
        points = data.series(factor, name, metric)
        if factor == "workers" and name in BY_NAME and (BY_NAME[name].joins or BY_NAME[name].places):
            # In the base case these have another number than the level says.
            points = [point for point in points if point[0] != data.cpus()]
        if len(points) > 1:
            ends.append(line(axes, points, name))
    return [end for end in ends if end]


def floor_line(axes, value, text):
    """What no library can go below."""
    axes.axhline(value, color=MUTED, linewidth=1, linestyle=(0, (5, 3)), zorder=2)
    axes.set_ylim(bottom=min(axes.get_ylim()[0], value / 1.5))
    axes.text(0.01, value / 1.04, text, transform=axes.get_yaxis_transform(), va="top", fontsize=7.5, color=MUTED)


def base_floor(data):
    """ns of wall time that a task of the base case takes on CPUs that do nothing else."""
    case, cpus = data.levels.get("base", {}).get("base"), data.cpus()
    return float(data.keys[case]["ns"]) / cpus if case and cpus else None


def one_factor(data, factor, title, label, note="", floor=None, floor_text=""):
    """Time a task, on logarithmic axes, against the levels of one factor."""
    levels = data.numbers(factor)
    if len(levels) < 2:
        return None
    message = lead_title(data, levels, "time", count_text, title)
    fig, axes = figure(message, height=4.7, note=note)
    axes = axes[0][0]
    axes.set(xscale="log", yscale="log", xlabel=label, ylabel="wall time for a task")
    ends = draw_series(axes, data, factor, "time")
    if not ends:
        return None
    if floor:
        floor_line(axes, floor, floor_text)
    steps(axes.xaxis, [level for level, _ in levels], count_text)
    logarithmic(axes.yaxis, time_text)
    room(fig, right=1.5, top=0.12)
    name_ends(axes, ends)
    return fig


def in_flight(data):
    fig = one_factor(data, "in_flight", "Tasks of 1 us by number in flight", "tasks in flight (started before anybody "
                     "waits)", "Band: least to largest of the runs. Groups of 10, or fewer where fewer are in flight. "
                     "OpenMP and Go channel never have many in flight.",
                     base_floor(data), "the work alone, on all CPUs")
    return fig and ("Time for a task of 1 us against the number in flight", fig)


def cold(data):
    fig = one_factor(data, "tasks", "Cold, by number of tasks", "tasks in all, 1 us each",
                     "The making and the end of the pool included, the start of the process not.", base_floor(data),
                     "the work alone, on all CPUs")
    return fig and ("Time for a task when the pool is made for it", fig)


def workers(data):
    fig = one_factor(data, "workers", "Tasks of 1 us by workers", "workers of the pool",
                     f"The machine has {count_text(data.cpus() or 0)} CPUs. oneTBB, OpenMP and rayon have the "
                     "submitter besides; they and ants (goroutines at once) have no point at as many as CPUs.",
                     base_floor(data),
                     "the work alone, on all CPUs")
    return fig and ("What more workers than CPUs cost", fig)


def groups(data):
    """Fan-out against submitters: a panel for each number of submitters."""
    grid = data.grid("groups")
    fans, submitters = sorted({fan for fan, _ in grid}), sorted({number for _, number in grid})
    if len(fans) < 2:
        return None
    message = lead_title(data, [((fan, number), case) for (fan, number), case in sorted(grid.items())], "time",
                         lambda cell: f"{count_text(cell[0])} x {count_text(cell[1])}",
                         "Tasks of 1 us by group x submitters")
    fig, axes = figure(message, width=9.2, height=4.6, columns=len(submitters), sharey=True,
                       note="Tasks in a group, with so many threads that submit at once.")
    for panel, number in zip(axes[0], submitters):
        panel.set(xscale="log", yscale="log", xlabel="tasks in a group",
                  title=f"{count_text(number)} submitter" + ("s" if number > 1 else ""))
        ends = []
        for name in data.subjects:
            points = [(fan, data.figure(grid[fan, number], name, "time")) for fan in fans if (fan, number) in grid]
            ends.append(line(panel, points, name))
        steps(panel.xaxis, fans, count_text)
    for panel in axes[0]:  # which share their y axis, and need all that is drawn
        if base_floor(data):
            floor_line(panel, base_floor(data), "the work alone" if panel is axes[0][0] else "")
        logarithmic(panel.yaxis, time_text)
    axes[0][0].set_ylabel("wall time for a task")
    room(fig, right=1.45, wspace=0.08)
    missing = [name for name in data.subjects if name not in {end[2] for end in ends if end} and
               any(data.figure(case, name, "time") for case in grid.values())]
    if missing:
        last = [grid[fan, submitters[-1]] for fan in fans if (fan, submitters[-1]) in grid]
        why = {name: "cannot" if any((case, name) in data.cannot for case in last) else
               "not over in time" if any((case, name) in data.unfinished for case in last) else "not asked"
               for name in missing}
        fig.text(0.995, 0.012, f"no line with {count_text(submitters[-1])} submitters: " +
                 ", ".join(f"{name} ({why[name]})" for name in missing), ha="right", fontsize=7.5, color=MUTED)
    name_ends(axes[0][-1], [end for end in ends if end], at=1.07)
    return "Time for a task against the size of its group and the number of submitters", fig


def sleepers(data):
    """Time of a round and memory against the number in flight."""
    grid = data.grid("sleepers")
    if not grid:
        return None
    length = max(cell[0] for cell in grid)
    cases = sorted((flight, case) for (other, flight), case in grid.items() if other == length)
    if len(cases) < 2:
        return None
    time_part = lead_title(data, cases, "time", count_text, f"Sleep of {time_text(length)}, time", True)
    memory_part = lead_title(data, cases, "memory", count_text, "memory", True)
    out = [family for family in data.families if not all(data.best(case, "time", family) for _, case in cases)]
    note = "A round: all start and all have ended. A pool of threads has one for each in flight, 1,024 at most."
    fig, axes = figure(f"{time_part}; {memory_part}", width=9.6, height=4.8, columns=2,
                       note=note + (f" Not at every number, and so not in the title: {listed(out)}." if out else ""))
    left, right = axes[0]
    ends = {left: [], right: []}
    for name in data.subjects:
        rounds, memory = [], []
        for flight, case in cases:
            per_task, peak = data.figure(case, name, "time"), data.figure(case, name, "memory")
            if per_task:
                rounds.append((flight, type(per_task)(per_task.mid * flight, per_task.low * flight,
                                                      per_task.high * flight, per_task.runs)))
                memory.append((flight, peak))
        ends[left].append(line(left, rounds, name))
        ends[right].append(line(right, memory, name))
    left.set(xscale="log", yscale="log", xlabel="tasks in flight", ylabel="wall time of a round")
    right.set(xscale="log", yscale="log", xlabel="tasks in flight", ylabel="most resident memory of the process")
    floor_line(left, length, "all sleep at once")
    for panel, show in ((left, time_text), (right, bytes_text)):
        steps(panel.xaxis, [flight for flight, _ in cases], count_text)
        logarithmic(panel.yaxis, show)
    room(fig, right=1.45, wspace=0.82, top=0.1)
    for panel in (left, right):
        name_ends(panel, [end for end in ends[panel] if end], at=1.05)
    return "Tasks that sleep: time and memory against the number in flight", fig


CURVES = {"in-flight": in_flight, "cold": cold, "groups": groups, "workers": workers, "sleepers": sleepers}
