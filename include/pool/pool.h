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
 * What holds for every function here, unless it says otherwise itself:
 *
 * - Thread-safety: any thread may call it at any time, races with a destroy of the same object included.
 * - Handles are values. All-zero is never valid. A null, stale or wrong-kind handle gives POOL_EBADHANDLE and touches
 *   nothing. Handles are written through pointers only on success; on failure the output handle is set to zero.
 * - Errors are returned, never kept in a thread-local. On any status but POOL_OK nothing has changed, unless said.
 * - Times are int64_t nanoseconds on the monotonic clock. A time-out is relative to the call; <= 0 polls; INT64_MAX is
 *   for ever; sums saturate. Sizes are bytes.
 * - Option structs start with struct_size and are filled by their _init function; 0 in a field means its default.
 * - Strings are NUL-terminated bytes, copied by the library.
 * - No function is async-signal-safe.
 * - In a child of fork() the parent's handles give POOL_EFORKED, whatever the call; pool_create, pool_default and the
 *   pure functions work there, and nothing of the parent's is run or dropped.
 * - Inside a drop, a notification, a hook, or a thread-local destructor of a worker, whatever would block gives
 *   POOL_EDEADLK, a submit behaves as under POOL_OVERFLOW_REJECT, and nothing may be thrown.
 * - C++: functions are not noexcept. A C++ exception that leaves a task is caught and counted as its failure; only the
 *   forced unwinding of pthread_exit() or a cancellation passes through, out of the waits that run tasks.
 *
 * What parameters mean, by their names; more is said by the functions:
 *
 *   pool, group, job, timer       a handle
 *   *pool, *group, *job, *timer   written: a handle; all zero on failure
 *   options, task                 read, not kept; NULL only where it says so
 *   *options, *task, *stats       a struct of the caller's, to be filled
 *   histogram                     read
 *   *histogram                    a struct of the caller's, to be filled
 *   size, text_size               bytes that there are to be filled
 *   text                          bytes that end with NUL, copied
 *   *text                         memory of the caller's, to be filled with bytes that end with NUL
 *   *length                       written: bytes, without the NUL; NULL: not wanted
 *   fn                            what is called
 *   ctx                           what fn is called with, may be NULL; the caller's, unless a drop takes it
 *   ctxs                          an array of such, which is not kept
 *   drop, drop_result             gives a context, or a result, back to its owner; NULL: there is nothing to do
 *   *jobs                         an array of the caller's, to be filled with handles
 *   count, capacity               elements of the array; turns of the loop
 *   *count                        written: elements that there are
 *   *accepted                     written: tasks that were accepted; NULL: not wanted
 *   *result                       written: what the job left, the caller's from now on
 *   grain                         turns
 *   code, outcome                 what a task returns: 0 is success
 *   *code                         written: what the task returned; NULL: not wanted
 *   status                        any number
 *   timeout, delay                ns from the call on; <= 0: at once; INT64_MAX: for ever
 *   min_workers, max_workers      threads, as in pool_options_t
 *   mode                          POOL_SHUTDOWN_*
 *   which                         POOL_HISTOGRAM_*
 *   percent                       0 to 100; beyond, the nearest of them
 *   bucket                        an index of the buckets of pool_histogram_t
 *   every                         tasks of which one is timed
 *   fd                            a file descriptor, which stays the caller's
 *   path                          a file's name, not kept
 *   *dropped                      written: events that there was no room for; NULL: not wanted
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
  POOL_OK = 0,          /* success */
  POOL_EINVAL = -1,     /* an argument or an option is out of its range; the log names the field */
  POOL_EBADHANDLE = -2, /* null, stale or wrong-kind handle */
  POOL_ENOMEM = -3,     /* no memory; nothing has changed */
  POOL_ETHREAD = -4,    /* the system gave no thread */
  POOL_EFULL = -5,      /* refused by the overflow policy */
  POOL_ETIMEDOUT = -6,  /* the time-out is over */
  POOL_ECLOSED = -7,    /* the pool is shutting down, or the object went away during the call */
  POOL_ECANCELED = -8,  /* a task of the group was cancelled before it started */
  POOL_EDEADLK = -9,    /* the call would wait for the very task, drop or pool that it is called from */
  POOL_EFORKED = -10,   /* the handle belongs to the parent of this process */
  POOL_EBUSY = -11,     /* the object is in use: unfinished tasks, waiting threads, or the default pool */
  POOL_EFAILED = -12,   /* a task of the group failed or was discarded */
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
  uint64_t id; /* never 0 in a valid one */
} pool_t;

/* A group of one pool. A value. */
typedef struct pool_group_handle {
  uint64_t id; /* never 0 in a valid one */
} pool_group_t;

/* A job: a task whose outcome somebody wants to have. A value. */
typedef struct pool_job_handle {
  uint64_t id; /* never 0 in a valid one */
} pool_job_t;

/* A task that waits for its time, in place of a thread that does: one that was submitted with a delay, or that has
 * handed itself back. A value; over as soon as the task starts, or goes on, for good. */
typedef struct pool_timer_handle {
  uint64_t id; /* never 0 in a valid one */
} pool_timer_t;

