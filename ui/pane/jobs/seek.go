package jobs

import (
	"context"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/lab"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// Only the end of a log is in hand. What is looked for in a longer one is looked for in the
// file, and the lines around it take the place of the end until G.

// sought is a place in the log of a job.
type sought struct {
	id    string
	look  lab.LogLook
	part  lab.LogPart
	at    int
	found bool
}

// whole reports that all of the log is in hand.
func (p *Pane) whole() bool { return p.detail.part.First == 0 && !p.held }

// find goes to the next line that matches the search, or the one before.
func (p *Pane) find(back bool) tea.Cmd {
	switch {
	case p.search == "":
		return pane.Say("nothing to search for: ↵ then / in the log")
	case !p.whole():
		return tea.Batch(looking, p.seek(lab.LogLook{Text: p.search, After: p.lineNumber(), Back: back}))
	case p.log.Find(p.search, back):
		return nil
	}
	return pane.Say("not in the log: " + p.search)
}

// lineNumber is that of the line under the cursor; 0: not known.
func (p *Pane) lineNumber() int {
	if p.line == 0 {
		return 0
	}
	return p.line + p.log.Cursor
}

func (p *Pane) toError() tea.Cmd {
	p.inLog = true
	p.bright()
	return tea.Sequence(looking, p.firstError())
}

// looking is what is said of a search that may take a moment.
func looking() tea.Msg {
	return pane.Note{Text: "looking through the log …", Tone: theme.Busy}
}

// firstError puts the log's cursor on the line that proves the cause, else on the first
// that looks like an error.
func (p *Pane) firstError() tea.Cmd {
	proof := strings.TrimSpace(p.detail.cause.Line)
	for i, line := range p.log.Lines {
		if proof != "" && strings.Contains(line, proof) || proof == "" && p.whole() && lab.LooksBad(line) {
			p.log.Cursor = i
			return pane.Say("")
		}
	}
	if p.whole() {
		return pane.Say("no line of the log looks like an error")
	}
	return p.seek(lab.LogLook{Text: proof})
}

// seek looks through the whole file.
func (p *Pane) seek(look lab.LogLook) tea.Cmd {
	j, ok := p.current()
	if !ok {
		return nil
	}
	l := p.env.Lab
	return p.seeking.Start(p.env.Ctx, func(ctx context.Context) (sought, error) {
		s := sought{id: j.ID, look: look}
		var err error
		s.part, s.at, s.found, err = l.LogFind(ctx, j, look)
		return s, err
	}, p.gotSought)
}

func (p *Pane) gotSought(s sought, err error) tea.Cmd {
	switch {
	case err != nil:
		return pane.Fail(err)
	case s.id != p.currentID():
		return nil
	case !s.found && s.look.Text == "":
		return pane.Say("no line of the log looks like an error")
	case !s.found:
		return pane.Say("not in the log: " + s.look.Text)
	}
	p.log.Lines, p.log.Cursor, p.log.First = s.part.Lines, s.at, max(s.at-p.logRows()/2, 0)
	p.line, p.held = s.part.Line, true
	return pane.Say("")
}

// toEnd leaves a place that was looked for, and follows the log again.
func (p *Pane) toEnd() tea.Cmd {
	if !p.held {
		p.log.Cursor = max(len(p.log.Lines)-1, 0)
		return nil
	}
	p.log.Cursor = len(p.log.Lines)
	p.showEnd(true)
	return p.read()
}

// where are the words for the line under the cursor.
func (p *Pane) where() string {
	n := len(p.log.Lines)
	switch {
	case p.line > 0 && p.held:
		return "line " + unit.Int(p.line+p.log.Cursor) + " · " + unit.FileSize(p.detail.part.Size) + " in all, G its end"
	case p.line > 0:
		return "line " + unit.Int(p.line+p.log.Cursor) + " of " + unit.Int(p.line+n-1)
	}
	return "line " + unit.Int(p.log.Cursor+1) + " of its last " + unit.Int(n) + " · " + unit.FileSize(p.detail.part.Size) + " in all"
}
