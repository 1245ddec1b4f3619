# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Bad input gives one clear line and the right exit status, and nothing is lost."""

import contextlib
import json
import os
import resource
import sqlite3
import subprocess

import support


class BadCommandLine(support.ConsumerTest):
    def test_usage(self):
        for arguments in ((), ("work",), ("enqueue",), ("run", "--workers", "0"), ("run", "--workers", "x"),
                          ("run", "--lease", "-1"), ("run", "--prefetch", "0"), ("run", "extra"), ("status", "--what")):
            self.assert_line(self.consumer(*arguments, status=support.USAGE), b"")
        self.assertIn(b"enqueue", self.consumer("--help").stdout)

    def test_folder(self):
        missing = os.path.join(self.tree, b"missing \xff\n")
        self.assert_line(self.consumer("enqueue", missing, status=support.USAGE), b"missing \\xff\\n", b"No such file")
        file = os.path.join(self.tree, b"file")
        support.write(file)
        self.assert_line(self.consumer("enqueue", file, status=support.USAGE), b"not a folder")
        self.assertFalse(os.path.exists(self.db), "made for nothing")

    def test_empty_folder(self):
        self.assertEqual(self.consumer("enqueue", self.tree).stdout, b"enqueued: 0 messages\n")
        self.assertEqual(json.loads(self.consumer("run", "--json").stdout)["messages"], 0)

    def test_stdout_is_full(self):
        support.write(os.path.join(self.tree, b"file"))
        with open("/dev/full", "wb") as full:
            done = subprocess.run([support.CONSUMER, "--db", self.db, "enqueue", self.tree], stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, support.SYSTEM)
        self.assert_line(done, b"stdout")


