# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The ctypes declarations are those of pool.h."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import libpool
from libpool import _native, _options

HEADER = re.sub(r"/\*.*?\*/", "", Path(os.environ["POOL_PREFIX"], "include/pool/pool.h").read_text(), flags=re.S)

STRUCTS = {
    "pool_options_t": _native.PoolOptions,
    "pool_stats_t": _native.PoolStatsStruct,
    "pool_group_options_t": _native.GroupOptions,
    "pool_task_t": _native.TaskStruct,
    "pool_group_stats_t": _native.GroupStatsStruct,
}
VALUES = {
    "pool_t": _native.PoolHandle,
    "pool_group_t": _native.GroupHandle,
    "pool_job_t": _native.JobHandle,
    "pool_timer_t": _native.TimerHandle,
    "pool_status_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int32_t": ctypes.c_int32,
    "uint64_t": ctypes.c_uint64,
    "int64_t": ctypes.c_int64,
    "size_t": ctypes.c_size_t,
}


def expected(declaration: str) -> Any:
    """The ctypes type of "const char *name"."""
    declaration = declaration.replace("const ", "").strip()
    if "char *" in declaration:
        return ctypes.c_char_p
    kind = declaration.split()[0].rstrip("*")
    if kind.endswith("_fn") or kind == "void":
        return ctypes.c_void_p
    value: Any = {**VALUES, **STRUCTS}[kind]
    return ctypes.POINTER(value) if "*" in declaration else value


def test_every_function_is_bound_or_has_a_reason_not_to_be() -> None:
    declared = dict(
        (name, (result, arguments))
        for result, name, arguments in re.findall(r"POOL_API ([^;(]*?)(\w+)\(([^;]*?)\);", HEADER, flags=re.S)
    )
    assert len(declared) > 50
    assert not set(_native.PROTOTYPES) & set(_native.UNBOUND)
    assert set(_native.PROTOTYPES) | set(_native.UNBOUND) == set(declared)
    for name, (restype, argtypes) in _native.PROTOTYPES.items():
        result, arguments = declared[name]
        assert restype is expected(result), name
        assert argtypes == [expected(each) for each in arguments.split(",") if each.strip() != "void"], name


@pytest.mark.parametrize("name", STRUCTS)
def test_structs_have_the_fields_of_the_header(name: str) -> None:
    match = re.search(r"typedef struct \w+ \{([^}]*)\} " + name, HEADER)
    assert match
    fields = [each.strip() for each in match[1].split(";") if each.strip()]
    ours: list[Any] = list(getattr(STRUCTS[name], "_fields_"))
    assert [field[0] for field in ours] == [re.split(r"[ *]", each)[-1] for each in fields]
    for field, each in zip(ours, fields):
        wanted = expected(each)
        # Which pointer it is does not matter in a struct.
        assert field[1] is (ctypes.c_void_p if hasattr(wanted, "contents") else wanted), each


def constants(prefix: str) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(rf"\bPOOL_{prefix}(\w+) = (-?\d+)", HEADER)}


def test_constants_are_those_of_the_header() -> None:
    assert {each.name: each.value for each in libpool.Status if each} == constants("(?=E[A-Z]+ = -)")
    assert {"DEFAULT": 0} | {each.name: each.value for each in libpool.Overflow} == constants("OVERFLOW_")
    assert {"DEFAULT": 0} | {each.name: each.value for each in libpool.Wake} == constants("WAKE_")
    assert {"DEFAULT": 0} | {each.name: each.value for each in libpool.LogLevel} == constants("LOG_")
    assert constants("HELP_")["NEVER"] == _options.HELP_NEVER
    assert constants("SHUTDOWN_") == {"DRAIN": _options.SHUTDOWN_DRAIN, "CANCEL": _options.SHUTDOWN_CANCEL}
    assert constants("PARENT_") == {"NONE": 0, "GROUP": _options.PARENT_GROUP, "CURRENT": _options.PARENT_CURRENT}
    assert f"POOL_FAILURE_TEXT_MAX {_native.FAILURE_TEXT_MAX}\n" in HEADER


def test_every_status_has_its_exception() -> None:
    for status in libpool.Status:
        if status:
            with pytest.raises(libpool.PoolError, match=f"POOL_{status.name}") as caught:
                raise libpool._errors.error(status)
            assert caught.value.status is status


@pytest.mark.parametrize("path, complaint", [("/nowhere/libpool.so", "cannot load"), ("libc.so.6", "has no pool_")])
def test_a_missing_or_wrong_library_is_named(path: str, complaint: str) -> None:
    child = subprocess.run(
        [sys.executable, "-c", "import libpool"],
        env={**os.environ, "LIBPOOL_LIBRARY": path},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.returncode == 1
    assert re.search(f"ImportError: .*{complaint}", child.stderr)
    assert path in child.stderr
