# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Calls that seldom fail, made to fail by a preloaded library (faults.c)."""

import errno
import json
import os
import signal

import support


class Faults(support.ConsumerTest):
    def setUp(self):
        super().setUp()
        self.faults = support.build_faults(self.work)
        if self.faults is None:
            self.skipTest("a sanitized program takes no preloaded library" if support.SLOW else "no C compiler")
        support.make_files(self.tree, 100)
        self.consumer("enqueue", self.tree)

    def run_with(self, *arguments, status=support.OK, **faults):
        environment = dict(os.environ, LD_PRELOAD=self.faults, **faults)
        return self.consumer("run", "--json", "--retry-delay", "0.05", *arguments, status=status, env=environment)

    def test_refused_fan_out_is_handed_back(self):
        """Every seventh submit is refused: the first, second or third task of a message."""
        report = json.loads(self.run_with(FAULT_SUBMIT="7").stdout)
        self.assertEqual((report["messages"], report["retries"], report["dead_letters"]), (100, 0, 0))
        self.assertGreater(report["handed_back"], 30)
        self.assert_results()

    def test_strained_system_is_tried_again(self):
        for error in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO):
            self.consumer("enqueue", self.tree)
            report = json.loads(self.run_with(FAULT_OPEN=f"file-5:{error}:2").stdout)
            self.assertIn(report["retries"], (1, 2))
            self.assertEqual(report["dead_letters"], 0)
        self.assert_results()

    def test_failing_disk_is_tried_again(self):
        report = json.loads(self.run_with(FAULT_READ="3").stdout)
        self.assertGreater(report["retries"], 0)
        self.assertEqual((report["messages"], report["dead_letters"]), (100, 0))
        self.assert_results()

    def test_change_between_the_tasks(self):
        report = json.loads(self.run_with("--workers", "1", FAULT_TOUCH="file-66").stdout)
        self.assertEqual((report["messages"], report["retries"]), (100, 1))
        self.assert_results()

    def test_task_that_never_returns(self):
        """At the end of the deadline the messages are handed back, and the process ends without their tasks."""
        environment = dict(os.environ, LD_PRELOAD=self.faults, FAULT_HANG="1")
        process = self.start("run", "--json", "--deadline", "0.1", env=environment)
        self.wait_for_lease()
        process.send_signal(signal.SIGTERM)
        report = json.loads(self.end(process)[0])
        self.assertEqual((report["messages"], report["handed_back"], report["left"]), (0, 100, 100))
        self.assertEqual(support.query(self.db, "SELECT DISTINCT failures, owner FROM messages"), [(0, None)])
        self.consumer("run")
        self.assert_results()

    def test_exhausted(self):
        done = self.run_with(FAULT_OPEN=f"file-77:{errno.EIO}:1000", status=support.LEFT_OUT)
        report = json.loads(done.stdout)
        self.assertEqual((report["messages"], report["retries"], report["dead_letters"]), (99, 4, 1))
        self.assertIn(b"file-77: open: Input/output error\n", done.stderr)
        self.assertEqual(support.query(self.db, "SELECT attempt, failures, reason FROM dead"),
                         [(5, 5, "open: Input/output error")])
        # The delays between the attempts grow: 50, 100, 200 and 400 ms.
        self.assertGreater(report["seconds"], 0.74)

    def test_slow_flush(self):
        """A flush of 20 ms for every message would take two seconds."""
        report = json.loads(self.run_with(FAULT_SYNC_MS="20").stdout)
        self.assertLess(report["seconds"], 1)


support.main()
