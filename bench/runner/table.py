# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Results as lines for a terminal and as tables for a page."""


def number(value):
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def ratio(value, of):
    return "-" if value is None or not of else f"{value / of:.2f}"


def spread(pair):
    return "" if pair is None else f"{number(pair[0])}..{number(pair[1])}"


def verdict(met):
    return {True: "met", False: "MISSED", None: "not told"}[met]


def lines(result, results):
    """One case for a terminal."""
    busy = f"; others used {result.others:.2f} CPUs" if (result.others or 0) > 0.1 else ""
    yield f"{result.case.name} ({result.case.unit}{busy})"
    yield (f"    {'libpool':<12} {number(result.ours):>12} {'':>7}  {spread(result.spread_ours):<24}"
           f" CPU {number(result.cpu_ours)}")
    for peer, value in result.peers.items():
        cpu = result.cpu_peers[peer]
        yield (f"    {peer:<12} {number(value):>12} {ratio(result.ours, value):>7}  "
               f"{spread(result.spread_peers[peer]):<24} CPU {number(cpu)} {ratio(result.cpu_ours, cpu)}".rstrip())
    if result.futex_per_task is not None:
        yield f"    futex calls per task: {result.futex_per_task:.4f}"
    for goal, met in result.verdicts(results):
        yield f"    goal {goal.text()}: {verdict(met)}"


def matrix(results, ours, peers):
    """A Markdown table of a figure of everybody's, a row a case, with our ratio to the peer in brackets."""
    rows = [result for result in results if any(value is not None for value in peers(result).values())]
    names = list(dict.fromkeys(name for result in rows for name in peers(result)))
    yield "| case | libpool | " + " | ".join(names) + " |"
    yield "|---|---:" + "|---:" * len(names) + "|"
    for result in rows:
        cells = [number(ours(result))]
        for name in names:
            value = peers(result).get(name)
            cells.append("" if value is None else f"{number(value)} ({ratio(ours(result), value)})")
        yield f"| `{result.case.name}` | " + " | ".join(cells) + " |"


def page(results):
    """Markdown: our figures and the goals, then everybody's wall time and CPU time."""
    every = {result.case.name: result for result in results}
    yield "| case | unit | libpool | least..largest | CPU | goals |"
    yield "|---|---|---:|---:|---:|---|"
    for result in results:
        goals = [f"{goal.text()}: " + ("**MISSED**" if met is False else verdict(met))
                 for goal, met in result.verdicts(every)]
        if result.futex_per_task is not None:
            goals.append(f"{result.futex_per_task:.3f} futex calls a task")
        yield (f"| `{result.case.name}` | {result.case.unit} | {number(result.ours)} | {spread(result.spread_ours)} | "
               f"{number(result.cpu_ours)} | {'; '.join(goals)} |")
    yield from ("", "The peers in the same units, in brackets ours divided by theirs:", "")
    yield from matrix(results, lambda result: result.ours, lambda result: result.peers)
    yield from ("", "CPU time of all threads for one unit, in ns (`blocking`: ms, `startup`: us):", "")
    yield from matrix(results, lambda result: result.cpu_ours, lambda result: result.cpu_peers)


def summary(results):
    every = {result.case.name: result for result in results}
    told = [met for result in results for _, met in result.verdicts(every)]
    missed = [result.case.name for result in results
              if any(met is False for _, met in result.verdicts(every))]
    text = f"{told.count(True)} goals met, {told.count(False)} missed, {told.count(None)} not told"
    return text + (": missed in " + ", ".join(missed) if missed else "")
