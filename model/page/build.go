package page

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/explain"
	"shardeck/model/figure"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/model/sweep"
)

// Input is the results that a page is made of.
type Input struct {
	Program, Made string
	Asked         Asked
	Sources       []Source
	Plan          *sweep.Plan         // of a sweep; nil: of runs
	Comparison    *compare.Comparison // of the runs that are of one work; nil: there are no two
	ByGPUs        []scaling.Series    // throughput
	TTFT, TPOT    []scaling.Series    // by batch
	Scalings      []scaling.Scaling
	Fronts        []scaling.Frontier
	Waterfall     *explain.Waterfall // nil: no two runs can be explained by each other
	NodeGPUs      int                // 0: not known
}

// Source is a run with its files.
type Source struct {
	scaling.Measured                // Analysis nil: it could not be read
	Info             *model.RunInfo // nil: there is none
	Files            []File
	Problem          string // why it could not be read whole
}

// Of makes a page of results.
func Of(in Input) Page {
	p := Page{Schema: Schema, Program: in.Program, Made: in.Made, Asked: in.Asked, Title: titleOf(in), Answer: Answer(in)}
	for _, s := range in.Sources {
		r := Run{Name: s.Run.Name, Key: KeyOf(s.Run.Name), Files: s.Files, Metrics: []metric.Metric{}}
		if s.Analysis != nil {
			r.Metrics = s.Analysis.Metrics
		}
		p.Runs = append(p.Runs, r)
	}
	p.Sections = []Section{whatRan(in), results(in)}
	add := func(s Section) {
		if len(s.Tables)+len(s.Figures)+len(s.Texts) > 0 {
			p.Sections = append(p.Sections, s)
		}
	}
	add(scalings(in))
	add(frontiers(in))
	add(whatChanged(in))
	for _, s := range in.Sources {
		add(traces(s, len(in.Sources)))
	}
	add(doubts(in))
	for _, s := range in.Sources {
		add(everyNumber(s))
	}
	for _, d := range metric.Definitions {
		has := func(s Source) bool { return s.Analysis != nil && s.Analysis.Metric(d.Name).Value != nil }
		if slices.ContainsFunc(in.Sources, has) {
			p.Definitions = append(p.Definitions, Definition{d.Name, d.Unit, d.Text})
		}
	}
	for s := range p.Sections {
		for t := range p.Sections[s].Tables {
			p.Sections[s].Tables[t].ID = fmt.Sprintf("%s-%d", p.Sections[s].ID, t+1)
		}
	}
	return p
}

// KeyOf finds a run again by its name, which it does not tell.
func KeyOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:6])
}

func titleOf(in Input) string {
	if in.Plan != nil {
		return "Sweep " + in.Plan.Sweep.ID
	}
	if len(in.Sources) == 1 {
		return in.Sources[0].Run.Name
	}
	title := unit.Plural(len(in.Sources), "run")
	if models := model.Grouped(in.Sources, Source.model); len(models) == 1 && models[0].Key != "" {
		title += " of " + models[0].Key
	}
	return title
}

func (s Source) model() string {
	if s.Run.Experiment == nil {
		return ""
	}
	return model.ShortModel(s.Run.Experiment.Model.Name)
}

