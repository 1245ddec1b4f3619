// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

// #include "shim.h"
import "C"

import (
	"context"
	"runtime"
	"time"
)

// Wait waits until the group is empty, tasks that its tasks submit included. It returns the first panic of a Go function
// as a *PanicError, else the first error of a Go function, the very value; else the first failure of a C function, a
// *TaskError; else ErrFailed if the overflow policy has discarded a task, and ErrCanceled (after WithContext: the
// context's error) if a cancel has dropped some. Everything that the tasks did happens before the return. The group may
// be used again; its error stays.
//
// The goroutine is parked meanwhile, and takes no thread. Only inside a task of a pool the call runs tasks of the group
// and of its children itself, so that nested waits finish on a full pool; elsewhere it does with
// GroupOptions.HelpingWait, which is faster for short tasks, but lets as many of them run besides the workers as there
// are goroutines in Wait, on a thread each.
//
// ErrDeadlock: called from a task of the group, which is on this very stack; ErrClosed: the group or the pool was closed
// meanwhile; ErrBadHandle: before.
func (g *Group) Wait() error { return g.end(g.await(context.Background(), g.options.HelpingWait)) }

// WaitContext is Wait until ctx ends, whose error it returns then. The tasks carry on. Inside a task only the deadline
// of ctx counts.
func (g *Group) WaitContext(ctx context.Context) error {
	status := g.await(ctx, false)
	if status == ErrTimedOut {
		if ctx.Err() == nil {
			return context.DeadlineExceeded // its timer is late
		}
		return ctx.Err()
	}
	return g.end(status)
}

// Close is Wait, and then ends the group: what is submitted later is refused with ErrBadHandle. It returns what Wait
// does; after ErrDeadlock the group is not closed.
func (g *Group) Close() error {
	status := g.await(context.Background(), g.options.HelpingWait)
	if status == ErrDeadlock {
		return g.end(status)
	}
	err := g.end(status)
	g.mu.Lock()
	isFirst := !g.closed
	g.closed = true
	to := g.current.Load()
	g.mu.Unlock()
	if to != nil && isFirst {
		runtime.SetFinalizer(to, nil)
		to.end()
		g.dismiss()
	}
	return err
}

// A moment is one at which the group becomes empty, of which the library will tell.
type moment struct {
	group  *Group
	id     C.pool_group_t
	told   chan struct{} // closed when it has come
	status Status        // of the group then; written before
}

func poll(id C.pool_group_t) Status { return Status(C.pool_group_poll(id)) }

// await waits, and returns how the group ended: ok, ErrFailed or ErrCanceled, ErrBusy if it was used again at once, or
// why it could not wait.
func (g *Group) await(ctx context.Context, blocking bool) Status {
	g.mu.Lock()
	to, closed := g.current.Load(), g.closed
	g.mu.Unlock()
	if closed {
		return ErrBadHandle
	}
	if to == nil {
		return ok
	}
	defer runtime.KeepAlive(to)
	timeout := Forever
	if deadline, has := ctx.Deadline(); has {
		timeout = time.Until(deadline)
	}
	status := Status(C.pool_go_wait(to.id, C.int64_t(timeout), C.int32_t(flag(blocking))))
	for isLast := false; status == ErrBusy; isLast = true {
		m, isMine := g.arm(to)
		if m == nil { // no worker can tell
			return Status(C.pool_group_wait(to.id))
		}
		if status = poll(to.id); status != ErrBusy {
			break
		}
		select {
		case <-m.told:
		case <-ctx.Done():
			return ErrTimedOut
		}
		// Somebody else's moment may have been before our call; the next one is not.
		if isMine || isLast {
			return m.status
		}
		status = poll(to.id)
	}
	return status
}

// arm asks the library for the next moment, or joins those who have asked already. nil: it cannot tell.
func (g *Group) arm(to *opened) (m *moment, isMine bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting != nil {
		return g.waiting, false
	}
	m = &moment{group: g, id: to.id, told: make(chan struct{})}
	handle := newHandle(m)
	if Status(C.pool_go_notify(to.id, C.uintptr_t(handle))) != ok {
		take(handle)
		return nil, false
	}
	g.waiting = m
	return m, true
}

// tell wakes those who wait for a moment; nil: for whichever.
func (g *Group) tell(m *moment, status Status) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting == nil || m != nil && g.waiting != m {
		return // told already
	}
	if status == ErrBadHandle {
		status = ErrClosed
	}
	g.waiting.status = status
	close(g.waiting.told)
	g.waiting = nil
}

// end says how the group ended as Wait does, and ends the context of WithContext.
func (g *Group) end(status Status) error {
	switch status {
	case ErrDeadlock, ErrForked, ErrInternal:
		return during("Wait", status)
	}
	if g.cancel != nil {
		defer g.cancel()
	}
	g.mu.Lock()
	err := g.err
	if g.panicked != nil {
		err = g.panicked
	}
	g.mu.Unlock()
	if err != nil {
		return err
	}
	switch status {
	case ok:
		return nil
	case ErrFailed, ErrBusy:
		if failure := g.failure(); failure != nil {
			return failure
		}
		if status == ErrBusy {
			return nil
		}
	case ErrCanceled:
		if g.ctx != nil && g.ctx.Err() != nil {
			return g.ctx.Err()
		}
	}
	return during("Wait", status)
}

// failure is what the library has kept of the first failure.
func (g *Group) failure() error {
	to := g.current.Load()
	var code C.int32_t
	var text [C.POOL_FAILURE_TEXT_MAX]C.char
	status := C.pool_group_failure(to.id, &code, &text[0], C.POOL_FAILURE_TEXT_MAX)
	runtime.KeepAlive(to)
	if status != C.POOL_OK || code == 0 {
		return nil
	}
	return &TaskError{Code: int32(code), Text: C.GoString(&text[0])}
}
