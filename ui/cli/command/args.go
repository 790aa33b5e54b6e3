package command

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Wrong is an error of wrong usage that says where to look.
func Wrong(c *cobra.Command, text string) error {
	return Usage("%s\n%s\nhelp:  %s --help", text, "usage: "+c.UseLine(), c.CommandPath())
}

// Args checks how many words a command gets; many is the most, -1: any number.
func Args(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return Wrong(c, fmt.Sprintf("%s needs %s", c.CommandPath(), words(c)))
		case most >= 0 && len(args) > most:
			return Wrong(c, fmt.Sprintf("%s does not take %q", c.CommandPath(), args[most]))
		}
		return nil
	}
}

// words are the arguments of a command's usage line.
func words(c *cobra.Command) string {
	_, rest, _ := strings.Cut(c.Use, " ")
	return rest
}

// Ask puts a question whose answer must be yes.
func (e *Env) Ask(ctx context.Context, question string) error {
	if !Terminal(e.In) {
		return Usage("nothing submitted: there is no terminal to ask at\nto submit without asking: --yes")
	}
	fmt.Fprintf(e.Err, "%s [y/N] ", question)
	answer, err := e.answer(ctx)
	if err != nil {
		fmt.Fprintln(e.Err)
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return fmt.Errorf("nothing submitted")
}

// answer reads a line; an interrupt does not wait for its end.
func (e *Env) answer(ctx context.Context) (string, error) {
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(e.In).ReadString('\n') // an end without answer is a no
		line <- text
	}()
	select {
	case text := <-line:
		return text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
