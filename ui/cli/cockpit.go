package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/ui/cockpit"
	"shardeck/ui/theme"
)

// The rooms are what panes ask for; backend cannot say so itself, since it knows no ui.
var _ cockpit.Backend = (*rooms.App)(nil)

// cockpit opens the terminal program: what shardeck alone does.
func (a *app) cockpit(c *cobra.Command, _ []string) error {
	if !terminal(a.in) || !terminal(a.out) {
		return usage("the cockpit needs a terminal\nhelp: shardeck --help lists the commands that do without")
	}
	a.typing = true
	l, err := a.lab()
	if err != nil {
		return err
	}
	screen := l.Screen()
	err = cockpit.Run(c.Context(), l, cockpit.Options{
		Profile: theme.Profile(a.color, os.Getenv, true),
		NoColor: a.color == "auto" && screen.Theme == "mono",
		ASCII:   a.ascii || screen.ASCII,
		Mouse:   screen.Mouse,
		In:      a.in, Out: a.out,
		Editor:  editor(os.Getenv),
		Refresh: screen.Refresh,
		Notes:   l.Warnings(),
	})
	if err != nil {
		return fmt.Errorf("the cockpit ended: %w", err)
	}
	return nil
}

// editor is the command that edits a file: $VISUAL, then $EDITOR, then vi.
func editor(env func(string) string) []string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if words := strings.Fields(env(name)); len(words) > 0 {
			return words
		}
	}
	return []string{"vi"}
}
