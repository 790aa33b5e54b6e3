package app

import (
	"cmp"
	"fmt"
	"runtime"
	"strings"
	"time"

	"shardeck/backend/catalog"
	"shardeck/backend/config"
	"shardeck/backend/probe"
	"shardeck/backend/render"
	"shardeck/model"
)

// readSettings loads what there is to know: shapes, GPUs, the site and the settings,
// and keeps those of --set that are keys of a config.
func (a *App) readSettings() error {
	known, err := catalog.Load(catalog.Options{
		Workspace: a.ws.Root, UserDir: catalog.UserDir(a.options.Env), Env: a.options.Env, Sets: a.options.Sets,
	})
	if err != nil {
		return &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	a.catalog, a.world = known, known.World()
	for _, set := range a.options.Sets {
		key, value, _ := strings.Cut(set, "=") // Load refuses one without =
		if catalog.IsSetting(key) {
			continue
		}
		if err := a.keepSet(model.Edit{Path: key, Value: value}); err != nil {
			return err
		}
	}
	return nil
}

// keepSet keeps one key of a config that --set gives every experiment.
func (a *App) keepSet(e model.Edit) error {
	scratch := model.Defaults()
	if err := config.Apply(&scratch, e.Path, e.Value); err != nil {
		all := append(catalog.Keys(), config.Keys()...)
		fix := "shardeck settings lists the settings; any key of a config can be set too"
		if near := model.Nearest(e.Path, all); near != "" && near != e.Path {
			fix = "did you mean " + near + "?"
		}
		return &model.Fault{Text: fmt.Sprintf("--set %s=%s", e.Path, e.Value), Cause: err, ToDo: fix, Kind: model.ErrInvalid}
	}
	a.experimentSets = append(a.experimentSets, e)
	return nil
}

// Settings lists every resolved setting and where it comes from.
func (a *App) Settings() []catalog.Setting {
	all := a.catalog.Settings.List()
	for _, e := range a.experimentSets {
		all = append(all, catalog.Setting{Key: e.Path, Value: e.Value, Origin: "--set, for every experiment"})
	}
	return all
}

// schedulerName is slurm or local: as set, else by what is on this machine.
func (a *App) schedulerName() string {
	if set := a.catalog.Settings.Scheduler; set != "auto" && set != "" {
		return set
	}
	return a.machine().Scheduler()
}

// machine is what is installed here.
func (a *App) machine() probe.Machine { return probe.Here(probe.Options{Getenv: a.options.Env}) }

// Bounds of the pool on a machine that its site says nothing of: half the cores, as a
// login node is shared, and two gigabytes.
const (
	mostWorkers   = 4
	defaultBudget = 2 << 30
)

// poolSize is how many workers read traces, and the memory they may take together.
func (a *App) poolSize() (workers int, budget int64) {
	login := a.world.Site.Login
	half := max(runtime.NumCPU()/2, 1)
	workers = min(cmp.Or(login.Workers, mostWorkers), mostWorkers, half)
	if n := a.catalog.Settings.Workers; n > 0 {
		workers = n
	}
	if budget = login.MemoryBytes; budget <= 0 {
		budget = defaultBudget
	}
	return workers, budget
}

// scriptSettings is what job scripts need of the settings and the site.
func (a *App) scriptSettings(e model.Experiment) render.Settings {
	s, site := a.catalog.Settings.For(e), a.world.Site
	return render.Settings{
		Account: s.Account, AccountHint: site.AccountHint, HFHome: s.HFHome,
		Runtime: render.Runtime{Kind: s.Runtime.Kind, Name: cmp.Or(s.Runtime.Path, s.Runtime.Name)},
		Modules: site.Modules, Network: site.Network, Shardeck: a.options.Binary,
	}
}

// Screen is what the settings say of the screen.
type Screen struct {
	Refresh time.Duration // between queries of the scheduler
	Theme   string        // auto, dark, light or mono
	ASCII   bool
	Mouse   bool
}

// Screen is how the user wants the screen.
func (a *App) Screen() Screen {
	s := a.catalog.Settings
	return Screen{Refresh: s.Refresh, Theme: s.Theme, ASCII: s.ASCII, Mouse: s.Mouse}
}

// software is what every job needs, as the settings say.
func (a *App) software() probe.Target {
	s := a.catalog.Settings
	return probe.Target{Runtime: s.Runtime.Kind, Name: cmp.Or(s.Runtime.Path, s.Runtime.Name), Modules: a.world.Site.Modules,
		HFHome: s.HFHome, Workspace: a.ws.Root}
}
