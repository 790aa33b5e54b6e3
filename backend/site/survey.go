package site

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
	"shardeck/backend/probe"
	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/local"
	"shardeck/backend/scheduler/slurm"
	"shardeck/model"
)

// How long looking at a cluster may hold a start, and how long its answer is good for the next starts.
const (
	surveyPatience = 5 * time.Second
	surveyFresh    = 10 * time.Minute
	surveyAgain    = time.Minute // after one that found a Slurm that does not answer
)

// Survey looks for what no file says of the cluster.
type Survey struct {
	CacheDir string // where answers are kept; empty: nowhere
	Version  string // of this program, whose answers outlive no other
	Machine  func() probe.Machine
	Env      func(string) string
	Now      func() time.Time
}

// surveyed is what a survey found, as the cache keeps it.
type surveyed struct {
	Site model.Site `json:"site"`
	From string     `json:"from"`
}

// Site reads what is here: the Slurm that jobs would go to, else the GPUs of this machine; and says where it read. name is the
// scheduler that settings name, base what counts where nobody says otherwise.
func (v Survey) Site(name string, base model.Site, gpus map[string]model.GPU) (model.Site, string) {
	host, _ := os.Hostname()
	key := sha256.Sum256(fmt.Append(nil, host, name, v.Version, v.Machine().Programs,
		v.Env("SLURM_CONF"), v.Env("SLURM_JOB_ID"), v.Env("CUDA_VISIBLE_DEVICES"), base, gpus))
	file := filepath.Join(v.CacheDir, fmt.Sprintf("site-%x.json", key[:8]))
	var known surveyed
	if info, err := os.Stat(file); v.CacheDir != "" && err == nil && v.Now().Sub(info.ModTime()) < surveyFresh {
		if text, err := os.ReadFile(file); err == nil && json.Unmarshal(text, &known) == nil {
			return known.Site, known.From
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), surveyPatience)
	defer cancel()
	known, err := v.look(ctx, name, base, gpus)
	if text, _ := json.Marshal(known); v.CacheDir != "" && os.MkdirAll(v.CacheDir, 0o700) == nil {
		_ = atomicfile.Write(file, text, 0o600) // without it the next start looks again
		if at := v.Now().Add(surveyAgain - surveyFresh); err != nil {
			_ = os.Chtimes(file, at, at)
		}
	}
	return known.Site, known.From
}

// look asks the programs. A Slurm that is there and does not answer is no other site than one that nothing is known of.
func (v Survey) look(ctx context.Context, name string, base model.Site, gpus map[string]model.GPU) (surveyed, error) {
	if name == "auto" {
		name = v.Machine().Scheduler()
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
