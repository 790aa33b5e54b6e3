package model

import (
	"strings"
	"testing"
)

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
