// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package bench

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A Policy makes a pool of so many workers with a queue of so many places; submit says whether it took the task.
type Policy func(workers, capacity int) (submit func(f func()) bool, end func())

// fullSpeed gives the tasks that a pool runs in a second when there are always more of them than workers. The channel
// bounds them, since a pool need not.
func fullSpeed(submit func(f func()) bool, task func(), workers int, enough time.Duration) float64 {
	places := make(chan struct{}, 4*workers)
	var finished atomic.Int64
	begin := now()
	for now()-begin < int64(enough) {
		places <- struct{}{}
		for !submit(func() {
			task()
			finished.Add(1)
			<-places
		}) {
			runtime.Gosched()
		}
	}
	perSecond := float64(finished.Load()) * 1e9 / float64(now()-begin)
	for i := 0; i < cap(places); i++ {
		places <- struct{}{}
	}
	return perSecond
}

// pauseUntil sleeps in the system: a timer of Go may be a millisecond late while the program idles.
func pauseUntil(due int64) {
	for left := due - now(); left > 0; left = due - now() {
		pause := syscall.NsecToTimespec(left)
		syscall.Nanosleep(&pause, nil)
	}
}

// arrivals has tasks arrive at exponential distances of so many ns in the mean, until the limit.
func arrivals(l *line, submit func(f func()) bool, task func(), mean float64, limit time.Duration) {
	late := newSampler(samplesKept)
	late.begin(float64(limit)/mean, mean, 1, 1)
	mostThreads, lookedAtThreads := threads(), now()
	var finished atomic.Int64
	var arrived, refused int64
	var running sync.WaitGroup

	begin := now()
	due, distances := float64(begin), random{223}
	for n := 0; ; n++ {
		due += -math.Log(1-distances.fraction()) * mean
		if due >= float64(begin)+float64(limit) {
			break
		}
		pauseUntil(int64(due))
		var latency *int64
		if n == late.next {
			latency = late.take()
		}
		if latency != nil {
			*latency = -int64(due) // a negative one is of a task that has not finished
		}
		arrived++
		running.Add(1)
		taken := submit(func() {
			task()
			if latency != nil {
				*latency += now()
			}
			finished.Add(1)
			running.Done()
		})
		if !taken {
			refused++
			running.Done()
		}
		if present := now(); present-lookedAtThreads >= 20e6 {
			lookedAtThreads = present
			if count := threads(); count > mostThreads {
				mostThreads = count
			}
		}
	}
	running.Wait()
	wall := float64(now() - begin)

	var latencies []int64
	for _, latency := range late.values[:late.used] {
		if latency > 0 {
			latencies = append(latencies, latency)
		}
	}
	l.add("served_per_s", float64(finished.Load())*1e9/wall)
	l.add("arrived", arrived)
	l.add("finished", finished.Load())
	l.add("refused", refused)
	l.addPercentiles("late", latencies)
	l.add("threads", mostThreads)
}

// overload has tasks arrive on a schedule, whether the pool keeps up or not, and prints what became of them.
func overload(policies map[string]Policy, arguments []string) {
	load, policyName, capacity, workers := &option{value: 1, least: 0.01, most: 100, fraction: true}, word(""),
		whole(64, 1), whole(4, 1)
	ns, limitMs := whole(1e6, 1000), whole(500, 1)
	parse(arguments, map[string]*option{"load": load, "policy": policyName, "capacity": capacity, "workers": workers,
		"ns": ns, "limit_ms": limitMs})
	name := policyName.text
	for its := range policies {
		if policyName.text == "" && (name == "" || its < name) {
			name = its
		}
	}
	policy := policies[name]
	if policy == nil {
		fail(cannot, "policy: this subject has none of the name %q", name)
	}
	limit := time.Duration(limitMs.number()) * time.Millisecond

	submit, end := policy(workers.number(), capacity.number())
	task := func() { time.Sleep(time.Duration(ns.number())) }
	enough := time.Duration(math.Max(float64(limit/2), 20*ns.value))
	mean := 1e9 / (fullSpeed(submit, task, workers.number(), enough) * load.value)
	var l line
	arrivals(&l, submit, task, mean, limit)
	end()
	l.add("rss_peak", mostResident())
	l.print()
}
