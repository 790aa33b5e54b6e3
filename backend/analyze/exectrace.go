package analyze

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/trace"
	"shardeck/backend/trace/et"
	"shardeck/model"
	"shardeck/model/metric"
)

// LacksMetadata reports whether a trace's calls have no groups, as profilers of old versions leave it.
func LacksMetadata(r *trace.Rank) bool {
	isCall := func(n kernelname.Name) bool { return n.IsCall() }
	grouped := func(c trace.Coll) bool { return c.GroupSize > 0 }
	return !slices.ContainsFunc(r.Colls, grouped) && slices.ContainsFunc(model.Each(r.Names, kernelname.Builtin.Of), isCall)
}

// FillMetadata gives the communication kernels of a trace that LacksMetadata the metadata of the calls that the program
// made, in order: the k-th kernel of a type is the k-th call of it. An execution trace may hold the first of several
// equal iterations: then every type has the same whole number of kernels a call, and the calls are gone through again. A
// type whose counts do not fit (calls that were coalesced, kernels that a CUDA graph replayed) is left as it is. It
// returns how many kernels were given some; r is changed.
func FillMetadata(r *trace.Rank, made []trace.Coll) int {
	calls := map[kernelname.CallType][]int32{}
	for i, c := range made {
		t := kernelname.OfMetadata(c.Name)
		switch t {
		case kernelname.Send, kernelname.Recv, kernelname.AllToAll, kernelname.Gather, kernelname.Scatter:
			t = kernelname.SendRecv // NCCL has one kernel for all that is sent and received
		}
		calls[t] = append(calls[t], int32(i+len(r.Colls)))
	}
	names, kernels := model.Each(r.Names, kernelname.Builtin.Of), map[kernelname.CallType][]int{}
	for i := range r.Records {
		if k := &r.Records[i]; k.Kind == trace.KindKernel && names[k.Name].IsCall() {
			kernels[names[k.Name].Call] = append(kernels[names[k.Name].Call], i)
		}
	}
	filled, times := 0, iterationsOf(kernels, calls)
	for t, list := range kernels {
		if len(list) != times*len(calls[t]) {
			continue
		}
		slices.SortStableFunc(list, func(a, b int) int { // as they were launched: groups have streams of their own
			return cmp.Or(cmp.Compare(r.Records[a].Corr, r.Records[b].Corr), cmp.Compare(r.Records[a].Start, r.Records[b].Start))
		})
		for k, i := range list {
			r.Records[i].Coll = calls[t][k%len(calls[t])]
		}
		filled += len(list)
	}
	if filled > 0 {
		r.Colls = slices.Concat(r.Colls, made)
		r.NameGroups()
	}
	return filled
}

// iterationsOf is how often the calls were made, by the kernels of every type; 1 where the types do not agree.
func iterationsOf(kernels map[kernelname.CallType][]int, calls map[kernelname.CallType][]int32) int {
	times := 0
	for t, list := range kernels {
		n := len(calls[t])
		if n == 0 || len(list)%n != 0 || times > 0 && len(list)/n != times {
			return 1
		}
		times = len(list) / n
	}
	return max(times, 1)
}

// OpTimes attributes the kernels of ranks to operators, or to another kind of ranges of the program: the innermost around
// the launch. An operator names its node of the execution trace by its record-function id.
type OpTimes struct {
	by    string // one of metric.Launchers
	found metric.OpTimes
	ops   map[string]*opSum
	rest  map[string]*metric.OpRest
}

// opSum is an operator's time, and how much of it lies within which outermost operator.
type opSum struct {
	metric.OpTime
	within map[string]int64
}

// NewOpTimes begins with no rank; by is one of metric.Launchers.
func NewOpTimes(by string) *OpTimes {
	return &OpTimes{by: by, ops: map[string]*opSum{}, rest: map[string]*metric.OpRest{}}
}

// Add adds a rank; its execution trace may be nil.
func (o *OpTimes) Add(l *trace.Links, t *et.Trace) {
	outermost := outermostOperators(t)
	for _, k := range l.By[o.by] {
		o.found.KernelNS += k.Dur
		if k.Missing {
			rest := getOrAdd(o.rest, l.Names[k.Name])
			rest.TotalNS += k.Dur
			rest.Count += int(k.Count)
			continue
		}
		sum := getOrAdd(o.ops, l.Names[k.Name])
		sum.TotalNS += k.Dur
		sum.Count += int(k.Count)
		o.found.AttributedNS += k.Dur
		if name, joined := outermost(k.RF); joined {
			if sum.within == nil {
				sum.within = map[string]int64{}
			}
			sum.within[name] += k.Dur
			o.found.JoinedNS += k.Dur
		}
	}
}

