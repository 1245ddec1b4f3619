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

func main() {
	bench.Main(func(places int) (func() bench.Group, func()) {
		pool, err := ants.NewPool(places)
		if err != nil {
			panic(err)
		}
		return func() bench.Group { return &group{pool: pool} }, pool.Release
	})
}
