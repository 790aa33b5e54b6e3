// Package claim takes an experiment of a workspace for one process alone, for the time of checking, recording and sending a submission.
package claim

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/backend/process"
	"shardeck/backend/workspace"
	"shardeck/model"
)

// Claim is an experiment taken by one process. It is a file made with O_EXCL, ID@N, that tells who holds it. What a
// dead holder left is never replaced, which could take a living one's away: the next claim has the next number, and holds once no other
// is seen that lives.
type Claim struct {
	User    string    `json:"user"`
	Process string    `json:"process"` // as process.ID writes it
	Since   time.Time `json:"since"`
	Passed  string    `json:"-"` // whose claim, of another machine, was passed over as too old; empty: nobody's

	file string
}

const (
	folder = workspace.PrivateDir + "/claims"
	// longest is the age of another machine's claim from which its holder counts as dead: a submission whose
	// scheduler hangs takes two to three minutes.
	longest = 10 * time.Minute
)

// Take takes an experiment for this process alone, or says who has it (model.ErrActive).
func Take(w *workspace.Workspace, id string) (*Claim, error) {
	if err := cmp.Or(w.EnsureDir(workspace.PrivateDir), w.EnsureDir(folder)); err != nil {
		return nil, err
	}
	c := &Claim{User: process.User(), Process: process.Here().Self().String(), Since: time.Now().Truncate(time.Second)}
	for range 5 {
		all, err := allOn(w, id)
		if err != nil {
			return nil, err
		}
		if err := heldBy(id, all); err != nil {
			return nil, err
		}
		last := 0
		for _, o := range all {
			last = max(last, o.number)
		}
		err = c.make(w.Path(path.Join(folder, id+"@"+strconv.Itoa(last+1))))
		if err == nil {
			return c, c.alone(w, id)
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, workspace.InWords(folder, err)
		}
	}
	return nil, heldBy(id, []claimed{{live: true}})
}

func (c *Claim) make(file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	c.file = file
	text, _ := json.Marshal(c) // plain values: cannot fail
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		c.Release()
	}
	return err
}

// alone makes sure that nobody else claimed meanwhile, under another number, and clears away what the dead left.
func (c *Claim) alone(w *workspace.Workspace, id string) error {
	all, err := allOn(w, id)
	others := slices.DeleteFunc(all, func(o claimed) bool { return o.file == c.file })
	if err = cmp.Or(err, heldBy(id, others)); err != nil {
		c.Release()
		return err
	}
	for _, o := range others {
		if o.elsewhere != "" {
			c.Passed = fmt.Sprintf("the claim on %s of %s on %s, since %s, is too old and was passed over", id, o.User, o.elsewhere, clock(o.Since))
		}
		_ = os.Remove(o.file) // best effort: it hinders nobody
	}
	return nil
}

// Held reports whether the claim is there still: a machine that slept may find it passed over.
func (c *Claim) Held() bool {
	text, err := os.ReadFile(c.file)
	var now Claim
	return err == nil && json.Unmarshal(text, &now) == nil && now.Process == c.Process
}

// Release gives the experiment back.
func (c *Claim) Release() { _ = os.Remove(c.file) } // if it stays, this process's end releases it

// claimed is a claim as another finds it.
type claimed struct {
	Claim
	number    int
	live      bool
	elsewhere string // the other machine that its holder runs on
}

// allOn are the claims on an experiment, of the living and of the dead.
func allOn(w *workspace.Workspace, id string) ([]claimed, error) {
	entries, err := os.ReadDir(w.Path(folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, workspace.InWords(folder, err)
	}
	var all []claimed
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), id+"@")
		n, err := strconv.Atoi(rest)
		info, gone := e.Info()
		if !ours || err != nil || gone != nil {
			continue
		}
		c := claimed{number: n, live: time.Since(info.ModTime()) < longest} // enough for one that is being written
		c.file = w.Path(path.Join(folder, e.Name()))
		text, _ := os.ReadFile(c.file)
		_ = json.Unmarshal(text, &c.Claim)
		if p, ok := process.Parse(c.Process); ok {
			if c.elsewhere = process.Here().Elsewhere(p); c.elsewhere == "" {
				c.live = process.Here().Alive(p)
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// heldBy says who holds an experiment; nil: nobody does.
func heldBy(id string, all []claimed) error {
	c := model.First(all, func(c claimed) bool { return c.live })
	if c == nil {
		return nil
	}
	pid, _, _ := strings.Cut(c.Process, " ")
	who := fmt.Sprintf("%s on %s, process %s, since %s", c.User, cmp.Or(c.elsewhere, "this machine"), pid, clock(c.Since))
	if pid == "" {
		who = "another shardeck"
	}
	return &model.Fault{Text: id + " is being submitted by " + model.Printable(who), Kind: model.ErrActive,
		ToDo: "wait until that is done, then look: shardeck jobs"}
}

// Taken reports whether somebody is submitting an experiment at this moment.
func Taken(w *workspace.Workspace, id string) bool {
	all, err := allOn(w, id)
	return err == nil && heldBy(id, all) != nil
}

func clock(t time.Time) string { return t.Local().Format("15:04:05") }
