package scaling

import "testing"

func TestIdealIsNamedWhereItIsDrawn(t *testing.T) {
	c := Chart{Series: []ChartSeries{{Points: []ChartPoint{{Value: 1, Ideal: 1}, {Value: 2, Ideal: 0}}}}}
	if !c.HasIdeal() {
		t.Error("a chart over GPUs has an ideal")
	}
	c.Series[0].Points = c.Series[0].Points[1:] // its ideal is not known
	if c.HasIdeal() {
		t.Error("no point has an ideal")
	}
}

func TestQuantitiesOfPoints(t *testing.T) {
	s := Series{Name: "a", Points: []Point{{Run: "one", Y: 100, Spread: 3, Speedup: 1, Efficiency: 100}, {Run: "two", Y: 150, Spread: 2, Speedup: 1.5, Efficiency: 75}, {Run: "other", Y: 7}}}
	for title, want := range map[string][2]ChartPoint{
		"throughput":     {{Value: 150, Spread: 2, Ideal: 200}, {Value: 7}},
		"iteration time": {{Value: 150, Spread: 2, Ideal: 112.5}, {Value: 7}},
		"TTFT":           {{Value: 150, Spread: 2}, {Value: 7}},
		"speed-up":       {{Value: 1.5, Ideal: 2}},
		"efficiency":     {{Value: 75, Ideal: 100}},
	} {
		q := QuantityOf(title)
		got := append(q.Draw(s).Points, ChartPoint{})
		for i, w := range want {
			if g := got[i+1]; g.Value != w.Value || g.Spread != w.Spread || g.Ideal != w.Ideal || q.HasIdeal() != (want[0].Ideal > 0) {
				t.Errorf("%s: %+v, want %+v", title, g, w)
			}
		}
	}
}

func TestNamesAreFactored(t *testing.T) {
	names := []string{"Llama · batch 4 · TP", "Llama · batch 4 · PP"}
	if c := CommonName(names); c != "Llama · batch 4" || OwnName(names[1], c) != "PP" || OwnName(c, c) != "" || CommonName(nil) != "" {
		t.Errorf("%q", c)
	}
}
