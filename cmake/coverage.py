# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# For coverage.sh: adds up what gcov has of a build folder. A line or branch of a template has run if it has in any of
# its instances; branches that an exception takes are left out.
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def notes_of(note):
    """What gcov says of one object, whether it ran or not."""
    out = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", note.name], cwd=note.parent,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    return [json.loads(line) for line in out.splitlines() if line.strip()]


def place(folder, name):
    """The path below the root, if it is ours to count."""
    path = pathlib.Path(os.path.normpath(os.path.join(folder, name)))
    if not path.is_relative_to(ROOT):
        return None
    path = path.relative_to(ROOT)
    is_ours = path.parts[0] == "src" or (path.parts[0] == "capi" and len(path.parts) == 2)
    return path if is_ours else None


def collect(build):
    lines, branches = collections.Counter(), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("POOL_JOBS", os.cpu_count()))) as pool:
        for documents in pool.map(notes_of, sorted(build.rglob("*.gcno"))):
            for document in documents:
                for file in document["files"]:
                    path = place(document["current_working_directory"], file["file"])
                    for line in file["lines"] if path else []:
                        number = line["line_number"]
                        lines[path, number] += line["count"]
                        ours = [branch for branch in line["branches"] if not branch["throw"]]
                        for index, branch in enumerate(ours):
                            branches[path, number, index] += branch["count"]
    return lines, branches


def share(counts):
    ran = sum(count > 0 for count in counts)
    return f"{100 * ran / len(counts):6.1f} % of {len(counts):5}" if counts else " " * 17 + "none"


def report(lines, branches, title, belongs):
    print(f"{title:28}{share([n for key, n in lines.items() if belongs(key[0])])}   "
          f"{share([n for key, n in branches.items() if belongs(key[0])])}")


def main():
    lines, branches = collect(pathlib.Path(sys.argv[1]).resolve())
    paths = sorted({path for path, _ in lines})
    print(f"{'':28}{'lines':>17}   {'branches':>17}")
    for folder in sorted({path.parent for path in paths}):
        report(lines, branches, f"{folder}/", lambda path, folder=folder: path.parent == folder)
    report(lines, branches, "all", lambda path: True)
    if "--files" in sys.argv:
        for path in paths:
            report(lines, branches, str(path), lambda other, path=path: other == path)
            missed = [str(number) for other, number in sorted(lines) if other == path and lines[other, number] == 0]
            if missed:
                print(f"    never ran: {' '.join(missed)}")


main()
