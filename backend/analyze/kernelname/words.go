package kernelname

import (
	"slices"
	"strings"
)

// word is one word of a row: pieces of text that occur in a name one after the other.
type word struct {
	row    *Row
	call   CallType
	pieces []string // in small letters: what stands between its *
	whole  bool     // a function's whole name
	spaces bool     // of which namespaces are a part
	gram   uint16   // of its longest piece; 0: that is shorter than a gram
}

// grams are the places of four letters after each other that a name has: most words are ruled out by one look.
type grams [1 << 16 / 64]uint64

func gramOf(text string, i int) uint16 {
	return uint16((uint32(text[i])|uint32(text[i+1])<<8|uint32(text[i+2])<<16|uint32(text[i+3])<<24)*2654435761>>16) | 1
}

func (g *grams) add(text string) {
	for i := range len(text) - 3 {
		n := gramOf(text, i)
		g[n/64] |= 1 << (n % 64)
	}
}

// wordsOf are the words of rows, in their order.
func wordsOf(rows []Row) (all []word) {
	for i := range rows {
		r := &rows[i]
		for n, list := range []string{r.Functions, r.Names} {
			for _, w := range strings.Fields(strings.ToLower(list)) {
				next := word{r, callNamed(r.Call), strings.Split(w, "*"), n == 0, strings.Contains(w, "::"), 0}
				longest := slices.MaxFunc(next.pieces, func(a, b string) int { return len(a) - len(b) })
				if len(longest) > 3 {
					next.gram = gramOf(longest, 0)
				}
				all = append(all, next)
			}
		}
	}
	return all
}

// fits reports whether the word tells a kernel of that name and function, both in small letters.
func (w *word) fits(full, function string) bool {
	switch {
	case !w.whole:
		return inOrder(full, w.pieces)
	case !w.spaces:
		function = withoutNamespace(function)
	}
	first, last := w.pieces[0], w.pieces[len(w.pieces)-1]
	if len(w.pieces) == 1 {
		return function == first
	}
	return len(function) >= len(first)+len(last) && strings.HasPrefix(function, first) && strings.HasSuffix(function, last) &&
		inOrder(function[len(first):len(function)-len(last)], w.pieces[1:len(w.pieces)-1])
}

// inOrder reports whether the text has the pieces, one after the other.
func inOrder(text string, pieces []string) bool {
	for _, p := range pieces {
		_, after, found := strings.Cut(text, p)
		if !found {
			return false
		}
		text = after
	}
	return true
}

// Of reads a name. Any text gives some answer.
func (n *Names) Of(full string) Name {
	if n == nil {
		n = &known().names
	}
	if v, ok := n.seen.Load(full); ok {
		return v.(Name)
	}
	function, distinct := functionName(full)
	name := Name{Full: full, Short: shortName(full, function), Class: Other}
	name.Distinct = strings.Replace(distinct, withoutNamespace(function), name.Short, 1)
	lower, of, has := strings.ToLower(full), strings.ToLower(function), grams{}
	has.add(lower)
	has.add(of)
	for i := range n.words {
		if w := &n.words[i]; (w.gram == 0 || has[w.gram/64]&(1<<(w.gram%64)) != 0) && w.fits(lower, of) {
			name.Call, name.Class, name.Also = w.call, w.row.Class, w.row.Also
			if w.call != NotComm {
				name.Class = communication
			}
			break
		}
	}
	n.seen.Store(full, name)
	return name
}

// All reads each name of a list.
func (n *Names) All(full []string) []Name {
	out := make([]Name, len(full))
	for i, name := range full {
		out[i] = n.Of(name)
	}
	return out
}

// OfMetadata tells the type of a call from "Collective name" in NCCL metadata; NotComm: the word is not known.
func OfMetadata(name string) CallType {
	name = strings.TrimPrefix(strings.ToLower(name), "_")
	for _, ending := range []string{"_coalesced", "_base", "v", "_single"} {
		name = strings.TrimSuffix(name, ending)
	}
	return known().types[name]
}
