// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Probe points for perf, bpftrace and systemtap ("Probes" in src/README.md): an instruction that does
// nothing, and a note that says where it is. There where <sys/sdt.h> was when the library was built.
#pragma once

#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define POOL_PROBE1(name, a) DTRACE_PROBE1(libpool, name, a)
#define POOL_PROBE2(name, a, b) DTRACE_PROBE2(libpool, name, a, b)
#define POOL_PROBE3(name, a, b, c) DTRACE_PROBE3(libpool, name, a, b, c)
#else
#define POOL_PROBE1(name, a) static_cast<void>(a)
#define POOL_PROBE2(name, a, b) (static_cast<void>(a), static_cast<void>(b))
#define POOL_PROBE3(name, a, b, c) (static_cast<void>(a), static_cast<void>(b), static_cast<void>(c))
#endif
