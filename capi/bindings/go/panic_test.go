// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool_test

import (
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"libpool/pool"
)

func boom(value any) error { panic(value) }

func TestPanicIsAnErrorWithItsStack(t *testing.T) {
	p := newPool(t, pool.Options{MaxWorkers: 2})
	for _, helping := range []bool{false, true} {
		g := newGroup(t, p, pool.GroupOptions{HelpingWait: helping})
		g.Go(func() error { return boom("out of cheese") })
		err := g.Wait()
		var panicked *pool.PanicError
		if !errors.As(err, &panicked) || panicked.Value != "out of cheese" {
			t.Fatal(err)
		}
		if stack := string(panicked.Stack); !strings.Contains(stack, "pool_test.boom") {
			t.Fatal(stack)
		}
		if !strings.Contains(err.Error(), "out of cheese") || !strings.Contains(err.Error(), "pool_test.boom") {
			t.Fatal(err)
		}
		g.Go(nothing) // nothing else has happened
		if stats, _ := g.Stats(); stats.Failed != 1 {
			t.Fatal(stats)
		}
	}
}

// An ordinary error must not hide a panic that came later.
func TestPanicGoesBeforeErrors(t *testing.T) {
	g := newGroup(t, newPool(t, pool.Options{}), pool.GroupOptions{MaxConcurrency: 1})
	g.Go(func() error { return errors.New("ordinary") })
	g.Go(func() error { return boom(io.ErrUnexpectedEOF) })
	g.Go(func() error { return boom("second") })
	expect(t, g.Wait(), io.ErrUnexpectedEOF) // by Unwrap
}

func TestRuntimeErrorsAndNil(t *testing.T) {
	p := newPool(t, pool.Options{})
	var none map[string]int
	for _, f := range []func() error{func() error { none["a"] = 1; return nil }, func() error { return boom(nil) }, nil} {
		g := newGroup(t, p, pool.GroupOptions{})
		g.Go(f)
		var panicked *pool.PanicError
		if err := g.Wait(); !errors.As(err, &panicked) {
			t.Fatal(err)
		}
	}
}

// Nothing can be done about Goexit in what C has called. It must not hang, and say why it ends.
func TestGoexitEndsTheProcess(t *testing.T) {
	for _, name := range []string{"goexit", "goexit-helping"} {
		output, code := runProgram(t, name)
		if code != 2 || !strings.Contains(output, "runtime.Goexit") {
			t.Fatalf("%d: %s", code, output)
		}
	}
}

func init() {
	goexit := func(helping bool) {
		p, err := pool.New(pool.Options{MaxWorkers: 1})
		if err != nil {
			panic(err)
		}
		g, err := p.NewGroup(pool.GroupOptions{HelpingWait: helping})
		if err != nil {
			panic(err)
		}
		if helping { // the worker is busy, so that Wait runs it
			gate := newGate()
			other := pool.Group{}
			other.Go(gate.pass)
			held, _ := p.NewGroup(pool.GroupOptions{})
			held.Go(gate.pass)
			<-gate.came
			<-gate.came
		}
		g.Go(func() error { runtime.Goexit(); return nil })
		_ = g.Wait()
		os.Exit(0)
	}
	programs["goexit"] = func() { goexit(false) }
	programs["goexit-helping"] = func() { goexit(true) }
}
