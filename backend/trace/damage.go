package trace

import "shardeck/model/present/unit"

// Damage is one thing that was wrong with a file, in words for people, and what was lost.
type Damage struct {
	Offset int64  // byte of the decompressed text where it first shows, -1 if it has no place
	Text   string // "ended before the list of events was closed"
	Lost   string // "everything after the last whole event (12,345 kernels read)"
}

// String is the damage in one sentence, with its place.
func (d Damage) String() string {
	text := d.Text
	if d.Offset >= 0 {
		text += ", at byte " + unit.Int(int(d.Offset))
	}
	if d.Lost != "" {
		text += "; lost: " + d.Lost
	}
	return text
}

// Fault is a sort of damage in words for people: those for one, those for many, each after their number, and what is lost.
type Fault [3]string

// Faults that several readers know.
var (
	FaultTime = Fault{"kernel or copy has no time that is a number", "kernels or copies have no time that is a number",
		"those kernels or copies"}
	FaultPlace = Fault{"device, stream or correlation is no number in range", "devices, streams or correlations are no numbers in range",
		"where those kernels ran"}
)

// FaultKind is the index of a Fault in the list that its reader gives to CountDamage.
type FaultKind uint8

// DamageCounter counts what is wrong with one file and keeps where each sort showed first.
type DamageCounter struct {
	Total  int // faults counted
	kinds  []countedFault
	single []Damage // what occurs once
}

type countedFault struct {
	words Fault
	n     int
	first int64 // where it showed first
}

// CountDamage makes a counter of the faults that a reader knows.
func CountDamage(faults []Fault) *DamageCounter {
	c := &DamageCounter{}
	for _, f := range faults {
		c.kinds = append(c.kinds, countedFault{words: f})
	}
	return c
}

// Count counts one fault; at is its byte in a text, -1 if it has no place.
func (c *DamageCounter) Count(kind FaultKind, at int64) {
	f := &c.kinds[kind]
	if f.n == 0 {
		f.first = at
	}
	f.n++
	c.Total++
}

// Once notes damage that occurs once.
func (c *DamageCounter) Once(at int64, text, lost string) {
	c.single = append(c.single, Damage{Offset: at, Text: text, Lost: lost})
}

// Damage is all of it: counted faults first, in the order of their kinds.
func (c *DamageCounter) Damage() (out []Damage) {
	for _, f := range c.kinds {
		if f.n > 0 {
			out = append(out, Damage{Offset: f.first, Text: CountOf(f.n, f.words[0], f.words[1]), Lost: f.words[2]})
		}
	}
	return append(out, c.single...)
}

// CountOf writes a number of things with the words for one or for many.
func CountOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return unit.Int(n) + " " + many
}
