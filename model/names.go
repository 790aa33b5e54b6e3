package model

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Names go into file names, job names, shell scripts and #SBATCH lines, where no
// quoting is sure to help; so what they may hold is said here, once.
var (
	idPattern  = NewPattern(`[A-Za-z0-9][A-Za-z0-9._-]*`, 64)
	dirPattern = regexp.MustCompile(`^/?[A-Za-z0-9._+=,-]+(/[A-Za-z0-9._+=,-]+)*$`)

	slurmWord  = NewPattern(`[A-Za-z0-9_.-]*`, 64)
	constraint = NewPattern(`[A-Za-z0-9_.,&|*()\[\]-]*`, 128)
	timeLimit  = regexp.MustCompile(`^([0-9]{1,3}-[0-9]{1,2}(:[0-9]{1,2}){0,2}|[0-9]{1,6}(:[0-9]{1,2}){0,2})$`)
	envName    = NewPattern(`[A-Za-z_][A-Za-z0-9_]*`, 128)
)

// CheckID says whether an experiment may have this id: a letter or digit, then
// up to 63 letters, digits, dots, dashes and underscores.
func CheckID(id string) error {
	if idPattern.MatchString(id) {
		return nil
	}
	return fmt.Errorf("%.40q cannot be an experiment id: use letters, digits, dots, dashes and underscores, as in E1.3", id)
}

// CheckOutputDir says whether a run may be written there: a path below the
// workspace or an absolute one, in letters and digits and ._+=,- without .. parts.
// The characters @ and the ending .tmp-<job> belong to older and unfinished runs.
func CheckOutputDir(dir string) error {
	const use = "use a path such as trace_collection/llama-8b-tp4"
	switch {
	case len(dir) > 512 || !dirPattern.MatchString(dir):
		return fmt.Errorf("%.60q cannot be an output directory: %s, of letters, digits and . _ + = , -", dir, use)
	case path.Clean(dir) != dir || strings.HasPrefix(dir, "..") || strings.HasPrefix(dir, "-"):
		return fmt.Errorf("%.60q cannot be an output directory: %s, without . and .. parts", dir, use)
	case dir == "." || IsUnfinished(dir):
		return fmt.Errorf("%.60q cannot be an output directory: %s", dir, use)
	}
	return nil
}

// CheckSlurmWord says whether an account, QOS or partition may be called so; empty
// is allowed.
func CheckSlurmWord(word string) error {
	if slurmWord.MatchString(word) {
		return nil
	}
	return fmt.Errorf("%.40q is no name Slurm knows: use letters, digits, dots, dashes and underscores", word)
}

// CheckConstraint says whether Slurm can read this as features of nodes.
func CheckConstraint(c string) error {
	if constraint.MatchString(c) {
		return nil
	}
	return fmt.Errorf("%.40q is no constraint: write features joined by & or |, without blanks, as in gpu&hbm80g", c)
}

// CheckTimeLimit says whether Slurm reads this as a time: minutes, MM:SS, HH:MM:SS
// or D-HH:MM:SS.
func CheckTimeLimit(t string) error {
	if timeLimit.MatchString(t) {
		return nil
	}
	return fmt.Errorf("%.40q is not a time: write HH:MM:SS, as in 00:30:00", t)
}

// CheckEnvName says whether a shell can export a variable of this name.
func CheckEnvName(name string) error {
	if envName.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%.40q cannot name an environment variable: use letters, digits and underscores, as in NCCL_DEBUG", name)
}

// IsUnfinished reports whether a directory name is that of a run which has not
// ended: <output_dir>.tmp-<job id>.
func IsUnfinished(dir string) bool { return strings.Contains(path.Base(dir), TmpMark) }

// TmpMark stands between the name of a run and the id of the job still writing it.
const TmpMark = ".tmp-"

// OldMark stands between the name of a run and the id of the job that made it,
// once a newer job took the name.
const OldMark = "@"

// AsID puts a dash for every letter of a text that an id cannot have.
func AsID(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && CheckID("x"+string(r)) == nil {
			return r
		}
		return '-'
	}, text)
}

// ShortModel is a hub id without its owner.
func ShortModel(name string) string { return name[strings.LastIndex(name, "/")+1:] }
