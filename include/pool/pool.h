/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool.h - libpool's C interface: one bounded pool of worker threads, shared by many groups of tasks.
 *
 * A pool owns worker threads. A group is a virtual pool: it has its own queue, counters and wait, and borrows the
 * threads of its pool. A task is a function and its context, submitted to a group.
 *
 *     pool_t pool;
 *     pool_group_t group;
 *     pool_create(NULL, &pool);
 *     pool_group_create(pool, NULL, &group);
 *     for (int i = 0; i < 3; i++) pool_group_submit(group, work, &part[i]);
 *     pool_status_t outcome = pool_group_wait(group);
 *     pool_group_destroy(group);
 *     pool_destroy(pool);
 *
 * What holds for every function here, unless its own comment says otherwise:
 *
 * - Thread-safety: any thread may call it at any time, races with a destroy of the same object included.
 * - Handles are values. All-zero is never valid. A null, stale or wrong-kind handle gives POOL_EBADHANDLE and touches
 *   nothing. Handles are written through pointers only on success; on failure the output handle is set to zero.
 * - Errors are returned, never kept in a thread-local. On any status but POOL_OK nothing has changed, unless said.
 * - Times are int64_t nanoseconds on the monotonic clock. A time-out is relative to the call; <= 0 polls; INT64_MAX is
 *   for ever; sums saturate. Sizes are bytes.
 * - Option structs start with struct_size and are filled by their _init function; 0 in a field means its default.
 * - Strings are NUL-terminated bytes, copied by the library.
 * - No function is async-signal-safe. None may be called in a child of fork() on a handle of the parent.
 * - C++: functions are not noexcept. A C++ exception that leaves a task is caught and counted as its failure; only the
 *   forced unwinding of pthread_exit() or a cancellation passes through, out of the waits that run tasks.
 */
#ifndef POOL_POOL_H
#define POOL_POOL_H

#include <stddef.h>
#include <stdint.h>

#include <pool/version.h>

#if defined(__GNUC__)
#define POOL_API __attribute__((visibility("default")))
#else
#define POOL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------------------
 * Status
 */

/* What every function returns: POOL_OK, or one of the negative values below. The values never change. */
typedef int32_t pool_status_t;

enum {
  POOL_OK = 0,
  POOL_EINVAL = -1,     /* an argument or an option is out of its range; the log names the field */
  POOL_EBADHANDLE = -2, /* null, stale or wrong-kind handle */
  POOL_ENOMEM = -3,     /* no memory; nothing has changed */
  POOL_ETHREAD = -4,    /* the system gave no thread */
  POOL_EFULL = -5,      /* refused by the overflow policy */
  POOL_ETIMEDOUT = -6,  /* the time-out is over */
  POOL_ECLOSED = -7,    /* the pool is shutting down, or the object went away during the call */
  POOL_ECANCELED = -8,  /* a task of the group was cancelled before it started */
  POOL_EDEADLK = -9,    /* the call would wait for the very task, drop or pool that it is called from */
  POOL_EFORKED = -10,   /* reserved: the handle belongs to the parent of this process */
  POOL_EBUSY = -11,     /* the group has unfinished tasks */
  POOL_EFAILED = -12,   /* a task of the group failed */
  POOL_EINTERNAL = -13  /* a defect of the library; please report it */
};

/* Returns the name of a status, "POOL_EFULL" for example, or "POOL_UNKNOWN". Static storage. Never blocks.
 * Since 1.0. */
POOL_API const char *pool_status_name(pool_status_t status);

/* Returns one English sentence about a status. Static storage. Never blocks. Since 1.0. */
POOL_API const char *pool_status_str(pool_status_t status);

/* Returns the version of the library that runs: major * 65536 + minor * 256 + patch. POOL_VERSION has the version of
 * the header. Never blocks. Since 1.0. */
POOL_API uint32_t pool_version(void);

/* Returns the version that runs as text, "1.0.0-dev" for example. Static storage. Never blocks. Since 1.0. */
POOL_API const char *pool_version_string(void);

/* ---------------------------------------------------------------------------------------------------------------
 * Handles and callbacks
 */

/* A pool. A value: copy it freely, compare it by `id`. */
typedef struct pool_handle {
  uint64_t id;
} pool_t;

/* A group of one pool. A value. */
typedef struct pool_group_handle {
  uint64_t id;
} pool_group_t;

