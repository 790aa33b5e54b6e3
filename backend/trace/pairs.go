package trace

import "shardeck/backend/trace/jsonscan"

// eachKey calls do for every key of the object at b[i] with the place of its value.
// It returns the index after the object, or where and how reading it failed.
func eachKey(b []byte, i int, do func(key []byte, from, to int)) (int, status) {
	for i++; ; {
		i = jsonscan.SkipSpace(b, i)
		switch {
		case i >= len(b):
			return i, short
		case b[i] == '}':
			return i + 1, whole
		case b[i] == ',':
			i++
			continue
		case b[i] != '"':
			return i, broken
		}
		key, from, st := keyAndColon(b, i)
		if st != whole {
			return i, st
		}
		to, st := jsonscan.ValueEnd(b, from)
		if st == whole && closed(b, to) == broken {
			st = broken
		}
		if st != whole {
			return i, st
		}
		do(key, from, to)
		i = to
	}
}

// eachElement calls do for the place of every element of the array at b[i], as far
// as it can be read; false if that is not to its end.
func eachElement(b []byte, i int, do func(from, to int)) bool {
	for i++; ; {
		i = jsonscan.SkipSpace(b, i)
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
		to, st := jsonscan.ValueEnd(b, i)
		if st != whole {
			return false
		}
		do(i, to)
		i = jsonscan.SkipSpace(b, to)
		if i >= len(b) || b[i] != ',' && b[i] != ']' {
			return false
		}
	}
}
