package compare

import (
	"math/rand/v2"
	"strings"
	"testing"

	"shardeck/model/metric"
)

func TestParseRule(t *testing.T) {
	for text, want := range map[string]Rule{
		"tpot>+3%":          {Metric: "tpot", Unit: "ms", Above: true, Limit: 3, Relative: true},
		" tpot > 3 % ":      {Metric: "tpot", Unit: "ms", Above: true, Limit: 3, Relative: true},
		" tpot > + 3 % ":    {Metric: "tpot", Unit: "ms", Above: true, Limit: 3, Relative: true},
		"throughput<-5%":    {Metric: "throughput_tokens_sec", Unit: "tok/s", Limit: -5, Relative: true},
		"ttft>200":          {Metric: "ttft", Unit: "ms", Above: true, Limit: 200},
		"ttft_p99>=200ms":   {Metric: "ttft_p99", Unit: "ms", Above: true, Limit: 200},
		"comm_overhead>30%": {Metric: "comm_overhead", Unit: "%", Above: true, Limit: 30},
		"comm_overhead>+3%": {Metric: "comm_overhead", Unit: "%", Above: true, Limit: 3, Relative: true},
		"mfu<.5":            {Metric: "mfu", Unit: "%", Limit: 0.5},
	} {
		want.Text = strings.TrimSpace(text)
		if got, err := ParseRule(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{"": "no rule", "tpot": "no rule", "tpot=3": "no rule", "tpto>3": "tpto",
		"tpot>+3": "a change is in %", "tpot>3s": "tpot is in ms",
		"tpot<-100%": "no value is beyond", "tpot>1e999": "no value is beyond", "tpot>+3%;rm": "tpot", "tpot>three": "no rule"} {
		if r, err := ParseRule(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %s", text, r, err, want)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	f.Add("tpot>+3%")
	f.Add("ttft_p99 <= -1e-9 ms")
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := ParseRule(text); err == nil && (r.Metric == "" || r.Limit != r.Limit) {
			t.Errorf("%q: %+v", text, r)
		}
	})
}

// within is a run alone, with iterations.
func within(name string, iterations ...float64) Side {
	s := side(rand.New(rand.NewPCG(1, 2)), name, 1, 1)
	s.Samples["tpot"] = metric.Samples{{Run: name, Value: metric.Median(iterations), Iterations: iterations}}
	return s
}

func TestJudge(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	none := within("none")
	delete(none.Samples, "tpot")
	other := within("other", 1, 1, 1, 1)
	e := *other.Run.Experiment
	e.Data.BatchSize = 8
	other.Run.Experiment = &e
	for _, c := range []struct {
		rule      string
		base, run Side
		failed    bool
		words     string
	}{
		{"tpot>+3%", within("a", 10, 10.1, 9.9, 10), within("b", 10.6, 10.7, 10.8, 10.7), true,
			"+7.0 %: surely above +3 % (4 against 4 iterations within one run, p 0.014)"},
		{"tpot>+3%", within("a", 10, 10.1, 9.9, 10), within("b", 10.2, 10.1, 10.3, 10.2), false, "not surely above +3 %"},
		{"tpot<-3%", within("a", 10, 10.1, 9.9, 10), within("b", 9, 9.1, 9.2, 9), true, "surely below -3 %"},
		{"tpot>+3%", within("a", 10, 10.1, 9.9), within("b", 20, 21, 22, 23), true,
			"n too small: 3 against 4 iterations within one run, and a gate needs 4 a side"},
		{"tpot>+3%", side(r, "a", 5, 10), side(r, "b", 5, 12), true, "surely above +3 % (5 against 5 runs, p 0.004)"},
		{"tpot>+3%", side(r, "a", 5, 10), within("b", 20, 21, 22, 23), true, "n too small: 5 against 1 runs"},
		{"tpot>+3%", within("a", 1, 1, 1, 1), none, true, "none has no tpot"},
		{"tpot>+3%", within("a", 1, 1, 1, 1), other, true, "not comparable: batch size differs"},
		{"tpot>9", within("a", 1), within("b", 9.1, 9.2, 9.3, 9.4), true, "surely above 9 (4 iterations within one run, p 0.062)"},
		{"tpot>9", within("a", 1), within("b", 8.1, 9.2, 9.3, 9.4), false, "not surely above 9"},
		{"tpot>9", within("a", 1), within("b", 9.1, 9.2, 9.3), true, "n too small: 3 iterations within one run"},
		{"tpot>9", within("a", 1), other, false, "not surely above 9"},
		{"tpot<9", within("a", 1), within("b", 8, 8, 8, 8, 8), true, "surely below 9"},
	} {
		rule, err := ParseRule(c.rule)
		if err != nil {
			t.Fatal(err)
		}
		if j := rule.Judge(c.base, c.run); j.Failed != c.failed || !strings.Contains(j.Words, c.words) || j.Unjudged != (c.failed && j.P == nil) {
			t.Errorf("%s: %+v, want %s", c.rule, j, c.words)
		}
	}
}

// The gate in simulated comparisons of five runs a side: without a difference, or one that is the margin itself, it fails at
// most 5 % of them; a true 5 % at a spread of 1 %, (max − min) / median, that is a standard deviation of 0.43 %, it finds in at
// least 90 %, with a margin of 3 % too.
func TestSimulatedGate(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	runs := func(name string, about, sd float64) Side {
		s := within(name, 1)
		s.Samples["tpot"] = nil
		for i := range 5 {
			s.Samples["tpot"] = append(s.Samples["tpot"],
				metric.RunSamples{Run: name + string(rune('0'+i)), Value: about * (1 + sd*r.NormFloat64())})
		}
		return s
	}
	for _, c := range []struct {
		rule        string
		true, sd    float64
		least, most int
	}{{"tpot>+0%", 0, 0.0043, 0, 50}, {"tpot>+0%", 0, 0.05, 0, 50}, {"tpot>+3%", 0, 0.01, 0, 50}, {"tpot>+3%", 0.03, 0.01, 0, 50},
		{"tpot>+3%", 0.05, 0.0043, 900, 1000}, {"tpot>+0%", 0.05, 0.01, 900, 1000}, {"tpot>+2%", 0.05, 0.01, 900, 1000}} {
		rule, _ := ParseRule(c.rule)
		failed := 0
		for range 1000 {
			if rule.Judge(runs("a", 10, c.sd), runs("b", 10*(1+c.true), c.sd)).Failed {
				failed++
			}
		}
		if failed < c.least || failed > c.most {
			t.Errorf("%+v: %d of 1,000 failed", c, failed)
		}
	}
}
