// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// What a program of the study ends with when it measures nothing: it does not understand its arguments, or its subject
// cannot do what they ask for.
const (
	misused = 2
	cannot  = 3
)

func fail(status int, format string, values ...any) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", os.Args[0], fmt.Sprintf(format, values...))
	os.Exit(status)
}

// An option says what the value of a key is to be, and gives it in the end.
type option struct {
	value       float64
	text        string
	isText      bool
	least, most float64 // of a number
	fraction    bool    // the number need not be whole
}

const plenty = 1e11

func whole(value, least float64) *option { return &option{value: value, least: least, most: plenty} }
func word(text string) *option           { return &option{text: text, isText: true} }

func (o *option) number() int { return int(o.value) }

// parse reads arguments of the form KEY=VALUE; a key without an argument keeps the value that it has.
func parse(arguments []string, options map[string]*option) {
	for _, argument := range arguments {
		key, value, assigns := strings.Cut(argument, "=")
		o := options[key]
		switch {
		case !assigns:
			fail(misused, "%q: want KEY=VALUE", argument)
		case o == nil:
			fail(misused, "no such key: %s", key)
		case o.isText:
			o.text = value
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil || !(number >= o.least && number <= o.most) || !o.fraction && number != float64(int(number)) {
			fail(misused, "%s: bad value: %q", key, value)
		}
		o.value = number
	}
}
