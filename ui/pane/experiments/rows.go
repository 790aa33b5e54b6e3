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

// rows is what the pane says of its rows.
type rows struct {
	env  env
	seen map[string]string // what the logs of jobs say, by job
	also map[string]string // by file: what tells it apart besides its layout
}

func (p *rows) row(r board.Row) present.Row {
	return present.Experiment(r, p.also[r.File], p.env.Now())
}

// cells of one row, in the order of columns.
func (p *rows) cells(r board.Row) []widget.Cell { return pane.Cells(p.env.Theme, p.row(r)) }

// fields are what a filter can ask for.
func (p *rows) fields(r board.Row) map[string]string { return p.row(r).Fields }

// alike is added to the worth of a column in which all rows say the same: it tells no
// experiment from another, so it is the first to go where there is no room.
const alike = 100

// alikeModel is the worth of the model's name where there is one model only.
const alikeModel = 7

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

// common is what all rows say in a column, and whether they say the same. The row of a
// file that cannot be read says nothing.
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

// trait is something that sets experiments of one layout apart, in a word or two; empty
// where it is left to its default.
type trait func(e model.Experiment) string

// traits in the order of the screen. A word that most experiments share is not said.
var traits = []trait{
	func(e model.Experiment) string { return chosen(e.Comm.AllReduce) },
	func(e model.Experiment) string { return backends.Replace(chosen(e.Comm.All2All)) },
	func(e model.Experiment) string { return e.Model.Precision },
	func(e model.Experiment) string { return string(e.Engine) },
	func(e model.Experiment) string { return weights(e.Model.Weights) },
	func(e model.Experiment) string { return depth(e.Model.Layers) },
	func(e model.Experiment) string { return counted(e.Data.SeqLen, "in") },
	func(e model.Experiment) string { return counted(e.Data.MaxTokens, "out") },
	func(e model.Experiment) string { return "batch " + unit.Int(e.Data.BatchSize) },
	func(e model.Experiment) string { return chosen(e.Slurm.Constraint) },
	func(e model.Experiment) string { return chosen(e.Slurm.QOS) },
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

func weights(value string) string {
	if value == "" || value == "auto" {
		return ""
	}
	return value + " weights"
}

func depth(layers int) string {
	if layers == 0 {
		return ""
	}
	return unit.Plural(layers, "layer")
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
	out := make([]string, len(traits))
	for t := range traits {
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

// apart is how an experiment differs from others in what has no column of its own.
func apart(e model.Experiment, others []string) string { return unlike(traitsOf(e), others) }

// traitsOf are the traits of one experiment.
func traitsOf(e model.Experiment) []string {
	out := make([]string, len(traits))
	for i, t := range traits {
		out[i] = t(e)
	}
	return out
}
