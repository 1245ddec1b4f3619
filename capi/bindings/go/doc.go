// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

// Package pool is libpool for Go: one bounded pool of threads, shared by many groups of tasks.
//
// A Group is used as one of golang.org/x/sync/errgroup: Go submits, Wait returns the first error, SetLimit bounds, the
// zero value works. What errgroup has no answer to is work in C. A goroutine that calls C holds a thread for as long as
// the call takes, and Go makes as many threads as there are such calls. Here tasks run on the threads of the pool, never
// more than Options.MaxWorkers, and C functions can be submitted as they are, see Group.SubmitC: they run without a
// goroutine and without a way through Go.
//
//	p, err := pool.New(pool.Options{MaxWorkers: 4})
//	if err != nil { ... }
//	defer p.Close()
//	g, ctx := p.WithContext(ctx)
//	for _, name := range names {
//		g.Go(func() error { return convert(ctx, name) })
//	}
//	err = g.Wait()
//
// What holds for everything here, unless its own comment says otherwise:
//
//   - Any goroutine may call anything at any time, races with a Close of the same object included.
//   - Errors that come from the library are, or wrap, a Status: errors.Is(err, pool.ErrFull). A pool or group that is
//     closed gives ErrBadHandle.
//   - A Pool and a Group are not copied after their first use (go vet tells), and are ended by Close. Of one that is
//     forgotten the garbage collector lets go, some time; nothing that was accepted is lost by that.
//   - In durations of options 0 is the default, a negative one none at all, pool.Forever for ever.
//
// Tasks run on threads that C has made, each locked to its task. A task may do what a goroutine may: block, start
// goroutines, lock mutexes. But a blocked one keeps its worker (see Blocking), and runtime.Goexit, which
// testing.T.FailNow and SkipNow use, ends the process: Go has no way to end what C has called.
package pool
