package kineto

import (
	"bytes"
	"slices"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// Sorts of damage that can occur many times in one file.
const (
	faultEvent    trace.FaultKind = iota // an event that is not JSON
	faultGiant                           // an event larger than jsonscan.MaxPiece
	faultTime                            // a kept event without a start or duration that is a number
	faultNegative                        // a duration below 0
	faultHalf                            // a begin or end without its other half
	faultBlocks                          // launch geometry that is no number
	faultPlace                           // device, stream or correlation that is no number in range
	faultColl                            // NCCL numbers that are none
	faultName                            // names that are not UTF-8
)

var faults = []trace.Fault{
	faultEvent: {"event is not JSON (a stray quote or bare text)", "events are not JSON (stray quotes or bare text)",
		"those events and the text up to the next sound one"},
	faultGiant:    {"event is larger than 16 MiB", "events are larger than 16 MiB", "those events and the text up to the next sound one"},
	faultTime:     trace.FaultTime,
	faultNegative: {"duration is negative", "durations are negative", "those durations, taken as 0"},
	faultHalf: {"event is a begin or an end without a duration", "events are begins or ends without a duration",
		"those kernels or copies"},
	faultBlocks: {"launch has no number of blocks (NaN, inf or text)", "launches have no number of blocks (NaN, inf or text)",
		"those launches in sm_coverage"},
	faultPlace: trace.FaultPlace,
	faultColl:  {"NCCL size or rank is no number", "NCCL sizes or ranks are no numbers", "those sizes and ranks"},
	faultName:  {"name is not UTF-8", "names are not UTF-8", "those bytes, shown as \uFFFD"},
}

// Keys an event may begin with, and top-level keys that may follow the list of events.
var (
	eventKeys = []string{"ph", "cat", "name", "pid", "tid", "ts"}
	tailKeys  = []string{"traceName", "distributedInfo", "baseTimeNanoseconds", "displayTimeUnit", "schemaVersion", "deviceProperties"}
)

// lookAround is more text than lies between two events.
const lookAround = 256

// resync moves the window from a broken event to the next place where one begins: } , { "ph" or another of an event's keys,
// which in valid JSON is never part of a string, whose quotes would be escaped; or to the end of the list. False: neither.
func resync(w *jsonscan.Window) bool {
	w.Pos++
	for i := w.Pos; ; {
		limit := len(w.Buf) - 2*lookAround // beyond it there may be too little text to judge
		if w.Err != nil {
			limit = len(w.Buf)
		}
		for ; i < limit; i++ {
			if c := w.Buf[i]; c == '{' && eventAt(w, i) || c == ']' && listEndAt(w, i) {
				w.Pos = i
				return true
			}
		}
		if w.Err != nil {
			w.Pos = len(w.Buf)
			return false
		}
		w.Pos = max(w.Pos, i-lookAround)
		i -= w.Pos
		w.More()
	}
}

// eventAt says whether the brace at i begins an event that follows another.
func eventAt(w *jsonscan.Window, i int) bool {
	before, comma := bytes.CutSuffix(before(w, i), []byte{','})
	before = bytes.TrimRight(before, " \n\r\t")
	return comma && bytes.HasSuffix(before, []byte{'}'}) && keyAt(w.Buf[i+1:], eventKeys)
}

// before is the text before i, as far back as is looked, without white space at its end.
func before(w *jsonscan.Window, i int) []byte {
	return bytes.TrimRight(w.Buf[max(w.Pos, i-lookAround):i], " \n\r\t")
}

// listEndAt says whether the bracket at i closes the list of events.
func listEndAt(w *jsonscan.Window, i int) bool {
	if !bytes.HasSuffix(before(w, i), []byte{'}'}) {
		return false
	}
	after := bytes.TrimLeft(w.Buf[i+1:], " \n\r\t")
	if rest, comma := bytes.CutPrefix(after, []byte{','}); comma {
		return keyAt(rest, tailKeys)
	}
	after = bytes.TrimSpace(after)
	return w.Err != nil && (len(after) == 0 || string(after) == "}")
}

// keyAt says whether b begins with one of keys and a value.
func keyAt(b []byte, keys []string) bool {
	b = bytes.TrimLeft(b[:min(len(b), lookAround)], " \n\r\t")
	if len(b) == 0 || b[0] != '"' {
		return false
	}
	key, _, st := jsonscan.KeyAndColon(b, 0)
	return st == whole && slices.Contains(keys, string(key))
}
