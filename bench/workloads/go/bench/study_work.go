// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package bench

import (
	"math"
	"os"
	"sync"
	"time"
)

const (
	bufferBytes  = 16 << 10 // what a task reads of a file
	touchedBytes = 64 << 10
	heldFor      = 200 * time.Nanosecond
)

// random gives numbers that look random and are the same in each run (SplitMix64).
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// fraction gives one from 0 to below 1.
func (r *random) fraction() float64 { return float64(r.next()>>11) / (1 << 53) }

// pareto gives lengths of tasks with alpha 1.5: the midpoints of so many parts of the distribution that are as likely
// as one another, scaled so that their mean is exactly what it is to be, in an order that looks random.
func pareto(mean int) []time.Duration {
	const count, alpha = 4096, 1.5
	parts, sum := make([]float64, count), 0.0
	for i := range parts {
		parts[i] = math.Pow((float64(i)+0.5)/count, -1/alpha)
		sum += parts[i]
	}
	r := random{1}
	for i := uint64(count); i > 1; i-- {
		other := r.next() % i
		parts[i-1], parts[other] = parts[other], parts[i-1]
	}
	lengths := make([]time.Duration, count)
	for i, part := range parts {
		lengths[i] = time.Duration(math.Min(part*float64(mean)*count/sum, 1000*float64(mean)))
	}
	return lengths
}

// touched has the buffers of tasks that touch one: malloc has the same ones again, too, while a new one of the
// collector's would be zeroed, which is more than the task does.
var touched = sync.Pool{New: func() any { return new([touchedBytes]byte) }}

func touch() {
	buffer := touched.Get().(*[touchedBytes]byte)
	for i := 0; i < len(buffer); i += 64 {
		buffer[i] = byte(i)
	}
	touched.Put(buffer)
}

// recur fills an array of 1 KiB at each level: with zeros, since it is declared, and in memory, since it is indexed by
// a variable. (A loop that fills it would be one of single bytes, which those of C++ and Rust are not.)
//
//go:noinline
func recur(levels int) byte {
	var frame [1024]byte
	frame[levels] = byte(levels)
	if levels > 1 {
		frame[0] = recur(levels - 1)
	}
	return frame[levels/2]
}

// cachedFile gives a file of 16 KiB that has no name any more.
func cachedFile() *os.File {
	file, err := os.CreateTemp("", "study")
	if err == nil {
		err = os.Remove(file.Name())
	}
	if err == nil {
		_, err = file.Write(make([]byte, bufferBytes))
	}
	if err != nil {
		fail(1, "%v", err)
	}
	return file
}

// workOf gives a function that gives the body of the n-th task; one body does for all where the number does not matter.
func workOf(name string, ns int) (body func(n int) func(), known bool) {
	d := time.Duration(ns)
	same := func(f func()) (func(int) func(), bool) { return func(int) func() { return f }, true }
	switch name {
	case "empty":
		return same(nothing)
	case "spin":
		return same(func() { spin(d) })
	case "touch":
		return same(touch)
	case "stack":
		return same(func() { recur(64) })
	case "sleep":
		return same(func() { time.Sleep(d) })
	case "file":
		file := cachedFile()
		buffers := sync.Pool{New: func() any { return new([bufferBytes]byte) }}
		return same(func() {
			buffer := buffers.Get().(*[bufferBytes]byte)
			if count, err := file.ReadAt(buffer[:], 0); count != bufferBytes {
				fail(1, "read: %v", err)
			}
			buffers.Put(buffer)
		})
	case "lock":
		var lock sync.Mutex
		return same(func() {
			lock.Lock()
			spin(heldFor)
			lock.Unlock()
		})
	case "pareto":
		lengths := pareto(ns)
		return func(n int) func() { return func() { spin(lengths[n%len(lengths)]) } }, true
	}
	return nil, false
}
