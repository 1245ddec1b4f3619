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
from interface import HEADERS, Interface, capital

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
        self.interface = Interface(include, map_)
        self.by_name = self.interface.by_name
        self.version = version
        self.out = out
        # The same input makes the same pages.
        newest = max(int((include / name).stat().st_mtime) for name in HEADERS)
        self.date = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", newest))))

    def reference(self, name):
        return f"{bold(name)}({SUFFIX[self.by_name[name].kind]})"

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
                parts.append(self.reference(name))
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

    def contract(self, item):
        lines = []
        for type_, name, text in self.interface.parameters(item):
            lines += self.entry(bold(type_) + italic(name), text)
        lines = [".SH PARAMETERS", *lines] if lines else []
        lines.append(".SH RETURN VALUE")
        for whence, returned in self.interface.returns(item):
            lines += [".PP", self.rich(f"{whence}:")] if whence else []
            for names, text in returned:
                lines += self.entry(bold(names), text, item.names) if names else [self.rich(f"{capital(text)}.")]
        lines.append(".SH ATTRIBUTES")
        for what, text in self.interface.attributes(item):
            lines += self.entry(what, text, item.names)
        return lines + [".SH HISTORY", f"Since libpool {item.since}.0."]

    def see_also(self, item):
        texts = [*item.text, *(text for _, text in item.members), item.code, item.blocking]
        texts += [part for returned in item.returns for part in returned]
        # POOL_X_* is the page POOL_X.
        names = re.findall(r"\bpool_\w+|\bPOOL_[A-Z]+(?=_\*)|\bPOOL_[A-Z_]+\b", " ".join(texts))
        pages = sorted({self.by_name[name].name for name in names if name in self.by_name} - {item.name})
        listed = [self.reference(name) for name in pages] + [bold("libpool") + "(7)"]
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
            lines += self.contract(item)
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
        main, inside = self.interface.headers
        lines = self.head("libpool", "7", ["libpool"], escape(main.title.split(": ", 1)[1]))
        lines += [".SH SYNOPSIS", ".nf", *(bold(f"#include <{name}>") for name in HEADERS), ".P",
                  bold("cc main.c $(pkg-config --cflags --libs pool)"), ".fi", ".SH DESCRIPTION", *self.about(main)]
        title, _, more = inside.title.partition(": ")
        lines += [f".SS {capital(title)}", self.rich(capital(more) + "."), *self.about(inside)]
        lines.append(".SH INTERFACE")
        for header in self.interface.headers:
            for section, text in header.sections:
                items = [item for item in header.items if item.section == section]
                lines += [f".SS {capital(section)}"] if items else []
                lines += [self.rich(capital(text))] if text and items else []
                for item in items:
                    names = item.names if item.functions else item.names[:1]
                    head = ", ".join(map(self.reference, names))
                    lines += [".TP", head, self.summary(item)]
        lines += [".SH SEE ALSO", "The programs in capi/examples of the source."]
        self.write(7, "7", "libpool", lines)

    def write_all(self):
        for old in self.out.glob("man[37]/*"):
            old.unlink()
        for item in self.interface.items:
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
