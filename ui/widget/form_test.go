package widget

import (
	"slices"
	"strings"
	"testing"
)

func TestHistory(t *testing.T) {
	h := &History{}
	if _, ok := h.Key("up"); ok {
		t.Error("an empty history has nothing")
	}
	for _, text := range []string{"a", "b", "", "a", "c"} {
		h.Add(text)
	}
	var got []string
	for _, key := range []string{"up", "up", "up", "up", "down", "down", "down"} {
		text, _ := h.Key(key)
		got = append(got, text)
	}
	if want := []string{"c", "a", "b", "b", "a", "c", ""}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for range 2 * mostTexts {
		h.Add(strings.Repeat("x", len(h.Texts())+1))
	}
	if n := len(h.Texts()); n > mostTexts {
		t.Errorf("%d texts are kept", n)
	}
	var none *History
	none.Add("a")
	none.Rest()
	if _, ok := none.Key("up"); ok || none.Texts() != nil {
		t.Error("no history remembers nothing")
	}
}
