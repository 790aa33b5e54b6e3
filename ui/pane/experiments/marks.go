package experiments

import (
	"slices"

	"shardeck/ui/list"
)

// marks are those of the list: of experiments, and of sweeps by their points.
type marks struct{ *list.List[row] }

// has is whether a line has a mark: that of a sweep where all of its points have one that can.
func (m marks) has(r row) bool {
	if r.sweep == nil {
		return m.Marks[idOf(r)]
	}
	ids := r.sweep.written()
	return len(ids) > 0 && !slices.ContainsFunc(ids, func(id string) bool { return !m.Marks[id] })
}

// turn marks the points of a sweep that are experiments, or no longer.
func (m marks) turn(s *scan) {
	on := !m.has(row{sweep: s})
	for _, id := range s.written() {
		if delete(m.Marks, id); on {
			m.Marks[id] = true
		}
	}
}

// chosen are the experiments that a command is for: those marked, else the one under the cursor.
func (m marks) chosen() (ids []string) {
	for _, r := range m.Chosen() {
		if r.Experiment.ID != "" {
			ids = append(ids, r.Experiment.ID)
		}
	}
	return ids
}
