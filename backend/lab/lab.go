package lab

import (
	"os"
	"path/filepath"
	"time"

	"shardeck/backend/cache"
	"shardeck/backend/pool"
)

// Options of a lab. The zero value opens the workspace of the current folder.
type Options struct {
	Dir      string              // where to look for the workspace; empty: the current folder
	Sets     []string            // key=value, from --set
	ReadOnly bool                // refuse every change
	Env      func(string) string // nil: the process's environment
	Now      func() time.Time    // nil: the clock
	Binary   string              // this program, as job scripts name it; empty: the running one
	CacheDir string              // results of analysis; empty: $XDG_CACHE_HOME/shardeck
}

// fill gives the zero fields their defaults.
func (o Options) fill() Options {
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
	options  Options
	pool     *pool.Pool
	cache    *cache.Cache
	warnings []string
}

// Open finds the workspace and reads the settings. It starts nothing and asks no
// scheduler; Close ends what later calls start.
func Open(o Options) (*Lab, error) {
	o = o.fill()
	l := &Lab{options: o, cache: cache.Open(o.CacheDir)}
	l.pool = pool.New(2, 2<<30)
	return l, nil
}

// Close cancels running work and waits for it. Jobs go on: they are not ours to end.
func (l *Lab) Close() { l.pool.Close() }

// Warnings are remarks from opening: a settings file with an unknown key, say.
func (l *Lab) Warnings() []string { return l.warnings }

// ReadOnly reports whether changes are refused.
func (l *Lab) ReadOnly() bool { return l.options.ReadOnly }
