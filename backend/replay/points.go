package replay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"shardeck/model"
)

// Publish is the variable of a job's environment that holds what bash runs to give a folder its name, the one rule of all
// runners: $1 is the exit code, $2 the folder, $3 the name.
const Publish = "SHARDECK_PUBLISH"

// point is one entry of a file of points, as the runner takes it.
type point struct {
	Config string `json:"config"`
	Name   string `json:"name"` // of the folder, once it is measured
}

// RunPoints plays the recordings of several experiments back as one engine would serve them: it starts once, and each gets its
// name when it is over. One that cannot be replayed is that point's failure; the error is that of the first.
func RunPoints(ctx context.Context, o Options) error {
	all, err := readPoints(o.Points)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	ids := model.Each(all, func(p point) string { return filepath.Base(p.Name) })
	started := false
	var first error
	for i, p := range all {
		if ctx.Err() != nil {
			return cmp.Or(first, fmt.Errorf("%w (%w)", ErrStopped, context.Cause(ctx)))
		}
		if o.published(p) {
			continue
		}
		fmt.Fprintf(o.Out, "shardeck: point %d of %d: %s\n", i+1, len(all), ids[i])
		if err := o.playPoint(ctx, p, ids, i, &started); err != nil {
			fmt.Fprintf(o.Out, "shardeck: %v\n", err)
			first = cmp.Or(first, err)
		}
	}
	if first == nil {
		fmt.Fprintln(o.Out, model.StageDone.Line())
	}
	return first
}

func readPoints(file string) (all []point, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: no list of points: %w", file, err)
	}
	for _, p := range all {
		if p.Config == "" || p.Name == "" {
			return nil, fmt.Errorf("%s: a point has no config or no name", file)
		}
	}
	return all, nil
}

// published reports whether this job has played a point already: a requeued job starts again.
func (o Options) published(p point) bool {
	job, err := os.ReadFile(filepath.Join(p.Name, ".job"))
	return err == nil && o.JobID != "" && strings.TrimSpace(string(job)) == o.JobID
}

// playPoint plays one point into a folder of this job, and gives that its name.
func (o Options) playPoint(ctx context.Context, p point, ids []string, number int, started *bool) error {
	o.Config, o.OutputDir = p.Config, p.Name+model.TmpMark+o.JobID
	os.RemoveAll(o.OutputDir) // of an earlier start of this job
	player, err := newPlayer(o)
	if err != nil {
		return err
	}
	if len(ids) > 1 {
		player.info.Shared = &model.SharedEngine{Position: number + 1, Points: ids}
		player.info.Shared.SizedFor.BatchSize = player.config.Data.BatchSize
		player.info.Shared.SizedFor.Length = player.config.ModelLen()
	}
	player.started, *started = *started, true
	if err := player.begin(); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(o.OutputDir, ".job"), []byte(o.JobID+"\n")); err != nil {
		return err
	}
	err = player.play(ctx)
	err = errors.Join(err, player.finish(err))
	return errors.Join(err, o.publish(ExitCode(err), p.Name))
}

// publish gives the folder of a point its name, by the rule that the job script brings.
func (o Options) publish(code int, name string) error {
	rule := os.Getenv(Publish)
	if rule == "" {
		return nil
	}
	c := exec.Command("bash", "-c", rule, "publish", strconv.Itoa(code), o.OutputDir, name)
	c.Stdout, c.Stderr = o.Out, o.Out
	if err := c.Run(); err != nil && code == model.ExitDone {
		return fmt.Errorf("%s keeps its name: %w", o.OutputDir, err)
	}
	return nil
}
