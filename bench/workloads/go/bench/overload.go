// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package bench

import (
	"math"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A Policy makes a pool of so many workers with a queue of so many places; submit says whether it took the task.
type Policy func(workers, capacity int) (submit func(f func()) bool, end func())

// fullSpeed gives the tasks that so many goroutines run in a second when there are always more of them. The subject has
// no part in it, so that the arrivals are the same under all policies.
func fullSpeed(task func(), workers int, enough time.Duration) float64 {
	queue := make(chan func(), 4*workers)
	places := make(chan struct{}, 4*workers)
	for i := 0; i < workers; i++ {
		go func() {
			for f := range queue {
				f()
			}
		}()
	}
	serve := func() {
		task()
		<-places
	}
	served, begin := 0, now()
	for ; now()-begin < int64(enough); served++ {
		places <- struct{}{}
		queue <- serve
	}
	for i := 0; i < cap(places); i++ {
		places <- struct{}{}
	}
	perSecond := float64(served) * 1e9 / float64(now()-begin)
	close(queue)
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

	task := func() { time.Sleep(time.Duration(ns.number())) }
	enough := time.Duration(math.Max(float64(limit/2), 20*ns.value))
	full := fullSpeed(task, workers.number(), enough)
	submit, end := policy(workers.number(), capacity.number())
	var l line
	l.add("full_per_s", full)
	arrivals(&l, submit, task, 1e9/(full*load.value), limit)
	end()
	l.add("rss_peak", mostResident())
	l.print()
}
