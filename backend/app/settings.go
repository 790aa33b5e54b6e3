package app

import (
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"shardeck/backend/catalog"
	"shardeck/backend/config"
	"shardeck/backend/probe"
	"shardeck/backend/render"
	"shardeck/backend/site"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// readSettings loads shapes, GPUs, site and settings, and keeps what --set says of configs.
func (a *App) readSettings() error {
	o := a.options
	survey := site.Survey{CacheDir: o.CacheDir, Version: programVersion(o.Binary), Machine: a.machine, Env: o.Env, Now: o.Now}.Site
	if o.Scheduler != nil {
		survey = nil // a scheduler given by the caller, a test, is none of this machine
	}
	known, err := catalog.Load(catalog.Options{
		Workspace: a.ws.Root, UserDir: catalog.UserDir(o.Env, "XDG_CONFIG_HOME", ".config"), Env: o.Env, Sets: o.Sets,
		Survey: survey,
	})
	if err != nil {
		return &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	a.catalog, a.world = known, known.World()
	a.world.Engine = sync.OnceValue(a.engine(a.world))
	for _, set := range o.Sets {
		key, value, _ := strings.Cut(set, "=") // Load refuses one without =
		if catalog.IsSetting(key) {
			continue
		}
		e := model.Edit{Path: key, Value: value}
		if err := checkSet(e); err != nil {
			return err
		}
		a.experimentSets = append(a.experimentSets, e)
	}
	return nil
}

// checkSet refuses what --set cannot give every experiment.
func checkSet(e model.Edit) error {
	scratch := model.Defaults()
	if err := config.Apply(&scratch, e.Path, e.Value); err != nil {
		all := append(catalog.Keys(), config.Keys()...)
		fix := "shardeck settings lists the settings; any key of a config can be set too"
		if near := model.Nearest(e.Path, all); near != "" && near != e.Path {
			fix = "did you mean " + near + "?"
		}
		return &model.Fault{Text: fmt.Sprintf("--set %s=%s", e.Path, e.Value), Cause: err, ToDo: fix, Kind: model.ErrInvalid}
	}
	return nil
}

// Settings lists every resolved setting and where it comes from.
func (a *App) Settings() []model.Setting {
	all := a.catalog.Settings.List()
	for _, e := range a.experimentSets {
		all = append(all, model.Setting{Key: e.Path, Value: e.Value, Origin: "--set, for every experiment"})
	}
	return all
}

func (a *App) machine() probe.Machine { return probe.Here(probe.Options{Getenv: a.options.Env}) }

// Bounds of the pool. A login node is shared, and so are the cores of somebody who types: half of them, and on a login node
// no more than its site says.
const (
	mostWorkers   = 4
	defaultBudget = 2 << 30
)

// poolSize is how many workers read traces, and the memory they may take together.
func (a *App) poolSize() (workers int, budget int64) {
	login, asked := a.world.Site.Login, a.catalog.Settings.Workers
	half := max(runtime.NumCPU()/2, 1)
	switch {
	case asked > 0:
		workers = asked
	case a.LoginNode():
		workers = min(cmp.Or(login.Workers, mostWorkers), mostWorkers, half)
	case a.options.Typing:
		workers = min(mostWorkers, half)
	default:
		workers = min(2*mostWorkers, runtime.NumCPU())
	}
	if budget = login.MemoryBytes; budget <= 0 {
		budget = defaultBudget
	}
	return workers, budget
}

func (a *App) scriptSettings(e model.Experiment) render.Settings {
	s, site := a.catalog.Settings.For(e), a.world.Site
	r, plugin := a.catalog.JobRuntime()
	return render.Settings{
		Account: s.Account, AccountHint: site.AccountHint, HFHome: s.HFHome, Runtime: r,
		Modules: site.Modules, Network: site.Network, Plugin: plugin, Shardeck: a.options.Binary,
	}
}

// Screen is how the user wants the screen, among the other settings.
func (a *App) Screen() catalog.Values { return a.catalog.Settings.Values }

func (a *App) software() probe.Target {
	r := a.world.Runtime
	return probe.Target{Runtime: r.Kind, Name: r.Name, Modules: slices.Concat(a.world.Site.Modules, r.Modules),
		HFHome: a.catalog.Settings.HFHome, Workspace: a.ws.Root, Kept: a.ws.Path(engineFile)}
}

// engineFile keeps what the environment of jobs said of its vLLM when it was last asked.
const engineFile = workspace.PrivateDir + "/engine.json"

var imageRelease = regexp.MustCompile(`vllm[^:]*:v?(\d+\.\d+\.\d+)`)

// engine makes the table of vLLM's arguments one of the release that jobs will run, where that is known: of their environment,
// or of their image by its name.
func (a *App) engine(w check.World) func() *check.Engine {
	return func() *check.Engine {
		g := *w.Engine()
		if said, ok := probe.KnownEngine(a.ws.Path(engineFile), w.Runtime); ok {
			g.Release, g.Own = said.Release, map[string]bool{}
			for _, name := range said.Arguments {
				g.Own[name] = true
			}
		} else if tag := imageRelease.FindStringSubmatch(w.Runtime.Name); tag != nil && w.Runtime.Image() {
			g.Release = tag[1]
		}
		return &g
	}
}
