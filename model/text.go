package model

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Printable cleans one line of text from outside (a job's name, a log line, a message of another program) for
// the screen: a tab becomes a blank, other control characters go, escape sequences with all their parts, and so
// do the marks that turn the direction of writing. Bytes that are no UTF-8 become U+FFFD.
func Printable(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		if n := escapeLen(s); n > 0 {
			s = s[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch {
		case r == '\t' || r == '\n':
			b.WriteByte(' ')
		case !hidden(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// PrintableLines is Printable for a text of several lines.
func PrintableLines(s string) string {
	return strings.Join(Each(strings.Split(s, "\n"), Printable), "\n")
}

// plain reports whether s is printable ASCII, as nearly all text is.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hidden reports whether a character acts on the terminal or shows nothing.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == '\ufeff'
}

// escapeLen is the length of the escape sequence that s begins with, 0 if none.
func escapeLen(s string) int {
	if len(s) < 2 || s[0] != 0x1b {
		return 0
	}
	end := 2
	switch s[1] {
	case '[': // CSI: parameters, then a final byte
		for end < len(s) && s[end] >= ' ' && s[end] < '@' {
			end++
		}
		if end < len(s) && s[end] >= '@' && s[end] <= '~' {
			end++
		}
	case ']', 'P', '_', '^', 'X': // strings, ended by BEL or ESC \
		for end < len(s) && s[end] != 0x07 && s[end] != 0x1b {
			end++
		}
		if end < len(s) && s[end] == 0x07 {
			end++
		}
	}
	return end
}

// ParseTimeLimit reads a time limit as Slurm does: minutes, MM:SS, HH:MM:SS,
// D-HH, D-HH:MM or D-HH:MM:SS. A limit of nothing is an error.
func ParseTimeLimit(text string) (time.Duration, error) {
	if err := CheckTimeLimit(text); err != nil {
		return 0, err
	}
	days, clock, dated := strings.Cut(text, "-")
	if !dated {
		days, clock = "0", text
	}
	units := clockUnits(strings.Count(clock, ":"), dated)
	var total time.Duration
	for i, part := range append([]string{days}, strings.Split(clock, ":")...) {
		n, err := strconv.Atoi(part)
		if err != nil || n > 100_000 {
			return 0, fmt.Errorf("%.40q is not a time: write HH:MM:SS, as in 00:30:00", text)
		}
		total += time.Duration(n) * units[i]
	}
	if total <= 0 {
		return 0, fmt.Errorf("%.40q gives the job no time: write HH:MM:SS, as in 00:30:00", text)
	}
	return total, nil
}

// clockUnits are the units of the parts of a limit with so many colons, days first.
func clockUnits(colons int, dated bool) []time.Duration {
	units := []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second}
	if dated || colons == 2 {
		return units
	}
	return append(units[:1:1], units[2:]...) // MM or MM:SS
}

// FormatTimeLimit writes HH:MM:SS, hours counting past 24.
func FormatTimeLimit(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// DurationWords is a time as people say it: 30 min, 12 h, 1 h 30 min.
func DurationWords(d time.Duration) string {
	h, m := int(d/time.Hour), int(d.Round(time.Minute)/time.Minute)%60
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d/time.Second))
	case h == 0:
		return fmt.Sprintf("%d min", m)
	case m == 0:
		return fmt.Sprintf("%d h", h)
	}
	return fmt.Sprintf("%d h %d min", h, m)
}

// CompareNatural orders texts by their letters, and digits in them by number: E1.2 before E1.10.
func CompareNatural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x != "" && y != "" {
			m, n := strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if c := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); c != 0 {
				return c
			}
			a, b = a[len(x):], b[len(y):]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) string { return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))] }

// Names go into file names, job names, shell scripts and #SBATCH lines, where no
// quoting is sure to help; so what they may hold is said here, once.
var (
	idPattern  = NewPattern(`[A-Za-z0-9][A-Za-z0-9._-]*`, 64)
	dirPattern = NewPattern(`/?[A-Za-z0-9._+=,-]+(/[A-Za-z0-9._+=,-]+)*`, 512)
	slurmWord  = NewPattern(`[A-Za-z0-9_.-]*`, 64)
	constraint = NewPattern(`[A-Za-z0-9_.,&|*()\[\]-]*`, 128)
	timeLimit  = NewPattern(`[0-9]{1,4}-[0-9]{1,2}(:[0-9]{1,2}){0,2}|[0-9]{1,6}(:[0-9]{1,2}){0,2}`, 16)
	envName    = NewPattern(`[A-Za-z_][A-Za-z0-9_]*`, 128)
)

// CheckID says whether an experiment may have this id: 1 to 64 letters, digits, and after the first . - _ too.
func CheckID(id string) error {
	return idPattern.Check(id, "%.40q cannot be an experiment id: use up to 64 letters, digits, dots, dashes and underscores, as in E1.3")
}

// CheckOutputDir says whether a run may be written there: a path below the workspace or an absolute one, in letters and digits
// and ._+=,- without .. parts. The characters @ and the ending .tmp-<job> belong to older and unfinished runs.
func CheckOutputDir(dir string) error {
	const use = "use a path such as trace_collection/llama-8b-tp4"
	switch {
	case !dirPattern.MatchString(dir):
		return fmt.Errorf("%.60q cannot be an output directory: %s, of letters, digits and . _ + = , -", dir, use)
	case path.Clean(dir) != dir || strings.HasPrefix(dir, "..") || strings.HasPrefix(dir, "-"):
		return fmt.Errorf("%.60q cannot be an output directory: %s, without . and .. parts", dir, use)
	case dir == "." || IsUnfinished(dir):
		return fmt.Errorf("%.60q cannot be an output directory: %s", dir, use)
	case slices.Contains(keptDirs, dir) || strings.HasPrefix(dir, ".shardeck/"):
		return fmt.Errorf("%.60q cannot be an output directory: it is the workspace's own, and a job would rename the whole folder: %s", dir, use)
	}
	return nil
}

