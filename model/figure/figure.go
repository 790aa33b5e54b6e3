// Package figure is charts as data: panels of lines, bars or cells, whatever they are drawn on, with the caption that says n and spread and
// the records of their CSV. kinds.go makes them of results; numbers come from there as they are.
package figure

import (
	"fmt"
	"strconv"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
)

// Figure is what a page or a paper shows under one caption.
type Figure struct {
	Name    string  `json:"name"`  // scaling, frontier …
	Title   string  `json:"title"` // what of what
	Panels  []Panel `json:"panels"`
	Caption string  `json:"caption"` // what is drawn, n, spread and signs, in sentences
}

// Panel is one chart: of Series, else of Bars, else of Heat.
type Panel struct {
	Title  string                `json:"title"`
	X      string                `json:"x"` // axis labels, with units
	Y      string                `json:"y"`
	Series []scaling.ChartSeries `json:"series,omitempty"`
	Ideal  bool                  `json:"ideal,omitempty"` // a dotted line at 100 (efficiency), or through the Ideal of each series' points
	Kind   Kind                  `json:"kind"`            // what Y is
	Empty  string                `json:"empty,omitempty"` // what stands in the panel when no series has a point
	Scale  Scale                 `json:"scale"`           // of both axes
	Nodes  []float64             `json:"nodes,omitempty"` // X at which a node is full, marked
	Bars   []Bar                 `json:"bars,omitempty"`  // from the top
	Heat   *Heat                 `json:"heat,omitempty"`
}

// Scale of a panel's axes.
type Scale int

// The scales: each axis as its values ask for, or both as told.
const (
	Auto Scale = iota
	Linear
	Log
	LogX // and Y linear
)

// Kind of a panel's Y, which decides its scale.
type Kind int

// The kinds: a rate grows with GPUs, a time falls, an efficiency is a percentage of 100; a tradeoff has values on both axes.
const (
	Rate Kind = iota
	Time
	Efficiency
	Tradeoff
)

// Bar is one row of a panel; its parts lie along X and need not touch.
type Bar struct {
	Name  string `json:"name"`
	Parts []Part `json:"parts"`
}

// Part of a bar: equal names have equal colours.
type Part struct {
	Name string  `json:"name"`
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Text string  `json:"text"` // its value, for where there is room
}

// Heat is values by row and column; Level, from 0 to 1, is how dark a cell is.
type Heat struct {
	Rows    []string     `json:"rows"`
	Columns []string     `json:"columns"`
	Cells   [][]HeatCell `json:"cells"`
}

// HeatCell is a value, or the sign of why there is none.
type HeatCell struct {
	Text  string   `json:"text"`
	Level float64  `json:"level"`
	Value *float64 `json:"value"` // nil: there is none
	N     int      `json:"n"`
}

// Points are those of all series.
func (p Panel) Points() (all []scaling.ChartPoint) {
	for _, s := range p.Series {
		all = append(all, s.Points...)
	}
	return all
}

// Nothing reports whether there is nothing to draw, as Empty says.
func (p Panel) Nothing() bool { return len(p.Points()) == 0 && len(p.Bars) == 0 && p.Heat == nil }

// Names lists what has a colour in some panels, in order of first appearance: series, and parts of bars.
func Names(panels []Panel) []string {
	var all []string
	for _, p := range panels {
		for _, s := range p.Series {
			if len(s.Points) > 0 {
				all = append(all, s.Name)
			}
		}
		for _, b := range p.Bars {
			all = append(all, model.Each(b.Parts, func(part Part) string { return part.Name })...)
		}
	}
	return model.Each(model.Grouped(all, func(name string) string { return name }), func(g model.Group[string, string]) string { return g.Key })
}

// Records are the numbers of a figure as rows of a file, a header first, in full precision.
func (f Figure) Records() [][]string {
	out := [][]string{{"panel", "series", "of", "x", "value", "bar_low", "bar_high", "n", "forecast"}}
	exact := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, p := range f.Panels {
		title := model.First([]string{p.Title, p.Y, f.Name}, func(s string) bool { return s != "" })
		for _, s := range p.Series {
			for _, x := range s.Points {
				low, high := x.Range()
				out = append(out, []string{*title, s.Name, x.Run, exact(x.X), exact(x.Value), exact(low), exact(high),
					strconv.Itoa(x.N), strconv.FormatBool(x.Foretold)})
			}
		}
		for _, b := range p.Bars {
			for _, part := range b.Parts {
				out = append(out, []string{*title, part.Name, b.Name, "", exact(part.To - part.From), exact(part.From), exact(part.To), "", "false"})
			}
		}
		if p.Heat == nil {
			continue
		}
		for i, row := range p.Heat.Cells {
			for k, c := range row {
				value := c.Text
				if c.Value != nil {
					value = exact(*c.Value)
				}
				out = append(out, []string{*title, p.Heat.Columns[k], p.Heat.Rows[i], "", value, "", "", strconv.Itoa(c.N), "false"})
			}
		}
	}
	return out
}

// sampled says how many samples points stand for, and how far those lie apart at most.
func sampled(panels ...Panel) string {
	least, most, points, spread, foretold := 0, 0, 0, 0.0, false
	for _, p := range panels {
		for _, x := range p.Points() {
			if foretold = foretold || x.Foretold; x.Foretold || x.N == 0 {
				continue
			}
			if least == 0 {
				least = x.N
			}
			least, most, points, spread = min(least, x.N), max(most, x.N), points+1, max(spread, x.Spread)
		}
	}
	text := ""
	switch {
	case most == 0:
	case points == 1:
		text = fmt.Sprintf("The point is a median, n = %d", most)
	case least == most:
		text = fmt.Sprintf("Points are medians, n = %d each", most)
	default:
		text = fmt.Sprintf("Points are medians, n = %d to %d", least, most)
	}
	if spread > 0 {
		text += fmt.Sprintf("; bars are the range of the samples, at most %s %% of the median", unit.Number(spread, 1))
	}
	if text != "" {
		text += "."
	}
	if foretold {
		text += " Hollow marks are forecasts, their bars the interval that is to hold four of five."
	}
	return text
}
