package board

import (
	"errors"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/check"
)

func TestMayBeSubmitted(t *testing.T) {
	finding := func(s check.Severity) check.Verdict {
		return check.Verdict{Findings: []check.Finding{{Severity: s, Fault: "TP 3 does not divide 32 heads", Fix: "take 2"}}}
	}
	for name, c := range map[string]struct {
		row  Row
		want string // of the refusal; empty: it may
	}{
		"fine":    {Row{}, ""},
		"warned":  {Row{Verdict: finding(check.SeverityWarning)}, ""},
		"illegal": {Row{Experiment: model.Experiment{ID: "E1"}, Verdict: finding(check.SeverityError)}, "E1 refused: TP 3 does not divide 32 heads"},
		"broken":  {Row{Problem: "line 4: unknown key"}, "line 4: unknown key"},
	} {
		err := c.row.Refusal()
		if (err == nil) != (c.want == "") || c.row.OK() != (c.want == "") || err != nil && (!errors.Is(err, model.ErrInvalid) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
