// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

// #include "shim.h"
import "C"

import (
	"runtime"
	"time"
	"unsafe"
)

// A Pool owns the threads on which the tasks of its groups run. Made by New or Default.
type Pool struct {
	id      C.pool_t
	line    line
	options Options
}

// New makes a pool. No thread is started before the first task, unless Options.Prestart. Does not block. Errors:
// ErrInvalid with the option's name, or with a line in the library's log (standard error) that has it; ErrNoMemory, also
// if 1,024 pools are alive; ErrNoThread: the system gave not all threads of Prestart.
func New(o Options) (*Pool, error) {
	var f fields
	defer f.free()
	options := o.fill(&f)
	if f.err != nil {
		return nil, during("New", f.err)
	}
	p := &Pool{options: o, line: newLine()}
	if status := Status(C.pool_create(&options, &p.id)); status != ok {
		return nil, during("New", status.err())
	}
	runtime.SetFinalizer(p, func(p *Pool) { go C.pool_destroy(p.id) }) // it blocks until all tasks are finished
	return p, nil
}

// Default returns the default pool of the process, which code in other languages shares and which lives until the
// process ends. The first call makes it: with the options of ConfigureDefault, or the defaults.
func Default() (*Pool, error) {
	p := &Pool{line: defaultLine}
	if status := Status(C.pool_default(&p.id)); status != ok {
		return nil, during("Default", status.err())
	}
	return p, nil
}

var defaultLine = newLine()

// ConfigureDefault says how the default pool will be made. ErrBusy: it is made already; else as New.
func ConfigureDefault(o Options) error {
	var f fields
	defer f.free()
	options := o.fill(&f)
	if f.err != nil {
		return during("ConfigureDefault", f.err)
	}
	return during("ConfigureDefault", Status(C.pool_default_configure(&options)).err())
}

// NewGroup makes a group of the pool; cheap enough for one per message. Does not block. Errors: ErrInvalid as in New;
// ErrNoMemory, also if 1,048,576 groups are alive; ErrClosed: the pool is shutting down.
func (p *Pool) NewGroup(o GroupOptions) (*Group, error) {
	g := &Group{pool: p, options: o}
	if _, err := g.open(); err != nil {
		return nil, during("NewGroup", err)
	}
	return g, nil
}

// Resize changes how many workers the pool has; 0 as most is the default. Those beyond leave when their tasks are
// finished. Does not block. ErrNoThread: the system gave not all threads, and the bounds are as before.
func (p *Pool) Resize(least, most int) error {
	var f fields
	defer runtime.KeepAlive(p)
	min, max := f.u32("least", least), f.u32("most", most)
	if f.err != nil {
		return during("Resize", f.err)
	}
	return during("Resize", Status(C.pool_resize(p.id, min, max)).err())
}

// A ShutdownMode says what Shutdown does with tasks that have not started.
type ShutdownMode int32

const (
	Drain  = ShutdownMode(C.POOL_SHUTDOWN_DRAIN)  // run them
	Cancel = ShutdownMode(C.POOL_SHUTDOWN_CANCEL) // drop them; Wait of their groups says ErrCanceled
)

// Shutdown closes the pool to everybody but its own tasks (others get ErrClosed), waits until every accepted task is
// finished, and ends the threads. timeout <= 0 only closes. May be called again. Blocks, and keeps its thread.
// ErrTimedOut: not finished yet, the pool stays closed; ErrDeadlock: from one of the pool's own tasks.
func (p *Pool) Shutdown(mode ShutdownMode, timeout time.Duration) error {
	defer runtime.KeepAlive(p)
	return during("Shutdown", Status(C.pool_shutdown(p.id, C.int32_t(mode), C.int64_t(timeout))).err())
}

// Close ends the pool: Shutdown(Drain, Forever), then frees it and its groups. Blocks until all tasks are finished.
// ErrDeadlock: from one of the pool's own tasks; ErrBusy: it is the default pool; ErrBadHandle: it is closed already.
func (p *Pool) Close() error {
	status := Status(C.pool_destroy(p.id))
	if status == ok {
		runtime.SetFinalizer(p, nil)
	}
	runtime.KeepAlive(p)
	return during("Close", status.err())
}

// Handle returns the id of the pool_t, for C code that calls libpool itself: (pool_t){id}. Valid until Close.
func (p *Pool) Handle() uint64 { return uint64(p.id.id) }

// PoolStats is what a pool is doing.
type PoolStats struct {
	Workers        int // threads now
	WorkersIdle    int // of these, parked
	WorkersBlocked int // of these, inside Blocking
	WorkersPeak    int // most threads at once so far

	Queued  uint64 // accepted and not started, over all groups
	Running uint64 // started and not finished

	WorkersCreated uint64 // threads so far
	WorkersLeft    uint64 // of these, gone again
	Blocked        uint64 // submits that stood in line at a bound, so far
	Rejected       uint64 // submits that were refused at a bound; one that blocks is counted as refused first
	CallerRuns     uint64 // tasks that were run in place of a queue place
	Discarded      uint64 // tasks that were discarded at a bound
}

// Stats returns what the pool is doing. Each field is right for some moment during the call.
func (p *Pool) Stats() (PoolStats, error) {
	var c C.pool_stats_t
	status := Status(C.pool_stats(p.id, &c, C.size_t(unsafe.Sizeof(c))))
	runtime.KeepAlive(p)
	return PoolStats{
		Workers:        int(c.workers),
		WorkersIdle:    int(c.workers_idle),
		WorkersBlocked: int(c.workers_blocked),
		WorkersPeak:    int(c.workers_peak),
		Queued:         uint64(c.queued),
		Running:        uint64(c.running),
		WorkersCreated: uint64(c.workers_created),
		WorkersLeft:    uint64(c.workers_left),
		Blocked:        uint64(c.blocked),
		Rejected:       uint64(c.rejected),
		CallerRuns:     uint64(c.caller_runs),
		Discarded:      uint64(c.discarded),
	}, during("Stats", status.err())
}
