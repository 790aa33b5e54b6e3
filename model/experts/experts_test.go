package experts

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"shardeck/model/metric"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Four experts on two ranks; expert 0 takes most tokens of the prefill.
func skewed() Counts {
	return Counts{Experts: 4, TopK: 1, Owner: []int{0, 0, 1, 1}, Layers: []int{1, 2}, Steps: []Step{
		{Phase: metric.Prefill, Tokens: 100, Counts: [][]int{{60, 20, 10, 10}, {25, 25, 25, 25}}},
		{Phase: metric.Decode, Tokens: 2, Counts: [][]int{{1, 1, 0, 0}, {1, 0, 1, 0}}},
		{Phase: metric.Decode, Tokens: 2, Counts: [][]int{{2, 0, 0, 0}, {0, 1, 0, 1}}},
	}}
}

func TestPrefillIsLoadedByTokens(t *testing.T) {
	b, err := skewed().Of(metric.Prefill)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "imbalance", b.Imbalance, (80+50)/100.)
	near(t, "placed", b.Placed, (70+50)/100.) // expert 0 with one of 10: no more than two fit
	near(t, "rank 0", b.Loads[0], 1.3)
	near(t, "rank 1", b.Loads[1], 0.7)
	near(t, "tax", b.Tax(13), 3)
	near(t, "gain", b.Gain(13), 1)
	if b.Fullest != 0 || b.Waits != 1 || b.Worst != 1 || b.Steps != 1 {
		t.Errorf("%+v", b)
	}
}

func TestDecodeIsLoadedByTheExpertsTouched(t *testing.T) {
	b, err := skewed().Of(metric.Decode)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "imbalance", b.Imbalance, (2+1+1+1)/(1+0.5+1+1))
	near(t, "touched", b.Touched, 7/4.)
	if b.Fullest != 0 || b.Steps != 2 {
		t.Errorf("%+v", b)
	}
}

// Tokens that ranks routed add up, and so do stages with other layers.
func TestFilesOfARunAddUp(t *testing.T) {
	one, other := skewed(), skewed()
	all, err := Sum([]Counts{one, other})
	if err != nil || all.Steps[0].Tokens != 200 || all.Steps[0].Counts[0][0] != 120 {
		t.Errorf("%+v, %v", all, err)
	}
	other.Layers = []int{3, 4}
	all, err = Sum([]Counts{one, other})
	if err != nil || fmt.Sprint(all.Layers) != "[1 2 3 4]" || all.Steps[0].Tokens != 100 || all.Steps[0].Counts[2][0] != 60 {
		t.Errorf("%+v, %v", all, err)
	}
	other.Steps = other.Steps[:1]
	if _, err := Sum([]Counts{one, other}); err == nil {
		t.Error("files of two passes were added")
	}
	if _, err := Sum(nil); err == nil {
		t.Error("nothing was added")
	}
}

func TestNothingToBalance(t *testing.T) {
	c := skewed()
	c.Owner = nil
	if _, err := c.Of(metric.Decode); err == nil || !strings.Contains(err.Error(), "a slice of every expert") {
		t.Error(err)
	}
	c = skewed()
	c.Steps = c.Steps[:1]
	if _, err := c.Of(metric.Decode); err == nil || err.Error() != "no decode step was counted" {
		t.Error(err)
	}
}

func TestDamagedCountsAreRefused(t *testing.T) {
	for _, text := range []string{"", "{}", `{"experts": 2, "owner": [0]}`, `{"experts": 1, "layers": [0], "steps": [{"counts": [[1, 2]]}]}`,
		`{"experts": 1, "layers": [0], "steps": [{"counts": []}]}`} {
		if _, err := Read([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// Engine torch on two H200: DeepSeek-V2-Lite with EP=2, eight requests, three of its layers; the router is random.
func TestARecordedPass(t *testing.T) {
	var files []Counts
	for _, name := range []string{"testdata/experts_0.json", "testdata/experts_1.json"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Read(text)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, c)
	}
	all, err := Sum(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, phase := range []string{metric.Prefill, metric.Decode} {
		b, err := all.Of(phase)
		if err != nil || !b.Random || b.Imbalance < 1 || b.Imbalance > 1.5 || b.Placed < 1 || b.Placed > b.Imbalance || b.Touched > 64 {
			t.Errorf("%+v, %v", b, err)
		}
	}
	if s := all.Steps[0]; s.Tokens != 8*512 || s.Tokens*all.TopK != sum(s.Counts[0]) {
		t.Errorf("%d tokens, %d choices", s.Tokens, sum(s.Counts[0]))
	}
}

func sum(list []int) (n int) {
	for _, v := range list {
		n += v
	}
	return n
}
