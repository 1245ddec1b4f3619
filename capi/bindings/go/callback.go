// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

// #include "shim.h"
import "C"

import (
	"fmt"
	"runtime/cgo"
	"runtime/debug"
)

// A task is a Go function on its way through the library, which holds it by a cgo.Handle. The handle is deleted exactly
// once: by pool_go_run when the task starts, by pool_go_drop if it never does, or by whoever was refused.
type task struct {
	group *Group
	fn    func() error
	drop  func() // after the run, or in place of it; may be nil
}

// handleHook, if there is one, is told of each handle that is made (1) and deleted (-1). For the tests.
var handleHook func(change int)

func newHandle(value any) cgo.Handle {
	if handleHook != nil {
		handleHook(1)
	}
	return cgo.NewHandle(value)
}

// take returns what a handle stands for, and deletes it.
func take(handle cgo.Handle) any {
	value := handle.Value()
	handle.Delete()
	if handleHook != nil {
		handleHook(-1)
	}
	return value
}

//export pool_go_run
func pool_go_run(handle C.uintptr_t, thread C.int32_t) C.int32_t {
	if thread != hears {
		hear(thread == firstTask)
		defer unhear()
	}
	t := take(cgo.Handle(handle)).(*task)
	if t.drop != nil {
		defer t.drop()
	}
	if err := t.call(); err != nil {
		t.group.failInside(err)
		return 1
	}
	return 0
}

//export pool_go_drop
func pool_go_drop(handle C.uintptr_t) {
	if t := take(cgo.Handle(handle)).(*task); t.drop != nil {
		t.drop()
	}
}

//export pool_go_empty
func pool_go_empty(handle C.uintptr_t) {
	m := take(cgo.Handle(handle)).(*moment)
	m.group.tell(m, poll(m.id))
}

// call runs the function. Below it on the stack is C, which nothing may unwind: neither a panic nor runtime.Goexit. The
// second cannot be held up, so that it ends the process, on a goroutine where nobody can recover from that.
func (t *task) call() (err error) {
	exits := true
	var stack []byte
	defer func() {
		if exits {
			go panic(fmt.Sprintf("pool: a task called runtime.Goexit, as FailNow of a test does; its stack:\n%s", stack))
			select {}
		}
	}()
	func() {
		returned := false
		defer func() {
			if !returned { // (recover says nil for panic(nil), in old versions of Go)
				stack = debug.Stack()
				err = &PanicError{Value: recover(), Stack: stack}
			}
		}()
		err = t.fn()
		returned = true
	}()
	exits = false
	return err
}
