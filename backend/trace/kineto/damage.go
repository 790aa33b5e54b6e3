package kineto

import "shardeck/backend/trace"

// fault is a sort of damage that can occur many times in one file and is counted.
type fault uint8

const (
	faultEvent    fault = iota // an event that is not JSON
	faultGiant                 // an event larger than maxEvent
	faultTime                  // a kept event without a start or duration that is a number
	faultNegative              // a duration below 0
	faultHalf                  // a begin or end without its other half
	faultBlocks                // launch geometry that is no number
	faultPlace                 // device, stream or correlation that is no number in range
	faultColl                  // NCCL numbers that are none
	faultName                  // names that are not UTF-8
	faultKinds
)

// faultWords says each in words for people: what was wrong with how many, and what
// was lost.
var faultWords = [faultKinds]struct{ one, many, lost string }{
	faultEvent:    {"event is not JSON (a stray quote or bare text)", "events are not JSON (stray quotes or bare text)", "those events and the text up to the next sound one"},
	faultGiant:    {"event is larger than 16 MiB", "events are larger than 16 MiB", "those events and the text up to the next sound one"},
	faultTime:     {"kernel or copy has no time that is a number", "kernels or copies have no time that is a number", "those kernels or copies"},
	faultNegative: {"duration is negative", "durations are negative", "those durations, taken as 0"},
	faultHalf:     {"event is a begin or an end without a duration", "events are begins or ends without a duration", "those kernels or copies"},
	faultBlocks:   {"launch has no number of blocks (NaN, inf or text)", "launches have no number of blocks (NaN, inf or text)", "those launches in sm_coverage"},
	faultPlace:    {"device, stream or correlation is no number in range", "devices, streams or correlations are no numbers in range", "where those kernels ran"},
	faultColl:     {"NCCL size or rank is no number", "NCCL sizes or ranks are no numbers", "those sizes and ranks"},
	faultName:     {"name is not UTF-8", "names are not UTF-8", "those bytes, shown as \uFFFD"},
}

// faults counts what is wrong with a file and keeps where each sort showed first.
type faults struct {
	count [faultKinds]int
	first [faultKinds]int64
	total int
	list  []trace.Damage // faults that occur once
}

func (f *faults) add(kind fault, at int64) {
	if f.count[kind] == 0 {
		f.first[kind] = at
	}
	f.count[kind]++
	f.total++
}

func (f *faults) once(at int64, text, lost string) {
	f.list = append(f.list, trace.Damage{Offset: at, Text: text, Lost: lost})
}

// damage is the whole list: counted faults first, in the order of faultWords.
func (f *faults) damage() []trace.Damage {
	var out []trace.Damage
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
