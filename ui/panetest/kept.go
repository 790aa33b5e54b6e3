package panetest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"shardeck/backend/measure"
	"shardeck/model"
	"shardeck/model/scaling"
)

// LoadScreen is what the test or SaveScreen left.
func (l *Lab) LoadScreen() (json.RawMessage, error) { return l.Screen, nil }

// SaveScreen keeps it.
func (l *Lab) SaveScreen(state json.RawMessage) error {
	if err := l.call(context.Background(), "SaveScreen", ""); err != nil {
		return err
	}
	l.Screen = state
	return nil
}

// ExportChart keeps the chart and names its file.
func (l *Lab) ExportChart(ctx context.Context, c scaling.Chart, f measure.Format) (string, error) {
	if err := l.call(ctx, "ExportChart", string(f)); err != nil {
		return "", err
	}
	l.Chart = c
	return "experiments/chart_" + c.Quantity + "_" + string(c.Axis) + "." + string(f), nil
}

// Unsaved is what the test or KeepUnsaved left.
func (l *Lab) Unsaved() ([]model.Unsaved, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []model.Unsaved
	for _, id := range slices.Sorted(maps.Keys(l.Kept)) {
		all = append(all, l.Kept[id])
	}
	return all, nil
}

// KeepUnsaved keeps it, or drops it.
func (l *Lab) KeepUnsaved(u model.Unsaved) error {
	if err := l.call(context.Background(), "KeepUnsaved", u.Experiment); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Kept == nil {
		l.Kept = map[string]model.Unsaved{}
	}
	if l.Kept[u.Experiment] = u; len(u.Edits) == 0 {
		delete(l.Kept, u.Experiment)
	}
	return nil
}

// Export names the two files.
func (l *Lab) Export(ctx context.Context) ([]string, error) {
	if err := l.call(ctx, "Export", ""); err != nil {
		return nil, err
	}
	return []string{"experiments/results_summary.csv", "experiments/scaling_analysis.png"}, nil
}
