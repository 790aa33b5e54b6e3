package catalog

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/templates"
)

// Names of the files of settings.
const (
	WorkspaceFile = "shardeck.yaml"
	UserFile      = "config.yaml" // below UserDir
)

// Options say where to read from.
type Options struct {
	Workspace string              // folder; empty: none
	UserDir   string              // ~/.config/shardeck; empty: none. See UserDir
	Env       func(string) string // environment; nil: an empty one
	Sets      []string            // key=value of --set; those of experiments are passed over
}

// UserDir is the folder of a user's settings: $XDG_CONFIG_HOME/shardeck or
// ~/.config/shardeck; empty where neither is set.
func UserDir(env func(string) string) string {
	if base := env("XDG_CONFIG_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "shardeck")
	}
	if home := env("HOME"); home != "" {
		return filepath.Join(home, ".config", "shardeck")
	}
	return ""
}

// Catalog is everything that is known, read once. It is not changed afterwards,
// so any number of goroutines may read it.
type Catalog struct {
	Shapes   []model.Shape
	GPUs     map[string]model.GPU
	Site     model.Site
	Sites    []string // names of all sites
	Settings Settings
}

// value is one setting as a layer gives it.
type value struct {
	key, text, origin string
	at                func(error) error // places an error in its file
}

// Load reads data and settings. Its errors name file, line, fault and fix.
func Load(o Options) (*Catalog, error) {
	if o.Env == nil {
		o.Env = func(string) string { return "" }
	}
	sources := o.sources()
	shapes, err := loadShapes(sources)
	if err != nil {
		return nil, err
	}
	gpus, err := loadGPUs(sources)
	if err != nil {
		return nil, err
	}
	given, err := o.given(sources)
	if err != nil {
		return nil, err
	}
	c := &Catalog{Shapes: shapes, GPUs: gpus, Sites: siteNames(sources)}
	return c, c.resolve(o, sources, given)
}

// resolve picks the site, which the layers above it may name, and merges them all.
func (c *Catalog) resolve(o Options, sources []source, given []value) error {
	s := Settings{Values: builtIn, origin: map[string]string{}}
	for _, key := range Keys() {
		s.origin[key] = "built in"
	}
	name, origin := detectSite(sources, o.Env, c.GPUs)
	for _, v := range given {
		if v.key == "site" && v.text != "" {
			name, origin = v.text, v.origin
		}
	}
	site, err := loadSite(sources, name, c.GPUs)
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

// siteValues are the site's own defaults. Those that lean on a variable which is not
// set here are left out.
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

// expandPath fills in ~ and $VARIABLES of a path. A variable that is not set is an error,
// for a path without it would be another one.
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

// World is what experiments are judged against here.
func (c *Catalog) World() check.World {
	return check.World{Shapes: c.Shapes, GPUs: c.GPUs, Site: c.Site, Account: c.Settings.Account}
}