/* A task. Runs once, on a worker or on a thread that waits for its group. Returns 0 for success, any other value for
 * failure; INT32_MIN to INT32_MIN + 255 belong to the library and count as failures too. May call every function of
 * this header; calls that would wait for the task itself give POOL_EDEADLK. longjmp() out of a task is undefined;
 * pthread_exit() counts as a failure and costs the pool the thread, which it replaces. */
typedef int32_t (*pool_task_fn)(void *ctx);

/* Gives a context back to its owner. Called exactly once for each accepted task that has one, after its run or its
 * cancellation and before its group can be seen empty, on the thread that ran or dropped the task. In it whatever
 * would block gives POOL_EDEADLK, a submit behaves as under POOL_OVERFLOW_REJECT, and nothing may be thrown. */
typedef void (*pool_drop_fn)(void *ctx);

/* ---------------------------------------------------------------------------------------------------------------
 * Pool
 */

/* What a submit does when the pool's queue is full. */
enum {
  POOL_OVERFLOW_DEFAULT = 0, /* what the enclosing object says; POOL_OVERFLOW_BLOCK at the top */
  POOL_OVERFLOW_BLOCK = 1,   /* wait for a free place, first come first served; inside a task of the same pool, run
                                the new task in place instead, or POOL_EFULL at 64 such tasks inside each other */
  POOL_OVERFLOW_REJECT = 2   /* POOL_EFULL, also while other submitters wait for a place */
};

#define POOL_UNBOUNDED UINT32_MAX

typedef struct pool_options {
  uint32_t struct_size;    /* bytes of this struct, set by pool_options_init */
  uint32_t max_workers;    /* most worker threads, 1 to 32,767; default: the CPUs this process may use. Threads are
                              created one at a time, when work is queued and no worker idles */
  uint32_t queue_capacity; /* most accepted tasks that have not started, over all groups: 1 to 10^9, or
                              POOL_UNBOUNDED, which is 10^9 too; default 65,536 */
  uint32_t overflow;       /* POOL_OVERFLOW_*; default POOL_OVERFLOW_BLOCK */
  const char *name;        /* threads are called "name-N", cut to 15 bytes; default "pool" */
} pool_options_t;

/* Fills *options with the defaults. `size` is sizeof(pool_options_t) as the caller was compiled; at most that much is
 * written. Never blocks. Since 1.0.
 * POOL_OK; POOL_EINVAL: options is NULL, or size is under 8, over 4,096 or not a multiple of 4. */
POOL_API pool_status_t pool_options_init(pool_options_t *options, size_t size);

/* Makes a pool. No thread is started before the first submit. `options` may be NULL for the defaults and is not kept.
 * Writes the handle to *pool; the caller ends it with pool_destroy. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: pool is NULL, or an option is out of range (the log names it); POOL_ENOMEM: no memory, or
 * 1,024 pools are alive. */
POOL_API pool_status_t pool_create(const pool_options_t *options, pool_t *pool);

/* How pool_shutdown treats tasks that have not started. */
enum {
  POOL_SHUTDOWN_DRAIN = 1, /* run them */
  POOL_SHUTDOWN_CANCEL = 2 /* drop them; their groups' waits say POOL_ECANCELED */
};

/* Closes the pool to everybody but its own tasks (others, blocked submitters included, get POOL_ECLOSED), then waits
 * until every accepted task is finished and ends the threads. May be called again, with either mode, from several
 * threads. `timeout` in ns; <= 0 only closes and is allowed everywhere. Blocks up to `timeout`. Since 1.0.
 * POOL_OK: everything is finished; POOL_ETIMEDOUT: not yet, the pool stays closed, call again; POOL_EINVAL: unknown
 * mode; POOL_EDEADLK: timeout > 0 from one of the pool's own tasks or from any drop; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_shutdown(pool_t pool, int32_t mode, int64_t timeout);

/* Ends a pool: pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, INT64_MAX), then frees it. Its groups end with it; threads
 * that wait for them return. Of several calls at once one succeeds. Blocks until all tasks are finished. Since 1.0.
 * POOL_OK; POOL_EDEADLK: called from one of the pool's own tasks or from any drop; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_destroy(pool_t pool);

typedef struct pool_stats_values {
  uint32_t struct_size;   /* bytes written by the library */
  uint32_t workers;       /* threads now */
  uint32_t workers_idle;  /* of these, parked */
  uint32_t workers_peak;  /* most threads at once so far */
  uint64_t queued;        /* accepted and not started, over all groups */
  uint64_t running;       /* started and not finished, those run by waiters included */
} pool_stats_t;

