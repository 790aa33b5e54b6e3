package jsonscan

import "strings"

// Pattern is the text of an event with the numbers that vary left out.
type Pattern struct {
	pieces []string          // one more than there are numbers
	reach  int               // more than its text is long, whatever the numbers
	digits [MaxNumbers]uint8 // how long its numbers were last time
}

// Limits of a pattern: numbers in it, and bytes of one.
const (
	MaxNumbers = 8
	maxNumber  = 31
	spare      = 32 // bytes that matchVector may read too many
)

var spaces = strings.Repeat(" ", spare)

// NewPattern copies pieces into one text with bytes to spare.
func NewPattern(pieces []string) Pattern {
	text := strings.Join(append(pieces[:len(pieces):len(pieces)], spaces), "")
	p := Pattern{pieces: make([]string, 0, len(pieces)), reach: len(text) + len(pieces)*(maxNumber+1)}
	for _, piece := range pieces {
		p.pieces = append(p.pieces, text[:len(piece)])
		text = text[len(piece):]
	}
	for k := range p.digits {
		p.digits[k] = 1
	}
	return p
}

// Match compares b[i:] with the Pattern and says where its numbers are (digits and points, a digit first),
// and where the text after it begins; 0: it differs.
func (p *Pattern) Match(b []byte, i int, at *[MaxNumbers]Span) (end int) {
	if vector && i+p.reach <= len(b) {
		return matchVector(b, i, p.pieces, at, &p.digits)
	}
	return matchPlain(b, i, p.pieces, at)
}

func matchPlain(b []byte, i int, pieces []string, at *[MaxNumbers]Span) (end int) {
	for k, piece := range pieces {
		if i+len(piece) > len(b) || string(b[i:i+len(piece)]) != piece {
			return 0
		}
		i += len(piece)
		if k == len(pieces)-1 {
			break
		}
		from := i
		for i < len(b) && (b[i]-'0' <= 9 || b[i] == '.') {
			i++
		}
		if i == from || b[from] == '.' || i == len(b) || i-from > maxNumber {
			return 0
		}
		at[k] = Span{int32(from), int32(i)}
	}
	return i
}

// Value is a number of a Pattern: 2·n of a whole number n, 2·n+1 of n thousandths, which is how Kineto writes microseconds; -1: it is
// spelled in another way, has more than sixteen digits, or ends within the first sixteen bytes of the text.
type Value int64

// Whole is a whole number.
func (v Value) Whole() (n int64, ok bool) { return int64(v >> 1), v&1 == 0 }

// Thousandths are those of a number with three decimals.
func (v Value) Thousandths() (n int64, ok bool) { return int64(v >> 1), v&1 == 1 && v >= 0 }

// Values reads the numbers that Match found in b.
func (p *Pattern) Values(b []byte, at *[MaxNumbers]Span, values *[MaxNumbers]Value) {
	if n := len(p.pieces) - 1; vector && n > 0 {
		valuesVector(b, at, n, values)
	} else {
		valuesPlain(b, at, n, values)
	}
}

func valuesPlain(b []byte, at *[MaxNumbers]Span, n int, values *[MaxNumbers]Value) {
	for k, at := range at[:n] {
		values[k] = -1
		if at.To-at.From < 5 || b[at.To-4] != '.' {
			if v, ok := ReadWhole(b, at); ok && at.To > 16 {
				values[k] = Value(v << 1)
			}
		} else if v, ok := ReadMicros(b, at); ok && at.To > 16 && at.To-at.From <= 17 {
			values[k] = Value(v<<1 | 1)
		}
	}
}
