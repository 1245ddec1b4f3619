# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The tables of the page, in Markdown: what the plots cannot show."""
from data import crossing
from subjects import OURS
from verdicts import crossing_text, length_crossing
from words import bytes_text, count_text, short, spread_text, time_text


def rows(head, lines):
    lines = list(lines)
    if not lines:
        return []
    return ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|",
            *("| " + " | ".join(line) + " |" for line in lines)]


def crossings(data):
    """From which length of a task on somebody costs at most a tenth more than libpool, by number in flight."""
    flights = sorted({flight for _, flight in data.grid("map")})
    lines = []
    for family in data.families:
        found = [length_crossing(data, family, flight) for flight in flights]
        if family != OURS and any(found):
            lines.append([family] + [crossing_text(one) for one in found])
    table = rows(["at most a tenth over libpool's time from ... a task"] +
                 [f"{count_text(flight)} in flight" for flight in flights], lines)
    if table:
        yield from table
        yield ""
        yield "*always*: at every length, the empty task too; *not by*: not even at that length, the longest measured."
        yield "Between two levels the crossover is interpolated on logarithmic scales; *at most*: it lies between the"
        yield "empty task and that length. What cannot be told apart counts as no more than a tenth."
    lines = []
    grid = data.grid("sleepers")
    length = max((cell[0] for cell in grid), default=None)
    for family in data.families:
        points = [(flight, data.ratio(case, "memory", family)) for (other, flight), case in grid.items()
                  if other == length]
        points = [(flight, 1 / ratio) for flight, ratio in points if ratio]
        if family != OURS and len(points) > 1:
            lines.append([family, crossing_text(crossing(points, 0.5), count_text),
                          short(1 / sorted(points)[-1][1]), count_text(sorted(points)[-1][0])])
    table = rows([f"tasks that sleep {time_text(length)}", "twice libpool's memory from ... in flight on",
                  "times libpool's memory", "at ... in flight"], lines) if lines else []
    if table:
        yield from ("", *table)


def spread(figure, show):
    return "" if figure is None else spread_text(show, figure.mid, figure.low, figure.high)


def factor_table(factor, metric, show, what, label=str):
    """Medians and spread: a row for each subject, a column for each level."""
    def make(data):
        levels = data.levels.get(factor, {})
        lines = []
        for name in data.subjects:
            cells = [spread(data.figure(case, name, metric), show) for case in levels.values()]
            if any(cells):
                lines.append([name] + cells)
        return rows([what] + [label(level) for level in levels], lines)
    return make


def base(data):
    """Everything that is measured in the base case."""
    case = data.levels.get("base", {}).get("base")
    if case is None:
        return []
    columns = (("time a task", "time", time_text), ("CPU a task", "cpu", time_text),
               ("start p50", "start_p50", time_text), ("p99", "start_p99", time_text),
               ("p99.9", "start_p999", time_text), ("group p50", "group_p50", time_text),
               ("p99", "group_p99", time_text), ("p99.9", "group_p999", time_text),
               ("switches a task", "switches", short), ("threads", "threads", count_text),
               ("RSS before", "rss_base", bytes_text), ("RSS peak", "rss_peak", bytes_text))
    lines = []
    for name in data.subjects:
        values = [(data.mid(case, name, metric), show) for _, metric, show in columns]
        if any(value is not None for value, _ in values):
            lines.append([name] + ["" if value is None else show(value) for value, show in values])
    return rows(["base case"] + [title for title, _, _ in columns], lines)


def sleepers(data):
    """Memory of sleepers, and what each of them adds."""
    grid = data.grid("sleepers")
    length = max((cell[0] for cell in grid), default=None)
    flights = sorted(flight for other, flight in grid if other == length)
    if not flights:
        return []
    lines = []
    for name in data.subjects:
        cells, each = [], ""
        for flight in flights:
            case = grid[length, flight]
            peak, before = data.mid(case, name, "memory"), data.mid(case, name, "rss_base")
            cells.append("" if peak is None else bytes_text(peak))
            if peak is not None and before is not None:
                each = bytes_text(max(peak - before, 0) / flight)
        if any(cells):
            lines.append([name] + cells + [each])
    return rows([f"peak RSS, tasks that sleep {time_text(length)}"] +
                [f"{count_text(flight)} in flight" for flight in flights] + ["for each, at most in flight"], lines)