/* A task. Runs once, on a worker or on a thread that waits for its group; again if it hands itself back
 * (pool_task_again_after). Returns 0 for success, any other value for failure; INT32_MIN to INT32_MIN + 255 belong to
 * the library and count as failures too. May call every function of this header; calls that would wait for the task
 * itself give POOL_EDEADLK. longjmp() out of a task is undefined; pthread_exit() counts as a failure and costs the pool
 * the thread, which it replaces; the drop of a task that did so must not do it again. */
typedef int32_t (*pool_task_fn)(void *ctx);

/* Gives a context back to its owner. Called exactly once for each accepted task that has one, after its run, its
 * cancellation or its discard and before its group can be seen empty, on the thread that ran or dropped the task. */
typedef void (*pool_drop_fn)(void *ctx);

/* One turn of a loop, for pool_group_apply: 0 is success, other values as for pool_task_fn. */
typedef int32_t (*pool_apply_fn)(void *ctx, uint64_t index);

/* A job: as pool_task_fn; on success it may leave a result in *result, which is NULL before. */
typedef int32_t (*pool_job_fn)(void *ctx, void **result);

/* A notification that a group is empty, and how its tasks ended: POOL_OK, POOL_EFAILED or POOL_ECANCELED, as a wait
 * would say. */
typedef void (*pool_notify_fn)(void *ctx, pool_status_t outcome);

/* A hook of a worker thread. */
typedef void (*pool_hook_fn)(void *user);

/* Takes a line of the log: its level, one of POOL_LOG_*, and its text without a newline, gone after the call. From any
 * thread, several at a time. Must not call libpool. */
typedef void (*pool_log_fn)(void *user, int32_t level, const char *message);

/* ---------------------------------------------------------------------------------------------------------------
 * Pool
 */

/* What a submit does at a bound: when the group's or the pool's queue is full. */
enum {
  POOL_OVERFLOW_DEFAULT = 0,        /* what the enclosing object says (group, pool); POOL_OVERFLOW_BLOCK at the top */
  POOL_OVERFLOW_BLOCK = 1,          /* wait for a free place, first come first served, for overflow_timeout at most
                                       (POOL_ETIMEDOUT); inside a task of the same pool as POOL_OVERFLOW_CALLER_RUNS */
  POOL_OVERFLOW_REJECT = 2,         /* POOL_EFULL, also while other submitters wait for a place */
  POOL_OVERFLOW_CALLER_RUNS = 3,    /* run the task in place, on the calling thread; POOL_EFULL if its group has no free
                                       place for a running task, or at 64 such tasks inside each other */
  POOL_OVERFLOW_DISCARD_OLDEST = 4, /* drop the oldest task of the same group that has not started; POOL_EFULL if there
                                       is none */
  POOL_OVERFLOW_DISCARD_NEWEST = 5  /* accept the task and drop it */
};

/* Whether a queued task wakes an idle worker at once. */
enum {
  POOL_WAKE_DEFAULT = 0, /* POOL_WAKE_THRIFTY */
  POOL_WAKE_THRIFTY = 1, /* not while another worker is awake and searches, and so is sure to look next */
  POOL_WAKE_EAGER = 2    /* always */
};

/* Whether a wait runs tasks of its group meanwhile. Inside a task it always does: nested waits could not finish on a
 * full pool otherwise. */
enum {
  POOL_HELP_DEFAULT = 0, /* what the enclosing object says; POOL_HELP_UNTIMED at the top */
  POOL_HELP_NEVER = 1,   /* in no wait */
  POOL_HELP_UNTIMED = 2, /* in waits without a time-out, so that a time-out is one */
  POOL_HELP_ALWAYS = 3   /* in all waits */
};

/* What a line of the log is; as an option, the least that is told. */
enum {
  POOL_LOG_DEFAULT = 0, /* POOL_LOG_WARNING */
  POOL_LOG_INFO = 1,    /* a queue is full, a burst begins or is over */
  POOL_LOG_WARNING = 2, /* something could not be done: a thread was not created, a callback threw */
  POOL_LOG_ERROR = 3,   /* an argument or an option is out of its range */
  POOL_LOG_OFF = 4      /* nothing is told */
};

/* The most as a queue_capacity: 10^9. */
#define POOL_UNBOUNDED UINT32_MAX

