package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"shardeck/backend/app"
	"shardeck/ui/cli/command"
	"shardeck/ui/cockpit"
	"shardeck/ui/theme"
)

// The rooms are what panes ask for; backend cannot say so itself, since it knows no ui.
var _ cockpit.Backend = (*app.App)(nil)

// openCockpit opens the terminal program: what shardeck alone does.
func openCockpit(ctx context.Context, e *command.Env) error {
	if !command.Terminal(e.In) || !command.Terminal(e.Out) {
		return command.Usage("the cockpit needs a terminal\nhelp: shardeck --help lists the commands that do without")
	}
	e.Typing = true
	a, err := e.Open()
	if err != nil {
		return err
	}
	screen := a.Screen()
	err = cockpit.Run(ctx, a, cockpit.Options{
		Profile: theme.Profile(e.Color, os.Getenv, true),
		NoColor: e.Color == "auto" && screen.Theme == "mono",
		ASCII:   e.ASCII || screen.ASCII,
		Mouse:   screen.Mouse,
		In:      e.In, Out: e.Out,
		Editor:  editor(os.Getenv),
		Refresh: screen.Refresh,
		Notes:   a.Warnings(),
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
