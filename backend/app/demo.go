package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"shardeck/backend/replay"
	"shardeck/model"
)

// WriteDemo lays the demo workspace out in dir, or in the user's own place for it
// when dir is empty, and returns where. What is there already stays as it is.
func WriteDemo(dir string, env func(string) string) (string, error) {
	if dir == "" {
		if env == nil {
			env = os.Getenv
		}
		base := userDir(env, "XDG_DATA_HOME", ".local/share")
		if base == "" {
			return "", model.Invalid("no place for the demo: HOME is not set", "name a folder: shardeck demo DIR")
		}
		dir = filepath.Join(base, "demo")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", model.Failed("cannot name "+dir, err, "name another folder: shardeck demo DIR")
	}
	if err := replay.WriteDemo(abs); err != nil {
		return "", model.Failed("cannot write the demo workspace", err, "name a folder that you can write: shardeck demo DIR")
	}
	return abs, nil
}

// ReplayOptions say what to replay and where to.
type ReplayOptions = replay.Options

// Replay plays the embedded recording that a config means back as a run. The int is
// the exit code of a runner; its table is in model.
func Replay(ctx context.Context, o ReplayOptions) (int, error) {
	err := replay.Run(ctx, o)
	if errors.Is(err, replay.ErrConfig) {
		return replay.ExitCode(err), &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	return replay.ExitCode(err), err
}

// Recording is one that can be replayed.
type Recording struct {
	Name     string         `json:"name"`
	Title    string         `json:"title"`
	Model    string         `json:"model"`
	Layout   model.Layout   `json:"layout"`
	Workload model.Workload `json:"workload"`
}

// Recordings lists what engine replay can re-emit.
func Recordings() []Recording {
	return model.Each(replay.Recordings(), func(r replay.Recording) Recording {
		return Recording{r.Name, r.Description, r.Model.Name, r.Layout, r.Data}
	})
}
