# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""run --watch: what is on the screen, that it fits, and that the terminal is given back, however the run ends."""

import os
import re
import signal
import subprocess
import time

import screen
import support

UTF8, ASCII = "C.UTF-8", "C"


class WatchTest(support.ConsumerTest):
    def watch(self, *arguments, deadline="0.1", columns=80, rows=24, locale=UTF8, environment=None, **options):
        """Starts a run on a terminal of that size, as all three of its streams."""
        self.screen = screen.Screen(columns, rows)
        self.addCleanup(self.screen.close)
        settings = {name: value for name, value in os.environ.items()
                    if name not in ("COLUMNS", "LINES", "LANG", "LC_CTYPE")}
        process = subprocess.Popen([support.CONSUMER, "--db", self.db, "run", "--watch", "--deadline",
                                    deadline, *arguments], stdin=self.screen.slave, stdout=self.screen.slave,
                                   stderr=self.screen.slave,
                                   env={**settings, "LC_ALL": locale, **(environment or {})}, **options)
        self.processes.append(process)
        self.screen.started()
        return process

    def hold(self, *arguments, files=20, workers=3, **options):
        """The same with something to see: three workers are at one large file, until the run is told to stop. A fourth
        one would get on with the others."""
        support.make_files(self.tree, files)
        self.large = self.make_large()
        self.consumer("enqueue", self.tree)
        process = self.watch("--workers", str(workers), *arguments, **options)
        self.wait_for_readers(process, self.large, 3)
        return process

    def read_until(self, condition, what):
        until = time.monotonic() + support.TIME_OUT
        while not condition():
            self.assertLess(time.monotonic(), until, f"{what}: {self.screen.text()}")
            if not self.screen.read(0.1):  # nothing more will come
                self.processes[-1].wait(timeout=support.TIME_OUT)
                self.assertTrue(condition(), f"{what}: {self.screen.raw[-2000:]}")

    # A worker is busy before it is at a task, and what was drawn until the three had begun may still be unread.
    AT_WORK = r"(?ms)^workers [^\n]* 3 busy, .*^tasks +running 3, "

    def frame(self, pattern=AT_WORK):
        """The next frame from now on that has this in it."""
        seen = len(self.screen.frames)

        def matching():
            return [frame for frame in self.screen.frames[seen:] if re.search(pattern, frame)]

        self.read_until(matching, pattern)
        return matching()[-1]

    def read_to_end(self, process, status=support.OK):
        """To the end of the process: the terminal is as it was."""
        self.read_until(lambda: process.poll() is not None, "the end")
        while self.screen.has_more() and self.screen.read(0):
            pass
        self.assertEqual(process.wait(), status, self.screen.raw[-2000:])
        self.assertEqual((self.screen.is_alternate, self.screen.has_cursor), (False, True))
        return self.screen.normal.replace("\r\n", "\n")

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        return self.read_to_end(process)


