// Package cli is the command line: one file a command. It prints text or JSON and
// maps errors to exit codes; it decides nothing.
package cli

import (
	"fmt"
	"io"
)

// Main runs the command line and returns the exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	fmt.Fprintln(errOut, "shardeck: nothing here yet")
	return 1
}
