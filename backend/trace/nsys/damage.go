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
	faultTime:     {"kernel or copy has no time that is a number", "kernels or copies have no time that is a number", "those kernels or copies"},
	faultNegative: {"kernel or copy ends before it starts", "kernels or copies end before they start", "their durations, taken as 0"},
	faultPlace:    {"device, stream or correlation is no number in range", "devices, streams or correlations are no numbers in range", "where those kernels ran"},
	faultName:     {"kernel has a name that is not in the export", "kernels have names that are not in the export", "those names"},
	faultLine:     {"line is not as the header says", "lines are not as the header says", "those lines"},
	faultSample:   {"sample of GPU metrics is no percentage", "samples of GPU metrics are no percentages", "those samples"},
}