/* What pool_create makes. In times 0 is the default, a negative one none at all, INT64_MAX for ever. */
typedef struct pool_options {
  uint32_t struct_size;         /* bytes of this struct, set by pool_options_init */
  uint32_t min_workers;         /* threads that are kept even when idle, at most max_workers; default 0 */
  uint32_t max_workers;         /* most threads, 1 to 32,767; default: the CPUs this process may use, by affinity and
                                   control groups. Threads are created one at a time, when work is queued and no worker
                                   idles */
  uint32_t burst_workers;       /* further threads for a while, see burst_delay and pool_blocking_begin; with
                                   max_workers 32,767 at most; default 0 */
  uint32_t prestart;            /* 1: pool_create starts min_workers threads, or fails */
  uint32_t queue_capacity;      /* most accepted tasks that have not started, over all groups: 1 to 10^9, or
                                   POOL_UNBOUNDED, which is 10^9 too; default 65,536 */
  uint32_t overflow;            /* POOL_OVERFLOW_*; default POOL_OVERFLOW_BLOCK */
  uint32_t wake_policy;         /* POOL_WAKE_*; default POOL_WAKE_THRIFTY */
  uint32_t help;                /* POOL_HELP_*; default POOL_HELP_UNTIMED */
  uint32_t log_level;           /* the least level that is told, POOL_LOG_*; default POOL_LOG_WARNING */
  int64_t overflow_timeout;     /* ns that POOL_OVERFLOW_BLOCK waits; default for ever */
  int64_t idle_timeout;         /* ns after which an idle thread above min_workers leaves; default 10 s */
  int64_t burst_delay;          /* ns that queued tasks wait, without any task being started, before a burst thread is
                                   created; at most twice as many again per further delay. They leave as soon as they
                                   idle, unless tasks use pool_blocking_begin. Default 10 ms */
  uint64_t stack_size;          /* bytes of a worker's stack, at least the system's PTHREAD_STACK_MIN; default: what the
                                   system gives. Where a queue is full tasks run in place, up to 64 within each
                                   other: that takes some 80 KiB beside what they need themselves */
  const char *name;             /* threads are called "name-N", cut to 15 bytes; default "pool" */
  pool_hook_fn on_thread_start; /* on each worker before its first task; may be NULL */
  pool_hook_fn on_thread_stop;  /* on each worker after its last task; may be NULL */
  void *hook_user;              /* what both hooks are called with */
  pool_log_fn log;              /* takes the pool's log; default: standard error */
  void *log_user;               /* what it is called with */
  uint64_t timing;              /* one task in so many is timed, 1 to 2^32 - 1: how long it waits and runs
                                   (pool/insight.h), and how old the queue is; default: none */
} pool_options_t;

/* Fills *options with the defaults. `size` is sizeof(pool_options_t) as the caller was compiled; at most that much is
 * written. Never blocks. Since 1.0.
 * POOL_OK; POOL_EINVAL: options is NULL, or size is under 8, over 4,096 or not a multiple of 4. */
POOL_API pool_status_t pool_options_init(pool_options_t *options, size_t size);

/* Makes a pool. Without `prestart` no thread is started before the first submit. `options` may be NULL for the defaults
 * and is not kept. Writes the handle to *pool; the caller ends it with pool_destroy. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: pool is NULL, or an option is out of range (the log names it); POOL_ENOMEM: no memory, or
 * 1,024 pools are alive; POOL_ETHREAD: the system gave not all threads of `prestart`, and none is left. */
POOL_API pool_status_t pool_create(const pool_options_t *options, pool_t *pool);

/* Writes the default pool to *pool, which the first call makes: with the options of pool_default_configure, or the
 * defaults. It lives until the process ends; shutting it down is allowed, destroying it is not. Does not block. Since
 * 1.0.
 * POOL_OK; POOL_EINVAL: pool is NULL; and as pool_create. */
POOL_API pool_status_t pool_default(pool_t *pool);

/* Says how the default pool will be made. `options` is not kept, its name is copied, and what its hooks and log are
 * called with has to stay. May be called again until the first pool_default. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: options is NULL, or one is out of range (the log names it); POOL_EBUSY: the default pool is
 * made already; POOL_ENOMEM. */
POOL_API pool_status_t pool_default_configure(const pool_options_t *options);

/* Changes how many workers a running pool has. 0 as max_workers is the default. Threads beyond the new bounds leave
 * when their tasks are finished; with `prestart` missing ones up to min_workers are started. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: out of range, or min_workers > max_workers; POOL_ETHREAD: the system gave not all threads, and
 * the bounds are as before; POOL_ECLOSED: the pool is shutting down; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_resize(pool_t pool, uint32_t min_workers, uint32_t max_workers);

/* As pool_group_submit, to a group that the pool owns. Blocks as pool_group_submit does. Since 1.0.
 * POOL_OK; POOL_ENOMEM: also if 1,048,576 groups are alive; and as pool_group_submit. */
POOL_API pool_status_t pool_submit(pool_t pool, pool_task_fn fn, void *ctx);

/* How pool_shutdown treats tasks that have not started. */
enum {
  POOL_SHUTDOWN_DRAIN = 1, /* run them */
  POOL_SHUTDOWN_CANCEL = 2 /* drop them; their groups' waits say POOL_ECANCELED */
};

/* Closes the pool to everybody but its own tasks (others, blocked submitters included, get POOL_ECLOSED), then waits
 * until every accepted task is finished and ends the threads. May be called again, with either mode, from several
 * threads. Suspended groups are resumed. `timeout` in ns; <= 0 only closes and is allowed everywhere. Blocks up to
 * `timeout`. Since 1.0.
 * POOL_OK: everything is finished; POOL_ETIMEDOUT: not yet, the pool stays closed, call again; POOL_EINVAL: unknown
 * mode; POOL_EDEADLK: timeout > 0 from one of the pool's own tasks or from any drop; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_shutdown(pool_t pool, int32_t mode, int64_t timeout);

/* Ends a pool: pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, INT64_MAX), then frees it. Its groups end with it; threads
 * that wait for them return. A trace of it ends, too, and its file is written (the log says if that fails). Of several
 * calls at once one succeeds. Blocks until all tasks are finished. Since 1.0.
 * POOL_OK; POOL_EDEADLK: called from one of the pool's own tasks or from any drop; POOL_EBUSY: it is the default pool;
 * POOL_EBADHANDLE. */
