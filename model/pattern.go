package model

import "regexp"

// Pattern is what a name may look like, and how long it may be. A count in the expression
// itself would be compiled as so many copies: half a megabyte and a millisecond at
// every start.
type Pattern struct {
	re   *regexp.Regexp
	most int
}

// NewPattern compiles expr, which must match the whole of a name of at most so many
// bytes; a faulty expression is a fault of the program and panics.
func NewPattern(expr string, most int) Pattern {
	return Pattern{regexp.MustCompile(`^(?:` + expr + `)$`), most}
}

// MatchString says whether name is such a name.
func (p Pattern) MatchString(name string) bool { return len(name) <= p.most && p.re.MatchString(name) }
