package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/lab"
	"shardeck/backend/pool"
	"shardeck/model"
)

func (a *app) traceCmd() *cobra.Command {
	top := 0
	c := &cobra.Command{
		Use:   "trace RUN",
		Short: "show where a run's time went: ranks, kernels, collectives",
		Args:  args(1, 1),
		RunE: a.withLab(func(ctx context.Context, l *lab.Lab, runs []string) error {
			found, err := l.Analyse(ctx, runs[0], pool.Wanted, a.progress())
			if err != nil {
				return err
			}
			return a.printTrace(found, top)
		}),
	}
	c.Flags().IntVar(&top, "top", 15, "how many kernels to list")
	return c
}

// summary is trace --json.
type summary struct {
	Run string `json:"run"`
	*model.TraceSummary
	Warnings []string `json:"warnings"`
	Damaged  bool     `json:"damaged"`
	Replay   bool     `json:"replay,omitempty"`
}

func (a *app) printTrace(found *model.Analysis, top int) error {
	s := found.Trace
	if s == nil {
		return fmt.Errorf("%s has no traces to show\nto read its other figures: shardeck metrics %s", found.Run, found.Run)
	}
	if a.json {
		return firstOf(a.printJSON(summary{found.Run, s, found.Warnings, found.Damaged, found.Replay}), damage(found))
	}
	fmt.Fprintln(a.out, a.plain(fmt.Sprintf("%s · window %s ms · %s · %s of traces%s", found.Run, ms(s.WindowNS, 0),
		count(len(s.Ranks), "rank"), bytes(s.Bytes), replayMark(found))))
	a.printSplits(s)
	a.printPhases(s)
	a.printKernels(s, top)
	a.printCollectives(s)
	a.sayStraggler(found)
	a.sayWarnings(found)
	return damage(found)
}

func replayMark(found *model.Analysis) string {
	if found.Replay {
		return " · replay of a recording"
	}
	return ""
}

// barWidth is the width of a rank's bar.
const barWidth = 40

// printSplits draws each rank's window as a bar, and its parts in figures.
func (a *app) printSplits(s *model.TraceSummary) {
	t := newTable("rank", "compute █  transfer ▓  wait ░  idle ·", ">compute|%", ">transfer|%", ">wait|%", ">copy|%", ">idle|%", ">start cut|ms")
	for _, r := range s.Ranks {
		part := func(ns int64) string { return number(percent(ns, r.WindowNS), 1) }
		t.add(fmt.Sprintf("%d", r.Rank), bar(r), part(r.ComputeNS), part(r.TransferNS), part(r.WaitNS), part(r.CopyNS), part(r.IdleNS), ms(r.SkewNS, 0))
	}
	fmt.Fprintln(a.out)
	a.write(t)
}

// bar draws the parts of a window to scale; copies are left with idle.
func bar(r model.RankSplit) string {
	var b strings.Builder
	drawn, sum := 0, int64(0)
	for _, part := range []struct {
		ns   int64
		sign string
	}{{r.ComputeNS, "█"}, {r.TransferNS, "▓"}, {r.WaitNS, "░"}, {r.CopyNS + r.IdleNS, "·"}} {
		sum += part.ns
		until := drawn
		if r.WindowNS > 0 {
			until = min(int(float64(sum)/float64(r.WindowNS)*barWidth+0.5), barWidth)
		}
		b.WriteString(strings.Repeat(part.sign, max(until-drawn, 0)))
		drawn = max(until, drawn)
	}
	return b.String()
}

// printPhases sums the phases of the lowest rank.
func (a *app) printPhases(s *model.TraceSummary) {
	if len(s.Phases) == 0 {
		return
	}
	type total struct {
		steps int
		ns    int64
	}
	sums, order := map[string]*total{}, []string{}
	for _, p := range s.Phases {
		if p.Rank != s.Phases[0].Rank {
			continue
		}
		if sums[p.Name] == nil {
			sums[p.Name] = &total{}
			order = append(order, p.Name)
		}
		sums[p.Name].steps += p.Steps
		sums[p.Name].ns += p.EndNS - p.StartNS
	}
	t := newTable("phase", ">steps", ">time|ms", ">a step|ms")
	for _, name := range order {
		p := sums[name]
		t.add(name, number(float64(p.steps), 0), ms(p.ns, 1), ms(p.ns/int64(max(p.steps, 1)), 2))
	}
	fmt.Fprintln(a.out)
	a.write(t)
}

func (a *app) printKernels(s *model.TraceSummary, top int) {
	t := newTable("kernel", "class", ">time|ms", ">n", ">mean|µs", ">share|%")
	for i, k := range s.Kernels {
		if i == top {
			break
		}
		t.add(clip(k.Short, 48), k.Class, ms(k.TotalNS, 1), number(float64(k.Count), 0), us(k.TotalNS, k.Count), number(k.Share, 1))
	}
	fmt.Fprintln(a.out)
	a.write(t)
}

func (a *app) printCollectives(s *model.TraceSummary) {
	if len(s.Collectives) == 0 {
		return
	}
	t := newTable("collective", ">size", ">n|a rank", ">transfer|µs", ">wait|µs", ">bus bandwidth|GB/s")
	for _, c := range s.Collectives {
		size, bandwidth := missing, missing
		if c.Bytes >= 0 {
			size, bandwidth = binary(c.Bytes), number(c.BusBW, 1)
		}
		if c.Inferred {
			size = "~" + size
		}
		t.add(c.Type, size, number(float64(c.Count), 0), us(c.TransferNS, c.Count), us(c.WaitNS, c.Count), bandwidth)
	}
	fmt.Fprintln(a.out)
	a.write(t)
}

// sayStraggler ends with the one sentence that people look for.
func (a *app) sayStraggler(found *model.Analysis) {
	m := found.Metric("straggler")
	switch {
	case m.Value != nil:
		fmt.Fprintf(a.out, "\nstraggler: rank %s, %s ms late in all, cause %s\n", full(*m.Value), number(m.By["lateness_ms"], 1), m.Cause)
	case m.Reason == "none":
		fmt.Fprint(a.out, "\nno straggler\n")
	default:
		fmt.Fprintf(a.out, "\nno straggler told: %s\n", a.plain(m.Reason))
	}
}

func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole) * 100
}

func ms(ns int64, decimals int) string { return number(float64(ns)/1e6, decimals) }

// us is the mean of n things in microseconds.
func us(ns int64, n int) string {
	if n == 0 {
		return missing
	}
	return number(float64(ns)/float64(n)/1e3, 1)
}

// binary prints a buffer's size in the units in which buffers are made: 32 KiB.
func binary(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if v == float64(int64(v)) {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
