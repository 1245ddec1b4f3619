#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The man pages. One case a call: man.py CASE SOURCE_DIR PAGES_DIR

    complete   what the library exports and the headers declare has a page, and each page has what it has to say
    names      a page names no constant and no page that does not exist
    refused    a header that leaves something unsaid makes no pages
    mandoc, groff   the tool of that name has no complaint
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

case, source, pages = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
faults = []


def code_of(header):
    return re.sub(r"/\*.*?\*/", "", (source / "include/pool" / header).read_text(), flags=re.S)


def read(path):
    """A page, by way of the link if it is one."""
    text = path.read_text()
    link = re.match(r"\.so (.*)\n$", text)
    return (pages / link[1]).read_text() if link else text


def plain(text):
    """Without changes of the face and escapes."""
    return re.sub(r"\\f[A-Z]", "", text).replace("\\-", "-")


def section(text, title):
    found = re.search(rf"(?m)^\.SH {title}\n(.*?)(?=^\.SH |\Z)", text, flags=re.S)
    return found[1] if found else ""


def expect(is_so, what):
    if not is_so:
        faults.append(what)


code = code_of("pool.h") + code_of("insight.h")
exported = re.findall(r"\bpool_\w+(?=;)", (source / "capi/libpool.map").read_text())
enumerators = re.findall(r"\bPOOL_\w+(?= =)", code)
macros = re.findall(r"#define (POOL_\w+) [^_]", code)
types = re.findall(r"(?m)^\}? ?(pool_\w+_t|pool_t);", code) + re.findall(r"\(\*(pool_\w+)\)", code)


def complete():
    expect(len(exported) >= 60 and len(enumerators) >= 40 and len(types) >= 16, "little was found in the headers")
    wanted = [("3", exported), ("3type", types), ("3const", [name for name in macros if name != "POOL_API"])]
    statuses = re.findall(r"POOL_(?:OK|E[A-Z]+)(?= =)", code)
    wanted += [("3type", statuses), ("3const", [name for name in enumerators if name not in statuses])]
    for suffix, names in wanted:
        for name in names:
            expect((pages / "man3" / f"{name}.{suffix}").is_file(), f"no page {name}({suffix})")
    for name in exported:
        path = pages / "man3" / f"{name}.3"
        text = plain(read(path)) if path.is_file() else ""
        declared = re.search(rf"POOL_API ([^;]*?){name}\((.*?)\);", code, flags=re.S)
        for title in ("NAME", "SYNOPSIS", "DESCRIPTION", "RETURN VALUE", "ATTRIBUTES", "HISTORY", "SEE ALSO"):
            expect(section(text, title).strip(), f"{name}(3): {title} is empty")
        expect(name in section(text, "NAME").partition(" - ")[0], f"{name}(3): not in its NAME")
        expect(re.search(r"Since libpool \d+\.\d+\.\d+\.", section(text, "HISTORY")), f"{name}(3): since when?")
        for head in ("Thread-safety", "Blocking", "Signal handlers"):
            expect(f".TP\n{head}\n" in section(text, "ATTRIBUTES"), f"{name}(3): {head}?")
        returned = set(re.findall(r"POOL_[A-Z]+", " ".join(re.findall(r"\.TP\n(.*)", section(text, "RETURN VALUE")))))
        if declared[1].strip() == "pool_status_t":
            expect("POOL_OK" in returned, f"{name}(3): POOL_OK is not among what it returns")
        if re.search(r"pool_(\w+_)?t \w+,|pool_(\w+_)?t \w+$", re.sub(r"pool_status_t", "", declared[2])):
            expect(returned >= {"POOL_EBADHANDLE", "POOL_EFORKED"}, f"{name}(3): what of bad handles?")
        for parameter in re.findall(r"(\w+)(?:,|$)", declared[2]):
            expect(parameter == "void" or re.search(rf"(?m)^\.TP\n.*\b{parameter}$", section(text, "PARAMETERS")),
                   f"{name}(3): its parameter {parameter}?")
    expect((pages / "man7/libpool.7").is_file(), "no page libpool(7)")
    overview = plain((pages / "man7/libpool.7").read_text())
    for name in exported:
        expect(f"{name}(3)" in overview, f"libpool(7): nothing of {name}(3)")


def names():
    known = set(enumerators + macros + ["POOL_VERSION", "POOL_UNKNOWN"])
    for path in sorted(pages.glob("man*/*")):
        text = plain(read(path))
        for name in re.findall(r"\bPOOL_[A-Z0-9_]+\b\*?", text):
            is_known = any(each.startswith(name[:-1]) for each in known) if name.endswith("*") else (
                name in known or any(each.startswith(f"{name}_") for each in known))
            expect(is_known, f"{path.name}: there is no {name}")
        for name, suffix in re.findall(r"\b(pool_\w+|POOL_\w+|libpool)\((\d[a-z]*)\)", text):
            expect((pages / f"man{suffix[0]}" / f"{name}.{suffix}").is_file(), f"{path.name}: no page {name}({suffix})")


def refused():
    resume = "Ends a suspension. Does not block. Since 1.0."
    changes = [  # what is missing, whose it is, the text and what is in its place
        ("whether it blocks", "pool_group_resume", resume, "Ends a suspension. Since 1.0."),
        ("since when", "pool_group_resume", resume, "Ends a suspension. Does not block."),
        ("the release of the map", "pool_group_resume", resume, "Ends a suspension. Does not block. Since 1.1."),
        ("what it returns", "pool_group_cancel", "POOL_OK, also if it is cancelled already; POOL_EBADHANDLE.", ""),
        ("a parameter", "pool_group_apply", " *   grain ", " *   grains "),
        ("a field", "pool_options_t", "/* what both hooks are called with */", ""),
        ("a comment", "pool_status_str", "/* Returns one English sentence about a status. Static storage. "
         "Never blocks. Since 1.0. */\n", ""),
    ]
    for what, where, old, new in changes:
        with tempfile.TemporaryDirectory() as work:
            shutil.copytree(source / "include", Path(work, "include"))
            header = Path(work, "include/pool/pool.h")
            text = header.read_text()
            expect(text.count(old) == 1, f"{what}: the header has not what is to be changed")
            header.write_text(text.replace(old, new))
            words = [sys.executable, "-B", source / "capi/man/pages.py", Path(work, "include"),
                     source / "capi/libpool.map", "1.0.0", Path(work, "out")]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            expect(done.returncode != 0 and where in done.stderr, f"{what}: accepted, or not told: {done.stderr}")


def lint(tool, *options):
    if shutil.which(tool) is None:
        print(f"SKIPPED: {tool}")
        sys.exit(77)
    real = [path for path in sorted(pages.glob("man*/*")) if not path.read_text().startswith(".so ")]
    expect(real, "no pages")
    for path in real:
        done = subprocess.run([tool, *options, path], capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).strip()
        expect(done.returncode == 0 and not said, f"{tool}: {path.name}: {said}")


if case == "mandoc":
    lint("mandoc", "-T", "lint", "-W", "warning")
elif case == "groff":
    lint("groff", "-man", "-ww", "-z", "-T", "utf8")
else:
    {"complete": complete, "names": names, "refused": refused}[case]()
for fault in faults:
    print(f"FAILED: {fault}", file=sys.stderr)
sys.exit(1 if faults else 0)
