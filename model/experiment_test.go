package model

import (
	"testing"

	"gopkg.in/yaml.v3"
)

// TestResultDir: a run under nsys never lies where a plain one does.
func TestResultDir(t *testing.T) {
	asks := Profiling{Nsys: true}
	for _, c := range []struct {
		e    Experiment
		nsys bool
		want string
	}{
		{Experiment{OutputDir: "t/a"}, false, "t/a"},
		{Experiment{OutputDir: "t/a"}, true, "t/a-nsys"},
		{Experiment{OutputDir: "t/a", Profiling: asks}, false, "t/a-nsys"},
		{Experiment{OutputDir: "t/a", Profiling: asks, Engine: EngineReplay}, false, "t/a"},
		{Experiment{Profiling: asks}, true, ""},
	} {
		if got := c.e.ResultDir(c.nsys); got != c.want {
			t.Errorf("%+v, %v: %q, want %q", c.e, c.nsys, got, c.want)
		}
	}
}

func TestStateWords(t *testing.T) {
	for s, want := range map[JobState]string{JobPending: "waiting", JobCompleted: "done", "BOOT_FAIL": "boot fail"} {
		if got := s.Words(); got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}

func TestAutoInt(t *testing.T) {
	for in, want := range map[string]AutoInt{"auto": Auto, "3": 3, "1": 1} {
		var got AutoInt
		if err := yaml.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
		if got.String() != in {
			t.Errorf("%s comes back as %q", in, got)
		}
	}
	for _, in := range []string{"0", "-1", "often", "1.5", "[]", "99999999999999999999"} {
		got := AutoInt(7)
		if err := yaml.Unmarshal([]byte(in), &got); err == nil {
			t.Errorf("%s is taken as %v", in, got)
		}
	}
}
