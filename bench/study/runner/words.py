# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Numbers as people read them: "10 us", "12 MB", "1,000", "3.2 times"."""


def short(value, digits=2):
    """A number with so many digits that count, and no exponent."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    text = f"{float(f'{value:.{digits}g}'):,.10f}"
    return text.rstrip("0").rstrip(".")


def scaled(value, units, step=1000.0):
    """In the first unit that makes it less than a step."""
    for unit in units[:-1]:
        # What would be rounded up to a whole step belongs to the next unit.
        if abs(float(f"{value:.2g}")) < step:
            return f"{short(value)} {unit}"
        value /= step
    return f"{short(value)} {units[-1]}"


def spread_text(show, mid, low, high):
    """A value and its spread in brackets, the unit once if it is the same: "1.2 us (1.1..1.3)"."""
    texts = [show(value) for value in (mid, low, high)]
    if len({text.partition(" ")[2] for text in texts}) == 1:
        texts[1:] = [text.partition(" ")[0] for text in texts[1:]]
    return f"{texts[0]} ({texts[1]}..{texts[2]})"


def time_text(ns):
    return "-" if ns is None else "0" if ns == 0 else scaled(ns, ("ns", "us", "ms", "s"))


def bytes_text(count):
    return "-" if count is None else scaled(count, ("B", "kB", "MB", "GB"))


def length_text(ns):
    """How long a task takes: the level 0 is the empty task."""
    return "empty" if ns == 0 else time_text(ns)


def count_text(number):
    return f"{number:,.0f}" if number < 1e6 else f"{number / 1e6:,.3g} million"


def times_text(ratio):
    """A factor, rounded so that it claims no more than the runs know."""
    return short(ratio, 3 if 10 <= ratio < 1000 else 2)


def listed(parts, last="and"):
    parts = list(parts)
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + f" {last} {parts[-1]}"


def number(text):
    """A word of the data as a number, or nothing."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
