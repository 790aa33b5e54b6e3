package scaling

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
)

// Grid is one metric over two fields, once for each combination of values of the others: small multiples.
type Grid struct {
	Metric    string        `json:"metric"` // as asked for: tpot, ttft_p99
	Unit      string        `json:"unit"`
	Better    metric.Better `json:"better"`
	Row       string        `json:"row"`    // the field of the rows
	Column    string        `json:"column"` // the field of the columns; empty: there is one column
	Rows      []string      `json:"rows"`   // its values, numbers by size
	Columns   []string      `json:"columns"`
	Multiples []Multiple    `json:"multiples"`
	Common    []model.Edit  `json:"common"` // of the other fields that vary, those with one value in all multiples
	Alone     []string      `json:"alone"`  // configs that no other differs from in the two fields alone, where some others do: in no table
	Least     *float64      `json:"least"`  // of all values; nil: there is none
	Most      *float64      `json:"most"`
}

// Multiple is one table of a grid.
type Multiple struct {
	Of    []model.Edit `json:"of"`    // the other fields that vary, with their values here
	Cells [][]GridCell `json:"cells"` // by row, then column
}

// GridCell is a place of a table.
type GridCell struct {
	Reading
	Level float64 `json:"level"` // from 0, the least value of the grid, to 1, the most; for a heat map
	Best  bool    `json:"best"`  // the best value of the grid
	Among int     `json:"among"` // how many configs it is the best of, where a field such as gpus leaves several
}

// GridOf tables a metric of experiments over one or two fields, which are some of Varied or derived. Where a derived field
// leaves several configs in one place, that with the best value stands there; the first where the metric has no direction.
func GridOf(all []Entry, name string, by []string) (Grid, error) {
	d, _, err := metric.FindStat(name)
	if err != nil {
		return Grid{}, err
	}
	g := Grid{Metric: name, Unit: d.Unit, Better: d.Better, Row: by[0], Rows: valuesOf(all, by[0]), Columns: []string{""},
		Multiples: []Multiple{}, Common: []model.Edit{}, Alone: []string{}}
	if len(by) > 1 {
		g.Column, g.Columns = by[1], valuesOf(all, by[1])
	}
	others := g.others(all)
	for _, same := range model.Grouped(repeatsOf(all), func(r repeats) string { return keyAt(r.First, others) }) {
		m := g.multiple(editsAt(same.All[0].First, others))
		for _, r := range same.All {
			g.put(&m, r)
		}
		g.Multiples = append(g.Multiples, m)
	}
	g.dropAlone()
	g.Common = factor(g.Multiples, func(m *Multiple) *[]model.Edit { return &m.Of })
	g.level()
	return g, nil
}

// dropAlone takes out the tables of a single place, where others hold more.
func (g *Grid) dropAlone() {
	places := func(m Multiple) []GridCell {
		return slices.DeleteFunc(slices.Concat(m.Cells...), func(c GridCell) bool { return c.State == IsMissing })
	}
	if !slices.ContainsFunc(g.Multiples, func(m Multiple) bool { return len(places(m)) > 1 }) {
		return
	}
	g.Multiples = slices.DeleteFunc(g.Multiples, func(m Multiple) bool {
		held := places(m)
		if len(held) == 1 {
			g.Alone = append(g.Alone, held[0].IDs[0])
		}
		return len(held) == 1
	})
}

// factor takes the values that all of a list have in common out of each.
func factor[T any](list []T, of func(*T) *[]model.Edit) []model.Edit {
	common := []model.Edit{}
	if len(list) > 0 {
		common = slices.DeleteFunc(slices.Clone(*of(&list[0])), func(v model.Edit) bool {
			return slices.ContainsFunc(list, func(x T) bool { return !slices.Contains(*of(&x), v) })
		})
	}
	for i := range list {
		own := of(&list[i])
		*own = slices.DeleteFunc(slices.Clone(*own), func(v model.Edit) bool { return slices.Contains(common, v) })
	}
	return common
}

// recording is what a replay plays. Other values go with another recording, which makes no table of its own.
const recording = "replay.recording"

// others are the fields that vary and that neither rows nor columns tell.
func (g Grid) others(all []Entry) []string {
	return slices.DeleteFunc(Varied(all), func(path string) bool {
		return path == recording || slices.ContainsFunc([]string{g.Row, g.Column}, func(field string) bool {
			prefix, derived := covered[field]
			return path == field || derived && strings.HasPrefix(path, prefix)
		})
	})
}

func (g Grid) multiple(of []model.Edit) Multiple {
	m := Multiple{Of: of, Cells: make([][]GridCell, len(g.Rows))}
	for i := range m.Cells {
		m.Cells[i] = make([]GridCell, len(g.Columns))
		for k := range m.Cells[i] {
			m.Cells[i][k].Reading = Reading{State: IsMissing, IDs: []string{}}
		}
	}
	return m
}

// put puts a config in its place, where it is the first there or better.
func (g Grid) put(m *Multiple, r repeats) {
	cell := &m.Cells[slices.Index(g.Rows, r.First.Value(g.Row))][slices.Index(g.Columns, r.First.Value(g.Column))]
	if read := r.Read(g.Metric); cell.State == IsMissing || g.betters(read, cell.Reading) {
		cell.Reading = read
	}
	cell.Among++
}

// betters says whether a reading is better than another, or nearer to a value.
func (g Grid) betters(a, b Reading) bool {
	switch {
	case a.Value == nil && b.Value == nil:
		return slices.Index(worth, a.State) < slices.Index(worth, b.State)
	case a.Value == nil || b.Value == nil:
		return a.Value != nil
	}
	return g.Better == metric.Higher && *a.Value > *b.Value || g.Better == metric.Lower && *a.Value < *b.Value
}

// level finds the range of all values, and the place of each in it.
func (g *Grid) level() {
	least, most := math.Inf(1), math.Inf(-1)
	g.each(func(c *GridCell) { least, most = min(least, *c.Value), max(most, *c.Value) })
	if least > most {
		return
	}
	g.Least, g.Most = &least, &most
	g.each(func(c *GridCell) {
		if most > least {
			c.Level = (*c.Value - least) / (most - least)
		}
		c.Best = g.Better == metric.Higher && *c.Value == most || g.Better == metric.Lower && *c.Value == least
	})
}

// each visits the places that have a value.
func (g *Grid) each(visit func(*GridCell)) {
	for _, m := range g.Multiples {
		for _, row := range m.Cells {
			for i := range row {
				if row[i].Value != nil {
					visit(&row[i])
				}
			}
		}
	}
}

// valuesOf are the values of a field among experiments: numbers by size, then words in the order in which they come.
func valuesOf(all []Entry, field string) (values []string) {
	for _, g := range model.Grouped(all, func(e Entry) string { return e.Value(field) }) {
		values = append(values, g.Key)
	}
	number := func(text string) float64 {
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			return v
		}
		return math.Inf(1)
	}
	slices.SortStableFunc(values, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	return values
}
