package model

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Hidden stands in what is written for a value that only its owner may know.
const Hidden = "***"

// FromCaller is the source of a variable of env_from that whoever submits the job has set.
const FromCaller = "environment"

var (
	secretWord = regexp.MustCompile(`^(?:KEY|PAT|PASS|DSN|JWT|COOKIE)$|(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|APIKEY|CREDENTIALS?)$`)
	// of tokens by their makers' prefixes, of an address with a password, of a connection string
	secretValue = regexp.MustCompile(`^(?:hf_|sk-|gh[a-z]_|github_pat_|glpat-|xox[a-z]-|AKIA)[\w-]{16,}$|^eyJ[\w-]+\.[\w-]+\.|://[^/\s:@]*:[^/\s@]+@|` +
		`(?:Account|SharedAccess)Key=|(?i:password)=`)
	plainEnd    = []string{"PATH", "FILE", "DIR", "URL", "NAME", "TYPE", "LIMIT"} // where a secret is, or what it is called
	plainValues = []string{"", Hidden, "true", "false", "yes", "no", "on", "off", "auto", "none"}
	assignment  = regexp.MustCompile(`\b([A-Za-z_][A-Za-z0-9_]*)=("[^"$]+"|'[^']+'|[^\s"'$;]+)`)
)

// IsSecret reports whether a variable, or an argument of the engine, looks like one that nobody else may know: HF_TOKEN, WANDB_API_KEY,
// AWS_SECRET_ACCESS_KEY with a value that is no number and no switch, or any with a value as of one, http://me:word@proxy;
// not max_num_batched_tokens or TOKENIZERS_PARALLELISM.
// The runner has the same rule (contract.py).
func IsSecret(name, value string) bool {
	_, notNumber := strconv.ParseFloat(value, 64)
	if notNumber == nil || slices.Contains(plainValues, strings.ToLower(value)) {
		return false
	}
	words := strings.FieldsFunc(strings.ToUpper(name), func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	if secretValue.MatchString(value) || len(words) > 1 && words[len(words)-1] == "PWD" { // alone it is the folder
		return true
	}
	return len(words) > 0 && !slices.Contains(plainEnd, words[len(words)-1]) && slices.ContainsFunc(words, secretWord.MatchString)
}

// Secrets are the names under env: and vllm: whose values look secret, as paths, in order.
func (e Experiment) Secrets() (paths []string) {
	for name, value := range e.Env {
		if IsSecret(name, value) {
			paths = append(paths, "env."+name)
		}
	}
	for name, value := range e.VLLM {
		if text, ok := value.(string); ok && IsSecret(name, text) {
			paths = append(paths, "vllm."+name)
		}
	}
	slices.Sort(paths)
	return paths
}

// Masked is an experiment as it is written down: without its secrets.
func (e Experiment) Masked() Experiment {
	paths := e.Secrets()
	if len(paths) == 0 {
		return e
	}
	e.Env, e.VLLM = maps.Clone(e.Env), maps.Clone(e.VLLM)
	for _, path := range paths {
		if name, ok := strings.CutPrefix(path, "env."); ok {
			e.Env[name] = Hidden
		} else {
			e.VLLM[strings.TrimPrefix(path, "vllm.")] = Hidden
		}
	}
	return e
}

// MaskedScript is a script as it is written down: values of secret names that somebody wrote into it are hidden.
func MaskedScript(text string) string {
	return assignment.ReplaceAllStringFunc(text, func(s string) string {
		name, value, _ := strings.Cut(s, "=")
		if IsSecret(name, strings.Trim(value, `"'`)) {
			return name + "=" + Hidden
		}
		return s
	})
}
