# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""How every plot looks, and the list of them. matplotlib draws; the same data give the same files."""
import math
import os
import textwrap

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # after the choice of a back end
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from subjects import OURS, colour_of, line_of

INK, MUTED, GRID = "#1f2328", "#59636e", "#e4e8ec"
STYLE = {
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"], "font.size": 9,
    "svg.fonttype": "none", "axes.edgecolor": MUTED, "axes.labelcolor": INK, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.8, "axes.axisbelow": True,
    "axes.titlesize": 9, "axes.titlelocation": "left", "xtick.color": MUTED, "ytick.color": MUTED,
    "text.color": INK, "figure.facecolor": "white", "axes.facecolor": "white",
}


def is_ours(name):
    return name == OURS


def look_of(name):
    """How the line of a subject is drawn: ours stands out."""
    bold = is_ours(name)
    return {"color": colour_of(name), "linestyle": line_of(name), "linewidth": 2.6 if bold else 1.3,
            "marker": "o", "markersize": 4.5 if bold else 3, "zorder": 5 if bold else 3}


def figure(title, width=8.2, height=4.8, rows=1, columns=1, note="", **options):
    """A figure with its message on top, and axes: always a list of rows. `height` is without the message."""
    lines = textwrap.wrap(title, int(width * 9.7))
    notes = textwrap.wrap(note, int(width * 14))
    head = 0.12 + 0.2 * len(lines) + 0.16 * len(notes)
    fig, axes = plt.subplots(rows, columns, figsize=(width, height + head), squeeze=False, **options)
    fig.head = head  # for room()
    fig.text(0.1 / width, 1 - 0.08 / fig.get_figheight(), "\n".join(lines), ha="left", va="top", fontsize=11.5,
             fontweight="bold", linespacing=1.15)
    fig.text(0.1 / width, 1 - (0.14 + 0.2 * len(lines)) / fig.get_figheight(), "\n".join(notes), ha="left", va="top",
             fontsize=8.5, color=MUTED)
    return fig, axes


def room(fig, left=0.75, right=0.25, top=0.3, bottom=0.55, **spaces):
    """Margins in inches; `top` is below the message."""
    width, height = fig.get_size_inches()
    fig.subplots_adjust(left=left / width, right=1 - right / width, top=1 - (fig.head + top) / height,
                        bottom=bottom / height, **spaces)


def logarithmic(axis, show):
    """Ticks at powers of ten, and between them where there are few, written by `show`. After the data are drawn."""
    low, high = axis.get_view_interval()
    every = [digit * 10.0**power for power in range(-3, 14) for digit in range(1, 10)]
    inside = [value for value in every if low * 0.999 <= value <= high * 1.001]
    for digits in ((1,), (1, 2, 5), range(1, 10)):
        ticks = [value for value in inside if round(value / 10**math.floor(math.log10(value * 1.0001))) in digits]
        if len(ticks) > 2:
            break
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _: show(value)))
    axis.set_minor_locator(FixedLocator(inside))
    axis.set_minor_formatter(NullFormatter())


def widen(axes, least):
    """A logarithmic y axis that spans at least such a factor: else noise looks like a finding."""
    low, high = axes.get_ylim()
    more = (least / (high / low)) ** 0.5
    if more > 1:
        axes.set_ylim(low / more, high * more)


def steps(axis, values, show):
    """Ticks at the levels that were measured, on a logarithmic axis."""
    axis.set_ticks(list(values))
    axis.set_ticklabels([show(value) for value in values])
    axis.set_minor_locator(NullLocator())


def name_ends(axes, ends, gap=10.5, at=1.035):
    """Names at the right edge for lines that end at [(x, y, name)], moved apart, each with a hair line to its end."""
    axes.figure.canvas.draw()
    low, high = axes.get_window_extent().y0, axes.get_window_extent().y1
    scale = axes.figure.dpi / 72
    placed = sorted((round(axes.transData.transform((x, y))[1]), -axes.transData.transform((x, y))[0], x, y, name)
                    for x, y, name in ends)
    heights = [min(max(place, low), high) for place, *_ in placed]
    for _ in range(200):  # each pair that is too near moves apart by half of what is missing
        moved = False
        for index in range(1, len(heights)):
            missing = gap * scale - (heights[index] - heights[index - 1])
            if missing > 0.01:
                heights[index - 1] -= missing / 2
                heights[index] += missing / 2
                moved = True
        if not moved:
            break
    # What has grown over an edge of the axes goes back, and pushes the others.
    edge = high
    for index in reversed(range(len(heights))):
        heights[index] = edge = min(heights[index], edge)
        edge -= gap * scale
    edge = low - 2 * gap * scale
    for index, height in enumerate(heights):
        heights[index] = edge = max(height, edge)
        edge += gap * scale
    for height, (_, _, x, y, name) in zip(heights, placed):
        place = axes.transAxes.inverted().transform((0, height))[1]
        axes.annotate(name, xy=(x, y), xycoords="data", xytext=(at, place), textcoords="axes fraction", va="center",
                      fontsize=8.5 if is_ours(name) else 8, fontweight="bold" if is_ours(name) else "normal",
                      color=colour_of(name), annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": colour_of(name), "linewidth": 0.5, "alpha": 0.6,
                                  "shrinkA": 1, "shrinkB": 3})


def line(axes, points, name):
    """A series [(x, Figure)] with its spread as a band; where it ends, or None."""
    points = [(x, figure_) for x, figure_ in points if figure_ is not None]
    if not points:
        return None
    xs, mids = [x for x, _ in points], [figure_.mid for _, figure_ in points]
    axes.plot(xs, mids, **look_of(name))
    axes.fill_between(xs, [figure_.low for _, figure_ in points], [figure_.high for _, figure_ in points],
                      color=colour_of(name), alpha=0.18 if is_ours(name) else 0.08, linewidth=0, zorder=1)
    return xs[-1], mids[-1], name


def save(fig, folder, name):
    path = os.path.join(folder, name + ".svg")
    with matplotlib.rc_context({"svg.hashsalt": name}):
        fig.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(fig)
    # Not a blank at the end of a line, which Git would mark.
    with open(path, encoding="utf-8") as file:
        lines = [text.rstrip() for text in file]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def draw_all(data, folder):
    """Draws what the data have something for: {name: (title, path)}."""
    from curves import CURVES  # they need what is above
    from maps import MAPS
    from panels import PANELS

    os.makedirs(folder, exist_ok=True)
    drawn = {}
    with matplotlib.rc_context(STYLE):
        for name, make in {**MAPS, **CURVES, **PANELS}.items():
            found = make(data)
            if found is None:
                continue
            title, fig = found
            drawn[name] = (title, save(fig, folder, name))
    return drawn
