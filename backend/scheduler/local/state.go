package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"shardeck/backend/atomicfile"
	"shardeck/backend/process"
	"shardeck/backend/scheduler"
	"shardeck/model"
)

// read tells what a job's files say of it, and settles it if it was lost.
func (l *Local) read(id string) (model.Job, error) {
	dir := filepath.Join(l.dir, id)
	j, err := readRecord(dir, id)
	if err != nil || j.Reason != "" || readExit(dir, &j) {
		return j, err
	}
	j.State, j.Reason = l.stateOfProcesses(dir)
	if j.State == "" { // no process is left: it ended just now, or was lost
		if !readExit(dir, &j) {
			l.recordLost(dir, &j)
		}
		return j, nil
	}
	if !j.Start.IsZero() {
		j.Elapsed = time.Since(j.Start)
	}
	return j, nil
}

func readRecord(dir, id string) (model.Job, error) {
	j := model.Job{ID: id, Scheduler: Name, State: model.JobUnknown, Nodes: 1, NodeList: process.HostName()}
	text, err := os.ReadFile(filepath.Join(dir, "job.json"))
	var c jobRecord
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if errors.Is(err, fs.ErrPermission) {
		return j, model.Failed("cannot read local job "+id, err, "make "+dir+" readable")
	}
	if err != nil { // one damaged job must not hide the others
		j.Reason = "its record is damaged: " + filepath.Join(dir, "job.json")
		return j, nil
	}
	j.Name, j.Tag, j.GPUs = model.Printable(c.Name), model.Printable(c.Tag), c.GPUs
	j.WorkDir, j.Log = model.Printable(c.Dir), model.Printable(scheduler.ExpandLog(c.Log, model.Job{ID: id, Name: c.Name}))
	j.Limit, j.Submit, j.Start = c.Limit, c.Submit, unixTime(readFact(dir, "started"))
	return j, nil
}

func readFact(dir, name string) string {
	text, _ := os.ReadFile(filepath.Join(dir, name))
	return strings.TrimSpace(string(text))
}

// unixTime reads seconds since 1970; zero for anything else.
func unixTime(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	return time.Unix(n, 0)
}

// readExit reads "STATE CODE:SIGNAL EPOCH REASON"; false if the job has not ended.
func readExit(dir string, j *model.Job) bool {
	parts := strings.SplitN(readFact(dir, "exit"), " ", 4)
	if len(parts) < 3 {
		return false
	}
	j.State, j.ExitCode, j.End = model.JobState(model.Printable(parts[0])), model.Printable(parts[1]), unixTime(parts[2])
	if len(parts) == 4 {
		j.Reason = model.Printable(parts[3])
	}
	j.Start = unixTime(readFact(dir, "started"))
	if !j.Start.IsZero() && j.End.After(j.Start) {
		j.Elapsed = j.End.Sub(j.Start)
	}
	return true
}

// stateOfProcesses tells the state of a job by its processes, empty if none is left.
func (l *Local) stateOfProcesses(dir string) (model.JobState, string) {
	state := model.JobPending
	if readFact(dir, "started") != "" {
		state = model.JobRunning
		if exists(dir, "cancel") {
			state = model.JobCompleting
		}
	}
	keeper, kept := process.Parse(readFact(dir, "keeper"))
	child, run := process.Parse(readFact(dir, "child"))
	submitter, known := process.Parse(readFact(dir, "submitter"))
	switch {
	case kept && l.here.Elsewhere(keeper) != "":
		return state, "on " + l.here.Elsewhere(keeper)
	case kept && l.here.Alive(keeper), !kept && l.here.Alive(submitter):
		return state, ""
	case run && l.here.Alive(child):
		return state, "its keeper was killed; the job runs on without a time limit"
	case !kept && known && l.here.Elsewhere(submitter) != "":
		return state, "on " + l.here.Elsewhere(submitter)
	}
	return "", ""
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// recordLost says how a job ended whose processes vanished, and writes it down, so that it stays so.
func (l *Local) recordLost(dir string, j *model.Job) {
	keeper, kept := process.Parse(readFact(dir, "keeper"))
	j.State, j.ExitCode, j.End = model.JobFailed, "0:9", time.Now().Truncate(time.Second)
	switch {
	case exists(dir, "cancel"):
		j.State, j.ExitCode = model.JobCancelled, "0:15"
	case !kept:
		j.Reason = "it was never started: shardeck was ended while it submitted it"
	case l.here.Rebooted(keeper):
		j.State, j.Reason = model.JobNodeFail, "the machine was restarted"
	default:
		j.Reason = "its processes were killed"
	}
	_ = record(dir, "exit", fmt.Sprintf("%s %s %d %s", j.State, j.ExitCode, j.End.Unix(), j.Reason))
}

// record writes one of a job's files whole, or not at all.
func record(dir, name, text string) error {
	return atomicfile.Write(filepath.Join(dir, name), []byte(text+"\n"), 0o600)
}

// Cancel asks the job's keeper to end it, and waits until it did: TERM to the whole
// process group, KILL after a grace. A job whose keeper was killed is ended here.
func (l *Local) Cancel(ctx context.Context, id string) error {
	dir := filepath.Join(l.dir, id)
	if !idPattern.MatchString(id) || !exists(dir, "job.json") {
		return &scheduler.Fault{Text: fmt.Sprintf("there is no local job %.40q", id),
			ToDo: "take an id from the list of jobs", Kind: scheduler.ErrNoJob}
	}
	j, err := l.job(id)
	if err != nil || !j.State.Active() {
		return err
	}
	written := record(dir, "cancel", "")
	keeper, _ := process.Parse(readFact(dir, "keeper"))
	child, _ := process.Parse(readFact(dir, "child"))
	switch {
	case l.here.Alive(keeper):
		_ = syscall.Kill(keeper.PID, syscall.SIGTERM) // sooner than it would see the file
	case l.here.Alive(child):
		l.end(ctx, child)
	case written != nil:
		return unwritable(dir, written)
	}
	return l.awaitEnd(ctx, id)
}

func (l *Local) end(ctx context.Context, child process.ID) {
	_ = syscall.Kill(-child.PID, syscall.SIGTERM)
	for end := time.Now().Add(time.Duration(l.grace) * time.Second); l.here.Alive(child) && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(100 * time.Millisecond)
	}
	_ = syscall.Kill(-child.PID, syscall.SIGKILL)
}

func (l *Local) awaitEnd(ctx context.Context, id string) error {
	for end := time.Now().Add(time.Duration(l.grace)*time.Second + 5*time.Second); ; {
		j, err := l.job(id)
		if err != nil || !j.State.Active() {
			return err
		}
		if time.Now().After(end) {
			return &scheduler.Fault{Text: "local job " + id + " was asked to end, and has not yet (" + j.Reason + ")",
				ToDo: "look again in a minute; if its machine is gone, remove " + filepath.Join(l.dir, id)}
		}
		if err := scheduler.Pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
