package nsys

import (
	"shardeck/backend/trace"
)

// fault is a sort of damage that is counted.
type fault uint8

const (
	faultTime fault = iota
	faultNegative
	faultPlace
	faultName
	faultLine
	faultSample
	faultKinds
)

// faultWords says each in words for people: what was wrong with how many, and what was
// lost.
var faultWords = [faultKinds]struct{ one, many, lost string }{
	{"kernel or copy has no time that is a number", "kernels or copies have no time that is a number", "those kernels or copies"},
	{"kernel or copy ends before it starts", "kernels or copies end before they start", "their durations, taken as 0"},
	{"device, stream or correlation is no number in range", "devices, streams or correlations are no numbers in range", "where those kernels ran"},
	{"kernel has a name that is not in the export", "kernels have names that are not in the export", "those names"},
	{"line is not as the header says", "lines are not as the header says", "those lines"},
	{"sample of GPU metrics is no percentage", "samples of GPU metrics are no percentages", "those samples"},
}

// faults counts what is wrong with a file.
type faults struct {
	count [faultKinds]int
	first [faultKinds]int64
	list  []trace.Damage // faults that occur once
}

// add counts one; at is its byte in a text, -1 in a table.
func (f *faults) add(kind fault, at int64) {
	if f.count[kind] == 0 {
		f.first[kind] = at
	}
	f.count[kind]++
}

func (f *faults) once(at int64, text, lost string) {
	f.list = append(f.list, trace.Damage{Offset: at, Text: text, Lost: lost})
}

// damage is the whole list: counted faults first, in the order of faultWords.
func (f *faults) damage() (out []trace.Damage) {
	for k, n := range f.count {
		if n == 0 {
			continue
		}
		w := faultWords[k]
		text := "1 " + w.one
		if n > 1 {
			text = trace.Count(n) + " " + w.many
		}
		out = append(out, trace.Damage{Offset: f.first[k], Text: text, Lost: w.lost})
	}
	return append(out, f.list...)
}
