package experiments

import (
	"strings"
	"testing"

	"shardeck/ui/panetest"
)

// TestWhatTellsApartIsShown: of experiments with one layout the board says how else they
// differ, and a column in which all are alike leaves its room to that.
func TestWhatTellsApartIsShown(t *testing.T) {
	l := panetest.New()
	for i := range l.Rows {
		l.Rows[i].Analysis = nil
		l.Rows[i].Experiment.Data.SeqLen = 2048
	}
	l.Rows[1].Experiment.Data.SeqLen = 16384
	l.Rows[2].Experiment.Comm.AllReduce = "nccl"
	l.Rows[2].Experiment.Comm.All2All = "deepep_low_latency"
	d := drive(t, l, 80, 18).Expect("also", "16K in", "nccl, deepep ll").Absent("tok/s", "2 048 in")
	d.Press("/").Type("also:~nccl").Expect("E1.3").Absent("E1.2 ")
}

// TestAlikeColumnsStayWhereThereIsRoom: they go first, not always.
func TestAlikeColumnsStayWhereThereIsRoom(t *testing.T) {
	l := panetest.New()
	for i := range l.Rows {
		l.Rows[i].Experiment.Layout.PP, l.Rows[i].Experiment.Model.Name = 1, "meta-llama/Llama-3.1-8B"
	}
	drive(t, l, 160, 18).Expect(" PP ", "Llama-3.1")
	drive(t, l, 52, 18).Absent(" PP ", "Llama-3.1 ").Expect(" TP ", "tok/s", "comm")
}

// TestOneLongNameLeavesRoom: an id as long as a sentence does not push all else out, and a
// file without an id has the name of its file.
func TestOneLongNameLeavesRoom(t *testing.T) {
	l := panetest.New()
	l.Rows[1].Experiment.ID = "E1.2-" + strings.Repeat("sehr-lang-日本語-", 5)
	last := len(l.Rows) - 1
	l.Rows[last].Experiment.ID = ""
	drive(t, l, 80, 18).Expect("E1.2-sehr-lang", "TP PP DP EP", "tok/s", "E9.9.yaml").Check()
}
