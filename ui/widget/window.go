package widget

// Window is the part in sight of a list longer than the screen. It keeps the cursor in sight with the least movement.
type Window struct {
	Cursor int // row under the cursor
	First  int // first row shown
}

// Keep clamps the cursor to the rows there are and brings it in sight.
func (w *Window) Keep(rows, height int) {
	w.Cursor = clamp(w.Cursor, 0, rows-1)
	if w.Cursor < w.First {
		w.First = w.Cursor
	}
	if height > 0 && w.Cursor >= w.First+height {
		w.First = w.Cursor - height + 1
	}
	w.First = clamp(w.First, 0, rows-height)
}

// Move moves the cursor by so many rows.
func (w *Window) Move(by, rows int) { w.Cursor = clamp(w.Cursor+by, 0, rows-1) }

// MoveKey answers the keys that move through every list; page is the rows of one screen. False: the key is none of them.
func (w *Window) MoveKey(key string, rows, page int) bool {
	step, ok := moves(max(page, 1), rows)[key]
	if ok {
		w.Move(step, rows)
	}
	return ok
}

func moves(page, rows int) map[string]int {
	return map[string]int{
		"up": -1, "k": -1, "down": 1, "j": 1,
		"pgup": -page, "pgdown": page, "ctrl+u": -page / 2, "ctrl+d": max(page/2, 1),
		"home": -rows, "g": -rows, "end": rows, "G": rows,
	}
}

func clamp(v, low, high int) int { return max(low, min(v, high)) }
