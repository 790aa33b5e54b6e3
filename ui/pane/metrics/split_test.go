package metrics

import (
	"testing"
	"time"

	"shardeck/ui/panetest"
)

func TestOpenedRunByRankPhaseAndType(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp2")
	column(t, d, "comm_overhead")
	d.Press("enter", "tab").Expect("▌ranks", "all", "11.46", "10.91", "12.01")
	if got := d.Pane().(*Pane).metricName(); got != "comm_overhead" {
		t.Errorf("at %s", got)
	}
	d.Press("d").Expect("union of communication intervals").Press("esc")
	d.Press("right")
	if got := d.Pane().(*Pane).metricName(); got != "exposed_comm" {
		t.Errorf("right led to %s", got)
	}
	d.Resize(120, 18)
	d.Expect("3.8 MiB").Absent("3 978 421").Resize(80, 18)
	d.Press("left", "tab").Expect("▌phases", "prefill", "decode", "12.39", "11.05").Absent("calls")
	d.Press("tab").Expect("▌collectives", "all_reduce", "68", "broadcast", "17")
	d.Press("tab").Expect("▌metrics", "▌ comm_transfer").Press("shift+tab").Expect("▌collectives")
	d.Press("esc").Expect("▌ llama-8b-tp2")
}

func TestRanksInOrderOfAMetric(t *testing.T) {
	w := panetest.Open(t)
	w.Replace("trace_collection/llama-8b-tp2/config.yaml", "tp: 2", "tp: 64")
	w.Remove("trace_collection/llama-8b-tp2/run.json")
	wide := panetest.LlamaTP2
	wide.Ranks, wide.Layers, wide.Decodes, wide.Elements = 64, 1, 2, 0
	wide.Late = func(rank, _ int) (compute, host time.Duration) {
		return time.Duration(rank*37%64) * 10 * time.Microsecond, 0
	}
	w.Trace("llama-8b-tp2", wide)
	d := at(t, w, "llama-8b-tp2")
	column(t, d, "comm_overhead")
	d.Press("enter").Expect("least rank", "most rank 0 35.47 of 64 ranks").Press("tab", "o")
	rows := d.Pane().(*Pane).detail
	if got := rows.table.Columns[rows.table.Column].Title; got != "comm %" && got != "comm" {
		t.Errorf("ordered by %s", got)
	}
	d.Expect("all", "35.47").Press("end").Expect("29.85").Press("o", "o")
	d.Press("shift+tab", "o")
	if note := said(d); note != "metrics have no common order: tab goes to the ranks, phases and collectives" {
		t.Errorf("said %q", note)
	}
}

func TestViewsWithoutRowsSayWhy(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp4-old").Press("enter", "tab", "tab").Expect("no phases: no traces")
	d.Press("tab").Expect("no collectives: no traces").Press("right", "o", "d", "y", "esc").Check()
}
