/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * insight.h - looking into a running pool: how long its tasks wait and run, what each of its threads is at, and its
 * figures as OpenMetrics. pool_stats and pool_group_stats are in pool.h; what that says of all functions holds here.
 *
 *     pool_histogram_t waits;
 *     pool_timing(pool, 16);
 *     ...
 *     pool_histogram(pool, POOL_HISTOGRAM_WAIT, &waits, sizeof waits);
 *     printf("99 %% of the tasks waited for at most %" PRId64 " ns\n", pool_histogram_percentile(&waits, 99));
 */
#ifndef POOL_INSIGHT_H
#define POOL_INSIGHT_H

#include <pool/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* From now on one task in `every` is timed, 1 to 2^32 - 1: how long it waits in its queue and how long it runs; 0:
 * none. As the option `timing` at the pool's creation. A task that is timed costs three looks at the clock more, and
 * memory of its own while it waits; the others some 10 ns, and the first one in an empty queue a look at the clock.
 * (Figures: bench/README.md.) Delayed tasks and the turns of pool_group_apply are not timed. Does not block. Since 1.0.
 * POOL_OK; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_timing(pool_t pool, uint32_t every);

/* What pool_histogram tells of. */
enum {
  POOL_HISTOGRAM_WAIT = 1, /* from a task's submit to its start */
  POOL_HISTOGRAM_RUN = 2   /* from its start to its end; if it hands itself back, of each part */
};

/* How many buckets a histogram has. */
#define POOL_HISTOGRAM_BUCKETS 160

/* Durations of tasks that were timed, since the pool was made. Four buckets for each power of two. */
typedef struct pool_histogram_values {
  uint32_t struct_size; /* bytes written by the library */
  uint32_t reserved;    /* 0 */
  uint64_t count;       /* durations in all */
  uint64_t sum;         /* ns of all of them together */
  int64_t longest;      /* ns */
  uint64_t buckets[POOL_HISTOGRAM_BUCKETS]; /* durations in each; pool_histogram_bound has the bounds */
} pool_histogram_t;

/* Writes the histogram `which`, POOL_HISTOGRAM_*, at most `size` bytes. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: `which` is neither, histogram is NULL, or size is under 8, over 4,096 or not a multiple of 4;
 * POOL_EBADHANDLE. */
POOL_API pool_status_t pool_histogram(pool_t pool, int32_t which, pool_histogram_t *histogram, size_t size);

/* Returns how long `percent` per cent of the durations were at most, in ns; at most a quarter more than that; 0 of an
 * empty histogram, or NULL. Pure: never blocks. Since 1.0. */
POOL_API int64_t pool_histogram_percentile(const pool_histogram_t *histogram, double percent);

/* Returns the bound of a bucket, in ns: what is in it is shorter. INT64_MAX of the last one, and above. Pure: never
 * blocks. Since 1.0. */
POOL_API int64_t pool_histogram_bound(uint32_t bucket);

/* Writes what the pool is at, as text, to the file descriptor `fd`: each worker, with the tasks on its stack (module
 * and offset of the function, for addr2line, and the group), how long it has been at it and which group it waits for,
 * unless it runs tasks of a group of its own meanwhile, which then stand above; each other thread that runs a task of
 * the pool; each group that is not empty or is waited for, with its counts, and how many submitters stand in line.
 *
 * It takes no lock, allocates nothing and calls nothing that is not async-signal-safe: it may be called from a debugger
 * (`call pool_dump(pool, 2)`), and from a signal handler, the one exception in this library; `errno` is kept. What it
 * reads may change meanwhile, so that a line may be wrong. Blocks as long as write() does. Since 1.0.
 * POOL_OK; POOL_EINVAL: fd cannot be written to; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_dump(pool_t pool, int32_t fd);

/* Writes the pool's figures in the text format of OpenMetrics 1.0, `# EOF` included, to `text`, and NUL at its end; at
 * most `size` bytes. *length, if not NULL, gets the length without the NUL; what does not fit is POOL_EFULL, and
 * nothing is written but *length: call again with more. The pool's name is the label `pool`. Does not block. Since 1.0.
 * POOL_OK; POOL_EINVAL: text is NULL and size is not 0; POOL_EFULL: it does not fit; POOL_ENOMEM; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_metrics(pool_t pool, char *text, size_t size, size_t *length);

/* How much a trace keeps. Make it with pool_trace_options_init, then change fields. Since 1.0. */
typedef struct pool_trace_options {
  uint32_t struct_size;     /* bytes of this struct, set by pool_trace_options_init */
  uint32_t buffer_events;   /* most events that one thread keeps, 16 to 2^24; 40 bytes each, taken as they are used. A
                               task is one, its submit, each wait and each sample too, and a group's name two. Default
                               262,144 */
  uint32_t max_threads;     /* most threads that keep events, 1 to 65,536, of which are also the ones that start and stop
                               the trace, and those that have ended meanwhile; default 256 */
  uint32_t ready_threads;   /* so many buffers get their memory when the trace starts, max_threads at most: a page that is
                               touched for the first time costs the task that does so a microsecond or two. Default 0 */
  int64_t counter_interval; /* ns between two samples of the counters, while anything happens at all; negative: only
                               one at the start and at the end; default 200 us */
} pool_trace_options_t;

/* Fills *options with the defaults, as pool_options_init does. Never blocks. Since 1.0.
 * POOL_OK; POOL_EINVAL: options is NULL, or size is under 8, over 4,096 or not a multiple of 4. */
POOL_API pool_status_t pool_trace_options_init(pool_trace_options_t *options, size_t size);

/* Begins to record who runs what and when: of each thread that works for the pool its tasks, from the call of the
 * function to its return, named after group and function; its waits for groups and jobs; and its submits; each with the
 * others of the same task. And now and then how many tasks are queued and running, and how many workers there are.
 * What the threads are in the middle of is not recorded.
 *
 * The file `path` is opened, or made, now; pool_trace_stop replaces what it holds, or pool_destroy, if that comes
 * first: by JSON for ui.perfetto.dev or chrome://tracing, with times of CLOCK_MONOTONIC; one that runs until the
 * process exits is not written. A thread that has no room left records no more, but for the ends of what it has begun,
 * and counts what it drops. It costs a task, with its submit, some 30 ns; the cost of memory that is new comes on top,
 * see ready_threads. Submits that need not wait are shown as moments, and of tasks that a thread runs in a row each
 * begins where the one before it ended.
 * `options` may be NULL for the defaults and is not kept. Of each pool one trace runs at a time. Blocks as long as
 * open() does. Since 1.0.
 * POOL_OK; POOL_EINVAL: path is NULL or cannot be written, or an option is out of range (the log says which);
 * POOL_EBUSY: a trace of this pool runs; POOL_ENOMEM; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_trace_start(pool_t pool, const char *path, const pool_trace_options_t *options);

/* Ends the trace and writes its file; the tasks that run go on, and end in the file at this moment. *dropped, if not
 * NULL, gets how many events there was no room for. From any thread, tasks included. Blocks until the file is written:
 * about 1 us an event. Since 1.0.
 * POOL_OK; POOL_EINVAL: no trace of this pool runs, or the file could not be written to its end (the log says which);
 * POOL_ENOMEM: there was no memory to write it, and it is cut; POOL_EBADHANDLE. */
POOL_API pool_status_t pool_trace_stop(pool_t pool, uint64_t *dropped);

#ifdef __cplusplus
}
#endif

#endif /* POOL_INSIGHT_H */
