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


def page(results):
    """Every case in one Markdown table."""
    every = {result.case.name: result for result in results}
    yield "| case | unit | libpool | spread | peers: value (ratio) | CPU | CPU of peers | goal |"
    yield "|---|---|---:|---:|---|---:|---|---|"
    for result in results:
        peers = ", ".join(f"{peer} {number(value)} ({ratio(result.ours, value)})"
                          for peer, value in result.peers.items() if value is not None)
        cpus = ", ".join(f"{peer} {number(value)}" for peer, value in result.cpu_peers.items() if value is not None)
        goals = "; ".join(f"{goal.text()}: **{verdict(met)}**" if met is False else f"{goal.text()}: {verdict(met)}"
                          for goal, met in result.verdicts(every))
        if result.futex_per_task is not None:
            goals += f" ({result.futex_per_task:.3f} futex calls a task)"
        yield (f"| `{result.case.name}` | {result.case.unit} | {number(result.ours)} | {spread(result.spread_ours)} | "
               f"{peers} | {number(result.cpu_ours)} | {cpus} | {goals} |")


def summary(results):
    every = {result.case.name: result for result in results}
    told = [met for result in results for _, met in result.verdicts(every)]
    missed = [result.case.name for result in results
              if any(met is False for _, met in result.verdicts(every))]
    text = f"{told.count(True)} goals met, {told.count(False)} missed, {told.count(None)} not told"
    return text + (": missed in " + ", ".join(missed) if missed else "")
