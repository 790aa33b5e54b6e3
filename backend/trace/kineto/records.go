package kineto

import (
	"runtime"
	"slices"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/backend/trace/stepname"
)

// Sizes of the list of records: a sample tells how many the file holds; a large one costs more memory than a collection costs time.
const (
	firstList  = 1 << 10
	sampleList = 1 << 14
	largeList  = 1 << 16
)

// nextRecord is where the next record goes; commitRecord makes it one of the list.
func (s *scanner) nextRecord() *trace.Record {
	n := len(s.records)
	if n == cap(s.records) {
		s.growRecords(n + 1)
	}
	return &s.records[:n+1][n]
}

func (s *scanner) commitRecord() {
	n := len(s.records)
	s.records = s.records[:n+1]
	if s.records[n].Kind == trace.KindKernel {
		s.kernels++
	}
}

// addRecord adds r to the list.
func (s *scanner) addRecord(r trace.Record) {
	*s.nextRecord() = r
	s.commitRecord()
}

// growRecords makes room for need records, and for what the whole file is expected to hold. A large list that was outgrown
// is given up at once: left to itself, the collector comes only when the heap has grown by as much again.
func (s *scanner) growRecords(need int) {
	n := len(s.records)
	if s.expect == nil {
		s.records = slices.Grow(s.records, need-n)
		return
	}
	size, expected := max(firstList, 4*n, need), s.expect(need)
	if need >= sampleList {
		size = max(need+need/4, expected)
	}
	to := make([]trace.Record, n, size)
	copy(to, s.records)
	s.records = to
	if n >= largeList {
		runtime.GC()
	}
}

// stepNames are the names of annotations seen before: one that comes again costs one look-up, no allocation.
type stepNames struct {
	known map[string]string
	calls bool // annotations of calls of torch.distributed were among them
}

// Bounds of what is remembered, for a trace where every annotation has its own name.
const (
	maxStepNames = 1024
	maxStepName  = 256 // bytes
)

// of is the clean name of a step, from its JSON text; "" if it is none.
func (n *stepNames) of(text []byte) string {
	if name, ok := n.known[string(text)]; ok {
		return name
	}
	name := jsonscan.CleanText(text)
	if stepname.Of(name).Kind == stepname.NoStep {
		n.calls = n.calls || strings.HasPrefix(name, callPrefix)
		name = ""
	}
	if n.known == nil {
		n.known = map[string]string{}
	}
	if len(n.known) < maxStepNames && len(text) <= maxStepName {
		n.known[string(text)] = name
	}
	return name
}
