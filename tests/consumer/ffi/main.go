// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// cgo reads pool.h as it is: handles by value, options and constants by their names. The task is in C, as one in Go would
// take a file of its own.
package main

/*
#include <pool/pool.h>

static int32_t nothing(void *ctx) { return ctx == NULL ? 0 : 7; }
static pool_task_fn task(void) { return nothing; }
*/
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

func check(status C.pool_status_t, expected C.pool_status_t) {
	if status != expected {
		fmt.Fprintln(os.Stderr, C.GoString(C.pool_status_name(status)))
		os.Exit(1)
	}
}

func main() {
	var options C.pool_options_t
	var pool C.pool_t
	var group C.pool_group_t
	var stats C.pool_group_stats_t
	check(C.pool_options_init(&options, C.size_t(unsafe.Sizeof(options))), C.POOL_OK)
	options.max_workers = 2
	options.overflow = C.POOL_OVERFLOW_CALLER_RUNS
	check(C.pool_create(&options, &pool), C.POOL_OK)
	check(C.pool_group_create(pool, nil, &group), C.POOL_OK)
	for i := 0; i < 10; i++ {
		check(C.pool_group_submit(group, C.task(), nil), C.POOL_OK)
	}
	check(C.pool_group_wait(group), C.POOL_OK)
	check(C.pool_group_stats(group, &stats, C.size_t(unsafe.Sizeof(stats))), C.POOL_OK)
	if stats.submitted != 10 || stats.succeeded != 10 {
		os.Exit(2)
	}
	check(C.pool_destroy(pool), C.POOL_OK)
	check(C.pool_group_wait(group), C.POOL_EBADHANDLE)
	fmt.Println("libpool", C.GoString(C.pool_version_string()), "works")
}
