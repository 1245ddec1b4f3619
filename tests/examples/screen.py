# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""A terminal for tests: a program runs on it, and its screen can be looked at."""

import fcntl
import os
import pty
import re
import select
import struct
import termios

ESCAPE = re.compile(r"\x1b\[(\?\d+[hl]|[HJK])")


class Overflow(Exception):
    """A line is as long as the screen is wide, or the text longer than it is high."""


class Screen:
    """Knows exactly what the consumer writes: ESC [ H, J and K, the alternate screen, the cursor on and off, CR, LF and
    text; anything else is an error. So is a character in the last column or a line below the last, which a real one
    would answer by wrapping or scrolling."""

    def __init__(self, columns, rows):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.raw = b""       # all that was written
        self.bytes = b""     # of that, what is not a character yet,
        self.pending = ""    # or not understood yet
        self.frames = []     # what was on the alternate screen each time it was drawn anew
        self.is_alternate, self.has_cursor = False, True
        self.normal = ""     # what went to the normal screen
        self.lines, self.row, self.column = {}, 0, 0

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def started(self):
        """The program has its end; so that ours sees when it is closed."""
        os.close(self.slave)
        self.slave = -1

    def close(self):
        for fd in (self.master, self.slave):
            if fd >= 0:
                os.close(fd)
        self.master = self.slave = -1

    def has_more(self):
        return bool(select.select([self.master], [], [], 0)[0])

    def read(self, patience):
        """Takes what was written. False: nothing more will come."""
        if not select.select([self.master], [], [], patience)[0]:
            return True
        try:
            piece = os.read(self.master, 65536)
        except OSError:  # the other end is closed
            return False
        self.raw += piece
        self.feed(piece)
        return piece != b""

    def feed(self, piece):
        text, rest = self.bytes + piece, b""
        while True:  # a character may be cut off
            try:
                self.pending += text.decode()
                break
            except UnicodeDecodeError:
                if len(rest) >= 3:
                    raise
                text, rest = text[:-1], text[-1:] + rest
        self.bytes = rest
        while self.pending:
            if self.pending[0] == "\x1b":
                escape = ESCAPE.match(self.pending)
                if not escape:
                    if len(self.pending) > 10:
                        raise ValueError(f"unknown: {self.pending[:10]!r}")
                    return
                self.obey(escape[1])
                self.pending = self.pending[escape.end():]
            else:
                self.put(self.pending[0])
                self.pending = self.pending[1:]

    def obey(self, what):
        if what in ("?1049h", "?1049l"):
            self.is_alternate = what == "?1049h"
            self.lines, self.row, self.column = {}, 0, 0
        elif what in ("?25h", "?25l"):
            self.has_cursor = what == "?25h"
        elif what == "H":
            self.row, self.column = 0, 0
        elif what == "K":
            self.lines[self.row] = self.lines.get(self.row, "")[:self.column]
        elif what == "J":
            self.lines = {row: line for row, line in self.lines.items() if row <= self.row}
            self.lines[self.row] = self.lines.get(self.row, "")[:self.column]
            self.frames.append(self.text())
        else:
            raise ValueError(what)

    def put(self, character):
        if not self.is_alternate:
            self.normal += character
        elif character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            if self.row >= self.rows:
                raise Overflow(f"row {self.row + 1}: {self.text()}")
        elif character.isprintable():
            line = self.lines.get(self.row, "").ljust(self.column)
            self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
            self.column += 1
            if self.column >= self.columns:
                raise Overflow(f"column {self.column}: {self.text()}")
        else:
            raise ValueError(f"{character!r} in {self.text()}")

    def text(self):
        return "\n".join(self.lines.get(row, "").rstrip() for row in range(max(self.lines, default=-1) + 1))
