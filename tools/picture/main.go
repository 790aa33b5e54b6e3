// Command picture draws terminal screens as SVG. It reads what
// `tmux capture-pane -e -p` prints (text with colour sequences) on stdin and
// writes the drawing to stdout; tools/picture/make starts the real program, presses
// the keys and pipes the screens in here, so the README's pictures are never drawn by hand.
//
// Several screens make a moving picture: before each stands a line of a form feed, the
// milliseconds for which it is shown, a space and the words of the title bar.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	title := "shardeck"
	if len(os.Args) > 1 {
		title = os.Args[1]
	}
	if err := run(title, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

// run reads screens and writes their drawing.
func run(title string, in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("cannot read the screens: %w", err)
	}
	frames, err := split(title, string(text))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	draw(w, title, frames)
	return w.Flush()
}

// frame is one screen: its cells, how long it is shown, and what the title bar says.
type frame struct {
	screen [][]cell
	ms     int
	title  string
}

// split takes the input apart into its screens; one without a head is shown for ever.
func split(title, text string) ([]frame, error) {
	var frames []frame
	for i, part := range strings.Split(text, "\f") {
		f := frame{title: title, ms: 1000}
		if i == 0 && part == "" {
			continue
		}
		if i > 0 {
			head, rest, _ := strings.Cut(part, "\n")
			ms, words, _ := strings.Cut(head, " ")
			n, err := strconv.Atoi(ms)
			if err != nil || n <= 0 {
				return nil, fmt.Errorf("screen %d is shown for %q: not a number of milliseconds", i, ms)
			}
			f.ms, f.title, part = n, words, rest
		}
		f.screen = parse(strings.Split(strings.TrimRight(part, "\n"), "\n"))
		frames = append(frames, f)
	}
	if len(frames) == 0 {
		return nil, fmt.Errorf("no screen on standard input")
	}
	return frames, nil
}