class Page(WatchTest):
    def test_figures(self):
        process = self.hold("--prefetch", "100")
        frame = self.frame()
        lines = frame.split("\n")
        self.assertLessEqual(len(lines), 24)
        self.assertTrue(all(len(line) < 80 for line in lines), frame)
        self.assertRegex(lines[0], r"^consumer   \d+ of 21 messages, \d+/s, ETA (\d+:\d\d|-) +\d+:\d\d$")
        self.assertRegex(frame, r"(?m)^messages +[█░]{30,} +\d+ %$")
        self.assertRegex(frame, r"(?m)^workers +█{30,} +3 busy, 0 idle, peak 3$")
        self.assertRegex(frame, r"(?m)^queue +[█░]{30,} +\d+ of 300 tasks$")
        self.assertRegex(frame, r"(?m)^tasks/s +[ ▁▂▃▄▅▆▇█]* +\d+   highest \d+$")
        self.assertRegex(frame, r"(?m)^queue age +[ ▁▂▃▄▅▆▇█]* +\S.*   highest ")
        self.assertRegex(frame, r"(?m)^tasks +running 3, finished \d+, failed 0, cancelled 0, refused 0$")
        self.assertRegex(frame, r"(?m)^threads +created 3, gone 0, ")
        duration = r"\d+(\.\d)? (ns|us|ms|s)"
        self.assertRegex(frame, rf"(?m)^oldest running task  {duration}$")
        # (Of the last ten seconds there may be nothing any more.)
        self.assertRegex(frame, rf"(?m)^wait( +({duration}|-)){{2}}( +{duration}){{3}}$")
        self.assertRegex(frame, rf"(?m)^run( +({duration}|-)){{5}}$")
        self.stop(process)

    def test_live(self):
        """It is drawn again and again, and the oldest running task gets older."""
        def oldest():
            number, unit = re.search(r"oldest running task  (\S+) (us|ms|s)", self.frame()).groups()
            return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit]

        process = self.hold()
        age = oldest()
        for _ in range(2):
            until = time.monotonic() + support.TIME_OUT
            before, age = age, oldest()
            while age <= before:
                self.assertLess(time.monotonic(), until)
                age = oldest()
        self.stop(process)

    def test_ends_with_the_table(self):
        support.make_files(self.tree, 50)
        self.consumer("enqueue", self.tree)
        rest = self.read_to_end(self.watch())
        self.assertRegex(rest, r"^messages +50\n")
        self.assertGreater(len(self.screen.frames), 0)

    def test_ascii(self):
        process = self.hold(locale=ASCII)
        frame = self.frame(r"(?m)^workers +#{30,} +3 busy")
        self.assertRegex(frame, r"(?m)^queue +[#.]{30,} ")
        self.stop(process)
        self.assertTrue(self.screen.raw.isascii())

    def test_lines_are_told(self):
        """On the page as far as they fit, and again when it is gone."""
        names = [b"gone " + "\u4e00\u00fc".encode() * 40, b"gone \x1b[31m\n"]
        for name in names:
            support.write(os.path.join(self.tree, name))
        self.consumer("enqueue", self.tree)
        for name in names:
            os.unlink(os.path.join(self.tree, name))
        process = self.hold("--metrics", "127.0.0.1:0", files=0, workers=4)
        frame = self.frame(r"(?s)metrics at http://127.*dead letter: .*dead letter: ")
        self.assertTrue(all(self.width(line) < 80 for line in frame.split("\n")), frame)
        rest = self.stop(process)
        self.assertRegex(rest, r"^consumer: metrics at http://127")
        self.assertEqual(rest.count("consumer: dead letter: "), 2)
        self.assertIn("gone \\x1b[31m\\n: open: No such file", rest)
        self.assertIn("signal 15: finishing 1 message", rest)

    @staticmethod
    def width(line):
        return sum(2 if "\u3000" <= character <= "\u9fff" else 1 for character in line)


class Sizes(WatchTest):
    def test_resize(self):
        """What comes next fits the new size, and fills its width from 80 columns on."""
        process = self.hold()
        self.frame()
        for columns, rows in ((200, 60), (100, 30), (79, 23), (60, 12), (40, 5), (10, 2), (1, 1), (80, 24)):
            self.screen.resize(columns, rows)
            self.screen.columns, self.screen.rows = 1000, 1000  # a frame may be under way that is for the one before
            seen = len(self.screen.frames)
            self.read_until(lambda: self.fits(self.screen.frames[seen:], columns, rows), f"{columns}x{rows}")
        self.stop(process)

    @staticmethod
    def fits(frames, columns, rows):
        lines = [frame.split("\n") for frame in frames]
        return any(len(its) <= rows and all(len(line) < columns or columns == 1 and line == "" for line in its)
                   and (columns < 80 or max(map(len, its)) >= min(columns, 200) - 20) for its in lines)

    def test_environment(self):
        process = self.hold(columns=200, rows=60, environment={"COLUMNS": "80", "LINES": "10"})
        frame = self.frame(r"(?m)^workers .* 3 busy, ")  # there is no room for the tasks
        self.assertEqual(frame.count("\n") + 1, 10)
        self.assertEqual(len(frame.split("\n")[0]), 79)
        self.stop(process)

    def test_environment_that_is_wrong(self):
        process = self.hold(environment={"COLUMNS": "200", "LINES": "nonsense"})
        self.frame()
        self.stop(process)


