package metric

// OpTimes divides the kernel time of a run among the operators that launched the
// kernels, over all ranks. Times are nanoseconds, summed over kernels.
type OpTimes struct {
	Run          string   `json:"run"`
	KernelNS     int64    `json:"kernel_ns"`
	AttributedNS int64    `json:"attributed_ns"` // launched by a known operator
	JoinedNS     int64    `json:"joined_ns"`     // of these, by one that the execution trace has too
	Ops          []OpTime `json:"ops"`           // most time first
	Rest         []OpRest `json:"rest"`          // kernels of no known operator, by the reason
	Warnings     []string `json:"warnings"`
	Damaged      bool     `json:"damaged"` // of some rank only a part was read
}

// OpTime is one operator's share.
type OpTime struct {
	Name    string  `json:"name"` // aten::mm
	TotalNS int64   `json:"total_ns"`
	Count   int     `json:"count"` // kernels
	Share   float64 `json:"share"` // % of kernel time

	// Within is the outermost operator, by the execution trace, of most of the time
	// that it knows of: aten::linear. Empty: it knows of none, or the operator itself.
	Within string `json:"within,omitempty"`
}

// OpRest is kernel time that no operator can be made answerable for.
type OpRest struct {
	Reason  string  `json:"reason"`
	TotalNS int64   `json:"total_ns"`
	Count   int     `json:"count"`
	Share   float64 `json:"share"` // % of kernel time
}
