package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"shardeck/backend/strictyaml"
	"shardeck/model"
	"shardeck/templates"
)

// Settings are what holds for all experiments of a workspace, resolved.
type Settings struct {
	Values
	origin map[string]string
}

// Values are the settings by their keys, in the order `shardeck settings` prints them.
type Values struct {
	Account   string        `yaml:"account"`   // who pays; empty: the scheduler's default
	Site      string        `yaml:"site"`      // name of the site, detected or assumed if not set
	Scheduler string        `yaml:"scheduler"` // auto, slurm or local
	HFHome    string        `yaml:"hf_home"`   // cache of model files; empty: the hub's own default
	Runtime   Runtime       `yaml:"runtime"`   // the software environment of jobs
	Refresh   time.Duration `yaml:"refresh"`   // between queries of the scheduler, at least RefreshFloor
	Workers   int           `yaml:"workers"`   // of the analysis; 0: by the machine
	Theme     string        `yaml:"theme"`     // one of templates/themes.yaml, or mono
	ASCII     bool          `yaml:"ascii"`     // no glyphs beyond ASCII
	Charts    string        `yaml:"charts"`    // signs of pictures: auto, octant, braille, block or ascii
	Images    string        `yaml:"images"`    // how this terminal shows images: auto, kitty, sixel or none
	Links     string        `yaml:"links"`     // files as links of the terminal: auto, on or off
	Mouse     bool          `yaml:"mouse"`
}

// Runtime says how a job enters its software environment.
type Runtime struct {
	Kind    string   `yaml:"kind"`    // none, conda, venv, module, shifter or podman-hpc
	Name    string   `yaml:"name"`    // of the conda environment, the module or the image
	Path    string   `yaml:"path"`    // of the venv, or of a conda environment without a name
	Modules []string `yaml:"modules"` // loaded before it; none: over several nodes the site's that bring NCCL's plugin
}

// RefreshFloor is the least time between two queries of a scheduler.
const RefreshFloor = 10 * time.Second

var builtIn = Values{Scheduler: "auto", Runtime: Runtime{Kind: "none"}, Refresh: time.Minute, Theme: "auto", Charts: "auto",
	Images: "auto", Links: "auto"}

var words = map[string][]string{
	"scheduler":    {"auto", "slurm", "local"},
	"runtime.kind": {"none", "conda", "venv", "module", "shifter", "podman-hpc"},
	"theme":        append(themes(), "mono"),
	"charts":       {"auto", "octant", "braille", "block", "ascii"},
	"images":       {"auto", "kitty", "sixel", "none"},
	"links":        {"auto", "on", "off"},
}

// themes are the names in templates/themes.yaml, which ui/theme reads.
func themes() (names []string) {
	text, _ := templates.FS.ReadFile("themes.yaml")
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "- name: "); ok {
			names = append(names, name)
		}
	}
	return names
}

var rules = strictyaml.Rules{
	Choices: func(key string) []string { return words[key] },
	Bounds: func(key string) (lo, hi int, ok bool) {
		switch key {
		case "refresh":
			return int(RefreshFloor / time.Second), 24 * 3600, true
		case "workers":
			return 0, 256, true
		}
		return 0, 0, false
	},
	Check: func(key, text string) error {
		switch key {
		case "account":
			return model.CheckSlurmWord(text)
		case "site":
			return siteWord(text)
		}
		return oneLine(text)
	},
}

// fields are the settings that take a value or a list, by key.
var fields = slices.DeleteFunc(strictyaml.Fields[Values](), func(f strictyaml.Field) bool { return f.Type.Kind() == reflect.Struct })

// Keys lists every setting, in the order they are shown.
func Keys() []string { return model.Each(fields, func(f strictyaml.Field) string { return f.Path }) }

// IsSetting reports whether key is a setting; other keys of --set are an experiment's.
func IsSetting(key string) bool { return slices.Contains(Keys(), key) }

