package submission

import (
	"shardeck/ui/pane"
	"testing"
)

// at is a workspace of which only the folder is known.
type at struct{ dir string }

func (a at) Workspace() string { return a.dir }

func TestCommandQuotesTheFolder(t *testing.T) {
	for dir, want := range map[string]string{
		"/home/u/work":       "shardeck -C /home/u/work submit E1.1 E1.2",
		"/home/u/my $work's": `shardeck -C "/home/u/my \$work's" submit E1.1 E1.2`,
	} {
		if got := Copy(at{dir: dir}, "submit", "E1.1", "E1.2")().(pane.CopyMsg).Text; got != want {
			t.Errorf("%s: %s, want %s", dir, got, want)
		}
	}
}
