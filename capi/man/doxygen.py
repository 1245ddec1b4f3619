#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Prints a header as Doxygen wants it, which calls this for each file: doxygen.py FILE

In the C headers, what the comments say becomes commands of Doxygen's. In pool.hpp and detail/, comments of whole lines
in front of something become its documentation.
"""
import re
import sys
from pathlib import Path

from interface import HEADERS, Interface, capital

MAP = Path(__file__).parent.parent / "libpool.map"


class Text:
    """Makes text plain for Doxygen, but for links to what is known."""

    def __init__(self, names):
        self.names = names

    def link(self, found):
        return f"#{found[0]}" if found[0] in self.names else found[0]

    def __call__(self, text):
        parts = re.split(r"`([^`]+)`", text)
        for at, part in enumerate(parts):
            if at % 2 != 0:
                parts[at] = f"<code>{self.plain(part)}</code>"
            else:
                parts[at] = re.sub(r"\b(?:pool|POOL)_\w*[A-Za-z]\b", self.link, self.plain(part))
        return "".join(parts)

    def plain(self, text):
        return re.sub(r"[\\@<>#&%*]", lambda found: f"\\{found[0]}" if found[0] != "*" else "&lowast;", text)


class Filter:
    def __init__(self, include):
        self.interface = Interface(include, MAP)
        self.text = Text(set(self.interface.by_name))

    def about(self, header):
        lines = []
        for kind, block in header.about:
            if kind == "code":
                lines += ["", "@verbatim", block, "@endverbatim"]
            elif kind == "point":
                lines.append(f"- {self.text(block)}")
            elif kind == "names":
                lines += ["", "<table>"]
                lines += [f"<tr><td><code>{self.text.plain(names)}</code></td><td>{self.text(text)}</td></tr>"
                          for names, text in block]
                lines.append("</table>")
            else:
                lines += ["", self.text(block), ""]
        return lines

    def contract(self, item, function):
        lines = [""]
        for _, name, text in self.interface.parameters(item):
            if any(name == own for _, own in function.parameters):
                lines.append(f"@param {name} {self.text(text)}")
        for whence, returned in self.interface.returns(item):
            for names, text in returned:
                text = self.text(f"{text} ({whence[0].lower()}{whence[1:]})" if whence else text)
                if names:
                    lines += [f"@retval {each} {text}" for each in re.split(r", ", names)]
                else:
                    lines.append(f"@return {capital(text)}.")
        for what, text in self.interface.attributes(item):
            lines += [f"@par {what}", self.text(text)]
        return lines + [f"@since {item.since}.0"]

    def item(self, item):
        text = [line for paragraph in item.text for line in (self.text(paragraph), "")]
        if item.functions:
            for function in item.functions:
                self.put(text + self.contract(item, function))
                parameters = ", ".join(type_ + name for type_, name in function.parameters) or "void"
                print(f"{function.result}{function.name}({parameters});\n")
            return
        code = item.code
        for declaration, meaning in item.members:
            comment = f" /**< {self.text(meaning)} */" if meaning else ""
            code = re.sub(rf"(?m)^(\s*{re.escape(declaration)}[,;]?)$", lambda found: found[1] + comment, code)
        self.put(text)
        # Each typedef of several has the same comment, an enum behind its type its own.
        print(re.sub(r"\n(?=typedef)", lambda _: "\n" + self.comment(text), code).replace(
            "\n\nenum", "\n\n/** The values of a status. */\nenum") + "\n")

    def comment(self, lines):
        return "\n".join(["/**", *lines, "*/", ""])

    def put(self, lines):
        print(self.comment(lines), end="")

    def header(self, name):
        header = next(header for header in self.interface.headers if header.name == name)
        self.put([f"@file {name}", self.text(header.title) + ".", *self.about(header)])
        if name == HEADERS[0]:
            self.put(["@mainpage libpool", self.text(header.title) + ".", *self.about(header), "",
                      "The sections of the C interface are the topics; pool.hpp is the C++ over it."])
        for section, text in header.sections:
            items = [item for item in header.items if item.section == section]
            if items:
                self.put([f"@defgroup {re.sub('[^a-z]+', '_', section.lower())} {capital(section)}",
                          self.text(capital(text)) if text else "", "@{"])
                for item in items:
                    self.item(item)
                print("/** @} */\n")


def cpp(path):
    """Each comment of whole lines, with three slashes; the first one is about the file."""
    # Without the inline namespace, which is nobody's business, and specializations in std, which Doxygen cannot find.
    hidden = r"(?m)^(?:inline namespace v1 \{|\}  // namespace v1|template <>\nstruct std::.*)\n"
    lines = re.sub(hidden, "", path.read_text()).split("\n")
    end = next(at for at, line in enumerate(lines) if not line.startswith("//"))
    about = [re.sub(r"^//( |$)", "", line) for line in lines[3:end]]
    print("\n".join(["/**", f"@file {path.name}", *about, "*/"]))
    print(re.sub(r"(?m)^(\s*)//(?=\s)", r"\1///", "\n".join(lines[end:])))


def main():
    path = Path(sys.argv[1])
    if path.suffix == ".hpp":
        cpp(path)
    else:
        Filter(path.parent.parent).header(f"pool/{path.name}")


if __name__ == "__main__":
    main()
