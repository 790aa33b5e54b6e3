package figure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/explain"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/model/xray"
)

// drawn are series as a quantity draws them, without what their names have in common, which is returned with what is left out: where
// some have several points, those of one run, which make no line.
func drawn(all []scaling.Series, quantity string) (out []scaling.ChartSeries, common, left string) {
	some := slices.ContainsFunc(all, func(s scaling.Series) bool { return len(s.Points) > 1 })
	lines := slices.DeleteFunc(slices.Clone(all), func(s scaling.Series) bool { return some && len(s.Points) < 2 && !s.Points[0].Foretold })
	if n := len(all) - len(lines); n > 0 {
		left = unit.Plural(n, "run") + " that no other is comparable with left out."
	}
	common = scaling.CommonName(model.Each(lines, func(s scaling.Series) string { return s.Name }))
	for _, s := range lines {
		line := scaling.QuantityOf(quantity).Draw(s)
		line.Name = cmp.Or(scaling.OwnName(s.Name, common), s.Name)
		out = append(out, line)
	}
	slices.SortStableFunc(out, func(a, b scaling.ChartSeries) int { return model.CompareNatural(a.Name, b.Name) })
	return out, common, left
}

const noTimings = "no run with timings yet"

// Scaling is throughput and efficiency over GPUs; full is how many GPUs a node has, 0: not known.
func Scaling(all []scaling.Series, full int) Figure {
	speed, common, left := drawn(all, "throughput")
	part, _, _ := drawn(all, "efficiency")
	f := Figure{Name: "scaling", Title: strings.TrimSuffix("Throughput and efficiency: "+common, ": "), Panels: []Panel{
		{Title: "Throughput", X: "GPUs", Y: "tokens / s", Kind: Rate, Ideal: true, Series: speed, Empty: noTimings},
		{Title: "Efficiency", X: "GPUs", Y: "% of ideal speed-up", Kind: Efficiency, Ideal: true, Series: part, Empty: "no two numbers of GPUs to compare"}}}
	nodes := f.Panels[0].beyond(full)
	f.Panels[1].Nodes = f.Panels[0].Nodes
	f.Caption = caption("Prompt and output tokens a second, and that against as many times the run with the fewest GPUs.",
		"Dotted: n GPUs do n times the work.", sampled(f.Panels[:1]...), nodes, left)
	return f
}

// beyond marks where a node is full, as points lie beyond, and says so; empty: none do.
func (p *Panel) beyond(full int) string {
	if full <= 0 || !slices.ContainsFunc(p.Points(), func(x scaling.ChartPoint) bool { return x.X > float64(full) }) {
		return ""
	}
	p.Nodes = []float64{float64(full)}
	return fmt.Sprintf("Vertical line: a node has %s; beyond it calls cross the network.", unit.Plural(full, "GPU"))
}

// Latency is TTFT and TPOT over the batch.
func Latency(ttft, tpot []scaling.Series) Figure {
	first, common, left := drawn(ttft, "TTFT")
	each, _, _ := drawn(tpot, "TPOT")
	f := Figure{Name: "latency", Title: strings.TrimSuffix("Latency against batch: "+common, ": "), Panels: []Panel{
		{Title: "Time to first token", X: "batch size", Y: "TTFT, ms", Kind: Time, Series: first, Empty: noTimings},
		{Title: "Time per output token", X: "batch size", Y: "TPOT, ms", Kind: Time, Series: each, Empty: noTimings}}}
	f.Caption = caption("TPOT: from the first output token to the last, over the tokens after the first.", sampled(f.Panels...), left)
	return f
}