POOL_API pool_status_t pool_destroy(pool_t pool);

/* What pool_stats writes. */
typedef struct pool_stats_values {
  uint32_t struct_size;   /* bytes written by the library */
  uint32_t workers;       /* threads now */
  uint32_t workers_idle;  /* of these, parked */
  uint32_t workers_peak;  /* most threads at once so far */
  uint64_t queued;        /* accepted and not started, over all groups */
  uint64_t running;       /* started and not finished, those run by waiters included */
  uint64_t workers_created; /* threads so far */
  uint64_t workers_left;    /* of these, gone again: idle for too long, after a burst, by pool_resize */
  uint64_t blocked;         /* submits that stood in line at a bound, so far */
  uint64_t rejected;        /* submits that gave POOL_EFULL, so far */
  uint64_t caller_runs;     /* tasks that were run in place of a queue place, so far */
  uint64_t discarded;       /* tasks that were discarded at a bound, so far */
  uint64_t workers_blocked; /* of the threads now, inside pool_blocking_begin */
  uint64_t workers_burst;   /* of the threads now, more than max_workers */
  uint64_t finished;        /* tasks that are over, so far */
  uint64_t failed;          /* of these, failed */
  uint64_t cancelled;       /* of these, were cancelled before they started */
  uint64_t helps;           /* of these, were run by threads that wait */
  uint64_t wakes;           /* threads that were woken since there was work, so far */
  uint64_t steals;          /* tasks that a thread had claimed and another one took over, so far */
  int64_t longest_run;      /* ns that a worker has been at the same task, or at a row of quick ones of one group */
  int64_t oldest_wait;      /* ns that the oldest task in a queue has waited, at most; 0 without pool_options_t.timing */
} pool_stats_t;

/* Writes what the pool is doing now to *stats. Each field is right for some moment during the call. `size` is
 * sizeof(pool_stats_t) as the caller was compiled; at most that much is written. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: stats is NULL, or size is under 8, over 4,096 or not a multiple of 4; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_stats(pool_t pool, pool_stats_t *stats, size_t size);

/* ---------------------------------------------------------------------------------------------------------------
 * Group
 */

/* Which group a new one is a child of. */
enum {
  POOL_PARENT_NONE = 0,   /* none */
  POOL_PARENT_GROUP = 1,  /* the one in `parent`, of the same pool */
  POOL_PARENT_CURRENT = 2 /* that of the task that makes the group; none outside a task of the same pool, or if that
                             group is detached */
};

/* What pool_group_create makes. */
typedef struct pool_group_options {
  uint32_t struct_size;     /* bytes of this struct, set by pool_group_options_init */
  uint32_t overflow;        /* POOL_OVERFLOW_*; default: what the pool says */
  uint32_t queue_capacity;  /* most accepted tasks of this group that have not started, 1 to 10^9, besides the pool's
                               bound; default none */
  uint32_t max_concurrency; /* most tasks of this group that run at once, waiters included; default none. 1 makes a
                               serial queue: in the order of their submits, each happens before the next */
  uint32_t weight;          /* share of the workers' time among groups that have work, 1 to 1,000; default 1 */
  uint32_t help;            /* POOL_HELP_*; default: what the pool says */
  uint32_t fail_fast;       /* 1: the first failure cancels the group, as pool_group_cancel does */
  uint32_t keep_jobs;       /* 1: the group lists its jobs until it is reset, see pool_group_jobs */
  uint32_t parent_kind;     /* POOL_PARENT_*; default POOL_PARENT_NONE. A wait for the parent runs tasks of the child,
                               but does not wait for them; cancelling the parent cancels the child */
  uint32_t limit_counts_suspended; /* 1: a task that has handed itself back keeps its place of max_concurrency; 0: it
                                      has to get one again before it goes on */
  int64_t overflow_timeout; /* ns that POOL_OVERFLOW_BLOCK waits, negative: not at all; default: what the pool says */
  pool_group_t parent;      /* for POOL_PARENT_GROUP */
  const char *name;         /* for people who look into the pool, cut to 31 bytes; default "" */
} pool_group_options_t;

/* Fills *options with the defaults, as pool_options_init does. Never blocks. Since 1.0.
 * POOL_OK; POOL_EINVAL: options is NULL, or size is under 8, over 4,096 or not a multiple of 4. */
POOL_API pool_status_t pool_group_options_init(pool_group_options_t *options, size_t size);

/* Makes a group of a pool; cheap enough for one per message. `options` may be NULL for the defaults and is not kept.
 * Writes the handle to *group; the caller ends it with pool_group_destroy or pool_group_detach, or with its pool. A
 * child of a cancelled group is cancelled from the start. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: group is NULL, or an option is out of range (the log names it), or the parent is of another
 * pool; POOL_ENOMEM: no memory, or 1,048,576 groups are alive; POOL_ECLOSED: the pool is shutting down;
 * POOL_EBADHANDLE: also of the parent. */
POOL_API pool_status_t pool_group_create(pool_t pool, const pool_group_options_t *options, pool_group_t *group);

