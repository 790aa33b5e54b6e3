package board

import (
	"errors"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/metric"
)

func TestMayBeSubmitted(t *testing.T) {
	finding := func(s check.Severity) check.Verdict {
		return check.Verdict{Findings: []check.Finding{{Severity: s, Fault: "TP 3 does not divide 32 heads", Fix: "take 2"}}}
	}
	for name, c := range map[string]struct {
		row  Row
		want string // of the refusal; empty: it may
	}{
		"fine":   {Row{}, ""},
		"warned": {Row{Verdict: finding(check.SeverityWarning)}, ""},
		"illegal": {Row{Experiment: model.Experiment{ID: "E1"}, Verdict: finding(check.SeverityError)},
			"E1 refused: TP 3 does not divide 32 heads"},
		"broken": {Row{Problem: "line 4: unknown key"}, "line 4: unknown key"},
	} {
		err := c.row.Refusal()
		if (err == nil) != (c.want == "") || c.row.OK() != (c.want == "") ||
			err != nil && (!errors.Is(err, model.ErrInvalid) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestMarks: beside what the run tells, a GPU that is not the one planned for is marked; a replay's is never compared.
func TestMarks(t *testing.T) {
	planned := &model.GPU{Title: "A100-40GB", Names: []string{"NVIDIA A100-SXM4-40GB"}}
	on := func(gpu string) *metric.Analysis {
		return &metric.Analysis{Trace: &metric.TraceSummary{Ranks: []metric.RankSplit{{Device: gpu}}}}
	}
	for name, c := range map[string]struct {
		row  Row
		want string
		own  bool
	}{
		"no run":           {Row{Planned: planned}, "", true},
		"as planned":       {Row{Planned: planned, Run: &model.Run{GPU: "NVIDIA A100-SXM4-40GB"}}, "", true},
		"other, by run":    {Row{Planned: planned, Run: &model.Run{GPU: "NVIDIA H100"}}, "measured on NVIDIA H100, not A100-40GB", false},
		"other, by trace":  {Row{Planned: planned, Run: &model.Run{}, Analysis: on("NVIDIA L4")}, "measured on NVIDIA L4, not A100-40GB", false},
		"not known":        {Row{Planned: planned, Run: &model.Run{}}, "", true},
		"nothing planned":  {Row{Run: &model.Run{GPU: "NVIDIA H100"}}, "", true},
		"replay elsewhere": {Row{Planned: planned, Run: &model.Run{GPU: "NVIDIA H100", Replay: true}}, "replay of a recording", true},
	} {
		text := ""
		for _, m := range c.row.Marks() {
			text += m.Text
		}
		if text != c.want || c.row.Own() != c.own {
			t.Errorf("%s: %q, own %v", name, text, c.row.Own())
		}
	}
}
