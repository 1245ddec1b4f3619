# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# reads_ctypes.py LIBPOOL_SO: what ctypes makes of the interface: handles are structs by value and through pointers,
# options are filled by a function, tasks are Python functions.
import ctypes
import sys

lib = ctypes.CDLL(sys.argv[1])


class Handle(ctypes.Structure):
    _fields_ = [("id", ctypes.c_uint64)]


class GroupStats(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("reserved", ctypes.c_uint32)] + [
        (name, ctypes.c_uint64)
        for name in ("submitted", "succeeded", "failed", "cancelled", "queued", "running", "discarded")
    ]


Task = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)
lib.pool_version_string.restype = ctypes.c_char_p
lib.pool_status_name.restype = ctypes.c_char_p
lib.pool_create.argtypes = [ctypes.c_void_p, ctypes.POINTER(Handle)]
lib.pool_group_create.argtypes = [Handle, ctypes.c_void_p, ctypes.POINTER(Handle)]
lib.pool_group_submit.argtypes = [Handle, Task, ctypes.c_void_p]
lib.pool_group_wait.argtypes = [Handle]
lib.pool_group_stats.argtypes = [Handle, ctypes.POINTER(GroupStats), ctypes.c_size_t]
lib.pool_group_destroy.argtypes = [Handle]
lib.pool_destroy.argtypes = [Handle]


def ok(status, expected="POOL_OK"):
    name = lib.pool_status_name(status).decode()
    assert name == expected, name


ran = []


@Task
def append(ctx):
    ran.append(ctx)
    return 7 if ctx == 5 else 0


pool, group, stats = Handle(), Handle(), GroupStats()
ok(lib.pool_create(None, ctypes.byref(pool)))
ok(lib.pool_group_create(pool, None, ctypes.byref(group)))
for number in range(1, 11):
    ok(lib.pool_group_submit(group, append, number))
ok(lib.pool_group_wait(group), "POOL_EFAILED")
ok(lib.pool_group_stats(group, ctypes.byref(stats), ctypes.sizeof(stats)))
assert (stats.struct_size, stats.submitted, stats.failed) == (ctypes.sizeof(stats), 10, 1)
assert sorted(ran) == list(range(1, 11)), ran
ok(lib.pool_group_destroy(group))
ok(lib.pool_group_destroy(group), "POOL_EBADHANDLE")
ok(lib.pool_destroy(pool))
print("libpool", lib.pool_version_string().decode(), "works")
