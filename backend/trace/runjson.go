package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"shardeck/model"
)

// OpenRunJSON reads run.json, which a runner writes beside its traces. Unknown keys
// are ignored and missing ones stay zero. A value of the wrong type is left out and
// said in Notes; text that is no JSON is an error with its place.
func OpenRunJSON(path string) (*model.RunInfo, error) {
	text, cause, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	info := &model.RunInfo{}
	err = json.Unmarshal(text, info)
	var kind *json.UnmarshalTypeError
	switch {
	case cause != nil:
		return nil, fmt.Errorf("%s: %s; the run can be read without it", filepath.Base(path), ReadFault(cause))
	case errors.As(err, &kind):
		info.Notes = append(info.Notes, fmt.Sprintf(
			"%s: %s is %s where %v is expected: left out", filepath.Base(path), kind.Field, kind.Value, kind.Type))
	case err != nil:
		return nil, fmt.Errorf("%s is not sound JSON (%w); the run can be read without it", filepath.Base(path), err)
	}
	printableInfo(info)
	return info, nil
}

// printableInfo cleans every text of info for the screen.
func printableInfo(info *model.RunInfo) {
	for _, s := range []*string{&info.Runner, &info.ReplayOf, &info.Experiment, &info.JobID, &info.Cause, &info.GPU} {
		*s = model.Printable(*s)
	}
	for _, list := range [][]string{info.Missing, info.Notes, info.Hosts} {
		for i := range list {
			list[i] = model.Printable(list[i])
		}
	}
	for k, v := range info.Versions {
		info.Versions[k] = model.Printable(v)
	}
}
