// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// A Group is a set of tasks that are waited for together, a virtual pool of its Pool. The zero Group is one of the
// default pool, without a limit. Its Close gives back what it has in the library.
type Group struct {
	pool    *Pool // nil: the default
	options GroupOptions
	cancel  context.CancelFunc // of the context of WithContext, else nil
	ctx     context.Context

	current atomic.Pointer[opened] // nil before the first use

	mu        sync.Mutex // over the following, and changes of current
	err       error      // the first error
	panicked  *PanicError
	canceled  bool
	closed    bool
	refuses   bool          // since Cancel or Close
	dismissed chan struct{} // closed then; nil if nobody has stood in line
	waiting   *moment       // what goroutines in Wait are parked on
}

// opened is a group in the library. It is an object of its own since it has a finalizer, and a Group may be anywhere.
type opened struct {
	id      C.pool_group_t
	pool    *Pool // keeps it from the garbage collector
	line    line
	blocks  bool          // at a bound, by its policy
	timeout time.Duration // of that; 0: for ever
}

// open returns the group in the library, which the first use makes.
func (g *Group) open() (*opened, error) {
	if to := g.current.Load(); to != nil {
		return to, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if to := g.current.Load(); to != nil {
		return to, nil
	}
	if g.closed {
		return nil, ErrBadHandle
	}
	if g.pool == nil {
		p, err := Default()
		if err != nil {
			return nil, err
		}
		g.pool = p
	}
	to, err := g.pool.open(&g.options)
	if err != nil {
		return nil, err
	}
	if g.canceled {
		C.pool_group_cancel(to.id)
	}
	g.current.Store(to)
	return to, nil
}

// open makes a group in the library.
func (p *Pool) open(o *GroupOptions) (*opened, error) {
	var f fields
	defer f.free()
	options := o.fill(&f)
	if f.err != nil {
		return nil, f.err
	}
	to := &opened{pool: p, line: p.line, timeout: o.OverflowTimeout}
	if o.QueueCapacity != 0 {
		to.line = newLine()
	}
	if to.timeout == 0 {
		to.timeout = p.options.OverflowTimeout
	}
	if to.timeout == Forever {
		to.timeout = 0
	}
	overflow := o.Overflow
	if overflow == OverflowDefault {
		overflow = p.options.Overflow
	}
	to.blocks = (overflow == OverflowDefault || overflow == OverflowBlock) && to.timeout >= 0
	if status := Status(C.pool_group_create(p.id, &options, &to.id)); status != ok {
		return nil, status
	}
	runtime.KeepAlive(o.Parent)
	runtime.SetFinalizer(to, (*opened).end)
	return to, nil
}

// end lets go of it. What it still has to do is done.
func (to *opened) end() { C.pool_group_detach(to.id) }

// SetLimit lets at most limit tasks of the group run at once, those that Wait runs included; negative: no limit, which
// is the default. With 1 they run in the order of their submits. In contrast to errgroup, Go does not block at the
// limit: tasks queue up, to GroupOptions.QueueCapacity. The limit is for good: SetLimit panics after the first task, and
// if limit is 0.
func (g *Group) SetLimit(limit int) {
	if limit == 0 {
		panic("pool: SetLimit(0): no task could run")
	}
	if limit < 0 {
		limit = 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if to := g.current.Load(); to != nil {
		var c C.pool_group_stats_t
		C.pool_group_stats(to.id, &c, C.size_t(unsafe.Sizeof(c)))
		if c.submitted != 0 {
			panic("pool: SetLimit after the first task")
		}
		g.current.Store(nil)
		runtime.SetFinalizer(to, nil)
		to.end()
	}
	g.options.MaxConcurrency = limit
}

// Go runs f as a task of the group. Blocks only while the group's or the pool's queue is full and the overflow policy is
// to block; inside a task of the pool it runs f in place then. The first error is what Wait returns; in a group made by
// WithContext it also cancels the group and the context. If f is refused, which otherwise only happens to groups that
// are cancelled or closed, that counts as its error. A panic in f is one too, a *PanicError.
func (g *Group) Go(f func() error) {
	if err := g.submitGo(&task{fn: f}, OverflowDefault); err != nil {
		g.fail(g.refusal("Go", err))
	}
}

// TryGo is Go if there is a place in the queue, and never blocks. It reports whether f was accepted. (errgroup's TryGo
// asks for a free place among the running ones.)
func (g *Group) TryGo(f func() error) bool {
	err := g.submitGo(&task{fn: f}, OverflowReject)
	if err != nil && err != ErrFull {
		g.fail(g.refusal("TryGo", err))
	}
	return err == nil
}

// GoC is SubmitC in Go's manner: it returns nothing, and a refusal is an error of the group.
func (g *Group) GoC(fn, ctx unsafe.Pointer) {
	if err := g.submitC(submission{fn: fn, ctx: ctx}); err != nil {
		g.fail(g.refusal("GoC", err))
	}
}

// refusal is the error of a task that was not accepted.
func (g *Group) refusal(what string, err error) error {
	if err == ErrCanceled && g.ctx != nil && g.ctx.Err() != nil {
		return g.ctx.Err()
	}
	return during(what, err)
}

// fail keeps the first error, and the first panic. It reports whether this is the first failure.
func (g *Group) fail(err error) bool {
	g.mu.Lock()
	isFirst := g.err == nil
	if isFirst {
		g.err = err
	}
	if panicked, is := err.(*PanicError); is && g.panicked == nil {
		g.panicked = panicked
	}
	g.mu.Unlock()
	if isFirst && g.cancel != nil {
		g.cancel()
		_ = g.Cancel()
	}
	return isFirst
}

// failInside is fail inside the task that failed: the library keeps the text too, for whoever looks from C.
func (g *Group) failInside(err error) {
	if g.fail(err) {
		text := C.CString(fmt.Sprint(err)) // Sprint survives an Error method that panics
		C.pool_task_set_failure(1, text)
		C.free(unsafe.Pointer(text))
	}
}
