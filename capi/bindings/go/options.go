// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"fmt"
	"math"
	"time"
	"unsafe"
)

// Unbounded is a QueueCapacity without a bound (10^9, to be exact).
const Unbounded = math.MaxUint32

// Forever is the longest duration; as a time-out it never ends.
const Forever = time.Duration(math.MaxInt64)

// An Overflow says what a submit does when the group's or the pool's queue is full.
type Overflow uint32

const (
	OverflowDefault       = Overflow(C.POOL_OVERFLOW_DEFAULT)        // what the pool says; OverflowBlock at the top
	OverflowBlock         = Overflow(C.POOL_OVERFLOW_BLOCK)          // wait; inside a task of the pool as OverflowCallerRuns
	OverflowReject        = Overflow(C.POOL_OVERFLOW_REJECT)         // ErrFull
	OverflowCallerRuns    = Overflow(C.POOL_OVERFLOW_CALLER_RUNS)    // run it on the calling goroutine
	OverflowDiscardOldest = Overflow(C.POOL_OVERFLOW_DISCARD_OLDEST) // drop the group's oldest task that has not started
	OverflowDiscardNewest = Overflow(C.POOL_OVERFLOW_DISCARD_NEWEST) // accept it and drop it
)

// Options of a pool. 0 is the default.
type Options struct {
	Name          string // threads are called "Name-N", cut to 15 bytes; default "pool"
	MinWorkers    int    // threads that are kept even when idle; default 0
	MaxWorkers    int    // most threads; default: the CPUs this process may use
	BurstWorkers  int    // further threads for a while, see BurstDelay and Blocking; default 0
	Prestart      bool   // New starts MinWorkers threads, or fails
	QueueCapacity int    // most accepted tasks that have not started; default 65,536
	StackSize     int    // bytes of a worker's C stack; default: what the system gives
	WakeEagerly   bool   // wake an idle worker for each task, even while another one searches
	Overflow      Overflow

	OverflowTimeout time.Duration // how long OverflowBlock waits; default for ever
	IdleTimeout     time.Duration // after which an idle thread above MinWorkers leaves; default 10 s
	BurstDelay      time.Duration // how long tasks wait before a burst thread is made; default 10 ms
}

// GroupOptions of a group. 0 is the default.
type GroupOptions struct {
	Name           string // for people who look into the pool, cut to 31 bytes
	MaxConcurrency int    // most tasks that run at once; default none. With 1 they run in the order of their submits
	QueueCapacity  int    // most accepted tasks of the group that have not started; default none of its own
	Weight         int    // share of the workers' time among groups that have work, 1 to 1,000; default 1
	FailFast       bool   // the first failure cancels the group
	HelpingWait    bool   // Wait runs tasks of the group meanwhile, and keeps its thread; see Group.Wait
	Parent         *Group // of the same pool: its cancel cancels this group, its helping waits run this group's tasks
	Overflow       Overflow

	OverflowTimeout time.Duration // default: what the pool says
}

// fields carries options into C structs. It keeps the first that does not fit, and the strings until free.
type fields struct {
	err     error
	strings []unsafe.Pointer
}

func (f *fields) u32(name string, value int) C.uint32_t {
	if (value < 0 || value > math.MaxUint32) && f.err == nil {
		f.err = fmt.Errorf("%s is %d: %w", name, value, ErrInvalid)
	}
	return C.uint32_t(value)
}

func (f *fields) text(value string) *C.char {
	if value == "" {
		return nil
	}
	text := C.CString(value)
	f.strings = append(f.strings, unsafe.Pointer(text))
	return text
}

func (f *fields) free() {
	for _, text := range f.strings {
		C.free(text)
	}
}

func flag(is bool) C.uint32_t {
	if is {
		return 1
	}
	return 0
}

func (o *Options) fill(f *fields) C.pool_options_t {
	c := C.pool_go_options()
	if name := f.text(o.Name); name != nil {
		c.name = name
	}
	c.min_workers = f.u32("MinWorkers", o.MinWorkers)
	c.max_workers = f.u32("MaxWorkers", o.MaxWorkers)
	c.burst_workers = f.u32("BurstWorkers", o.BurstWorkers)
	c.prestart = flag(o.Prestart)
	c.queue_capacity = f.u32("QueueCapacity", o.QueueCapacity)
	c.stack_size = C.uint64_t(f.u32("StackSize", o.StackSize))
	if o.WakeEagerly {
		c.wake_policy = C.POOL_WAKE_EAGER
	}
	c.overflow = C.uint32_t(o.Overflow)
	c.overflow_timeout = C.int64_t(o.OverflowTimeout)
	c.idle_timeout = C.int64_t(o.IdleTimeout)
	c.burst_delay = C.int64_t(o.BurstDelay)
	return c
}

func (o *GroupOptions) fill(f *fields) C.pool_group_options_t {
	c := C.pool_go_group_options()
	if name := f.text(o.Name); name != nil {
		c.name = name
	}
	c.max_concurrency = f.u32("MaxConcurrency", o.MaxConcurrency)
	c.queue_capacity = f.u32("QueueCapacity", o.QueueCapacity)
	c.weight = f.u32("Weight", o.Weight)
	c.fail_fast = flag(o.FailFast)
	c.overflow = C.uint32_t(o.Overflow)
	c.overflow_timeout = C.int64_t(o.OverflowTimeout)
	if o.Parent != nil {
		parent, err := o.Parent.open()
		if err == nil {
			c.parent_kind = C.POOL_PARENT_GROUP
			c.parent = parent.id
		} else if f.err == nil {
			f.err = fmt.Errorf("Parent: %w", err)
		}
	}
	return c
}
