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

// none has no bound, but so many places to work at: goroutines that only sleep would take any load otherwise.
func none(workers, _ int) (func(f func()) bool, func()) {
	places := make(chan struct{}, workers)
	submit := func(f func()) bool {
		go func() {
			places <- struct{}{}
			f()
			<-places
		}()
		return true
	}
	return submit, func() {}
}

func main() {
	bench.Main(func(int, int) (func() bench.Group, func()) {
		return func() bench.Group { return &group{} }, func() {}
	}, map[string]bench.Policy{"none": none})
}
