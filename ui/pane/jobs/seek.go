package jobs

import (
	"context"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// sought is a place in the log of a job. Only the end of a log is in hand: what is looked for
// in a longer one is looked for in the file, and its lines take the place of the end until G.
type sought struct {
	id    string
	look  jobs.LogLook
	part  jobs.LogPart
	at    int
	found bool
}

func (g *jobLog) whole() bool { return g.detail.part.First == 0 && !g.held }

// find goes to the next line that matches the search, or the one before.
func (g *jobLog) find(back bool) tea.Cmd {
	switch {
	case g.search == "":
		return pane.Say("nothing to search for: ↵ then / in the log")
	case !g.whole():
		return tea.Batch(looking, g.seek(jobs.LogLook{Text: g.search, After: g.lineNumber(), Back: back}))
	case g.pager.Find(g.search, back):
		return nil
	}
	return pane.Say("not in the log: " + g.search)
}

// lineNumber is that of the line under the cursor; 0: not known.
func (g *jobLog) lineNumber() int {
	if g.line == 0 {
		return 0
	}
	return g.line + g.pager.Cursor
}

// looking is what is said of a search that may take a moment.
func looking() tea.Msg { return pane.Note{Text: "looking through the log …", Tone: theme.Busy} }

// firstError puts the log's cursor on the line that proves the cause, else on the first that looks like an error.
func (g *jobLog) firstError() tea.Cmd {
	proof := strings.TrimSpace(g.detail.cause.Line)
	for i, line := range g.pager.Lines {
		if proof != "" && strings.Contains(line, proof) || proof == "" && g.whole() && jobs.LooksBad(line) {
			g.pager.Cursor = i
			return pane.Say("")
		}
	}
	if g.whole() {
		return pane.Say("no line of the log looks like an error")
	}
	return g.seek(jobs.LogLook{Text: proof})
}

func (g *jobLog) seek(look jobs.LogLook) tea.Cmd {
	j, ok := g.job()
	if !ok {
		return nil
	}
	return g.seeking.Start(g.env.Ctx, func(ctx context.Context) (sought, error) {
		s := sought{id: j.ID, look: look}
		var err error
		s.part, s.at, s.found, err = g.env.LogFind(ctx, j, look)
		return s, err
	}, g.gotSought)
}

func (g *jobLog) gotSought(s sought, err error) tea.Cmd {
	switch current, _ := g.job(); {
	case err != nil:
		return pane.Fail(err)
	case s.id != current.ID:
		return nil
	case !s.found && s.look.Text == "":
		return pane.Say("no line of the log looks like an error")
	case !s.found:
		return pane.Say("not in the log: " + s.look.Text)
	}
	g.pager.Lines, g.pager.Cursor, g.pager.First = s.part.Lines, s.at, max(s.at-g.room/2, 0)
	g.line, g.held = s.part.Line, true
	return pane.Say("")
}

func (g *jobLog) move(key string) (tea.Cmd, bool) {
	if key == "G" || key == "end" {
		return g.toEnd(), true
	}
	return nil, g.pager.MoveKey(key, len(g.pager.Lines), g.room)
}

// toEnd leaves a place that was looked for, and follows the log again.
func (g *jobLog) toEnd() tea.Cmd {
	if !g.held {
		g.pager.Cursor = max(len(g.pager.Lines)-1, 0)
		return nil
	}
	g.pager.Cursor = len(g.pager.Lines)
	g.showEnd(true)
	return g.read()
}

// where are the words for the line under the cursor.
func (g *jobLog) where() string {
	n, line, size := len(g.pager.Lines), "line "+unit.Int(max(g.line, 1)+g.pager.Cursor), unit.FileSize(g.detail.part.Size)+" in all"
	switch {
	case g.line > 0 && g.held:
		return line + " · " + size + ", G its end"
	case g.line > 0:
		return line + " of " + unit.Int(g.line+n-1)
	}
	return line + " of its last " + unit.Int(n) + " · " + size
}
