//go:build !race

package slurm

// raced reports whether the race detector slows everything down.
const raced = false
