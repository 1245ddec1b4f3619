#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Runs capi_trace and looks at the structure of each trace that it leaves. trace.py PROGRAM"""
import collections
import pathlib
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import trace_events


def check(path):
    trace, slices, flows = trace_events.read(path)
    counts = collections.Counter(event["cat"] for event in slices)
    phases = collections.Counter(phase for steps in flows.values() for _, phase, _ in steps)
    for steps in flows.values():
        if steps[0][2]["name"] in ("submit to outer", "submit to inner"):  # these are waited for
            assert steps[-1][2]["cat"] == "wait", steps
    print(f"{path.name}: {dict(counts)}, flows {dict(phases)}, {trace['otherData']['dropped']} dropped")
    if path.stem == "timed_out":
        assert phases["f"] == 2 and all(steps[-1][2]["cat"] == "task" for steps in flows.values()), flows
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
