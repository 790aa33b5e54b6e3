package trace

import (
	"bytes"

	"shardeck/backend/trace/jsonscan"
)

// status is how far reading a piece of JSON got.
type status = jsonscan.Status

const (
	whole  = jsonscan.Whole
	short  = jsonscan.Short
	broken = jsonscan.Broken
)

// skip finds the end of the object that begins at b[i]. It is exact for valid JSON in
// any layout; invalid JSON is broken, or passed over where its stray quotes happen to
// balance.
func skip(b []byte, i int) (end int, st status) {
	if end = hop(b, i); end > 0 {
		return end, whole
	}
	return skipStrings(b, i)
}

// hop is skip for an object that has no backslash, so that a quote always opens or
// closes a string, and no closing brace in a string. 0: it did not see the end.
func hop(b []byte, i int) (end int) {
	if vector {
		return skipVector(b, i)
	}
	return skipParity(b, i)
}

// skipParity hops from closing brace to closing brace. A brace is structure if the
// number of quotes since a place known to be outside every string is even.
func skipParity(b []byte, i int) (end int) {
	depth, out := 1, i+1
	for {
		n := bytes.IndexByte(b[out:], '}')
		if n < 0 {
			return 0
		}
		opened, inside := braces(b[out : out+n])
		if inside {
			return 0
		}
		depth += opened
		for out += n + 1; ; out++ {
			if depth--; depth == 0 {
				return noEscape(b, i, out)
			}
			if out = jsonscan.SkipSpace(b, out); out == len(b) || b[out] != '}' {
				break
			}
		}
	}
}

// noEscape is end, or 0 if b[i:end] has a backslash.
func noEscape(b []byte, i, end int) int {
	if bytes.IndexByte(b[i:end], '\\') >= 0 {
		return 0
	}
	return end
}

// braces counts the opening braces of b that are not in a string, and says whether
// b ends in one. b begins outside.
func braces(b []byte) (opened int, inside bool) {
	for {
		n := bytes.IndexByte(b, '{')
		if n < 0 {
			return opened, inside != oddQuotes(b)
		}
		if inside = inside != oddQuotes(b[:n]); !inside {
			opened++
		}
		b = b[n+1:]
	}
}

var quote = []byte{'"'}

func oddQuotes(b []byte) bool { return bytes.Count(b, quote)&1 == 1 }

// afterString checks that the string that ended at b[end-1] is followed by structure:
// text there means that a stray quote turned inside out.
func afterString(b []byte, end int) (int, status) {
	i := jsonscan.SkipSpace(b, end)
	if i == len(b) {
		return 0, short
	}
	switch b[i] {
	case ',', ':', '}', ']':
		return end, whole
	}
	return 0, broken
}

// skipStrings is skip for any text: it steps over string after string.
func skipStrings(b []byte, i int) (int, status) {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			end, st := jsonscan.StringEnd(b, i)
			if st == whole && bytes.IndexByte(b[i:end], '}') >= 0 {
				end, st = afterString(b, end)
			}
			if st != whole {
				return 0, st
			}
			i = end
			continue
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1, whole
			}
		}
		i++
	}
	return 0, short
}
