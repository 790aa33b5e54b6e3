package cockpit

import (
	"context"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// listening is a pane that counts the messages it gets.
type listening struct {
	pane.Pane
	got int
}

func (l *listening) Update(tea.Msg) (pane.Pane, tea.Cmd) { l.got++; return l, nil }

// A message reaches the pane that it is for, once: replies go to who asked, and a few messages
// to all.
func TestMessagesReachWhomTheyAreFor(t *testing.T) {
	w := panetest.Open(t)
	m := New(context.Background(), w.App, testOptions(w))
	all := map[pane.Name]*listening{}
	for name, p := range m.panes {
		all[name] = &listening{Pane: p}
		m.panes[name] = all[name]
	}
	taken := 0
	var task pane.Task[int]
	reply := task.Start(context.Background(), func(context.Context) (int, error) { return 7, nil },
		func(n int, _ error) tea.Cmd { taken += n; return nil })()
	for _, c := range []struct {
		msg  tea.Msg
		want map[pane.Name]int
	}{
		{reply, nil}, {pane.RefreshJobsMsg{}, nil}, {pane.CopyMsg{Text: "x"}, nil}, {pane.Note{Text: "x"}, nil}, {struct{}{}, nil},
		{pane.EnterMsg{To: pane.Charts}, map[pane.Name]int{pane.Experiments: 1}},
		{pane.ClickMsg{}, nil}, // only by tell
		{pane.BoardMsg{}, map[pane.Name]int{"": 1}}, {pane.JobsMsg{}, map[pane.Name]int{"": 1}},
		{pane.OpenMsg{To: pane.Jobs}, map[pane.Name]int{"": 1}},
		{tea.BlurMsg{}, map[pane.Name]int{"": 1}},
	} {
		m.Update(c.msg)
		for name, p := range all {
			if want := max(c.want[name], c.want[""]); p.got != want {
				t.Errorf("%T: %s got it %d times, want %d", c.msg, name, p.got, want)
			}
			p.got = 0
		}
	}
	if taken != 7 {
		t.Errorf("the reply was taken %d/7 times", taken)
	}
}
