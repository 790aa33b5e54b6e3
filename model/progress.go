package model

import "fmt"

// Stage is what a job is doing, as its runner prints it.
type Stage string

// The stages of a run, in order. A runner prints each as it begins; one that it
// has no use for is left out.
const (
	StageEnvironment Stage = "environment"    // finding Python, the engine, the GPUs
	StageWeights     Stage = "weights"        // loading or making the weights
	StageCompile     Stage = "compile"        // compiling and capturing CUDA graphs
	StageWarmup      Stage = "warm-up"        // iterations that count for nothing
	StageTiming      Stage = "timing"         // the untraced pass: the numbers
	StageProfiling   Stage = "profiling"      // the traced pass: the breakdown
	StageWriting     Stage = "writing traces" // flushing, renaming, compressing
	StageDone        Stage = "done"
)

// Stages lists them in order.
func Stages() []Stage {
	return []Stage{StageEnvironment, StageWeights, StageCompile, StageWarmup,
		StageTiming, StageProfiling, StageWriting, StageDone}
}

// Line is how a runner announces the stage in its log.
func (s Stage) Line() string { return "shardeck: stage " + string(s) }

// IterationLine is how a runner says, when it is over, that it did the k-th of n
// iterations of a stage that has them: warm-up, timing or profiling.
func IterationLine(k, n int, s Stage) string {
	return fmt.Sprintf("shardeck: iteration %d of %d %s", k, n, s)
}
