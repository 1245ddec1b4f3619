// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

// The benchmark: libpool from Go beside goroutines, errgroup and ants, in one process, in alternating runs. Prints
// medians. bench.sh runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sort"
	"sync"
	"time"
	"unsafe"

	"github.com/panjf2000/ants/v2"
	"golang.org/x/sync/errgroup"

	"libpool/pool"
	"libpool/pool/internal/cwork"
)

// A peer runs count tasks in groups of so many and returns when all are over.
type peer struct {
	name string
	run  func(groups, each int)
}

var (
	workers = runtime.GOMAXPROCS(0)
	us      = int64(1000) // what a C call takes
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func nothing() error { return nil }

// inGroups runs groups of libpool, one after the other.
func inGroups(p *pool.Pool, o pool.GroupOptions, submit func(g *pool.Group)) func(groups, each int) {
	return func(groups, each int) {
		for i := 0; i < groups; i++ {
			g, err := p.NewGroup(o)
			must(err)
			for j := 0; j < each; j++ {
				submit(g)
			}
			must(g.Close())
		}
	}
}

func inWaitGroups(start func(group *sync.WaitGroup)) func(groups, each int) {
	return func(groups, each int) {
		for i := 0; i < groups; i++ {
			var group sync.WaitGroup
			group.Add(each)
			for j := 0; j < each; j++ {
				start(&group)
			}
			group.Wait()
		}
	}
}

func inErrgroups(limit int, f func() error) func(groups, each int) {
	return func(groups, each int) {
		for i := 0; i < groups; i++ {
			var g errgroup.Group
			g.SetLimit(limit)
			for j := 0; j < each; j++ {
				g.Go(f)
			}
			must(g.Wait())
		}
	}
}

// measure prints, for each peer, the median of its runs in ns a unit, and its ratio to the first one's.
func measure(title string, runs, groups, each, units int, peers []peer) {
	times := make([][]float64, len(peers))
	for run := -1; run < runs; run++ { // the first warms up
		for i, p := range peers {
			start := time.Now()
			p.run(groups, each)
			if run >= 0 {
				times[i] = append(times[i], float64(time.Since(start).Nanoseconds())/float64(units))
			}
		}
	}
	fmt.Println(title)
	first := 0.0
	for i, p := range peers {
		sort.Float64s(times[i])
		median := times[i][len(times[i])/2]
		if i == 0 {
			first = median
		}
		fmt.Printf("  %-44s %10.0f ns   libpool / it: %5.2f\n", p.name, median, first/median)
	}
}

func main() {
	quick := flag.Bool("quick", false, "hardly any turns: to see that it works")
	threads := flag.String("threads", "", "only this way of making C calls, and the threads it takes: libpool or goroutines")
	flag.Parse()
	p, err := pool.New(pool.Options{MaxWorkers: workers})
	must(err)
	calls := 200
	inC := func(g *pool.Group) { must(g.SubmitCCopy(cwork.Sleep, unsafe.Pointer(&us), 8)) }
	inGoroutines := func(group *sync.WaitGroup) { go func() { cwork.SleepHere(us); group.Done() }() }
	if *threads != "" {
		us *= 20
		if *threads == "libpool" {
			inGroups(p, pool.GroupOptions{}, inC)(1, calls)
		} else {
			inWaitGroups(inGoroutines)(1, calls)
		}
		entries, err := os.ReadDir("/proc/self/task")
		must(err)
		fmt.Printf("  threads after %d calls of C that block, %-10s %4d\n", calls, *threads, len(entries))
		return
	}

	runs, turns := 7, 100000
	if *quick {
		runs, turns, calls = 1, 100, 10
	}
	helping := pool.GroupOptions{HelpingWait: true}
	ofAnts, err := ants.NewPool(workers)
	must(err)
	toAnts := func(group *sync.WaitGroup) { must(ofAnts.Submit(group.Done)) }
	toGo := func(group *sync.WaitGroup) { go group.Done() }
	goTask := func(g *pool.Group) { g.Go(nothing) }
	cTask := func(g *pool.Group) { g.GoC(cwork.Nothing, nil) }

	fmt.Printf("%s, GOMAXPROCS %d, libpool %s, medians of %d alternating runs\n", runtime.Version(), workers,
		pool.Version(), runs)
	measure("submit empty tasks from one goroutine, wait; a task", runs, 1, turns, turns, []peer{
		{"libpool: Go", inGroups(p, pool.GroupOptions{}, goTask)},
		{"libpool: Go, HelpingWait", inGroups(p, helping, goTask)},
		{"libpool: GoC", inGroups(p, pool.GroupOptions{}, cTask)},
		{"goroutines, WaitGroup", inWaitGroups(toGo)},
		{"errgroup, SetLimit", inErrgroups(workers, nothing)},
		{"ants", inWaitGroups(toAnts)},
	})
	rounds := turns / 5
	measure("fan-out 3: a group, 3 empty tasks, wait; a round", runs, rounds, 3, rounds, []peer{
		{"libpool: Go", inGroups(p, pool.GroupOptions{}, goTask)},
		{"libpool: Go, HelpingWait", inGroups(p, helping, goTask)},
		{"libpool: GoC", inGroups(p, pool.GroupOptions{}, cTask)},
		{"libpool: GoC, HelpingWait", inGroups(p, helping, cTask)},
		{"goroutines, WaitGroup", inWaitGroups(toGo)},
		{"errgroup, SetLimit", inErrgroups(workers, nothing)},
		{"ants", inWaitGroups(toAnts)},
	})
	spin := func(g *pool.Group) { must(g.SubmitCCopy(cwork.Spin, unsafe.Pointer(&us), 8)) }
	spinHere := func() error { cwork.SpinHere(us); return nil }
	measure("C that burns 1 ms of CPU; a call", runs, 1, calls, calls, []peer{
		{"libpool: SubmitCCopy", inGroups(p, pool.GroupOptions{}, spin)},
		{"goroutines, as many as calls", inWaitGroups(func(group *sync.WaitGroup) {
			go func() { _ = spinHere(); group.Done() }()
		})},
		{"errgroup, SetLimit", inErrgroups(workers, spinHere)},
	})
	must(p.Close())
	ofAnts.Release()
}
