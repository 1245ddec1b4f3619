// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

// Package cwork has C functions to submit, for the tests, the examples and the benchmark: Go's test files cannot have
// any of their own.
package cwork

// #cgo pkg-config: pool
// #include <stdlib.h>
// #include "work.h"
import "C"

import "unsafe"

// A Gate is where C tasks stop until it is opened.
type Gate struct{ c *C.gate_t }

// NewGate makes a closed gate.
func NewGate() Gate { return Gate{C.gate_new()} }

// Free frees it.
func (g Gate) Free() { C.gate_free(g.c) }

// Context is the C memory that Pass and Drop take.
func (g Gate) Context() unsafe.Pointer { return unsafe.Pointer(g.c) }

// Await waits until so many tasks have come to it.
func (g Gate) Await(count int) { C.gate_await(g.c, C.int64_t(count)) }

// Open lets everybody pass.
func (g Gate) Open() { C.gate_open(g.c) }

// Passed returns how many tasks have passed; each counts 1, or its Sum.Value.
func (g Gate) Passed() int { return int(C.gate_passed(g.c)) }

// Peak returns how many tasks have been at the gate at most at the same time.
func (g Gate) Peak() int { return int(C.gate_peak(g.c)) }

// Dropped returns how often Drop was called.
func (g Gate) Dropped() int { return int(C.gate_dropped(g.c)) }

// Sum is what SumAtGate takes.
type Sum = C.sum_t

// NewSum makes one.
func NewSum(g Gate, value int) Sum { return Sum{gate: g.c, value: C.int64_t(value)} }

// The functions to submit, and what each takes as its context.
var (
	Pass         = unsafe.Pointer(C.work_pass)           // a gate
	Drop         = unsafe.Pointer(C.work_drop)           // a drop: a gate
	SumAtGate    = unsafe.Pointer(C.work_sum)            // a Sum
	Fail         = unsafe.Pointer(C.work_fail)           // an int32: what it returns
	FailWithText = unsafe.Pointer(C.work_fail_with_text) // nothing; code 17, "no such page"
	Spin         = unsafe.Pointer(C.work_spin)           // an int64: microseconds
	Sleep        = unsafe.Pointer(C.work_sleep)          // an int64: microseconds
	Nothing      = unsafe.Pointer(C.work_nothing)        // nothing
)

// SpinHere and SleepHere are the same as plain calls.
func SpinHere(us int64)  { C.work_spin(unsafe.Pointer(&us)) }
func SleepHere(us int64) { C.work_sleep(unsafe.Pointer(&us)) }