/* Submits fn(ctx) to a group. The order in which tasks start is unspecified, unless the group is a serial queue. The
 * context stays the caller's; it has to live until the task has run. Blocks only under POOL_OVERFLOW_BLOCK, while the
 * group's or the pool's queue is full. May create a worker thread. Since 1.0.
 * POOL_OK: the task is accepted, else it is not; POOL_EINVAL: fn is NULL; POOL_EFULL: refused by the overflow policy;
 * POOL_ETIMEDOUT: no place within overflow_timeout; POOL_ECANCELED: the group is cancelled; POOL_ENOMEM; POOL_ETHREAD:
 * the pool has no thread and the system gives none; POOL_ECLOSED: the pool is shutting down, or the group ended while
 * the call stood in line; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_submit(pool_group_t group, pool_task_fn fn, void *ctx);

/* The most bytes of context that a submit copies. */
#define POOL_TASK_COPY_MAX 48

/* What pool_group_submit_task submits. */
typedef struct pool_task {
  uint32_t struct_size; /* bytes of this struct, set by pool_task_init */
  uint32_t overflow;    /* POOL_OVERFLOW_*; default: what the group says */
  pool_task_fn fn;      /* required */
  void *ctx;            /* what fn and drop are called with; with copy_size, what is copied */
  pool_drop_fn drop;    /* gives the context back; NULL: nothing to do. Not called if the submit is refused */
  uint64_t copy_size;   /* 0: fn gets ctx itself. 1 to POOL_TASK_COPY_MAX: that many bytes are copied from ctx, and fn
                           and drop get the copy, aligned to 16 and gone after drop */
  int64_t overflow_timeout; /* ns that POOL_OVERFLOW_BLOCK waits, negative: not at all; default: what the group says */
  int64_t delay;            /* ns after which it may start; 0 and less: at once; INT64_MAX: when it is fired */
  int64_t start_at;         /* the same as a time of CLOCK_MONOTONIC, in ns; 0: `delay` says. Not both */
  pool_timer_t *timer;      /* where to write a handle for pool_timer_cancel and pool_timer_fire; NULL: none */
} pool_task_t;

/* Fills *task with the defaults, as pool_options_init does. Never blocks. Since 1.0.
 * POOL_OK; POOL_EINVAL: task is NULL, or size is under 8, over 4,096 or not a multiple of 4. */
POOL_API pool_status_t pool_task_init(pool_task_t *task, size_t size);

/* Submits a task with all that can be said of one; *task is not kept. After POOL_OK the library owns the context and
 * calls drop exactly once; after any other status it is still the caller's. With a delay the task is its group's from
 * now on, queued as any other, and takes a place until it starts: never early, seldom more than 0.1 ms late if a worker
 * idles. Under POOL_OVERFLOW_CALLER_RUNS one with a delay is refused at the bound. Otherwise as pool_group_submit.
 * Blocks as pool_group_submit does. Since 1.0.
 * POOL_OK; POOL_EINVAL: task or its fn is NULL, a field is out of range, ctx is NULL with copy_size, or both delay and
 * start_at are set; POOL_ENOMEM: also if 16,777,216 timers are alive; POOL_ETHREAD: also if the system gives no thread
 * for timers; and as pool_group_submit. */
POOL_API pool_status_t pool_group_submit_task(pool_group_t group, const pool_task_t *task);

/* As pool_group_submit, but the task starts after `delay` ns at the earliest. Writes a handle to *timer, which may be
 * NULL. As pool_group_submit_task with `delay` and `timer`. Blocks as pool_group_submit does. Since 1.0.
 * POOL_OK; POOL_EINVAL: fn is NULL; and as pool_group_submit_task. */
POOL_API pool_status_t pool_group_submit_after(pool_group_t group, int64_t delay, pool_task_fn fn, void *ctx,
                                               pool_timer_t *timer);

/* Drops a task that has a timer and does not run: one that waits for its time, or is due and has not begun. Its drop is
 * called on the calling thread, and its group counts it as cancelled. Does not block. Since 1.0.
 * POOL_OK: it will not run (any more); POOL_EBUSY: it runs, or a worker has claimed it; POOL_EBADHANDLE: also if
 * it has run, or was dropped. */
POOL_API pool_status_t pool_timer_cancel(pool_timer_t timer);

/* Makes a task that waits for its time due now. From any thread; one that is just about to hand itself back goes on at
 * once. Does not block. Since 1.0.
 * POOL_OK, also if it is due already; POOL_EBADHANDLE: also if it has run, or was dropped. */
POOL_API pool_status_t pool_timer_fire(pool_timer_t timer);

/* Submits fn(ctxs[0]) to fn(ctxs[count - 1]), in this order, until one is refused. Writes how many were accepted to
 * *accepted, also on failure; `drop` (may be NULL) belongs to that prefix only. `accepted` may be NULL. Otherwise as
 * pool_group_submit. Blocks as pool_group_submit does. Since 1.0.
 * POOL_OK: all were accepted, else the status of the first that was not; POOL_EINVAL: fn is NULL, or ctxs is NULL with
 * count > 0; and as pool_group_submit. */
POOL_API pool_status_t pool_group_submit_n(pool_group_t group, pool_task_fn fn, void *const *ctxs, size_t count,
                                           pool_drop_fn drop, size_t *accepted);

