// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package bench

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"time"
)

// studied runs a case of the study if the command line names one.
func studied(peer Peer, policies map[string]Policy) bool {
	if len(os.Args) < 2 {
		return false
	}
	switch os.Args[1] {
	case "study":
		study(peer, os.Args[2:])
	case "overload":
		overload(policies, os.Args[2:])
	default:
		return false
	}
	return true
}

// study runs one case and prints what it took.
func study(peer Peer, arguments []string) {
	work, ns, tasks, inFlight, fanOut := word("empty"), whole(0, 0), whole(0, 0), whole(1000, 1), whole(10, 1)
	submitters, workers, cold := whole(1, 1), whole(float64(runtime.NumCPU()), 1), whole(0, 0)
	limitMs, settleMs := whole(100, 1), whole(0, 0)
	submitters.most, cold.most = 1024, 1
	parse(arguments, map[string]*option{"work": work, "ns": ns, "tasks": tasks, "in_flight": inFlight,
		"fan_out": fanOut, "submitters": submitters, "workers": workers, "cold": cold, "limit_ms": limitMs,
		"settle_ms": settleMs})
	if fanOut.value > inFlight.value {
		fail(misused, "fan_out: more than in_flight")
	}
	body, known := workOf(work.text, ns.number())
	if !known {
		fail(misused, "work: bad value: %q", work.text)
	}
	all := make([]*submitter, submitters.number())
	for i := range all {
		s := &submitter{body: body, index: i, count: len(all), fanOut: fanOut.number()}
		s.share = s.fanOut * atLeastOne(s.part(atLeastOne((inFlight.number()+s.fanOut/2)/s.fanOut)))
		s.starts, s.groups = newSampler(samplesKept/len(all)+1), newSampler(samplesKept/len(all)+1)
		all[i] = s
	}
	limit := time.Duration(limitMs.number()) * time.Millisecond

	base := resident()
	var took, warmUp spent
	var end func()
	create := func() {
		newGroup, endOfIt := peer(workers.number(), inFlight.number())
		for _, s := range all {
			s.newGroup = newGroup
		}
		end = endOfIt
	}
	if cold.value == 1 {
		took.add(create)
	} else {
		create()
	}
	if cold.value == 0 && tasks.value == 0 {
		phase(all, &warmUp, 0, limit/10)
	}
	for _, s := range all {
		each := math.Max(400, ns.value) // a guess, as long as nothing has run
		if s.tasks != 0 {
			each = float64(warmUp.wall) / float64(s.tasks)
		}
		expected := float64(limit) / each
		if tasks.value != 0 {
			expected = float64(s.part(tasks.number()))
		}
		s.expect(expected, each)
	}
	phase(all, &took, tasks.number(), limit)

	all[0].look()
	for _, s := range all {
		s.waiting = nil // what stays is the pool's
	}
	var settled line
	settle(&settled, settleMs.number())
	if cold.value == 1 {
		took.add(end)
	} else {
		end()
	}
	report(all, took, base, mostResident(), settled)
}

func atLeastOne(count int) int {
	if count < 1 {
		return 1
	}
	return count
}

// settle looks at what is there some time after the last round, while the pool is.
func settle(l *line, most int) {
	if most == 0 {
		return
	}
	begin, cpu := now(), cpuTime() // with that of the looks, which are nobody's
	for _, ms := range []int{0, 100, 300, 1000, 3000, 12000} {
		if ms > most {
			return
		}
		time.Sleep(time.Duration(begin + int64(ms)*1e6 - now()))
		used := cpuTime()
		l.add(fmt.Sprintf("rss_%d", ms), resident())
		l.add(fmt.Sprintf("threads_%d", ms), threads())
		l.add(fmt.Sprintf("idle_cpu_%d", ms), used-cpu)
		cpu += cpuTime() - used
	}
}

func report(all []*submitter, took spent, base, peak int64, settled line) {
	var l line
	tasks, starts, groups := 0, []int64{}, []int64{}
	for _, s := range all {
		tasks += s.tasks
		starts = append(starts, s.starts.values[:s.starts.used]...)
		groups = append(groups, s.groups.values[:s.groups.used]...)
	}
	l.add("tasks", tasks)
	l.add("wall_ns", took.wall)
	l.add("cpu_ns", took.cpu)
	l.addPercentiles("start", starts)
	l.addPercentiles("group", groups)
	l.add("switches", took.switches)
	l.add("threads", all[0].threads)
	l.add("rss_base", base)
	l.add("rss_peak", peak)
	l.fields = append(l.fields, settled.fields...)
	l.print()
}
