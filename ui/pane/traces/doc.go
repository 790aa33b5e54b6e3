// Package traces is the pane of where the time of one run went: the split of
// the window rank by rank, the density of the work over the window, the top
// kernels and the collectives with their transfer and wait. The pool reads the
// traces; the pane shows its progress and, afterwards, the summary it wrote.
package traces