/* A parallel loop: calls fn(ctx, i) once for each i from 0 to count - 1, in tasks of this group that take `grain` turns
 * at a time (0: the library chooses), and returns when all are over. The calling thread runs tasks of the group
 * meanwhile. A turn that fails does not stop the others, unless the group is fail-fast. How many tasks it takes, and so
 * what it adds to the counters, is unspecified. Blocks. Since 1.0.
 * POOL_OK: all turns succeeded; POOL_EFAILED: one failed; POOL_ECANCELED: none failed, but some were never made, since
 * the group was cancelled; POOL_EINVAL: fn is NULL; POOL_EDEADLK: called from a drop, a notification or a hook; and as
 * pool_group_submit, with no turn made. */
POOL_API pool_status_t pool_group_apply(pool_group_t group, uint64_t count, uint64_t grain, pool_apply_fn fn, void *ctx);

/* Counts a task of this group that is done elsewhere: submitted and running until pool_group_leave. Takes no place
 * in the pool's queue and no place of max_concurrency; while tasks before it wait, one of the group's own
 * queue_capacity. Does not block. Since 1.0.
 * POOL_OK: until pool_group_leave the group is not empty; POOL_ECANCELED: the group is cancelled; POOL_ENOMEM;
 * POOL_ETHREAD: the pool has no thread and the system gives none; POOL_ECLOSED: the pool is shutting down;
 * POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_enter(pool_group_t group);

/* Ends what pool_group_enter began, on any thread, after a pool_group_detach too: `outcome` is what a pool_task_fn
 * would have returned. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: nobody is inside; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_leave(pool_group_t group, int32_t outcome);

/* Waits until the group is empty: until the first moment after the call when nothing submitted to it is queued or
 * running, tasks submitted by its tasks included. Meanwhile the calling thread runs tasks of this group and of its
 * children (see POOL_HELP_*), never of another one. Several threads may wait; the group may be used again
 * afterwards. Everything that the tasks did happens before the return. Blocks. Since 1.0.
 * POOL_OK: every task since the group was made or reset succeeded; POOL_EFAILED: one failed or was discarded;
 * POOL_ECANCELED: none of these but one was cancelled; POOL_EDEADLK: a task of this group is on this thread's own
 * stack, or called from a drop, a notification or a hook; POOL_ECLOSED: the group was destroyed or detached
 * meanwhile; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_wait(pool_group_t group);

/* As pool_group_wait, for `timeout` ns at most. Outside a task it runs tasks only under POOL_HELP_ALWAYS, so that
 * elsewhere a time-out is one. Blocks up to `timeout`. Since 1.0.
 * POOL_ETIMEDOUT: not empty in time; else as pool_group_wait. */
POOL_API pool_status_t pool_group_wait_for(pool_group_t group, int64_t timeout);

