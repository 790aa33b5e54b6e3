package metrics

import (
	"testing"

	"shardeck/ui/panetest"
)

func TestOpenedRunByRankPhaseAndType(t *testing.T) {
	d := at(t, panetest.New(), "llama-8b-tp2")
	column(t, d, "comm_overhead")
	d.Press("enter", "tab").Expect("▌ranks", "all", "9.62", "8.65", "10.58")
	if got := d.Pane().(*Pane).metricName(); got != "comm_overhead" {
		t.Errorf("at %s", got)
	}
	d.Press("d").Expect("union of communication intervals").Press("esc")
	d.Press("right")
	if got := d.Pane().(*Pane).metricName(); got != "exposed_comm" {
		t.Errorf("right led to %s", got)
	}
	d.Expect("1 MiB", "921.6 KiB").Absent("1 048 576")
	d.Press("left", "tab").Expect("▌phases", "prefill", "decode", "5.77", "10.58").Absent("exposed")
	d.Press("tab").Expect("▌collectives", "all_reduce", "4 096", "broadcast", "64")
	d.Press("tab").Expect("▌metrics", "▌ comm_overhead").Press("shift+tab").Expect("▌collectives").Press("esc").Expect("▌ llama-8b-tp2")
}

func TestRanksInOrderOfAMetric(t *testing.T) {
	l := panetest.New()
	a := l.Analyses["llama-8b-tp2"]
	for rank := 2; rank < 64; rank++ {
		a.Ranks = append(a.Ranks, rank)
		for i := range a.Metrics {
			if m := &a.Metrics[i]; len(m.PerRank) > 0 {
				m.PerRank[rank] = *m.Value * float64(rank*37%64) / 64
			}
		}
	}
	d := at(t, l, "llama-8b-tp2")
	column(t, d, "comm_overhead")
	d.Press("enter").Expect("least rank", "most rank 1 10.58 of 64 ranks").Press("tab", "o")
	rows := d.Pane().(*Pane).detail
	if got := rows.table.Columns[rows.table.Column].Title; got != "comm %" && got != "comm" {
		t.Errorf("ordered by %s", got)
	}
	d.Expect("all", "10.58").Press("end").Expect("0.15").Press("o", "o")
	d.Press("shift+tab", "o")
	if note := said(d); note != "metrics have no common order: tab goes to the ranks, phases and collectives" {
		t.Errorf("said %q", note)
	}
}

func TestViewsWithoutRowsSayWhy(t *testing.T) {
	d := at(t, panetest.New(), "llama-8b-tp1").Press("enter", "tab", "tab").Expect("no phases: kineto_trace_0.json: no step annotations")
	d.Press("tab").Expect("no collectives: TP=1: no collective to measure").Press("right", "o", "d", "y", "esc").Check()
}