// tableOf is a table of a screen as one of a page; why says what is behind a cell.
func tableOf(t present.Table, why func(row, column int) string) Table {
	out := Table{Title: t.Name, Behind: t.Remark}
	for _, c := range t.Columns {
		col := Column{Title: c.Title, Unit: c.Unit, Right: c.Right}
		if d, ok := metric.Define(c.Name); ok && c.Name != "" {
			col.Why = d.Text
		}
		out.Columns = append(out.Columns, col)
	}
	for i, r := range t.Rows {
		row := make([]Cell, len(r.Cells))
		for k, c := range r.Cells {
			row[k] = Cell{Text: c.Lead + c.Text, Role: roles[c.Role]}
			if why != nil && c.Text != "" && c.Text != unit.Missing {
				row[k].Why = why(i, k)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

var roles = map[present.Role]string{present.Dim: "dim", present.Strong: "strong", present.Good: "good",
	present.Busy: "warn", present.Warn: "warn", present.Bad: "bad"}

// whatRan is the configs of the runs, and the software and machine of each.
func whatRan(in Input) Section {
	t := present.Table{Columns: present.Columns("run", "model", "layout", ">GPUs", ">batch", ">prompt", ">output", "precision", "engine",
		"GPU")}
	s := Section{ID: "ran", Title: "What was run"}
	for _, x := range in.Sources {
		e := x.Run.Experiment
		if e == nil {
			t.Add(append(present.Texts(x.Run.Name), slices.Repeat([]present.Cell{present.None()}, 9)...)...)
			continue
		}
		batch := unit.Int(e.Data.BatchSize)
		if e.Load.On() {
			batch = e.Arrivals()
		}
		t.Add(present.Texts(x.Run.Name, model.ShortModel(e.Model.Name), e.Layout.Short(), unit.Int(e.Layout.GPUs()), batch,
			unit.Int(e.Data.SeqLen), unit.Int(e.Data.MaxTokens), e.Model.Precision, string(cmp.Or(x.Run.Engine, e.Engine)),
			cmp.Or(x.GPU, unit.Missing))...)
	}
	s.Tables = []Table{tableOf(t, nil)}
	for _, g := range model.Grouped(in.Sources, Source.software) {
		if g.Key != "" {
			s.Texts = append(s.Texts, strings.Join(model.Each(g.All, func(x Source) string { return x.Run.Name }), ", ")+": "+g.Key+".")
		}
	}
	return s
}

// software is what a run was made by, where its run.json says so.
func (s Source) software() string {
	if s.Info == nil {
		return ""
	}
	words := model.Each(slices.Sorted(maps.Keys(s.Info.Versions)), func(name string) string { return name + " " + s.Info.Versions[name] })
	if driver, ok := s.Info.Where["driver"].(string); ok && driver != "" {
		words = append(words, "driver "+driver)
	}
	if s.Info.ReplayOf != "" {
		words = append(words, map[bool]string{true: "", false: "a replay of "}[s.Info.Forecast != nil]+s.Info.ReplayOf)
	}
	return strings.Join(words, ", ")
}

// results are the runs by the metrics that they are looked through by, and those of one work beside each other.
func results(in Input) Section {
	t := present.Table{Columns: present.RunColumns("run", "layout")}
	last := len(t.Columns) - 1
	t.Columns[last] = present.Column{Title: "samples", Right: true}
	for _, x := range in.Sources {
		layout := unit.Missing
		if x.Run.Experiment != nil {
			layout = x.Run.Experiment.Layout.Short()
		}
		n := present.None()
		if x.Analysis != nil {
			if m := x.Analysis.Metric(scaling.ThroughputMetric); m.N > 0 {
				n = present.Cell{Text: unit.Int(m.N), Role: present.Dim}
			}
		}
		t.Add(append(present.RunCells(x.Analysis, present.Texts(x.Run.Name, layout)...), n)...)
	}
	why := func(row, column int) string { return in.Sources[row].why(t.Columns[column].Name) }
	s := Section{ID: "results", Title: "Results", Tables: []Table{tableOf(t, why)}}
	if c := in.Comparison; c != nil && len(c.Runs) <= mostBeside {
		beside := tableOf(present.Comparison(*c), func(row, column int) string {
			return in.source(c.Runs[column/3]).why(c.Rows[row].Name)
		})
		beside.Title = "Against " + c.Runs[0]
		beside.Behind = "~: chance alone can explain the difference; ?: too few samples to tell. Spread: (max − min)/median of the samples."
		s.Tables = append(s.Tables, beside)
	}
	if hasLine(in.TPOT) {
		s.Figures = append(s.Figures, figure.Latency(in.TTFT, in.TPOT))
	}
	return s
}

// mostBeside is how many runs a page has room for beside each other.
const mostBeside = 3

func hasLine(all []scaling.Series) bool {
	return slices.ContainsFunc(all, func(s scaling.Series) bool { return len(s.Points) > 1 })
}

func (in Input) source(name string) Source {
	if s := model.First(in.Sources, func(s Source) bool { return s.Run.Name == name }); s != nil {
		return *s
	}
	return Source{}
}

// why is what stands behind a metric of a run; empty: it is none.
func (s Source) why(name string) string {
	d, ok := metric.Define(name)
	if s.Analysis == nil || !ok || name == "" {
		return ""
	}
	m := s.Analysis.Metric(d.Name)
	n, spread := "", ""
	if m.N > 0 {
		n = "n = " + unit.Int(m.N)
	}
	if m.Spread != nil {
		spread = "spread " + unit.Number(*m.Spread, 1) + " %"
	}
	return present.Joined(s.Run.Name+", "+d.Name, d.Text, n, spread, s.from(m.Source), present.MetricRemark(m))
}

// from are files with their hashes, of many the first.
func (s Source) from(names []string) string {
	const most = 2
	said := model.Each(names[:min(len(names), most)], func(name string) string {
		if f := model.First(s.Files, func(f File) bool { return f.Name == name }); f != nil {
			return name + " (" + f.hash() + ")"
		}
		return name
	})
	if left := len(names) - most; left > 0 {
		said = append(said, unit.Plural(left, "more file"))
	}
	if len(said) == 0 {
		return ""
	}
	return "from " + strings.Join(said, ", ")
}

// hash is the first digits of a file's hash, or why there is none.
func (f File) hash() string {
	if f.SHA256 == "" {
		return "not hashed: " + f.Why
	}
	return "sha256 " + f.SHA256[:12] + "…"
}

// traceFiles are the files that a run's kernels come from.
func (s Source) traceFiles() string {
	return s.from(model.Each(s.Run.KernelFiles(), func(f model.RunFile) string { return baseOf(f.Path) }))
}

func baseOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func scalings(in Input) Section {
	s := Section{ID: "scaling", Title: "Scaling"}
	if hasLine(in.ByGPUs) {
		s.Figures = []figure.Figure{figure.Scaling(in.ByGPUs, in.NodeGPUs)}
	}
	for _, x := range in.Scalings {
		t := tableOf(present.Scaling(x), nil)
		t.Behind = "Speed-up and efficiency are against the fewest GPUs; serial: the part of Karp and Flatt (strong), of Gustafson (weak). " +
			"The values and their files are below, run by run."
		s.Tables = append(s.Tables, t)
	}
	return s
}

func frontiers(in Input) Section {
	s := Section{ID: "frontier", Title: "Frontier"}
	for _, f := range in.Fronts {
		if len(f.Points) < 2 {
			continue
		}
		columns := []string{"", "", "", scaling.PerUser, scaling.PerUser, scaling.PerGPU, scaling.PerGPU, scaling.PerGPU, ""}
		why := func(row, column int) string { return in.source(f.Points[row].ID).why(columns[column]) }
		s.Tables = append(s.Tables, tableOf(present.Frontier(f), why))
		s.Figures = append(s.Figures, figure.Frontier(f))
	}
	return s
}

// whatChanged is what a layout did to the times of another, part by part.
func whatChanged(in Input) Section {
	if in.Waterfall == nil {
		return Section{}
	}
	w := *in.Waterfall
	s := Section{ID: "changed", Title: "From " + w.Before.Run + " to " + w.After.Run, Texts: w.Notes}
	for _, m := range w.Metrics {
		t := present.Waterfall(m)
		t = t.Without(len(t.Columns) - 1) // the figure shows it
		behind := tableOf(t, nil)
		behind.Title = present.ExplainHead(m)
		behind.Behind = present.Joined("steps taken apart by operator", in.source(w.Before.Run).traceFiles(), in.source(w.After.Run).traceFiles())
		s.Tables = append(s.Tables, behind)
		s.Texts = append(s.Texts, model.Each(present.ExplainWords(m), func(x string) string { return m.Name + ": " + x })...)
		s.Figures = append(s.Figures, figure.Waterfall(w, m))
	}
	return s
}
