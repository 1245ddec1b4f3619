// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

import (
	"syscall"
	"unsafe"
)

// Go interrupts a function that calls nothing for long with SIGURG, for the garbage collector and the scheduler: without
// it such a loop would hold up every goroutine. While one is on its way the runtime sends no other to that M; and of one
// that arrives while the thread is in C, or does not arrive since the thread has ended, it never learns that it is over
// (preemptM, sigtrampgo; as of Go 1.26). Short tasks bring that about soon, and that thread would hear no more.
//
// So a worker blocks the signal but for its Go tasks: one that is sent at the end of a task arrives in the next. And since
// an M may come from a thread that has ended, the first task of a thread sends itself one. The price is two system calls a
// task.
const (
	hears     = 0 // as in shim.c
	firstTask = 1
)

var urgent uint64 = 1 << (syscall.SIGURG - 1)

func mask(how uintptr) {
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, how, uintptr(unsafe.Pointer(&urgent)), 0,
		unsafe.Sizeof(urgent), 0, 0)
}

func hear(isFirst bool) {
	const sigUnblock = 1
	mask(sigUnblock)
	if isFirst {
		_, _, _ = syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()),
			uintptr(syscall.SIGURG))
	}
}

func unhear() {
	const sigBlock = 0
	mask(sigBlock)
}
