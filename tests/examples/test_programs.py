# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""hello and fanout run, and say what their sources promise."""

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


support.main()
