// Package catalog knows what there is: the shapes of models, the kinds of GPU, the
// sites, the catalogue of experiments, and the settings of this user in this
// workspace. It is the only reader of the data in templates/.
//
// Load reads everything once: data.go the embedded files and the user's own beside them, and which site this
// is; settings.go the files of settings, merged in order (embedded, site, user, workspace, --set, with an
// experiment's own in For), each value with its origin. entries.go reads a catalogue.
package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/hub"
	"shardeck/backend/strictyaml"
	"shardeck/model"
	"shardeck/model/check"
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
	// Survey looks what is here, where nobody names a site and none bears its marks, for jobs of a scheduler (auto, slurm,
	// local): base with what was found, and where; empty: nothing. nil: nothing is looked at.
	Survey func(scheduler string, base model.Site, gpus map[string]model.GPU) (site model.Site, from string)
}

// UserDir is shardeck's folder under one of the XDG base folders, as $XDG_CONFIG_HOME, else at its
// place below the home folder, as .config; empty where neither is set.
func UserDir(env func(string) string, variable, place string) string {
	if base := env(variable); filepath.IsAbs(base) {
		return filepath.Join(base, "shardeck")
	}
	if home := env("HOME"); home != "" {
		return filepath.Join(home, place, "shardeck")
	}
	return ""
}

// Catalog is everything that is known, read once and not changed afterwards: any goroutine may read it.
type Catalog struct {
	Shapes   []model.Shape
	GPUs     map[string]model.GPU
	Site     model.Site
	Sites    []string          // names of all sites
	Kernels  *kernelname.Names // told by kernels.yaml of user and workspace too; nil: neither has one
	Settings Settings

	finder *finder
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
	kernels, err := loadKernels(sources[1:])
	if err != nil {
		return nil, err
	}
	given, err := o.given(sources)
	if err != nil {
		return nil, err
	}
	c := &Catalog{Shapes: shapes, GPUs: gpus, Sites: siteNames(sources), Kernels: kernels}
	err = c.resolve(o, sources, given)
	c.finder = &finder{cache: hub.Cache(c.Settings.HFHome, o.Env), workspace: o.Workspace, known: shapes, found: map[string]found{}}
	return c, err
}

// World is what experiments are judged against here.
func (c *Catalog) World() check.World {
	r, plugin := c.JobRuntime()
	r.Modules = slices.Concat(r.Modules, plugin)
	return check.World{Shapes: c.Shapes, Find: c.finder.find, Formats: Formats(), GPUs: c.GPUs, Site: c.Site, Account: c.Settings.Account, Runtime: r, Engine: engine}
}

var engine = strictyaml.Embedded("vllm_arguments.yaml", (*check.Engine).Compile)

// source is one place that files may lie in; later ones win.
type source struct {
	name     string // for messages: "built in", "~/.config/shardeck", "."
	files    fs.FS
	settings string // name of its file of settings
}

// label names a file of a source in messages.
func (s source) label(file string) string {
	if s.name == "." {
		return file
	}
	return s.name + "/" + file
}

func (s source) read(file string) ([]byte, error) {
	data, err := fs.ReadFile(s.files, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be read: %w", s.label(file), err)
	}
	return data, nil
}

// load decodes a file of this source into v; false if there is none.
func (s source) load(file string, v any) (bool, error) {
	data, err := s.read(file)
	if data == nil {
		return false, err
	}
	return true, decode(s.label(file), data, v)
}

func decode(file string, data []byte, v any) error {
	doc, problems := strictyaml.Parse(file, data)
	if doc != nil {
		_, problems = strictyaml.Decode(file, doc.Content[0], v, strictyaml.Rules{})
	}
	return problems.OrNil()
}

func loadGPUs(sources []source) (map[string]model.GPU, error) {
	all := map[string]model.GPU{}
	for _, s := range sources {
		var file struct {
			GPUs []model.GPU `yaml:"gpus"`
		}
		if _, err := s.load("gpus.yaml", &file); err != nil {
			return nil, err
		}
		for _, g := range file.GPUs {
			if g.Key == "" || g.Title == "" || g.Bytes <= 0 {
				return nil, fmt.Errorf("%s: GPU %q needs a key, a title and its bytes", s.label("gpus.yaml"), g.Key)
			}
			all[g.Key] = g
		}
	}
	return all, nil
}

