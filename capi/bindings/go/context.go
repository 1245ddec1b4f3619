// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

// #include "shim.h"
import "C"

import (
	"context"
	"runtime"
)

// WithContext returns a group of the pool and a context derived from ctx. The first error cancels both: what has not
// started is dropped. So does the end of ctx. The derived context ends at the latest when Wait or Close returns. The
// error of a group that ctx has cancelled is ctx.Err().
func (p *Pool) WithContext(ctx context.Context) (*Group, context.Context) {
	derived, cancel := context.WithCancel(ctx)
	g := &Group{pool: p, ctx: derived, cancel: cancel}
	if ctx.Done() != nil {
		go func() {
			<-derived.Done()
			_ = g.Cancel()
		}()
	}
	return g, derived
}

// WithContext is Pool.WithContext of the default pool.
func WithContext(ctx context.Context) (*Group, context.Context) {
	return (*Pool)(nil).WithContext(ctx)
}

// Cancel cancels the group and its children, for good: tasks that have not started are dropped, later ones refused with
// ErrCanceled; running ones can ask Canceled. Does not block.
func (g *Group) Cancel() error {
	g.mu.Lock()
	isFirst := !g.canceled
	g.canceled = true
	to := g.current.Load()
	g.mu.Unlock()
	if to == nil {
		return nil
	}
	defer runtime.KeepAlive(to)
	if status := Status(C.pool_group_cancel(to.id)); status != ok {
		return during("Cancel", status.err())
	}
	g.dismiss()
	// Workers drop what is queued when they are free. Somebody who waits in the library does it at once, and there are
	// never more of these than groups that have running tasks.
	if isFirst && poll(to.id) == ErrBusy {
		go func() {
			status := Status(C.pool_group_wait(to.id))
			runtime.KeepAlive(to)
			g.tell(nil, status)
		}()
	}
	return nil
}
