// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

// #include "shim.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// Canceled reports, inside a task, whether its group was cancelled or its pool's shutdown cancels. Outside of one, and
// in goroutines that a task has started, it reports false.
func Canceled() bool { return C.pool_task_cancelled() != 0 }

// Blocking calls f, which blocks (C that waits for a file, a lock that others hold for long), inside a task: meanwhile
// another worker may run in place of this one, beyond Options.MaxWorkers by BurstWorkers at most; without these, and
// outside of a task, nothing changes. May be nested.
func Blocking(f func()) {
	if C.pool_blocking_begin() == C.POOL_OK {
		defer C.pool_blocking_end()
	}
	f()
}

// Suspend starts no further task of the group until Resume; running ones carry on, and waits go on waiting. Does not
// block. ErrCanceled: the group is cancelled; ErrClosed: the pool is shutting down.
func (g *Group) Suspend() error {
	to, err := g.open()
	if err == nil {
		err = Status(C.pool_group_suspend(to.id)).err()
	}
	runtime.KeepAlive(to)
	return during("Suspend", err)
}

// Resume ends a suspension. Does not block.
func (g *Group) Resume() error {
	to, err := g.open()
	if err == nil {
		err = Status(C.pool_group_resume(to.id)).err()
	}
	runtime.KeepAlive(to)
	return during("Resume", err)
}

// Handle returns the id of the pool_group_t, for C code that submits tasks itself: (pool_group_t){id}. Valid until
// Close, or SetLimit.
func (g *Group) Handle() (uint64, error) {
	to, err := g.open()
	if err != nil {
		return 0, during("Handle", err)
	}
	return uint64(to.id.id), nil
}

// GroupStats is what a group has done. All but the gauges never fall, and are exact while the group is empty.
type GroupStats struct {
	Submitted uint64 // accepted
	Succeeded uint64 // ran and returned nil, or 0
	Failed    uint64 // ran and did not
	Canceled  uint64 // dropped before they started, by a cancel
	Discarded uint64 // dropped before they started, at a bound
	Queued    uint64 // not started yet: a gauge
	Running   uint64 // started and not finished: a gauge
}

// Stats returns the group's counters. Does not block.
func (g *Group) Stats() (GroupStats, error) {
	to, err := g.open()
	if err != nil {
		return GroupStats{}, during("Stats", err)
	}
	var c C.pool_group_stats_t
	status := Status(C.pool_group_stats(to.id, &c, C.size_t(unsafe.Sizeof(c))))
	runtime.KeepAlive(to)
	return GroupStats{
		Submitted: uint64(c.submitted),
		Succeeded: uint64(c.succeeded),
		Failed:    uint64(c.failed),
		Canceled:  uint64(c.cancelled),
		Discarded: uint64(c.discarded),
		Queued:    uint64(c.queued),
		Running:   uint64(c.running),
	}, during("Stats", status.err())
}
