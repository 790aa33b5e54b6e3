package jsonscan

import "bytes"

// SkipObject finds the end of the object that begins at b[i], in any layout; invalid JSON is Broken, or
// passed over where its stray quotes happen to balance.
func SkipObject(b []byte, i int) (end int, st Status) {
	if end = SkipUnescaped(b, i); end > 0 {
		return end, Whole
	}
	return SkipByStrings(b, i)
}

// SkipUnescaped is SkipObject for an object that has no backslash, so that a quote always opens or
// closes a string, and no closing brace in a string. 0: it did not see the end.
func SkipUnescaped(b []byte, i int) (end int) {
	if vector {
		return skipVector(b, i)
	}
	return skipParity(b, i)
}

// skipParity goes from closing brace to closing brace. A brace is structure if the
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
				if bytes.IndexByte(b[i:out], '\\') >= 0 {
					return 0
				}
				return out
			}
			if out = SkipSpace(b, out); out == len(b) || b[out] != '}' {
				break
			}
		}
	}
}

// braces counts the opening braces of b, outside at first, that are in no string, and whether b ends in one.
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

// afterString checks that structure follows the string that ended at b[end-1]: text means a stray quote before.
func afterString(b []byte, end int) (int, Status) {
	i := SkipSpace(b, end)
	if i == len(b) {
		return 0, Short
	}
	switch b[i] {
	case ',', ':', '}', ']':
		return end, Whole
	}
	return 0, Broken
}

// SkipByStrings is SkipObject for any text: it steps over string after string.
func SkipByStrings(b []byte, i int) (int, Status) { return bracketsEnd(b, i, true) }