// Frontier is what configs of one work give a GPU and a user; those that another beats in both stand apart.
func Frontier(f scaling.Frontier) Figure {
	on, beaten := scaling.ChartSeries{Name: "on the frontier"}, scaling.ChartSeries{Name: "beaten by another", Loose: true}
	for _, p := range f.Points {
		x := scaling.ChartPoint{Point: scaling.Point{Run: p.ID, Layout: p.Layout, X: *p.PerUser.Value, N: p.PerGPU.N}, Value: *p.PerGPU.Value,
			Label: present.Joined(p.Layout, p.Concurrency)}
		if p.PerGPU.Spread != nil {
			x.Spread = *p.PerGPU.Spread
		}
		s := &beaten
		if p.On {
			s = &on
		}
		s.Points = append([]scaling.ChartPoint{x}, s.Points...) // by rising X
	}
	p := Panel{X: "tokens / s of a user", Y: "tokens / s of a GPU", Kind: Tradeoff, Empty: "no run has both yet",
		Series: []scaling.ChartSeries{on, beaten}}
	return Figure{Name: "frontier", Title: strings.TrimSuffix("What a GPU gives and what a user sees: "+f.Of, ": "), Panels: []Panel{p},
		Caption: caption("Labels, where there is room: layout and what is served at once. A config is beaten by one as good in both and better in one.",
			sampled(p))}
}

// Waterfall is what a change of layout did to a metric, part by part.
func Waterfall(w explain.Waterfall, m explain.Metric) Figure {
	p := Panel{X: m.Name + ", " + m.Unit, Bars: []Bar{{w.Before.Run, []Part{{"measured", 0, m.Before, unit.Significant(m.Before)}}}}}
	at := m.Before
	for _, part := range present.Folded(m) {
		name := "less"
		if part.Change() > 0 {
			name = "more"
		}
		p.Bars = append(p.Bars, Bar{present.PartName(part), []Part{{name, at, at + part.Change(), strings.Replace("+"+unit.Significant(part.Change()), "+-", "-", 1)}}})
		at += part.Change()
	}
	p.Bars = append(p.Bars, Bar{w.After.Run, []Part{{"measured", 0, m.After, unit.Significant(m.After)}}})
	from, to := w.Before, w.After
	what := fmt.Sprintf("%s of %s (%s) and of %s (%s), in %s, and by how much each part of the work takes less or more: the parts add up to the difference.",
		m.Name, from.Run, from.Layout.Short(), to.Run, to.Layout.Short(), m.Unit)
	return Figure{Name: "waterfall", Title: present.ExplainHead(m), Panels: []Panel{p},
		Caption: caption(append([]string{what}, w.Notes...)...)}
}

// Ranks is the window of each rank by what it did.
func Ranks(run string, t *metric.TraceSummary) Figure {
	p := Panel{X: "ms of the window", Empty: "no ranks in these traces"}
	has := map[string]bool{}
	shown := present.SomeRanks(t.Ranks, MostRanks)
	for _, i := range shown {
		r := t.Ranks[i]
		b, at := Bar{Name: "rank " + unit.Int(r.Rank)}, 0.0
		for i, ns := range r.Parts()[1:] {
			if ms := float64(metric.OrZero(ns)) / 1e6; ms > 0 {
				name := metric.SplitNames[i+1]
				b.Parts = append(b.Parts, Part{name, at, at + ms, unit.Percent(*ns, r.WindowNS) + " %"})
				at, has[name] = at+ms, true
			}
		}
		p.Bars = append(p.Bars, b)
	}
	notes := []string{"The steady window of each rank, by what its GPU did.", present.SomeOf(len(shown), len(t.Ranks))}
	for _, of := range [][2]string{{"transfer", "Communication that overlaps compute counts as compute."}, {"wait", "Wait is for the other ranks."},
		{"unmatched", "Unmatched is communication whose partners are in no trace: transfer or wait."}} {
		if has[of[0]] {
			notes = append(notes, of[1])
		}
	}
	return Figure{Name: "ranks", Title: "Time of each rank of " + run, Panels: []Panel{p}, Caption: caption(notes...)}
}

// MostRanks is how many ranks a figure or a table shows.
const MostRanks = 16

// Layers is the time of each operator in one layer of a step, in the order of the layer, with what it would take at its floor.
func Layers(run string, rank int, k xray.Kind) Figure {
	p := Panel{X: "µs a layer", Empty: "no layers were found in this step"}
	for _, o := range k.Median.Operators {
		if o.Layers == 0 || o.LayerNS == 0 {
			continue
		}
		us := float64(o.LayerNS) / 1e3
		b := Bar{Name: o.Name, Parts: []Part{{"floor not known", 0, us, unit.Significant(us)}}}
		if o.FloorNS != nil && o.DurNS > 0 {
			least := us * min(float64(*o.FloorNS)/float64(o.DurNS), 1)
			b.Parts = []Part{{"at its floor", 0, least, ""}, {"above it", least, us, unit.Significant(us)}}
		}
		p.Bars = append(p.Bars, b)
	}
	step := k.Median
	what := fmt.Sprintf("Medians over the layers of step %d of rank %d, %s", step.Index, rank, step.Phase)
	if step.Tokens >= 0 {
		what += " of " + unit.Plural(step.Tokens, "token")
	}
	if k.Steps > 1 {
		what += fmt.Sprintf("; of %d such steps it has the median time", k.Steps)
	}
	return Figure{Name: "layers", Title: "One layer of " + run, Panels: []Panel{p}, Caption: caption(what,
		"The floor is the least time for the arithmetic, for reading memory once or for the link.")}
}

