package linear

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"

	"shardeck/model"
)

func TestSpoken(t *testing.T) {
	for in, want := range map[string]string{
		"2 × A100-40GB on 1 node · QOS shared":     "2 times A100-40GB on 1 node, QOS shared",
		"tok/s ≈12 345, TPOT 7.02 ms":              "tokens a second about 12345, TPOT 7.02 milliseconds",
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
	go r.listen()
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
		{in: "2\n", index: 1, says: "Chosen: Bx"}, {in: "cx\n", index: 2, says: "12. Lx"}, {in: "14\n", index: 13, says: "n for the next of 14"},
		{in: "n\n13\n", index: 12, says: "13. Mx"}, {in: "99\nnone\n1\n", index: 0, faults: 2, says: `Error: "none" is none of the answers`},
		{in: "j\n", index: -1, word: "j"}, {in: "b\n", index: -1, err: errBack}, {in: "q\n", index: -1, err: errQuit},
		{in: "", index: -1, err: errQuit},
		{in: "l\n1\n", heard: true, says: "1. Ax"},
	} {
		r, out := talk(t, t.Context(), strings.NewReader(tt.in))
		i, word, err := r.pick("List.", items, tt.heard, word{"j", "for jobs"}, ways[0], ways[1])
		if i != tt.index || word != tt.word || !errors.Is(err, tt.err) || r.faults != tt.faults || !strings.Contains(out.String(), tt.says) {
			t.Errorf("%q: %d %q %v, %d faults, said\n%s", tt.in, i, word, err, r.faults, out)
		}
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
