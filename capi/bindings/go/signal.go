// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

import (
	"syscall"
	"unsafe"
)

// Go interrupts a function that calls nothing for long with SIGURG, for the garbage collector and the scheduler: without
// it such a loop would hold up every goroutine. libpool's workers block the signal, so that a task unblocks it while it
// runs, and blocks it again; that is two system calls. It must not stay unblocked, nor get lost: while one is on its way
// the runtime sends no other to that M, and of one that arrives in C, or at a thread that has ended, it never learns that
// it is over (preemptM and sigtrampgo, as of Go 1.26). A blocked one arrives in the thread's next task. Where an M may
// come from a thread that has ended, in the first task of a thread, we send one ourselves.
var urgent uint64 = 1 << (syscall.SIGURG - 1)

// unblock reports whether the signal was blocked.
func unblock(isFirst bool) bool {
	const sigUnblock = 1
	var before uint64
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, sigUnblock, uintptr(unsafe.Pointer(&urgent)),
		uintptr(unsafe.Pointer(&before)), unsafe.Sizeof(urgent), 0, 0)
	if isFirst {
		_, _, _ = syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()),
			uintptr(syscall.SIGURG))
	}
	return before&urgent != 0
}

func block() {
	const sigBlock = 0
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, sigBlock, uintptr(unsafe.Pointer(&urgent)), 0,
		unsafe.Sizeof(urgent), 0, 0)
}