func (s *Settings) set(key, text, origin string) error {
	i := slices.Index(Keys(), key)
	if i < 0 {
		return fmt.Errorf("unknown setting %.40q: did you mean %s?", key, model.Nearest(key, Keys()))
	}
	s.origin[key] = origin
	return rules.SetText(key, fields[i].Of(&s.Values), text)
}

// parseSettings reads the text of a file of settings into values, each checked at its place.
func parseSettings(file string, data []byte) ([]value, error) {
	doc, problems := strictyaml.Parse(file, data)
	if doc == nil {
		return nil, problems.OrNil()
	}
	var v Values
	given, problems := strictyaml.Decode(file, doc.Content[0], &v, rules)
	var out []value
	for _, f := range fields {
		if n := given[f.Path]; n != nil {
			at := func(err error) error { return faultAt(file, n, "%v", err) }
			out = append(out, value{f.Path, strictyaml.Text(f.Of(&v)), file, at})
		}
	}
	return out, problems.OrNil()
}

// List is every setting with its origin, in the order they are shown.
func (s Settings) List() []model.Setting {
	return model.Each(fields, func(f strictyaml.Field) model.Setting {
		return model.Setting{Key: f.Path, Value: strictyaml.Text(f.Of(&s.Values)), Origin: s.origin[f.Path]}
	})
}

// JobRuntime is how jobs enter their software, and the site's modules for those over several nodes whose runtime brings no
// plugin of NCCL's: an image has one, a module may, and who names modules knows.
func (c *Catalog) JobRuntime() (r model.Runtime, plugin []string) {
	s := c.Settings.Runtime
	r = model.Runtime{Kind: s.Kind, Name: cmp.Or(s.Path, s.Name), Modules: s.Modules}
	if !r.Image() && r.Kind != "module" && len(r.Modules) == 0 {
		plugin = c.Site.Plugin
	}
	return r, plugin
}

// Origin says where a setting comes from.
func (s Settings) Origin(key string) string { return s.origin[key] }

// For is the settings as they hold for one experiment: its own account wins, but for --set.
func (s Settings) For(e model.Experiment) Settings {
	if e.Slurm.Account == "" || s.origin["account"] == "--set" {
		return s
	}
	s.origin = maps.Clone(s.origin)
	s.Account, s.origin["account"] = e.Slurm.Account, e.ID
	return s
}

// oneLine keeps out what no path or name holds and a script could not carry.
func oneLine(text string) error {
	if len(text) > 4096 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%.40q holds control characters or is very long: remove them", text)
	}
	return nil
}

func siteWord(text string) error {
	if model.CheckSlurmWord(text) != nil || strings.HasPrefix(text, ".") {
		return fmt.Errorf("%.40q cannot name a site: use letters, digits, dashes and underscores", text)
	}
	return nil
}

// value is one setting as a layer gives it.
type value struct {
	key, text, origin string
	at                func(error) error // places an error in its file
}

// resolve picks the site, which the layers above it may name, and merges them all.
func (c *Catalog) resolve(o Options, sources []source, given []value) error {
	s := Settings{Values: builtIn, origin: map[string]string{}}
	for _, key := range Keys() {
		s.origin[key] = "built in"
	}
	name, origin := detectSite(sources, o.Env, c.GPUs)
	scheduler := s.Scheduler
	for _, v := range given {
		switch {
		case v.key == "site" && v.text != "":
			name, origin = v.text, v.origin
		case v.key == "scheduler":
			scheduler = v.text
		}
	}
	site, err := c.surveyed(o, sources, scheduler, &name, &origin)
	if err != nil {
		return fmt.Errorf("settings: site (%s): %w", origin, err)
	}
	c.Site = site
	s.Site, s.origin["site"] = name, origin
	if err := s.merge(append(o.siteValues(site), given...), o.Env); err != nil {
		return err
	}
	c.Settings = s
	return nil
}

