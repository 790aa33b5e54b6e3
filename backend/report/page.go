package report

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"image/color"
	"io"
	"regexp"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"shardeck/model"
	"shardeck/model/figure"
	"shardeck/model/page"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/templates"
)

// WritePage writes a page as HTML that needs nothing beside it. It follows from the page alone, byte by byte.
func WritePage(w io.Writer, p page.Page) error {
	css, err := templates.FS.ReadFile("report/page.css")
	js, errJS := templates.FS.ReadFile("report/page.js")
	t, errPage := template.New("page.html").Funcs(template.FuncMap{"svg": panelSVG, "palette": palette, "legend": keys,
		"areas": areas, "stripKeys": stripKeys}).
		ParseFS(templates.FS, "report/page.html")
	if err = cmp.Or(err, errJS, errPage); err != nil {
		return err
	}
	err = t.Execute(w, struct {
		page.Page
		Style  template.CSS
		Script template.JS
		Data   page.Page
	}{p, template.CSS(css), template.JS(js), p})
	if err != nil {
		return fmt.Errorf("cannot write the page: %w", err)
	}
	return nil
}

// Size of a panel on a page, in points: as text of 10 is read on a telephone.
const panelWide, panelHigh = 336, 225

// pageStyles are styles whose colours stand for the page's own: of the i-th series hue(i) and rim(i). Parts of bars keep theirs, which
// the page knows by their names.
func pageStyles(names []string) map[string]style {
	all := stylesOf(names)
	for i, name := range names {
		if s := all[name]; !s.part {
			s.line.Color, s.bar.Color, s.mark.Color, s.ideal.Color = hue(i), hue(i), hue(i), hue(i)
			shape := marks[i%len(marks)].(mark)
			shape.rim = rim(i)
			s.mark.Shape = shape
			all[name] = s
		}
	}
	return all
}

func hue(i int) color.RGBA { return color.RGBA{0xf0, uint8(i / 256), uint8(i), 0xff} }
func rim(i int) color.RGBA { return color.RGBA{0xf1, uint8(i / 256), uint8(i), 0xff} }

var (
	standIn = regexp.MustCompile(`#F([01])([0-9A-F]{2})([0-9A-F]{2})\b`)
	size    = regexp.MustCompile(`<svg width="[^"]*" height="[^"]*"`)
	fonts   = regexp.MustCompile(`font-family:[^;"]*;?|font-variant:[^;"]*;?`)
)

// themed are the colours of charts as the page names them.
var themed = func() *strings.Replacer {
	pairs := []string{"\n\t", " ", code(ink), "var(--ink)", code(grey), "var(--grey)", code(faint), "var(--faint)", "#FFFFFF", "var(--paper)"}
	for name, c := range partHues {
		pairs = append(pairs, code(c), "var(--"+model.Slug(name, "-")+")")
	}
	return strings.NewReplacer(pairs...)
}()

