# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The structure of a trace, looked at with a parser that is not libpool's: times are monotone per thread; slices nest;
each flow has one beginning, one end, and a slice around each of its events; what was dropped is told."""

import collections
import json

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


def read(path):
    """Checks the file. Returns all of it, its slices, and flows: id to (time, phase, slice around it)."""
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
    return trace, slices, flows
