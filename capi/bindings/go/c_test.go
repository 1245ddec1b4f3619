// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool_test

import (
	"context"
	"errors"
	"testing"
	"unsafe"

	"libpool/pool"
	"libpool/pool/internal/cwork"
)

// Whoever submits, and however many: no more threads than the pool has.
func TestCFunctionsAreBounded(t *testing.T) {
	gate := newCGate(t)
	p := newPool(t, pool.Options{MaxWorkers: 2})
	const submitters, each = 20, 5
	waited := make(chan error)
	for i := 0; i < submitters; i++ {
		go func() {
			var g *pool.Group
			g, err := p.NewGroup(pool.GroupOptions{})
			for j := 0; j < each && err == nil; j++ {
				err = g.SubmitC(cwork.Pass, gate.Context())
			}
			if err == nil {
				err = g.Close()
			}
			waited <- err
		}()
	}
	gate.Await(2)
	until(func() bool { stats, _ := p.Stats(); return stats.Queued == submitters*each-2 })
	if most := pool.Handles(); most > submitters { // one for each that waits
		t.Errorf("C functions take handles: %d", most)
	}
	gate.Open()
	for i := 0; i < submitters; i++ {
		if err := <-waited; err != nil {
			t.Fatal(err)
		}
	}
	if gate.Passed() != submitters*each || gate.Peak() != 2 {
		t.Fatal(gate.Passed(), gate.Peak())
	}
	if stats, err := p.Stats(); err != nil || stats.WorkersPeak != 2 {
		t.Fatal(stats, err)
	}
}

func TestCFailures(t *testing.T) {
	p := newPool(t, pool.Options{})
	var failure *pool.TaskError

	g := newGroup(t, p, pool.GroupOptions{})
	code := int32(-5)
	if err := g.SubmitCCopy(cwork.Fail, unsafe.Pointer(&code), unsafe.Sizeof(code)); err != nil {
		t.Fatal(err)
	}
	if err := g.Wait(); !errors.As(err, &failure) || failure.Code != -5 || failure.Text != "" {
		t.Fatal(err)
	}

	g = newGroup(t, p, pool.GroupOptions{})
	g.GoC(cwork.FailWithText, nil)
	if err := g.Wait(); !errors.As(err, &failure) || failure.Code != 17 || failure.Text != "no such page" {
		t.Fatal(err)
	}

	g = newGroup(t, p, pool.GroupOptions{})
	g.GoC(nil, nil)
	expect(t, g.Wait(), pool.ErrInvalid)
	expect(t, g.SubmitC(nil, nil), pool.ErrInvalid)
	expect(t, g.SubmitCCopy(cwork.Fail, nil, 4), pool.ErrInvalid)
	expect(t, g.SubmitCCopy(cwork.Fail, unsafe.Pointer(&code), 0), pool.ErrInvalid)
	expect(t, g.SubmitCCopy(cwork.Fail, unsafe.Pointer(&[64]byte{}), pool.CopyMax+1), pool.ErrInvalid)
}

// A copy of Go memory, and a drop for each context; in groups with a context both go another way.
func TestCopiesAndDrops(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 2})
	withContext, _ := p.WithContext(context.Background())
	for _, g := range []*pool.Group{newGroup(t, p, pool.GroupOptions{}), withContext} {
		gate := cwork.NewGate()
		gate.Open()
		for i := 1; i <= 100; i++ {
			sum := cwork.NewSum(gate, i)
			if err := g.SubmitCCopy(cwork.SumAtGate, unsafe.Pointer(&sum), unsafe.Sizeof(sum)); err != nil {
				t.Fatal(err)
			}
			if err := g.SubmitCDrop(cwork.Pass, gate.Context(), cwork.Drop); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		if gate.Passed() != 5050+100 || gate.Dropped() != 100 {
			t.Fatal(gate.Passed(), gate.Dropped())
		}
		gate.Free()
	}
}

// Drops come for what is cancelled, and not for what is refused.
func TestDropsOfWhatNeverRuns(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 1})
	withContext, _ := p.WithContext(context.Background())
	for _, g := range []*pool.Group{newGroup(t, p, pool.GroupOptions{}), withContext} {
		gate := cwork.NewGate()
		for i := 0; i < 10; i++ {
			if err := g.SubmitCDrop(cwork.Pass, gate.Context(), cwork.Drop); err != nil {
				t.Fatal(err)
			}
		}
		gate.Await(1)
		if err := g.Cancel(); err != nil {
			t.Fatal(err)
		}
		expect(t, g.SubmitCDrop(cwork.Pass, gate.Context(), cwork.Drop), pool.ErrCanceled)
		number := 1
		expect(t, g.SubmitCCopy(cwork.Pass, unsafe.Pointer(&number), 8), pool.ErrCanceled)
		gate.Open()
		expect(t, g.Close(), pool.ErrCanceled)
		if gate.Passed() != 1 || gate.Dropped() != 10 {
			t.Fatal(gate.Passed(), gate.Dropped())
		}
		gate.Free()
	}
}

func TestCFailureCancelsTheContext(t *testing.T) {
	g, ctx := newPool(t, pool.Options{MaxWorkers: 2}).WithContext(context.Background())
	defer g.Close()
	g.Go(func() error { <-ctx.Done(); return ctx.Err() })
	code := int32(3)
	if err := g.SubmitCCopy(cwork.Fail, unsafe.Pointer(&code), 4); err != nil {
		t.Fatal(err)
	}
	var failure *pool.TaskError
	if err := g.Wait(); !errors.As(err, &failure) || failure.Code != 3 {
		t.Fatal(err)
	}
}