// Heatmap is a metric over two fields, a panel for each combination of the others.
func Heatmap(g scaling.Grid) Figure {
	over := []string{scaling.LastPart(g.Row), scaling.LastPart(g.Column)}
	f := Figure{Name: "heatmap", Title: g.Metric + " over " + strings.Trim(strings.Join(over, " and "), "and ")}
	shown, note := fullest(g.Multiples)
	all := func(e model.Edit) bool {
		return !slices.ContainsFunc(shown, func(m scaling.Multiple) bool { return !slices.Contains(m.Of, e) })
	}
	for _, m := range shown {
		h := &Heat{Rows: g.Rows, Columns: g.Columns}
		for _, row := range m.Cells {
			h.Cells = append(h.Cells, model.Each(row, func(c scaling.GridCell) HeatCell {
				text := present.GridValue(g, c)
				return HeatCell{Text: text.Lead + text.Text, Level: c.Level, Value: c.Value, N: c.N}
			}))
		}
		f.Panels = append(f.Panels, Panel{Title: present.Fields(slices.DeleteFunc(slices.Clone(m.Of), all)), X: scaling.LastPart(g.Column), Y: scaling.LastPart(g.Row), Heat: h})
	}
	common := g.Common
	for _, m := range shown[:min(1, len(shown))] {
		common = append(slices.Clone(common), slices.DeleteFunc(slices.Clone(m.Of), func(e model.Edit) bool { return !all(e) })...)
	}
	g.Multiples, g.Common = shown, common // what the notes are of
	f.Caption = caption(append([]string{fmt.Sprintf("Cells are %s in %s; darker is more.", g.Metric, g.Unit), tooSmall(g), note}, present.GridNotes(g)...)...)
	return f
}

// tooSmall says where values stand that cells have no room for.
func tooSmall(g scaling.Grid) string {
	if len(g.Columns) <= 8 {
		return ""
	}
	return "Values without room in their cells stand in the file beside."
}

// mostMultiples is how many tables a figure has room for.
const mostMultiples = 6

// fullest are the tables of a grid that a figure shows, those with most values, and what it says of the others: where some compare values,
// those of a single one are left out.
func fullest(all []scaling.Multiple) (shown []scaling.Multiple, note string) {
	values := func(m scaling.Multiple) (n int) {
		for _, c := range slices.Concat(m.Cells...) {
			if c.Value != nil {
				n++
			}
		}
		return n
	}
	shown = slices.Clone(all)
	slices.SortStableFunc(shown, func(a, b scaling.Multiple) int { return values(b) - values(a) })
	if len(shown) > 1 && values(shown[0]) > 1 {
		shown = slices.DeleteFunc(shown, func(m scaling.Multiple) bool { return values(m) < 2 })
	}
	if shown = shown[:min(len(shown), mostMultiples)]; len(shown) < len(all) {
		note = fmt.Sprintf("Of %d combinations of the other fields %d are shown, those with most values.", len(all), len(shown))
	}
	return shown, note
}

// caption joins sentences, those that are empty not. Notes of tables become sentences: names as people type them stay as they are.
func caption(notes ...string) string {
	var out []string
	for _, s := range notes {
		word, _, _ := strings.Cut(strings.TrimRight(s, ".:,"), " ")
		if _, unknown := metric.Find(strings.Trim(word, ",:;")); unknown != nil && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == "" {
			s = strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):]
		}
		if s != "" && !strings.HasSuffix(s, ".") {
			s += "."
		}
		out = append(out, s)
	}
	return strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), " ")
}
