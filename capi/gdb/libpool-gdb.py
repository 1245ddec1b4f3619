# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# gdb shows handles as what they are, and `libpool-dump POOL` what a pool is at. gdb loads this by itself where it is
# installed beside its other scripts (share/gdb/auto-load); else: source libpool-gdb.py
"""Pretty-printers for libpool's handles, and the command libpool-dump."""

import gdb
import gdb.printing

KINDS = {1: "pool", 2: "group", 3: "job", 4: "timer"}


class Handle:
    """A handle: generation 63..32 | kind 31..28 | era 27..24 | slot 23..0."""

    def __init__(self, value):
        self.id = int(value["id"])

    def to_string(self):
        if self.id == 0:
            return "none"
        kind = KINDS.get(self.id >> 28 & 15)
        if kind is None or not self.id >> 32 & 1:
            return f"no handle ({self.id:#x})"
        era = self.id >> 24 & 15
        inherited = f", made after {era} forks" if era else ""
        return f"{kind} {self.id & 0xFFFFFF} (generation {self.id >> 32}{inherited})"


class Dump(gdb.Command):
    """Writes what a pool is at to the program's standard error: libpool-dump POOL, an expression of type pool_t."""

    def __init__(self):
        super().__init__("libpool-dump", gdb.COMMAND_STATUS, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("libpool-dump POOL")
        before = frame = gdb.selected_frame()
        try:
            # In frames of the library and of the system the program's variables are not to be seen, or another thing.
            while not self.is_known(argument):
                frame = frame.older()
                if frame is None:
                    raise gdb.GdbError(f"{argument} is known in no frame of this thread")
                frame.select()
            gdb.execute(f"call (int) pool_dump({argument}, 2)")
        finally:
            before.select()

    @staticmethod
    def is_known(expression):
        try:
            gdb.parse_and_eval(expression)
            return True
        except gdb.error:
            return False


def printers():
    collection = gdb.printing.RegexpCollectionPrettyPrinter("libpool")
    for kind in KINDS.values():
        name = "pool_handle" if kind == "pool" else f"pool_{kind}_handle"
        collection.add_printer(name, f"^({name}|{name.replace('_handle', '_t')})$", Handle)
    return collection


gdb.printing.register_pretty_printer(gdb.current_objfile(), printers(), replace=True)
Dump()
