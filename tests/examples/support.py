# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""What the tests of the examples share: running the consumer, nasty trees, and an independent computation.

EXAMPLES_DIR is the build folder of capi/examples. EXAMPLES_SLOW=1 allows for a sanitizer: fewer files, more time.
"""

import hashlib
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

EXAMPLES_DIR = os.environ.get("EXAMPLES_DIR", "")
CONSUMER = os.path.join(EXAMPLES_DIR, "consumer", "consumer")
SLOW = os.environ.get("EXAMPLES_SLOW", "0") == "1"
TIME_OUT = 300 if SLOW else 60

OK, LEFT_OUT, USAGE, DATABASE, SYSTEM = range(5)  # the consumer's exit statuses

WHITE = b" \t\n\v\f\r"


def scaled(count):
    """A number of files, fewer where everything is many times slower."""
    return count // 10 if SLOW else count


def is_utf8(data):
    try:
        data.decode("utf-8", "strict")
        return 1
    except UnicodeDecodeError:
        return 0


def row_of(path):
    """The row that the consumer has to come to, computed without any of its code."""
    with open(path, "rb") as file:
        data = file.read()
    words = len(data.split())  # bytes.split() knows exactly the ASCII white space
    return (hashlib.sha256(data).hexdigest(), len(data), data.count(b"\n"), words, is_utf8(data),
            len(zlib.compress(data)))


def expected(root):
    """Path to row, for every regular file below root, which is bytes."""
    rows = {}
    for folder, _, names in os.walk(os.path.realpath(root)):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                rows[path] = row_of(path)
    return rows


def query(database, sql, *values):
    connection = sqlite3.connect(database, timeout=30)
    try:
        with connection:
            return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def results(database):
    rows = query(database, "SELECT path, sha256, bytes, lines, words, utf8, deflated FROM results")
    return {row[0]: row[1:] for row in rows}


def write(path, data=b""):
    with open(path, "wb") as file:
        file.write(data)


def make_files(root, count, seed=1):
    """Many small files of text."""
    rng = random.Random(seed)
    words = [b"alpha", b"beta", b"gamma\n", b"\xc3\xa9t\xc3\xa9", b"\r\n", b"\t", b"delta"]
    for i in range(count):
        folder = os.path.join(root, b"%03d" % (i // 100))
        os.makedirs(folder, exist_ok=True)
        write(os.path.join(folder, b"file-%d" % i), b" ".join(rng.choices(words, k=rng.randint(0, 200))))


def make_nasty(root):
    """Everything that a tree may have in it. Returns how many regular files there are."""
    rng = random.Random(2)
    edge = 64 * 1024
    files = {
        b"empty": b"",
        b"newline": b"\n",
        b"no newline at the end": b"a b\nc",
        b"CRLF": b"one two\r\nthree\r\n\r\n" * 1000,
        b"NULs": b"a\0b \0 c\0" * 999,
        b"all white space": WHITE * 5000,
        b"not ASCII white space": "a\u00a0b\u2003c\u0085d".encode() + b"\x1c\x1d\x1e\x1fx",
        b"noise": rng.randbytes(700_001),
        b"noise below a piece": rng.randbytes(edge - 1),
        b"zeros": bytes(edge * 5),
        b"log": b"".join(b"%d: line %d of a log\n" % (i, i * i % 997) for i in range(60_000)),
        b"name with\na newline": b"x",
        b"name with \xff\xfe bytes": b"y",
        b"name \x1b[31m with escapes \\n": b"z",
        b"-option": b"minus",
        b"quote'\";--": b"Robert",
        " \u00fcnicode \u2028 ".encode(): b"u",
    }
    # A character that lies across the edge of a piece, at every place; whole, cut off, and wrong.
    for text in ("\u00e9", "\u20ac", "\U0001f600"):
        code = text.encode()
        for before in range(1, len(code)):
            files[b"split %d-%d" % (len(code), before)] = b"a" * (edge - before) + code + b" b"
            files[b"cut off %d-%d" % (len(code), before)] = b"a" * (edge - before) + code[:before]
    wrong = [b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf",
             b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\x80", b"\xff",
             b"\xe2\x28\xa1", b"\xe2\x82", b"\xc3\xc3\xa9"]
    right = [b"\xc2\x80", b"\xdf\xbf", b"\xe0\xa0\x80", b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbf",
             b"\xf0\x90\x80\x80", b"\xf4\x8f\xbf\xbf"]
    for i, code in enumerate(wrong + right):
        files[b"code %d" % i] = b"a" + code + b"b"
    os.makedirs(os.path.join(root, b"files"))
    for name, data in files.items():
        write(os.path.join(root, b"files", name), data)
    count = len(files)

    sparse = os.path.join(root, b"sparse")
    write(sparse)
    os.truncate(sparse, 40_000_000)
    deep = root
    for _ in range(70):  # deep, and still shorter than PATH_MAX
        deep = os.path.join(deep, b"d" * 50)
    os.makedirs(deep)
    write(os.path.join(deep, b"bottom"), b"far down\n")
    count += 2

    os.mkfifo(os.path.join(root, b"fifo"))
    with socket.socket(socket.AF_UNIX) as unix:
        os.chdir(root)
        unix.bind("socket")
    os.symlink(b"loop", os.path.join(root, b"loop"))
    os.symlink(root, os.path.join(root, b"files", b"up"))
    os.symlink(b"empty", os.path.join(root, b"files", b"link"))
    return count


def build_faults(folder):
    """Compiles faults.c, and returns the library to preload; None if that cannot be done or used."""
    compiler = next(filter(shutil.which, ("cc", "gcc", "clang")), None)
    if SLOW or compiler is None:
        return None
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "faults.c")
    library = os.path.join(folder, "faults.so")
    subprocess.run([compiler, "-std=c11", "-shared", "-fPIC", source, "-o", library, "-ldl"], check=True)
    return library


class ConsumerTest(unittest.TestCase):
    """A test with a folder of its own: self.tree for files, self.db for the database."""

    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="consumer-test-")
        self.addCleanup(self.clean_up)
        self.tree = os.path.join(os.fsencode(self.work), b"tree")
        os.mkdir(self.tree)
        self.db = os.path.join(self.work, "queue.db")
        self.processes = []

    def clean_up(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()
        os.chdir("/")
        subprocess.run(["rm", "-rf", self.work], check=False)  # rmtree stumbles over very long paths

    def consumer(self, *arguments, status=OK, **options):
        """Runs the consumer to its end, and wants this exit status."""
        done = subprocess.run([CONSUMER, "--db", self.db, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=TIME_OUT, check=False, **options)
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        return done

    def start(self, *arguments, **options):
        process = subprocess.Popen([CONSUMER, "--db", self.db, *arguments], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, **options)
        self.processes.append(process)
        return process

    def end(self, process, status=OK):
        out, err = process.communicate(timeout=TIME_OUT)
        self.assertEqual(process.returncode, status, (out, err))
        return out, err

    def assert_line(self, done, *parts):
        """One line on stderr with all these parts, and nothing else."""
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[0].startswith(b"consumer: "), done.stderr)
        for part in parts:
            self.assertIn(part, lines[0])

    def assert_results(self, root=None):
        """The table has a row for every file, and each is right."""
        assert_equal_rows(results(self.db), expected(root or self.tree))
        self.assertEqual(query(self.db, "PRAGMA integrity_check"), [("ok",)])

    def make_large(self, name=b"large"):
        """A file that takes longer than any test. Returns its path."""
        path = os.path.join(self.tree, name)
        write(path)
        os.truncate(path, 200 << 30)
        return path

    def wait_until(self, condition, what):
        until = time.monotonic() + TIME_OUT
        while not condition():
            self.assertLess(time.monotonic(), until, what)
            time.sleep(0.01)

    def wait_for_lease(self, attempt=1):
        """Waits until some message is leased for at least the so-manieth time."""
        sql = "SELECT count(*) FROM messages WHERE owner IS NOT NULL AND attempt >= ?"
        self.wait_until(lambda: query(self.db, sql, attempt)[0][0] > 0, "a lease")

    def wait_for_readers(self, process, path, count):
        """Waits until that many tasks of the process have the file open."""
        folder, path = f"/proc/{process.pid}/fd", os.path.realpath(path)

        def readers():
            found = 0
            for name in os.listdir(folder):
                try:
                    found += os.readlink(os.fsencode(os.path.join(folder, name))) == path
                except FileNotFoundError:  # closed meanwhile
                    pass
            return found

        self.wait_until(lambda: readers() >= count, f"{count} tasks that read")


def assert_equal_rows(got, want):
    for path in want:
        if got.get(path) != want[path]:
            raise AssertionError(f"{path!r}: {got.get(path)} instead of {want[path]}")
    if got.keys() != want.keys():
        raise AssertionError(f"rows of no file: {sorted(got.keys() - want.keys())[:5]}")


def main():
    if not os.access(CONSUMER, os.X_OK):
        print(f"SKIPPED: no program {CONSUMER}; EXAMPLES_DIR is the build folder of capi/examples")
        sys.exit(77)
    unittest.main(verbosity=2)
