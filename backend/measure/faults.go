package measure

import (
	"context"
	"path/filepath"
	"strings"
	"sync"

	"shardeck/backend/trace/et"
	"shardeck/model"
)

// faults gathers what was amiss in the files of a run while several are read.
type faults struct {
	mu       sync.Mutex
	warnings []string
	damaged  bool
}

// warn notes a remark, and with damage that something was lost.
func (f *faults) warn(damage bool, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.warnings, f.damaged = append(f.warnings, text), f.damaged || damage
}

// lost notes a file of which nothing could be read.
func (f *faults) lost(file model.RunFile, err error) {
	text := err.Error()
	if base := filepath.Base(file.Path); !strings.Contains(text, base) {
		text = base + ": " + text
	}
	f.warn(true, text)
}

// openET reads an execution trace, and notes what is wrong with it; nil if it cannot be
// read. It fails only when ctx ends.
func (f *faults) openET(ctx context.Context, file model.RunFile) (*et.Trace, error) {
	t, err := et.Open(ctx, file.Path, nil)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		f.lost(file, err)
		return nil, nil
	}
	for _, d := range t.Damage {
		f.warn(true, filepath.Base(file.Path)+": "+d.String())
	}
	return t, nil
}