// surveyed is the site of that name; where it is only assumed, what a survey finds here, or the file of the name it has.
func (c *Catalog) surveyed(o Options, sources []source, scheduler string, name, origin *string) (model.Site, error) {
	if o.Survey == nil || *origin != "assumed" && (*origin != "detected" || *name != unknownSite) {
		return loadSite(sources, *name, c.GPUs)
	}
	base, err := loadSite(sources, unknownSite, c.GPUs)
	if err != nil {
		return base, err
	}
	site, from := o.Survey(scheduler, base, maps.Clone(c.GPUs))
	if from != "" {
		*name, *origin = site.Name, "read from "+from
	}
	if from == "" || slices.Contains(c.Sites, site.Name) {
		return loadSite(sources, *name, c.GPUs)
	}
	for _, g := range site.GPUs {
		c.GPUs[g.Key] = g
	}
	return site, checkSite(*origin, site.Name, site, c.GPUs)
}

// merge puts values in order; the later wins.
func (s *Settings) merge(values []value, env func(string) string) error {
	for _, v := range values {
		if v.key == "site" {
			continue
		}
		text := v.text
		if v.key == "hf_home" || v.key == "runtime.path" {
			var err error
			if text, err = expandPath(text, env); err != nil {
				return v.at(fmt.Errorf("%s: %w", v.key, err))
			}
		}
		if err := s.set(v.key, text, v.origin); err != nil {
			return v.at(err)
		}
	}
	return nil
}

// sources are the places data may lie in; the workspace wins over the user.
func (o Options) sources() []source {
	out := []source{{"built in", templates.FS, ""}}
	if o.UserDir != "" {
		out = append(out, source{o.shortPath(o.UserDir), os.DirFS(o.UserDir), UserFile})
	}
	if o.Workspace != "" {
		out = append(out, source{".", os.DirFS(o.Workspace), WorkspaceFile})
	}
	return out
}

// given are the settings that people wrote: user, workspace, --set.
func (o Options) given(sources []source) ([]value, error) {
	var out []value
	for _, s := range sources[1:] { // what is built in sets nothing
		data, err := s.read(s.settings)
		if err != nil {
			return nil, err
		}
		values, err := parseSettings(s.label(s.settings), data)
		if err != nil {
			return nil, err
		}
		out = append(out, values...)
	}
	for _, set := range o.Sets {
		key, text, ok := strings.Cut(set, "=")
		if !ok {
			return nil, fmt.Errorf("--set %.60q: write key=value", set)
		}
		if IsSetting(key) {
			out = append(out, value{key, text, "--set", func(err error) error { return fmt.Errorf("--set %w", err) }})
		}
	}
	return out, nil
}

// siteValues are the site's own defaults. Those that lean on a variable which is not set here are left out.
func (o Options) siteValues(site model.Site) []value {
	var out []value
	for _, key := range Keys() {
		text, ok := site.Settings[key]
		if _, err := expandPath(text, o.Env); !ok || err != nil {
			continue
		}
		out = append(out, value{key, text, "site " + site.Name, func(err error) error { return fmt.Errorf("site %s: %w", site.Name, err) }})
	}
	return out
}

// shortPath writes a folder below the home folder with ~.
func (o Options) shortPath(dir string) string {
	if rest, ok := strings.CutPrefix(dir, o.Env("HOME")+"/"); ok && o.Env("HOME") != "" {
		return "~/" + rest
	}
	return dir
}

// expandPath fills in ~ and $VARIABLES of a path; without one that is not set it would be another path: an error.
func expandPath(text string, env func(string) string) (string, error) {
	missing := ""
	out := os.Expand(text, func(name string) string {
		v := env(name)
		if v == "" {
			missing = cmp.Or(missing, name)
		}
		return v
	})
	if rest, ok := strings.CutPrefix(out, "~/"); ok && env("HOME") != "" {
		out = env("HOME") + "/" + rest
	}
	if missing != "" {
		return "", fmt.Errorf("$%s is not set here: set it, or write the path out", missing)
	}
	return out, nil
}
