package present

import (
	"cmp"
	"fmt"
	"strings"

	"shardeck/model"
	"shardeck/model/forecast"
	"shardeck/model/present/unit"
)

// Calibrated is the constants of a calibration, a row a piece of a law, beside what the table of priors says; before gives that.
func Calibrated(all []forecast.Constant, before func(forecast.Constant) ([]forecast.Piece, string)) Table {
	t := Table{Name: "calibration", Columns: Columns("law…24", ">ranks/2", ">from/1", ">start|µs", ">rate", "unit", ">off|%/1", ">worst|%/4",
		">prior|µs/3", ">prior/3", "prior's source/5-24")}
	for _, c := range all {
		prior, source := before(c)
		for i, p := range c.Pieces {
			row := []Cell{{}, {}, dim(sizeFrom(c, i)), positive(p.T0 * 1e6), positive(p.Rate / rateScale(c.Law)), dim(rateUnit(c.Law, p)), {}, {}, {}, {}, {}}
			if i == 0 {
				row[0], row[1] = strong(strings.TrimSpace(words(string(c.Law))+" "+c.Operator)), Cell{Text: ranksOf(c)}
				row[6], row[7] = Cell{Text: unit.Number(c.Error, 1)}, Cell{Text: unit.Number(c.Worst, 0)}
				row[10] = dim(source)
			}
			if at := forecast.PieceAt(prior, sizeIn(c, i)); at != nil {
				row[8], row[9] = positive(at.T0*1e6), positive(at.Rate/rateScale(c.Law))
			}
			t.Add(row...)
		}
	}
	return t
}

// CalibrationSamples is the measurements of a calibration with their distance from the law.
func CalibrationSamples(m forecast.Calibration, all []forecast.Constant) Table {
	t := Table{Name: "samples", Columns: Columns("law…20", "operator", "shape/1", ">ranks", ">size", ">time|µs", ">rate", "unit", ">off|%",
		">n/2", ">spread|%/1")}
	for _, s := range m.Samples {
		off := Cell{}
		if v, ok := forecast.Residual(all, s); ok {
			off.Text = unit.Number(v, 1)
		}
		rate := Cell{}
		if s.Size() > 0 {
			rate = positive(s.Size() / s.Seconds / rateScale(s.Law))
		}
		t.Add(strong(words(string(s.Law))), dim(s.Operator), dim(strings.Trim(fmt.Sprint(s.Shape), "[]")),
			Cell{Text: fmt.Sprint(s.Group)}, dim(sizeText(s.Law, s.Size())), positive(s.Seconds*1e6), rate, dim(rateUnit(s.Law, forecast.Piece{Rate: 1})), off,
			Cell{Text: fmt.Sprint(s.N)}, Cell{Text: unit.Number(100*(s.High-s.Low)/s.Seconds, 1)})
	}
	return t
}

func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

// ranksOf is how many ranks took part, and on how many nodes: "8 on 2".
func ranksOf(c forecast.Constant) string {
	if c.Nodes > 1 {
		return fmt.Sprintf("%d on %d", c.Group, c.Nodes)
	}
	return fmt.Sprint(c.Group)
}

// positive is a value with the digits that count; 0 is none.
func positive(v float64) Cell {
	if v <= 0 {
		return dim("–")
	}
	return Cell{Text: unit.Significant(v)}
}

func rateScale(l forecast.Law) float64 {
	if l.Computes() {
		return 1e12
	}
	return 1e9
}

func rateUnit(l forecast.Law, p forecast.Piece) string {
	switch {
	case p.Rate <= 0:
		return ""
	case l.Computes():
		return "TFLOP/s"
	}
	return "GB/s"
}

// sizeFrom is where a piece of a law begins: the first at the smallest size that was measured.
func sizeFrom(c forecast.Constant, piece int) string {
	return sizeText(c.Law, cmp.Or(c.Pieces[piece].Above, c.Smallest))
}

func sizeText(l forecast.Law, size float64) string {
	switch {
	case size <= 0:
		return ""
	case l.Computes():
		return unit.Significant(size/1e9) + " GFLOP"
	}
	return unit.FileSize(int64(size))
}

// sizeIn is a size inside a piece of a law.
func sizeIn(c forecast.Constant, piece int) float64 {
	if piece+1 < len(c.Pieces) {
		return c.Pieces[piece+1].Above
	}
	return c.Largest
}

// CalibrationWords says what was measured where: "NVIDIA H200, 2 GPUs, bfloat16, nccl; torch 2.11.0 …; 30 Nov 2026 18:31".
func CalibrationWords(m forecast.Setting) string {
	on := unit.Plural(m.Ranks, "rank")
	if m.Nodes > 1 {
		on += " on " + unit.Plural(m.Nodes, "node")
	}
	var versions []string
	for _, name := range []string{"torch", "cuda", "nccl"} {
		if v := m.Versions[name]; v != "" {
			versions = append(versions, name+" "+model.Printable(v))
		}
	}
	return Joined(cmp.Or(m.GPU, "processors"), on, m.Precision, strings.Join(versions, ", "), "on "+m.Host, m.Date.Local().Format("2 Jan 2006 15:04"))
}
