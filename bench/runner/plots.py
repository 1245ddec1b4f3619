# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Draws results as SVG: a panel a case, a line a library, a dot at the median, a bar from the least to the largest."""
import math
import os

from programs import OURS
from table import number

PANELS = ("flood", "submitters-2", "submitters-4", "fan3", "fan3-5us", "tasks-1us", "fib24", "flood-bounded",
          "flood-bounded-4", "lone-start-p50", "lone-start-p99", "queued-bytes")
WIDTH, NAMES, VALUES, LINE, HEAD, GAP = 400, 90, 64, 17, 40, 18
OURS_COLOUR, PEER_COLOUR, GRID = "#0969da", "#6e7781", "#d0d7de"


def text(x, y, words, anchor="start", colour="#1f2328", size=12, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}" '
            f'font-weight="{weight}">{words}</text>')


def rows_of(result, cpu):
    """(name, value, least, largest), ours first, then the peers from the best to the worst."""
    if cpu:
        ours, peers, spreads = result.cpu_ours, result.cpu_peers, {}
    else:
        ours, peers, spreads = result.ours, result.peers, {OURS: result.spread_ours, **result.spread_peers}
    rows = [(peer, value) for peer, value in peers.items() if value]
    rows = ([(OURS, ours)] if ours else []) + sorted(rows, key=lambda row: row[1])
    return [(name, value, *(spreads.get(name) or (value, value))) for name, value in rows]


def panel(result, rows, left, top):
    """One case, from `left` and `top`, on a logarithmic scale of its own."""
    low = min(row[2] for row in rows if row[2] > 0)
    high = max(row[3] for row in rows)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high * 1.0001))
    start, width = left + NAMES, WIDTH - NAMES - VALUES
    bottom = top + HEAD + LINE * len(rows)

    def place(value):
        return start + width * (math.log10(max(value, 10**first)) - first) / (last - first)

    yield text(left, top + 12, f"{result.case.name}, {result.case.unit}", weight="bold", size=13)
    for power in range(first, last + 1):
        x = place(10**power)
        yield f'<line x1="{x:.1f}" y1="{top + HEAD - 8}" x2="{x:.1f}" y2="{bottom - 6}" stroke="{GRID}"/>'
        yield text(x, top + HEAD - 12, f"{10**power:,g}" if power < 6 else f"10^{power}", "middle", PEER_COLOUR, 9)
    for index, (name, value, least, largest) in enumerate(rows):
        y = top + HEAD + LINE * index + 4
        colour = OURS_COLOUR if name == OURS else PEER_COLOUR
        weight = "bold" if name == OURS else "normal"
        yield text(start - 8, y + 4, name, "end", colour, weight=weight)
        yield (f'<line x1="{place(least):.1f}" y1="{y}" x2="{place(largest):.1f}" y2="{y}" stroke="{colour}" '
               'stroke-width="4" stroke-opacity="0.35"/>')
        yield f'<circle cx="{place(value):.1f}" cy="{y}" r="4" fill="{colour}"/>'
        yield text(left + WIDTH, y + 4, number(value), "end", colour, weight=weight)


def write(path, results, cpu):
    chosen = [result for result in results if result.case.name in PANELS]
    panels = [(result, rows_of(result, cpu)) for result in chosen]
    panels = [(result, rows) for result, rows in panels if len(rows) > 1]
    if not panels:
        return False
    shapes, y = [], GAP
    for index in range(0, len(panels), 2):
        pair = panels[index:index + 2]
        for column, (result, rows) in enumerate(pair):
            shapes += panel(result, rows, GAP + column * (WIDTH + 2 * GAP), y)
        y += HEAD + LINE * max(len(rows) for _, rows in pair) + GAP
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH + 4 * GAP} {y}" '
                   'font-family="sans-serif">\n<rect width="100%" height="100%" fill="#ffffff"/>\n')
        file.write("\n".join(shapes) + "\n</svg>\n")
    return True


def draw(folder, results):
    """Writes wall.svg and cpu.svg; the names of those that had something to show."""
    os.makedirs(folder, exist_ok=True)
    return [name for name, cpu in (("wall.svg", False), ("cpu.svg", True))
            if write(os.path.join(folder, name), results, cpu)]
