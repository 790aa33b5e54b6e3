package publish

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"shardeck/backend/exchange"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/timeline"
)

// Exported is a run as a folder that another program reads.
type Exported struct {
	Run      string   `json:"run"`
	Format   string   `json:"format"`
	Dir      string   `json:"dir"`
	Files    []string `json:"files"`
	Bytes    int64    `json:"bytes"`
	Reader   string   `json:"reader"` // what opens it
	Warnings []string `json:"warnings"`
}

// Formats are those that Export writes.
func Formats() []string { return exchange.Names() }

// ReaderOf is what opens a format.
func ReaderOf(format string) string { return exchange.Named(format).Reader }

// Export makes a folder of a run under another in one of Formats. Nothing is overwritten. progress may be nil.
func (p *Publisher) Export(ctx context.Context, name, format, under string, progress pool.Progress) (Exported, error) {
	out, f := Exported{Format: format, Files: []string{}, Warnings: []string{}}, exchange.Named(format)
	if f == nil {
		return out, model.Invalid(fmt.Sprintf("runs are not exported for %.20q", format), "formats are "+strings.Join(Formats(), ", "))
	}
	here := p.Among(nil)
	run, err := here.Run(name)
	if err != nil {
		return out, err
	}
	if f.Traces && len(run.KernelFiles()) == 0 {
		return out, model.Invalid(run.Name+" has no traces, which are what "+format+" is made of", run.ToTrace())
	}
	found, err := here.Analyse(ctx, name, pool.Wanted, progress)
	if err != nil {
		return out, err
	}
	s := exchange.Source{Run: run, Found: found, Lanes: p.lanes(ctx, run.Name, kernelsOf(found), progress)}
	out.Run, out.Reader = run.Name, f.Reader
	out.Dir = filepath.Join(under, strings.NewReplacer("@", "-job-", "/", "-", " ", "-").Replace(run.Name))
	err = p.Folder(out.Dir, func(tmp string) error {
		remarks, err := f.Write(tmp, s)
		if err != nil {
			return err
		}
		out.Warnings = append(append(out.Warnings, found.Warnings...), remarks...)
		return filepath.WalkDir(tmp, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, _ := filepath.Rel(tmp, path)
			info, err := d.Info()
			if err == nil {
				out.Files, out.Bytes = append(out.Files, rel), out.Bytes+info.Size()
			}
			return err
		})
	})
	return out, err
}

// kernelsInPart is about how many kernels of a run with too many for one timeline are in memory at once.
const kernelsInPart = 2 << 20

// lanes hands over the timeline of a run: whole, else in equal parts.
func (p *Publisher) lanes(ctx context.Context, run string, kernels int64, progress pool.Progress) func(do func(*timeline.Run) error) error {
	var whole *timeline.Run
	return func(do func(*timeline.Run) error) error {
		if whole != nil {
			return do(whole)
		}
		first, err := p.Lanes(ctx, run, timeline.View{}, progress)
		if err != nil {
			return err
		}
		if first.Kernels.To >= first.WindowNS {
			whole = first
			return do(whole)
		}
		parts := kernels/kernelsInPart + 1
		for i := range parts {
			part := timeline.View{From: timeline.Edge(0, first.WindowNS, i, parts), To: timeline.Edge(0, first.WindowNS, i+1, parts)}
			run, err := p.Lanes(ctx, run, part, progress)
			if err == nil {
				err = do(run)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// kernelsOf is how many kernels the traces of a run have in their windows.
func kernelsOf(found *metric.Analysis) (n int64) {
	if found.Trace != nil {
		for _, r := range found.Trace.Ranks {
			n += int64(r.Kernels)
		}
	}
	return n
}
