// Package jsonscan finds where pieces of JSON end, in text of which only a window is in memory. It is what the readers of all formats
// share, and knows none of them. skip.go finds the end of an object that nobody looks into, pattern.go text that comes again with
// other numbers in it: the two loops that see nearly every byte of a Kineto trace. They are in assembly where the processor has AVX2
// (vector_amd64.s), as is reading those numbers, and in Go elsewhere or with the build tag purego; the tests hold one to the other.
package jsonscan

import "bytes"

// Status is how far reading a piece of JSON got.
type Status uint8

const (
	Whole  Status = iota // read to its end
	Short                // the text in memory ends before it does
	Broken               // not JSON
)

// SkipSpace is the index of the first byte at or after i that is not white space.
func SkipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// StringEnd is the index after the closing quote of the string that b[i] opens.
func StringEnd(b []byte, i int) (int, Status) {
	for j := i + 1; ; {
		n := bytes.IndexByte(b[j:], '"')
		if n < 0 {
			return 0, Short
		}
		j += n
		if b[j-1] != '\\' || !escaped(b[i+1:j]) {
			return j + 1, Whole
		}
		j++
	}
}

// escaped says whether b ends in an odd number of backslashes.
func escaped(b []byte) bool {
	n := 0
	for n < len(b) && b[len(b)-1-n] == '\\' {
		n++
	}
	return n&1 == 1
}

// ValueEnd is the index after the JSON value that b[i] begins, by its strings and brackets. A bare word that
// is no JSON (NaN, inf, N/A) has an end too: whether it matters is for its reader to say.
func ValueEnd(b []byte, i int) (int, Status) {
	if i >= len(b) {
		return 0, Short
	}
	switch b[i] {
	case '"':
		return StringEnd(b, i)
	case '{', '[':
		return bracketsEnd(b, i, false)
	}
	for j := i; j < len(b); j++ {
		switch b[j] {
		case ',', '}', ']', ' ', '\n', '\r', '\t':
			if j == i {
				return 0, Broken
			}
			return j, Whole
		case '"', '{', '[', ':':
			return 0, Broken
		}
	}
	return 0, Short
}

// bracketsEnd is the index after the array or object that b[i] opens; wary counts braces alone, and looks what follows a string with one.
func bracketsEnd(b []byte, i int, wary bool) (int, Status) {
	depth := 0
	for i < len(b) {
		switch c := b[i]; c {
		case '"':
			end, st := StringEnd(b, i)
			if wary && st == Whole && bytes.IndexByte(b[i:end], '}') >= 0 {
				end, st = afterString(b, end)
			}
			if st != Whole {
				return 0, st
			}
			i = end
			continue
		case '{', '[':
			if c == '{' || !wary {
				depth++
			}
		case '}', ']':
			if c == '}' || !wary {
				if depth--; depth == 0 {
					return i + 1, Whole
				}
			}
		}
		i++
	}
	return 0, Short
}

// EachKey calls do for every key of the object at b[i] with the place of its value.
// It returns the index after the object, or where and how reading it failed.
func EachKey(b []byte, i int, do func(key []byte, from, to int)) (int, Status) {
	if i = SkipSpace(b, i); i < len(b) && b[i] != '{' {
		return i, Broken
	}
	for i++; ; {
		i = SkipSpace(b, i)
		switch {
		case i >= len(b):
			return i, Short
		case b[i] == '}':
			return i + 1, Whole
		case b[i] == ',':
			i++
			continue
		case b[i] != '"':
			return i, Broken
		}
		key, from, st := KeyAndColon(b, i)
		if st != Whole {
			return i, st
		}
		to, st := ValueEnd(b, from)
		if st != Whole {
			return i, st
		}
		next := SkipSpace(b, to)
		if next < len(b) && b[next] != ',' && b[next] != '}' {
			return i, Broken
		}
		do(key, from, to)
		i = next
	}
}

// ReadKeys gives the values of the object b to the readers of their keys; false if one
// refuses its value, or b is not an object to its end.
func ReadKeys(b []byte, keys map[string]func(val []byte) bool) bool {
	sound := true
	_, st := EachKey(b, 0, func(key []byte, from, to int) {
		if read := keys[string(key)]; read != nil {
			sound = read(b[from:to]) && sound
		}
	})
	return sound && st == Whole
}

// EachElement calls do for the place of every element of the array at b[i], as far
// as it can be read; false if that is not to its end, or b[i] begins no array.
func EachElement(b []byte, i int, do func(from, to int)) bool {
	if i = SkipSpace(b, i); i >= len(b) || b[i] != '[' {
		return false
	}
	for i++; ; {
		i = SkipSpace(b, i)
		if i >= len(b) {
			return false
		}
		switch b[i] {
		case ']':
			return true
		case ',':
			i++
			continue
		}
		to, st := ValueEnd(b, i)
		if st != Whole {
			return false
		}
		do(i, to)
		i = SkipSpace(b, to)
		if i >= len(b) || b[i] != ',' && b[i] != ']' {
			return false
		}
	}
}

// Elements is the array b as a slice of its elements; nil if b is no array.
func Elements(b []byte) (out [][]byte) {
	if !EachElement(b, 0, func(from, to int) { out = append(out, b[from:to]) }) {
		return nil
	}
	return out
}

// KeyAndColon reads the key at b[i] up to the value that from begins.
func KeyAndColon(b []byte, i int) (key []byte, from int, st Status) {
	end, st := StringEnd(b, i)
	if st != Whole {
		return nil, 0, st
	}
	from = SkipSpace(b, end)
	if from < len(b) && b[from] != ':' {
		return nil, 0, Broken
	}
	if from = SkipSpace(b, from+1); from >= len(b) {
		return nil, 0, Short
	}
	return b[i+1 : end-1], from, Whole
}

// SeparatorAt says whether a value that ended at i is followed by what must follow it.
func SeparatorAt(b []byte, i int) Status {
	i = SkipSpace(b, i)
	if i >= len(b) {
		return Short
	}
	if b[i] == ',' || b[i] == '}' {
		return Whole
	}
	return Broken
}

// After is the text from the value of a key on, wherever in b the key first stands, whole or not; empty: it does not.
func After(b []byte, key string) []byte {
	_, after, found := bytes.Cut(b, []byte(`"`+key+`"`))
	after, colon := bytes.CutPrefix(after[SkipSpace(after, 0):], []byte(":"))
	if !found || !colon {
		return nil
	}
	return after[SkipSpace(after, 0):]
}
