// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool_test

import (
	"errors"
	"fmt"
	"testing"

	"libpool/pool"
)

func TestWaitReturnsTheFirstErrorItself(t *testing.T) {
	g := newGroup(t, newPool(t, pool.Options{MaxWorkers: 2}), pool.GroupOptions{MaxConcurrency: 1})
	first := &customError{7}
	g.Go(nothing)
	g.Go(func() error { return first })
	g.Go(func() error { return errors.New("second") })
	for i := 0; i < 2; i++ { // it stays
		if err := g.Wait(); err != error(first) {
			t.Fatalf("%v", err)
		}
	}
}

type customError struct{ number int }

func (e *customError) Error() string { return fmt.Sprint("custom ", e.number) }

// What tasks write can be read after Wait without any other synchronization; the race detector looks on.
func TestWaitMakesTheTasksWritesVisible(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 2})
	for _, helping := range []bool{false, true} {
		g := newGroup(t, p, pool.GroupOptions{HelpingWait: helping})
		for round := 0; round < 100; round++ {
			squares := make([]int, 10)
			for i := range squares {
				i := i
				g.Go(func() error { squares[i] = i * i; return nil })
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			for i, square := range squares {
				if square != i*i {
					t.Fatalf("%d: %v", i, squares)
				}
			}
		}
	}
}

func TestLimitOfOneKeepsTheOrder(t *testing.T) {
	g := newGroup(t, newPool(t, pool.Options{MaxWorkers: 4}), pool.GroupOptions{})
	g.SetLimit(1)
	var order []int // no lock: each task happens before the next
	for i := 0; i < 1000; i++ {
		i := i
		g.Go(func() error { order = append(order, i); return nil })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, number := range order {
		if i != number {
			t.Fatal(order)
		}
	}
	if len(order) != 1000 {
		t.Fatal(len(order))
	}
}

func TestLimitBoundsWhatRuns(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 4})
	g := newGroup(t, p, pool.GroupOptions{})
	g.SetLimit(2)
	gate := newGate()
	running, peak := make(chan struct{}, 100), make(chan int, 100)
	for i := 0; i < 20; i++ {
		g.Go(func() error {
			running <- struct{}{}
			peak <- len(running)
			_ = gate.pass()
			<-running
			return nil
		})
	}
	<-gate.came
	<-gate.came
	if stats, err := g.Stats(); err != nil || stats.Running != 2 || stats.Queued != 18 {
		t.Fatal(stats, err)
	}
	close(gate.open)
	for i := 0; i < 18; i++ {
		<-gate.came
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 20; i++ {
		if most := <-peak; most > 2 {
			t.Fatal(most)
		}
	}
}

func TestSetLimitIsForTheBeginning(t *testing.T) {
	g := newGroup(t, newPool(t, pool.Options{}), pool.GroupOptions{})
	g.SetLimit(3)
	g.SetLimit(-1)
	panics := func(limit int) (value any) {
		defer func() { value = recover() }()
		g.SetLimit(limit)
		return nil
	}
	if value := panics(0); value == nil {
		t.Fatal("a limit of 0 was accepted")
	}
	g.Go(nothing)
	if value := panics(1); value == nil {
		t.Fatal("a limit was accepted after the first task")
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestZeroGroupIsOneOfTheDefaultPool(t *testing.T) {
	var outer struct {
		name string // so that the group is not where a finalizer could be
		g    pool.Group
	}
	if err := outer.g.Wait(); err != nil { // nothing was asked of it
		t.Fatal(err)
	}
	ran := false
	outer.g.Go(func() error { ran = true; return nil })
	if err := outer.g.Close(); err != nil || !ran {
		t.Fatal(err, ran)
	}
	p, err := pool.Default()
	if err != nil {
		t.Fatal(err)
	}
	expect(t, p.Close(), pool.ErrBusy)
	expect(t, pool.ConfigureDefault(pool.Options{}), pool.ErrBusy)
}

// Waits in tasks, as deep as wide, with one worker: they run the tasks that they wait for.
func TestNestedWaitsFinishOnAFullPool(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 1})
	var fib func(n int) (int, error)
	fib = func(n int) (int, error) {
		if n < 2 {
			return n, nil
		}
		g, err := p.NewGroup(pool.GroupOptions{})
		if err != nil {
			return 0, err
		}
		var a, b int
		g.Go(func() (err error) { a, err = fib(n - 1); return err })
		g.Go(func() (err error) { b, err = fib(n - 2); return err })
		err = g.Close()
		return a + b, err
	}
	g := newGroup(t, p, pool.GroupOptions{})
	result := 0
	g.Go(func() (err error) { result, err = fib(12); return err })
	if err := g.Wait(); err != nil || result != 144 {
		t.Fatal(result, err)
	}
}

