package cockpit

import (
	"strings"
	"testing"

	"shardeck/ui/pane"
)

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
