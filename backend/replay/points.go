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
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/sweep"
)

// Publish is the variable of a job's environment that holds what bash runs to give a folder its name, the one rule of all
// runners: $1 is the exit code, $2 the folder, $3 the name.
const Publish = "SHARDECK_PUBLISH"

// Next is the variable that holds what bash runs to ask which of the points "$@" come next, and which can no longer matter: it
// prints a sweep.Turn in JSON.
const Next = "SHARDECK_NEXT"

// point is one entry of a file of points, as the runner takes it.
type point struct {
	Config string `json:"config"`
	Name   string `json:"name"` // of the folder, once it is measured
}

// id of the experiment of a point.
func (p point) id() string { return filepath.Base(p.Name) }

// RunPoints plays the recordings of several experiments back as one engine would serve them: it starts once, and each gets its
// name when it is over. One that cannot be replayed is that point's failure; the error is that of the first.
func RunPoints(ctx context.Context, o Options) error {
	all, err := readPoints(o.Points)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	left, played, started := slices.DeleteFunc(slices.Clone(all), o.published), []string{}, false
	o.rule = os.Getenv(Next)
	for left = o.turn(ctx, left); len(left) > 0; left = o.turn(ctx, left[1:]) {
		if ctx.Err() != nil {
			return cmp.Or(err, fmt.Errorf("%w (%w)", ErrStopped, context.Cause(ctx)))
		}
		played = append(played, left[0].id())
		shared := &model.SharedEngine{Position: len(played), Points: played}
		if len(all) == 1 {
			shared = nil
		}
		fmt.Fprintf(o.Out, "shardeck: point %d of %d: %s\n", len(played), len(all), left[0].id())
		if failed := o.playPoint(ctx, left[0], shared, &started); failed != nil {
			fmt.Fprintf(o.Out, "shardeck: %v\n", failed)
			err = cmp.Or(err, failed)
		}
	}
	if err == nil {
		fmt.Fprintln(o.Out, model.StageDone.Line())
	}
	return err
}

// turn puts the points that are left in the order in which they come, without those that are passed over, as the job's rule says.
// Without one, and where it says nothing, they are all played in the order of their list.
func (o *Options) turn(ctx context.Context, left []point) []point {
	if o.rule == "" || len(left) == 0 {
		return left
	}
	c := exec.CommandContext(ctx, "bash", append([]string{"-c", o.rule, "next"}, model.Each(left, point.id)...)...)
	c.Stderr = o.Out
	text, err := c.Output()
	var said sweep.Turn
	if err = cmp.Or(err, json.Unmarshal(text, &said)); err != nil {
		if o.rule = ""; ctx.Err() == nil {
			fmt.Fprintf(o.Out, "shardeck: shardeck does not say which point comes next, so all are measured: %v\n", err)
		}
		return left
	}
	left = slices.DeleteFunc(left, func(p point) bool {
		why, passed := said.Passed[p.id()]
		if passed {
			fmt.Fprintf(o.Out, "shardeck: %s is passed over: %s\n", p.id(), why)
		}
		return passed
	})
	place := map[string]int{}
	for i, id := range said.Next {
		place[id] = i - len(said.Next) // the others are at 0
	}
	slices.SortStableFunc(left, func(a, b point) int { return cmp.Compare(place[a.id()], place[b.id()]) })
	return left
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
func (o Options) playPoint(ctx context.Context, p point, shared *model.SharedEngine, started *bool) error {
	o.Config, o.OutputDir = p.Config, p.Name+model.TmpMark+o.JobID
	os.RemoveAll(o.OutputDir) // of an earlier start of this job
	player, err := newPlayer(o)
	if err != nil {
		return err
	}
	if player.info.Shared = shared; shared != nil {
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