// A goroutine that a task has started is no task: its Wait is parked, and needs no help.
func TestWaitInAGoroutineOfATask(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 2})
	outer, inner := newGroup(t, p, pool.GroupOptions{}), newGroup(t, p, pool.GroupOptions{})
	gate := newGate()
	inner.Go(gate.pass)
	<-gate.came
	outer.Go(func() error {
		waited := make(chan error)
		go func() { waited <- inner.Wait() }()
		close(gate.open)
		return <-waited
	})
	if err := outer.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestWaitForOneselfIsRefused(t *testing.T) {
	g := newGroup(t, newPool(t, pool.Options{}), pool.GroupOptions{})
	var waited, closed error
	g.Go(func() error { waited, closed = g.Wait(), g.Close(); return nil })
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	expect(t, waited, pool.ErrDeadlock)
	expect(t, closed, pool.ErrDeadlock)
	g.Go(nothing) // it was not closed
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// Close says what happened, also if nobody has waited.
func TestCloseReturnsTheError(t *testing.T) {
	p := newPool(t, pool.Options{})
	g := newGroup(t, p, pool.GroupOptions{})
	broken := errors.New("broken")
	g.Go(func() error { return broken })
	expect(t, g.Close(), broken)
	expect(t, g.Close(), broken)
	expect(t, g.Submit(nothing), pool.ErrBadHandle)
	expect(t, g.Suspend(), pool.ErrBadHandle)

	g = newGroup(t, p, pool.GroupOptions{})
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, g.Close(), pool.ErrBadHandle)
	if g.TryGo(nothing) {
		t.Fatal("a closed group took a task")
	}
	expect(t, g.Wait(), pool.ErrBadHandle)
}

// A nil pointer as an error is one, as always in Go; its method may panic.
func TestErrorsThatCannotBeAsked(t *testing.T) {
	g := newGroup(t, newPool(t, pool.Options{}), pool.GroupOptions{})
	g.Go(func() error { return (*customError)(nil) })
	if err := g.Wait(); err != error((*customError)(nil)) {
		t.Fatal("another error")
	}
}

func TestSuspendAndResume(t *testing.T) {
	g := newGroup(t, newPool(t, pool.Options{}), pool.GroupOptions{})
	if err := g.Suspend(); err != nil {
		t.Fatal(err)
	}
	ran := false
	g.Go(func() error { ran = true; return nil })
	if stats, err := g.Stats(); err != nil || stats.Queued != 1 {
		t.Fatal(stats, err)
	}
	if err := g.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := g.Wait(); err != nil || !ran {
		t.Fatal(err, ran)
	}
}

func TestCounters(t *testing.T) {
	g := newGroup(t, newPool(t, pool.Options{}), pool.GroupOptions{})
	for i := 0; i < 5; i++ {
		g.Go(nothing)
	}
	g.Go(func() error { return errors.New("no") })
	if g.Wait() == nil {
		t.Fatal("no error")
	}
	stats, err := g.Stats()
	if (err != nil || stats != pool.GroupStats{Submitted: 6, Succeeded: 5, Failed: 1}) {
		t.Fatal(stats, err)
	}
}
