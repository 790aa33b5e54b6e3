package lab

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"shardeck/backend/cache"
	"shardeck/backend/catalog"
	"shardeck/backend/pool"
	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/local"
	"shardeck/backend/scheduler/poll"
	"shardeck/backend/scheduler/slurm"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// Options of a lab. The zero value opens the workspace of the current folder.
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

// fill gives the zero fields their defaults.
func (o Options) fill() Options {
	if o.Dir == "" {
		o.Dir = "."
	}
	if o.Env == nil {
		o.Env = os.Getenv
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Binary == "" {
		o.Binary, _ = os.Executable()
	}
	if o.CacheDir == "" {
		o.CacheDir = userDir(o.Env, "XDG_CACHE_HOME", ".cache")
	}
	if o.Env("SHARDECK_NO_CACHE") != "" {
		o.CacheDir = ""
	}
	return o
}

// userDir is shardeck's folder under one of the XDG base folders; empty without a home.
func userDir(env func(string) string, variable, fallback string) string {
	base := env(variable)
	if home := env("HOME"); base == "" && home != "" {
		base = filepath.Join(home, fallback)
	}
	if base == "" {
		return ""
	}
	return filepath.Join(base, "shardeck")
}

// Lab is an open workspace and everything that can be done in it. Its methods are
// safe for concurrent use.
type Lab struct {
	options        Options
	ws             *workspace.Workspace
	catalog        *catalog.Catalog
	experimentSets []model.Edit // --set values that are keys of a config
	world          check.World
	pool           *pool.Pool
	cache          *cache.Cache
	version        string // of this program, for the cache
	flights        flights
	scheduler      scheduler.Scheduler
	poll           *poll.Poller
	past           *past
	starts         *starts

	mu       sync.Mutex
	warnings []string
	fine     fineTimeline
}

// Open finds the workspace and reads the settings. It starts nothing and asks no
// scheduler; Close ends what later calls start.
func Open(o Options) (*Lab, error) {
	o = o.fill()
	ws, err := workspace.Find(o.Dir)
	if err != nil {
		return nil, kinded(err)
	}
	ws.ReadOnly = o.ReadOnly
	l := &Lab{options: o, ws: ws, cache: cache.Open(o.CacheDir), version: programVersion(o.Binary)}
	if err := l.readSettings(); err != nil {
		return nil, err
	}
	l.pool = pool.New(l.poolSize())
	l.chooseScheduler()
	return l, nil
}

// chooseScheduler takes the one that tests give, else the one of the settings.
func (l *Lab) chooseScheduler() {
	floor := poll.Floor
	switch {
	case l.options.Scheduler != nil:
		l.scheduler = l.options.Scheduler
	case l.schedulerName() == slurm.Name:
		l.scheduler = slurm.New(slurm.Options{})
	default:
		l.scheduler = local.New(local.Options{Dir: l.ws.Path(workspace.PrivateDir + "/local"), GPUs: l.gpusPerNode(), Pool: gpuPool(l.options.Env)})
	}
	if l.scheduler.Name() == local.Name {
		floor = localFloor
	}
	l.poll = poll.New(l.scheduler, poll.Options{Interval: l.catalog.Settings.Refresh, Floor: floor, Now: l.options.Now})
	l.past, l.starts = newPast(l.scheduler, l.options.Now), newStarts()
}

// gpuPool is where the jobs of all workspaces of this user note which GPUs they have;
// empty without a home.
func gpuPool(env func(string) string) string {
	if dir := userDir(env, "XDG_STATE_HOME", ".local/state"); dir != "" {
		return filepath.Join(dir, "gpus")
	}
	return ""
}

// localFloor is the least time between two looks at the local scheduler's files,
// which costs nobody anything.
const localFloor = time.Second

// Close cancels running work and waits for it. Jobs go on: they are not ours to end.
func (l *Lab) Close() { l.pool.Close() }

// note keeps a remark that no caller waits for, once.
func (l *Lab) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.warnings, text) {
		l.warnings = append(l.warnings, text)
	}
}

// Warnings are remarks that no single call has: a settings file with an unknown
// key, a record that could not be written.
func (l *Lab) Warnings() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.warnings...)
}

// Workspace is the folder that is open, absolute.
func (l *Lab) Workspace() string { return l.ws.Root }

// ReadOnly reports whether changes are refused.
func (l *Lab) ReadOnly() bool { return l.options.ReadOnly }

// Site is the cluster that experiments are judged for.
func (l *Lab) Site() model.Site { return l.world.Site }

// Account is who pays, as the settings say; empty: nobody was named.
func (l *Lab) Account() string { return l.world.Account }

// SchedulerName is slurm or local.
func (l *Lab) SchedulerName() string { return l.scheduler.Name() }

// Shapes lists the models whose shape is known.
func (l *Lab) Shapes() []model.Shape { return l.world.Shapes }
