package scaling

// Comparison sets runs side by side; the first is the base.
type Comparison struct {
	Runs     []string     `json:"runs"`
	Rows     []CompareRow `json:"metrics"`
	Warnings []string     `json:"warnings"` // what makes them not comparable, and what was amiss in each
}

// CompareRow is one metric of all runs.
type CompareRow struct {
	Name     string        `json:"name"`
	Unit     string        `json:"unit"`
	Decimals int           `json:"-"`
	Cells    []CompareCell `json:"values"` // one a run
}

// CompareCell is one metric of one run: over iterations or requests the median, else
// the value itself.
type CompareCell struct {
	Value  *float64 `json:"value"` // nil: none
	Reason string   `json:"reason,omitempty"`
	N      int      `json:"n"`                 // samples; 0: not sampled
	Spread float64  `json:"spread_pct"`        // half range over samples, % of the median
	Change *float64 `json:"change_pct"`        // against the base, %; nil: the base, or no value
	Same   bool     `json:"indistinguishable"` // a rank test cannot tell it from the base: shown as ~
	Words  string   `json:"words,omitempty"`   // why not
}

// TraceComparison is two runs' traces side by side, and what was amiss in each.
type TraceComparison struct {
	TraceDiff
	Warnings []string `json:"warnings"`
	Damaged  bool     `json:"damaged"`
}
