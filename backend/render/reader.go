package render

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"shardeck/model"
)

// Reading is all that the script of a job is made from that reads a run's traces.
type Reading struct {
	Name      string          // of the job: an id
	Run       string          // as typed
	Ranks     []int           // one task each
	Workspace string          // absolute
	Shardeck  string          // absolute path of the binary
	CacheHome string          // absolute: what XDG_CACHE_HOME is there
	Sets      []string        // key=value, from --set
	Account   string          // of GPU jobs; its ending may go
	Time      string          // limit of a task
	Site      model.ReaderJob // what the site wants of such jobs
}

// ReadingScript is a job array with one task a rank. An error names the value that
// cannot stand in a script.
func ReadingScript(r Reading) ([]byte, error) {
	r.Account = strings.TrimSuffix(r.Account, r.Site.DropEnding)
	if err := r.check(); err != nil {
		return nil, err
	}
	return execute("read_ranks.sh.tmpl", "script that reads "+r.Run, r)
}

// Array is the list of tasks as Slurm writes it, consecutive ranks as 0-3.
func (r Reading) Array() string {
	var parts []string
	for i := 0; i < len(r.Ranks); {
		j := i
		for j+1 < len(r.Ranks) && r.Ranks[j+1] == r.Ranks[j]+1 {
			j++
		}
		part := strconv.Itoa(r.Ranks[i])
		if j > i {
			part += "-" + strconv.Itoa(r.Ranks[j])
		}
		parts, i = append(parts, part), j+1
	}
	return strings.Join(parts, ",")
}

func (r Reading) check() error {
	_, err := model.ParseTimeLimit(r.Time)
	err = errors.Join(err, model.CheckID(r.Name), model.CheckSlurmWord(r.Account), model.CheckConstraint(r.Site.Constraint),
		model.CheckSlurmWord(r.Site.QOS), model.CheckSlurmWord(r.Site.Memory))
	for what, p := range map[string]string{"workspace": r.Workspace, "program": r.Shardeck, "cache folder": r.CacheHome} {
		if !path.IsAbs(p) {
			err = errors.Join(err, fmt.Errorf("the script names the %s by its full path, and %.80q is none", what, p))
		}
	}
	if len(r.Ranks) == 0 || r.Ranks[0] < 0 {
		err = errors.Join(err, fmt.Errorf("%s has no ranks to read", r.Run))
	}
	return err
}
