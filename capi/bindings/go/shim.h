/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * What Go cannot say itself: C functions for libpool to call, which call Go, and submits in one crossing. */
#ifndef POOL_GO_SHIM_H
#define POOL_GO_SHIM_H

#include <pool/pool.h>

/* Submits the Go function behind a cgo.Handle. Accepted, the handle is pool_go_run's or pool_go_drop's to delete;
 * refused, it is the caller's. `timeout`: the task's overflow_timeout. */
pool_status_t pool_go_submit(pool_group_t group, uintptr_t task, uint32_t overflow, int64_t timeout);

/* Submits a C function: int32_t fn(void *), void drop(void *) or NULL. */
pool_status_t pool_go_submit_c(pool_group_t group, void* fn, void* ctx, void* drop, size_t copy_size, uint32_t overflow,
                               int64_t timeout);

/* Call fn(ctx), and drop(ctx). */
int32_t pool_go_call(void* fn, void* ctx);
void pool_go_call_drop(void* drop, void* ctx);

/* Whether this thread is inside a task. */
int32_t pool_go_is_inside(void);

/* POOL_EBUSY: the group is not empty, and this thread must not wait here. Inside a task it waits, and helps; elsewhere
 * if `blocking`. */
pool_status_t pool_go_wait(pool_group_t group, int64_t timeout, int32_t blocking);

/* pool_group_notify for pool_go_empty. */
pool_status_t pool_go_notify(pool_group_t group, uintptr_t moment);

/* The options of a pool and a group are large; they are made here, with their sizes. */
pool_options_t pool_go_options(void);
pool_group_options_t pool_go_group_options(void);

#endif
