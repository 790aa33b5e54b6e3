package slurm

import (
	"context"
	"os"
	"os/user"
	"slices"
	"strings"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// Limits asks for the version, whether accounts are kept, and which accounts and
// QOS this user has. Only an absent or unreachable Slurm is an error: what the
// rest does not tell stays empty, and Note says why.
func (s *Slurm) Limits(ctx context.Context) (scheduler.Limits, error) {
	version, err := s.ask(ctx, "sinfo", "--version")
	if err != nil {
		return scheduler.Limits{}, err
	}
	l := scheduler.Limits{Version: cleanValue(version)}
	config, err := s.ask(ctx, "scontrol", "show", "config")
	if err != nil {
		return l, err
	}
	l.History = strings.Contains(configValue(config, "AccountingStorageType"), "slurmdbd")
	if !l.History {
		l.Note = "this Slurm keeps no accounts: account and QOS are not checked, finished jobs are soon forgotten"
		return l, nil
	}
	assoc, err := s.ask(ctx, "sacctmgr", "--noheader", "--parsable2", "show", "assoc", "user="+userName(), "format=account,qos")
	if err != nil {
		l.Note = "accounts and QOS are not known: " + err.Error()
		return l, nil
	}
	l.Accounts, l.QOS = parseAssoc(assoc)
	return l, nil
}

// userName is this user's name, which sacctmgr wants where squeue takes --me.
func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

// configValue picks a value of `scontrol show config`.
func configValue(config, key string) string {
	for line := range strings.Lines(config) {
		if k, v, ok := strings.Cut(line, "="); ok && strings.TrimSpace(k) == key {
			return cleanValue(v)
		}
	}
	return ""
}

// parseAssoc reads lines of account|qos,qos into two sorted lists.
func parseAssoc(text string) (accounts, qos []string) {
	for line := range strings.Lines(text) {
		account, list, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "|")
		accounts = append(accounts, model.Printable(account))
		for _, q := range strings.Split(list, ",") {
			qos = append(qos, model.Printable(q))
		}
	}
	return sorted(accounts), sorted(qos)
}

// sorted is a list in order, each word once, without empty ones.
func sorted(words []string) []string {
	slices.Sort(words)
	return slices.DeleteFunc(slices.Compact(words), func(w string) bool { return w == "" })
}
