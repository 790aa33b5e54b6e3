package et

import (
	"bytes"
	"encoding/json"
	"strconv"

	"shardeck/backend/trace/jsonscan"
	"shardeck/model"
)

// status is how far reading a piece of JSON got.
type status = jsonscan.Status

const (
	whole  = jsonscan.Whole
	short  = jsonscan.Short
	broken = jsonscan.Broken
)

// eachKey calls visit with each key and value of the object that b begins, until
// visit says no. False: b is not an object.
func eachKey(b []byte, visit func(key, val []byte) bool) bool {
	i := jsonscan.SkipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return false
	}
	for i++; ; i++ {
		if i = jsonscan.SkipSpace(b, i); i < len(b) && b[i] == '}' {
			return true
		}
		if i >= len(b) || b[i] != '"' {
			return false
		}
		end, st := jsonscan.StringEnd(b, i)
		if st != whole {
			return false
		}
		key := b[i+1 : end-1]
		if i = jsonscan.SkipSpace(b, end); i >= len(b) || b[i] != ':' {
			return false
		}
		i = jsonscan.SkipSpace(b, i+1)
		if end, st = jsonscan.ValueEnd(b, i); st != whole {
			return false
		}
		if !visit(key, b[i:end]) {
			return true
		}
		if i = jsonscan.SkipSpace(b, end); i >= len(b) || b[i] != ',' {
			return i < len(b) && b[i] == '}'
		}
	}
}

// eachItem calls visit with each element of the list that b begins. False: b is no list.
func eachItem(b []byte, visit func(val []byte)) bool {
	i := jsonscan.SkipSpace(b, 0)
	if i >= len(b) || b[i] != '[' {
		return false
	}
	for i++; ; i++ {
		if i = jsonscan.SkipSpace(b, i); i < len(b) && b[i] == ']' {
			return true
		}
		end, st := jsonscan.ValueEnd(b, i)
		if st != whole {
			return false
		}
		visit(b[i:end])
		if i = jsonscan.SkipSpace(b, end); i >= len(b) || b[i] != ',' {
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
