package nsys

import "shardeck/backend/trace"

// Sorts of damage that are counted.
const (
	faultTime trace.FaultKind = iota
	faultNegative
	faultPlace
	faultName
	faultLine
	faultSample
)

var faults = []trace.Fault{
	faultTime:     trace.FaultTime,
	faultNegative: {"kernel or copy ends before it starts", "kernels or copies end before they start", "their durations, taken as 0"},
	faultPlace:    trace.FaultPlace,
	faultName:     {"kernel has a name that is not in the export", "kernels have names that are not in the export", "those names"},
	faultLine:     {"line is not as the header says", "lines are not as the header says", "those lines"},
	faultSample:   {"sample of GPU metrics is no percentage", "samples of GPU metrics are no percentages", "those samples"},
}
