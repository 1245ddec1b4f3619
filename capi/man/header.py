# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Reads the C headers: what is declared, and what the comment in front of it says.

What it goes by is how pool.h and insight.h are written, and it fails with the place where they are not:

- A blank line ends a declaration. The comment in front is that of all declarations up to there.
- A function's comment is what it does, "Since X.Y.", and then what it returns: "POOL_X; POOL_Y, also ...: when; and as
  pool_other". Without statuses a sentence "Returns ..." says it. A sentence says whether it blocks.
- In the file's comment "- " begins a point, "  names   text" explains parameters by name, and four blanks begin code.
"""
import re
from dataclasses import dataclass, field

STATUS = r"POOL_(?:OK|E[A-Z]+)"
BLOCKING = re.compile(r"(?:Blocks|Does not block|Never blocks|Pure)\b")


class Fault(Exception):
    """The header is not written in the way that this reads."""


@dataclass
class Function:
    name: str
    result: str  # its type
    parameters: list  # of (type, name)


@dataclass
class Item:
    """A comment and what it is about."""
    kind: str  # function, struct, enum, type or define
    header: str
    section: str
    code: str  # the declaration, without comments
    text: list = field(default_factory=list)  # paragraphs
    names: list = field(default_factory=list)  # of pages: the first is the item's, others point to it
    members: list = field(default_factory=list)  # of a struct or an enum: (declaration, text)
    # Of functions:
    functions: list = field(default_factory=list)
    since: str = ""
    blocking: str = ""
    returns: list = field(default_factory=list)  # (statuses as text, when), or ("as", name of a function, restriction)

    @property
    def name(self):
        return self.names[0]


@dataclass
class Header:
    name: str  # as in pool/pool.h
    title: str
    about: list  # its comment, in blocks: ("text", t), ("code", t), ("point", t) or ("names", [(names, text)])
    sections: list  # (title, text); the first is that of all before
    items: list


def plain(comment):
    """The lines of a comment, without what makes it one."""
    inner = re.sub(r"^/\*|\*/$", "", comment.strip())
    return [re.sub(r"^ ?\*? ?", "", line).rstrip() if at else line.strip()
            for at, line in enumerate(inner.rstrip().split("\n"))]


def joined(lines):
    return " ".join(line.strip() for line in lines).strip()


def paragraphs(lines):
    return [joined(part.split("\n")) for part in re.split(r"\n\n+", "\n".join(lines).strip())]


def sentences(text):
    return re.split(r"(?<=[.)]) (?=[A-Z`*0-9])", text)


def read_about(text):
    """The blocks of a file's comment."""
    blocks = []
    for part in re.split(r"\n\n+", text.strip("\n")):
        if part.startswith("    "):
            blocks.append(("code", re.sub(r"(?m)^    ", "", part)))
        elif part.startswith("  "):
            entries = [joined(entry.split("\n")) for entry in re.split(r"\n(?=  \S)", part)]
            blocks.append(("names", [tuple(re.split(r"   +", entry, maxsplit=1)) for entry in entries]))
        elif part.startswith("- "):
            blocks += [("point", joined(point.split("\n"))) for point in re.split(r"(?:^|\n)- ", part)[1:]]
        else:
            blocks.append(("text", joined(part.split("\n"))))
    return blocks


def read_members(body, where):
    """Each declaration in braces, with its comment."""
    members = []
    for code, comment in re.findall(r"([^;,/]+?)\s*(?:[;,]|$|(?=/\*))\s*(/\*.*?\*/)?", body, flags=re.S):
        if code.strip():
            members.append((joined(code.split("\n")), joined(plain(comment)) if comment else ""))
    if not members:
        raise Fault(f"{where}: nothing in the braces")
    return members


def read_function(code, where):
    found = re.match(r"POOL_API (.*?)(pool_\w+)\((.*)\)$", joined(code.split("\n")))
    if not found:
        raise Fault(f"{where}: not a function: {code}")
    parameters = []
    for one in found[3].split(","):
        if one.strip() != "void":
            type_, name = re.match(r"(.*?)(\w+)$", one.strip()).groups()
            parameters.append((type_, name))
    return Function(found[2], found[1], parameters)


def read_returns(text, where):
    returns = []
    for part in re.split(r"; (?=POOL_|and as |else as )", text.strip().removesuffix(".")):
        if found := re.match(r"(?:and|else) as (pool_\w+)(.*)$", part):
            returns.append(("as", found[1], found[2]))
        elif found := re.match(rf"({STATUS}(?:(?:, | or ){STATUS})*)(?:$|: |, )(.*)$", part):
            returns.append((found[1], found[2]))
        elif found := re.match(r"([^:;]+): (.*)$", part):
            returns += [(value, what) for value, what in re.findall(r"([^:;]+): ([^;]+)(?:; )?", part)]
        else:
            raise Fault(f"{where}: neither a status nor a value: {part}")
    return returns


