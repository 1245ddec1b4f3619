// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

// The go statement with a sync.WaitGroup, and a channel as semaphore that bounds the goroutines.
package main

import (
	"sync"

	"libpool/bench/bench"
)

type group struct {
	sync.WaitGroup
	places chan struct{}
}

func (g *group) Run(f func()) {
	g.Add(1)
	g.places <- struct{}{}
	go func() {
		defer func() {
			<-g.places
			g.Done()
		}()
		f()
	}()
}

func main() {
	bench.Main(func(places int) (func() bench.Group, func()) {
		semaphore := make(chan struct{}, places)
		return func() bench.Group { return &group{places: semaphore} }, func() {}
	})
}