func code(c color.RGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

// panelSVG is a panel of a figure, without its title; over each point lies a mark that says what it is.
func panelSVG(f figure.Figure, p figure.Panel) template.HTML {
	names := figure.Names(f.Panels)
	p.Title = ""
	high := vg.Length(panelHigh)
	if len(p.Bars) > 0 || p.Heat != nil {
		high = paperHeight(p, panelWide)
	}
	canvas := vgsvg.New(panelWide, high)
	area := draw.Crop(draw.New(canvas), vg.Points(18), -vg.Points(4), 0, -vg.Points(6))
	c := chart(p, pageStyles(names))
	c.Draw(area)
	drawLabel(area, c, p.Y)
	var out strings.Builder
	if p.Nothing() {
		area.FillText(textStyle(11, grey, draw.XCenter, draw.YCenter), area.Center(), p.Empty)
	}
	_, _ = canvas.WriteTo(&out) // into memory
	text := out.String()
	text = text[strings.Index(text, "<svg"):strings.LastIndex(text, "</svg>")]
	text = standIn.ReplaceAllStringFunc(themed.Replace(text), func(code string) string {
		var kind, i int
		fmt.Sscanf(code, "#F%1x%4x", &kind, &i)
		return fmt.Sprintf("var(--%c%d)", "sr"[kind], i)
	})
	text = size.ReplaceAllString(fonts.ReplaceAllString(text, ""), `<svg role="img" aria-label="`+html.EscapeString(p.Y+" against "+p.X)+`"`)
	return template.HTML(text + over(f.Name, p, names, func(x, y float64) (vg.Length, vg.Length) {
		data := c.DataCanvas(area)
		toX, toY := c.Transforms(&data)
		return toX(x), high - toY(y)
	}) + "</svg>\n")
}

// over are the marks over the points of a panel.
func over(of string, p figure.Panel, names []string, at func(x, y float64) (vg.Length, vg.Length)) string {
	var out strings.Builder
	for _, s := range p.Series {
		for _, point := range s.Points {
			x, y := at(point.X, point.Value)
			fmt.Fprintf(&out, `<circle class="pt s%d" data-x="%s" cx="%.1f" cy="%.1f" r="9"><title data-k="%s">%s</title></circle>`+"\n",
				slices.Index(names, s.Name), exact(point.X), x, y, html.EscapeString(of+", "+point.Run), html.EscapeString(pointWords(p, s.Name, point)))
		}
	}
	return out.String()
}

// pointWords say what a point is: run, layout, both values, n and spread.
func pointWords(p figure.Panel, series string, x scaling.ChartPoint) string {
	n, spread := "", ""
	if x.N > 0 {
		n = "n = " + unit.Int(x.N)
	}
	if x.Spread > 0 {
		spread = "spread " + unit.Number(x.Spread, 1) + " %"
	}
	if x.Foretold {
		low, high := x.Range()
		n = fmt.Sprintf("forecast, four of five between %s and %s", unit.Significant(low), unit.Significant(high))
	}
	return present.Joined(x.Run, x.Label, series, p.X+" "+short(x.X), p.Y+" "+unit.Significant(x.Value), n, spread, x.Changed, x.Unsure)
}

// palette gives the series of a figure their colours.
func palette(f figure.Figure) template.CSS {
	var out strings.Builder
	for i := range figure.Names(f.Panels) {
		fmt.Fprintf(&out, "--s%d:%s;--r%d:var(--paper);", i, code(hues[i%len(hues)]), i)
	}
	return template.CSS(out.String())
}

// key is an entry of a legend: a page with JavaScript turns what has its colour off and on.
type key struct {
	Name, Colour  string // Colour as the page calls it
	Series        string // its number among the series of the figure; of a part of bars its colour
	Dash, Corners string
	Width         float64 // of the line
	Part          bool
}

// keys are the legend of a figure.
func keys(f figure.Figure) []key {
	all, styles := figure.Names(f.Panels), stylesFor(f.Panels)
	out := make([]key, len(all))
	for i, name := range all {
		look, series := styles[name], unit.Int(i)
		out[i] = key{Name: name, Colour: "s" + series, Series: series, Dash: dashed(look.line.Dashes), Width: float64(look.line.Width),
			Corners: corners(marks[i%len(marks)].(mark)), Part: look.part}
		if look.part {
			out[i].Colour = model.Slug(name, "-")
			out[i].Series = out[i].Colour
		}
	}
	if hasIdeal(f.Panels) {
		out = append(out, key{Name: idealName, Colour: "grey", Dash: dashed(idealDashes), Width: 1})
	}
	return out
}

// dashed are the lengths of dashes and gaps; empty: a whole line.
func dashed(lengths []vg.Length) string {
	return strings.Trim(fmt.Sprint(lengths), "[]")
}

// corners are those of a mark in the middle of a key.
func corners(m mark) string {
	out := model.Each(m.outline(vg.Point{X: 14, Y: 6}, 4.2), func(at vg.Point) string { return fmt.Sprintf("%.1f,%.1f", at.X, 12-at.Y) })
	return strings.Join(out, " ")
}

// stripParts are what a strip shows, from the bottom; the rest is idle.
var stripParts = []string{"compute", "transfer", "wait", "unmatched"}

// stripKeys is the legend of a timeline.
func stripKeys(strips []page.Strip) []key {
	all := slices.DeleteFunc(slices.Clone(stripParts), func(name string) bool {
		return !slices.ContainsFunc(strips, func(s page.Strip) bool { return s.Parts[name] != nil })
	})
	bars := []figure.Bar{{Parts: model.Each(all, func(name string) figure.Part { return figure.Part{Name: name} })}}
	return keys(figure.Figure{Panels: []figure.Panel{{Bars: bars}}})
}

// area is what one part takes of a strip; Bins is how many there are.
type area struct {
	Name, Path string
	Bins       int
}

// areas are those of a strip, on each other, a step a bin.
func areas(s page.Strip) (out []area) {
	var below []int
	for _, name := range stripParts {
		bins := s.Parts[name]
		if len(bins) == 0 {
			continue
		}
		if below == nil {
			below = make([]int, len(bins))
		}
		above := make([]int, len(bins))
		for i := range bins {
			above[i] = min(below[i]+bins[i], 100)
		}
		out = append(out, area{name, between(above, below), len(bins)})
		below = above
	}
	return out
}

// between is the area between two lines of steps, from the left along the upper one and back along the lower.
func between(above, below []int) string {
	var out strings.Builder
	fmt.Fprintf(&out, "M0 %d", 100-above[0])
	for i := 1; i < len(above); i++ {
		if above[i] != above[i-1] {
			fmt.Fprintf(&out, "H%dV%d", i, 100-above[i])
		}
	}
	fmt.Fprintf(&out, "H%dV%d", len(above), 100-below[len(below)-1])
	for i := len(below) - 1; i > 0; i-- {
		if below[i] != below[i-1] {
			fmt.Fprintf(&out, "H%dV%d", i, 100-below[i-1])
		}
	}
	return out.String() + "H0Z"
}
