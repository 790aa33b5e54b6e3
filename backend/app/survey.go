package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"shardeck/backend/atomicfile"
	"shardeck/backend/experiments"
	"shardeck/backend/generated"
	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/local"
	"shardeck/backend/scheduler/slurm"
	"shardeck/backend/strictyaml"
	"shardeck/model"
)

// How long looking at a cluster may hold a start, and how long its answer is good for the next starts.
const (
	surveyPatience = 5 * time.Second
	surveyFresh    = 10 * time.Minute
	surveyAgain    = time.Minute // after one that found a Slurm that does not answer
)

// surveyed is what a survey found, as the cache keeps it.
type surveyed struct {
	Site model.Site `json:"site"`
	From string     `json:"from"`
}

// survey reads what is here: the Slurm that jobs would go to, else the GPUs of this machine. A scheduler given by the caller
// (of a test) is none of this machine.
func (a *App) survey(name string, base model.Site, gpus map[string]model.GPU) (model.Site, string) {
	if a.options.Scheduler != nil {
		return base, ""
	}
	host, _ := os.Hostname()
	env := a.options.Env
	key := sha256.Sum256(fmt.Append(nil, host, name, programVersion(a.options.Binary), a.machine().Programs,
		env("SLURM_CONF"), env("SLURM_JOB_ID"), env("CUDA_VISIBLE_DEVICES"), base, gpus))
	file := filepath.Join(a.options.CacheDir, fmt.Sprintf("site-%x.json", key[:8]))
	var known surveyed
	if info, err := os.Stat(file); a.options.CacheDir != "" && err == nil && a.options.Now().Sub(info.ModTime()) < surveyFresh {
		if text, err := os.ReadFile(file); err == nil && json.Unmarshal(text, &known) == nil {
			return known.Site, known.From
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), surveyPatience)
	defer cancel()
	known, err := a.look(ctx, name, base, gpus)
	if text, _ := json.Marshal(known); a.options.CacheDir != "" && os.MkdirAll(a.options.CacheDir, 0o700) == nil {
		_ = atomicfile.Write(file, text, 0o600) // without it the next start looks again
		if at := a.options.Now().Add(surveyAgain - surveyFresh); err != nil {
			_ = os.Chtimes(file, at, at)
		}
	}
	return known.Site, known.From
}

// look asks the programs. A Slurm that is there and does not answer is no other site than one that nothing is known of.
func (a *App) look(ctx context.Context, name string, base model.Site, gpus map[string]model.GPU) (surveyed, error) {
	if name == "auto" {
		name = a.machine().Scheduler()
	}
	if name == slurm.Name {
		site, err := slurm.New(slurm.Options{}).Site(ctx, base, gpus)
		switch {
		case err == nil:
			return surveyed{site, "Slurm"}, nil
		case !errors.Is(err, scheduler.ErrAbsent):
			base.Assumed = append(base.Assumed, "nothing of this cluster: "+model.Printable(err.Error()))
			base.Name, base.Title = "this-cluster", "this cluster"
			return surveyed{base, "Slurm, which does not answer"}, err
		}
	}
	site, from, _ := local.Site(ctx, base, gpus)
	return surveyed{site, from}, nil
}

// WriteSite writes the site that is open as sites/NAME.yaml of the workspace, to be edited there. A file that was edited is
// left as it is.
func (a *App) WriteSite(name string) (experiments.Wrote, error) {
	w := experiments.Wrote{Path: "sites/" + name + ".yaml"}
	if err := a.Writable("write " + w.Path); err != nil {
		return w, err
	}
	if err := model.CheckID(name); err != nil {
		return w, &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	site := a.world.Site
	if site.Name = name; site.Name != a.world.Site.Name {
		site.Detect = nil // those of the other
	}
	text, err := strictyaml.Plain(site)
	if err != nil {
		return w, err
	}
	head := fmt.Sprintf("# %s, written by shardeck site --write (%s). It is yours to edit; keys: see the sites that shardeck comes with.\n",
		site.Title, a.SiteOrigin())
	done, err := generated.Write(a.ws, map[string][]byte{w.Path: append([]byte(head), text...)}, false)
	if w.Action = done[w.Path]; err == nil && w.Action == generated.Refused {
		err = model.Failed(w.Path+" was edited, and is left as it is", nil, "write another name, or move it away")
	}
	return w, err
}
