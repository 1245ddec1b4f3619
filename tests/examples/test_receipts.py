# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Leases and receipts: a consumer that was taken for dead changes nothing; several at once share the work."""

import json
import os
import signal
import time

import support


class Receipts(support.ConsumerTest):
    def two_at_one_message(self, *arguments):
        """The first consumer is silent until its lease is over; the second has the message now, and is silent, too."""
        path = os.path.join(self.tree, b"large")
        support.write(path)
        os.truncate(path, (20 if support.SLOW else 200) << 20)
        self.consumer("enqueue", self.tree)
        first = self.start("run", "--json", "--lease", "0.3", "--deadline", "200", *arguments)
        self.wait_for_lease()
        first.send_signal(signal.SIGSTOP)
        second = self.start("run", "--json", *arguments)
        self.wait_for_lease(attempt=2)
        second.send_signal(signal.SIGSTOP)
        return path, first, second

    def when_it_gives_up(self, first):
        """Lets the first finish what it has, and returns its report. It would wait for the second if it might."""
        first.send_signal(signal.SIGCONT)
        first.send_signal(signal.SIGTERM)
        return json.loads(self.end(first)[0])

    def test_stale_ack_changes_nothing(self):
        _, first, second = self.two_at_one_message()
        report = self.when_it_gives_up(first)
        self.assertEqual((report["messages"], report["stale_receipts"]), (0, 1))
        self.assertEqual(support.results(self.db), {})
        self.assertEqual(support.query(self.db, "SELECT attempt, owner IS NULL FROM messages"), [(2, 0)])
        second.send_signal(signal.SIGCONT)
        self.assertEqual(json.loads(self.end(second)[0])["messages"], 1)
        self.assert_results()

    def test_stale_failure_changes_nothing(self):
        """Handed back or dead: the first finds that the file has changed."""
        for attempts in ("5", "1"):
            path, first, second = self.two_at_one_message("--max-attempts", attempts)
            os.utime(path)
            report = self.when_it_gives_up(first)
            self.assertEqual((report["retries"], report["dead_letters"], report["stale_receipts"]), (0, 0, 1))
            self.assertEqual(support.query(self.db, "SELECT count(*) FROM dead"), [(0,)])
            self.assertEqual(support.query(self.db, "SELECT attempt, failures, owner IS NULL FROM messages"),
                             [(2, 0, 0)])
            second.kill()
            second.wait()
            self.consumer("run")
            self.assert_results()

    def test_stale_ack_after_the_end(self):
        """The second is done before the first wakes: the results are the second's."""
        path, first, second = self.two_at_one_message()
        second.send_signal(signal.SIGCONT)
        self.assertEqual(json.loads(self.end(second)[0])["messages"], 1)
        self.assert_results()
        support.query(self.db, "UPDATE results SET words = -77")  # shows whether anybody writes now
        first.send_signal(signal.SIGCONT)
        report = json.loads(self.end(first)[0])
        self.assertEqual((report["messages"], report["stale_receipts"]), (0, 1))
        self.assertEqual(support.results(self.db)[path][3], -77)

    def test_lease_is_extended(self):
        path = os.path.join(self.tree, b"large")
        support.write(path)
        size, seconds = 100 << 20, 0
        while seconds < 0.6:  # longer than the lease, or it shows nothing
            size *= 2
            os.truncate(path, size)
            self.consumer("enqueue", self.tree)
            first = self.start("run", "--json", "--lease", "0.3")
            self.wait_for_lease()
            second = self.start("run", "--json", "--lease", "0.3")
            reports = [json.loads(self.end(process)[0]) for process in (first, second)]
            self.assertEqual([report["messages"] for report in reports], [1, 0])
            self.assertEqual(reports[0]["stale_receipts"], 0)
            seconds = reports[0]["seconds"]

    def test_lease_of_a_killed_consumer_is_not_waited_for(self):
        path = os.path.join(self.tree, b"large")
        support.write(path)
        os.truncate(path, 3000 << 20)
        self.consumer("enqueue", self.tree)
        process = self.start("run", "--lease", "3600")
        self.wait_for_lease()
        process.kill()
        process.wait()
        os.truncate(path, 1000)
        begin = time.monotonic()
        self.consumer("run")
        self.assertLess(time.monotonic() - begin, 10)
        self.assert_results()
        # A lost attempt is not the message's failure.
        self.assertEqual(support.query(self.db, "SELECT count(*) FROM dead"), [(0,)])

    def test_several_at_once(self):
        path = os.path.join(self.tree, b"large")
        support.write(path)
        os.truncate(path, (20 if support.SLOW else 200) << 20)
        self.consumer("enqueue", self.tree)
        processes = [self.start("run", "--json")]
        self.wait_for_lease()
        processes[0].send_signal(signal.SIGSTOP)  # or it might be done with all before the others have begun
        count = support.scaled(3000)
        support.make_files(self.tree, count)
        self.consumer("enqueue", self.tree)
        processes += [self.start("run", "--json", "--prefetch", "32") for _ in range(2)]
        self.wait_until(lambda: support.results(self.db), "the others to get on")
        processes[0].send_signal(signal.SIGCONT)
        reports = [json.loads(self.end(process)[0]) for process in processes]
        self.assertEqual(sum(report["messages"] for report in reports), count + 1)
        self.assertEqual(sum(report["stale_receipts"] for report in reports), 0)
        self.assertGreater(reports[0]["messages"], 0)
        self.assertGreater(sum(report["messages"] for report in reports[1:]), 0)
        self.assert_results()

    def test_enqueue_during_a_run(self):
        support.make_files(self.tree, support.scaled(2000))
        self.consumer("enqueue", self.tree)
        process = self.start("run", "--json")
        more = os.path.join(self.tree, b"more")
        os.mkdir(more)
        support.make_files(more, support.scaled(500), seed=7)
        self.consumer("enqueue", more)
        self.end(process)
        self.consumer("run")
        self.assert_results()


support.main()
