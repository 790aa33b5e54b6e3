// Package app opens a workspace and hands out what can be done in it: site (where jobs go), experiments (before a job), jobs (its
// life), sweep (many) and measure (its result), a package each. It reads the settings, knows the site, chooses the scheduler,
// and gives each room what it needs of the others; they do not know each other. Their methods may wait (for
// files, the scheduler, the pool), so a pane calls them from a command, never from Update; all are safe for
// concurrent use and all stop when their context ends.
package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"shardeck/backend/calibration"
	"shardeck/backend/catalog"
	"shardeck/backend/experiments"
	"shardeck/backend/forecast"
	"shardeck/backend/jobs"
	"shardeck/backend/measure"
	"shardeck/backend/pool"
	"shardeck/backend/publish"
	"shardeck/backend/render"
	"shardeck/backend/replay"
	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/local"
	"shardeck/backend/scheduler/poll"
	"shardeck/backend/scheduler/slurm"
	"shardeck/backend/site"
	"shardeck/backend/sweep"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
	laws "shardeck/model/forecast"
	"shardeck/model/xray"
)

// Options of an open workspace. The zero value opens the workspace of the current folder.
type Options struct {
	Dir       string              // where to look for the workspace; empty: the current folder
	Sets      []string            // key=value, from --set
	ReadOnly  bool                // refuse every change
	Here      bool                // read traces on a login node, however large
	Typing    bool                // somebody types meanwhile: answering comes before a small heap
	Env       func(string) string // nil: the process's environment
	Now       func() time.Time    // nil: the clock
	Binary    string              // this program, as job scripts name it; empty: the running one
	CacheDir  string              // results of analysis; empty: $XDG_CACHE_HOME/shardeck
	Scheduler scheduler.Scheduler // nil: the one that the settings name
}

