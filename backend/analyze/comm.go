package analyze

import (
	"cmp"
	"fmt"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

func commMetrics(f *facts) []metric.Metric {
	return []metric.Metric{
		defined("comm_overhead", shareOfTime(f, commTime, wholeTime)),
		defined("exposed_comm", shareOfTime(f, exposedTime, wholeTime)),
		defined("comm_comp_overlap", shareOfTime(f, hiddenTime, commTime)),
		defined("comm_transfer", callTimes(f, func(r *align.Rank) span.List { return r.Transfers }, (*align.Call).TransferSpan)),
		defined("comm_wait", callTimes(f, func(r *align.Rank) span.List { return r.Waits }, (*align.Call).WaitSpan)),
		defined("comm_unmatched", unmatchedTime(f)),
	}
}

// Lengths inside some part of a rank's time.
func wholeTime(_ *align.Rank, part span.List) int64   { return part.Length() }
func commTime(r *align.Rank, part span.List) int64    { return span.Overlap(r.Comm.All(), part) }
func hiddenTime(r *align.Rank, part span.List) int64  { return span.Overlap(r.HiddenComm.All(), part) }
func exposedTime(r *align.Rank, part span.List) int64 { return commTime(r, part) - hiddenTime(r, part) }

func noCommunication(f *facts) string {
	if reason := noTraces(f); reason != "" {
		return reason
	}
	if slices.ContainsFunc(f.Ranks, func(r *align.Rank) bool { return len(r.Comm) > 0 || len(r.Calls) > 0 }) {
		return ""
	}
	if n := f.Layout.GPUs(); n > 1 {
		return fmt.Sprintf("no communication kernels in the traces of a run of %d ranks", n)
	}
	return "TP=1: no collective to measure"
}

// callTimes is part of the time of matched calls, as a share of the window. A rank with calls that could not be matched
// has no value, since the part would be too small; its types of which all were matched are still said.
func callTimes(f *facts, all func(*align.Rank) span.List, part func(*align.Call) span.Span) metric.Metric {
	m := overTime(f, func(r *align.Rank, _ string, inside span.List) (float64, string) {
		return percent(span.Overlap(all(r).All(), inside), inside.Length()), r.WhyUnmatched
	})
	m.Estimate = slices.ContainsFunc(f.Matches, func(m *align.Match) bool { return m.Partial })
	m.By.Types = timesByType(f, part, func(c *align.Call) bool { return c.Unmatched == nil })
	return m
}

// unmatchedTime is the time in communication that is neither transfer nor wait, and why there is some.
func unmatchedTime(f *facts) metric.Metric {
	m := shareOfTime(f, func(r *align.Rank, part span.List) int64 { return span.Overlap(r.Unmatched.All(), part) }, wholeTime)
	m.By.Types = timesByType(f, func(c *align.Call) span.Span {
		if c.Match != nil {
			return span.Span{}
		}
		return c.Clipped()
	}, allCalls)
	if i := slices.IndexFunc(f.Ranks, func(r *align.Rank) bool { return r.WhyUnmatched != "" }); i >= 0 {
		m.Note = f.Ranks[i].WhyUnmatched
	}
	return m
}

// timesByType are the parts of calls by type: mean share of the window over the ranks
// that make such calls. A type of which not all calls are known is left out.
func timesByType(f *facts, part func(*align.Call) span.Span, known func(*align.Call) bool) map[string]float64 {
	shares := map[kernelname.CallType][]float64{}
	unsure := map[kernelname.CallType]bool{}
	var spans span.List // its memory serves all
	for _, r := range f.Ranks {
		types := map[kernelname.CallType]bool{}
		for _, c := range r.Calls {
			types[c.Type] = true
			unsure[c.Type] = unsure[c.Type] || !known(c)
		}
		for t := range types {
			spans = r.CallSpans(spans, func(c *align.Call) span.Span {
				if c.Type != t {
					return span.Span{}
				}
				return part(c)
			})
			if n := r.Window.Length(); n > 0 {
				shares[t] = append(shares[t], percent(spans.Length(), n))
			}
		}
	}
	out := map[string]float64{}
	for t, list := range shares {
		if !unsure[t] {
			out[t.String()] = metric.Mean(list)
		}
	}
	return out
}

func noPipeline(f *facts) string {
	if reason := noTraces(f); reason != "" || f.Layout.PP > 1 {
		return reason
	}
	return "PP=1: no pipeline"
}

func pipelineMetrics(f *facts) []metric.Metric {
	bubbles, idles := map[int][]float64{}, map[int][]float64{} // by stage
	var idle []float64
	m := inWindows(f, func(r *align.Rank) (float64, string) {
		waits, unmatched := pipelineWaits(f, r)
		if unmatched != "" {
			return 0, unmatched
		}
		window, waited := r.Window.Length(), waits.Length()
		bubble := percent(waited, window)
		free := percent(window-(r.Computed+waited-span.Overlap(r.Compute(), waits)), window)
		stage := f.Layout.Coord(r.Number).PP
		bubbles[stage], idles[stage], idle = append(bubbles[stage], bubble), append(idles[stage], free), append(idle, free)
		return bubble, ""
	}).metric(f.Files())
	m.By.Stages = map[int]metric.Stage{}
	for stage := range bubbles {
		m.By.Stages[stage] = metric.Stage{Bubble: metric.Mean(bubbles[stage]), Idle: metric.Mean(idles[stage])}
	}
	if len(idle) > 0 {
		m.By.Idle = new(metric.Mean(idle))
	}
	return []metric.Metric{defined("bubble", m)}
}

// pipelineWaits is the time a rank waits in its pipeline's own calls, recv and the
// broadcast of the token over stages; without an answer, why they were not matched.
func pipelineWaits(f *facts, r *align.Rank) (waits span.List, unmatched string) {
	waits = r.CallSpans(nil, func(c *align.Call) span.Span {
		if unmatched != "" || !isPipelineCall(f, c) {
			return span.Span{}
		}
		if c.Unmatched != nil {
			unmatched = *c.Unmatched
		}
		return c.WaitSpan()
	})
	return waits, unmatched
}

func isPipelineCall(f *facts, c *align.Call) bool {
	if c.Type == kernelname.Broadcast && c.Match != nil {
		stage := f.Layout.Coord(c.Rank.Number).PP
		return slices.ContainsFunc(c.Match.Sequence.Ranks, func(rank int) bool { return f.Layout.Coord(rank).PP != stage })
	}
	return c.Type == kernelname.Recv || c.Type == kernelname.Broadcast && c.Unmatched != nil
}

// countMetrics counts launches of communication kernels: in the whole file, in a traced iteration, in a forward step.
func countMetrics(f *facts) []metric.Metric {
	iterations, from := f.in.TracedIterations()
	perIteration := callsPer(f, allCalls, func(*align.Rank) (int, string) {
		return iterations, "the number of traced iterations is not known: no run.json and no config with profile_iterations"
	})
	if perIteration.Value != nil {
		perIteration.Note = joinNotes(perIteration.Note, tracedTokens(f, iterations, from))
	}
	return []metric.Metric{
		defined("coll_call_num", perIteration),
		defined("coll_calls_total", callsPer(f, allCalls, func(*align.Rank) (int, string) { return 1, "" })),
		defined("coll_calls_per_step", callsPer(f, func(c *align.Call) bool { return !c.Empty }, func(r *align.Rank) (int, string) {
			return tracedSteps(f, r), "the number of forward steps is not known: " + r.NoSteps() + ", and run.json does not say"
		})),
	}
}

func allCalls(*align.Call) bool { return true }

// callsPer divides the counted launches of each rank, in all and by type, by a number; where that is 0, it is unknown.
func callsPer(f *facts, counted func(*align.Call) bool, by func(*align.Rank) (n int, unknown string)) metric.Metric {
	sums := map[kernelname.CallType]float64{}
	p := onRanks(f, func(r *align.Rank) (float64, string) {
		n, unknown := by(r)
		if n <= 0 {
			return 0, unknown
		}
		types, all := map[kernelname.CallType]int{}, 0
		for _, c := range r.Calls {
			if counted(c) {
				types[c.Type]++
				all++
			}
		}
		for t, k := range types {
			sums[t] += float64(k) / float64(n)
		}
		return float64(all) / float64(n), ""
	})
	m := p.metric(f.Files())
	m.By = metric.Parts{Types: map[string]float64{}} // they add up to the value
	for t, sum := range sums {
		m.By.Types[t.String()] = withoutRoundingError(sum / float64(len(p.list)))
	}
	return m
}

func withoutRoundingError(v float64) float64 {
	if r := float64(int64(v*1e6+0.5)) / 1e6; r != 0 {
		return r
	}
	return v
}

// tracedTokens says how much of the run one traced iteration is, in words.
func tracedTokens(f *facts, iterations int, from string) string {
	text := fmt.Sprintf("%s (%s)", unit.Plural(iterations, "traced iteration"), from)
	tokens := 0
	if f.in.Info != nil && f.in.Info.Tokens > 0 {
		tokens = f.in.Info.Tokens
	} else if n := f.Ranks[0].MarkedSteps; n%iterations == 0 {
		tokens = n / iterations // a step makes one token of each request, the prefill the first
	}
	if tokens == 0 {
		return text
	}
	text += fmt.Sprintf(", %d output tokens traced in each", tokens)
	if e := f.in.Experiment; e != nil && e.Data.MaxTokens != tokens {
		text += fmt.Sprintf(" of %d", e.Data.MaxTokens)
	}
	return text
}

// tracedSteps is how many forward steps a rank's trace holds; 0: not known.
func tracedSteps(f *facts, r *align.Rank) int {
	if r.MarkedSteps == 0 && f.in.Info != nil {
		return f.in.Info.Traced * f.in.Info.Tokens
	}
	return r.MarkedSteps
}

func bandwidthMetrics(f *facts) []metric.Metric {
	all, ranks, types := &callSum{}, map[int]*callSum{}, map[string]*callSum{}
	for _, r := range f.Ranks {
		own := getOrAdd(ranks, r.Number)
		for _, c := range r.Calls {
			all.add(c)
			own.add(c)
			getOrAdd(types, c.Type.String()).add(c)
		}
	}
	metricOf := func(name, missing string, of func(*callSum) (float64, bool)) metric.Metric {
		m := metric.Metric{PerRank: knownValues(ranks, of), N: all.sized, Source: f.Files(), Estimate: all.inferred}
		v, ok := of(all)
		if !ok {
			m.Reason = missing
			return defined(name, m)
		}
		m.Value, m.By.Types = &v, knownValues(types, of)
		if all.inferred {
			m.Note = "some sizes inferred from model shape, phase and layout"
		}
		return defined(name, m)
	}
	const unsized = "the size of no call is known: kernels launched from CUDA graphs carry no metadata, " +
		"and the model's shape or the steps are not known"
	const unmatched = "no matched call of known size"
	return []metric.Metric{
		metricOf("coll_bytes", unsized, func(s *callSum) (float64, bool) { return s.bytes / float64(max(1, s.sized)), s.sized > 0 }),
		metricOf("coll_algbw", unmatched, func(s *callSum) (float64, bool) { return s.algBW(), s.ns > 0 }),
		metricOf("coll_busbw", unmatched, func(s *callSum) (float64, bool) { return s.busBW(), s.ns > 0 }),
	}
}

// callSum sums calls. Bytes per nanosecond are GB/s.
type callSum struct {
	calls          int
	matched        int     // of calls, inside the window
	transfer, wait int64   // ns of matched calls
	unmatched      int64   // ns of the others, inside the window
	sized          int     // calls of known size
	bytes          float64 // of those
	inferred       bool    // some size comes from the model's shape
	ns             int64   // transfer of matched calls of known size
	moved, bus     float64 // bytes of those, as they are and as they load the links
}

func (s *callSum) add(c *align.Call) {
	s.calls++
	s.transfer, s.wait = s.transfer+c.Transfer, s.wait+c.Wait
	switch clipped := c.Clipped().Length(); {
	case c.Match == nil:
		s.unmatched += clipped
	case clipped > 0:
		s.matched++
	}
	if c.Bytes < 0 {
		return
	}
	s.sized++
	s.bytes += float64(c.Bytes)
	s.inferred = s.inferred || c.Inferred
	if c.Match != nil && c.Transfer > 0 {
		s.ns += c.Transfer
		s.moved += float64(c.Bytes)
		s.bus += float64(c.Bytes) * busFactor(c.Type, len(c.Match.Sequence.Ranks))
	}
}

func onlyIf[T any](known bool, v T) *T {
	if !known {
		return nil
	}
	return &v
}

// algBW and busBW are GB/s; 0 where no matched call has a known size.
func (s *callSum) algBW() float64 { return s.moved / float64(max(1, s.ns)) }
func (s *callSum) busBW() float64 { return s.bus / float64(max(1, s.ns)) }

// busFactor turns algorithm bandwidth into bus bandwidth among n ranks. [nccl-tests, doc/PERFORMANCE.md]
func busFactor(t kernelname.CallType, n int) float64 {
	share := float64(n-1) / float64(n)
	switch t.Among() {
	case kernelname.AllReduce:
		return 2 * share
	case kernelname.AllGather, kernelname.ReduceScatter, kernelname.AllToAll:
		return share
	}
	return 1
}

func knownValues[K comparable](sums map[K]*callSum, of func(*callSum) (float64, bool)) map[K]float64 {
	out := map[K]float64{}
	for k, s := range sums {
		if v, ok := of(s); ok {
			out[k] = v
		}
	}
	return out
}

// collectives sums the calls of one type and size, the mean over the ranks that make calls of the type, the longest
// first: on one rank alone the wait would be that of the rank that comes last, or of the others, as it happens.
func collectives(f *facts) []metric.CollStat {
	type size struct {
		typ   kernelname.CallType
		bytes int64
	}
	sums := map[size]*callSum{}
	ranks := map[kernelname.CallType][]*align.Rank{}
	for _, r := range f.Ranks {
		for _, c := range r.Calls {
			if own := ranks[c.Type]; len(own) == 0 || own[len(own)-1] != r {
				ranks[c.Type] = append(own, r)
			}
			getOrAdd(sums, size{c.Type, c.Bytes}).add(c)
		}
	}
	var out []metric.CollStat
	for k, s := range sums {
		n := len(ranks[k.typ])
		out = append(out, metric.CollStat{
			Type: k.typ.String(), Bytes: metric.Size(k.bytes), Inferred: s.inferred, Ranks: n,
			Count: max(1, (s.calls+n/2)/n), Matched: float64(s.matched) / float64(n),
			TransferNS: onlyIf(s.matched > 0, s.transfer/int64(n)), WaitNS: onlyIf(s.matched > 0, s.wait/int64(n)),
			UnmatchedNS: s.unmatched / int64(n), AlgBW: onlyIf(s.ns > 0, s.algBW()), BusBW: onlyIf(s.ns > 0, s.busBW()),
		})
	}
	slices.SortFunc(out, func(a, b metric.CollStat) int {
		return cmp.Or(cmp.Compare(b.WholeNS(), a.WholeNS()), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Bytes, b.Bytes))
	})
	return out
}
