package linear

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"

	"shardeck/model"
	"shardeck/model/present"
)

func TestSpoken(t *testing.T) {
	for in, want := range map[string]string{
		"2 × A100-40GB on 1 node · QOS shared": "2 times A100-40GB on 1 node, QOS shared",
		"1 × A100-40GB on 1 node, 21 × 4":      "1 A100-40GB on 1 node, 21 times 4",
		"tok/s ≈12 345, TPOT 7.02 ms":          "tokens a second about 12345, time per output token 7.02 milliseconds",
		"E1.3, TP 4, PP 1, DP 1, EP 1, GPUs 4": "E1.3, TP 4, GPUs 4", "TP 1, PP 1, DP 2, EP 2": "TP 1, PP 1, DP 2, E P 2",
		"traced 1 h ago, 8 h ago, 1.1 s": "traced 1 hour ago, 8 hours ago, 1.1 seconds", "at most 30 min": "at most 30 minutes",
		"elapsed 0:01, limit 30:00": "elapsed 1 second, limit 30 minutes", "limit 2-03:00:10": "limit 2 days 3 hours 10 seconds",
		"Time limit, 00:30:00": "Time limit, 30 minutes", "slurm as of 14:30, start ~15:05": "slurm as of 14:30, start about 15:05",
		"tpot is 7 ms. logs/comm.tpot.out":         "time per output token is 7 milliseconds. logs/comm.tpot.out",
		"Try: shardeck metric tpot RUN":            "Try: shardeck metric tpot RUN",
		"1\u202f234\u202f567 tok/s; 9 % of 3 GB/s": "1234567 tokens a second; 9 percent of 3 gigabytes a second",
		"timing 3 of 5 …":                          "timing 3 of 5 ...",
		"⣿ │ E1.2\x1b[31m":                         "? ? E1.2",
		"5 samples, 3 s.":                          "5 samples, 3 seconds.",
		"31 200 MiB, 31.6 µs":                      "31200 mebibytes, 31.6 microseconds",
	} {
		if got := spoken(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestSpeechIsASCII(t *testing.T) {
	for _, s := range append(speech().Signs, speech().Units...) {
		if strings.IndexFunc(s.Say, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
			t.Errorf("%q is said by %q", s.Sign, s.Say)
		}
	}
}

// talk is a conversation with answers from a text.
func talk(t *testing.T, ctx context.Context, in io.Reader) (*room, *strings.Builder) {
	t.Helper()
	out := &strings.Builder{}
	r := &room{Options: Options{In: in, Out: out}, ctx: ctx, lines: make(chan string)}
	go listen(r)
	return r, out
}

func TestPick(t *testing.T) {
	items := make([]string, 14)
	for i := range items {
		items[i] = string(rune('A'+i)) + "x, the model of it"
	}
	for _, tt := range []struct {
		in     string
		heard  bool
		index  int
		word   string
		err    error
		faults int
		says   string
	}{
		{in: "2\n", index: 1, says: "Chosen: Bx\n"}, {in: "cx\n", index: 2, says: "12. Lx"}, {in: "14\n", index: 13, says: "n for the next of 14"},
		{in: "n\n13\n", index: 12, says: "13. Mx"}, {in: "99\nnone\n1\n", index: 0, faults: 2, says: `Error: "none" is none of the answers`},
		{in: "j\n", index: -1, word: "j"}, {in: "b\n", index: -1, err: errBack}, {in: "q\n", index: -1, err: errQuit},
		{in: "", index: -1, err: errQuit},
		{in: "l\n1\n", heard: true, says: "1. Ax"}, {in: "n\nl\nAX\n", index: 0, says: "12. Lx, the model of it\nType a number, n for the next of 14, j"},
	} {
		r, out := talk(t, t.Context(), strings.NewReader(tt.in))
		i, word, err := r.pick("List.", items, tt.heard, word{"j", "for jobs"}, ways[0], ways[1])
		if i != tt.index || word != tt.word || !errors.Is(err, tt.err) || r.faults != tt.faults || !strings.Contains(out.String(), tt.says) {
			t.Errorf("%q: %d %q %v, %d faults, said\n%s", tt.in, i, word, err, r.faults, out)
		}
	}
}

// TestMatching: an item is meant by its number, its name, and the first word of it where no other begins so.
func TestMatching(t *testing.T) {
	items := []string{"Tensor (TP), 2", "Time limit, 00:30:00", "Batch, 4", "Time out, 3", "cancel it"}
	for answer, want := range map[string]int{"2": 1, "tensor": 0, "Tensor (TP)": 0, "time": -1, "time out": 3, "batch": 2, "cancel": 4, "6": -1, "": -1} {
		if got := matching(answer, items); got != want {
			t.Errorf("%q: %d, want %d", answer, got, want)
		}
	}
}

// TestWrongAnswers: what was heard is not read again because of an answer that is none.
func TestWrongAnswers(t *testing.T) {
	r, out := talk(t, t.Context(), strings.NewReader("what\n\nq\n"))
	if _, _, err := r.pick("List.", []string{"Ax", "Bx"}, false, ways...); !errors.Is(err, errQuit) || strings.Count(out.String(), "1. Ax") != 1 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestApart: what all rows have is not heard with each, what they differ in is, and a row that ends early is one of its own.
func TestApart(t *testing.T) {
	columns := present.Columns("ID", "model/3", ">TP/1", "job", ">batch/10")
	rows := []present.Row{{Cells: present.Texts("A", "M", "2", "done", "4")}, {Cells: present.Texts("B", "M", "2", "done", "8")}}
	if said := apart(columns, rows); said != " All are of M." || present.Spoken(columns, rows[1], briefWorth) != "B, job done, batch 8" {
		t.Errorf("%q, %q", said, present.Spoken(columns, rows[1], briefWorth))
	}
	if said := apart(present.Columns("ID", "model/3"), append(rows, present.Row{Cells: present.Texts("C")})); said != "" {
		t.Error(said)
	}
}

// TestInterrupt: a question that stands does not outlive the program's end, nor does what fails then count as a fault.
func TestInterrupt(t *testing.T) {
	in, end := io.Pipe()
	defer end.Close()
	ctx, stop := context.WithCancel(t.Context())
	r, _ := talk(t, ctx, in)
	stop()
	if _, err := r.ask("Still there?"); !errors.Is(err, errQuit) {
		t.Errorf("asked on: %v", err)
	}
	if err := r.told(ctx.Err()); !errors.Is(err, errQuit) || r.faults > 0 {
		t.Errorf("%v, %d faults", err, r.faults)
	}
}

func TestConfirmDefaultsToNo(t *testing.T) {
	for in, want := range map[string]bool{"y\n": true, "Yes\n": true, "\n": false, "yess\n": false, "": false} {
		r, _ := talk(t, t.Context(), strings.NewReader(in))
		if got, _ := r.confirm("Submit?"); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestToldSaysTheFix(t *testing.T) {
	r, out := talk(t, t.Context(), strings.NewReader(""))
	if err := r.told(model.Invalid("no model", "name one")); err != nil || r.faults != 1 ||
		!strings.Contains(out.String(), "Error: no model\nTry: name one\n") {
		t.Errorf("%v %q", err, out)
	}
}