LABELS = {"burst": "burst (up to 8 workers)", "none": "no bound"}


def overload(data):
    """At the largest load: what is served, refused and late."""
    lines = []
    levels = data.levels.get("overload", {})
    top = max((float(level.rsplit("/", 1)[1]) for level in levels), default=None)
    for level, case in levels.items():
        policy, load = level.rsplit("/", 1)
        if float(load) != top:
            continue
        for name in data.subjects:
            arrived = data.mid(case, name, "arrived")
            if arrived:
                refused = data.mid(case, name, "refused") or 0
                lines.append([f"{LABELS.get(policy, policy)}: {name}",
                              count_text(data.mid(case, name, "served_per_s") or 0),
                              f"{100 * refused / arrived:.0f} %", *(time_text(data.mid(case, name, f"late_{which}"))
                                                                    for which in ("p50", "p99", "p999")),
                              bytes_text(data.mid(case, name, "rss_peak"))])
    return rows([f"load {short(top)}", "served per s", "refused", "late p50, of those served", "p99", "p99.9",
                                        "RSS peak"], lines) \
        if lines else []


def settled(data, case, name, field, times):
    """The last of the looks at a field."""
    for ms in reversed(times):
        value = data.mid(case, name, f"{field}_{ms}")
        if value is not None:
            return value, ms
    return None, None


def burst(data):
    """Before, at the peak, and after."""
    for level, what in (("spin", "100,000 tasks of 1 us"), ("sleep", "1,000 sleepers")):
        case = data.levels.get("burst", {}).get(level)
        lines, last = [], None
        for name in data.subjects if case else ():
            times = (100, 300, 1_000, 3_000, 12_000)
            rss, ms = settled(data, case, name, "rss", times)
            if rss is None:
                continue
            last = ms
            looks = [data.mid(case, name, field) for field in ("rss_base", "rss_peak", "rss_0")]
            threads = [data.mid(case, name, field) for field in ("threads_0", f"threads_{ms}")]
            cpu = data.mid(case, name, f"idle_cpu_{ms}")
            lines.append([name, *map(bytes_text, looks), bytes_text(rss), half_back(data, case, name, times),
                          *("-" if value is None else count_text(value) for value in threads),
                          "-" if cpu is None else time_text(cpu / (ms / 1_000)) + " a s"])
        if lines:
            yield from rows([what, "RSS before", "peak", "at the end", f"{time_text(last * 1e6)} later",
                             "half back after", "threads at the end", f"{time_text(last * 1e6)} later",
                             "CPU when idle"], lines)
            yield ""


def half_back(data, case, name, times):
    """When half of what a burst has added was given back, as far as the looks tell."""
    before, peak = data.mid(case, name, "rss_base"), data.mid(case, name, "rss_peak")
    if before is None or peak is None or peak - before < 1e6:
        return "under 1 MB"
    for ms in (0, *times):
        value = data.mid(case, name, f"rss_{ms}")
        if value is not None and value - before <= (peak - before) / 2:
            return time_text(ms * 1e6) if ms else "at once"
    return "not"


TABLES = {
    "crossings": crossings,
    "work": factor_table("work", "time", time_text, "time a task: median (least..largest)"),
    "submitters": factor_table("submitters", "time", time_text, "time a task by submitters"),
    "fan_out": factor_table("fan_out", "time", time_text, "time a task by tasks in a group"),
    "many": factor_table("many", "time", time_text, "time a task, 100,000 in flight", "{} in a group".format),
    "many-memory": factor_table("many", "memory", bytes_text, "RSS peak, 100,000 in flight",
                                "{} in a group".format),
    "sleepers": sleepers, "base": base, "overload": overload, "burst": burst,
}
