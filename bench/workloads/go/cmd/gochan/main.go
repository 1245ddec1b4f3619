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

// admission gives a policy with workers places to run, and further ones to be there at all: enter takes one of these.
func admission(enter func(admitted chan struct{}) bool) bench.Policy {
	return func(workers, capacity int) (func(f func()) bool, func()) {
		admitted := make(chan struct{}, workers+capacity)
		running := make(chan struct{}, workers)
		submit := func(f func()) bool {
			if !enter(admitted) {
				return false
			}
			go func() {
				running <- struct{}{}
				f()
				<-running
				<-admitted
			}()
			return true
		}
		return submit, func() {}
	}
}

func block(admitted chan struct{}) bool {
	admitted <- struct{}{}
	return true
}

func reject(admitted chan struct{}) bool {
	select {
	case admitted <- struct{}{}:
		return true
	default:
		return false
	}
}

func main() {
	bench.Main(func(places, _ int) (func() bench.Group, func()) {
		semaphore := make(chan struct{}, places)
		return func() bench.Group { return &group{places: semaphore} }, func() {}
	}, map[string]bench.Policy{"block": admission(block), "reject": admission(reject)})
}
