// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool_test

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"libpool/pool"
	"libpool/pool/internal/cwork"
)

func TestBadOptions(t *testing.T) {
	for name, o := range map[string]pool.Options{
		"MaxWorkers":    {MaxWorkers: -1},
		"QueueCapacity": {QueueCapacity: pool.Unbounded + 1},
		"New":           {MinWorkers: 3, MaxWorkers: 2},
	} {
		_, err := pool.New(o)
		expect(t, err, pool.ErrInvalid)
		if !strings.Contains(err.Error(), name) {
			t.Error(err)
		}
	}
	p := newPool(t, pool.Options{})
	_, err := p.NewGroup(pool.GroupOptions{Weight: 1001})
	expect(t, err, pool.ErrInvalid)
	_, err = p.NewGroup(pool.GroupOptions{MaxConcurrency: -1})
	expect(t, err, pool.ErrInvalid)
	stranger := newGroup(t, newPool(t, pool.Options{}), pool.GroupOptions{})
	_, err = p.NewGroup(pool.GroupOptions{Parent: stranger})
	expect(t, err, pool.ErrInvalid)
	if err := stranger.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = p.NewGroup(pool.GroupOptions{Parent: stranger})
	expect(t, err, pool.ErrBadHandle)
}

func TestClosedPool(t *testing.T) {
	p := newPool(t, pool.Options{})
	g := newGroup(t, p, pool.GroupOptions{})
	if err := p.Shutdown(pool.Drain, 0); err != nil {
		t.Fatal(err)
	}
	expect(t, g.Submit(nothing), pool.ErrClosed)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, p.Close(), pool.ErrBadHandle)
	_, err := p.NewGroup(pool.GroupOptions{})
	expect(t, err, pool.ErrBadHandle)
	_, err = p.Stats()
	expect(t, err, pool.ErrBadHandle)
	expect(t, p.Resize(0, 1), pool.ErrBadHandle)
	expect(t, g.Submit(nothing), pool.ErrBadHandle)
	expect(t, g.Wait(), pool.ErrBadHandle)
	expect(t, g.Cancel(), pool.ErrBadHandle)
}

// A pool that ends runs what it has; those who wait for it come back.
func TestCloseOfABusyPool(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 1})
	gate := newGate()
	g := newGroup(t, p, pool.GroupOptions{})
	g.Go(gate.pass)
	<-gate.came
	ran := false
	g.Go(func() error { ran = true; return nil })
	broken := errors.New("broken")
	g.Go(func() error { return broken })
	waited, closed := make(chan error), make(chan error)
	go func() { waited <- g.Wait() }()
	until(func() bool { return goroutinesIn("(*Group).await") == 1 })
	go func() { closed <- p.Close() }()
	until(func() bool { return errors.Is(g.Submit(nothing), pool.ErrClosed) })
	close(gate.open)
	if err := <-closed; err != nil || !ran {
		t.Fatal(err, ran)
	}
	if err := <-waited; err != broken {
		t.Fatal(err)
	}
}

func TestShutdownCancels(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 1})
	gate := newGate()
	g := newGroup(t, p, pool.GroupOptions{})
	g.Go(gate.pass)
	<-gate.came
	g.Go(func() error { t.Error("it ran"); return nil })
	expect(t, p.Shutdown(pool.Cancel, time.Nanosecond), pool.ErrTimedOut)
	close(gate.open)
	if err := p.Shutdown(pool.Cancel, pool.Forever); err != nil {
		t.Fatal(err)
	}
	expect(t, g.Wait(), pool.ErrCanceled)
}

func TestCloseFromInside(t *testing.T) {
	p := newPool(t, pool.Options{})
	g := newGroup(t, p, pool.GroupOptions{})
	g.Go(p.Close)
	expect(t, g.Wait(), pool.ErrDeadlock)
}

func TestResize(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 1, Prestart: true, MinWorkers: 1})
	if err := p.Resize(0, 3); err != nil {
		t.Fatal(err)
	}
	g := newGroup(t, p, pool.GroupOptions{})
	gate := newGate()
	for i := 0; i < 3; i++ {
		g.Go(gate.pass)
	}
	for i := 0; i < 3; i++ {
		<-gate.came
	}
	close(gate.open)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if stats, err := p.Stats(); err != nil || stats.WorkersPeak != 3 {
		t.Fatal(stats, err)
	}
	expect(t, p.Resize(3, 2), pool.ErrInvalid)
	expect(t, p.Resize(-1, 2), pool.ErrInvalid)
}

// The safety net: what was forgotten ends some time, and not before its tasks.
func TestForgottenGroups(t *testing.T) {
	gate := newCGate(t)
	p := newPool(t, pool.Options{MaxWorkers: 1})
	ended := func() func() error {
		g, err := p.NewGroup(pool.GroupOptions{})
		if err != nil {
			t.Fatal(err)
		}
		g.GoC(cwork.Pass, gate.Context())
		g.Go(nothing)
		return pool.Peek(g)
	}()
	gate.Await(1)
	runtime.GC() // a Go task of it is queued
	if err := ended(); !errors.Is(err, pool.ErrBusy) {
		t.Fatal(err)
	}
	gate.Open()
	until(func() bool { runtime.GC(); return errors.Is(ended(), pool.ErrBadHandle) })
	if gate.Passed() != 1 {
		t.Fatal(gate.Passed())
	}
}

func TestForgottenPools(t *testing.T) {
	const most = 1024 // at a time
	for i := 0; i < most+10; i++ {
		until(func() bool {
			_, err := pool.New(pool.Options{})
			if errors.Is(err, pool.ErrNoMemory) {
				runtime.GC()
			}
			return err == nil
		})
	}
}

// A program may end whenever it wants to.
func TestExitWithTasksInFlight(t *testing.T) {
	output, code := runProgram(t, "exit")
	if code != 7 || output != "out\n" {
		t.Fatalf("%d: %s", code, output)
	}
}

func init() {
	programs["exit"] = func() {
		var g pool.Group
		for i := 0; i < 1000; i++ {
			g.Go(func() error {
				for start := time.Now(); time.Since(start) < time.Second; {
				}
				return nil
			})
			us := int64(1000)
			_ = g.SubmitCCopy(cwork.Spin, unsafe.Pointer(&us), 8)
		}
		go func() { _ = g.Wait() }()
		_, _ = os.Stdout.WriteString("out\n")
		os.Exit(7)
	}
}

func TestNames(t *testing.T) {
	if pool.ErrFull.Error()[:10] != "POOL_EFULL" || pool.Version() == "" {
		t.Fatal(pool.ErrFull.Error(), pool.Version())
	}
}
