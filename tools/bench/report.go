package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is everything that is written down.
type report struct {
	options
	date   time.Time
	load   [2]string // before and after
	inputs []measured
	run    wholeRun // of the user's; no samples: none
	many   []manyRanks

	text strings.Builder
}

func (r *report) say(format string, args ...any) { fmt.Fprintf(&r.text, format+"\n", args...) }

// write makes the document, and puts it in a file at once or prints it.
func (r *report) write(path string) error {
	r.opening()
	if len(r.inputs) > 0 {
		r.documents()
		r.targetTable()
	}
	for _, m := range r.inputs {
		r.seconds(m)
	}
	r.runTable()
	r.ranksTable()
	if path == "" {
		_, err := fmt.Print(r.text.String())
		return err
	}
	if err := os.WriteFile(path+".part", []byte(r.text.String()), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

func (r *report) opening() {
	r.say("# Benchmarks of the trace engine\n")
	r.say("Made by the program in `tools/bench/`; not written by hand. To repeat it:\n")
	r.say("    cd tools/bench && go run . %s\n", strings.Join(r.words, " "))
	if len(r.words) > 2 {
		r.say("where names without a folder are files of your own; here they are a recording of 64 tokens on two GPUs.\n")
	}
	r.say("%s; %s; %s; %s; %s. Load average %s before and %s after.\n", r.date.Format("2 January 2006"), processor(),
		runtime.Version(), version("wc"), version("gzip"), r.load[0], r.load[1])
	r.say("The work is the same for all: visit every event; of the kernels, count them, sum their durations in all and by name, and unite")
	r.say("their intervals on each device. Counts and sums must agree to the nanosecond, or there is no table. `shardeck` reads the file;")
	r.say("peers that hold the document are given it in memory. Files are in the page cache. One-core runs have GOMAXPROCS=1 and are pinned")
	r.say("to a core. All take turns, %d rounds, the first dropped; figures are medians, and in brackets the least and the most. Ratios", r.rounds+1)
	r.say("are taken round by round. One-core times are processor time (user and system), which on a quiet machine is the time on the")
	r.say("clock and on a shared one is not that of others; two-core times are by the clock.\n")
}

func (r *report) documents() {
	r.say("## Documents\n")
	r.say("Real recordings, tiled: whole copies one after the other in one list, with times and ids going on. The files are written 1 MiB at a")
	r.say("time, as a copy is; the big one also 8 KiB at a time, as the profiler writes. The kernel keeps that one in smaller pages, and everybody")
	r.say("reads it more slowly, which shows where little but reading is done.\n")
	r.say("| name | recordings | middle | big | events | kernels | their share of bytes | .gz |")
	r.say("|---|---|---|---|---|---|---|---|")
	for _, m := range r.inputs {
		in := m.Input
		r.say("| %s | %s | %.0f MB | %.0f MB | %s | %s | %.0f %% | %.0f MB |", in.Name, strings.Join(in.Sources, ", "),
			mb(in.MidMade.Bytes), mb(in.BigMade.Bytes), grouped(in.BigMade.Events), grouped(in.BigMade.Kernels),
			100*float64(in.BigMade.KernelBytes)/float64(in.BigMade.Bytes), mb(in.GzBytes))
	}
	r.say("")
}

func mb(bytes int64) float64 { return float64(bytes) / 1e6 }

// grouped writes n as 12,345.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (r *report) targetTable() {
	r.say("## Targets\n")
	head, rule := "| target | must | stretch |", "|---|---|---|"
	for _, m := range r.inputs {
		head, rule = head+" "+m.Input.Name+" | |", rule+"---|---|"
	}
	r.say("%s\n%s", head, rule)
	for _, t := range targets {
		row := fmt.Sprintf("| %s | %s | %s |", t.what, t.must, t.stretch)
		for _, m := range r.inputs {
			row += cell(t, t.measure(m))
		}
		r.say("%s", row)
	}
	r.say("")
}

func cell(t target, v verdict) string {
	if !v.known {
		return " not measured | |"
	}
	text := figure(v.Median) + " " + t.unit
	if v.Min != v.Max {
		text += fmt.Sprintf(" (%s–%s)", figure(v.Min), figure(v.Max))
	}
	if v.limit > 0 {
		text += fmt.Sprintf(" of %.0f", v.limit)
	}
	word := "**missed**"
	switch {
	case v.stretch && v.must:
		word = "met, stretch too"
	case v.must:
		word = "met"
	}
	return fmt.Sprintf(" %s | %s |", strings.ReplaceAll(text, "  ", " "), word)
}

// figure is a number with about three digits.
func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// suiteTitles are the tables of times, in order.
var suiteTitles = []struct{ suite, title string }{
	{"mid", "the middle document, one core"},
	{"big", "the big document, one core"},
	{"small", "the same, as the profiler writes it"},
	{"gz", "the big document, gzipped, one core"},
	{"two", "the big document, a second core"},
}

func (r *report) seconds(m measured) {
	r.say("## Times, %s\n", m.Input.Name)
	r.say("MB are 10^6 bytes of plain JSON, also for .gz.\n")
	for _, s := range suiteTitles {
		list, bytes := m.One[s.suite], m.Input.BigMade.Bytes
		if s.suite == "mid" {
			bytes = m.Input.MidMade.Bytes
		}
		if s.suite == "two" {
			list = m.Two[s.suite]
		}
		r.say("| %s | processor s | clock s | MB/s |\n|---|---|---|---|", s.title)
		for _, x := range list {
			r.row(x, bytes, s.suite == "two")
		}
		r.say("")
	}
	r.say("`shardeck metrics` on the big document as a run of one rank, the whole process: %s s by the clock, %s s of processor time,",
		ranged(m.Metrics.times(wall)), ranged(m.Metrics.times(cpu)))
	r.say("%.0f MB at most. The reader alone: %.0f MB, %s allocations (%.0f MB); .gz %.0f MB.\n",
		mb(m.RSS), mb(m.Open.RSS), grouped(int(m.Open.Allocs)), mb(int64(m.Open.Alloc)), mb(m.Gz.RSS))
	if m.PairRSS > 0 {
		r.say("On two ranks of one run that meet in every collective, each tiled to the big size (%.0f MB and %s kernels in all): %s s by the",
			mb(m.Pair.Bytes), grouped(m.Pair.Kernels), ranged(m.PairMetrics.times(wall)))
		r.say("clock, %s s of processor time, %.0f MB at most.\n", ranged(m.PairMetrics.times(cpu)), mb(m.PairRSS))
	}
}

func (r *report) row(x series, bytes int64, two bool) {
	took := x.times(cpu).Median
	if two {
		took = x.times(wall).Median
	}
	if strings.HasPrefix(x.Name, "2 files") {
		bytes *= 2
	}
	r.say("| %s | %s | %s | %s |", x.Name, ranged(x.times(cpu)), ranged(x.times(wall)), grouped(int(mb(bytes)/took)))
}

func ranged(s spread) string { return fmt.Sprintf("%.3f (%.3f–%.3f)", s.Median, s.Min, s.Max) }

func (r *report) runTable() {
	if len(r.run.metrics.Samples) == 0 {
		return
	}
	r.say("## A whole run\n")
	metrics, reader, wc := r.run.metrics, r.run.reader, r.run.wc
	r.say("`shardeck metrics` on a real run, whole process, our cache off: %s s by the clock, %s s of processor time, %.0f MB at most",
		ranged(metrics.times(wall)), ranged(metrics.times(cpu)), mb(r.run.rss))
	r.say("(asked for: 0.5 s and 60 MB on the two ranks of 149 MB of `full-tp2`). In turn with it, on the same traces, the reader alone took")
	r.say("%s s of processor time on one core, and `wc -l` %s s by the clock.\n", ranged(reader.times(cpu)), ranged(wc.times(wall)))
	own := series{Samples: slices.Clone(metrics.Samples)} // by the clock, against itself by the processor
	for i, s := range own.Samples {
		own.Samples[i].CPU = s.Wall
	}
	r.say("| target | must | measured |\n|---|---|---|")
	r.say("| processor time against the reader alone | ≤ 2.5 | %s × |", ranged(ratio(metrics, reader, cpu)))
	r.say("| clock against its own processor time | ≤ 0.65 on two cores | %s × |", ranged(ratio(own, metrics, cpu)))
	r.say("| clock against `wc -l` | ≤ 5 | %s × |", ranged(ratio(metrics, wc, wall)))
}
