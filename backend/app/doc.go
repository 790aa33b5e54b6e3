// Package app opens a workspace and hands out what can be done in it: experiments
// (before a job), jobs (its life) and measure (its result), a package each. It reads the
// settings, knows the site, chooses the scheduler, and gives each room what it needs of
// the others; they do not know each other. Their methods may wait (for files, the
// scheduler, the pool), so a pane calls them from a command, never from Update; all are
// safe for concurrent use and all stop when their context ends.
package app