class BadDatabase(support.ConsumerTest):
    def every_command(self, *parts):
        for arguments in (("enqueue", self.tree), ("run",), ("status",)):
            done = self.consumer("--busy", "0.2", *arguments, status=support.DATABASE)
            self.assert_line(done, b"queue.db", *parts)

    def test_missing(self):
        for command in ("run", "status"):
            self.assert_line(self.consumer(command, status=support.DATABASE), b"queue.db", b"No such file")
        self.assertFalse(os.path.exists(self.db))

    def test_folder_missing(self):
        self.db = os.path.join(self.work, "no", "queue.db")
        self.every_command(b"No such file")

    def test_is_a_folder(self):
        os.mkdir(self.db)
        self.every_command(b"cannot open")

    def test_not_a_database(self):
        support.write(self.db, b"Dear diary, " * 1000)
        self.every_command(b"not a SQLite database")
        with open(self.db, "rb") as file:
            self.assertEqual(file.read(), b"Dear diary, " * 1000)

    def test_of_another_program(self):
        support.query(self.db, "CREATE TABLE messages(id, path)")
        with open(self.db, "rb") as file:
            before = file.read()
        self.every_command(b"another program")
        with open(self.db, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_of_another_version(self):
        self.consumer("enqueue", self.tree)
        support.query(self.db, "PRAGMA user_version = 99")
        self.every_command(b"another version")

    def test_locked(self):
        support.write(os.path.join(self.tree, b"file"))
        self.consumer("enqueue", self.tree)
        with contextlib.closing(sqlite3.connect(self.db, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for arguments in (("enqueue", self.tree), ("run",)):
                done = self.consumer("--busy", "0.2", *arguments, status=support.DATABASE)
                self.assert_line(done, b"queue.db", b"locked by another process")
            other.execute("ROLLBACK")
        self.consumer("run")
        self.assert_results()

    def test_locked_for_a_while(self):
        support.write(os.path.join(self.tree, b"file"))
        self.consumer("enqueue", self.tree)
        with contextlib.closing(sqlite3.connect(self.db, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            process = self.start("run", "--json")
            with self.assertRaises(subprocess.TimeoutExpired):
                process.wait(timeout=1)
            other.execute("ROLLBACK")
            self.end(process)
        self.assert_results()

    def test_corrupt(self):
        support.make_files(self.tree, 2000)
        self.consumer("enqueue", self.tree)
        with open(self.db, "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(4096 * 2)
            file.write(b"\xa5" * (size - 4096 * 2))
        self.assert_line(self.consumer("run", status=support.DATABASE), b"corrupt")

    def test_cut_off(self):
        support.make_files(self.tree, 2000)
        self.consumer("enqueue", self.tree)
        os.truncate(self.db, os.stat(self.db).st_size // 2)
        self.assert_line(self.consumer("run", status=support.DATABASE), b"corrupt")

    def test_a_name_that_sqlite_would_take_for_memory(self):
        support.write(os.path.join(self.tree, b"file"))
        os.chdir(self.work)
        self.db = ":memory:"
        self.consumer("enqueue", self.tree)
        self.assertTrue(os.path.exists(os.path.join(self.work, ":memory:")))
        self.consumer("run")

    def test_its_own_files_are_passed_by(self):
        self.db = os.path.join(os.fsdecode(self.tree), "queue.db")
        support.write(os.path.join(self.tree, b"file"))
        self.consumer("enqueue", self.tree)
        self.consumer("run")
        self.consumer("enqueue", self.tree)
        self.assertEqual(support.query(self.db, "SELECT path FROM messages"),
                         [(os.path.realpath(os.path.join(self.tree, b"file")),)])

    def test_file_size_limit(self):
        """Like a full disk, where no small file system can be made."""
        support.make_files(self.tree, 3000)
        self.consumer("enqueue", self.tree)
        size = os.stat(self.db).st_size

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, resource.RLIM_INFINITY))

        done = self.consumer("run", status=support.DATABASE, preexec_fn=limit)
        self.assert_line(done, b"cannot be written")
        self.consumer("run")
        self.assert_results()


class SmallDisk(support.ConsumerTest):
    """With a file system of their own, which only root can mount."""

    def mount(self, *options):
        self.disk = os.path.join(self.work, "disk")
        os.mkdir(self.disk)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "none", self.disk],
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            self.skipTest(f"mount: {done.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)
        self.db = os.path.join(self.disk, "queue.db")

    def test_full_during_enqueue(self):
        support.make_files(self.tree, 3000)
        self.mount("size=128k")
        self.assert_line(self.consumer("enqueue", self.tree, status=support.DATABASE), b"disk full")
        subprocess.run(["mount", "-o", "remount,size=100M", self.disk], check=True)
        self.consumer("enqueue", self.tree)
        self.consumer("run")
        self.assert_results()

    def test_full_during_run(self):
        support.make_files(self.tree, 3000)
        self.mount("size=100M")
        self.consumer("enqueue", self.tree)
        used = sum(os.stat(os.path.join(self.disk, name)).st_size for name in os.listdir(self.disk))
        subprocess.run(["mount", "-o", f"remount,size={used + 300_000}", self.disk], check=True)
        self.assert_line(self.consumer("run", status=support.DATABASE), b"disk full")
        rows = support.results(self.db)
        left = support.query(self.db, "SELECT count(*) FROM messages")[0][0]
        self.assertEqual(len(rows) + left, 3000)
        subprocess.run(["mount", "-o", "remount,size=100M", self.disk], check=True)
        self.consumer("run")
        self.assert_results()

    def test_read_only(self):
        support.make_files(self.tree, 10)
        self.mount("size=10M")
        self.consumer("enqueue", self.tree)
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        for arguments in (("enqueue", self.tree), ("run",)):
            done = self.consumer(*arguments, status=support.DATABASE)
            self.assert_line(done, b"queue.db")

    def test_other_file_systems_are_passed_by(self):
        self.mount("size=1M")
        support.write(os.path.join(self.disk, "there"))
        support.write(os.path.join(self.tree, b"here"))
        self.db = os.path.join(self.work, "queue.db")
        inner = os.path.join(self.tree, b"inner")
        os.mkdir(inner)
        subprocess.run(["mount", "--bind", self.disk, inner], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", inner], check=True)
        out = self.consumer("enqueue", self.tree).stdout
        self.assertEqual(out, b"enqueued: 1 message\nskipped: 1 mount point\n")


class BadFiles(support.ConsumerTest):
    def enqueue(self, *names):
        paths = [os.path.join(self.tree, name) for name in names]
        for path in paths:
            support.write(path, b"some text\n")
        self.consumer("enqueue", self.tree)
        return paths

    def dead(self):
        return dict(support.query(self.db, "SELECT path, reason FROM dead"))

    def test_files_that_became_something_else(self):
        gone, link, fifo, folder, good = self.enqueue(b"gone\n\xff", b"link", b"fifo", b"folder", b"good")
        for path in (gone, link, fifo, folder):
            os.unlink(path)
        os.symlink(good, link)
        os.mkfifo(fifo)
        os.mkdir(folder)
        done = self.consumer("run", "--json", status=support.LEFT_OUT)
        report = json.loads(done.stdout)
        self.assertEqual((report["messages"], report["dead_letters"], report["retries"]), (1, 4, 0))
        self.assertIn(b"gone\\n\\xff: open: No such file or directory\n", done.stderr)
        self.assertEqual(self.dead(), {
            gone: "open: No such file or directory",
            link: "not a regular file any more: a symbolic link",
            fifo: "not a regular file any more",
            folder: "not a regular file any more",
        })
        # Back again, a dead letter is revived by the next enqueue.
        os.unlink(link)
        os.unlink(fifo)
        self.enqueue(b"gone\n\xff", b"link", b"fifo")
        self.consumer("run")
        self.assertEqual(len(self.dead()), 1)
        self.assert_results()

    def test_changing_file(self):
        path = os.path.join(self.tree, b"changing")
        support.write(path)
        os.truncate(path, 40 << 20)
        self.consumer("enqueue", self.tree)
        process = self.start("run", "--json", "--retry-delay", "0.01", "--max-attempts", "3")
        while process.poll() is None:
            os.utime(path)
        out, err = self.end(process, status=support.LEFT_OUT)
        report = json.loads(out)
        self.assertEqual((report["messages"], report["dead_letters"], report["retries"]), (0, 1, 2))
        self.assertIn(b"changed", err)
        self.assertEqual(support.query(self.db, "SELECT attempt, failures FROM dead"), [(3, 3)])
        self.assertEqual(support.results(self.db), {})

    def test_change_after_all_tasks_began(self):
        path = os.path.join(self.tree, b"changing")
        support.write(path)
        os.truncate(path, 200 << 20)
        self.consumer("enqueue", self.tree)
        process = self.start("run", "--workers", "3", "--max-attempts", "1")
        self.wait_for_readers(process, path, 3)
        os.utime(path)
        self.assertIn(b"changed while it was read", self.end(process, status=support.LEFT_OUT)[1])

    def test_file_that_changes_for_a_while(self):
        path = os.path.join(self.tree, b"changing")
        support.write(path)
        os.truncate(path, 40 << 20)
        self.consumer("enqueue", self.tree)
        process = self.start("run", "--json", "--retry-delay", "0.2")
        self.wait_for_readers(process, path, 1)
        support.write(path, b"the last word\n")
        report = json.loads(self.end(process)[0])
        self.assertEqual((report["messages"], report["dead_letters"]), (1, 0))
        self.assertGreaterEqual(report["retries"], 1)
        self.assert_results()

    @staticmethod
    def become_nobody():
        os.setgid(65534)
        os.setuid(65534)

    def test_unreadable(self):
        for name in (b"secret", b"good"):
            support.write(os.path.join(self.tree, name), b"text\n")
        shut = os.path.join(self.tree, b"shut")
        os.mkdir(shut)
        os.chmod(os.path.join(self.tree, b"secret"), 0)
        os.chmod(shut, 0)
        for folder in (self.work, self.tree):
            os.chmod(folder, 0o777)
        options = {"preexec_fn": self.become_nobody} if os.getuid() == 0 else {}
        done = self.consumer("enqueue", self.tree, status=support.LEFT_OUT, **options)
        self.assert_line(done, b"shut: cannot be read: Permission denied")
        self.assertIn(b"skipped: 1 unreadable folder", done.stdout)
        done = self.consumer("run", status=support.LEFT_OUT, **options)
        self.assert_line(done, b"dead letter", b"secret: open: Permission denied")
        self.assertEqual([os.path.basename(path) for path in support.results(self.db)], [b"good"])


support.main()
