// Package jobs is the use cases of a job's life: look at its surroundings
// (environment.go), show what would be submitted (preview.go) and when it would start
// (plannedstart.go), submit it (submit.go), list it (queue.go, history.go), follow it
// (watch.go, log.go), and say why it failed and what mends it (why.go, remedy.go). The
// job that reads the traces of a run on a compute node is planned in readingjob.go.
package jobs
