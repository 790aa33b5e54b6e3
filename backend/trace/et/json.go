package et

import (
	"bytes"
	"encoding/json"
	"strconv"

	"shardeck/model"
)

// status is how far reading a piece of JSON got.
type status uint8

const (
	whole  status = iota
	short         // the text in memory ends before the value does
	broken        // not JSON
)

// skipSpace is the index of the first byte at or after i that is not white space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// stringEnd is the index after the closing quote of the string that b[i] opens.
func stringEnd(b []byte, i int) (int, status) {
	for j := i + 1; ; j++ {
		n := bytes.IndexByte(b[j:], '"')
		if n < 0 {
			return 0, short
		}
		j += n
		if b[j-1] != '\\' || !escaped(b[i+1:j]) {
			return j + 1, whole
		}
	}
}

// escaped says whether b ends in an odd number of backslashes.
func escaped(b []byte) bool {
	n := 0
	for n < len(b) && b[len(b)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// valueEnd is the index after the JSON value that b[i] begins. Its inside is looked
// at as far as strings and brackets go.
func valueEnd(b []byte, i int) (int, status) {
	if i >= len(b) {
		return 0, short
	}
	switch b[i] {
	case '"':
		return stringEnd(b, i)
	case '{', '[':
		return nestEnd(b, i)
	}
	for j := i; j < len(b); j++ {
		switch b[j] {
		case ',', '}', ']', ' ', '\n', '\r', '\t':
			if j == i {
				return 0, broken
			}
			return j, whole
		case '"', '{', '[', ':':
			return 0, broken
		}
	}
	return 0, short
}

// nestEnd is the index after the object or list that b[i] opens.
func nestEnd(b []byte, i int) (int, status) {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			end, st := stringEnd(b, i)
			if st != whole {
				return 0, st
			}
			i = end
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, whole
			}
		}
		i++
	}
	return 0, short
}

// eachKey calls visit with each key and value of the object that b begins, until
// visit says no. False: b is not an object.
func eachKey(b []byte, visit func(key, val []byte) bool) bool {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return false
	}
	for i++; ; i++ {
		if i = skipSpace(b, i); i < len(b) && b[i] == '}' {
			return true
		}
		if i >= len(b) || b[i] != '"' {
			return false
		}
		end, st := stringEnd(b, i)
		if st != whole {
			return false
		}
		key := b[i+1 : end-1]
		if i = skipSpace(b, end); i >= len(b) || b[i] != ':' {
			return false
		}
		i = skipSpace(b, i+1)
		if end, st = valueEnd(b, i); st != whole {
			return false
		}
		if !visit(key, b[i:end]) {
			return true
		}
		if i = skipSpace(b, end); i >= len(b) || b[i] != ',' {
			return i < len(b) && b[i] == '}'
		}
	}
}

// eachItem calls visit with each element of the list that b begins. False: b is no list.
func eachItem(b []byte, visit func(val []byte)) bool {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '[' {
		return false
	}
	for i++; ; i++ {
		if i = skipSpace(b, i); i < len(b) && b[i] == ']' {
			return true
		}
		end, st := valueEnd(b, i)
		if st != whole {
			return false
		}
		visit(b[i:end])
		if i = skipSpace(b, end); i >= len(b) || b[i] != ',' {
			return i < len(b) && b[i] == ']'
		}
	}
}

// items is the list b as a slice of its elements; nil if b is no list.
func items(b []byte) (out [][]byte) {
	if !eachItem(b, func(v []byte) { out = append(out, v) }) {
		return nil
	}
	return out
}

// raw is the inside of a string, escapes as they are; another value is itself.
func raw(val []byte) []byte {
	if len(val) >= 2 && val[0] == '"' {
		return val[1 : len(val)-1]
	}
	return val
}

// rawText is a string with its escapes undone, exactly.
func rawText(val []byte) string {
	var s string
	if bytes.IndexByte(val, '\\') >= 0 && json.Unmarshal(val, &s) == nil {
		return s
	}
	return string(raw(val))
}

// text is a string for people.
func text(val []byte) string { return model.Printable(rawText(val)) }

// number reads a whole number, in quotes or not.
func number(val []byte) (int64, bool) {
	v, err := strconv.ParseInt(string(raw(val)), 10, 64)
	return v, err == nil
}

// numberOr is the number val, or missing if it is none.
func numberOr(val []byte, missing int64) int64 {
	if v, ok := number(val); ok {
		return v
	}
	return missing
}

// isList says whether val begins a list.
func isList(val []byte) bool { return len(val) > 0 && val[0] == '[' }
