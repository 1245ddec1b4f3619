// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package pool

import "sync/atomic"

var handles int64

func init() {
	handleHook = func(change int) { atomic.AddInt64(&handles, int64(change)) }
}

// Handles returns how many cgo.Handles there are.
func Handles() int64 { return atomic.LoadInt64(&handles) }

// Peek returns a function that polls what g is in the library, and keeps nothing of g.
func Peek(g *Group) func() error {
	id := g.current.Load().id
	return func() error { return poll(id).err() }
}
