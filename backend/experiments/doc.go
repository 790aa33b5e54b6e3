// Package experiments is the use cases before a job: list the experiments (board.go),
// edit one (draft.go), make one from another (new.go), write configs, job scripts and the
// runner (generate.go), and the workload card of a run (card.go).
package experiments
