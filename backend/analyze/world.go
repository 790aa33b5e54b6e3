package analyze

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
)

// world is a run while it is analysed: its ranks side by side, what their calls
// have to do with each other, and the metrics found so far.
type world struct {
	in      Input
	layout  model.Layout // of the traces, see resolveLayout; every part at least 1
	moe     bool
	lanes   []*lane  // ranks with kernels, by rank
	empty   []string // files of ranks without kernels
	matches []*match
	mute    map[int]string // ranks without any of the calls that others made with them, and which
	sets    []*set

	metrics  map[string]metric.Metric
	warnings []string
	losses   []string // warnings of what is not sound: the values are then marked
}

// loss is a warning of damage.
func (w *world) loss(format string, args ...any) {
	w.losses = append(w.losses, fmt.Sprintf(format, args...))
}

func (w *world) warn(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(w.warnings, text) { // ranks of one file say the same
		w.warnings = append(w.warnings, text)
	}
}

// newWorld prepares everything that families of metrics share.
func newWorld(ctx context.Context, in Input) (*world, error) {
	w := &world{in: in, metrics: map[string]metric.Metric{}, mute: map[int]string{}}
	w.noteDamage()
	w.dropForeign()
	w.resolveLayout()
	w.moe = w.layout.EP > 1 || in.Shape != nil && in.Shape.MoE != nil
	if err := w.readLanes(ctx); err != nil {
		return nil, err
	}
	w.nameHosts()
	if err := w.matchCalls(ctx); err != nil {
		return nil, err
	}
	for _, l := range w.lanes {
		l.findIdle(countSteps(w.in.Ranks[l.rank].Marks))
	}
	w.alignClocks()
	w.dropClockless()
	w.setWindows()
	for _, l := range w.lanes {
		l.fill()
	}
	w.splitTransfers()
	for _, l := range w.lanes {
		l.split()
	}
	w.warnCut()
	w.warnIdle()
	return w, ctx.Err()
}

// readLanes makes a lane of each rank that has kernels.
func (w *world) readLanes(ctx context.Context) error {
	for _, rank := range slices.Sorted(maps.Keys(w.in.Ranks)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		src := w.in.Ranks[rank]
		l, others := newLane(rank, src)
		if l.kernels == 0 {
			w.empty = append(w.empty, l.file)
			if len(src.Damage) == 0 {
				w.warn("%s", noKernels(l.file))
			}
			continue
		}
		if others > 0 {
			w.warn("%s: kernels of %d devices; the busiest, device %d, is read as rank %d", l.file, others+1, l.device.ID, rank)
		}
		w.lanes = append(w.lanes, l)
	}
	return nil
}

func noKernels(file string) string {
	return file + ": no GPU kernels; was the profiler running in the workers?"
}

// matchCalls types all calls and matches them, channel by channel.
func (w *world) matchCalls(ctx context.Context) error {
	traced := map[int]bool{}
	for _, l := range w.lanes {
		traced[l.rank] = true
		typeCalls(l, w.layout)
	}
	chans, homeless := channels(w.lanes, w.layout, w.moe)
	for _, ch := range chans {
		if err := ctx.Err(); err != nil {
			return err
		}
		found, why := matchChannel(ctx, ch, traced)
		w.matches = append(w.matches, found...)
		w.noteUnmatched(ch, len(found), why, ch.uneven(traced))
	}
	if len(homeless) > 0 && len(w.lanes) > 1 {
		w.warn("%d %s calls have no group: neither the trace nor the layout (%s) tells which ranks meet in them", len(homeless), homeless[0].typ, w.layout)
	}
	why := map[callType]*string{}
	for _, c := range homeless {
		if why[c.typ] == nil {
			why[c.typ] = ptr("no group is known for " + c.typ.String())
		}
		c.lost = why[c.typ]
	}
	return nil
}

// noteUnmatched remembers and reports the calls of a channel that were not matched.
// Where one trace has more calls than another, the shorter one is not whole.
func (w *world) noteUnmatched(ch *channel, found int, why, uneven string) {
	loose, lost := 0, (*string)(nil)
	if why != "" {
		lost = ptr(fmt.Sprintf("%s: %s", ch, why))
	}
	for _, calls := range ch.calls {
		for _, c := range calls {
			if c.met == nil {
				loose++
			}
			c.lost = lost
		}
	}
	for _, r := range ch.ranks {
		if len(ch.calls[r]) == 0 && uneven != "" {
			w.mute[r] = fmt.Sprintf("%s: %s", ch, why)
		}
	}
	switch {
	case why != "" && uneven != "":
		w.loss("%s: not matched: %s", ch, why)
	case why != "":
		w.warn("%s: not matched: %s", ch, why)
	case loose > 0:
		w.loss("%s: %s at the start or end without a partner: the traces do not cover the same calls%s; lost: transfer and wait of those", ch, plural(loose, "call"), inBrackets(uneven))
	}
	if why == "" && found > 0 && len(ch.calls) < len(ch.ranks) {
		w.warn("%s: matched over the traced ranks only, so its transfer is an upper bound", ch)
	}
}

func inBrackets(words string) string {
	if words == "" {
		return ""
	}
	return " (" + words + ")"
}

// dropClockless takes back the matches of ranks without a common clock: their
// times cannot be compared.
func (w *world) dropClockless() {
	told := map[*channel]bool{}
	keep := w.matches[:0]
	for _, m := range w.matches {
		if m.sharesClock() {
			keep = append(keep, m)
			continue
		}
		why := fmt.Sprintf("%s: its hosts have no common clock", m.channel)
		for _, c := range m.calls {
			c.met, c.lost = nil, &why
		}
		if !told[m.channel] {
			told[m.channel] = true
			w.warn("%s, since no all-reduce, all-gather or reduce-scatter connects them", why)
		}
	}
	w.matches = keep
}

// splitTransfers divides matched calls into transfer and wait (metrics.md): the
// shortest clipped duration over a group is its transfer. A recv waits for the
// start of its send, and a send is all transfer.
func (w *world) splitTransfers() {
	for _, m := range w.matches {
		if m.channel.typ == sendRecv {
			from, to := m.calls[0], m.calls[1]
			from.transfer = from.clipped().length()
			own := to.clipped()
			to.wait = min(max(0, from.start-own.start), own.length())
			to.transfer = own.length() - to.wait
			continue
		}
		least := m.calls[0].clipped().length()
		for _, c := range m.calls {
			least = min(least, c.clipped().length())
		}
		for _, c := range m.calls {
			c.transfer, c.wait = least, c.clipped().length()-least
		}
	}
}

// noteDamage turns what was lost of damaged files into warnings, and what is worth
// knowing of sound ones.
func (w *world) noteDamage() {
	for _, rank := range slices.Sorted(maps.Keys(w.in.Ranks)) {
		r := w.in.Ranks[rank]
		w.damage(r.File, r.Damage)
		for _, note := range r.Info.Notes {
			if text := base(r.File) + ": " + note; text != noKernels(base(r.File)) { // said by readLanes
				w.warn("%s", text)
			}
		}
	}
	for _, rank := range slices.Sorted(maps.Keys(w.in.Timing)) {
		w.damage(w.in.Timing[rank].File, w.in.Timing[rank].Damage)
	}
}

func (w *world) damage(file string, list []trace.Damage) {
	for _, d := range list {
		w.loss("%s: %s", base(file), d)
	}
}
