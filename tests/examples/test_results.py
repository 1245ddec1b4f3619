# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The table of results equals an independent computation, row by row."""

import json
import os

import support


class Results(support.ConsumerTest):
    def test_nasty_tree(self):
        count = support.make_nasty(self.tree)
        out = self.consumer("enqueue", self.tree).stdout
        self.assertIn(b"enqueued: %d messages\n" % count, out)
        self.assertIn(b"skipped: 3 symbolic links, 1 FIFO, 1 socket\n", out)
        report = json.loads(self.consumer("run", "--json").stdout)
        self.assertEqual(report["messages"], count)
        self.assertEqual(report["dead_letters"], 0)
        self.assert_results()

    def test_many_files(self):
        support.make_files(self.tree, support.scaled(3000))
        self.consumer("enqueue", self.tree)
        report = json.loads(self.consumer("run", "--json", "--workers", "5").stdout)
        self.assertEqual(report["messages"], support.scaled(3000))
        self.assertEqual(report["bytes"], sum(row[1] for row in support.results(self.db).values()))
        self.assertLessEqual(report["most_workers"], 5)
        self.assert_results()

    def test_prefetch_of_one(self):
        support.make_files(self.tree, support.scaled(200))
        self.consumer("enqueue", self.tree)
        self.consumer("run", "--prefetch", "1", "--workers", "1")
        self.assert_results()

    def test_path_longer_than_path_max(self):
        here = os.open(self.tree, os.O_RDONLY)
        name = b"e" * 200
        for _ in range(30):
            os.mkdir(name, dir_fd=here)
            below = os.open(name, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        file = os.open(b"bottom", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=here)
        os.write(file, b"far down\n")
        os.close(file)
        os.close(here)
        self.consumer("enqueue", self.tree)
        self.consumer("run")
        path = os.path.realpath(self.tree) + (b"/" + name) * 30 + b"/bottom"
        self.assertGreater(len(path), 4096)
        self.assertEqual(support.results(self.db)[path][1:4], (9, 1, 2))

    def test_sparse_file_larger_than_the_memory_allowed(self):
        path = os.path.join(self.tree, b"large")
        support.write(path)
        size = (100 if support.SLOW else 400) << 20
        os.truncate(path, size)
        self.consumer("enqueue", self.tree)
        process = self.start("run", "--json")
        peak = 0
        while process.poll() is None:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                sizes = [int(line.split()[1]) for line in status if line.startswith("VmHWM")]
            peak = max([peak, *sizes])
        self.end(process)
        if not support.SLOW:
            self.assertLess(peak, 64 * 1024, "KiB of memory at most")
        self.assertEqual(support.results(self.db)[path][1:5], (size, 0, 1, 1))

    def test_a_path_again(self):
        support.make_files(self.tree, 20)
        self.consumer("enqueue", self.tree)
        out = self.consumer("enqueue", self.tree).stdout
        self.assertIn(b"enqueued: 0 messages, 20 already queued\n", out)
        self.consumer("run")
        support.write(os.path.join(self.tree, b"000", b"file-3"), b"something else\n")
        self.assertIn(b"enqueued: 20 messages\n", self.consumer("enqueue", self.tree).stdout)
        self.consumer("run")
        self.assert_results()

    def test_status(self):
        support.make_files(self.tree, 30)
        self.consumer("enqueue", self.tree)
        self.assertEqual(json.loads(self.consumer("status", "--json").stdout)["ready"], 30)
        os.unlink(os.path.join(self.tree, b"000", b"file-7"))
        self.consumer("run", status=support.LEFT_OUT)
        status = json.loads(self.consumer("status", "--json").stdout)
        self.assertEqual((status["ready"], status["leased"], status["delayed"], status["results"]), (0, 0, 0, 29))
        self.assertEqual([(dead["failures"], dead["reason"]) for dead in status["dead"]],
                         [(1, "open: No such file or directory")])
        text = self.consumer("status").stdout
        self.assertIn(b"file-7: open: No such file or directory\n", text)


support.main()
