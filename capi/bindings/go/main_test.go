// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"libpool/pool"
	"libpool/pool/internal/cwork"
)

// A gate is where Go tasks stop until it is opened.
type gate struct{ came, open chan struct{} }

func newGate() gate { return gate{make(chan struct{}), make(chan struct{})} }

func (g gate) pass() error {
	g.came <- struct{}{}
	<-g.open
	return nil
}

// newPool makes a pool for a test, after whose end no handle may be left.
func newPool(t *testing.T, o pool.Options) *pool.Pool {
	t.Helper()
	p, err := pool.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() { // its tasks may never end
			return
		}
		if err := p.Close(); err != nil && !errors.Is(err, pool.ErrBadHandle) {
			t.Error(err)
		}
		if left := pool.Handles(); left != 0 {
			t.Errorf("%d handles are left", left)
		}
	})
	return p
}

func newGroup(t *testing.T, p *pool.Pool, o pool.GroupOptions) *pool.Group {
	t.Helper()
	g, err := p.NewGroup(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			_ = g.Close()
		}
	})
	return g
}

// newCGate makes one for C tasks, which is freed after the pools that are made later.
func newCGate(t *testing.T) cwork.Gate {
	gate := cwork.NewGate()
	t.Cleanup(func() {
		if !t.Failed() {
			gate.Free()
		}
	})
	return gate
}

func expect(t *testing.T, err, expected error) {
	t.Helper()
	if !errors.Is(err, expected) {
		t.Fatalf("%v, expected %v", err, expected)
	}
}

func nothing() error { return nil }

// until yields until a condition holds that only other goroutines can bring about.
func until(condition func() bool) {
	for !condition() {
		runtime.Gosched()
	}
}

// goroutinesIn counts those that have function on their stack.
func goroutinesIn(function string) int {
	text := make([]byte, 4<<20)
	text = text[:runtime.Stack(text, true)]
	count := 0
	for _, stack := range strings.Split(string(text), "\n\n") {
		if strings.Contains(stack, function) {
			count++
		}
	}
	return count
}

// programs are what a copy of the test binary does instead of testing.
var programs = map[string]func(){}

func TestMain(m *testing.M) {
	if program := programs[os.Getenv("POOL_TEST_PROGRAM")]; program != nil {
		program()
		return
	}
	os.Exit(m.Run())
}

// runProgram returns the output and the exit code.
func runProgram(t *testing.T, name string) (string, int) {
	t.Helper()
	runtime.LockOSThread() // whose end would end it, too
	defer runtime.UnlockOSThread()
	command := exec.Command(os.Args[0])
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	command.Env = append(os.Environ(), "POOL_TEST_PROGRAM="+name)
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(output), command.ProcessState.ExitCode()
}