// keptDirs are folders of the workspace that no run may take the place of.
var keptDirs = []string{"trace_collection", "experiments", "experiments/configs", "experiments/slurm_scripts", "experiments/shardeck_runner", "logs", ".shardeck"}

// CheckSlurmWord says whether an account, QOS or partition may be called so; empty is allowed.
func CheckSlurmWord(word string) error {
	return slurmWord.Check(word, "%.40q is no name Slurm knows: use letters, digits, dots, dashes and underscores")
}

// CheckConstraint says whether Slurm can read this as features of nodes.
func CheckConstraint(c string) error {
	return constraint.Check(c, "%.40q is no constraint: write features joined by & or |, without blanks, as in gpu&hbm80g")
}

// CheckTimeLimit says whether Slurm reads this as a time: minutes, MM:SS, HH:MM:SS or D-HH:MM:SS.
func CheckTimeLimit(t string) error {
	return timeLimit.Check(t, "%.40q is not a time: write HH:MM:SS, as in 00:30:00")
}

// CheckEnvName says whether a shell can export a variable of this name.
func CheckEnvName(name string) error {
	return envName.Check(name, "%.40q cannot name an environment variable: use letters, digits and underscores, as in NCCL_DEBUG")
}

// IsUnfinished reports whether a directory name is that of a run not ended: <output_dir>.tmp-<job id>.
func IsUnfinished(dir string) bool { return strings.Contains(path.Base(dir), TmpMark) }

// TmpMark stands between the name of a run and the id of the job still writing it.
const TmpMark = ".tmp-"

// OldMark stands between the name of a run and the id of the job that made it, once a newer job took the name.
const OldMark = "@"

// Slug is a text as a part of a name: its letters and digits in lower case, what is between them as a sign.
func Slug(text, sign string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(words, sign)
}

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

// Nearest returns the word of known that word was most likely meant to be: the one with the fewest letters to add, drop, change or swap,
// case aside. It is empty when none is near enough (a third of the letters may
// differ, and one always may). Of equals the first wins.
func Nearest(word string, known []string) string {
	best, least := "", max(len([]rune(word)), 2)
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < least && d <= 1+len(k)/3 {
			best, least = k, d
		}
	}
	return best
}

// DidYouMean asks for the Nearest of known, empty when none is near enough.
func DidYouMean(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// distance is the optimal string alignment distance, of 64 letters: none mistypes more into something near.
func distance(a, b string) int {
	cut := func(word string) []rune { r := []rune(word); return r[:min(len(r), 64)] }
	x, y := cut(a), cut(b)
	var older, prev []int
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		older, prev, row = prev, row, make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			row[j] = min(prev[j], row[j-1], prev[j-1]) + 1
			if x[i-1] == y[j-1] {
				row[j] = min(row[j], prev[j-1])
			}
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
	}
	return row[len(y)]
}

// Pattern is what a name may look like, and how long it may be. A count in the expression itself
// would be compiled as so many copies: half a megabyte and a millisecond at every start.
type Pattern struct {
	re   *regexp.Regexp
	most int
}

// NewPattern compiles expr, which must match the whole of a name of at most so many
// bytes; a faulty expression is a fault of the program and panics.
func NewPattern(expr string, most int) Pattern {
	return Pattern{regexp.MustCompile(`^(?:` + expr + `)$`), most}
}

// MatchString says whether name is such a name.
func (p Pattern) MatchString(name string) bool { return len(name) <= p.most && p.re.MatchString(name) }

// Each is what of makes of every element of a list, in order.
func Each[T, O any](list []T, of func(T) O) []O {
	out := make([]O, len(list))
	for i, v := range list {
		out[i] = of(v)
	}
	return out
}

// Through is Each up to the first error, with what was made before.
func Through[T, O any](list []T, of func(T) (O, error)) (out []O, err error) {
	for _, v := range list {
		one, err := of(v)
		if err != nil {
			return out, err
		}
		out = append(out, one)
	}
	return out, nil
}

// Check refuses another name, in words that format it.
func (p Pattern) Check(name, fault string) error {
	if p.MatchString(name) {
		return nil
	}
	return fmt.Errorf(fault, name)
}

// First is the first of a list that something holds for, nil if there is none.
func First[T any](list []T, is func(T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return &list[i]
	}
	return nil
}

// Older reports whether a release comes before another, as far as both say: 0.14 holds every 0.14.x. What is no release is
// not older.
func Older(release, than string) bool {
	a, b := releaseNumbers(release), releaseNumbers(than)
	n := min(len(a), len(b))
	return n > 1 && slices.Compare(a[:n], b[:n]) < 0
}

// releaseNumbers are the leading numbers of 0.11.1rc2+cu128: 0, 11 and 1.
func releaseNumbers(release string) (all []int) {
	for part := range strings.SplitSeq(release, ".") {
		digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
		n, err := strconv.Atoi(part[:digits])
		if err != nil {
			break
		}
		all = append(all, n)
		if digits < len(part) {
			break
		}
	}
	return all
}
