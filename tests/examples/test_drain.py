# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""SIGINT and SIGTERM drain; a second one ends at once; nothing is lost either way."""

import json
import os
import signal
import time

import support


class Drain(support.ConsumerTest):
    def large(self, name=b"large", megabytes=3000):
        path = os.path.join(self.tree, name)
        support.write(path)
        os.truncate(path, megabytes << 20)
        return path

    def queue(self):
        return support.query(self.db, "SELECT attempt, failures, owner IS NULL FROM messages")

    def test_finishes_what_is_in_flight(self):
        support.make_files(self.tree, support.scaled(4000))
        self.consumer("enqueue", self.tree)
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start("run", "--json", "--prefetch", "16")
            self.wait_for_lease()
            process.send_signal(signal.SIGUSR1)  # which means nothing
            process.send_signal(number)
            report = json.loads(self.end(process)[0])
            self.assertTrue(report["drained"])
            self.assertEqual(report["left"], len(self.queue()))
            # Nobody's any more, and not a failure of theirs.
            self.assertTrue(all(row[1:] == (0, 1) for row in self.queue()))
        self.consumer("run")
        self.assert_results()

    def test_hands_back_what_is_not_finished_in_time(self):
        path = self.large()
        self.consumer("enqueue", self.tree)
        process = self.start("run", "--json", "--deadline", "0.2")
        self.wait_for_lease()
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        report = json.loads(self.end(process)[0])
        self.assertLess(time.monotonic() - begin, 20 if support.SLOW else 2.5, "the tasks were told to stop")
        self.assertEqual((report["messages"], report["handed_back"], report["left"]), (0, 1, 1))
        self.assertEqual(self.queue(), [(1, 0, 1)])
        os.truncate(path, 1 << 20)
        self.assertEqual(json.loads(self.consumer("run", "--json").stdout)["messages"], 1)
        self.assert_results()

    def test_second_signal_ends_at_once(self):
        path = self.large()
        self.consumer("enqueue", self.tree)
        for attempt, number in enumerate((signal.SIGTERM, signal.SIGINT), start=1):
            process = self.start("run")
            self.wait_for_lease(attempt)
            process.send_signal(number)
            self.assertIn(b"a second signal ends at once", process.stderr.readline())
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=5), 128 + number)
        os.truncate(path, 1 << 20)
        # The lease of the dead consumer, a minute long, is not waited for.
        begin = time.monotonic()
        self.consumer("run")
        self.assertLess(time.monotonic() - begin, 20)
        self.assert_results()

    def test_signal_on_an_empty_wait(self):
        """Another consumer has the last message; this one waits for it, and can be ended."""
        self.large()
        self.consumer("enqueue", self.tree)
        self.start("run")
        self.wait_for_lease()
        waiting = self.start("run", "--json")
        time.sleep(0.5)
        self.assertIsNone(waiting.poll())
        waiting.send_signal(signal.SIGTERM)
        self.assertEqual(json.loads(self.end(waiting)[0])["messages"], 0)


support.main()
