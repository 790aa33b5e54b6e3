package list

import (
	"strings"
	"testing"

	"github.com/muesli/termenv"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

func TestSort(t *testing.T) {
	for name, c := range map[string]struct {
		sort        Sort
		texts, want string
	}{
		"as it comes":           {Sort{}, "b a", "b a"},
		"text, numbers in it":   {Sort{On: true}, "E1.10 E1.2 E1.1 E2", "E1.1 E1.2 E1.10 E2"},
		"numbers as numbers":    {Sort{On: true}, "100 9 -3 20.5", "-3 9 20.5 100"},
		"greatest first":        {Sort{On: true, Down: true}, "1 3 2", "3 2 1"},
		"missing last":          {Sort{On: true}, "– 2 1", "1 2 –"},
		"missing last downward": {Sort{On: true, Down: true}, "– 1 2", "2 1 –"},
		"no such column":        {Sort{On: true, Column: 7}, "b a", "b a"},
	} {
		var rows [][]widget.Cell
		var shown []int
		for i, text := range strings.Fields(c.texts) {
			rows, shown = append(rows, []widget.Cell{{Text: text}}), append(shown, i)
		}
		rows, shown = c.sort.Apply(rows, shown)
		var got []string
		for i, row := range rows {
			got = append(got, row[0].Text)
			if strings.Fields(c.texts)[shown[i]] != row[0].Text {
				t.Errorf("%s: row %d says it was row %d", name, i, shown[i])
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestSortIsKept(t *testing.T) {
	for _, s := range []Sort{{}, {On: true, Column: 3}, {On: true, Column: 8, Down: true}} {
		if got := ParseSort(s.Text(), 9); got != s {
			t.Errorf("%+v came back as %+v", s, got)
		}
	}
	for _, text := range []string{"9", "-9", "x", "--1", "1.5"} {
		if got := ParseSort(text, 9); got.On {
			t.Errorf("%q was taken for %+v", text, got)
		}
	}
}

func TestFilter(t *testing.T) {
	row := map[string]string{"id": "E1.3", "tp": "4", "state": "running 4:12", "model": "meta-llama/Llama-3.1-70B",
		"tag": "fast\nref", "tok/s": "45 116", "tpot": "–"}
	of := func(key string) (string, bool) { v, known := row[key]; return v, known }
	for text, want := range map[string]bool{
		"": true, "tp:4": true, "tp:2": false, "!tp:2": true, "!tp:4": false, "state:running": true, "state:run": false,
		"model:~70b": true, "model:70b": false, "llama": true, "!llama": false, "tp:4 model:~70b": true, "tp:4 qwen": false,
		"nokey:4": false, "tp:": true, ":": true, "E1": true, "  tp:4  ": true,
		"tp>1": true, "tp>=4": true, "tp>4": false, "tp<8 tok/s>45000": true, "tok/s>50k": false, "tok/s<=45116": true, "tp=4": true,
		"tp!=4": false,
		"tp!=2": true, "tpot>1": false, "!tpot>1": true, "tpot<1": false, "tp>": true, "tp>x": true, "nokey>1": false,
		"tag:ref": true, "tag:re": false,
		"tag:fast": true, "model=~70b": true, "model>1": false,
	} {
		if got := ParseFilter(text).Match(row, of); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("tp:4 !model:~70b state:")
	f.Fuzz(func(t *testing.T, text string) {
		ParseFilter(text).Match(map[string]string{"id": "E1.1"}, func(string) (string, bool) { return "1", true })
	})
}

// TestUnder: rows lie under others, fold, are found by a filter wherever they are, and stay together in every order.
func TestUnder(t *testing.T) {
	folded := map[string]bool{"a": true}
	l := New(pane.Env{Theme: theme.New(termenv.Ascii, false)}, Of[run]{One: "run", Columns: columns,
		ID:     func(r run) string { return r.name },
		Cells:  func(r run) []widget.Cell { return []widget.Cell{{Text: r.name}, {Text: unit.Int(r.speed)}} },
		Fields: func(r run) map[string]string { return map[string]string{"run": r.name} },
		Under:  func(r run) string { head, _, _ := strings.Cut(r.name, "-"); return strings.TrimSuffix(head, r.name) },
		Folded: func(id string) bool { return folded[id] }})
	l.SetRows([]run{{"a", 0}, {"a-1", 5}, {"a-2", 1}, {"b", 3}, {"c", 0}, {"c-1", 4}, {"c-2", 2}})
	shown := func() string { return strings.Join(model.Each(l.Shown(), func(r run) string { return r.name }), " ") }
	for _, c := range []struct {
		do   func()
		want string
	}{
		{func() {}, "a b c c-1 c-2"},
		{func() { folded["a"] = false; l.Refold("a") }, "a a-1 a-2 b c c-1 c-2"},
		{func() { folded["a"], folded["c"] = true, true; l.Refold("a") }, "a b c"},
		{func() { l.SetSort(Sort{On: true, Column: 1, Down: true}) }, "a c b"},
		{func() { l.SetFilter("-2") }, "c c-2 a a-2"},
	} {
		if c.do(); shown() != c.want {
			t.Errorf("shown %q, want %q", shown(), c.want)
		}
	}
	if got := l.Filtered(); got != "2 of 5 match -2" {
		t.Errorf("says %q", got)
	}
}