// loadKernels reads kernels.yaml of the sources that are not built in; what is built in is read when a kernel is named.
func loadKernels(sources []source) (*kernelname.Names, error) {
	var names *kernelname.Names
	for _, s := range sources {
		var file struct {
			Kernels []kernelname.Row `yaml:"kernels"`
		}
		found, err := s.load("kernels.yaml", &file)
		if found && err == nil {
			names, err = names.With(file.Kernels)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.label("kernels.yaml"), err)
		}
	}
	return names, nil
}

const (
	// assumedSite is the site where nothing tells another: configs for Perlmutter are often made on a laptop,
	// and generic, which knows no QOS, cards or prices, would make scripts that Perlmutter refuses.
	assumedSite = "perlmutter"
	// unknownSite is the site where the marks of an unknown one are seen.
	unknownSite = "generic"
)

func siteNames(sources []source) []string {
	var out []string
	for _, s := range sources {
		files, _ := fs.Glob(s.files, "sites/*.yaml") // the pattern is sound
		for _, file := range files {
			out = append(out, strings.TrimSuffix(path.Base(file), ".yaml"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// loadSite reads a site by name: the last source that has it, whole.
func loadSite(sources []source, name string, gpus map[string]model.GPU) (model.Site, error) {
	var site model.Site
	names := siteNames(sources)
	if !slices.Contains(names, name) {
		return site, fmt.Errorf("site %.40q is not known: there are %s; or write sites/%.40s.yaml in the workspace",
			name, strings.Join(names, ", "), name)
	}
	file := "sites/" + name + ".yaml"
	for _, s := range slices.Backward(sources) {
		found, err := s.load(file, &site)
		if err != nil {
			return model.Site{}, err
		}
		if found {
			site.Title = cmp.Or(site.Title, site.Name)
			for _, g := range site.GPUs {
				gpus[g.Key] = g
			}
			return site, checkSite(s.label(file), name, site, gpus)
		}
	}
	return site, fmt.Errorf("site %s: its file was there and is gone: try again", name)
}

func checkSite(file, name string, s model.Site, gpus map[string]model.GPU) error {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s", file, fmt.Sprintf(format, args...))
	}
	if s.Name != name {
		return fault("name is %.40q: it must be that of the file, %s", s.Name, name)
	}
	for _, k := range s.Partitions {
		if _, ok := gpus[k.GPU]; !ok && k.GPU != "" {
			return fault("node kind %s: GPU %.40q is not in gpus.yaml", k.Constraint, k.GPU)
		}
		if k.Queue != "" && s.Queue(k.Queue) == nil {
			return fault("node kind %s: its queue %.40q is not among qos", k.Constraint, k.Queue)
		}
	}
	for _, qos := range []string{s.DefaultQOS.Shared, s.DefaultQOS.Whole} {
		if qos != "" && s.Queue(qos) == nil {
			return fault("default_qos names %.40q, which is not among qos", qos)
		}
	}
	if err := checkWords(s); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for k := range s.Settings {
		if !IsSetting(k) {
			return fault("settings: unknown key %.40q; did you mean %s?", k, model.Nearest(k, Keys()))
		}
	}
	return nil
}

// checkWords looks at what reaches job scripts.
func checkWords(s model.Site) error {
	errs := []error{model.CheckConstraint(s.Constraint), model.CheckConstraint(s.Reader.Constraint),
		model.CheckSlurmWord(s.Reader.QOS), model.CheckSlurmWord(s.Reader.Memory)}
	for _, k := range append(s.Partitions, model.NodeKind{MemoryPerGPU: s.MemoryPerGPU}) {
		errs = append(errs, model.CheckSlurmWord(k.GPUType), model.CheckSlurmWord(k.MemoryPerGPU))
	}
	errs = slices.Concat(errs, model.Each(s.Constraints(), model.CheckConstraint),
		model.Each(s.QOSNames(), model.CheckSlurmWord), model.Each(slices.Concat(s.Modules, s.Plugin), oneLine))
	for _, name := range slices.Sorted(maps.Keys(s.Network)) {
		errs = append(errs, model.CheckEnvName(name), oneLine(s.Network[name]))
	}
	return cmp.Or(errs...)
}

// detectSite is the first site, by name, whose marks the environment bears, and how we know. A site file that
// cannot be read is passed over: naming it in the settings tells why.
func detectSite(sources []source, env func(string) string, gpus map[string]model.GPU) (name, origin string) {
	for _, name := range siteNames(sources) {
		s, err := loadSite(sources, name, maps.Clone(gpus))
		if err == nil && s.Marked(env) {
			return name, "detected"
		}
	}
	if env("NERSC_HOST") != "" {
		return unknownSite, "detected"
	}
	return assumedSite, "assumed"
}
