#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Writes the man pages from the comments of pool.h and insight.h.

    pages.py INCLUDE_DIR LIBPOOL_MAP VERSION OUT_DIR

OUT_DIR/man3 gets a page for each function, type and constant, and links to it; OUT_DIR/man7 gets libpool(7).
"""
import os
import re
import sys
import time
from pathlib import Path

import header as reader

HEADERS = ("pool/pool.h", "pool/insight.h")
SUFFIX = {"function": "3", "struct": "3type", "type": "3type", "enum": "3const", "define": "3const"}
SPECIAL = {"\\": "\\e", "^": "\\(ha", "~": "\\(ti"}
# What is set in another face: `code`, constants, pages of the system, our own names.
WORDS = re.compile(r"`(?P<code>[^`]+)`|\bPOOL_[A-Z0-9_]+\*?|(?P<page>\b\w+\([1-8]\))|(?P<name>\bpool_\w+\b)")
COLUMNS = 78


def escape(text, is_code=False):
    """Text as troff wants it; in code, and before digits, a hyphen is a minus."""
    text = re.sub(r"[\\^~]", lambda found: SPECIAL[found[0]], text)
    text = text.replace("-", "\\-") if is_code else re.sub(r"(?<!\w)-(?=[\dl])", "\\-", text)
    if is_code:
        text = text.replace("'", "\\(aq").replace("`", "\\(ga")
    return re.sub(r"(?m)^(?=[.'])", r"\\&", text)


def bold(text):
    return f"\\fB{escape(text, True)}\\fP"


def italic(text):
    return f"\\fI{escape(text, True)}\\fP"


class Pages:
    def __init__(self, include, map_, version, out):
        self.headers = [reader.read(include, name) for name in HEADERS]
        self.items = [item for header in self.headers for item in header.items]
        self.by_name = {name: item for item in self.items for name in item.names}
        self.since = self.read_since(map_)
        self.parameters = {}
        for kind, block in self.headers[0].about:
            for names, text in block if kind == "names" else []:
                self.parameters.update((name, text) for name in names.split(", "))
        self.statuses = dict(((member.split(" = ")[0], text) for member, text in self.by_name["POOL_OK"].members))
        self.version = version
        self.out = out
        # The same input makes the same pages.
        newest = max(int((include / name).stat().st_mtime) for name in HEADERS)
        self.date = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", newest))))

    def read_since(self, map_):
        """The version of each function, by the node of the map that exports it; the headers have to say the same."""
        since = {}
        for version, body in re.findall(r"LIBPOOL_([\d.]+) \{(.*?)\}", map_.read_text(), flags=re.S):
            since.update((name, version) for name in re.findall(r"\bpool_\w+(?=;)", body))
        for item in self.items:
            for function in item.functions:
                if since.get(function.name) != item.since:
                    raise reader.Fault(f"{function.name}: since {item.since}, in the map {since.get(function.name)}")
        return since

    # --- text ---

    def rich(self, text, own=()):
        """A paragraph, each sentence on its line, with what is a name made out as one."""
        parts, at = [], 0
        for found in WORDS.finditer(text):
            parts.append(escape(text[at:found.start()]))
            at = found.end()
            name = found[0]
            if found["code"]:
                parts.append(italic(found["code"]))
            elif found["page"]:
                parts.append(bold(name[:-3]) + name[-3:])
            elif found["name"] and name in self.by_name and name not in own and text[at:at + 1] != "(":
                parts.append(f"{bold(name)}({SUFFIX[self.by_name[name].kind]})")
            else:
                parts.append(bold(name))
        parts.append(escape(text[at:]))
        return "\n".join(re.sub(r"^(?=[.'])", r"\\&", line) for line in reader.sentences("".join(parts)))

    def entry(self, head, text, own=()):
        return [".TP", head, self.rich(text, own) if text else "\\&"]

    def summary(self, item):
        """For NAME: the beginning of the first sentence."""
        first = reader.sentences(item.text[0])[0].removesuffix(".").replace("`", "")
        # No comma inside brackets, nor in "As this, but ...".
        first = re.split(r"[:;] " if first.startswith("As ") else r"[:;] |, (?![^()]*\))| \(", first)[0]
        if re.match(r"[A-Z](?![A-Z])", first):
            first = first[0].lower() + first[1:]
        return escape(first)

    # --- parts of pages ---

    def head(self, name, section, names, summary):
        listed = ", ".join(escape(each, True) for each in names)
        return [f'.TH {name} {section} {self.date} "libpool {self.version}" "libpool"', ".nh", ".ad l", ".SH NAME",
                f"{listed} \\- {summary}"]

    def code(self, text):
        return [".EX", escape(text, True), ".EE"]

    def synopsis(self, item):
        lines = [".SH LIBRARY", "libpool", "(" + bold("pkg-config --cflags --libs pool") + ")", ".SH SYNOPSIS", ".nf",
                 bold(f"#include <{item.header}>"), ".P"]
        if not item.functions:
            return lines + [bold(line) for line in item.code.split("\n") if line] + [".fi"]
        for function in item.functions:
            line, width = f"\\fB{function.result}{function.name}(", len(function.result + function.name) + 1
            for at, (type_, name) in enumerate(function.parameters):
                end = ");" if at == len(function.parameters) - 1 else ","
                size = len(type_ + name + end) + 1
                if width + size > COLUMNS:
                    line, width = f"{line.rstrip()}\n    ", 4
                line += f"{type_}\\fI{name}\\fB{end} "
                width += size
            lines.append((line.rstrip() if function.parameters else line + "void);") + "\\fP")
        return lines + [".fi"]

    def description(self, item):
        lines = [".SH DESCRIPTION"]
        for paragraph in item.text:
            lines += [self.rich(paragraph, item.names), ".P"]
        return lines[:-1]

    def parameter(self, function, type_, name):
        is_written = "*" in type_ and "const" not in type_
        for key in (f"*{name}", name) if is_written else (name,):
            if key in self.parameters:
                return self.parameters[key]
        raise reader.Fault(f"{function.name}: the parameter {name} is not in the list in {HEADERS[0]}")

    def parameters_of(self, item):
        lines, seen = [], set()
        for function in item.functions:
            for type_, name in function.parameters:
                if (type_, name) not in seen:
                    seen.add((type_, name))
                    lines += self.entry(bold(type_) + italic(name), self.parameter(function, type_, name))
        return [".SH PARAMETERS", *lines] if lines else []

    def usual(self, item, status):
        """What a status means where the function has nothing to say: what it does in those that it is like."""
        others = [self.by_name[returned[1]] for returned in item.returns if returned[0] == "as"]
        for other in others:
            for returned in other.returns:
                if returned[0] == status:
                    return returned[1] or self.usual(other, status)
        return "success" if status == "POOL_OK" else self.statuses.get(status, "")

    def returns_of(self, item, seen):
        """What it returns, of other functions what is not in `seen`."""
        lines = []
        for returned in item.returns:
            if returned[0] == "as":
                other = self.by_name[returned[1]]
                more = self.returns_of(other, seen)
                lines += [".PP", f"As {bold(returned[1])}(3){escape(returned[2])}:", *more] if more else []
                continue
            names, text = returned
            new = [name for name in re.split(r", | or ", names) if name not in seen]
            seen.update(new)
            if not text or text.startswith("also "):
                text = "; ".join(filter(None, (self.usual(item, names), text)))
            if new:
                lines += self.entry(bold(", ".join(new)), text, item.names)
        return lines

    def return_value(self, item):
        seen = set()
        lines = [".SH RETURN VALUE"]
        if item.returns[0][0]:
            lines += self.returns_of(item, seen)
        else:
            text = item.returns[0][1]
            lines.append(self.rich(f"{text[0].upper()}{text[1:]}.", item.names))
        if "POOL_EBADHANDLE" in seen:
            lines += [".PP", "As every function that takes a handle:"]
            lines += self.entry(bold("POOL_EFORKED"), self.statuses["POOL_EFORKED"])
        return lines

    def attributes(self, item):
        points = [text for kind, text in self.headers[0].about if kind == "point"]
        safety = next(text.removeprefix("Thread-safety: ") for text in points if text.startswith("Thread-safety: "))
        is_exception = any("signal handler" in text for text in item.text)
        signals = "It may be called from a signal handler." if is_exception else next(
            text for text in points if "async-signal-safe" in text)
        return [".SH ATTRIBUTES", *self.entry("Thread-safety", safety[0].upper() + safety[1:]),
                *self.entry("Blocking", item.blocking, item.names), *self.entry("Signal handlers", signals),
                ".SH HISTORY", f"Since libpool {self.since[item.name]}.0."]

    def see_also(self, item):
        texts = [*item.text, *(text for _, text in item.members), item.code, item.blocking]
        texts += [part for returned in item.returns for part in returned]
        # POOL_X_* is the page POOL_X.
        names = re.findall(r"\bpool_\w+|\bPOOL_[A-Z]+(?=_\*)|\bPOOL_[A-Z_]+\b", " ".join(texts))
        pages = sorted({self.by_name[name].name for name in names if name in self.by_name} - {item.name})
        listed = [f"{bold(name)}({SUFFIX[self.by_name[name].kind]})" for name in pages] + [bold("libpool") + "(7)"]
        return [".SH SEE ALSO", ",\n".join(listed)]

    # --- pages ---

    def write(self, section, suffix, name, lines):
        path = self.out / f"man{section}" / f"{name}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(['.\\" SPDX-License-Identifier: MIT', '.\\" Made by capi/man/pages.py.', *lines, ""]))

    def write_item(self, item):
        suffix = SUFFIX[item.kind]
        names = item.names if item.kind == "function" or item.kind == "type" and not item.members else item.names[:1]
        lines = self.head(item.name, suffix, names, self.summary(item)) + self.synopsis(item) + self.description(item)
        if item.members:
            lines.append(".SH MEMBERS" if item.kind == "struct" else ".SH CONSTANTS")
            for declaration, text in item.members:
                lines += self.entry(bold(declaration), text)
        if item.functions:
            lines += self.parameters_of(item) + self.return_value(item) + self.attributes(item)
        self.write(3, suffix, item.name, lines + self.see_also(item))
        for name in item.names[1:]:
            (self.out / "man3" / f"{name}.{suffix}").write_text(f".so man3/{item.name}.{suffix}\n")

    def about(self, header):
        lines = []
        for kind, block in header.about:
            if kind == "code":
                lines += [".P", ".RS 4", *self.code(block), ".RE"]
            elif kind == "point":
                lines += [".IP \\(bu 2", self.rich(block)]
            elif kind == "names":
                for names, text in block:
                    lines += self.entry(italic(names), text)
            else:
                lines += [".P", self.rich(block)]
        return lines[1:] if lines[0] == ".P" else lines

    def write_overview(self):
        main, inside = self.headers
        lines = self.head("libpool", "7", ["libpool"], escape(main.title.split(": ", 1)[1]))
        lines += [".SH SYNOPSIS", ".nf", *(bold(f"#include <{name}>") for name in HEADERS), ".P",
                  bold("cc main.c $(pkg-config --cflags --libs pool)"), ".fi", ".SH DESCRIPTION", *self.about(main)]
        title, _, more = inside.title.partition(": ")
        lines += [f".SS {title[0].upper()}{title[1:]}", self.rich(f"{more[0].upper()}{more[1:]}."), *self.about(inside)]
        lines.append(".SH INTERFACE")
        for header in self.headers:
            for section, text in header.sections:
                items = [item for item in header.items if item.section == section]
                lines += [f".SS {section[0].upper() + section[1:]}"] if items else []
                lines += [self.rich(text[0].upper() + text[1:])] if text and items else []
                for item in items:
                    names = item.names if item.functions else item.names[:1]
                    head = ", ".join(f"{bold(name)}({SUFFIX[item.kind]})" for name in names)
                    lines += [".TP", head, self.summary(item)]
        lines += [".SH SEE ALSO", "The programs in capi/examples of the source."]
        self.write(7, "7", "libpool", lines)

    def write_all(self):
        for old in self.out.glob("man[37]/*"):
            old.unlink()
        for item in self.items:
            self.write_item(item)
        self.write_overview()


def main():
    include, map_, version, out = sys.argv[1:]
    try:
        Pages(Path(include), Path(map_), version, Path(out)).write_all()
    except reader.Fault as fault:
        sys.exit(f"pages.py: {fault}")


if __name__ == "__main__":
    main()