class GivesBack(WatchTest):
    def test_second_signal(self):
        process = self.hold(deadline="60")
        self.frame()
        process.send_signal(signal.SIGINT)
        self.frame("a second signal ends at once")
        process.send_signal(signal.SIGINT)
        self.read_to_end(process, status=128 + signal.SIGINT)

    def test_signals_that_end(self):
        process = self.hold()
        numbers = [signal.SIGQUIT, signal.SIGHUP, signal.SIGABRT]
        if not support.SLOW:  # a sanitizer takes this one, and writes about it
            numbers.append(signal.SIGFPE)
        for number in numbers:
            self.frame()
            process.send_signal(number)
            self.read_to_end(process, status=-number)
            process = self.watch("--workers", "3")
        self.frame()
        self.stop(process)

    def test_stop_and_continue(self):
        # A group of its own, whose parent is in another one: else the kernel does not let it be stopped.
        process = self.hold(preexec_fn=lambda: os.setpgid(0, 0))
        self.frame()
        for _ in range(3):
            process.send_signal(signal.SIGTSTP)
            self.assertTrue(os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1]))
            while self.screen.has_more():
                self.screen.read(0)
            self.assertEqual((self.screen.is_alternate, self.screen.has_cursor), (False, True))
            process.send_signal(signal.SIGCONT)
            self.frame()
            self.assertTrue(self.screen.is_alternate)
        self.stop(process)


class Lines(WatchTest):
    """Where stdout is no terminal."""

    FIELDS = ["seconds", "done", "open", "workers", "idle", "running", "queued", "tasks_per_s", "queue_age_ms",
              "oldest_run_ms", "wait_p50_ms", "wait_p99_ms", "run_p50_ms", "run_p99_ms"]

    def figures(self, line):
        fields = [field.split("=") for field in line.decode().split()]
        self.assertEqual([field[0] for field in fields], self.FIELDS)
        return {name: float(value) for name, value in fields}

    def test_each_second(self):
        support.make_files(self.tree, 20)
        large = self.make_large()
        self.consumer("enqueue", self.tree)
        process = self.start("run", "--watch", "--workers", "3", "--deadline", "0.1")
        self.wait_for_readers(process, large, 3)
        lines = [self.figures(process.stdout.readline()) for _ in range(4)]
        self.assertEqual((lines[-1]["workers"], lines[-1]["idle"], lines[-1]["running"]), (3, 0, 3))
        self.assertGreater(lines[-1]["oldest_run_ms"], lines[-2]["oldest_run_ms"])
        self.assertGreaterEqual(lines[-1]["seconds"], 3)
        process.send_signal(signal.SIGTERM)
        out, err = self.end(process)
        self.assertNotIn(b"\x1b", out + err)
        self.assertIn(b"messages  ", out)

    def test_short_run(self):
        support.make_files(self.tree, 20)
        self.consumer("enqueue", self.tree)
        lines = self.consumer("run", "--watch").stdout.splitlines()
        last = self.figures(lines[-11])  # the table is of ten lines
        self.assertEqual((last["done"], last["open"], last["queued"], last["running"]), (20, 0, 0, 0))
        self.assertGreater(last["run_p99_ms"], 0)

    def test_nobody_reads(self):
        """A reader who does not read holds nothing up."""
        support.make_files(self.tree, 20)
        self.consumer("enqueue", self.tree)
        ours, theirs = os.pipe()
        os.set_blocking(theirs, False)
        try:
            while os.write(theirs, bytes(65536)):
                pass
        except BlockingIOError:
            pass
        os.set_blocking(theirs, True)
        process = subprocess.Popen([support.CONSUMER, "--db", self.db, "run", "--watch"], stdout=theirs,
                                   stderr=subprocess.PIPE)
        self.processes.append(process)
        os.close(theirs)
        self.wait_until(lambda: len(support.results(self.db)) == 20, "all results")
        while os.read(ours, 1 << 20):  # now the table can come
            pass
        os.close(ours)
        self.end(process)

    def test_json(self):
        self.consumer("enqueue", self.tree)
        done = self.consumer("run", "--watch", "--json", status=support.USAGE)
        self.assert_line(done, b"--watch", b"--json")


support.main()
