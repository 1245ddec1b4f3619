# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# reads_cffi.py LIBPOOL_SO PREPROCESSED FUNCTION...: cffi (and so pycparser) reads the declarations of pool.h as they
# are, apart from the attribute in front of each; each function is found in the library, under the type that was read.
import re
import sys

import cffi

library, preprocessed, functions = sys.argv[1], sys.argv[2], sys.argv[3:]
with open(preprocessed, encoding="utf-8") as text:
    declarations = re.sub(r'__attribute__\(\(visibility\("default"\)\)\)', "", text.read())
ffi = cffi.FFI()
ffi.cdef(declarations)
lib = ffi.dlopen(library)
assert len(functions) > 40, functions
for name in functions:
    assert ffi.typeof(getattr(lib, name)).kind == "function", name
assert (ffi.sizeof("pool_t"), ffi.sizeof("pool_options_t"), ffi.sizeof("pool_task_t")) == (8, 128, 72)
assert (lib.POOL_OK, lib.POOL_EINTERNAL, lib.POOL_HELP_ALWAYS) == (0, -13, 3)

ran = []


@ffi.callback("int32_t(void *)")
def append(ctx):
    ran.append(ffi.from_handle(ctx))
    return 0


options = ffi.new("pool_options_t *")
pool, group, task = ffi.new("pool_t *"), ffi.new("pool_group_t *"), ffi.new("pool_task_t *")
assert lib.pool_options_init(options, ffi.sizeof("pool_options_t")) == lib.POOL_OK
assert options.struct_size == ffi.sizeof("pool_options_t")
options.max_workers = 2
assert lib.pool_create(options, pool) == lib.POOL_OK
assert lib.pool_group_create(pool[0], ffi.NULL, group) == lib.POOL_OK
assert lib.pool_task_init(task, ffi.sizeof("pool_task_t")) == lib.POOL_OK
contexts = [ffi.new_handle(number) for number in range(10)]
task.fn = append
for context in contexts:
    task.ctx = context
    assert lib.pool_group_submit_task(group[0], task) == lib.POOL_OK
assert lib.pool_group_wait(group[0]) == lib.POOL_OK
assert sorted(ran) == list(range(10)), ran
assert lib.pool_destroy(pool[0]) == lib.POOL_OK
assert lib.pool_group_wait(group[0]) == lib.POOL_EBADHANDLE
print("libpool", ffi.string(lib.pool_version_string()).decode(), "works")
