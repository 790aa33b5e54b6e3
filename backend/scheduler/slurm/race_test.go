//go:build race

package slurm

const raced = true
