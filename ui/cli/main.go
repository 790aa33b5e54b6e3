// Package cli is the command line: its root and what has no room of its own; the other
// commands are below it by what they are of (experiment, job, result, exchange), one file
// each: flags → use case → model/present → text or JSON. They decide nothing.
//
// # Rules of output
//
//   - Standard output holds the answer and nothing else, so that it can be piped.
//   - Notes, warnings and errors go to standard error, one line each: the fault, its
//     cause, and what to do. Lower case, no full stop.
//   - A missing value is "–" in a table, null in JSON and an empty line nowhere.
//   - A state is a word; colour only underlines it.
//
// # Exit codes
//
//	0  done
//	1  failed
//	2  wrong usage, or a config that is not valid
//	3  no value (metric only; the reason is on standard error)
//	4  a value from damaged input (the loss is on standard error; 4 beats 3)
package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"shardeck/ui/cli/command"
	"syscall"
)

// Main runs the command line and returns the exit code. An interrupt ends the
// command at its next step; what it had written by then is whole.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), ends()...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	e := &command.Env{In: in, Out: out, Err: errOut, Color: "auto"}
	defer e.Close()
	c := root(e)
	c.SetArgs(args)
	c.SetIn(in)
	c.SetOut(out)
	c.SetErr(errOut)
	return e.Finish(c.ExecuteContext(ctx))
}

// ends are the signals that ask a command to end: a lost terminal among them, unless
// nohup has said that this one is to go on.
func ends() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{os.Interrupt, syscall.SIGTERM}
	}
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
}
