package forecast

import (
	"math"
	"testing"
)

// The constants that made the samples come back: a line, a line in pieces with a jump, and sizes that cost nothing.
func TestFitPiecesFindsWhatMadeThem(t *testing.T) {
	line := Piece{T0: 5.65e-6, Rate: 3013e9}
	steps := []Piece{{T0: 9.7e-6}, {Above: 16384, T0: 12e-6, Rate: 75e9}, {Above: 524288, T0: 36e-6, Rate: 188e9}}
	for name, c := range map[string]struct {
		law  []Piece
		most int
	}{
		"a line": {[]Piece{line}, mostPieces}, "no start": {[]Piece{{Rate: 1e12}}, 1}, "flat": {[]Piece{{T0: 4e-6}}, mostPieces},
		"three pieces": {steps, mostPieces},
	} {
		var points []Point
		for size := 1024.0; size <= 1<<28; size *= 2 {
			points = append(points, Point{size, At(c.law, size)})
		}
		got := fitPieces(points, c.most)
		if len(got) != len(c.law) {
			t.Fatalf("%s: %d pieces: %+v", name, len(got), got)
		}
		for i, p := range got {
			if w := c.law[i]; math.Abs(p.T0-w.T0) > 1e-3*w.T0+1e-12 || math.Abs(p.Rate-w.Rate) > 1e-3*w.Rate || p.Above != w.Above {
				t.Errorf("%s, piece %d: %+v, want %+v", name, i, p, w)
			}
		}
	}
}

// Noise of a few percent makes no pieces, and bad measurements are left out.
func TestFitPiecesWithNoise(t *testing.T) {
	points := []Point{{1, 0}, {2, -1}, {3, math.NaN()}, {4, math.Inf(1)}}
	for i := range 20 {
		size := float64(int(1024) << i)
		points = append(points, Point{size, (10e-6 + size/200e9) * (1 + 0.03*float64(i%3-1))})
	}
	got := fitPieces(points, mostPieces)
	if len(got) != 1 || math.Abs(got[0].T0/10e-6-1) > 0.05 || math.Abs(got[0].Rate/200e9-1) > 0.05 {
		t.Errorf("%+v", got)
	}
	if fitPieces(points[:4], 1) != nil {
		t.Error("constants of nothing")
	}
}

// Each law has its own samples: by group and nodes, of GEMMs over all operators, of attention by its kind.
func TestConstants(t *testing.T) {
	c := Calibration{}
	add := func(law Law, operator string, group int, bytes, flops, seconds float64) {
		c.Samples = append(c.Samples, Sample{Law: law, Operator: operator, Group: group, Nodes: 1, Bytes: bytes, FLOPs: flops, Seconds: seconds})
	}
	for i := 1.0; i <= 4; i++ {
		add(AllReduce, "", 2, i*1e6, 0, 1e-5+i*1e6/100e9)
		add(AllReduce, "", 4, i*1e6, 0, 2e-5+i*1e6/50e9)
		add(DecodeGEMM, []string{"", "qkv", "o", "gate_up", "down"}[int(i)], 1, i*1e8, 9, 5e-6+i*1e8/3e12)
		add(PrefillGEMM, "qkv", 1, 9, i*1e12, 2e-5+i*1e12/700e12)
		add(DecodeAttention, "gqa", 1, i*1e8, 0, 1e-5+i*1e8/1e12)
		add(DecodeAttention, "mla", 1, i*1e8, 0, 1e-5+i*1e8/2e12)
	}
	all := c.Constants()
	want := []struct {
		law      Law
		operator string
		group    int
		rate     float64
	}{{DecodeGEMM, "", 1, 3e12}, {PrefillGEMM, "", 1, 700e12}, {DecodeAttention, "gqa", 1, 1e12}, {DecodeAttention, "mla", 1, 2e12},
		{AllReduce, "", 2, 100e9}, {AllReduce, "", 4, 50e9}}
	if len(all) != len(want) {
		t.Fatalf("%+v", all)
	}
	for i, w := range want {
		got := all[i]
		if got.Law != w.law || got.Operator != w.operator || got.Group != w.group || math.Abs(got.Pieces[0].Rate/w.rate-1) > 1e-6 ||
			got.Worst > 1e-6 || got.N != 4 {
			t.Errorf("%+v, want %+v", got, w)
		}
	}
	off := c.Samples[0]
	off.Seconds *= 2
	if got, ok := Residual(all, off); !ok || math.Abs(got-50) > 1e-6 {
		t.Errorf("a sample twice as slow as its law is %v %% above it", got)
	}
}

// A model takes the attention of its own kind, whichever was measured last.
func TestAttentionOfTheModelsKind(t *testing.T) {
	c := Calibration{Setting: Setting{GPU: h100.Names[0]}}
	for i := 1.0; i <= 4; i++ {
		for operator, rate := range map[string]float64{GroupedOperator: 3e12, LatentOperator: 1e12} {
			c.Samples = append(c.Samples, Sample{Law: DecodeAttention, Operator: operator, Group: 1, Nodes: 1, Bytes: i * 1e8,
				Seconds: 1e-5 + i*1e8/rate})
		}
	}
	l := Fit(table(), []Calibration{c}, tp1Runs(t, "torch"))
	if got := l.groups[0].m.priors[attentionBandwidth].Value; math.Abs(got-3000) > 1 {
		t.Errorf("a model of grouped-query attention reads its cache at %v GB/s", got)
	}
}
