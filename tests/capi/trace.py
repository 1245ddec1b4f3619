#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Runs capi_trace and looks at the structure of each trace that it leaves, with a parser that is not libpool's.

trace.py PROGRAM: times are monotone per thread; slices nest; each flow has one beginning, one end, and a slice around
each of its events; what was dropped is told.
"""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

FLOW_SLICES = {"s": {"submit"}, "t": {"task"}, "f": {"task", "wait"}}


def nanoseconds(text):
    """Times have three places and are compared as what they are."""
    whole, places = text.split(".")
    assert len(places) == 3, text
    return int(whole + places)


def slices_of(events):
    """Checks that the slices of one thread nest."""
    slices = [event for event in events if event["ph"] == "X"]
    around = []
    for event in slices:  # by their beginnings
        begin, end = event["ts"], event["ts"] + event["dur"]
        assert event["dur"] >= 0, event
        while around and around[-1] <= begin:
            around.pop()
        assert not around or end <= around[-1], f"{event} sticks out of the slice around it"
        around.append(end)
    return slices


def innermost(slices, at):
    """The slice around a moment that began last."""
    found = [event for event in slices if event["ts"] <= at <= event["ts"] + event["dur"]]
    return max(found, key=lambda event: event["ts"]) if found else None


def check(path):
    trace = json.loads(path.read_bytes(), parse_float=nanoseconds)
    threads = collections.defaultdict(list)
    flows = collections.defaultdict(list)
    for event in trace["traceEvents"]:
        assert event["pid"] > 0, event
        if event["ph"] == "C":
            assert len(event["args"]) == 2 and min(event["args"].values()) >= 0, event
        elif event["ph"] != "M":
            threads[event["tid"]].append(event)
    named = {event["tid"] for event in trace["traceEvents"] if event.get("name") == "thread_name"}
    assert named >= set(threads), f"{path.name}: threads without a name"
    drops = 0
    for events in threads.values():
        times = [event["ts"] for event in events]
        assert times == sorted(times), f"{path.name}: times go back"
        slices = slices_of(events)
        for event in events:
            if event["ph"] in FLOW_SLICES:
                around = innermost(slices, event["ts"])
                assert around is not None and around["cat"] in FLOW_SLICES[event["ph"]], f"{event} is in {around}"
                flows[event["id"]].append((event["ts"], event["ph"], around))
            elif event["ph"] == "i":
                drops += int(event["name"].split()[2])
    for flow, steps in flows.items():
        steps.sort(key=lambda step: step[0])
        phases = "".join(phase for _, phase, _ in steps)
        assert phases.startswith("s") and phases.endswith("f") and set(phases[1:-1]) <= {"t"}, f"{flow}: {phases}"
        groups = {around["args"]["group"] for _, _, around in steps}
        assert len(groups) == 1, f"{flow} goes through groups {groups}"
    assert drops <= trace["otherData"]["dropped"], f"{path.name}: {drops} dropped"
    slices = [event for events in threads.values() for event in events if event["ph"] == "X"]
    counts = collections.Counter(event["cat"] for event in slices)
    phases = collections.Counter(phase for steps in flows.values() for _, phase, _ in steps)
    for steps in flows.values():
        if steps[0][2]["name"] in ("submit to outer", "submit to inner"):  # these are waited for
            assert steps[-1][2]["cat"] == "wait", steps
    print(f"{path.name}: {dict(counts)}, flows {dict(phases)}, {trace['otherData']['dropped']} dropped")
    return trace, counts, phases


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, folder], check=True)
        found = {path.stem: check(path) for path in sorted(pathlib.Path(folder).glob("*.json"))}
    for name in ("one", "three"):
        _, counts, phases = found[name]
        assert phases["s"] == phases["f"] == counts["submit"], phases
        assert phases["t"] >= 204, phases
    assert found["full"][0]["otherData"]["dropped"] > 0
    assert found["in_place"][2]["s"] == found["in_place"][1]["submit"]


if __name__ == "__main__":
    main()
