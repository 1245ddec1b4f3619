// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"runtime"
	"runtime/cgo"
	"time"
	"unsafe"
)

// A submission is one task on its way into the library: a Go function's handle, or a C function with its context.
type submission struct {
	handle        cgo.Handle
	fn, ctx, drop unsafe.Pointer
	size          uintptr
}

// send makes the C call. It keeps its thread for as long as it blocks.
func (s *submission) send(to *opened, overflow Overflow, timeout time.Duration) Status {
	defer runtime.KeepAlive(to)
	if s.fn == nil {
		return Status(C.pool_go_submit(to.id, C.uintptr_t(s.handle), C.uint32_t(overflow), C.int64_t(timeout)))
	}
	return Status(C.pool_go_submit_c(to.id, s.fn, s.ctx, s.drop, C.size_t(s.size), C.uint32_t(overflow),
		C.int64_t(timeout)))
}

// A line is where goroutines stand whose submits have to block. In the library each of them would keep a thread, of
// which Go allows 10,000; so one of them stands there for all of a pool, or of a group that has a bound of its own.
type line chan struct{}

func newLine() line { return make(line, 1) }

// submit brings a task in under the policy of the group, or under this one.
func (g *Group) submit(s submission, overflow Overflow) error {
	to, err := g.open()
	if err != nil {
		return err
	}
	if overflow != OverflowDefault || !to.blocks {
		return s.send(to, overflow, 0).err()
	}
	status := s.send(to, OverflowReject, 0)
	if status == ErrFull {
		if C.pool_go_is_inside() != 0 {
			status = s.send(to, OverflowDefault, 0) // runs it in place; to stand here could keep the line from moving
		} else {
			status = g.stand(&s, to)
		}
	}
	return status.err()
}

func (g *Group) stand(s *submission, to *opened) Status {
	var over <-chan time.Time
	deadline := time.Now().Add(to.timeout)
	if to.timeout != 0 {
		timer := time.NewTimer(to.timeout)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case to.line <- struct{}{}:
		defer func() { <-to.line }()
	case <-g.dismissal():
		return s.send(to, OverflowReject, 0) // the library says why
	case <-over:
		return ErrTimedOut
	}
	if to.timeout == 0 {
		return s.send(to, OverflowDefault, 0)
	}
	left := time.Until(deadline)
	if left <= 0 {
		return ErrTimedOut
	}
	return s.send(to, OverflowDefault, left)
}

// dismissal is closed when nobody needs to stand in line any more.
func (g *Group) dismissal() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dismissed == nil {
		g.dismissed = make(chan struct{})
		if g.refuses {
			close(g.dismissed)
		}
	}
	return g.dismissed
}

// dismiss sends away who stands in line, after the library has been told to refuse.
func (g *Group) dismiss() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.refuses && g.dismissed != nil {
		close(g.dismissed)
	}
	g.refuses = true
}

// submitGo brings in a Go function, whose handle is the library's if it is accepted.
func (g *Group) submitGo(t *task, overflow Overflow) error {
	t.group = g
	handle := newHandle(t)
	err := g.submit(submission{handle: handle}, overflow)
	if err != nil {
		take(handle)
	}
	return err
}

// Submit runs f as a task of the group. In contrast to Go it returns an error if f is refused, and the group then
// forgets that it was asked: ErrFull, ErrTimedOut: by the overflow policy; ErrCanceled: the group is cancelled;
// ErrClosed: the pool is shutting down; ErrNoMemory; ErrNoThread; ErrBadHandle.
func (g *Group) Submit(f func() error) error {
	return during("Submit", g.submitGo(&task{fn: f}, OverflowDefault))
}

// SubmitC runs a C function, int32_t fn(void *ctx), as a task of the group: on a thread of the pool, without a
// goroutine and without a way through Go. 0 is success, other values are a failure, which Wait returns as *TaskError. It
// may call every function of pool.h that a task may. Errors: as Submit; ErrInvalid: fn is nil.
//
// fn is the address of a C function that is not static: unsafe.Pointer(C.name). ctx is passed on as it is and kept after the return, so that it
// has to be nil or C memory (C.malloc, a C variable), never Go's: Go's rules for pointers in C forbid that, and nothing
// can check it here. It stays the caller's, and has to live until Wait has returned. For arguments in Go memory there is
// SubmitCCopy; memory that nobody can free after Wait goes with SubmitCDrop.
//
// In a group made by WithContext C functions go through Go, which is slower: their failure has to cancel the context.
// There only what fn returns counts.
func (g *Group) SubmitC(fn, ctx unsafe.Pointer) error { return g.SubmitCDrop(fn, ctx, nil) }

// SubmitCDrop is SubmitC with a C function, void drop(void *ctx), that gives ctx back: unsafe.Pointer(C.free) for
// example. It is called exactly once if fn is accepted, after its run or in place of it, and before Wait returns. If fn
// is refused, ctx is still the caller's.
func (g *Group) SubmitCDrop(fn, ctx, drop unsafe.Pointer) error {
	return during("SubmitC", g.submitC(submission{fn: fn, ctx: ctx, drop: drop}))
}

// CopyMax is the most bytes that SubmitCCopy copies.
const CopyMax = C.POOL_TASK_COPY_MAX

// SubmitCCopy is SubmitC with a copy of size bytes at args, 1 to CopyMax: fn gets the copy, aligned to 16 and gone after
// it has returned. args may be Go memory. What is copied must not have pointers to Go memory in it.
func (g *Group) SubmitCCopy(fn, args unsafe.Pointer, size uintptr) error {
	if args == nil || size == 0 || size > CopyMax {
		return during("SubmitCCopy", ErrInvalid)
	}
	return during("SubmitCCopy", g.submitC(submission{fn: fn, ctx: args, size: size}))
}

func (g *Group) submitC(s submission) error {
	if s.fn == nil {
		return ErrInvalid
	}
	if g.cancel == nil {
		return g.submit(s, OverflowDefault)
	}
	if s.size != 0 {
		kept := C.malloc(CopyMax)
		if kept == nil {
			return ErrNoMemory
		}
		copy(unsafe.Slice((*byte)(kept), s.size), unsafe.Slice((*byte)(s.ctx), s.size))
		s.ctx, s.drop = kept, unsafe.Pointer(C.free)
	}
	t := &task{fn: func() error {
		if code := C.pool_go_call(s.fn, s.ctx); code != 0 {
			return &TaskError{Code: int32(code)}
		}
		return nil
	}}
	if s.drop != nil {
		t.drop = func() { C.pool_go_call_drop(s.drop, s.ctx) }
	}
	err := g.submitGo(t, OverflowDefault)
	if err != nil && s.size != 0 {
		C.free(s.ctx)
	}
	return err
}
