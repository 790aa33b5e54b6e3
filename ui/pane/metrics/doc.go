// Package metrics is the pane of what was measured: one row a run, one column
// a metric, and behind every cell where its value comes from. The table shows
// what the board holds of each run and asks the lab for the rest, one run at a
// time; a run opens into all its metrics, each with its ranks and its parts.
// Nothing is computed here: the differences against a baseline are the only
// arithmetic of the pane.
package metrics
