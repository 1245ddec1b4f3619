// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool_test

import (
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"libpool/pool"
	"libpool/pool/internal/cwork"
)

func threads(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skip(err)
	}
	return len(entries)
}

// So many goroutines that some threads more or less do not matter.
const crowd = 300

// Goroutines that wait take no threads.
func TestWaitersAreParked(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 1})
	gate := newGate()
	shared := newGroup(t, p, pool.GroupOptions{})
	shared.Go(gate.pass)
	<-gate.came
	before := threads(t)
	waited := make(chan error)
	for i := 0; i < crowd; i++ {
		g := shared // half of them wait for the same group
		if i%2 == 0 {
			g = newGroup(t, p, pool.GroupOptions{})
			g.Go(nothing)
		}
		go func() { waited <- g.Wait() }()
	}
	until(func() bool { return goroutinesIn("(*Group).await") == crowd })
	if more := threads(t) - before; more > crowd/4 {
		t.Errorf("%d goroutines wait on %d further threads", crowd, more)
	}
	close(gate.open)
	for i := 0; i < crowd; i++ {
		if err := <-waited; err != nil {
			t.Fatal(err)
		}
	}
}

// Neither do those that stand in line at a full queue.
func TestSubmittersInLineAreParked(t *testing.T) {
	gate := newCGate(t)
	p := newPool(t, pool.Options{MaxWorkers: 1, QueueCapacity: 1})
	held := newGroup(t, p, pool.GroupOptions{})
	held.GoC(cwork.Pass, gate.Context())
	gate.Await(1)
	held.GoC(cwork.Pass, gate.Context()) // takes the place
	before := threads(t)
	var ran int64
	done := make(chan error)
	for i := 0; i < crowd; i++ {
		g := newGroup(t, p, pool.GroupOptions{})
		go func() {
			g.Go(func() error { atomic.AddInt64(&ran, 1); return nil })
			done <- g.Wait()
		}()
	}
	until(func() bool { return goroutinesIn("(*Group).submit") == crowd })
	if more := threads(t) - before; more > crowd/4 {
		t.Errorf("%d goroutines stand in line on %d further threads", crowd, more)
	}
	gate.Open()
	for i := 0; i < crowd; i++ {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if ran != crowd {
		t.Fatal(ran)
	}
}

func TestCancelSendsAwayWhoStandsInLine(t *testing.T) {
	gate := newCGate(t)
	p := newPool(t, pool.Options{MaxWorkers: 1, QueueCapacity: 1})
	held, g := newGroup(t, p, pool.GroupOptions{}), newGroup(t, p, pool.GroupOptions{})
	held.GoC(cwork.Pass, gate.Context())
	gate.Await(1)
	held.GoC(cwork.Pass, gate.Context())
	first, done := make(chan error), make(chan error)
	go func() { first <- held.Submit(nothing) }() // stands in the library,
	until(func() bool { stats, _ := p.Stats(); return stats.Blocked == 1 })
	for i := 0; i < 2; i++ { // and these before it
		go func() { done <- g.Submit(nothing) }()
	}
	until(func() bool { return goroutinesIn("(*Group).stand") == 3 })
	if err := g.Cancel(); err != nil {
		t.Fatal(err)
	}
	expect(t, <-done, pool.ErrCanceled)
	expect(t, <-done, pool.ErrCanceled)
	gate.Open()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
}

func TestPoliciesAtAFullQueue(t *testing.T) {
	gate := newCGate(t)
	p := newPool(t, pool.Options{MaxWorkers: 1})
	held := newGroup(t, p, pool.GroupOptions{})
	held.GoC(cwork.Pass, gate.Context())
	gate.Await(1)
	full := func(o pool.GroupOptions) *pool.Group {
		o.QueueCapacity = 1
		g := newGroup(t, p, o)
		g.GoC(cwork.Nothing, nil)
		return g
	}
	if g := full(pool.GroupOptions{}); g.TryGo(nothing) {
		t.Error("TryGo found a place")
	}
	expect(t, full(pool.GroupOptions{Overflow: pool.OverflowReject}).Submit(nothing), pool.ErrFull)
	expect(t, full(pool.GroupOptions{OverflowTimeout: 1}).Submit(nothing), pool.ErrTimedOut)
	expect(t, full(pool.GroupOptions{OverflowTimeout: -1}).Submit(nothing), pool.ErrTimedOut)
	timed := full(pool.GroupOptions{OverflowTimeout: 10 * time.Millisecond})
	done := make(chan error)
	for i := 0; i < 3; i++ {
		go func() { done <- timed.Submit(nothing) }()
	}
	for i := 0; i < 3; i++ {
		expect(t, <-done, pool.ErrTimedOut)
	}
	ran := false
	inPlace := full(pool.GroupOptions{Overflow: pool.OverflowCallerRuns})
	inPlace.Go(func() error { ran = true; return nil })
	if !ran {
		t.Error("it did not run in place")
	}
	oldest, newest := full(pool.GroupOptions{Overflow: pool.OverflowDiscardOldest}),
		full(pool.GroupOptions{Overflow: pool.OverflowDiscardNewest})
	oldest.Go(nothing)
	newest.Go(nothing)
	gate.Open()
	expect(t, oldest.Wait(), pool.ErrFailed)
	expect(t, newest.Wait(), pool.ErrFailed)
	if err := inPlace.Wait(); err != nil {
		t.Fatal(err)
	}
}

// Tasks that submit at a full queue run in place, so that nothing stops.
func TestTasksSubmitAtAFullQueue(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 1, QueueCapacity: 1})
	g := newGroup(t, p, pool.GroupOptions{})
	var ran int64
	for i := 0; i < 20; i++ {
		g.Go(func() error {
			for j := 0; j < 5; j++ {
				g.Go(func() error { atomic.AddInt64(&ran, 1); return nil })
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil || ran != 100 {
		t.Fatal(err, ran)
	}
}

// A task that calls nothing is interrupted for the garbage collector, or else everything stands still: on threads that
// come and go, and after many short tasks that it has interrupted, see signal.go.
func TestTasksCanBeInterrupted(t *testing.T) {
	interrupt := func(p *pool.Pool) {
		g := newGroup(t, p, pool.GroupOptions{})
		var turns, stop int64
		g.Go(func() error {
			for atomic.LoadInt64(&stop) == 0 {
				atomic.AddInt64(&turns, 1)
			}
			return nil
		})
		until(func() bool { return atomic.LoadInt64(&turns) > 0 })
		runtime.GC()
		atomic.StoreInt64(&stop, 1)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	for round := 0; round < 20; round++ {
		p := newPool(t, pool.Options{MaxWorkers: 1})
		interrupt(p)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	p := newPool(t, pool.Options{MaxWorkers: 1})
	g := newGroup(t, p, pool.GroupOptions{})
	for round := 0; round < 20; round++ {
		for i := 0; i < 1000; i++ {
			g.Go(nothing)
		}
		for stats, _ := g.Stats(); stats.Queued > 0; stats, _ = g.Stats() {
			runtime.GC()
		}
		interrupt(p)
	}
}

// A section that blocks lets another worker run in place of this one.
func TestBlockingSections(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 1, BurstWorkers: 1, BurstDelay: pool.Forever})
	g := newGroup(t, p, pool.GroupOptions{})
	released := make(chan struct{})
	g.Go(func() error {
		pool.Blocking(func() { <-released })
		return nil
	})
	g.Go(func() error { close(released); return nil })
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	g.Go(func() error { pool.Blocking(func() { panic("!") }); return nil }) // ends the section, too
	if g.Wait() == nil {
		t.Fatal("no panic")
	}
	outside := false
	pool.Blocking(func() { outside = true })
	if !outside {
		t.Fatal("it was not called")
	}
}
