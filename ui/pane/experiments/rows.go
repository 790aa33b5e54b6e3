package experiments

import (
	"cmp"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/sweep"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// columns of the board: before all others those vanish in which all rows are alike
// (worthOf). Some stand close together, and one is as wide whatever is in it.
var columns = func() []widget.Column {
	all := pane.Columns(present.Table{Columns: present.ExperimentColumns()})
	for _, layout := range []int{3, 4, 5, 6} {
		all[layout].Tight = true
	}
	all[stateColumn].Keep = len("running 12:34")
	return all
}()

const stateColumn = 8

type rows struct {
	env  env
	open map[string]bool   // sweeps whose points are in sight, by their keys
	seen map[string]string // what the logs of jobs say, by job
	also map[string]string // by what the list knows it by: what tells it apart besides its layout
}

func (p *rows) experiment(r row) present.Row {
	return present.Experiment(r.Row, p.also[idOf(r)], p.env.Now())
}

func (p *rows) cells(r row) []widget.Cell {
	switch {
	case r.sweep != nil:
		return p.sweepCells(r.sweep)
	case r.point != nil:
		return p.pointCells(r)
	}
	return pane.Cells(p.env.Theme, p.experiment(r))
}

func (p *rows) fields(r row) map[string]string {
	if r.sweep != nil {
		id := r.sweep.Sweep.ID
		return map[string]string{"id": id, "sweep": id, "text": r.sweep.Sweep.Description}
	}
	fields := p.experiment(r).Fields
	if r.point != nil {
		fields["sweep"] = r.of.Sweep.ID
		if r.point.State == sweep.Impossible {
			fields["state"] = string(sweep.Impossible)
		}
	}
	return fields
}

// Worth of columns in which all rows say the same: they tell no experiment from another.
const (
	alike      = 100 // is added: the first to go where there is no room
	alikeModel = 7   // instead of the model's name's own
	leastModel = 11  // columns that a model's name has, where they differ
)

// worthOf are the columns with their worth for these rows. All rows count, whatever the
// filter shows, so that no column comes and goes while a filter is typed.
func worthOf(all [][]widget.Cell) []widget.Column {
	out := make([]widget.Column, len(columns))
	for c, column := range columns {
		text, same := common(all, c)
		if out[c] = column; column.Worth > 0 && same {
			out[c].Worth += alike
		}
		if column.Title == "model" { // what all of it is about: before the lesser figures; what tells rows apart: always
			out[c].Worth = map[bool]int{true: alikeModel}[same]
			out[c].Min = map[bool]int{true: column.Min, false: leastModel}[same]
		}
		if same && text == "" { // nothing to stand under a title
			out[c].Title, out[c].Tight = "", true
		}
	}
	return out
}

// common is what all rows say in a column, and whether they say the same. The row of a file that cannot be read says nothing.
func common(rows [][]widget.Cell, c int) (string, bool) {
	text, said := "", false
	for _, row := range rows {
		switch {
		case len(row) < len(columns):
		case said && row[c].Text != text:
			return "", false
		default:
			text, said = row[c].Text, true
		}
	}
	return text, said
}

// traitsOf are what sets experiments of one layout apart, in a word or two each, in the order
// of the screen; empty: left to its default.
func traitsOf(e model.Experiment) []string {
	weights, depth := chosen(e.Model.Weights), ""
	if weights != "" {
		weights += " weights"
	}
	if e.Model.Layers != 0 {
		depth = unit.Plural(e.Model.Layers, "layer")
	}
	return []string{
		chosen(e.Comm.AllReduce), backends.Replace(chosen(e.Comm.All2All)), e.Model.Precision, string(e.Engine), weights, depth,
		counted(e.Data.SeqLen, "in"), counted(e.Data.MaxTokens, "out"), e.Arrivals(),
		chosen(e.Slurm.Constraint), chosen(e.Slurm.QOS),
	}
}

// backends are the long names of communication backends, as people say them.
var backends = strings.NewReplacer("deepep_high_throughput", "deepep ht", "deepep_low_latency", "deepep ll",
	"allgather_reducescatter", "ag+rs")

// counted is a number of tokens with what they are; powers of two in Ki: "16K in".
func counted(n int, what string) string {
	if n >= 4096 && n%1024 == 0 {
		return unit.Int(n/1024) + "K " + what
	}
	return unit.Int(n) + " " + what
}

func chosen(value string) string {
	if value == "auto" {
		return ""
	}
	return value
}

// compare works out once what tells rows apart.
func (p *rows) compare(rows []row) {
	said := make([][]string, len(rows))
	for i, r := range rows {
		if r.Problem == "" && r.sweep == nil {
			said[i] = traitsOf(r.Experiment)
		}
	}
	most := usual(said)
	p.also = make(map[string]string, len(rows))
	for i, r := range rows {
		p.also[idOf(r)] = unlike(said[i], most)
	}
}

// usual are the traits that most of the experiments have.
func usual(said [][]string) []string {
	out := make([]string, len(traitsOf(model.Experiment{})))
	for t := range out {
		count := map[string]int{}
		for _, words := range said {
			if words == nil {
				continue
			}
			if count[words[t]]++; count[words[t]] > count[out[t]] {
				out[t] = words[t]
			}
		}
	}
	return out
}

// unlike are those of an experiment's traits that are not the others'.
func unlike(words, others []string) string {
	var out []string
	for i, word := range words {
		if word != "" && word != others[i] {
			out = append(out, word)
		}
	}
	return strings.Join(out, ", ")
}

const usualDetails = 5 // lines below the table, whatever the row has to say: nothing jumps

// detailRows is how many lines the details take: none in a low pane, more in a narrow one.
func detailRows(width, height int) int {
	switch {
	case height < 14:
		return 0
	case width < 60 && height > 20:
		return usualDetails + 4
	}
	return usualDetails
}

// details are the lines below the table: layout, cost and memory, result, quality. In a
// narrow pane what does not fit on a line goes on on the next.
func (p *rows) details(r row, width int, narrow bool) []string {
	th := p.env.Theme
	switch {
	case r.sweep != nil:
		return p.sweepDetails(r.sweep, width, narrow)
	case r.Problem != "":
		return problemLines(th, r.Row, width)
	}
	id := r.Experiment.ID
	lines := []string{th.Paint(theme.Strong, id) + "  " + widget.Sentence(r.Experiment.Description, max(width-2-widget.Width(id), 1))}
	energy := ""
	if r.Own() {
		energy = present.Energy(r.Analysis)
	}
	parts := [][]string{{present.Placement(r.Verdict.Placement), present.Cost(r.Verdict.Price), energy, present.Memory(r.Verdict.Fit)}}
	if r.Run != nil && !r.Run.Said.IsZero() {
		parts = append(parts, []string{r.Run.Said.Words()})
	}
	if r.Analysis == nil {
		parts = append(parts, []string{p.nothingYet(r)})
	} else {
		parts = append(parts, commWords(r.Row), qualityWords(r.Row, p.env.Now()))
	}
	for _, words := range parts {
		lines = append(lines, p.dimmed(width, narrow, words...)...)
	}
	return lines
}

// dimmed are parts on a line, as many as fit; in a narrow pane on as many lines as they need; none for no part.
func (p *rows) dimmed(width int, narrow bool, parts ...string) []string {
	lines := []string{pane.Joined(width, parts...)}
	if narrow {
		lines = flowed(width, parts...)
	}
	if strings.Join(parts, "") == "" {
		return nil
	}
	return model.Each(lines, func(line string) string { return p.env.Theme.Paint(theme.Dim, line) })
}

func problemLines(th *theme.Theme, r board.Row, width int) []string {
	lines := []string{th.Paint(theme.Strong, widget.Sentence(r.File, width))}
	for _, text := range present.Problems(r.File, r.Problem) {
		lines = append(lines, widget.Paragraph(th, theme.Bad, text, 0, width)...)
	}
	return lines
}

// note is the worst there is to say about a row.
func (p *rows) note(r row) pane.Note {
	if why := r.pending(); why != "" {
		return pane.Note{Text: why, Tone: map[bool]theme.Tone{true: theme.Bad}[r.point.State == sweep.Impossible]}
	} else if r.sweep != nil {
		return sweepNote(r.sweep)
	} else if r.point != nil && r.point.State == sweep.PassedOver {
		return pane.Note{Text: r.Experiment.ID + " is passed over: " + r.point.Reason}
	}
	if r.Job != nil && r.Job.State.Failed() && r.Job.State != model.JobCancelled {
		text := r.Experiment.ID + " " + r.Job.State.Words() + " after " + unit.Clock(r.Job.Elapsed)
		if why := cmp.Or(p.seen[r.Job.ID], r.Job.Meaning.Words); why != "" {
			text += ": " + why
		}
		return pane.Note{Text: text + ". ↵ shows its log and the cause", Tone: theme.Bad}
	}
	f, ok := r.Verdict.Worst()
	switch {
	case !r.Own() && r.Run.Forecast != nil && !ok:
		return pane.Note{Text: present.Marks(r.Marks())}
	case !r.Own() && r.Run.Forecast == nil && f.Severity != check.SeverityError:
		return pane.Note{Text: present.Marks(r.Marks()) + " · s measures it anew", Tone: theme.Warn}
	case ok:
		return submission.FindingNote(f)
	}
	return pane.Note{}
}

func (p *rows) nothingYet(r row) string {
	switch {
	case r.pending() != "":
		return "a point of " + r.of.Sweep.ID + ", not written yet"
	case r.Run != nil:
		return "traced, not yet analysed: ↵ reads it"
	case r.Job == nil:
		return "no result yet: s submits it"
	case r.Job.State == model.JobRunning && p.seen[r.Job.ID] != "":
		return p.seen[r.Job.ID] + ": ↵ shows the job"
	case r.Job.State.Active():
		return "no result yet: ↵ shows the job"
	case r.Job.State.Failed():
		return "no result: ↵ shows the job, its log and the cause"
	}
	return "no result yet: s submits it"
}

func commWords(r board.Row) []string {
	a := r.Analysis
	m := a.Metric("comm_overhead")
	switch {
	case m.Value != nil:
	case r.Experiment.Layout.GPUs() == 1:
		return []string{"one GPU: no communication"}
	case a.Trace == nil && strings.HasPrefix(m.Reason, "traces not read"):
		return []string{"communication not known: t reads the traces"}
	default:
		return []string{"no communication share: " + m.Reason}
	}
	text := unit.Number(*m.Value, 1) + " % communication"
	if wait := a.Metric("comm_wait"); wait.Value != nil {
		text += ", of which " + unit.Number(*wait.Value, 1) + " waiting"
	}
	if s := a.Metric("straggler"); s.Value != nil {
		return []string{text, "straggler: rank " + unit.Number(*s.Value, 0)}
	}
	return []string{text}
}

func qualityWords(r board.Row, now time.Time) []string {
	words := []string{present.Marks(r.Marks())}
	if r.Run != nil && r.Run.Forecast != nil {
		return words
	}
	if n := r.Analysis.Metric("iteration_wall_clock").N; n > 0 {
		text := unit.Plural(n, "iteration")
		if s := present.Spread(r.Analysis); s != "" {
			text += ", spread " + s + " %"
		}
		words = append(words, text)
	}
	if r.Run != nil && !r.Run.Time.IsZero() {
		words = append(words, "traced "+unit.Ago(r.Run.Time, now))
	}
	if r.Analysis.Damaged {
		words = append(words, "input was damaged")
	}
	return append(words, r.Analysis.Warnings...)
}

// flowed is pane.Joined over as many lines as the parts need, each part whole on its line.
func flowed(width int, parts ...string) []string {
	var lines []string
	for _, part := range parts {
		last := len(lines) - 1
		switch {
		case part == "":
		case last >= 0 && widget.Width(lines[last])+3+widget.Width(part) <= width:
			lines[last] += " · " + part
		default:
			lines = append(lines, widget.Wrap(part, max(width, 1))...)
		}
	}
	return lines
}
