package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shardeck/model"
)

// BaselinesFile holds the baselines of a workspace. It may be copied with the runs that it names.
const BaselinesFile = PrivateDir + "/baselines.json"

// Baseline is a name for runs that others are compared with: they are meant as they were then, whatever is run since.
type Baseline struct {
	Name string        `json:"name"`
	Time time.Time     `json:"set"`
	Runs []BaselineRun `json:"runs"`
}

// BaselineRun is one run, which keeps its job when a newer one takes its name.
type BaselineRun struct {
	Run  string    `json:"run"` // without @job
	Job  string    `json:"job_id,omitempty"`
	Time time.Time `json:"time"` // of its newest file: tells it where there is no job
}

// Baselines are those of a workspace, in a file that is read each time.
type Baselines struct{ *Workspace }

// List are all baselines, by name; a file that cannot be read is an error.
func (b Baselines) List() ([]Baseline, error) {
	all := []Baseline{}
	text, err := b.ReadText(BaselinesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		if err = json.Unmarshal(text, &all); err != nil {
			err = fault(BaselinesFile, "is damaged: "+err.Error(), "remove it, and set the baselines again")
		}
	}
	return slices.DeleteFunc(all, func(x Baseline) bool { return len(x.Runs) == 0 }), err
}

// Put sets a baseline, in place of one of that name. A name that a run or an experiment has is refused.
func (b Baselines) Put(name string, at time.Time, runs []model.Run) (Baseline, error) {
	x := Baseline{Name: name, Time: at}
	for _, r := range runs {
		base, _ := splitName(r.Name)
		x.Runs = append(x.Runs, BaselineRun{base, r.JobID, r.Time})
	}
	all, err := b.List()
	if err != nil {
		return x, err
	}
	if _, err := b.Run(name); err == nil && b.named(name) == nil {
		return x, model.Invalid(name+" is the name of a run already", "choose another name")
	}
	return x, b.write(append(slices.DeleteFunc(all, func(o Baseline) bool { return o.Name == name }), x))
}

// Remove takes a baseline out; its runs stay.
func (b Baselines) Remove(name string) error {
	all, err := b.List()
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(all), func(o Baseline) bool { return o.Name == name })
	if len(left) == len(all) {
		names := model.Each(all, func(o Baseline) string { return o.Name })
		return model.Unknown(fmt.Sprintf("there is no baseline %.60q", name), model.DidYouMean(name, names))
	}
	return b.write(left)
}

func (b Baselines) write(all []Baseline) error {
	slices.SortFunc(all, func(a, b Baseline) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return b.WriteFile(BaselinesFile, append(text, '\n'), 0o644)
}

// named is a baseline; nil: there is none of the name.
func (b Baselines) named(name string) *Baseline {
	all, _ := b.List() // a damaged file names none; List says so
	return model.First(all, func(o Baseline) bool { return o.Name == name })
}

// Runs are those of a baseline that are still here, under the names they have now; none of a name that is no baseline.
func (b Baselines) Runs(name string) (found []model.Run) {
	x := b.named(name)
	if x == nil {
		return nil
	}
	runs, _ := b.Workspace.Runs() // what cannot be listed is not here
	for _, want := range x.Runs {
		run := model.First(runs, func(r model.Run) bool {
			base, _ := splitName(r.Name)
			return base == want.Run && r.JobID == want.Job && (want.Job != "" || r.Time.Equal(want.Time))
		})
		if run != nil {
			found = append(found, *run)
		}
	}
	return found
}

// dirs are the folders of a baseline's runs.
func (b Baselines) dirs(name string) []string {
	return model.Each(b.Runs(name), func(r model.Run) string { return filepath.Clean(r.Dir) })
}
