// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

// A pool of goroutines that range over a channel of functions, which is its queue.
package main

import (
	"sync"

	"libpool/bench/bench"
)

type group struct {
	sync.WaitGroup
	queue chan func()
}

func (g *group) Run(f func()) {
	g.Add(1)
	g.queue <- func() {
		defer g.Done()
		f()
	}
}

// newQueue starts so many goroutines, which end when the queue is closed.
func newQueue(workers, buffer int) chan func() {
	queue := make(chan func(), buffer)
	for i := 0; i < workers; i++ {
		go func() {
			for f := range queue {
				f()
			}
		}()
	}
	return queue
}

// policy has workers tasks that run and capacity that are queued; enter takes a place among these.
func policy(enter func(queue chan func(), f func()) bool) bench.Policy {
	return func(workers, capacity int) (func(f func()) bool, func()) {
		queue := newQueue(workers, capacity)
		return func(f func()) bool { return enter(queue, f) }, func() { close(queue) }
	}
}

func block(queue chan func(), f func()) bool {
	queue <- f
	return true
}

func reject(queue chan func(), f func()) bool {
	select {
	case queue <- f:
		return true
	default:
		return false
	}
}

// So many goroutines that range over one channel are the bounded parallelism of go.dev/blog/pipelines. Of buffers it
// says that they are for a number of values that is known when the channel is made: here the tasks in flight, so that
// nobody waits who only submits.
func main() {
	bench.Main(func(workers, inFlight int) (func() bench.Group, func()) {
		queue := newQueue(workers, inFlight)
		return func() bench.Group { return &group{queue: queue} }, func() { close(queue) }
	}, map[string]bench.Policy{"block": policy(block), "reject": policy(reject)})
}