/* Says whether the group is empty, and how its tasks ended. Never blocks, never runs a task. Since 1.0.
 * POOL_EBUSY: it has unfinished tasks; POOL_OK, POOL_EFAILED or POOL_ECANCELED: it is empty, as pool_group_wait (what
 * the tasks did happens before the return); POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_poll(pool_group_t group);

/* Ends a group: waits for its unfinished tasks as pool_group_wait does, and for its notifications, then ends it, so
 * that contexts on the caller's stack are safe. From the group's own notification: ends it when that returns, as
 * pool_group_detach does. Blocks. Since 1.0.
 * POOL_OK: ended, however its tasks ended; POOL_EDEADLK: a task of this group is on this thread's own stack, or
 * called from a drop, a notification or a hook while tasks are unfinished; POOL_ECLOSED: somebody else ended it
 * meanwhile; POOL_EBUSY: it is the pool's own, of pool_submit; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_destroy(pool_group_t group);

/* Lets go of a group at once: the handle ends, the tasks carry on, a suspended group is resumed, notifications
 * come, and the pool's shutdown waits for all of it. Threads that wait for the group get POOL_ECLOSED. From the
 * group's own notification it takes effect when that returns. Does not block. Since 1.0.
 * POOL_OK; POOL_EBUSY: it is the pool's own, of pool_submit; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_detach(pool_group_t group);

/* Calls fn(ctx, outcome) when the group is next empty, once, on a worker, after the last drop; at once if it is empty.
 * The outcome is that of the moment at which fn is called. It is no task of the group: waits do not wait for it,
 * pool_group_destroy does. Each call adds one notification; several may run at the same time. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: fn is NULL; POOL_EBUSY: thousands of waits and notifications have been started since the
 * group was last empty; POOL_ENOMEM; POOL_ETHREAD: the pool has no thread and the system gives none; POOL_ECLOSED:
 * the pool is shutting down; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_notify(pool_group_t group, pool_notify_fn fn, void *ctx);

/* Tells by an eventfd(2) of each moment at which the group becomes empty: adds 1 to its counter, after the last drop
 * and when waits for that moment can return; at once if the group is empty. For poll(2), epoll(7) and event loops: read
 * the counter, then ask pool_group_poll. A moment that a submit ends at once may be told late, or pass untold; the last
 * one is always told, and none is told twice. A group that was just made is empty: set after the submits, the eventfd
 * tells once, when all of them are over.
 *
 * `fd` needs O_NONBLOCK (EFD_NONBLOCK) and has to keep it; it may be that of many groups. It is duplicated: the
 * caller's own stays the caller's and may be closed at once. The duplicate is closed before the call that replaces it,
 * or that ends the telling (`fd` -1), returns, and when the group ends, which tells of the last moment first. (Until
 * then an epoll does not forget what its owner has closed.) A child of fork() inherits the duplicate, closed on exec;
 * nothing is written there. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: fd is neither -1 nor such an eventfd; POOL_EBUSY: as pool_group_notify; POOL_ENOMEM: no
 * descriptor is left; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_set_eventfd(pool_group_t group, int32_t fd);

/* Cancels a group and its children, until pool_group_reset of each: tasks that have not started are dropped by workers
 * and waiters, later submits and those that stand in line give POOL_ECANCELED, and running tasks can ask
 * pool_task_cancelled. A suspended group is resumed. Takes the same time however many tasks are queued. Does not block.
 * Since 1.0.
 * POOL_OK, also if it is cancelled already; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_cancel(pool_group_t group);

/* Starts no further task of this group until pool_group_resume; running ones carry on, and waits go on waiting. A
 * shutdown of the pool resumes all groups. Does not block. Since 1.0.
 * POOL_OK, also if it is suspended already; POOL_ECANCELED: the group is cancelled; POOL_ECLOSED: the pool is shutting
 * down; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_suspend(pool_group_t group);

/* Ends a suspension. Does not block. Since 1.0.
 * POOL_OK, also if it is not suspended; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_resume(pool_group_t group);

/* Makes an empty group as new: no longer cancelled, no failure, no kept jobs. Its counters go on. Does not block.
 * Since 1.0.
 * POOL_OK; POOL_EBUSY: it has unfinished tasks or notifications, or somebody waits for it; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_reset(pool_group_t group);

/* Writes the group's name to text[0] to text[text_size - 1], cut and always ended with NUL. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: text is NULL or text_size is 0; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_name(pool_group_t group, char *text, size_t text_size);

/* What pool_group_stats writes. */
typedef struct pool_group_stats_values {
  uint32_t struct_size; /* bytes written by the library */
  uint32_t reserved;    /* 0 */
  uint64_t submitted;   /* accepted since the group was made */
  uint64_t succeeded;   /* ran and returned 0 */
  uint64_t failed;      /* ran and did not */
  uint64_t cancelled;   /* dropped before they started, by a cancel */
  uint64_t queued;      /* not started yet: a gauge */
  uint64_t running;     /* started and not finished: a gauge */
  uint64_t discarded;   /* dropped before they started, at a bound */
  uint64_t waiters;     /* threads that wait for the group and found it busy: a gauge */
  int64_t oldest_wait;  /* as in pool_stats_t */
} pool_group_stats_t;

/* Writes the group's counters to *stats. All but the gauges never fall and are exact while the group is empty; the
 * gauges are right for some moment during the call. `size` as in pool_stats. Does not block. Since 1.0.
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

/* ---------------------------------------------------------------------------------------------------------------
 * Inside a task: to the task that calls them all these refer, also when it runs on a waiting thread.
 */

/* Says whether the task's group was cancelled, or its pool's shutdown cancels. Never blocks. Since 1.0.
 * 1: yes; 0: no, or outside a task. */
POOL_API int32_t pool_task_cancelled(void);

/* Gives the task's pool or group, in *pool or *group. Never blocks. Since 1.0.
 * POOL_OK; POOL_EINVAL: the pointer is NULL, or called outside a task. */
POOL_API pool_status_t pool_current_pool(pool_t *pool);
POOL_API pool_status_t pool_current_group(pool_group_t *group);

/* Gives the thread a small number, which no other one that runs a task of the same pool and asks has at the same
 * moment: the lowest that was free when this thread first asked within its outermost task of the pool. The same until
 * that task ends. Does not block. Since 1.0.
 * 0 and more: the number; -1: outside a task. */
POOL_API int32_t pool_worker_index(void);

/* Around a call that blocks (a file, a database, a lock that others hold for long), inside a task: while a worker is in
 * there another one may run in its place, at once, beyond max_workers but never beyond max_workers and burst_workers
 * together; without burst_workers nothing changes. When the section is over, one worker stands by as soon as it has
 * finished its task, so that no more than max_workers go on; it leaves when it has been idle for idle_timeout. May be
 * nested: the outermost pair counts. A task that ends or hands itself back, in whatever way, ends its sections. A wait
 * inside a section runs tasks as always; these have sections of their own, and the one around them stays open. Does
 * nothing outside a task, and on a thread that is no worker: it takes no worker's place. Does not block; the beginning
 * may create a thread, or wake one. Since 1.0.
 * POOL_OK; POOL_EINVAL, of pool_blocking_end alone: the task is not inside a section (the log says so). */
POOL_API pool_status_t pool_blocking_begin(void);
POOL_API pool_status_t pool_blocking_end(void);

/* Makes the task that calls it a failure with this code, whatever it returns, and keeps `text` (may be NULL; cut to
 * POOL_FAILURE_TEXT_MAX) for pool_group_failure. The last call in a task counts. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: code is 0 or the library's (INT32_MIN to INT32_MIN + 255), or called outside a task. */
POOL_API pool_status_t pool_task_set_failure(int32_t code, const char *text);

