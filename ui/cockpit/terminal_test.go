package cockpit

import (
	"bytes"
	"strings"
	"testing"

	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// TestLinkedFiles: a file that a note names is a link where there are any; one that was cut is none.
func TestLinkedFiles(t *testing.T) {
	note := pane.Note{Files: []string{"a.csv", "b.png"}}
	for line, want := range map[string]string{
		"written: a.csv and b.png": "written: <a.csv> and <b.png>", "written: a.csv and …": "written: <a.csv> and …"} {
		term := &hostTerminal{link: func(path string) string { return "<" + path + ">" }}
		if got := term.linked(note, line); got != want || (&hostTerminal{}).linked(note, line) != line {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestEditorOpensAtTheLine: each family of editors in its own words; one that is not known gets the file alone.
func TestEditorOpensAtTheLine(t *testing.T) {
	for editor, want := range map[string]string{
		"vi": "vi +7 a.yaml", "/usr/bin/nvim -n": "/usr/bin/nvim -n +7 a.yaml", "emacs -nw": "emacs -nw +7 a.yaml",
		"code --wait": "code --wait --goto a.yaml:7", "hx": "hx a.yaml:7", "my-editor": "my-editor a.yaml",
	} {
		if got := strings.Join(editorWords(strings.Fields(editor), pane.EditMsg{Path: "a.yaml", Line: 7}), " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := strings.Join(editorWords([]string{"vi"}, pane.EditMsg{Path: "a.yaml"}), " "); got != "vi a.yaml" {
		t.Errorf("without a line: %q", got)
	}
}

// TestImageHasTheTerminalUntilEnter: the image is written once, with how to come back.
func TestImageHasTheTerminalUntilEnter(t *testing.T) {
	for in, ends := range map[string]bool{"x\n": true, "": false} {
		var out bytes.Buffer
		err := showImage("picture", strings.NewReader(in), &out)
		if out.String() != "picture\r\n\r\nEnter goes back to shardeck " || (err == nil) != ends {
			t.Errorf("after %q: wrote %q, %v", in, out.String(), err)
		}
	}
	w := panetest.Open(t)
	d, _ := cockpitOf(t, w, w.App, &lent{})
	if d.Send(pane.ImageMsg{Text: "picture"}); len(d.Seen) == 0 {
		t.Error("nothing came back")
	}
}
