package widget

import "slices"

// History is what was typed into fields, the newest last; ↑ and ↓ go through it. A nil
// History remembers nothing.
type History struct {
	texts []string
	at    int // of the text shown; len(texts): what is being typed
}

// mostTexts bounds a history.
const mostTexts = 50

// Add remembers a text, once.
func (h *History) Add(text string) {
	if h == nil || text == "" {
		return
	}
	h.texts = append(slices.DeleteFunc(h.texts, func(t string) bool { return t == text }), text)
	if over := len(h.texts) - mostTexts; over > 0 {
		h.texts = h.texts[over:]
	}
	h.at = len(h.texts)
}

// Key goes back and forth with ↑ and ↓; false for other keys, and where nothing is.
func (h *History) Key(key string) (text string, ok bool) {
	step, known := map[string]int{"up": -1, "down": 1}[key]
	if h == nil || !known || len(h.texts) == 0 {
		return "", false
	}
	h.at = max(0, min(h.at+step, len(h.texts)))
	if h.at == len(h.texts) {
		return "", true
	}
	return h.texts[h.at], true
}

// Rest forgets how far back the user went: the next field begins with the newest.
func (h *History) Rest() {
	if h != nil {
		h.at = len(h.texts)
	}
}

// Texts are all that is remembered, the newest last.
func (h *History) Texts() []string {
	if h == nil {
		return nil
	}
	return slices.Clone(h.texts)
}
