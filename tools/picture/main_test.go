package main

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func TestDrawing(t *testing.T) {
	screen := "plain \x1b[1;38;5;208mE1.2\x1b[0m <&>\n\x1b[7mcursor\x1b[27m \x1b[2mdim\x1b[22m\x1b]0;title\n"
	var b strings.Builder
	if err := run("a \"title\"", strings.NewReader(screen), &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`fill="#ff8700" font-weight="bold">E1.2<`, `&lt;&amp;&gt;`, `opacity="0.6">dim<`,
		`fill="` + defaultBG + `">cursor<`, `aria-label="a &quot;title&quot;"`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
	d := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
