// Package align lays the traces of a run's ranks side by side: a timeline on one clock, of which each family of metrics is a function.
//
// Traces of other runs are left out (otherruns.go). Each rank's records are put in order of time and told apart by name into
// compute and communication (rank.go). Kernels of communication become calls with a type (calls.go) and a group (layout.go);
// their ends show clocks that drift (clocks.go). The k-th call of one type in one group is the same call on every rank (match.go),
// which gives hosts one clock and all ranks the moment from which all of them were recorded, the steady window.
// Inside it matched calls are divided into transfer and wait (windows.go), and time into steps of inference (steps.go).
package align

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/trace"
	"shardeck/model"
)

// Input is all that is known of a run. Records are put in order of time where they lie, since a copy of millions
// would double what a trace costs; nothing else is changed, so that it may be analysed again.
type Input struct {
	Run         string
	Experiment  *model.Experiment       // as run; nil: no config that can be read
	Shape       *model.Shape            // of the experiment's model; nil: not known
	GPU         func(string) *model.GPU // by the name a driver gives; nil, or nil for a name: not known
	GPUsPerNode int                     // of the site; 0: not known
	Ranks       map[int]*trace.Rank     // Kineto traces by global rank, from the file names
	Timing      map[int]*trace.Timing   // timing statistics by global rank
	Serving     *trace.Serving          // of a run under load; nil: it was none
	Info        *model.RunInfo          // run.json; nil: none
	RanksTold   bool                    // whoever found the traces has said who told their ranks
	Kernels     *kernelname.Names       // what kernels are; nil: by the program's own table
	NoTraces    string                  // why Ranks is empty, where the caller knows ("not read yet"); empty: there are none

	Given bool // Ranks are the caller's no more, who calls SplitTransfers once the launches are gone over and let go

	// Each calls f of 0 to n-1, side by side where there is room, and returns when all have; nil: one after the other. It
	// may leave calls out when the context of Build has ended.
	Each func(n int, f func(i int))
}

// SideBySide is Each, which may be nil.
func (in *Input) SideBySide(n int, f func(i int)) {
	if in.Each != nil {
		in.Each(n, f)
		return
	}
	for i := range n {
		f(i)
	}
}

// EachRank calls f of the ranks with kernels, side by side where there is room.
func (t *Timeline) EachRank(in *Input, f func(i int, r *Rank)) {
	in.SideBySide(len(t.Ranks), func(i int) { f(i, t.Ranks[i]) })
}

// TracedIterations is how many iterations the traces hold, and who says so; 0: nobody.
func (in *Input) TracedIterations() (n int, from string) {
	switch {
	case in.Info != nil && in.Info.Traced > 0:
		return in.Info.Traced, "run.json"
	case in.Experiment != nil && in.Experiment.ProfileIterations > 0:
		return in.Experiment.ProfileIterations, "profile_iterations"
	}
	for _, rank := range slices.Sorted(maps.Keys(in.Timing)) {
		if t := in.Timing[rank]; len(t.Traced.Iterations) > 0 {
			return len(t.Traced.Iterations), filepath.Base(t.File)
		}
	}
	return 0, ""
}

// host is where a rank ran, empty if nothing says.
func (in *Input) host(rank int, info trace.Info) string {
	if in.Info != nil && rank < len(in.Info.Hosts) {
		return in.Info.Hosts[rank]
	}
	return info.Hostname
}

// Timeline is the traces of a run side by side. Nobody changes it once it is built.
type Timeline struct {
	Layout     model.Layout        // of the traces, see resolveLayout; every part at least 1
	Traces     map[int]*trace.Rank // of this run, by rank; those of other runs are left out
	Ranks      []*Rank             // that have kernels, by number
	NoKernels  []string            // files of the others
	WhyNone    []string            // and why each has none
	Matches    []*Match
	Components []*Component

	Losses   []string // warnings of what is not sound: values are then marked
	Warnings []string
}

// Files are the traces that values come from.
func (t *Timeline) Files() []string {
	var out []string
	for _, r := range t.Ranks {
		out = append(out, r.File)
	}
	return out
}

