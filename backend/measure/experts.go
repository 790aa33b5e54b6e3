package measure

import (
	"os"
	"path/filepath"
	"slices"

	"shardeck/model"
	"shardeck/model/experts"
	"shardeck/model/metric"
)

// mostCounts is the size of a file of counts that is read, bytes: those of a short pass are far below it.
const mostCounts = 64 << 20

// expertBalance is how evenly the ranks of a run worked by the counts of experts that its runner wrote, by phase; none where it
// wrote none or all ranks hold a slice of every expert. Warnings say what cannot be read.
func expertBalance(run model.Run) (all []experts.Balance, warnings []string) {
	paths, _ := filepath.Glob(filepath.Join(run.Dir, "experts_*.json"))
	if len(paths) == 0 {
		return nil, nil
	}
	files, err := model.Through(paths, readCounts)
	if err != nil {
		return nil, []string{filepath.Base(paths[len(files)]) + ": " + err.Error()}
	}
	counts, err := experts.Sum(files)
	if err != nil {
		return nil, []string{err.Error()}
	}
	for _, phase := range []string{metric.Decode, metric.Prefill} {
		if b, err := counts.Of(phase); err == nil {
			all = append(all, b)
		}
	}
	return slices.Clip(all), nil
}

func readCounts(path string) (experts.Counts, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > mostCounts {
		return experts.Counts{}, model.Failed("larger than the counts of a short pass", nil, "make it again")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return experts.Counts{}, err
	}
	return experts.Read(text)
}
