// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

// #cgo pkg-config: pool
// #include "shim.h"
import "C"

import "fmt"

// A Status is an error that the library returns. Compare with errors.Is.
type Status int32

// What the library returns; pool.h says for each function when.
const (
	ErrInvalid   = Status(C.POOL_EINVAL)     // an argument or an option is out of its range; the library's log names it
	ErrBadHandle = Status(C.POOL_EBADHANDLE) // the pool or group is closed
	ErrNoMemory  = Status(C.POOL_ENOMEM)
	ErrNoThread  = Status(C.POOL_ETHREAD)   // the system gave no thread
	ErrFull      = Status(C.POOL_EFULL)     // refused by the overflow policy
	ErrTimedOut  = Status(C.POOL_ETIMEDOUT) // the time-out is over
	ErrClosed    = Status(C.POOL_ECLOSED)   // the pool is shutting down, or the object was closed during the call
	ErrCanceled  = Status(C.POOL_ECANCELED) // the group is cancelled, and tasks were not run
	ErrDeadlock  = Status(C.POOL_EDEADLK)   // the call would wait for the very task that it is made from
	ErrForked    = Status(C.POOL_EFORKED)   // the handle is one of the parent process
	ErrBusy      = Status(C.POOL_EBUSY)     // the object is in use
	ErrFailed    = Status(C.POOL_EFAILED)   // a task was discarded by the overflow policy
	ErrInternal  = Status(C.POOL_EINTERNAL) // a defect of the library
)

const ok = Status(C.POOL_OK)

// Error returns the status's name in pool.h and one sentence.
func (s Status) Error() string {
	status := C.pool_status_t(s)
	return C.GoString(C.pool_status_name(status)) + ": " + C.GoString(C.pool_status_str(status))
}

// err is s as an error, nil if it is none.
func (s Status) err() error {
	if s == ok {
		return nil
	}
	return s
}

// during says what was tried.
func during(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("pool: %s: %w", what, err)
}

// A TaskError is the failure of a C function.
type TaskError struct {
	Code int32  // what it returned, or gave to pool_task_set_failure
	Text string // what it gave to pool_task_set_failure, at most 127 bytes
}

func (e *TaskError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("pool: a C function failed with %d", e.Code)
	}
	return fmt.Sprintf("pool: a C function failed with %d: %s", e.Code, e.Text)
}

// A PanicError is the panic of a task.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // the task's stack then, as of debug.Stack
}

// Error returns the value and the stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf("pool: a task panicked: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns the value, if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Version returns the version of the library that runs, "1.0.0-dev" for example.
func Version() string { return C.GoString(C.pool_version_string()) }
