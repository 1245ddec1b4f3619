// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool_test

import (
	"context"
	"errors"
	"testing"

	"libpool/pool"
	"libpool/pool/internal/cwork"
)

func TestFirstErrorCancelsTheContextAndDropsTheRest(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 1})
	g, ctx := p.WithContext(context.Background())
	defer g.Close()
	gate := newGate()
	broken := errors.New("broken")
	g.Go(func() error { _ = gate.pass(); return broken })
	<-gate.came
	for i := 0; i < 10; i++ {
		g.Go(func() error { t.Error("it ran"); return nil })
	}
	close(gate.open)
	<-ctx.Done()
	if err := g.Wait(); err != broken {
		t.Fatal(err)
	}
	if stats, err := g.Stats(); err != nil || stats.Canceled != 10 {
		t.Fatal(stats, err)
	}
	expect(t, g.Submit(nothing), pool.ErrCanceled)
}

func TestPanicCancelsTheContext(t *testing.T) {
	g, ctx := newPool(t, pool.Options{MaxWorkers: 2}).WithContext(context.Background())
	defer g.Close()
	g.Go(func() error { <-ctx.Done(); return ctx.Err() })
	g.Go(func() error { return boom("!") })
	var panicked *pool.PanicError
	if err := g.Wait(); !errors.As(err, &panicked) {
		t.Fatal(err)
	}
}

func TestContextEndsWithWait(t *testing.T) {
	p := newPool(t, pool.Options{})
	for _, end := range []func(*pool.Group) error{(*pool.Group).Wait, (*pool.Group).Close} {
		g, ctx := p.WithContext(context.Background())
		g.Go(ctx.Err)
		if err := end(g); err != nil {
			t.Fatal(err)
		}
		expect(t, ctx.Err(), context.Canceled)
		_ = g.Close()
	}
}

// The end of the parent's context: what has not started is dropped, and Wait says why.
func TestParentsEndCancelsTheGroup(t *testing.T) {
	gate := newCGate(t)
	p := newPool(t, pool.Options{MaxWorkers: 1})
	parent, cancel := context.WithCancel(context.Background())
	g, ctx := p.WithContext(parent)
	defer g.Close()
	held := newGroup(t, p, pool.GroupOptions{}) // every worker is busy with something else, for as long as it takes
	held.GoC(cwork.Pass, gate.Context())
	gate.Await(1)
	for i := 0; i < 10; i++ {
		g.Go(func() error { t.Error("it ran"); return nil })
	}
	cancel()
	<-ctx.Done()
	expect(t, g.Wait(), context.Canceled)
	g.Go(nothing)
	expect(t, g.Close(), context.Canceled)
	if gate.Passed() != 0 {
		t.Fatal("the other group's task is over")
	}
	gate.Open()
	if err := held.Wait(); err != nil {
		t.Fatal(err)
	}
}

// A goroutine that is parked in Wait when the cancel comes.
func TestCancelWakesWhoWaits(t *testing.T) {
	gate := newCGate(t)
	p := newPool(t, pool.Options{MaxWorkers: 1})
	held, g := newGroup(t, p, pool.GroupOptions{}), newGroup(t, p, pool.GroupOptions{})
	held.GoC(cwork.Pass, gate.Context())
	gate.Await(1)
	g.Go(nothing)
	waited := make(chan error)
	for i := 0; i < 2; i++ {
		go func() { waited <- g.Wait() }()
	}
	until(func() bool { return goroutinesIn("(*Group).await") == 2 })
	if err := g.Cancel(); err != nil {
		t.Fatal(err)
	}
	expect(t, <-waited, pool.ErrCanceled)
	expect(t, <-waited, pool.ErrCanceled)
	gate.Open()
}

func TestCancelBeforeTheFirstTask(t *testing.T) {
	var g pool.Group
	defer g.Close()
	if err := g.Cancel(); err != nil {
		t.Fatal(err)
	}
	g.Go(func() error { t.Error("it ran"); return nil })
	expect(t, g.Wait(), pool.ErrCanceled)
}

func TestCanceledIsSeenInside(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 1})
	parent := newGroup(t, p, pool.GroupOptions{})
	child := newGroup(t, p, pool.GroupOptions{Parent: parent})
	gate := newGate()
	before, after := true, false
	child.Go(func() error {
		before = pool.Canceled()
		err := gate.pass()
		after = pool.Canceled()
		return err
	})
	<-gate.came
	if err := parent.Cancel(); err != nil {
		t.Fatal(err)
	}
	close(gate.open)
	if err := child.Wait(); err != nil || before || !after {
		t.Fatal(err, before, after)
	}
	if pool.Canceled() {
		t.Fatal("not in a task")
	}
}

func TestWaitContext(t *testing.T) {
	g := newGroup(t, newPool(t, pool.Options{MaxWorkers: 1}), pool.GroupOptions{})
	gate := newGate()
	g.Go(gate.pass)
	<-gate.came
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	expect(t, g.WaitContext(ctx), context.Canceled)
	ctx, cancel = context.WithTimeout(context.Background(), 1)
	defer cancel()
	expect(t, g.WaitContext(ctx), context.DeadlineExceeded)
	inside := newGroup(t, newPool(t, pool.Options{}), pool.GroupOptions{})
	inside.Go(func() error { return g.WaitContext(ctx) })
	expect(t, inside.Wait(), context.DeadlineExceeded)
	close(gate.open)
	if err := g.WaitContext(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestGroupWithContextOfTheDefaultPool(t *testing.T) {
	g, _ := pool.WithContext(context.Background())
	defer g.Close()
	g.Go(nothing)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}