def read_contract(item, comment):
    """Takes a function's comment apart."""
    where = item.name
    found = re.match(r"(.*?)\s*\bSince\s+(\d+\.\d+)\.(.*)$", comment, flags=re.S)
    if not found:
        raise Fault(f"{where}: since when?")
    item.since = found[2]
    for part in paragraphs(found[1].split("\n")):
        kept = []
        for sentence in sentences(part):
            if BLOCKING.match(sentence):
                item.blocking = sentence
            else:
                kept.append(sentence)
        item.text.append(" ".join(kept))
    item.text = [part for part in item.text if part]
    if not item.blocking:
        raise Fault(f"{where}: does it block?")
    if found[3].strip():
        item.returns = read_returns(joined(found[3].split("\n")), where)
    elif item.functions[0].result.strip() == "pool_status_t" or not item.text[0].startswith("Returns "):
        raise Fault(f"{where}: what does it return?")
    else:
        item.returns = [("", sentences(item.text[0])[0].removeprefix("Returns ").removesuffix("."))]


def read_item(header, section, comment, code):
    item = Item("type", header, section, re.sub(r"\s*/\*.*?\*/", "", code, flags=re.S))
    where = f"{header}: {code.splitlines()[0]}"
    if "POOL_API" in code:
        item.kind = "function"
        item.functions = [read_function(one, where) for one in code.split(";") if one.strip()]
        item.names = [function.name for function in item.functions]
        read_contract(item, "\n".join(comment))
        return item
    item.text = [part for part in paragraphs(comment) if part]
    if found := re.match(r"typedef struct \w+ \{(.*)\} (\w+);$", code, flags=re.S):
        item.kind, item.names, item.members = "struct", [found[2]], read_members(found[1], where)
    elif found := re.match(r"enum \{(.*)\};$", code, flags=re.S):
        item.kind, item.members = "enum", read_members(found[1], where)
        names = [declaration.split(" = ")[0] for declaration, _ in item.members]
        # The page of several is called after what their names begin with.
        item.names = names if len(names) == 1 else [names[0].rsplit("_", 1)[0]] + names
    elif found := re.match(r"#define (\w+) \S+$", code):
        item.kind, item.names = "define", [found[1]]
    elif code.startswith("typedef"):
        item.names = re.findall(r"\(\*(\w+)\)", code) or re.findall(r"(\w+);", code)
    else:
        raise Fault(f"{where}: what is it?")
    for declaration, text in item.members if len(item.members) > 1 else []:
        if not text:
            raise Fault(f"{item.name}: {declaration}: what is it?")
    return item


def read(path, name):
    """The header `name` in the folder `path`."""
    text = (path / name).read_text()
    first = re.match(r"/\*.*?\*/", text, flags=re.S)
    head, about = re.split(r"\n\n", "\n".join(plain(first[0])[3:]), maxsplit=1)
    # "pool.h - Title. Text", and then the rest.
    title, *more = sentences(joined(head.split("\n")).split(" - ", 1)[1])
    header = Header(name, title.removesuffix("."), [("text", " ".join(more))] if more else [], [], [])
    header.about += read_about(about)
    section = header.title.partition(":")[0]
    header.sections.append((section, ""))
    for block in re.split(r"\n\n+", text[first.end():]):
        block = block.strip()
        comment = re.match(r"/\*.*?\*/", block, flags=re.S)
        code = block[comment.end():].strip() if comment else block
        lines = plain(comment[0]) if comment else []
        if lines and lines[0].startswith("-----"):
            section, _, more = joined(lines[1:]).partition(": ")
            header.sections.append((section, more))
        elif not code or re.match(r'#(?!define \w+ )|extern "C"|\}|#define POOL_\w+_H$', code):
            continue
        elif not lines and code.startswith("enum"):
            # They belong to the type in front of them.
            last = header.items[-1]
            last.members = read_item(name, section, [], code).members
            last.names += [declaration.split(" = ")[0] for declaration, _ in last.members]
            last.code += "\n\n" + re.sub(r"\s*/\*.*?\*/", "", code, flags=re.S)
        elif not lines:
            raise Fault(f"{name}: no comment: {code.splitlines()[0]}")
        else:
            header.items.append(read_item(name, section, lines, code))
    return header