// outermostOperators finds the outermost operator around the node with record-function id
// rf, itself if there is none; false if the execution trace has no such node.
func outermostOperators(t *et.Trace) func(rf uint64) (name string, known bool) {
	seen := map[uint64]string{}
	return func(rf uint64) (string, bool) {
		if t == nil || rf == 0 {
			return "", false
		}
		if name, ok := seen[rf]; ok {
			return name, true
		}
		node, ok := t.ByRF(rf)
		if !ok {
			return "", false
		}
		if path := t.Path(node); len(path) > 0 {
			seen[rf] = path[len(path)-1]
			if i := slices.IndexFunc(path, et.IsOperator); i >= 0 {
				seen[rf] = path[i]
			}
		}
		return seen[rf], true
	}
}

// Times is the sum over the ranks added.
func (o *OpTimes) Times() metric.OpTimes {
	t := o.found
	if o.by != metric.Operator {
		t.By = o.by
	}
	t.Ops, t.Rest, t.Warnings = []metric.OpTime{}, []metric.OpRest{}, []string{}
	for name, s := range o.ops {
		s.Name, s.Share = name, percent(s.TotalNS, t.KernelNS)
		if s.Within = most(s.within); s.Within == s.Name {
			s.Within = ""
		}
		t.Ops = append(t.Ops, s.OpTime)
	}
	for reason, r := range o.rest {
		r.Reason, r.Share = reason, percent(r.TotalNS, t.KernelNS)
		t.Rest = append(t.Rest, *r)
	}
	slices.SortFunc(t.Ops, func(a, b metric.OpTime) int { return longestFirst(a.TotalNS, b.TotalNS, a.Name, b.Name) })
	slices.SortFunc(t.Rest, func(a, b metric.OpRest) int { return longestFirst(a.TotalNS, b.TotalNS, a.Reason, b.Reason) })
	return t
}

// most is the key with the largest value, the first by name of equals.
func most(sums map[string]int64) string {
	names := slices.Sorted(maps.Keys(sums))
	if len(names) == 0 {
		return ""
	}
	return slices.MaxFunc(names, func(a, b string) int { return cmp.Compare(sums[a], sums[b]) })
}

// What is said of values that no kernel stands behind, and of those that need times.
const (
	askedNote = "as the program asked torch.distributed for them: without what CUDA graphs replay, and what an engine sends by itself"
	timeless  = "execution traces alone: they have counts, sizes and groups of calls, and no times; profile with kineto on for those"
)

// AddAsked gives an analysis without kernels what the execution traces of its ranks tell of calls; none: nothing.
func AddAsked(a *metric.Analysis, in Input, traces map[int]*et.Trace) {
	if len(traces) == 0 {
		return
	}
	all, ranks, types := &callSum{}, map[int]*callSum{}, map[string]*callSum{}
	var files []string
	for _, rank := range slices.Sorted(maps.Keys(traces)) {
		files = append(files, filepath.Base(traces[rank].File))
		own := getOrAdd(ranks, rank)
		for _, c := range traces[rank].Collectives() {
			if t := kernelname.OfMetadata(c.Name); !c.Control {
				for _, s := range []*callSum{all, own, getOrAdd(types, t.String())} {
					s.addAsked(c, align.CollBytes(t, &c.Coll))
				}
			}
		}
	}
	calls := func(by int) metric.Metric {
		of := func(n int) func(*callSum) (float64, bool) {
			return func(s *callSum) (float64, bool) { return float64(s.calls) / float64(n), true }
		}
		m := metric.Metric{PerRank: knownValues(ranks, of(by)), N: len(ranks), Source: files, Note: askedNote}
		m.By.Types = knownValues(types, of(by*len(ranks)))
		m.Value = new(float64(all.calls) / float64(by*len(ranks)))
		return m
	}
	mean := func(s *callSum) (float64, bool) { return s.bytes / float64(max(1, s.sized)), s.sized > 0 }
	sizes := metric.Metric{PerRank: knownValues(ranks, mean), N: all.sized, Source: files, Note: askedNote}
	sizes.By.Types = knownValues(types, mean)
	if v, sized := mean(all); sized {
		sizes.Value = &v
	}
	iterations, _ := in.TracedIterations()
	told := map[string]metric.Metric{"coll_calls_total": calls(1), "coll_bytes": sizes}
	if iterations > 0 {
		told["coll_call_num"] = calls(iterations)
	}
	for i, m := range a.Metrics {
		if own, ok := told[m.Name]; ok && own.Value != nil {
			a.Metrics[i] = defined(m.Name, own)
		} else if m.Reason == noTracesAtAll {
			a.Metrics[i].Reason = timeless
		}
	}
	a.Ranks, a.Trace = slices.Sorted(maps.Keys(traces)), &metric.TraceSummary{}
	a.Warnings = append([]string{timeless}, a.Warnings...)
}

// addAsked adds the calls of one sort, each of so many bytes; negative: not known.
func (s *callSum) addAsked(c et.Collective, bytes int64) {
	s.calls += c.Calls
	if bytes >= 0 {
		s.sized += c.Calls
		s.bytes += float64(bytes) * float64(c.Calls)
	}
}
