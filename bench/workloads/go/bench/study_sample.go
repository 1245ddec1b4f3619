// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package bench

import (
	"fmt"
	"math"
	"os"
	"sort"
	"strings"
	"syscall"
	"time"
)

// The most latencies of tasks, and of groups, that a run keeps.
const samplesKept = 20000

var epoch = time.Now()

// now gives the time in ns. (It reads one clock, time.Now two.)
func now() int64 { return int64(time.Since(epoch)) }

// status gives a number from what the system says about this process, in the unit that it has there.
func status(field string) int64 {
	text, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(text), "\n"+field+":")
	var value int64
	fmt.Sscan(after, &value)
	return value
}

func resident() int64 { return status("VmRSS") << 10 }
func threads() int64  { return status("Threads") }

// mostResident gives the most bytes of memory that this program ever had. (Getrusage counts what its parent had before
// it, too.)
func mostResident() int64 { return status("VmHWM") << 10 }

// spent sums up what parts of a run took.
type spent struct{ wall, cpu, switches int64 }

// switches counts those of threads that have ended, too.
func switches() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Nvcsw + usage.Nivcsw
}

func (s *spent) add(part func()) {
	before, cpu, wall := switches(), cpuTime(), now()
	part()
	s.wall += now() - wall
	s.cpu += cpuTime() - cpu
	s.switches += switches() - before
}

// A sampler keeps the latencies of one in so many, chosen by number: the others pay for a look at next. Its memory is
// there, and resident, before the pool is.
type sampler struct {
	next, stride int
	used         int
	values       []int64
}

func newSampler(size int) sampler {
	s := sampler{next: math.MaxInt, values: make([]int64, size)}
	for i := range s.values {
		s.values[i] = 1
	}
	return s
}

// begin has about half of the room used if so many come, and the looks at the clock, some 60 ns for each, make no more
// than 2 % if each takes so many ns. The numbers of those that are looked at must not have a factor in common with a
// round or a group: it would always be the same place in them.
func (s *sampler) begin(expected, each float64, round, group int) {
	s.stride = int(math.Max(expected*2/float64(len(s.values)), 3000/each)) + 1
	for common(s.stride, round) != 1 || common(s.stride, group) != 1 {
		s.stride++
	}
	s.next = 0
}

func common(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// take gives the place for the latency of the next, nil if there is none left.
func (s *sampler) take() *int64 {
	if s.used == len(s.values) {
		s.next = math.MaxInt
		return nil
	}
	s.next += s.stride
	s.used++
	return &s.values[s.used-1]
}

// A line is the JSON object that a run prints.
type line struct{ fields []string }

func (l *line) add(name string, value any) {
	l.fields = append(l.fields, fmt.Sprintf("%q: %v", name, value))
}

// addPercentiles adds nothing without any values.
func (l *line) addPercentiles(name string, values []int64) {
	if len(values) == 0 {
		return
	}
	sort.Slice(values, func(i, j int) bool { return values[i] < values[j] })
	l.add(name+"_p50", values[len(values)*500/1000])
	l.add(name+"_p99", values[len(values)*990/1000])
	l.add(name+"_p999", values[len(values)*999/1000])
}

func (l *line) print() { fmt.Printf("{%s}\n", strings.Join(l.fields, ", ")) }