/* Writes what the pool is doing now to *stats. Each field is right for some moment during the call. `size` is
 * sizeof(pool_stats_t) as the caller was compiled; at most that much is written. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: stats is NULL, or size is under 8, over 4,096 or not a multiple of 4; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_stats(pool_t pool, pool_stats_t *stats, size_t size);

/* ---------------------------------------------------------------------------------------------------------------
 * Group
 */

typedef struct pool_group_options {
  uint32_t struct_size; /* bytes of this struct, set by pool_group_options_init */
  uint32_t overflow;    /* POOL_OVERFLOW_*; default: what the pool says */
} pool_group_options_t;

/* Fills *options with the defaults, as pool_options_init does. Never blocks. Since 1.0.
 * POOL_OK; POOL_EINVAL: options is NULL, or size is under 8, over 4,096 or not a multiple of 4. */
POOL_API pool_status_t pool_group_options_init(pool_group_options_t *options, size_t size);

/* Makes a group of a pool; cheap enough for one per message. `options` may be NULL for the defaults and is not kept.
 * Writes the handle to *group; the caller ends it with pool_group_destroy or pool_group_detach, or with its pool. Does
 * not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: group is NULL, or an option is out of range; POOL_ENOMEM: no memory, or 1,048,576 groups are
 * alive; POOL_ECLOSED: the pool is shutting down; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_create(pool_t pool, const pool_group_options_t *options, pool_group_t *group);

/* Submits fn(ctx) to a group. The order in which tasks start is unspecified. The context stays the caller's; it has to
 * live until the task has run. Blocks only under POOL_OVERFLOW_BLOCK, while the pool's queue is full. May create a
 * worker thread. Since 1.0.
 * POOL_OK: the task will run; else it will not: POOL_EINVAL: fn is NULL; POOL_EFULL: refused by the overflow policy;
 * POOL_ENOMEM; POOL_ETHREAD: the pool has no thread and the system gives none; POOL_ECLOSED: the pool is shutting
 * down; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_submit(pool_group_t group, pool_task_fn fn, void *ctx);

/* The most bytes of context that a submit copies. */
#define POOL_TASK_COPY_MAX 48

typedef struct pool_task {
  uint32_t struct_size; /* bytes of this struct, set by pool_task_init */
  uint32_t overflow;    /* POOL_OVERFLOW_*; default: what the group says */
  pool_task_fn fn;      /* required */
  void *ctx;            /* what fn and drop are called with; with copy_size, what is copied */
  pool_drop_fn drop;    /* gives the context back; NULL: nothing to do. Not called if the submit is refused */
  uint64_t copy_size;   /* 0: fn gets ctx itself. 1 to POOL_TASK_COPY_MAX: that many bytes are copied from ctx, and fn
                           and drop get the copy, aligned to 16 and gone after drop */
} pool_task_t;

/* Fills *task with the defaults, as pool_options_init does. Never blocks. Since 1.0.
 * POOL_OK; POOL_EINVAL: task is NULL, or size is under 8, over 4,096 or not a multiple of 4. */
POOL_API pool_status_t pool_task_init(pool_task_t *task, size_t size);

