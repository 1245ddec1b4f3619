// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

// The go statement with a sync.WaitGroup.
package main

import (
	"sync"

	"libpool/bench/bench"
)

type group struct{ sync.WaitGroup }

func (g *group) Run(f func()) {
	g.Add(1)
	go func() {
		defer g.Done()
		f()
	}()
}

func main() {
	bench.Main(func(int) (func() bench.Group, func()) {
		return func() bench.Group { return &group{} }, func() {}
	})
}
