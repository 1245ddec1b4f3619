/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 */
#ifndef POOL_BENCH_FIB_H
#define POOL_BENCH_FIB_H

#include <pool/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The n-th Fibonacci number, or -1 if a call to the library failed. Each task has this drop, which may be NULL. */
long fib_from_c(pool_t pool, int n, pool_drop_fn drop);

#ifdef __cplusplus
}
#endif

#endif /* POOL_BENCH_FIB_H */