/* Submits *task, which is not kept. After POOL_OK the library owns the context and calls drop exactly once; after any
 * other status it is still the caller's. Otherwise as pool_group_submit. Since 1.0.
 * POOL_OK; POOL_EINVAL: task or its fn is NULL, a field is out of range, or ctx is NULL with copy_size; POOL_EFULL;
 * POOL_ENOMEM; POOL_ETHREAD; POOL_ECLOSED; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_submit_task(pool_group_t group, const pool_task_t *task);

/* Submits fn(ctxs[0]) to fn(ctxs[count - 1]), in this order, until one is refused. Writes how many were accepted to
 * *accepted, also on failure; `drop` (may be NULL) belongs to that prefix only. `accepted` may be NULL. Otherwise as
 * pool_group_submit. Since 1.0.
 * POOL_OK: all were accepted; else the status of the first that was not: POOL_EINVAL: fn is NULL, or ctxs is NULL with
 * count > 0; POOL_EFULL; POOL_ENOMEM; POOL_ETHREAD; POOL_ECLOSED; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_submit_n(pool_group_t group, pool_task_fn fn, void *const *ctxs, size_t count,
                                           pool_drop_fn drop, size_t *accepted);

/* Waits until the group is empty: until the first moment after the call when nothing submitted to it is queued or
 * running, tasks submitted by its tasks included. Meanwhile the calling thread runs tasks of this group, never of
 * another one. Several threads may wait; the group may be used again afterwards. Everything that the tasks did
 * happens before the return. Blocks. Since 1.0.
 * POOL_OK: every task since the group was made succeeded; POOL_EFAILED: one failed; POOL_ECANCELED: none failed but
 * one was dropped; POOL_EDEADLK: a task of this group is on this thread's own stack, or called from a drop;
 * POOL_ECLOSED: the group was destroyed or detached meanwhile; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_wait(pool_group_t group);

/* As pool_group_wait, for `timeout` ns at most. Runs tasks of the group only when called from inside a task, so that
 * elsewhere a time-out is one. Blocks up to `timeout`. Since 1.0.
 * POOL_ETIMEDOUT: not empty in time; else as pool_group_wait. */
POOL_API pool_status_t pool_group_wait_for(pool_group_t group, int64_t timeout);

/* Says whether the group is empty, and how its tasks ended. Never blocks, never runs a task. Since 1.0.
 * POOL_EBUSY: it has unfinished tasks; POOL_OK, POOL_EFAILED or POOL_ECANCELED: it is empty, as pool_group_wait (what
 * the tasks did happens before the return); POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_poll(pool_group_t group);

/* Waits for the group's unfinished tasks as pool_group_wait does, then ends the group, so that contexts on the
 * caller's stack are safe. Blocks. Since 1.0.
 * POOL_OK: ended, however its tasks ended; POOL_EDEADLK: a task of this group is on this thread's own stack, or
 * called from a drop while tasks are unfinished; POOL_ECLOSED: somebody else ended it meanwhile; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_destroy(pool_group_t group);

/* Lets go of a group at once: the handle ends, the tasks carry on, and the pool's shutdown waits for them. Threads
 * that wait for the group get POOL_ECLOSED. Does not block. Since 1.0.
 * POOL_OK; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_detach(pool_group_t group);

typedef struct pool_group_stats_values {
  uint32_t struct_size; /* bytes written by the library */
  uint32_t reserved;    /* 0 */
  uint64_t submitted;   /* accepted since the group was made */
  uint64_t succeeded;   /* ran and returned 0 */
  uint64_t failed;      /* ran and did not */
  uint64_t cancelled;   /* dropped before they started */
  uint64_t queued;      /* not started yet: a gauge */
  uint64_t running;     /* started and not finished: a gauge */
} pool_group_stats_t;

/* Writes the group's counters to *stats. The first four never fall and are exact while the group is empty; the gauges
 * are right for some moment during the call. `size` as in pool_stats. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: stats is NULL, or size is under 8, over 4,096 or not a multiple of 4; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_stats(pool_group_t group, pool_group_stats_t *stats, size_t size);

/* The most bytes of text that a failure keeps, the final NUL included. */
#define POOL_FAILURE_TEXT_MAX 128

/* Writes the group's first failure: its code to *code (0: no task has failed) and its text to text[0] to
 * text[text_size - 1], cut and always ended with NUL. `code` may be NULL; `text` may be NULL if text_size is 0. An
 * escaped C++ exception has code INT32_MIN + 1 and its what() as text; pthread_exit() has INT32_MIN + 2. Does not
 * block. Since 1.0.
 * POOL_OK; POOL_EINVAL: text is NULL and text_size is not 0; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_failure(pool_group_t group, int32_t *code, char *text, size_t text_size);

/* From inside a task: makes it a failure with this code, whatever it returns, and keeps `text` (may be NULL; cut to
 * POOL_FAILURE_TEXT_MAX) for pool_group_failure. The last call in a task counts. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: code is 0 or the library's (INT32_MIN to INT32_MIN + 255), or called outside a task. */
POOL_API pool_status_t pool_task_set_failure(int32_t code, const char *text);

#ifdef __cplusplus
}
#endif

#endif /* POOL_POOL_H */