// builder is a timeline that is not finished.
type builder struct {
	*Timeline
	in  Input
	moe bool
}

func (b *builder) loss(format string, args ...any) {
	b.Losses = append(b.Losses, fmt.Sprintf(format, args...))
}

func (b *builder) warn(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(b.Warnings, text) { // ranks of one file say the same
		b.Warnings = append(b.Warnings, text)
	}
}

// Build aligns the ranks of a run. It fails only when ctx ends: what is missing or damaged becomes a warning or a loss.
func Build(ctx context.Context, in Input) (*Timeline, error) {
	b := &builder{Timeline: &Timeline{Traces: inColumns(&in)}, in: in}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.noteDamage()
	b.leaveOutOtherRuns()
	b.resolveLayout()
	b.moe = b.Layout.EP > 1 || in.Shape != nil && in.Shape.MoE != nil
	if err := b.readRanks(ctx); err != nil {
		return nil, err
	}
	b.nameHosts()
	if err := b.matchCalls(ctx); err != nil {
		return nil, err
	}
	b.EachRank(&in, func(_ int, r *Rank) {
		r.findEmptyPasses()
		r.claimTime()
	})
	b.alignClocks()
	b.unmatchClockless()
	b.setWindows()
	b.EachRank(&in, func(_ int, r *Rank) {
		r.divideWindow()
		b.sizeCalls(r)
	})
	if !in.Given {
		b.SplitTransfers()
	}
	b.warnCut()
	b.warnEmptyPasses()
	return b.Timeline, ctx.Err()
}

// inColumns are the traces with their records in columns.
func inColumns(in *Input) map[int]*trace.Rank {
	out, traces := map[int]*trace.Rank{}, []*trace.Rank(nil)
	for number, r := range in.Ranks {
		out[number] = new(*r)
		traces = append(traces, out[number])
	}
	in.SideBySide(len(traces), func(i int) { traces[i].Pack() })
	return out
}

// readRanks reads each trace that has kernels.
func (b *builder) readRanks(ctx context.Context) error {
	numbers := slices.Sorted(maps.Keys(b.Traces))
	ranks, more := make([]*Rank, len(numbers)), make([]int, len(numbers))
	b.in.SideBySide(len(numbers), func(i int) {
		ranks[i], more[i] = newRank(numbers[i], b.Traces[numbers[i]], b.in.Kernels)
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, r := range ranks {
		number, others, src := numbers[i], more[i], b.Traces[numbers[i]]
		if r.kernels == 0 {
			b.NoKernels, b.WhyNone = append(b.NoKernels, r.File), append(b.WhyNone, src.Info.WithoutKernels())
			if len(src.Damage) == 0 {
				b.warn("%s: %s", r.File, src.Info.WithoutKernels())
			}
			continue
		}
		if others > 0 {
			b.warn("%s: kernels of %d devices; the busiest, device %d, is read as rank %d", r.File, others+1, r.Device.ID, number)
		}
		b.Ranks = append(b.Ranks, r)
	}
	return nil
}

// noteDamage says what was lost of damaged files, and what is worth knowing of sound ones.
func (b *builder) noteDamage() {
	damage := func(file string, list []trace.Damage) {
		for _, d := range list {
			b.loss("%s: %s", file, d)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(b.Traces)) {
		r := b.Traces[number]
		file := filepath.Base(r.File)
		named := file
		if !strings.Contains(file, strconv.Itoa(number)) {
			named += fmt.Sprintf(" (rank %d)", number)
		}
		damage(named, r.Damage)
		for _, note := range r.Info.Notes {
			if !strings.HasPrefix(note, trace.NoKernels) { // said by readRanks
				b.warn("%s: %s", file, note)
			}
		}
	}
	for _, rank := range slices.Sorted(maps.Keys(b.in.Timing)) {
		damage(filepath.Base(b.in.Timing[rank].File), b.in.Timing[rank].Damage)
	}
	if s := b.in.Serving; s != nil {
		damage(filepath.Base(s.File), s.Damage)
	}
}
