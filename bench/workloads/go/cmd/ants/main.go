// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

// ants: Submit to a Pool, which blocks while all of its goroutines are busy.
package main

import (
	"sync"

	"github.com/panjf2000/ants/v2"

	"libpool/bench/bench"
)

type group struct {
	sync.WaitGroup
	pool *ants.Pool
}

func (g *group) Run(f func()) {
	g.Add(1)
	err := g.pool.Submit(func() {
		defer g.Done()
		f()
	})
	if err != nil {
		panic(err)
	}
}

func newPool(places int, options ...ants.Option) *ants.Pool {
	pool, err := ants.NewPool(places, options...)
	if err != nil {
		panic(err)
	}
	return pool
}

// There is no queue, hence no capacity: what is submitted while all goroutines are busy blocks, or is refused.
// (WithMaxBlockingTasks bounds the submitters that block, and there is one.)
func policy(options ...ants.Option) bench.Policy {
	return func(workers, _ int) (func(f func()) bool, func()) {
		pool := newPool(workers, options...)
		return func(f func()) bool { return pool.Submit(f) == nil }, pool.Release
	}
}

// Default options: WithPreAlloc is advised only for pools of ultra-large capacity with long tasks.
func main() {
	bench.Main(func(places, _ int) (func() bench.Group, func()) {
		pool := newPool(places)
		return func() bench.Group { return &group{pool: pool} }, pool.Release
	}, map[string]bench.Policy{"block": policy(), "reject": policy(ants.WithNonblocking(true))})
}
