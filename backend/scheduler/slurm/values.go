package slurm

import (
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/model"
)

// setState reads "CANCELLED by 0" and the like by their first word; the rest of it, or a word that the table
// changed, is the reason unless there is a better one. States not in the table are kept as Slurm says them.
func setState(j *model.Job, text string) {
	word, rest, _ := strings.Cut(text, " ")
	word = strings.TrimRight(word, "+") // cut short by a narrow column
	state, known := vocabulary().States[word]
	if !known {
		state = model.JobState(word)
	}
	j.State = state
	if j.Reason == "" && rest != "" {
		j.Reason = byWhom(text)
	}
	if j.Reason == "" && known && string(state) != word {
		j.Reason = word
	}
}

// byWhom puts a user's name into "CANCELLED by 1234".
func byWhom(text string) string {
	id, ok := strings.CutPrefix(text, "CANCELLED by ")
	if !ok {
		return text
	}
	if u, err := user.LookupId(id); err == nil {
		id = u.Username
	} else if wholeNumber(id) > 0 {
		id = "user " + id
	}
	return "CANCELLED by " + id
}

// nothing are the ways in which Slurm writes that there is no value.
var nothing = []string{"N/A", "None", "NONE", "(null)", "Unknown", "None assigned", "INVALID"}

// cleanValue is a cleaned field, empty where Slurm has none.
func cleanValue(s string) string {
	s = model.Printable(strings.TrimSpace(s))
	if slices.Contains(nothing, s) {
		return ""
	}
	return s
}

const timeFormat = "2006-01-02T15:04:05"

// parseTime is zero for Unknown, N/A and None.
func parseTime(s string, zone *time.Location) time.Time {
	t, _ := time.ParseInLocation(timeFormat, s, zone)
	return t
}

// parseDuration reads [days-][[hours:]minutes:]seconds; 0 for UNLIMITED and words.
func parseDuration(s string) time.Duration {
	days, clock, hasDays := strings.Cut(s, "-")
	if !hasDays {
		days, clock = "0", s
	}
	parts := strings.Split(clock, ":")
	if len(parts) > 3 {
		return 0
	}
	var seconds int64
	for _, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			return 0
		}
		seconds = seconds*60 + int64(n)
	}
	d, err := strconv.ParseUint(days, 10, 16)
	if err != nil || seconds > 1<<31 {
		return 0
	}
	return time.Duration(int64(d)*86400+seconds) * time.Second
}

// allocatedGPUs counts the GPUs in a list of trackable resources: the sum of gres/gpu=8,
// or of its kinds, gres/gpu:a100=8, where only those are given.
func allocatedGPUs(tres string) int {
	kinds := 0
	for _, item := range strings.Split(tres, ",") {
		key, text, _ := strings.Cut(item, "=")
		n, err := strconv.ParseUint(text, 10, 24)
		switch {
		case err != nil:
		case key == "gres/gpu":
			return int(n)
		case strings.HasPrefix(key, "gres/gpu:"):
			kinds += int(n)
		}
	}
	return kinds
}

// requestedGPUs counts the GPUs of a request: gres:gpu:4 up to Slurm 23.02, gres/gpu:4 later,
// with a kind between (gpu:a100:4) and sockets after it (gpu:4(S:0)).
func requestedGPUs(request string) int {
	total := 0
	for _, item := range strings.Split(request, ",") {
		item = strings.TrimPrefix(strings.TrimPrefix(item, "gres:"), "gres/")
		words := strings.Split(strings.SplitN(item, "(", 2)[0], ":")
		if words[0] != "gpu" {
			continue
		}
		if n := wholeNumber(words[len(words)-1]); n > 0 && n < 1<<16 {
			total += n
		} else if len(words) < 3 && n == 0 { // "gpu" or "gpu:a100" is one
			total++
		}
	}
	return total
}

// exitCode reads squeue's exit status: exit:signal already, or a raw wait status (768 is exit 3, 15 is signal
// 15). With a signal the exit code means nothing: Slurm leaves a 15 there beside its own signal 53.
func exitCode(s string) string {
	if strings.Contains(s, ":") {
		return s
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return ""
	}
	if signal := n & 0x7f; signal != 0 {
		return "0:" + strconv.FormatUint(signal, 10)
	}
	return strconv.FormatUint(n>>8&0xff, 10) + ":0"
}

// wholeNumber reads a whole number, 0 for anything else.
func wholeNumber(s string) int {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}
