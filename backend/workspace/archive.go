package workspace

import (
	"encoding/json"
	"time"

	"shardeck/model"
)

// Archive is the experiments of a workspace that are out of sight, a record each.
type Archive struct{ *Workspace }

// archived says since when an experiment is out of sight.
type archived struct {
	Experiment string    `json:"experiment"`
	Since      time.Time `json:"since"`
}

func (a Archive) records() records[archived] {
	return records[archived]{a.Workspace, PrivateDir + "/archived", model.CheckID, func(x archived) string { return x.Experiment }, "remove it"}
}

// IDs are the experiments that are out of sight.
func (a Archive) IDs() map[string]bool {
	all, _, _ := a.records().all() // what cannot be read hides nothing
	ids := map[string]bool{}
	for _, x := range all {
		ids[x.Experiment] = true
	}
	return ids
}

// Put puts an experiment out of sight, or back; its files stay as they are.
func (a Archive) Put(id string, on bool, at time.Time) error {
	if !on {
		return a.records().remove(id)
	}
	return a.records().write(archived{id, at}, a.WriteFile)
}

// Renamed is the record of an experiment as it changes when that gets another id; none: when it goes.
func (a Archive) Renamed(from, to string) ([]TextEdit, error) {
	was, _ := a.records().rel(from)
	if to == "" {
		return Journal(a).Replace(was, was, func([]byte) []byte { return nil })
	}
	text, err := json.Marshal(archived{Experiment: to})
	if err != nil {
		return nil, err
	}
	now, _ := a.records().rel(to)
	return Journal(a).Replace(was, now, func([]byte) []byte { return text })
}
