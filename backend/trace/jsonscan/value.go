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

// ValueEnd is the index after the JSON value that b[i] begins. Its inside is looked at
// as far as strings and brackets go. A bare word that is no JSON (NaN, inf, N/A) has
// an end too: whether it matters is for its reader to say.
func ValueEnd(b []byte, i int) (int, Status) {
	if i >= len(b) {
		return 0, Short
	}
	switch b[i] {
	case '"':
		return StringEnd(b, i)
	case '{', '[':
		return bracketsEnd(b, i)
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

// bracketsEnd is the index after the array or object that b[i] opens.
func bracketsEnd(b []byte, i int) (int, Status) {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			end, st := StringEnd(b, i)
			if st != Whole {
				return 0, st
			}
			i = end
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, Whole
			}
		}
		i++
	}
	return 0, Short
}
