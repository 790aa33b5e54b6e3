package jsonscan

import (
	"bytes"
	"encoding/json"
	"fmt"

	"shardeck/model"
)

// Span is a place in a text, without a pointer: cheap to clear. The zero Span is no place.
type Span struct{ From, To int32 }

// SpanOf is the place of b[from:to].
func SpanOf(from, to int) Span { return Span{int32(from), int32(to)} }

// Of is the text of b at the place.
func (p Span) Of(b []byte) []byte { return b[p.From:p.To] }

// Given says that there is a place.
func (p Span) Given() bool { return p.To != 0 }

// Unquote takes the quotes off a string; escapes stay as they are.
func Unquote(val []byte) []byte {
	if len(val) >= 2 && val[0] == '"' {
		return val[1 : len(val)-1]
	}
	return val
}

// Text is a JSON string with its escapes undone, or a bare value as it is.
func Text(val []byte) string {
	var plain string
	if bytes.IndexByte(val, '\\') >= 0 && json.Unmarshal(val, &plain) == nil {
		return plain
	}
	return string(Unquote(val))
}

// CleanText is Text for people: without control characters.
func CleanText(val []byte) string { return model.Printable(Text(val)) }

// KeepText is a reader of a key, for ReadKeys, that keeps a text for people.
func KeepText(to *string) func(val []byte) bool {
	return func(val []byte) bool {
		*to = CleanText(val)
		return true
	}
}

// FirstWords quotes the beginning of b for a person.
func FirstWords(b []byte) string {
	return fmt.Sprintf("%q", model.Printable(string(b[:min(len(b), 16)])))
}
