// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Probe points for perf, bpftrace and systemtap ("Probes" in src/README.md): an instruction that does nothing, and a
// note that says where it is. There where <sys/sdt.h> was when the library was built.
#pragma once

#if __has_include(<sys/sdt.h>)
#define SDT_USE_VARIADIC  // for STAP_PROBEV
#include <sys/sdt.h>
#define POOL_PROBE(name, ...) STAP_PROBEV(libpool, name, __VA_ARGS__)
#else
#define POOL_PROBE(...) static_cast<void>(0)
#endif
