package experiments

import (
	"slices"
	"strings"
	"testing"

	"shardeck/ui/panetest"
)

// TestWhatTellsApartIsShown: of experiments with one layout the board says how else they
// differ, and a column in which all are alike leaves its room to that.
func TestWhatTellsApartIsShown(t *testing.T) {
	w := panetest.Open(t)
	w.Remove("trace_collection")
	w.Replace(w.Config("E1.2"), "seq_len: 2048", "seq_len: 16384")
	w.Replace(w.Config("E1.3"), "output_dir", "comm: {all_reduce: nccl, all2all: deepep_low_latency}\noutput_dir")
	d := drive(t, w, 80, 18).Expect("also", "16K in", "nccl, deepep ll").Absent("tok/s", "2 048 in")
	d.Press("/").Type("also:~nccl").Expect("E1.3").Absent("E1.2 ")
}

// TestAlikeColumnsStayWhereThereIsRoom: they go first, not always.
func TestAlikeColumnsStayWhereThereIsRoom(t *testing.T) {
	w := panetest.Analysed(t)
	w.Replace(w.Config("E1.6"), "pp: 2", "pp: 1")
	for _, id := range []string{"E2.1", "E3.1", "E3.2"} {
		w.Replace(w.Config(id), w.Row(id).Experiment.Model.Name, "meta-llama/Llama-3.1-8B")
	}
	drive(t, w, 160, 18).Expect(" PP ", "Llama-3.1")
	drive(t, w, 52, 18).Absent(" PP ", "Llama-3.1 ").Expect(" TP ", "tok/s", "comm")
}

// TestOneLongNameLeavesRoom: an id as long as a sentence does not push all else out, and a
// file without an id has the name of its file.
func TestOneLongNameLeavesRoom(t *testing.T) {
	w := panetest.Open(t)
	w.Replace(w.Config("E1.2"), "experiment_id: E1.2", "experiment_id: E1.2-"+strings.Repeat("very-long-", 5))
	w.Replace(w.Config("E9.9"), "experiment_id: E9.9\n", "")
	drive(t, w, 80, 18).Expect("E1.2-very-", "TP PP DP EP", "tok/s", "E9.9_mistyped").Check()
}

func TestFlowed(t *testing.T) {
	if got := flowed(12, "one", "", "two", "a long part", "three four five"); !slices.Equal(got,
		[]string{"one · two", "a long part", "three four", "five"}) {
		t.Errorf("%q", got)
	}
}
