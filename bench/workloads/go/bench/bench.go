// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

// Package bench has the cases for the peers that are written in Go; each of them is a Peer.
package bench

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// A Group counts its unfinished tasks; Run starts f on the pool and calls Done.
type Group interface {
	Run(f func())
	Wait()
}

// A Peer makes groups on a pool that has so many places to work at, if it has such a bound: what is submitted beyond it
// blocks, or is queued. There will be inFlight tasks at most.
type Peer func(places, inFlight int) (newGroup func() Group, end func())

const workers = 2

func quick() bool { return os.Getenv("BENCH_QUICK") == "1" }

func rounds(count int) int {
	if quick() {
		return count / 5
	}
	return count
}

func cpuTime() int64 {
	var now syscall.Timespec
	const processCPUTime = 2
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, processCPUTime, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano()
}

func spin(d time.Duration) {
	for start := now(); now()-start < int64(d); {
	}
}

func nothing() {}

func timeEach(name string, count int, body func(count int)) {
	body(count / 10)
	cpu, wall := cpuTime(), time.Now()
	body(count)
	spent := time.Since(wall)
	fmt.Printf("%s %.4g %.4g\n", name, float64(spent)/float64(count), float64(cpuTime()-cpu)/float64(count))
}

func flood(group Group, count int, task func()) {
	for i := 0; i < count; i++ {
		group.Run(task)
	}
	group.Wait()
}

func submitters(newGroup func() Group, threads, count int, oneGroup bool) {
	group := newGroup()
	var all sync.WaitGroup
	for i := 0; i < threads; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			if !oneGroup {
				flood(newGroup(), count/threads, nothing)
				return
			}
			for i := 0; i < count/threads; i++ {
				group.Run(nothing)
			}
		}()
	}
	all.Wait()
	group.Wait()
}

func fib(newGroup func() Group, n int) int {
	if n < 2 {
		return n
	}
	group, left := newGroup(), 0
	group.Run(func() { left = fib(newGroup, n-1) })
	right := fib(newGroup, n-2)
	group.Wait()
	return left + right
}

// How long after what it says each of so many lone tasks starts; start(n, started) begins the n-th, which is to call started,
// and says when it would start at best.
func lone(name string, start func(n int, started func()) time.Time) {
	count := rounds(2000)
	samples := make([]int64, 0, count)
	begin := cpuTime()
	for i := 0; i < count; i++ {
		var started atomic.Pointer[time.Time]
		ideal := start(i, func() { now := time.Now(); started.Store(&now) })
		for first := true; first || started.Load() == nil; first = false {
			time.Sleep(time.Millisecond)
		}
		samples = append(samples, int64(started.Load().Sub(ideal)))
	}
	cpu := float64(cpuTime()-begin) / float64(count)
	sort.Slice(samples, func(i, j int) bool { return samples[i] < samples[j] })
	fmt.Printf("%s-p50 %d %.4g\n", name, samples[count/2], cpu)
	fmt.Printf("%s-p99 %d %.4g\n", name, samples[count*99/100], cpu)
}

func loneStart(name string, group Group) {
	lone(name, func(_ int, started func()) time.Time {
		now := time.Now()
		group.Run(started)
		return now
	})
}

func late(name string) {
	lone(name, func(n int, started func()) time.Time {
		delay := time.Millisecond + time.Duration(n*7919%1000000)
		ideal := time.Now().Add(delay)
		time.AfterFunc(delay, started)
		return ideal
	})
}

// Tasks that sleep, as sleepers.hpp has them; count 0: the case is none of these.
type sleepers struct {
	count, inFlight int
	d               time.Duration
}

func sleepersOf(name string) sleepers {
	parts := strings.Split(name, "-")
	if parts[0] != "sleepers" || len(parts) > 3 {
		return sleepers{}
	}
	which := ""
	if len(parts) == 3 {
		which = parts[2]
	}
	switch which {
	case "":
		return sleepers{rounds(1000000), 50000, 10 * time.Millisecond}
	case "all":
		return sleepers{rounds(1000000), rounds(1000000), 10 * time.Millisecond}
	case "3s":
		return sleepers{rounds(1000000), rounds(1000000), 3 * time.Second}
	case "1024":
		return sleepers{rounds(102400), 1024, 10 * time.Millisecond}
	case "100ms":
		return sleepers{rounds(102400), 1024, 100 * time.Millisecond}
	}
	return sleepers{}
}

func sleep(name string, group Group, s sleepers) {
	start, cpu := time.Now(), cpuTime()
	flood(group, s.count, func() { time.Sleep(s.d) })
	fmt.Printf("%s %.4g %.4g\n", name, time.Since(start).Seconds()*1e3, float64(cpuTime()-cpu)/1e6)
	fmt.Printf("%s-rss %.4g -\n", name, float64(mostResident())/1e6)
}

// Main runs the case that the command line names.
func Main(peer Peer, policies map[string]Policy) {
	if studied(peer, policies) {
		return
	}
	if len(os.Args) != 2 {
		fail(misused, "usage: CASE, or study or overload and KEY=VALUE...")
	}
	if runtime.GOMAXPROCS(0) > workers+1 { // the workers and the submitter, on machines with more CPUs
		runtime.GOMAXPROCS(workers + 1)
	}
	name := os.Args[1]
	places := workers
	asleep := sleepersOf(name)
	if asleep.count != 0 {
		places = asleep.inFlight
	}
	switch name {
	case "flood-bounded", "flood-bounded-4":
		places = 1024
	case "blocking":
		places = 32
	}
	newGroup, end := peer(places, 1024)
	defer end()
	if asleep.count != 0 {
		sleep(name, newGroup(), asleep)
		return
	}
	switch name {
	case "flood", "flood-bounded":
		timeEach(name, rounds(1000000), func(count int) { flood(newGroup(), count, nothing) })
	case "submitters-2":
		timeEach(name, rounds(1000000), func(count int) { submitters(newGroup, 2, count, false) })
	case "submitters-4", "flood-bounded-4":
		timeEach(name, rounds(1000000), func(count int) { submitters(newGroup, 4, count, true) })
	case "fan3":
		timeEach(name, rounds(100000), func(count int) {
			for i := 0; i < count; i++ {
				flood(newGroup(), 3, nothing)
			}
		})
	case "fan3-5us":
		timeEach(name, rounds(20000), func(count int) {
			for i := 0; i < count; i++ {
				flood(newGroup(), 3, func() { spin(5 * time.Microsecond) })
			}
		})
	case "tasks-1us":
		timeEach(name, rounds(200000), func(count int) {
			flood(newGroup(), count, func() { spin(time.Microsecond) })
		})
	case "fib24":
		const calls = 150049
		timeEach(name, calls, func(count int) { fib(newGroup, 24) })
	case "lone-start":
		loneStart(name, newGroup())
	case "late":
		late(name)
	case "blocking":
		start, cpu := time.Now(), cpuTime()
		flood(newGroup(), 1000, func() { time.Sleep(10 * time.Millisecond) })
		fmt.Printf("%s %.4g %.4g\n", name, time.Since(start).Seconds()*1e3, float64(cpuTime()-cpu)/1e6)
	default:
		fmt.Fprintln(os.Stderr, "no such case:", name)
		os.Exit(2)
	}
}
