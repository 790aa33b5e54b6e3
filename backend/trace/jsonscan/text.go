package jsonscan

import (
	"encoding/json"
	"fmt"
	"strings"

	"shardeck/model"
)

// Span is a place in a text: no pointer, so that many of them are cheap to clear. The
// zero Span is no place.
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

// CleanText is a JSON string (or a bare value) as text for people.
func CleanText(val []byte) string {
	text := string(Unquote(val))
	var plain string
	if strings.IndexByte(text, '\\') >= 0 && json.Unmarshal(val, &plain) == nil {
		text = plain
	}
	return model.Printable(text)
}

// FirstWords quotes the beginning of b for a person.
func FirstWords(b []byte) string {
	return fmt.Sprintf("%q", model.Printable(string(b[:min(len(b), 16)])))
}