func (o Options) withDefaults() Options {
	o.Dir = cmp.Or(o.Dir, ".")
	if o.Env == nil {
		o.Env = os.Getenv
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Binary == "" {
		o.Binary, _ = os.Executable()
	}
	o.CacheDir = cmp.Or(o.CacheDir, catalog.UserDir(o.Env, "XDG_CACHE_HOME", ".cache"))
	if o.Env("SHARDECK_NO_CACHE") != "" {
		o.CacheDir = ""
	}
	return o
}

// App is an open workspace, with the use cases of its rooms. Its methods are safe for concurrent use.
type App struct {
	*KnownModels
	*site.Cluster
	*experiments.Experiments
	*experiments.Life
	*jobs.Jobs
	*measure.Measure
	*sweep.Sweeps
	*sweep.Dispatcher
	*forecast.Forecasts

	Calibrations *calibration.Calibrations
	Publish      *publish.Publisher

	options        Options
	ws             *workspace.Workspace
	catalog        *catalog.Catalog
	experimentSets []model.Edit // --set values that are keys of a config
	world          check.World
	pool           *pool.Pool
	scheduler      scheduler.Scheduler

	mu       sync.Mutex
	warnings []string
}

// Open finds the workspace and reads the settings; it starts nothing and asks no scheduler.
func Open(o Options) (*App, error) {
	o = o.withDefaults()
	ws, err := workspace.Find(o.Dir)
	if err != nil {
		return nil, err
	}
	ws.ReadOnly = o.ReadOnly
	a := &App{options: o, ws: ws}
	if err := a.readSettings(); err != nil {
		return nil, err
	}
	a.chooseScheduler()
	a.furnish()
	a.Resume()
	return a, nil
}

// furnish gives each room what it needs, of the others too.
func (a *App) furnish() {
	o := a.options
	a.KnownModels = &KnownModels{a.ws, a.catalog, a.world}
	a.Cluster = site.New(site.Needs{
		Workspace: a.ws, World: a.world, Catalog: a.catalog, Scheduler: a.scheduler, Machine: a.machine, Env: o.Env, Anywhere: o.Here,
	})
	a.pool = pool.New(a.poolSize())
	a.Measure = measure.New(measure.Needs{
		Workspace: a.ws, World: a.world, Pool: a.pool, Cache: measure.OpenCache(o.CacheDir), Version: programVersion(o.Binary),
		Now: o.Now, Names: a.catalog.Kernels, Typing: o.Typing, LoginBudget: a.LoginBudget,
	})
	a.Life = experiments.New(experiments.Needs{
		Workspace: a.ws, World: a.world, Sets: a.experimentSets, Note: a.note, Settings: a.scriptSettings,
		Jobs: func() []model.Job { return a.KnownJobs() }, KnownOf: a.Measure.Quick, Now: o.Now,
		Played:  func(e model.Experiment) (*check.Plays, error) { return replay.Plays(e, foretell(a.world)) },
		Unended: func(ctx context.Context, id string) *model.Job { return a.Jobs.Unended(ctx, id) },
	})
	a.Experiments = a.Life.Experiments
	a.Jobs = jobs.New(jobs.Needs{
		Workspace: a.ws, World: a.world, Scheduler: a.scheduler, Now: o.Now, Note: a.note, Past: a.shelf("history"),
		Poll:        poll.New(a.scheduler, poll.Options{Interval: a.catalog.Settings.Refresh, Floor: a.floor(), Now: o.Now, Shelf: a.shelf("queue")}),
		Experiments: a.Experiments, Edits: a.experimentSets, Machine: a.machine, Software: a.software(), Getenv: o.Env,
		Unread: a.Measure.Unread, Each: func(ctx context.Context, n int, f func(int)) {
			_ = a.pool.Do(ctx, pool.Wanted, 0, func(ctx context.Context) error { a.pool.Each(ctx, pool.Wanted, n, f); return nil }).Wait()
		},
		Reading: render.Reading{Workspace: a.ws.Root, Shardeck: o.Binary, CacheHome: filepath.Dir(o.CacheDir), Sets: o.Sets},
	})
	a.Calibrations = calibration.New(calibration.Needs{Workspace: a.ws, World: a.world, Experiments: a.Experiments, Submit: a.Jobs.SubmitPoints,
		Where: a.calibrated()})
	a.Forecasts = forecast.New(forecast.Needs{
		Workspace: a.ws, World: a.world, Now: o.Now, Row: a.Experiments.Row, KnownOf: a.Measure.Quick, Calibrations: a.Calibrations.Measured, Check: a.Experiments.Check,
		Steps: func(ctx context.Context, r model.Run) xray.Report {
			found, _ := a.Measure.XRay(ctx, r.Name, nil) // what cannot be read here tells nothing
			return found
		},
		KnownSteps: a.Measure.KnownXRay,
		Recorded:   func(e model.Experiment) model.Engine { r, _ := replay.For(e); return r.Engine },
	})
	a.Dispatcher = sweep.New(sweep.Needs{Workspace: a.ws, World: a.world, Experiments: a.Experiments, Jobs: a.Jobs, KnownOf: a.Measure.Quick,
		Sampler: a.Measure.Sampler})
	a.Sweeps = a.Dispatcher.Sweeps
	a.Publish = publish.New(publish.Needs{
		Root: a.ws.Root, Folder: a.ws.Folder, Lanes: a.Measure.Lanes, Known: []string{o.Env("USER"), o.Env("LOGNAME"), a.catalog.Settings.Account}, NodeGPUs: a.world.GPUsPerNode(), Pool: a.pool,
		Budget: a.LoginBudget, Among: func(runs []string) publish.Results { return a.Measure.Among(runs) }, Sweeps: a.Sweeps, Foretold: a.Forecasts.ForetoldOf,
	})
}

// calibrated is what a calibration measures: this machine where jobs run on it, else the site.
func (a *App) calibrated() string {
	if a.scheduler.Name() == local.Name {
		return local.Name
	}
	return a.world.Site.Name
}

// shelf is where the scheduler's answers for this workspace lie for other processes of this user; the local scheduler's need not.
func (a *App) shelf(what string) poll.Shelf {
	if a.options.CacheDir == "" || a.scheduler.Name() == local.Name {
		return poll.Shelf{}
	}
	of := sha256.Sum256([]byte(a.ws.Root + "\n" + a.scheduler.Name() + "\n" + a.options.Env("SLURM_CONF")))
	return poll.Shelf{Path: filepath.Join(a.options.CacheDir, "jobs", fmt.Sprintf("%x-%s.json", of[:8], what))}
}

// programVersion changes with every build, so that no number outlives the code that made it.
func programVersion(binary string) string {
	info, err := os.Stat(binary)
	if err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
}

// chooseScheduler takes the one that tests give, else that of the settings, else what is here.
func (a *App) chooseScheduler() {
	name := a.catalog.Settings.Scheduler
	if name == "auto" || name == "" {
		name = a.machine().Scheduler()
	}
	switch {
	case a.options.Scheduler != nil:
		a.scheduler = a.options.Scheduler
	case name == slurm.Name:
		a.scheduler = slurm.New(slurm.Options{})
	default: // the jobs of all this user's workspaces note their GPUs in one place, if there is a home
		pool := catalog.UserDir(a.options.Env, "XDG_STATE_HOME", ".local/state")
		if pool != "" {
			pool = filepath.Join(pool, "gpus")
		}
		a.scheduler = local.New(local.Options{Dir: a.ws.Path(workspace.PrivateDir + "/local"), GPUs: a.world.GPUsPerNode(), Pool: pool})
	}
}

// localFloor is the least time between two looks at the local scheduler's files, which cost nothing.
const localFloor = time.Second

// Pause waits until the scheduler may be asked again.
func (a *App) Pause(ctx context.Context) error {
	return scheduler.Pause(ctx, a.floor())
}

// floor is the least time between two questions to the scheduler.
func (a *App) floor() time.Duration {
	if a.scheduler.Name() == local.Name {
		return localFloor
	}
	return poll.Floor
}

// Close cancels running work and waits for it. Jobs go on: they are not ours to end.
func (a *App) Close() { a.pool.Close() }

// note keeps a remark that no caller waits for, once.
func (a *App) note(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Contains(a.warnings, text) {
		a.warnings = append(a.warnings, text)
	}
}

// Warnings are remarks of no single call, such as a record that could not be written.
func (a *App) Warnings() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.warnings)
}

