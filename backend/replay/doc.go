// Package replay is engine replay: it plays an embedded recording of a real run
// back at its own pace, so that a newcomer with neither GPU nor Slurm can submit a
// job, watch it and read its metrics.
//
// A replay keeps the contract of every runner: the same stage lines
// (model.Stage), the same files, the same exit codes. It is labelled a replay in
// each: the log's first line, the description in config.yaml and run.json. The
// numbers are those of the machine that was recorded, never of this one.
//
// Read recording.go (which recordings there are and which one a config means),
// run.go (what a replay does, stage by stage), files.go (what it writes) and
// demo.go (the workspace that `shardeck demo` opens). thin/ is the tool that makes
// the recordings small.
package replay
