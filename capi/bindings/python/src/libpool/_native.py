# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The C interface as ctypes sees it: the library, its structs and its prototypes. tests/test_native.py holds them
against pool.h.

Every function is called without the GIL (CDLL, never PyDLL), since nearly each may run a callback, wait for one, or
make a thread whose hook needs the GIL."""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, Structure, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any

SONAME = "libpool.so.1"
FOREVER = 2**63 - 1


class PoolHandle(Structure):
    id: int
    _fields_ = [("id", c_uint64)]


class GroupHandle(Structure):
    id: int
    _fields_ = [("id", c_uint64)]


class JobHandle(Structure):
    id: int
    _fields_ = [("id", c_uint64)]


class TimerHandle(Structure):
    id: int
    _fields_ = [("id", c_uint64)]


# Exactly one object of each callback type is made for the process, see _callbacks.py.
TaskFn = ctypes.CFUNCTYPE(c_int32, c_void_p)
DropFn = ctypes.CFUNCTYPE(None, c_void_p)
NotifyFn = ctypes.CFUNCTYPE(None, c_void_p, c_int32)
JobFn = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p)
LogFn = ctypes.CFUNCTYPE(None, c_void_p, c_int32, c_char_p)
FunctionPointer: type = TaskFn.__mro__[1]  # what all ctypes functions are


class PoolOptions(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("min_workers", c_uint32),
        ("max_workers", c_uint32),
        ("burst_workers", c_uint32),
        ("prestart", c_uint32),
        ("queue_capacity", c_uint32),
        ("overflow", c_uint32),
        ("wake_policy", c_uint32),
        ("help", c_uint32),
        ("log_level", c_uint32),
        ("overflow_timeout", c_int64),
        ("idle_timeout", c_int64),
        ("burst_delay", c_int64),
        ("stack_size", c_uint64),
        ("name", c_char_p),
        ("on_thread_start", c_void_p),
        ("on_thread_stop", c_void_p),
        ("hook_user", c_void_p),
        ("log", c_void_p),
        ("log_user", c_void_p),
        ("timing", c_uint64),
    ]


class PoolStatsStruct(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("workers", c_uint32),
        ("workers_idle", c_uint32),
        ("workers_peak", c_uint32),
        ("queued", c_uint64),
        ("running", c_uint64),
        ("workers_created", c_uint64),
        ("workers_left", c_uint64),
        ("blocked", c_uint64),
        ("rejected", c_uint64),
        ("caller_runs", c_uint64),
        ("discarded", c_uint64),
        ("workers_blocked", c_uint64),
        ("workers_burst", c_uint64),
        ("finished", c_uint64),
        ("failed", c_uint64),
        ("cancelled", c_uint64),
        ("helps", c_uint64),
        ("wakes", c_uint64),
        ("steals", c_uint64),
        ("longest_run", c_int64),
        ("oldest_wait", c_int64),
    ]


class GroupOptions(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("overflow", c_uint32),
        ("queue_capacity", c_uint32),
        ("max_concurrency", c_uint32),
        ("weight", c_uint32),
        ("help", c_uint32),
        ("fail_fast", c_uint32),
        ("keep_jobs", c_uint32),
        ("parent_kind", c_uint32),
        ("limit_counts_suspended", c_uint32),
        ("overflow_timeout", c_int64),
        ("parent", GroupHandle),
        ("name", c_char_p),
    ]


class TaskStruct(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("overflow", c_uint32),
        ("fn", c_void_p),
        ("ctx", c_void_p),
        ("drop", c_void_p),
        ("copy_size", c_uint64),
        ("overflow_timeout", c_int64),
        ("delay", c_int64),
        ("start_at", c_int64),
        ("timer", c_void_p),
    ]


class GroupStatsStruct(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("submitted", c_uint64),
        ("succeeded", c_uint64),
        ("failed", c_uint64),
        ("cancelled", c_uint64),
        ("queued", c_uint64),
        ("running", c_uint64),
        ("discarded", c_uint64),
        ("waiters", c_uint64),
        ("oldest_wait", c_int64),
    ]


TASK_SIZE = ctypes.sizeof(TaskStruct)
FAILURE_TEXT_MAX = 128

# Handles are passed by value, addresses as integers.
PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "pool_status_name": (c_char_p, [c_int32]),
    "pool_status_str": (c_char_p, [c_int32]),
    "pool_version": (c_uint32, []),
    "pool_version_string": (c_char_p, []),
    "pool_options_init": (c_int32, [POINTER(PoolOptions), c_size_t]),
    "pool_create": (c_int32, [POINTER(PoolOptions), POINTER(PoolHandle)]),
    "pool_resize": (c_int32, [PoolHandle, c_uint32, c_uint32]),
    "pool_shutdown": (c_int32, [PoolHandle, c_int32, c_int64]),
    "pool_destroy": (c_int32, [PoolHandle]),
    "pool_stats": (c_int32, [PoolHandle, POINTER(PoolStatsStruct), c_size_t]),
    "pool_group_options_init": (c_int32, [POINTER(GroupOptions), c_size_t]),
    "pool_group_create": (c_int32, [PoolHandle, POINTER(GroupOptions), POINTER(GroupHandle)]),
    "pool_group_submit_task": (c_int32, [GroupHandle, POINTER(TaskStruct)]),
    "pool_group_apply": (c_int32, [GroupHandle, c_uint64, c_uint64, c_void_p, c_void_p]),
    "pool_group_enter": (c_int32, [GroupHandle]),
    "pool_group_leave": (c_int32, [GroupHandle, c_int32]),
    "pool_group_wait_for": (c_int32, [GroupHandle, c_int64]),
    "pool_group_poll": (c_int32, [GroupHandle]),
    "pool_group_destroy": (c_int32, [GroupHandle]),
    "pool_group_detach": (c_int32, [GroupHandle]),
    "pool_group_notify": (c_int32, [GroupHandle, c_void_p, c_void_p]),
    "pool_group_set_eventfd": (c_int32, [GroupHandle, c_int32]),
    "pool_group_cancel": (c_int32, [GroupHandle]),
    "pool_group_suspend": (c_int32, [GroupHandle]),
    "pool_group_resume": (c_int32, [GroupHandle]),
    "pool_group_reset": (c_int32, [GroupHandle]),
    "pool_group_name": (c_int32, [GroupHandle, c_char_p, c_size_t]),
    "pool_group_stats": (c_int32, [GroupHandle, POINTER(GroupStatsStruct), c_size_t]),
    "pool_group_failure": (c_int32, [GroupHandle, POINTER(c_int32), c_char_p, c_size_t]),
    "pool_timer_cancel": (c_int32, [TimerHandle]),
    "pool_timer_fire": (c_int32, [TimerHandle]),
    "pool_task_init": (c_int32, [POINTER(TaskStruct), c_size_t]),
    "pool_task_cancelled": (c_int32, []),
    "pool_worker_index": (c_int32, []),
    "pool_blocking_begin": (c_int32, []),
    "pool_blocking_end": (c_int32, []),
    "pool_task_set_failure": (c_int32, [c_int32, c_char_p]),
    "pool_task_again_after": (c_int32, [c_int64]),
    "pool_task_suspend": (c_int32, [c_int64, POINTER(TimerHandle)]),
    "pool_group_submit_job": (c_int32, [GroupHandle, c_void_p, c_void_p, c_void_p, c_void_p, POINTER(JobHandle)]),
    "pool_job_wait_for": (c_int32, [JobHandle, c_int64]),
    "pool_job_status": (c_int32, [JobHandle, POINTER(c_int32)]),
    "pool_job_cancel": (c_int32, [JobHandle]),
    "pool_job_release": (c_int32, [JobHandle]),
}

# What Python does without, and why.
UNBOUND = {
    "pool_default": "cannot be destroyed, and so would outlive the interpreter that its threads call",
    "pool_default_configure": "as pool_default",
    "pool_submit": "a Group says which tasks a wait waits for",
    "pool_group_submit": "submit_task is the same with a drop, which every Python task needs",
    "pool_group_submit_after": "submit_task has the delay",
    "pool_group_submit_n": "takes no longer than a loop of submits, most of which is Python's",
    "pool_group_wait": "cannot be interrupted by Ctrl-C; wait_for can",
    "pool_job_wait": "cannot be interrupted by Ctrl-C; wait_for can",
    "pool_job_result": "results stay Python objects",
    "pool_group_jobs": "Job objects are kept by whoever wants them",
    "pool_current_pool": "tasks are closures, which know their pool",
    "pool_current_group": "tasks are closures, which know their group",
}


def _load() -> ctypes.CDLL:
    path = os.environ.get("LIBPOOL_LIBRARY") or SONAME
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(
            f"cannot load {path}: {error}. Install libpool, put its folder into LD_LIBRARY_PATH, or name the file in "
            "LIBPOOL_LIBRARY"
        ) from None
    for name, (restype, argtypes) in PROTOTYPES.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"{path} has no {name}: it is no libpool, or one that is too old") from None
        function.restype = restype
        function.argtypes = argtypes
    return library


lib = _load()