// Workspace is the folder that is open, absolute.
func (a *App) Workspace() string { return a.ws.Root }

// Writable refuses a change where the program was started read-only.
func (a *App) Writable(what string) error { return a.ws.Writable(what) }

// ReadOnly reports whether changes are refused.
func (a *App) ReadOnly() bool { return a.options.ReadOnly }

// LoadScreen is the state of the screen as it was left; nil: none was kept.
func (a *App) LoadScreen() (json.RawMessage, error) { return a.ws.Ledger().LoadState() }

// SaveScreen keeps the state of the screen for the next start; a read-only workspace keeps none.
func (a *App) SaveScreen(state json.RawMessage) error {
	if a.ReadOnly() {
		return nil
	}
	return a.ws.Ledger().SaveState(state)
}

// WriteDemo lays the demo workspace out in dir, or in the user's own place for it
// when dir is empty, and returns where. What is there already stays as it is.
func WriteDemo(dir string, env func(string) string) (string, error) {
	if dir == "" {
		if env == nil {
			env = os.Getenv
		}
		base := catalog.UserDir(env, "XDG_DATA_HOME", ".local/share")
		if base == "" {
			return "", model.Invalid("no place for the demo: HOME is not set", "name a folder: shardeck demo DIR")
		}
		dir = filepath.Join(base, "demo")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", model.Failed("cannot name "+dir, err, "name another folder: shardeck demo DIR")
	}
	if err := replay.WriteDemo(abs); err != nil {
		return "", model.Failed("cannot write the demo workspace", err, "name a folder that you can write: shardeck demo DIR")
	}
	return abs, nil
}

// ReplayOptions say what to replay and where to.
type ReplayOptions = replay.Options

// foretell is what the laws of the recordings say of experiments.
func foretell(w check.World) replay.Foretell {
	return func(e model.Experiment) laws.Forecast { return forecast.Replayed(w, e) }
}

// Replay plays the embedded recording that a config means back as a run, or a forecast from the recordings. The int is the exit code of
// a runner.
func Replay(ctx context.Context, o ReplayOptions) (int, error) {
	from := catalog.Options{Env: os.Getenv, UserDir: catalog.UserDir(os.Getenv, "XDG_CONFIG_HOME", ".config")}
	if ws, err := workspace.Find("."); err == nil {
		from.Workspace = ws.Root
	}
	if known, err := catalog.Load(from); err == nil { // else what was not recorded is refused
		o.Foretell = foretell(known.World())
	}
	play := replay.Run
	if o.Points != "" {
		play, o.JobID = replay.RunPoints, cmp.Or(o.JobID, os.Getenv("SHARDECK_JOB_ID"))
	}
	err := play(ctx, o)
	if errors.Is(err, replay.ErrConfig) {
		return replay.ExitCode(err), &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	return replay.ExitCode(err), err
}

// Recording is one that can be replayed.
type Recording struct {
	Name     string         `json:"name"`
	Title    string         `json:"title"`
	Model    string         `json:"model"`
	Layout   model.Layout   `json:"layout"`
	Workload model.Workload `json:"workload"`
}

// Recordings lists what engine replay can re-emit.
func Recordings() []Recording {
	return model.Each(replay.Recordings(), func(r replay.Recording) Recording {
		return Recording{r.Name, r.Description, r.Model.Name, r.Layout, r.Data}
	})
}
