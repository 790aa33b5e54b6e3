// Package lab is the use cases: check, generate, submit, follow, analyse, compare.
// It is the one backend package that ui calls, so that a command and the pane that
// is its twin are the same few calls. Its methods may wait (for files, the
// scheduler, the pool), so a pane calls them from a command, never from Update; all
// are safe for concurrent use and all stop when their context ends.
package lab
