package model

import (
	"strings"
	"testing"
)

func TestCheckID(t *testing.T) {
	for id, ok := range map[string]bool{
		"E1.1": true, "S.tp1.b1.s2048": true, "a": true, "9-x_y": true, strings.Repeat("a", 64): true,
		"": false, ".hidden": false, "-rf": false, "a b": false, "a/b": false, "a;b": false, "é": false,
		"a\n": false, strings.Repeat("a", 65): false,
	} {
		if err := CheckID(id); (err == nil) != ok {
			t.Errorf("CheckID(%q) = %v, want ok %v", id, err, ok)
		}
	}
	if err := CheckID(strings.Repeat("a", 65)); !strings.Contains(err.Error(), "up to 64 letters") {
		t.Errorf("too long: %v", err)
	}
}

func TestCheckOutputDir(t *testing.T) {
	for dir, ok := range map[string]bool{
		"trace_collection": false, "experiments": false, "experiments/configs": false, ".shardeck": false, ".shardeck/local/x": false,
		"logs":                  false,
		"experiments/results/x": true, "logs/x": true, "trace_collections": true,
		"trace_collection/llama-8b-tp1": true, "llama-8b-tp2": true, "/pscratch/sd/a/x+y=1,2": true,
		"": false, "/": false, ".": false, "..": false, "a/../b": false, "../a": false, "a//b": false, "a/": false, "./a": false,
		"a b": false, "~/a": false, "$HOME/a": false, "a@1": false, "a.tmp-12": false, "a\n": false, "a'b": false,
	} {
		if err := CheckOutputDir(dir); (err == nil) != ok {
			t.Errorf("CheckOutputDir(%q) = %v, want ok %v", dir, err, ok)
		}
	}
}

func TestCheckSlurmValues(t *testing.T) {
	for _, c := range []struct {
		what  string
		check func(string) error
		value string
		ok    bool
	}{
		{"word", CheckSlurmWord, "m1234_g", true}, {"word", CheckSlurmWord, "", true},
		{"word", CheckSlurmWord, "m1\n#SBATCH -N 9", false}, {"word", CheckSlurmWord, "$(id)", false},
		{"constraint", CheckConstraint, "gpu&hbm80g", true}, {"constraint", CheckConstraint, "[gpu*2&cpu]", true},
		{"constraint", CheckConstraint, "gpu & x", false}, {"constraint", CheckConstraint, "a\"b", false},
		{"time", CheckTimeLimit, "00:30:00", true}, {"time", CheckTimeLimit, "30", true}, {"time", CheckTimeLimit, "2-00:00:00", true},
		{"time", CheckTimeLimit, "", false}, {"time", CheckTimeLimit, "1h", false}, {"time", CheckTimeLimit, "-1", false},
		{"env", CheckEnvName, "NCCL_DEBUG", true}, {"env", CheckEnvName, "1A", false}, {"env", CheckEnvName, "A=B", false},
		{"env", CheckEnvName, "", false},
	} {
		if err := c.check(c.value); (err == nil) != c.ok {
			t.Errorf("%s %q: %v, want ok %v", c.what, c.value, err, c.ok)
		}
	}
}

func TestNearest(t *testing.T) {
	keys := []string{"experiment_id", "description", "parallelism", "tp", "pp", "batch_size", "seq_len"}
	for _, c := range []struct{ word, want string }{
		{"experimentid", "experiment_id"},
		{"Description", "description"},
		{"paralelism", "parallelism"},
		{"tpp", "tp"},
		{"seqlen", "seq_len"},
		{"bacth_size", "batch_size"},
		{"qz", ""},
		{"x", ""},
		{"", ""},
		{"completely_else", ""},
		{strings.Repeat("a", 5000), ""},
	} {
		if got := Nearest(c.word, keys); got != c.want {
			t.Errorf("Nearest(%.20q) = %q, want %q", c.word, got, c.want)
		}
	}
}
