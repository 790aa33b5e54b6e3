package page

import (
	"cmp"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/figure"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

// mostKernels is how many kernels of a run are listed.
const mostKernels = 12

// traces is where the time of a run went, one of so many.
func traces(s Source, runs int) Section {
	if s.Analysis == nil || s.Analysis.Trace == nil || len(s.Analysis.Trace.Ranks) == 0 {
		return Section{}
	}
	t, tables, from := s.Analysis.Trace, present.Trace(s.Analysis), s.traceFiles()
	out := Section{ID: "trace-" + KeyOf(s.Run.Name), Title: "Time of " + s.Run.Name, Strips: strips(t, runs),
		Figures: []figure.Figure{figure.Ranks(s.Run.Name, t)},
		Texts: []string{"Phases: " + cmp.Or(present.Phases(t), t.NoSteps, "not known") + ".", "Kernels by class: " + present.ClassShares(t) + ".",
			present.StragglerSentence(s.Analysis.Metric("straggler")) + "."}}
	ranks := tables[present.Ranks]
	some := present.SomeRanks(t.Ranks, figure.MostRanks)
	ranks.Rows = model.Each(some, func(i int) present.Row { return ranks.Rows[i] })
	for _, x := range []struct {
		title string
		t     present.Table
		what  string
	}{{"By rank", ranks, present.Joined("shares of the steady window of each rank", present.SomeOf(len(some), len(t.Ranks)))}, {"Top kernels", tables[present.Kernels].Top(mostKernels), "n: launches"},
		{"Collectives", tables[present.Collectives], "n: launches; bandwidth by the bytes that nccl-tests count"}} {
		if len(x.t.Rows) == 0 {
			continue
		}
		one := tableOf(x.t, nil)
		one.Title, one.Behind = x.title, present.Joined(x.what, x.t.Remark, from)
		out.Tables = append(out.Tables, one)
	}
	return out
}

// doubts is what a reader must know before believing the numbers.
func doubts(in Input) Section {
	s := Section{ID: "doubts", Title: "Findings and doubts"}
	type doubt struct{ run, text string }
	var all []doubt
	say := func(run string, texts ...string) {
		for _, text := range texts {
			if text != "" && !strings.HasSuffix(text, " is "+model.Reemitted(true, nil)) { // a mark says so
				all = append(all, doubt{run, text})
			}
		}
	}
	if in.Plan != nil {
		say("", "points of the sweep: "+present.SweepCounts(*in.Plan), present.Decision(*in.Plan), present.BestDoubt(*in.Plan))
	}
	if in.Comparison != nil {
		say("", slices.Concat(in.Comparison.Notes, in.Comparison.Warnings)...)
	}
	for _, x := range in.Sources {
		say(x.Run.Name, x.Problem)
		say(x.Run.Name, model.Each(x.Run.Marks(), func(m model.Mark) string { return m.Text })...)
		if x.Analysis != nil {
			say(x.Run.Name, x.Analysis.Warnings...)
		}
		if x.Info != nil {
			say(x.Run.Name, slices.Concat(x.Info.Missing, x.Info.Notes)...)
		}
	}
	for _, g := range model.Grouped(all, func(d doubt) string { return d.text }) {
		runs := slices.Compact(model.Each(g.All, func(d doubt) string { return d.run }))
		switch who := strings.Join(runs, ", "); {
		case who == "":
			s.Texts = append(s.Texts, g.Key)
		case len(runs) > 1 && len(runs) == len(in.Sources):
			s.Texts = append(s.Texts, "all "+unit.Plural(len(runs), "run")+": "+g.Key)
		default:
			s.Texts = append(s.Texts, who+": "+g.Key)
		}
	}
	return s
}

// everyNumber is each metric of a run with its n and source, and the files with their hashes.
func everyNumber(s Source) Section {
	out := Section{ID: "all-" + KeyOf(s.Run.Name), Title: "Every number of " + s.Run.Name, Folded: true}
	if s.Analysis != nil {
		none := func(d metric.Definition) bool { return s.Analysis.Metric(d.Name).Value == nil }
		defs := slices.DeleteFunc(slices.Clone(s.Analysis.Defined()), none)
		t := present.Metrics(s.Analysis, defs)
		t = t.Only(0, 1, 2, len(t.Columns)-2, len(t.Columns)-1)
		t.Columns[3].Title, t.Columns[4].Title = "n", "of"
		t = t.With(5, present.Column{Title: "files"}, func(row int) present.Cell {
			return present.Cell{Text: s.numbered(s.Analysis.Metric(defs[row].Name).Source)}
		})
		one := tableOf(t, func(row, column int) string {
			if column != 1 {
				return ""
			}
			return s.why(defs[row].Name)
		})
		one.Behind = "files: by their numbers below; what each metric means stands at the end"
		out.Tables = append(out.Tables, one)
	}
	files := present.Table{Columns: present.Columns(">", "file", ">size", "sha256")}
	for i, f := range s.Files {
		files.Add(present.Texts(unit.Int(i+1), f.Name, unit.FileSize(f.Bytes), cmp.Or(f.SHA256, "not hashed: "+f.Why))...)
	}
	out.Tables = append(out.Tables, tableOf(files, nil))
	return out
}

// numbered are the places of files among those of the run: "1, 3–6".
func (s Source) numbered(names []string) string {
	var words []string
	for i := 0; i < len(s.Files); i++ {
		from := i
		for i < len(s.Files) && slices.Contains(names, s.Files[i].Name) {
			i++
		}
		switch i - from {
		case 0:
		case 1:
			words = append(words, unit.Int(i))
		default:
			words = append(words, unit.Int(from+1)+"–"+unit.Int(i))
		}
	}
	return strings.Join(words, ", ")
}

// strips are the timelines of the ranks, of many the extremes, so many that those of all runs take no more than a page has room for.
func strips(t *metric.TraceSummary, runs int) (out []Strip) {
	for _, i := range present.SomeRanks(t.Ranks, max(2, min(8, 40/runs))) {
		if i >= len(t.Timeline) {
			continue
		}
		d := t.Timeline[i]
		s := Strip{Rank: d.Rank, WindowMS: float64(d.BinNS) * float64(len(d.Compute)) / 1e6, Parts: map[string][]int{}}
		for name, bins := range map[string][]int64{"compute": d.Compute, "transfer": d.Transfer, "wait": d.Wait, "unmatched": d.Unmatched} {
			if slices.Max(append([]int64{0}, bins...)) > 0 {
				s.Parts[name] = model.Each(bins, func(ns int64) int { return int((200*ns/max(d.BinNS, 1) + 1) / 2) })
			}
		}
		out = append(out, s)
	}
	return out
}
