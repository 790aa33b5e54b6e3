package kineto

import "shardeck/backend/trace"

// Sorts of damage that can occur many times in one file.
const (
	faultEvent    trace.FaultKind = iota // an event that is not JSON
	faultGiant                           // an event larger than maxEvent
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
