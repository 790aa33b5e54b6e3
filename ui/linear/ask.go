package linear

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/present/unit"
)

var (
	errQuit = errors.New("the user quits, or the input has ended")
	errBack = errors.New("the user goes back")
)

// most is how many items of a list are read at a time.
const most = 12

// listen reads the input line by line until it ends: one reader for all questions, so that nothing typed ahead is lost.
func listen(r *room) {
	defer close(r.lines)
	for in := bufio.NewScanner(r.In); in.Scan(); {
		select {
		case r.lines <- strings.TrimSpace(model.Printable(in.Text())):
		case <-r.ctx.Done():
			return
		}
	}
}

// say prints a line as it is to be heard; an empty one not at all.
func (r *room) say(format string, args ...any) {
	if text := spoken(fmt.Sprintf(format, args...)); text != "" {
		fmt.Fprintln(r.Out, text)
	}
}

// fault is say of something that did not work.
func (r *room) fault(format string, args ...any) {
	r.faults++
	r.say("Error: "+format, args...)
}

// ask puts a question and waits for a line.
func (r *room) ask(question string) (string, error) {
	fmt.Fprint(r.Out, spoken(question)+" ")
	select {
	case <-r.ctx.Done():
		fmt.Fprintln(r.Out)
	case line, ok := <-r.lines:
		if !r.Person && ok {
			fmt.Fprint(r.Out, line) // so that who reads the output sees what was answered
		}
		if !r.Person || !ok {
			fmt.Fprintln(r.Out)
		}
		if ok {
			return line, nil
		}
	}
	return "", errQuit
}

// confirm asks for a yes; anything else is a no.
func (r *room) confirm(question string) (bool, error) {
	answer, err := r.ask(question + " Type yes or no:")
	yes := slices.Contains([]string{"y", "yes"}, strings.ToLower(answer))
	if err == nil && !yes {
		r.say("No.")
	}
	return yes, err
}

// word is an answer beside the numbers of a list.
type word struct{ key, does string }

var ways = []word{{"b", "to go back"}, {"q", "to quit"}}

// pick reads a list, unless it was heard before, and asks for one of it, by number, name or first word of an item: its index, or -1
// and the word answered. An answer that is none does not have the list read again.
func (r *room) pick(title string, items []string, heard bool, words ...word) (int, string, error) {
	r.say("%s", title)
	for first := 0; ; {
		last := min(first+most, len(items))
		asked := words
		if heard || first > 0 {
			asked = append([]word{{"l", "for the list"}}, asked...)
		}
		if last < len(items) {
			asked = append([]word{{"n", "for the next of " + unit.Int(len(items))}}, asked...)
		}
		for i, item := range items[first:last] {
			if !heard {
				r.say("%d. %s", first+i+1, item)
			}
		}
		heard = true
		answer, err := r.ask(question(len(items), asked))
		i := matching(answer, items)
		switch known := slices.ContainsFunc(asked, func(w word) bool { return w.key == answer }); {
		case err != nil:
			return -1, "", err
		case answer == "q":
			return -1, "", errQuit
		case i >= 0:
			name, _, _ := strings.Cut(items[i], ",")
			r.say("Chosen: %s", name)
			return i, "", nil
		case known && answer == "b":
			return -1, "", errBack
		case known && answer == "n":
			first, heard = last, false
		case known && answer == "l":
			first, heard = 0, false
		case known:
			return -1, answer, nil
		case answer != "":
			r.fault("%q is none of the answers", answer)
		}
	}
}

func question(items int, words []word) string {
	all := model.Each(words, func(w word) string { return w.key + " " + w.does })
	if items > 0 {
		all = append([]string{"Type a number"}, all...)
	}
	return strings.Join(all, ", ") + ":"
}

// matching is the item that an answer means: its number, else the only one of that name, else of that first word; -1: none.
func matching(answer string, items []string) int {
	if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(items) {
		return n - 1
	}
	for _, end := range []string{",", " "} {
		var found []int
		for i, item := range items {
			if name, _, _ := strings.Cut(item, end); strings.EqualFold(answer, strings.TrimSuffix(name, ",")) {
				found = append(found, i)
			}
		}
		if len(found) == 1 {
			return found[0]
		}
	}
	return -1
}
