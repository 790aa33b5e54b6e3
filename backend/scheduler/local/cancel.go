package local

import (
	"context"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"shardeck/backend/scheduler"
)

// Cancel asks the job's keeper to end it, and waits until it did: TERM to the whole
// process group, KILL after a grace. A job whose keeper was killed is ended here.
func (l *Local) Cancel(ctx context.Context, id string) error {
	m := idPattern.FindStringSubmatch(id)
	dir := filepath.Join(l.dir, id)
	if m == nil || !exists(dir, "job.json") {
		return unknown(id)
	}
	n, _ := strconv.Atoi(m[1])
	j, err := l.job(n)
	if err != nil || !j.State.Active() {
		return err
	}
	written := record(dir, "cancel", "")
	keeper, _ := parseProcess(readFact(dir, "keeper"))
	child, _ := parseProcess(readFact(dir, "child"))
	switch {
	case l.here.alive(keeper):
		_ = syscall.Kill(keeper.pid, syscall.SIGTERM) // sooner than it would see the file
	case l.here.alive(child):
		l.end(ctx, child)
	case written != nil:
		return unwritable(dir, written)
	}
	return l.awaitEnd(ctx, n)
}

// end ends a job that has no keeper.
func (l *Local) end(ctx context.Context, child process) {
	_ = syscall.Kill(-child.pid, syscall.SIGTERM)
	for end := time.Now().Add(time.Duration(l.grace) * time.Second); l.here.alive(child) && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(100 * time.Millisecond)
	}
	_ = syscall.Kill(-child.pid, syscall.SIGKILL)
}

// awaitEnd waits until a job has ended.
func (l *Local) awaitEnd(ctx context.Context, n int) error {
	for end := time.Now().Add(time.Duration(l.grace)*time.Second + 5*time.Second); ; {
		j, err := l.job(n)
		if err != nil || !j.State.Active() {
			return err
		}
		if time.Now().After(end) {
			return &scheduler.Fault{Text: "local job " + idOf(n) + " was asked to end, and has not yet (" + j.Reason + ")",
				ToDo: "look again in a minute; if its machine is gone, remove " + filepath.Join(l.dir, idOf(n))}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
