package analyze

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"shardeck/backend/trace/et"
	"shardeck/backend/trace/kineto"
	"shardeck/model/metric"
)

// Reasons why a kernel has no operator.
const (
	restReplay  = "replayed from CUDA graphs: the profiler links no operator"
	restNone    = "launched outside any operator"
	restMissing = "launched by operators that are not in the trace"
)

// OpTimes attributes the kernels of ranks to operators. A kernel names the operator
// that launched it by its external id; that operator names its node of the execution
// trace by its record-function id.
type OpTimes struct {
	found metric.OpTimes
	ops   map[string]*opSum
	rest  map[string]*metric.OpRest
}

// opSum is an operator's time, and how much of it lies within which outermost operator.
type opSum struct {
	metric.OpTime
	within map[string]int64
}

// NewOpTimes begins with no rank.
func NewOpTimes() *OpTimes {
	return &OpTimes{ops: map[string]*opSum{}, rest: map[string]*metric.OpRest{}}
}

// Add adds a rank; its execution trace may be nil.
func (o *OpTimes) Add(l *kineto.Links, t *et.Trace) {
	replayed := replays(l)
	outer := outermost{trace: t, seen: map[uint64]string{}}
	for _, k := range l.Launches {
		o.found.KernelNS += k.Dur
		op, ok := l.Op(k.Op)
		if !ok {
			o.addRest(reasonOf(k, replayed), k.Dur)
			continue
		}
		within, joined := outer.of(op.RF)
		o.addOp(l.Names[op.Name], k.Dur, within, joined)
	}
}

func (o *OpTimes) addOp(name string, dur int64, within string, joined bool) {
	s := o.ops[name]
	if s == nil {
		s = &opSum{OpTime: metric.OpTime{Name: name}, within: map[string]int64{}}
		o.ops[name] = s
	}
	s.TotalNS += dur
	s.Count++
	o.found.AttributedNS += dur
	if joined {
		s.within[within] += dur
		o.found.JoinedNS += dur
	}
}

func (o *OpTimes) addRest(reason string, dur int64) {
	r := o.rest[reason]
	if r == nil {
		r = &metric.OpRest{Reason: reason}
		o.rest[reason] = r
	}
	r.TotalNS += dur
	r.Count++
}

// replays are the correlation ids that several kernels without an operator share: one
// launch on the CPU started them all.
func replays(l *kineto.Links) map[int64]bool {
	shared := map[int64]bool{}
	for _, k := range l.Launches {
		if k.Op < 0 && k.Corr >= 0 {
			_, again := shared[k.Corr]
			shared[k.Corr] = again
		}
	}
	return shared
}

func reasonOf(k kineto.Launch, replayed map[int64]bool) string {
	switch {
	case k.Op >= 0:
		return restMissing
	case replayed[k.Corr]:
		return restReplay
	}
	return restNone
}

// outermost finds the outermost operator around a node of an execution trace.
type outermost struct {
	trace *et.Trace
	seen  map[uint64]string
}

// of is the operator around that with record-function id rf, itself if there is none;
// false if the trace has no such node.
func (o *outermost) of(rf uint64) (string, bool) {
	if o.trace == nil || rf == 0 {
		return "", false
	}
	if name, ok := o.seen[rf]; ok {
		return name, true
	}
	node, ok := o.trace.ByRF(rf)
	if !ok {
		return "", false
	}
	path := o.trace.Path(node)
	i := slices.IndexFunc(path, isOperator)
	if i < 0 {
		i = len(path) - 1
	}
	name := ""
	if i >= 0 {
		name = path[i]
	}
	o.seen[rf] = name
	return name, true
}

// isOperator tells aten::mm from annotations and threads.
func isOperator(name string) bool {
	space, _, ok := strings.Cut(name, "::")
	return ok && !strings.ContainsAny(space, " <(")
}

// Times is the sum over the ranks added.
func (o *OpTimes) Times() metric.OpTimes {
	t := o.found
	t.Ops, t.Rest, t.Warnings = []metric.OpTime{}, []metric.OpRest{}, []string{}
	for _, s := range o.ops {
		s.Share = percentOf(s.TotalNS, t.KernelNS)
		if s.Within = most(s.within); s.Within == s.Name {
			s.Within = ""
		}
		t.Ops = append(t.Ops, s.OpTime)
	}
	for _, r := range o.rest {
		r.Share = percentOf(r.TotalNS, t.KernelNS)
		t.Rest = append(t.Rest, *r)
	}
	slices.SortFunc(t.Ops, func(a, b metric.OpTime) int {
		return cmp.Or(cmp.Compare(b.TotalNS, a.TotalNS), strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(t.Rest, func(a, b metric.OpRest) int {
		return cmp.Or(cmp.Compare(b.TotalNS, a.TotalNS), strings.Compare(a.Reason, b.Reason))
	})
	return t
}

// most is the key with the largest value, the first by name of equals.
func most(sums map[string]int64) string {
	best := ""
	for i, name := range slices.Sorted(maps.Keys(sums)) {
		if i == 0 || sums[name] > sums[best] {
			best = name
		}
	}
	return best
}

// percentOf is percent, 0 of nothing.
func percentOf(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return percent(part, whole)
}
