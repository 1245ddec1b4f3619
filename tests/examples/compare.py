# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""Compares the results and dead letters of two databases, row by row.

    python3 tests/examples/compare.py FIRST.db SECOND.db
"""

import sqlite3
import sys

TABLES = {"results": "path, sha256, bytes, lines, words, utf8, deflated", "dead": "path, failures, reason"}


def rows(database, table):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return set(connection.execute(f"SELECT {TABLES[table]} FROM {table}"))
    finally:
        connection.close()


def main():
    first, second = sys.argv[1:]
    for table in TABLES:
        one, other = rows(first, table), rows(second, table)
        for name, more in ((first, one - other), (second, other - one)):
            for row in sorted(more)[:5]:
                print(f"{table}: only in {name}: {row}", file=sys.stderr)
        if one != other:
            sys.exit(f"{table}: {len(one - other)} rows of {first} and {len(other - one)} of {second} differ")
        print(f"{table}: {len(one)} rows, each equal")


main()
