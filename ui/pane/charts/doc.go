// Package charts is the pane of scaling: one quantity of the runs against one
// axis (GPUs, TP, PP, batch, …), one line a series, the ideal line beside it,
// and under the chart the points it is drawn from with their spread, speed-up,
// efficiency and serial part. The series come whole from the lab; the pane
// chooses among them and draws.
package charts
