package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"shardeck/backend/logs"
	"shardeck/model"
)

// LogLook is what to look for in a whole log.
type LogLook struct {
	Text  string // in any case; empty: the first line that looks like an error
	After int    // number of the line to begin behind; 0: at the begin, or with Back the end
	Back  bool
}

// Lines of a log that are looked through for its stage and for a cause.
const (
	stageLines = 4000
	causeLines = 20000

	aroundLines = 500 // shown before a line that was looked for, and after it
)

// Log reads the last lines of a job's log, 0 for as many as are looked through for
// a cause, and tells what the job is doing.
func (fo *Follower) Log(ctx context.Context, j model.Job, lines int) (LogPart, error) {
	if lines <= 0 {
		lines = causeLines
	}
	path := fo.logPath(j)
	if path == "" {
		return LogPart{}, model.Failed(fmt.Sprintf("where job %s writes its log is not known", j.ID), nil,
			"it was not submitted from this workspace")
	}
	tail, err := logs.Tail(path, max(lines, stageLines))
	if err != nil {
		return LogPart{Path: path}, noLog(j, err)
	}
	progress := logs.Stage(tail.Lines)
	part := LogPart{Path: path, Size: tail.Size, Lines: tail.Lines, First: tail.First, Line: tail.Line,
		Stage: string(progress.Stage), Done: progress.Done, Total: progress.Total}
	if cut := len(part.Lines) - lines; cut > 0 {
		part.Lines = part.Lines[cut:]
		part.First = -1 // lines were cut after cleaning: where they begin is not known
		if part.Line > 0 {
			part.Line += cut
		}
	}
	return part, ctx.Err()
}

// LogFind looks through the whole log of a job, however long, and returns the lines
// around the one found with its index; false if no line has what is looked for.
func (fo *Follower) LogFind(ctx context.Context, j model.Job, look LogLook) (part LogPart, at int, found bool, err error) {
	p, at, err := logs.Find(ctx, fo.logPath(j), logs.Look{Text: look.Text, After: look.After, Back: look.Back, Around: aroundLines})
	if errors.Is(err, logs.ErrNoLine) {
		return LogPart{}, 0, false, nil
	}
	if err != nil {
		return LogPart{}, 0, false, noLog(j, err)
	}
	return LogPart{Path: p.Path, Size: p.Size, Lines: p.Lines, First: p.First, Line: p.Line}, at, true, nil
}

// LooksBad tells of a line of a log that an error begins there.
func LooksBad(line string) bool { return logs.LooksBad(line) }

// noLog says why there is none yet.
func noLog(j model.Job, err error) error {
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case j.State == model.JobPending:
		return model.Failed(fmt.Sprintf("job %s has no log yet: it waits (%s)", j.ID, j.Reason), nil, "shardeck watch "+j.ID)
	}
	return model.Failed(fmt.Sprintf("job %s (%s) has no log", j.ID, j.State), err, "shardeck why "+j.ID)
}

// followEvery is how often a log is looked at for new lines.
const followEvery = 500 * time.Millisecond

// Follow calls show with the last lines of a job's log, then with what is added, until
// the job has ended, show fails or ctx ends.
func (fo *Follower) Follow(ctx context.Context, j model.Job, lines int, show func(LogPart) error) error {
	path := fo.logPath(j)
	f, first := logs.Follow(path), true
	ended, asked := false, time.Time{}
	for {
		if time.Since(asked) >= fo.watchPause() { // before the last look, so that nothing is missed
			if now, err := fo.queue.FindJob(ctx, j.ID); err == nil {
				j.State = now.State
			}
			ended, asked = !j.State.Active(), time.Now()
		}
		for more := true; more; {
			part, err := f.Poll(ended)
			if err != nil {
				return err
			}
			if more = len(part.Lines) > 0; !more {
				break
			}
			if first && lines > 0 {
				part.Lines = part.Lines[max(len(part.Lines)-lines, 0):]
			}
			first = false
			if err := show(LogPart{Path: path, Size: part.Size, Lines: part.Lines, First: part.First}); err != nil {
				return err
			}
		}
		if ended {
			return nil
		}
		if err := pause(ctx, followEvery); err != nil {
			return err
		}
	}
}

// LogPart is a piece of a job's log.
type LogPart struct {
	Path  string   `json:"path"`
	Size  int64    `json:"size"`
	Lines []string `json:"lines"` // cleaned of control characters
	First int64    `json:"first"` // byte offset of Lines[0]; -1: not known, but not the log's begin
	Line  int      `json:"line"`  // number of Lines[0], from 1; 0: not counted
	Stage string   `json:"stage"` // word for what the job is doing, empty: not known
	Done  int      `json:"done"`  // iterations, where the log tells
	Total int      `json:"total"`
}
