// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

// A consumer in small: each message takes three tasks, two in Go and one in C; it is settled when all three are done.
package main

/*
#include <stdint.h>
#include <stdlib.h>

// A C function as a task: no goroutine runs it, and it calls no Go. (Not static: Go takes its address.)
struct sum { const char *text; uint64_t size, hash; };
int32_t hash_text(void *context) {
	struct sum *const sum = context;
	if (sum->size == 0) return 22; // a failure; 0 is success
	sum->hash = 14695981039346656037u;
	for (uint64_t i = 0; i < sum->size; i++) sum->hash = (sum->hash ^ (unsigned char)sum->text[i]) * 1099511628211u;
	return 0;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"unsafe"

	"libpool/pool"
)

type result struct {
	words int
	loud  string
	hash  uint64
}

func handle(p *pool.Pool, message string) (r result, err error) {
	g, err := p.NewGroup(pool.GroupOptions{Name: "message"})
	if err != nil {
		return r, err
	}
	// What C keeps is C's memory; it is given back after Close has waited.
	sum := (*C.struct_sum)(C.calloc(1, C.sizeof_struct_sum))
	defer C.free(unsafe.Pointer(sum))
	sum.text, sum.size = C.CString(message), C.uint64_t(len(message))
	defer C.free(unsafe.Pointer(sum.text))

	g.Go(func() error { r.words = len(strings.Fields(message)); return nil })
	g.Go(func() error {
		if strings.Contains(message, "?") {
			return errors.New("a question")
		}
		r.loud = strings.ToUpper(message)
		return nil
	})
	g.GoC(unsafe.Pointer(C.hash_text), unsafe.Pointer(sum))
	err = g.Close() // waits
	r.hash = uint64(sum.hash)
	return r, err
}

func main() {
	p, err := pool.New(pool.Options{Name: "consumer"})
	if err != nil {
		log.Fatal(err)
	}
	for _, message := range []string{"one pool, many groups", "is it?", ""} {
		r, err := handle(p, message)
		if err != nil {
			fmt.Printf("%q: %v\n", message, err)
			continue
		}
		fmt.Printf("%q: %d words, %q, %016x\n", message, r.words, r.loud, r.hash)
	}
	if err := p.Close(); err != nil {
		log.Println(err)
		os.Exit(1)
	}
}
