# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The trace of a run: every message's three tasks are there, named after its file, and it is whole however the run ends."""

import collections
import os
import pathlib
import signal
import sys
import unittest

import support

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import trace_events


class TraceTest(support.ConsumerTest):
    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.work, "trace.json")

    def tasks(self):
        """Name of the group to how many tasks of it ran; and how many submits there were."""
        trace, slices, flows = trace_events.read(self.path)
        self.assertEqual(trace["otherData"]["dropped"], 0)
        self.assertEqual(len(flows), sum(event["cat"] == "submit" for event in slices))
        ran = collections.Counter(event["name"].split(": ")[0] for event in slices if event["cat"] == "task")
        return ran, len(flows)

    def test_whole_run(self):
        support.make_files(self.tree, 300)
        names = [name for _, _, files in os.walk(self.tree) for name in files]
        self.consumer("enqueue", self.tree)
        self.consumer("run", "--workers", "2", "--trace", self.path)
        self.assertEqual(self.tasks(), ({name.decode(): 3 for name in names}, 900))

    def test_drained_run(self):
        """What runs when the trace ends is in it."""
        self.make_large()
        self.consumer("enqueue", self.tree)
        process = self.start("run", "--workers", "3", "--deadline", "0.1", "--trace", self.path)
        self.wait_for_readers(process, os.path.join(self.tree, b"large"), 3)
        process.send_signal(signal.SIGTERM)
        self.end(process)
        self.assertEqual(self.tasks(), ({"large": 3}, 3))

    def test_nowhere_to_write(self):
        self.consumer("enqueue", self.tree)
        done = self.consumer("run", "--trace", os.path.join(self.work, "none", "trace"), status=support.USAGE)
        self.assert_line(done, b"--trace ", b"none/trace: No such file")

    @unittest.skipUnless(os.path.exists("/dev/full"), "SKIPPED: /dev/full")
    def test_no_space(self):
        """The work is done all the same."""
        support.make_files(self.tree, 10)
        self.consumer("enqueue", self.tree)
        done = self.consumer("run", "--trace", "/dev/full", status=support.SYSTEM)
        self.assertRegex(done.stderr, rb"(?m)^consumer: --trace /dev/full: ")
        self.assert_results()


support.main()
