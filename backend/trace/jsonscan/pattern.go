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
