# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The progress bar, the table at the end, and JSON."""

import json
import os
import pty
import re
import subprocess

import support


class Terminal(support.ConsumerTest):
    def on_terminal(self, *arguments):
        """Runs the consumer with a terminal for stderr. Returns what it wrote there, and to stdout."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([support.CONSUMER, "--db", self.db, *arguments], stdout=subprocess.PIPE,
                                   stderr=theirs)
        self.processes.append(process)
        os.close(theirs)
        written = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            written += piece
        os.close(ours)
        return written, self.end(process)[0]

    def test_bar(self):
        support.make_files(self.tree, 50)
        path = os.path.join(self.tree, b"large")
        support.write(path)
        os.truncate(path, (100 if support.SLOW else 200) << 20)
        self.consumer("enqueue", self.tree)
        written, out = self.on_terminal("run")
        self.assertRegex(written, rb"\r\[#*\.*\] \d+/51  [\d,]+/s  ETA (\d+:\d\d|-)  \d workers?  \d+ queued\x1b\[K")
        self.assertTrue(written.endswith(b"\r\x1b[K"), "taken away at the end")
        names = ["messages", "bytes", "seconds", "messages/s", "MB/s", "p50 ms/message", "p99 ms/message",
                 "most workers", "retries", "dead letters"]
        rows = [re.split(r" {2,}", line) for line in out.decode().splitlines()]
        self.assertEqual([row[0] for row in rows], names)
        self.assertEqual(rows[0][1], "51")

    def test_no_bar_elsewhere(self):
        support.make_files(self.tree, 50)
        self.consumer("enqueue", self.tree)
        done = self.consumer("run")
        self.assertEqual(done.stderr, b"")
        self.assertNotIn(b"\r", done.stdout)

    def test_json_has_no_bar(self):
        support.make_files(self.tree, 50)
        self.consumer("enqueue", self.tree)
        written, out = self.on_terminal("run", "--json")
        self.assertEqual(written, b"")
        report = json.loads(out)
        self.assertEqual(report["messages"], 50)
        self.assertGreater(report["p99_ms"], 0)
        self.assertGreaterEqual(report["p99_ms"], report["p50_ms"])


support.main()
