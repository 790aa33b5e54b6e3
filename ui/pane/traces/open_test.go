package traces

import (
	"strings"
	"testing"

	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// theirs writes traces that others named, outside trace_collection, and gives their folder.
func theirs(w *panetest.Workspace) string {
	const rest = `"traceEvents": [{"ph": "X", "cat": "kernel", "name": "gemm_a", "pid": 0, "tid": 7, "ts": 5, "dur": 9}]}`
	for name, head := range map[string]string{
		"one/rank-0.json": `{`, "two/a.json": `{"distributedInfo": {"rank": 0, "world_size": 2}, `,
		"two/b.json": `{"distributedInfo": {"rank": 0, "world_size": 4}, `,
	} {
		w.Write("theirs/"+name, head+rest)
	}
	return w.Path("theirs")
}

// Kind: a path is completed, opened and read, whatever its files are called; where several are meant it asks.
func TestOpenByPath(t *testing.T) {
	w := panetest.Open(t)
	dir := theirs(w)
	d := drive(t, w, 100, 24).Press("O").Type(dir+"/o").Press("tab").Expect("open: ", "/one/").Press("tab").Expect("rank-0.json")
	d.Press("enter")
	has(t, title(d), "theirs/one/rank-0.json · window")
	d.Expect("gemm_a").Press("O").Type(dir + "/").Press("tab")
	if note, _ := panetest.Last[pane.Note](d); note.Text != "one  two" {
		t.Errorf("said %q", note.Text)
	}
	d.Type("two").Press("enter").Expect("Which one?", "1  rank 0 of 2, a.json", "2  rank 0 of 4, b.json", "None").Press("2")
	has(t, title(d), "theirs/two@2 · window")
	d.Press("O").Type("no/such").Press("tab")
	if note, _ := panetest.Last[pane.Note](d); note.Text != "nothing begins with no/such" {
		t.Errorf("said %q", note.Text)
	}
	d.Press("enter")
	if note, _ := panetest.Last[pane.Note](d); !strings.Contains(note.Text, `no file or folder "no/such"`) {
		t.Errorf("said %q", note.Text)
	}
	d.Press("O", "esc").Absent("open: ")
}
