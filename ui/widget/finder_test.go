package widget

import (
	"slices"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

func typed(f *Finder, text string) *Finder {
	for _, r := range text {
		f.Key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
	return f
}

func TestFinderPutsTheNearestFirst(t *testing.T) {
	items := []Findable{
		{Group: "Commands", Name: "submit", Help: "submit it, after showing the price", Key: "s"},
		{Group: "Commands", Name: "resubmit", Help: "do it again"},
		{Group: "Runs", Name: "llama-8b-tp2", Help: "metrics of this run"},
		{Group: "Metrics", Name: "tpot", Help: "time per output token"},
		{Group: "Commands", Name: "zoom", Help: "a submitted screen"},
	}
	for _, tt := range []struct {
		kind, text string
		want       []int
	}{
		{"nothing typed: all, as given", "", []int{0, 1, 2, 3, 4}},
		{"a name that begins so, one that holds it, help that does", "subm", []int{0, 1, 4}},
		{"case says nothing", "TPOT", []int{3}},
		{"letters in order", "l8tp", []int{2}},
		{"words of the help", "price", []int{0}},
		{"a group", "metrics", []int{2, 3}},
		{"nothing", "xyzzy", nil},
	} {
		if got := typed(NewFinder("Find", items), tt.text).found; !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q finds %v, not %v", tt.kind, tt.text, got, tt.want)
		}
	}
	f := typed(NewFinder("Find", items), "sub")
	f.Key(tea.KeyMsg{Type: tea.KeyDown})
	if item, done := f.Key(tea.KeyMsg{Type: tea.KeyEnter}); item != 1 || !done {
		t.Errorf("down and enter choose %d, %v", item, done)
	}
	if item, done := f.Key(tea.KeyMsg{Type: tea.KeyEsc}); item != -1 || !done {
		t.Errorf("esc chooses %d, %v", item, done)
	}
}
