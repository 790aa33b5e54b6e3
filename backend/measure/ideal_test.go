package measure

import (
	"math"
	"testing"
)

func TestIdealIsNamedWhereItIsDrawn(t *testing.T) {
	c := Chart{Series: []ChartSeries{{Points: []ChartPoint{{Value: 1, Ideal: 1}, {Value: 2, Ideal: math.NaN()}}}}}
	if !c.scales() {
		t.Error("a chart over GPUs has an ideal")
	}
	c.Series[0].Points = c.Series[0].Points[1:] // its ideal is not known
	if c.scales() {
		t.Error("no point has an ideal")
	}
}
