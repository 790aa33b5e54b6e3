package main

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func TestDrawing(t *testing.T) {
	screen := "plain \x1b[1;38;5;208mE1.2\x1b[0m <&>\n\x1b[7mcursor\x1b[27m \x1b[2mdim\x1b[22m\x1b]8;;file:///x\x1b\\link\x1b]8;;\x1b\\ \u28ff\u2588\u2591\u2500\u253c\n"
	var b strings.Builder
	if err := run("a \"title\"", strings.NewReader(screen), &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`style="fill:#ff8700" font-weight="bold">E1.2<`, `&lt;&amp;&gt;`, `opacity="0.6">dim<`, `>link<`,
		`fill:` + defaultBG + `">cursor<`, `aria-label="a &quot;title&quot;"`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
	wellFormed(t, b.String())
}

// TestMoving: what stays is written once, what goes has its time, and the last frame stands where nothing moves.
func TestMoving(t *testing.T) {
	var b strings.Builder
	if err := run("x", strings.NewReader("\f1000 one\nstays\nfirst\n\f3000 two\nstays\nsecond\n"), &b); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	wellFormed(t, got)
	for text, times := range map[string]int{
		">stays<": 1, ">first<": 1, ">second<": 1, ">one<": 1, ">two<": 1, "4000ms": 2,
		".f0-0{visibility:hidden}": 1, ".f1-1{visibility:hidden}": 0, "25%{visibility:hidden}": 1, "prefers-reduced-motion": 2,
	} {
		if n := strings.Count(got, text); n != times {
			t.Errorf("%s is there %d times, want %d:\n%s", text, n, times, got)
		}
	}
	for _, bad := range []string{"\fsoon one\nx\n", "\f0 one\nx\n", "\f"} {
		if err := run("x", strings.NewReader(bad), &b); err == nil {
			t.Errorf("%q makes a picture", bad)
		}
	}
}

func TestShapes(t *testing.T) {
	for r, want := range map[rune]string{
		'\u2801': "M2.1 2.19h0", '\u2880': "M6.3 15.31h0", '\u2588': "M0 0h8.4v17.5h-8.4z", '\u2581': "M0 15.31h8.4v2.19h-8.4z",
		'\u258c': "M0 0h4.2v17.5h-4.2z", '\u2500': "M0 8.75h8.4", '\u2514': "M4.2 8.75V0M4.2 8.75H8.4",
	} {
		var s shapes
		if !s.add(r, 0, 0) {
			t.Errorf("%c is no shape", r)
		}
		if got := s.dots.String() + s.lines.String() + s.fills[3].String(); got != want {
			t.Errorf("%c is %q, want %q", r, got, want)
		}
	}
	var s shapes
	if s.add('x', 0, 0) || s.add(' ', 0, 0) {
		t.Error("a letter is a shape")
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
