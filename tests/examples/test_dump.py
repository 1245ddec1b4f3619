# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""SIGQUIT shows what the pool is at, and the work goes on."""

import json
import signal

import support


class Dump(support.ConsumerTest):
    def test_names_what_runs(self):
        path = self.make_large()
        self.consumer("enqueue", self.tree)
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)  # what is ignored stays so
        process = self.start("run", "--json", "--workers", "3", "--deadline", "0.2")
        self.wait_for_readers(process, path, 3)
        process.send_signal(signal.SIGQUIT)
        dump = [process.stderr.readline() for _ in range(8)]
        self.assertTrue(dump[0].startswith(b'pool "consumer": 3 workers of 3, 0 idle'), dump)
        self.assertIn(b" 0 tasks queued, 3 running;", dump[0])
        for line in dump[1:7:2]:
            self.assertRegex(line, rb'worker \d+ "consumer-[012]", at it for ')
        for line in dump[2:7:2]:
            self.assertRegex(line, rb'consumer\+0x[0-9a-f]+ of group \d+ "large"')
        self.assertRegex(dump[7], rb'group \d+ "large": 0 queued, 3 running')
        process.send_signal(signal.SIGTERM)
        self.assertTrue(json.loads(self.end(process)[0])["drained"])


support.main()
