package et

import (
	"strconv"

	"shardeck/backend/trace/jsonscan"
)

// text is a string for people.
func text(val []byte) string { return jsonscan.CleanText(val) }

// number reads a whole number, in quotes or not.
func number(val []byte) (int64, bool) {
	v, err := strconv.ParseInt(string(jsonscan.Unquote(val)), 10, 64)
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
