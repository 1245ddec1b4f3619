// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package bench

import (
	"sync"
	"time"
)

// A submitter starts its share of the tasks of each round, and waits for them.
type submitter struct {
	newGroup       func() Group
	body           func(n int) func()
	index, count   int // which of how many
	share, fanOut  int // tasks in a round, which is a number of whole groups, and in a group
	tasks, grouped int // tasks and groups that it has started
	starts, groups sampler
	waiting        []Group
	timed          []timedGroup
	lookNow        bool // at the number of threads
	threads        int64
}

// A timedGroup is one whose latency is taken: until the wait is over, the place for it has when the group began.
type timedGroup struct {
	index   int // in waiting
	latency *int64
}

// part gives how many of total fall to this submitter.
func (s *submitter) part(total int) int {
	if s.index < total%s.count {
		return total/s.count + 1
	}
	return total / s.count
}

func (s *submitter) round(tasks int) {
	s.waiting, s.timed = s.waiting[:0], s.timed[:0]
	for left := tasks; left > 0; left -= s.fanOut {
		group := s.newGroup()
		if s.grouped == s.groups.next {
			if latency := s.groups.take(); latency != nil {
				*latency = now()
				s.timed = append(s.timed, timedGroup{len(s.waiting), latency})
			}
		}
		s.grouped++
		s.waiting = append(s.waiting, group)
		for i := 0; i < s.fanOut && i < left; i++ {
			s.run(group)
		}
	}
	if s.lookNow {
		s.look()
	}
	timed := s.timed
	for i, group := range s.waiting {
		group.Wait()
		if len(timed) != 0 && timed[0].index == i {
			*timed[0].latency = now() - *timed[0].latency
			timed = timed[1:]
		}
	}
}

// run starts the next task.
func (s *submitter) run(group Group) {
	n := s.tasks
	s.tasks++
	body := s.body(n*s.count + s.index)
	if n == s.starts.next {
		if latency := s.starts.take(); latency != nil {
			handed := now()
			group.Run(func() {
				*latency = now() - handed
				body()
			})
			return
		}
	}
	group.Run(body)
}

func (s *submitter) look() {
	s.lookNow = false
	if count := threads(); count > s.threads {
		s.threads = count
	}
}

// rounds runs its part of so many tasks, or any number if that is 0, but starts no round after the limit.
func (s *submitter) rounds(tasks int, limit time.Duration) {
	if tasks != 0 && s.part(tasks) == 0 {
		return
	}
	begin := now()
	looked, lookedAtThreads := begin, begin
	for left, unseen := s.part(tasks), 1; ; {
		for i := 0; i < unseen; i++ { // short rounds do not each look at the clock
			size := s.share
			if tasks != 0 && left < size {
				size = left
			}
			s.round(size)
			if left -= size; tasks != 0 && left == 0 {
				return
			}
		}
		present := now()
		if present-begin >= int64(limit) {
			return
		}
		if took := present - looked; took < 50e3 {
			unseen *= 2
		} else if took > 100e3 && unseen > 1 {
			unseen /= 2
		}
		looked = present
		if s.index == 0 && present-lookedAtThreads >= 20e6 {
			s.lookNow, lookedAtThreads = true, present
		}
	}
}

// phase has all submitters run rounds, and adds what that takes without the start of the submitters.
func phase(all []*submitter, took *spent, tasks int, limit time.Duration) {
	if len(all) == 1 {
		took.add(func() { all[0].rounds(tasks, limit) })
		return
	}
	var done sync.WaitGroup
	start := make(chan struct{})
	for _, s := range all {
		done.Add(1)
		go func(s *submitter) {
			defer done.Done()
			<-start
			s.rounds(tasks, limit)
		}(s)
	}
	took.add(func() {
		close(start)
		done.Wait()
	})
}

// expect tells the samplers how many tasks are to come, of so many ns each, and counts from nothing.
func (s *submitter) expect(tasks, each float64) {
	s.tasks, s.grouped = 0, 0
	s.starts.begin(tasks, each, s.share, s.fanOut)
	s.groups.begin(tasks/float64(s.fanOut), each*float64(s.fanOut), s.share/s.fanOut, 1)
}
