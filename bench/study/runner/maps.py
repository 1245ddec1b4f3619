# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The maps: length of a task against number in flight, who is first, by how much; in time and in memory."""
import math

from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patches import Rectangle

from draw import INK, MUTED, figure, room
from subjects import OURS
from verdicts import by_lead, judge, partial_text
from words import count_text, length_text, times_text

COLOURS = LinearSegmentedColormap.from_list("lead", ("#2f7fd6", "#a9cdf3", "#f6f6f4", "#f3c49a", "#d9782d"))
REACH = math.log2(16)  # a factor of 16 has the full colour


def cell_text(verdict):
    """Who is first, and by how much before whom."""
    if verdict.lead < 0:
        return OURS, f"beats {verdict.their_name} {times_text(verdict.factor)} x"
    if verdict.lead > 0:
        return verdict.their_name, f"beats {OURS} {times_text(verdict.factor)} x"
    return "even", f"with {verdict.their_name}, {verdict.ratio:.2f}"


def draw_cell(axes, column, row, verdict, norm):
    axes.add_patch(Rectangle((column, row), 0.96, 0.94, facecolor=COLOURS(norm(math.log2(verdict.ratio)))))
    first, second = cell_text(verdict)
    axes.text(column + 0.48, row + 0.68, first, ha="center", va="center", fontsize=8.5, color=INK,
              fontweight="bold" if first == OURS else "normal")
    axes.text(column + 0.48, row + 0.34, second, ha="center", va="center", fontsize=6.4, color=INK)


def title_of(found, what):
    """The message: how often who is first."""
    ours, others = by_lead(found, -1), by_lead(found, 1)
    text = f"{what}: libpool is first in {len(ours)} of {len(found)} cells, even with the best in " \
           f"{len(by_lead(found, 0))}"
    if not others:
        return text + ", behind in none"
    names = [verdict.their_name for verdict in others]
    names = sorted(set(names), key=lambda name: -names.count(name))
    return text + f", behind in {len(others)}" + f" ({', '.join(names[:3])}{' and others' if len(names) > 3 else ''})"


def make_map(data, metric, what, note):
    """Rows: lengths of tasks that compute, then of those that sleep."""
    rows = []
    for factor, kind in (("map", ""), ("sleepers", "sleep ")):
        grid = data.grid(factor)
        for length in sorted({cell[0] for cell in grid}):
            found = {flight: judge(data, case, metric) for (other, flight), case in grid.items() if other == length}
            rows.append((kind + length_text(length), {flight: one for flight, one in found.items() if one}))
    rows = [row for row in rows if row[1]]
    flights = sorted({flight for _, found in rows for flight in found})
    if not rows or len(flights) < 2:
        return None
    every = [verdict for _, found in rows for verdict in found.values()]
    note += partial_text(data, [verdict.case for verdict in every])
    fig, axes = figure(title_of(every, what), 1.4 + 1.22 * len(flights), 1.15 + 0.52 * len(rows), note=note)
    axes, norm = axes[0][0], Normalize(-REACH, REACH)
    for index, (_, found) in enumerate(rows):
        for flight, verdict in found.items():
            draw_cell(axes, flights.index(flight), len(rows) - 1 - index, verdict, norm)
    axes.set(xlim=(0, len(flights)), ylim=(0, len(rows)), xlabel="tasks in flight", ylabel="a task")
    axes.set_xticks([index + 0.48 for index in range(len(flights))], [count_text(flight) for flight in flights])
    axes.set_yticks([len(rows) - 0.53 - index for index in range(len(rows))], [name for name, _ in rows])
    axes.grid(False)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    room(fig, left=1.05, right=0.15, top=0.1, bottom=0.9)
    scale(fig, norm)
    return fig


def scale(fig, norm):
    """What the colours mean."""
    height = fig.get_figheight()
    bar = fig.add_axes([0.3, 0.2 / height, 0.4, 0.09 / height])
    steps = 128
    for index in range(steps):
        value = -REACH + 2 * REACH * index / steps
        bar.add_patch(Rectangle((value, 0), 2 * REACH / steps * 1.05, 1, facecolor=COLOURS(norm(value)), linewidth=0))
    bar.set(xlim=(-REACH, REACH), ylim=(0, 1), yticks=[])
    bar.set_xticks([-REACH, -2, 0, 2, REACH], ["16 x", "4 x", "even", "4 x", "16 x"], fontsize=7.5)
    bar.grid(False)
    bar.tick_params(length=0, pad=1)
    for side in bar.spines.values():
        side.set_visible(False)
    bar.text(-REACH - 0.3, 0.5, "libpool ahead", ha="right", va="center", fontsize=7.5, color=MUTED)
    bar.text(REACH + 0.3, 0.5, "others ahead", ha="left", va="center", fontsize=7.5, color=MUTED)


def time_map(data):
    fig = make_map(data, "time", "Time", "Who takes the least wall time for a task, by how much, and before whom; "
                   "the best of libpool's ways beside the best of all others.")
    return fig and ("Who is first in time: length of a task against number in flight", fig)


def memory_map(data):
    fig = make_map(data, "memory", "Memory", "Whose process has the least resident memory at its peak, by how much, "
                   "and before whom; run-time systems and stacks included.")
    return fig and ("Who is first in memory: the same cases", fig)


MAPS = {"map-time": time_map, "map-memory": memory_map}
