package metrics

import (
	"testing"

	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func TestColumnsAreChosen(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp2").Press("right", "o", "c").Expect("▌•tpot", "Time per output token")
	has(t, title(d), "columns | ")
	d.Press("space").Expect("▌•iteration_wall_clock").Press("esc").Absent("TPOT")
	d.Expect("TTFT", "iter")
	if sort := d.Pane().(*Pane).list.Sort(); sort.On {
		t.Errorf("ordered by a column that is hidden: %+v", sort)
	}
	d.Press("c").Press("home", ">", ">", "enter")
	if p := d.Pane().(*Pane); p.columns.defs[0].Name != "iteration_wall_clock" || p.columns.defs[1].Name != "throughput_tokens_sec" ||
		p.columns.defs[2].Name != "ttft" {
		t.Errorf("columns %s", p.columns.text())
	}
	d.Press("c", "0", "esc").Expect("TTFT", "TPOT")
	if text := d.Pane().(*Pane).columns.text(); text != "" {
		t.Errorf("usual columns kept as %q", text)
	}
}

func TestOneColumnStays(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18).Press("c")
	for range 60 {
		d.Press("space")
	}
	note, _ := panetest.Last[pane.Note](d)
	has(t, note.Text, "one column stays")
	d.Press("esc", "right", "left", "o", "d").Check()
	if n := len(d.Pane().(*Pane).columns.defs); n != 1 {
		t.Errorf("%d columns", n)
	}
}

func TestOrderStaysWithItsMetric(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp2").Press("right", "o", "left", "c", "space", "esc")
	p := d.Pane().(*Pane)
	if !p.list.Sort().On || p.columns.name(p.list.Sort().Column) != "tpot" || p.metricName() != "tpot" {
		t.Errorf("ordered by %s, at %s", p.columns.name(p.list.Sort().Column), p.metricName())
	}
}

func TestColumnsAreKept(t *testing.T) {
	w := panetest.Open(t)
	d := at(t, w, "llama-8b-tp2").Press("c", "space", "down", "space", "esc", "right", "o")
	kept := d.Pane().(*Pane).Keep()
	p := New(w.Env())
	p.Restore(kept)
	if p.columns.text() != kept["columns"] || kept["columns"] == "" || p.list.Sort() != d.Pane().(*Pane).list.Sort() ||
		p.metricName() != kept["metric"] {
		t.Errorf("kept %v, found %q %+v at %s", kept, p.columns.text(), p.list.Sort(), p.metricName())
	}
	p.Restore(map[string]string{"columns": "no_such_metric tpot tpot"})
	if p.columns.text() != "tpot" {
		t.Errorf("columns %q", p.columns.text())
	}
}
