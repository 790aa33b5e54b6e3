package panetest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/jobs"
	"shardeck/model"
)

// ListJobs is the list.
func (l *Lab) ListJobs(ctx context.Context, refresh bool) (jobs.JobList, error) {
	detail := ""
	if refresh {
		detail = "refresh"
	}
	if err := l.call(ctx, "Jobs", detail); err != nil {
		return jobs.JobList{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.List
	list.Jobs = slices.Clone(list.Jobs)
	return list, nil
}

// Cancel ends a job of the list.
func (l *Lab) Cancel(ctx context.Context, id string) error {
	if err := l.call(ctx, "Cancel", id); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.List.Jobs {
		if l.List.Jobs[i].ID == id {
			l.List.Jobs[i].State = model.JobCancelled
		}
	}
	return nil
}

// Log is the log of a job.
func (l *Lab) Log(ctx context.Context, j model.Job, lines int) (jobs.LogPart, error) {
	if err := l.call(ctx, "Log", j.ID); err != nil {
		return jobs.LogPart{}, err
	}
	part, ok := l.Logs[j.ID]
	if !ok {
		return jobs.LogPart{}, fmt.Errorf("logs/vllm_%s.out is not there yet: the job has not started", j.ID)
	}
	part.Line = 1
	if cut := len(part.Lines) - lines; lines > 0 && cut > 0 {
		part.Lines, part.First, part.Line = part.Lines[cut:], -1, cut+1
	}
	return part, nil
}

// LogFind looks forward through a log and shows 20 lines from the one found.
func (l *Lab) LogFind(ctx context.Context, j model.Job, look jobs.LogLook) (jobs.LogPart, int, bool, error) {
	if err := l.call(ctx, "LogFind", fmt.Sprint(j.ID, " ", look.Text, " ", look.After)); err != nil {
		return jobs.LogPart{}, 0, false, err
	}
	part := l.Logs[j.ID]
	for i := range part.Lines {
		n := (look.After + i) % len(part.Lines)
		line := part.Lines[n]
		if look.Text != "" && strings.Contains(strings.ToLower(line), strings.ToLower(look.Text)) || look.Text == "" && jobs.LooksBad(line) {
			part.Lines, part.First, part.Line = part.Lines[n:min(n+20, len(part.Lines))], int64(n*40), n+1
			return part, 0, true, nil
		}
	}
	return jobs.LogPart{}, 0, false, nil
}

// Why is the cause of a failure.
func (l *Lab) Why(ctx context.Context, j model.Job) (jobs.Cause, error) {
	if err := l.call(ctx, "Why", j.ID); err != nil {
		return jobs.Cause{}, err
	}
	return l.Causes[j.ID], nil
}
