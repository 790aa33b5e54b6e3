package experiments

import (
	"strings"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// columns of the board: before all others those vanish in which all rows are alike
// (worthOf). Some stand close together, and one is as wide whatever is in it.
var columns = func() []widget.Column {
	all := pane.Columns(present.Table{Columns: present.ExperimentColumns()})
	for _, layout := range []int{3, 4, 5, 6} {
		all[layout].Tight = true
	}
	all[8].Keep = len("running 12:34")
	return all
}()

type rows struct {
	env  env
	seen map[string]string // what the logs of jobs say, by job
	also map[string]string // by file: what tells it apart besides its layout
}

func (p *rows) row(r board.Row) present.Row {
	return present.Experiment(r, p.also[r.File], p.env.Now())
}

func (p *rows) cells(r board.Row) []widget.Cell { return pane.Cells(p.env.Theme, p.row(r)) }

func (p *rows) fields(r board.Row) map[string]string { return p.row(r).Fields }

// Worth of columns in which all rows say the same: they tell no experiment from another.
const (
	alike      = 100 // is added: the first to go where there is no room
	alikeModel = 7   // instead of the model's name's own
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
		if same && column.Title == "model" { // what all of it is about: before the lesser figures
			out[c].Worth = alikeModel
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
		counted(e.Data.SeqLen, "in"), counted(e.Data.MaxTokens, "out"), "batch " + unit.Int(e.Data.BatchSize),
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
func (p *rows) compare(rows []board.Row) {
	said := make([][]string, len(rows))
	for i, r := range rows {
		if r.Problem == "" {
			said[i] = traitsOf(r.Experiment)
		}
	}
	most := usual(said)
	p.also = make(map[string]string, len(rows))
	for i, r := range rows {
		p.also[r.File] = unlike(said[i], most)
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
