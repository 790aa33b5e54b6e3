// Package sweep is a grid of experiments: which points it has (sweep.go), what a field takes as several values
// (values.go), which points share one start of the engine (engine.go). It is pure: backend/sweep reads the files.
package sweep

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/condition"
)

// Sweep is an experiment of which some fields take several values.
type Sweep struct {
	ID          string
	Description string
	Base        string                // the experiment that gives all else
	Axes        []Axis                // in the order of the file; the last varies fastest
	Repeat      int                   // runs of every point, at least 1
	Where       []condition.Condition // a point is left out where one does not hold
	Isolate     bool                  // an engine of its own for every point
	Exclusive   bool                  // no other engine on its nodes
	Limit       Limit
	Goal        *Goal // nil: every point is wanted
}

// Limit bounds what a sweep may take; 0: no bound.
type Limit struct {
	NodeHours float64 `yaml:"node_hours" json:"node_hours,omitempty"`
	Points    int     `yaml:"points" json:"points,omitempty"`
	Jobs      int     `yaml:"jobs" json:"jobs,omitempty"` // at once
}

// Goal is what the best point is best at.
type Goal struct {
	Metric      string                // a name of metrics.md, or one statistic of it: ttft_p99
	Highest     bool                  // the best is the highest, else the lowest
	Constraints []condition.Condition // over metrics: ttft <= 200
	Until       bool                  // the answer is known: points that cannot change it any more are passed over
}

// String is the goal in words: max throughput_tokens_sec where ttft <= 200.
func (g Goal) String() string {
	text := map[bool]string{true: "max ", false: "min "}[g.Highest] + g.Metric
	for _, c := range g.Constraints {
		text += " where " + c.String()
	}
	return text
}

// Axis is a field that varies, or several whose values go together.
type Axis struct {
	Paths  []string   // parallelism.tp
	Values [][]string // in order; each holds one value for every path
}

// Point is one experiment of a sweep.
type Point struct {
	ID     string       `json:"id"`
	Edits  []model.Edit `json:"values"` // of the base, one for every varied field
	Repeat int          `json:"repeat"` // from 1
	Left   string       `json:"left,omitempty"`
}

// Most is the largest number of points that a sweep may have.
const Most = 10000

// Points are all points of a sweep, the repeats after each other so that drift of the machine meets all alike. value gives
// the named values that conditions know of a point; a point that one leaves out stays in the list, with that condition in
// Left. It is an error when there are more than Most, and when a condition cannot be evaluated.
func (s Sweep) Points(value func([]model.Edit) (condition.Values, error)) ([]Point, error) {
	grid, err := s.grid()
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	var all []Point
	for repeat := 1; repeat <= max(s.Repeat, 1); repeat++ {
		for _, edits := range grid {
			p := Point{Edits: edits, Repeat: repeat}
			if p.Left, err = s.leftOut(edits, value); err != nil {
				return nil, err
			}
			p.ID = s.idOf(p, taken)
			all = append(all, p)
		}
	}
	return all, nil
}

// grid is every combination of the values of the axes.
func (s Sweep) grid() ([][]model.Edit, error) {
	grid := [][]model.Edit{nil}
	for _, axis := range s.Axes {
		if n := len(grid) * len(axis.Values) * max(s.Repeat, 1); n > Most {
			return nil, fmt.Errorf("%d points and more: a sweep has at most %d", n, Most)
		}
		var next [][]model.Edit
		for _, before := range grid {
			for _, values := range axis.Values {
				edits := slices.Clone(before)
				for i, path := range axis.Paths {
					edits = append(edits, model.Edit{Path: path, Value: values[i]})
				}
				next = append(next, edits)
			}
		}
		grid = next
	}
	return grid, nil
}

func (s Sweep) leftOut(edits []model.Edit, value func([]model.Edit) (condition.Values, error)) (string, error) {
	if len(s.Where) == 0 {
		return "", nil
	}
	values, err := value(edits)
	if err != nil {
		return "", err
	}
	for _, c := range s.Where {
		if holds, err := c.Holds(values); err != nil || !holds {
			return c.String(), err
		}
	}
	return "", nil
}

// short are the fields that name a point by fewer letters than their own.
var short = map[string]string{"parallelism.dp_replicate": "dp", "parallelism.dp_shard": "ds", "data.batch_size": "b",
	"data.seq_len": "s", "data.max_tokens": "o", "warmup_iterations": "w", "profile_iterations": "i"}

// longNames are those of fields that only a name which is too long cuts down.
var longNames = map[string]string{"load.requests": "n", "load.concurrency": "c", "profiling.execution_trace": "et"}

// maxID leaves room for the names that are made of an id.
const maxID = 48

// idOf is the id of a point, of its own values alone, so that it stays when the sweep gets more: scan-tp2-b16, scan-tp2-b16-r2.
func (s Sweep) idOf(p Point, taken map[string]bool) string {
	id, suffix := s.nameOf(p.Edits, nil), ""
	if p.Repeat > 1 {
		suffix = fmt.Sprintf("-r%d", p.Repeat)
	}
	if len(id) > maxID {
		id = s.nameOf(limitsLast(slices.DeleteFunc(slices.Clone(p.Edits), isOff)), longNames)
	}
	if len(id) > maxID || taken[id+suffix] {
		sum := sha256.Sum256(fmt.Append(nil, p.Edits))
		id = fmt.Sprintf("%s-%x", strings.TrimRight(id[:min(len(id), maxID-9)], "-._"), sum[:4])
	}
	taken[id+suffix] = true
	return id + suffix
}

// isOff says whether a value stands for what a point does not use: no splitting, a switch that is off. A long name leaves it out.
func isOff(e model.Edit) bool {
	return e.Value == "false" || e.Value == "1" && strings.HasPrefix(e.Path, "parallelism.")
}

// limitsLast puts limits behind the other values: they judge what is measured, and tell points apart least where an id is cut.
func limitsLast(edits []model.Edit) []model.Edit {
	place := func(e model.Edit) int { return map[bool]int{true: 1}[strings.HasPrefix(e.Path, "slo.")] }
	return slices.SortedStableFunc(slices.Values(edits), func(a, b model.Edit) int { return cmp.Compare(place(a), place(b)) })
}

// nameOf is the sweep's id with a word for each value, by other names of fields where those are given.
func (s Sweep) nameOf(edits []model.Edit, names map[string]string) string {
	words := model.Each(edits, func(e model.Edit) string { return wordOf(e, names) })
	return strings.Join(append([]string{s.ID}, slices.DeleteFunc(words, func(w string) bool { return w == "" })...), "-")
}

// wordOf names a value: tp2, b16, nccl.
func wordOf(e model.Edit, names map[string]string) string {
	value := strings.Trim(model.AsID(strings.ToLower(model.ShortModel(e.Value))), "-._")
	if value == "" || value[0] > '9' && value != "true" && value != "false" && value != "auto" {
		return value // a word tells by itself
	}
	name, known := short[e.Path]
	if shorter, ok := names[e.Path]; ok {
		name, known = shorter, true
	}
	if !known {
		name = model.Slug(e.Path[strings.LastIndexByte(e.Path, '.')+1:], "")
	}
	if names != nil && value == "true" {
		return name // a switch that is on tells by itself, where names are short
	}
	return name + value
}
