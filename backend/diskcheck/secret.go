package diskcheck

import (
	"os"

	"shardeck/backend/workspace"
	"shardeck/model"
)

// Secret is what is wrong with the file that a variable of env_from comes from, and what to do; empty: nothing.
func Secret(w *workspace.Workspace, name, from string) (fault, fix string) {
	if from == model.FromCaller {
		return "", ""
	}
	file := workspace.FromHome(from)
	info, err := os.Stat(w.Path(file))
	switch {
	case err != nil:
		return model.Printable(from) + ", from which " + name + " is to come, cannot be read",
			"write the value alone into it, then chmod 600 " + model.Printable(from)
	case info.Mode().Perm()&0o077 != 0:
		return model.Printable(from) + ", from which " + name + " comes, can be read by others", "chmod 600 " + model.Printable(from)
	}
	return "", ""
}