/* What pool_task_again_after and pool_task_suspend return on success. */
enum { POOL_TASK_AGAIN = INT32_MIN + 3 };

/* Hands back the task that calls it, if the task returns what this returns. It is called again with the same context
 * after `delay` ns (0 and less: as soon as others had their turn; INT64_MAX: never), on any thread; meanwhile it costs
 * 64 bytes and no thread. It goes on counting as running, and is not dropped; a cancel of its group drops it instead
 * of calling it again. Whether it keeps its place of max_concurrency says the group's `limit_counts_suspended`.
 * Nothing can refuse its return: neither bounds nor a pool that is shutting down. Not for jobs, nor for the turns of
 * pool_group_apply. A task that has been handed back before, or was delayed, has what it takes. Does not block.
 * Since 1.0.
 * POOL_TASK_AGAIN: the task may return it; any other value: no memory, no thread for timers, or no task, and a failure
 * of the task that returns it. */
POOL_API int32_t pool_task_again_after(int64_t delay);

/* As pool_task_again_after, and writes a handle to *timer: pool_timer_fire makes the task go on at once, whether it
 * comes before or after the task's return. So a task can wait for whatever calls back, for `timeout` ns at most
 * (INT64_MAX: for as long as it takes). The handle is over when the task goes on and hands itself back anew, or ends.
 * Does not block. Since 1.0.
 * POOL_TASK_AGAIN: the task may return it; any other value: as pool_task_again_after, or timer is NULL. */
POOL_API int32_t pool_task_suspend(int64_t timeout, pool_timer_t *timer);

/* ---------------------------------------------------------------------------------------------------------------
 * Job: a task with an outcome of its own. It may outlive its group and its pool.
 */

/* Submits fn(ctx, &result) to a group, as pool_group_submit does, and writes a handle to *job, which the caller
 * ends with pool_job_release. After POOL_OK the library owns the context and calls `drop` (may be NULL) exactly once:
 * after the run and before the job can be seen finished; of a cancelled one, which never runs, when its turn would have
 * come, and before the group can be seen empty; of a discarded one before the submit that discards it returns.
 * `drop_result` (may be NULL) takes a result that nobody claims. Blocks as pool_group_submit does. Since 1.0.
 * POOL_OK; POOL_EINVAL: fn or job is NULL; POOL_ENOMEM: also if 16,777,216 jobs are alive; and as
 * pool_group_submit. */
POOL_API pool_status_t pool_group_submit_job(pool_group_t group, pool_job_fn fn, void *ctx, pool_drop_fn drop,
                                             pool_drop_fn drop_result, pool_job_t *job);

/* Waits until the job is finished, and for nothing else; if it has not started, the calling thread runs it where it may
 * (see POOL_HELP_*). Blocks. Since 1.0.
 * POOL_OK: it succeeded; POOL_EFAILED: it failed or was discarded; POOL_ECANCELED: it was cancelled; POOL_EDEADLK: the
 * job is on this thread's own stack, or queued behind a task there in a serial queue, or called from a drop, a
 * notification or a hook while it is unfinished; POOL_ECLOSED: released meanwhile; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_job_wait(pool_job_t job);

/* As pool_job_wait, for `timeout` ns at most. Blocks up to `timeout`. Since 1.0.
 * POOL_ETIMEDOUT: not finished in time; else as pool_job_wait. */
POOL_API pool_status_t pool_job_wait_for(pool_job_t job, int64_t timeout);

/* Says how the job ended, and writes its code (what it returned, or as pool_group_failure has it) to *code, which
 * may be NULL. Never blocks. Since 1.0.
 * POOL_EBUSY: it is not finished; POOL_OK, POOL_EFAILED, POOL_ECANCELED: as pool_job_wait; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_job_status(pool_job_t job, int32_t *code);

/* Hands the result over: the caller owns it now. Never blocks. Since 1.0.
 * POOL_OK: *result is what the job left, NULL if nothing; POOL_EBUSY: it is not finished; POOL_EFAILED,
 * POOL_ECANCELED: it did not succeed, and what it left goes to drop_result; POOL_ECLOSED: it was handed over
 * before; POOL_EINVAL: result is NULL; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_job_result(pool_job_t job, void **result);

/* Cancels a job that has not started. Does not block. Since 1.0.
 * POOL_OK: it will not run, and its group counts it as cancelled; POOL_EBUSY: it has started, or is over;
 * POOL_EBADHANDLE. */
POOL_API pool_status_t pool_job_cancel(pool_job_t job);

/* Lets go of a job: the handle ends (unless its group keeps its jobs: then at the group's reset or end), the job is run
 * all the same, and a result that nobody has claimed goes to drop_result. Does not block. Since 1.0.
 * POOL_OK; POOL_EBADHANDLE: also if it was released before. */
POOL_API pool_status_t pool_job_release(pool_job_t job);

/* Writes the handles of the group's jobs, in the order of their submits, to jobs[0] to jobs[capacity - 1], and how many
 * there are in all to *count. For groups made with keep_jobs; others have none. `jobs` may be NULL if capacity is 0.
 * Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: count is NULL, or jobs is NULL and capacity is not 0; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_group_jobs(pool_group_t group, pool_job_t *jobs, size_t capacity, size_t *count);

#ifdef __cplusplus
}
#endif

#endif /* POOL_POOL_H */
