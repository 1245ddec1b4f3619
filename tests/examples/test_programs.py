# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""hello, fanout, epoll and libuv run, and say what their sources promise."""

import os
import subprocess
import unittest

import support


class Programs(unittest.TestCase):
    def output(self, name):
        done = subprocess.run([os.path.join(support.EXAMPLES_DIR, name)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=support.TIME_OUT, check=True)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode().splitlines()

    def test_hello(self):
        self.assertEqual(self.output("hello"),
                         ["1 + ... + 10 = 55", "1 + ... + 1000 = 500500", "1 + ... + 100000 = 5000050000"])

    def test_fanout(self):
        lines = self.output("fanout")
        self.assertEqual(len(lines), 5)
        self.assertEqual(lines[0], 'acknowledged: "many small tasks": 16 bytes, 3 words, 87bd7edf')
        self.assertEqual(lines[1], "handed back: POOL_EFAILED, code 1, control character in the text")
        self.assertEqual(lines[4], "3 of 4 messages acknowledged")

    def check_loop(self, lines):
        self.assertEqual(len(lines), 5)
        self.assertIn("POOL_EFAILED: control character in the text", lines)
        self.assertEqual(sum(line.startswith('done: "') for line in lines), 3)
        self.assertEqual(lines[4], "3 of 4 messages done")

    def test_epoll(self):
        lines = self.output("epoll")
        self.assertIn('done: "many small tasks": 3 words, 87bd7edf', lines)
        self.check_loop(lines)

    @unittest.skipUnless(os.path.exists(os.path.join(support.EXAMPLES_DIR, "libuv")), "no libuv")
    def test_libuv(self):
        self.check_loop(self.output("libuv"))


support.main()
