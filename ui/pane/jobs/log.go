package jobs

import (
	"cmp"
	"context"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/progress"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

const (
	followTime = 4 * time.Second // between two readings of the log of a job that runs
	logLines   = 1000            // last lines read of a log
)

// jobLog is the log of the job under the cursor and, when that failed, the cause.
type jobLog struct {
	env     env
	job     func() (model.Job, bool)               // under the cursor
	watched func() bool                            // somebody looks at it
	told    func(titles map[string]string) tea.Cmd // takes what the log says of its job in a few words

	pager  widget.Pager
	detail detail
	room   int // lines of the log in sight, as drawn last
	search string
	line   int  // number of the first line in hand; 0: not counted
	held   bool // a place that was looked for is shown, not the end

	gpus   jobs.GPULook // the last that was asked for
	gpusOf string       // job

	reading pane.Task[detail]
	seeking pane.Task[sought]
	again   pane.Timer
}

// detail is what is known of one job beyond the scheduler's line.
type detail struct {
	id     string
	part   jobs.LogPart
	live   progress.Run // of one that runs, as of when it was read
	at     time.Time
	logErr error
	cause  jobs.Cause
}

func (g *jobLog) read() tea.Cmd {
	j, ok := g.job()
	if !ok {
		g.reading.Stop()
		return nil
	}
	return g.reading.Start(g.env.Ctx, func(ctx context.Context) (detail, error) {
		d := detail{id: j.ID}
		d.part, d.logErr = g.env.Log(ctx, j, logLines)
		if j.State == model.JobRunning && d.logErr == nil {
			d.live, d.at = g.env.Progress(ctx, j, d.part), g.env.Now()
		}
		if j.State.Failed() || jobs.OfMaintenance(j) || j.Tasks.Which != "" {
			d.cause, _ = g.env.Why(ctx, j) // without a cause the log is all there is
		}
		return d, ctx.Err()
	}, pane.Got(g.got))
}

// got shows the log: its end, unless the user stands somewhere in it.
func (g *jobLog) got(d detail) tea.Cmd {
	same := d.id == g.detail.id
	g.detail = d
	if !same || !g.held {
		g.showEnd(same)
	}
	after := []tea.Cmd{g.told(map[string]string{d.id: titleOf(d)}), g.follow()}
	if !same && d.cause.Where != "" {
		after = append(after, g.firstError())
	}
	return tea.Batch(after...)
}

// titleOf is the few words that a job's line shows of its log.
func titleOf(d detail) string {
	if words := cmp.Or(d.cause.Title, d.part.Hung); words != "" {
		return words
	}
	return present.Stage(d.part.Stage, d.part.Done, d.part.Total)
}

// showEnd puts the lines read into the log. The cursor of one that stands at the end goes with it; any other stays on its line.
func (g *jobLog) showEnd(same bool) {
	part := g.detail.part
	atEnd := g.pager.Cursor >= len(g.pager.Lines)-1
	if on := g.line + g.pager.Cursor - part.Line; same && !atEnd && g.line > 0 && on >= 0 {
		g.pager.First += on - g.pager.Cursor
		g.pager.Cursor = on
	}
	g.pager.Lines, g.line, g.held = part.Lines, part.Line, false
	j, _ := g.job()
	g.pager.Tail = j.State.Active()
	if !same || atEnd {
		g.pager.Cursor = max(len(g.pager.Lines)-1, 0)
	}
}

// follow reads the log again after a while, as long as the job runs and is looked at.
func (g *jobLog) follow() tea.Cmd {
	j, ok := g.job()
	if !ok || !j.State.Active() || !g.watched() {
		return nil
	}
	return g.again.Start(g.env.Env, followTime, func() tea.Cmd {
		if now, _ := g.job(); now.ID == j.ID && g.watched() {
			return g.read()
		}
		return nil
	})
}

func (g *jobLog) causeOf(j model.Job) jobs.Cause {
	if g.detail.id != j.ID {
		return jobs.Cause{}
	}
	return g.detail.cause
}

// lines are a rule that says what is shown, progress if the job runs, and the log.
func (g *jobLog) lines(j model.Job, width, height int) []string {
	th, part := g.env.Theme, g.detail.part
	switch {
	case j.State == model.JobPending && len(part.Lines) == 0:
		return append([]string{widget.Rule(th, width, j.ID+" waits")}, waitingLines(g.env, j, width)...)
	case g.detail.id != j.ID:
		return []string{widget.Rule(th, width, "log of "+j.ID), "   reading …"}
	}
	lines := []string{widget.Rule(th, width, g.title(j))}
	if g.detail.logErr != nil {
		return append(lines, widget.Paragraph(th, theme.Dim, g.detail.logErr.Error(), 3, width-6)...)
	}
	if j.State.Active() {
		lines = append(lines, g.live(width)...)
	}
	g.room = max(height-len(lines), 1)
	return append(lines, g.pager.View(th, width, height-len(lines))...)
}

// live is how far a job that runs is: iterations as a bar with their times, stages with theirs, and its end as far as earlier runs tell.
// It is as of the last reading of the log, so that nothing moves between two of them.
func (g *jobLog) live(width int) (lines []string) {
	th, part, run := g.env.Theme, g.detail.part, g.detail.live
	head := part.Rate
	if part.Total > 0 {
		head = widget.Gauge(th, 24, float64(part.Done), float64(part.Total)) +
			"  " + part.Stage + ", iteration " + unit.Int(part.Done) + " of " + unit.Int(part.Total)
		times := model.Each(run.Each[max(len(run.Each)-sparkTimes, 0):], time.Duration.Seconds)
		// the sparkline is last: what grows moves nothing
		for _, more := range []string{present.ProgressEach(run), part.Rate, widget.Sparkline(th, times)} {
			if more != "" && widget.Width(head+more)+5 <= width {
				head += "  " + more
			}
		}
	}
	if head != "" {
		lines = append(lines, "   "+head)
	}
	if g.gpusOf == g.detail.id {
		use := present.GPUUse(g.gpus.All)
		lines = append(lines, "   "+th.Paint(theme.Dim, "GPUs of "+unit.Plural(len(use), "node")+" at "+g.gpus.At.Format("15:04:05")))
		for _, text := range use[:min(len(use), mostNodes)] {
			lines = append(lines, "   "+widget.Clip(text, width-4))
		}
	}
	stages := present.ProgressStages(run, width-4)
	if stages == "" {
		return lines
	}
	for _, text := range []string{stages, present.ProgressEnd(run, g.detail.at)} {
		lines = append(lines, "   "+th.Paint(theme.Dim, widget.Clip(text, width-4)))
	}
	return lines
}

// mostNodes is of how many nodes the GPUs are shown.
const mostNodes = 4

// sparkTimes is how many iterations, the last, are drawn.
const sparkTimes = 20

func (g *jobLog) title(j model.Job) string {
	parts := []string{"log of " + j.ID}
	if len(g.pager.Lines) > 0 {
		parts = append(parts, g.where())
	}
	if g.search != "" {
		parts = append(parts, "search "+g.search)
	}
	return strings.Join(parts, " · ")
}

// causeLines are why a job failed and what to do about it; none where that is not known.
func (g *jobLog) causeLines(j model.Job, width int) []string {
	th, c := g.env.Theme, g.causeOf(j)
	if c.Title == "" {
		return nil
	}
	title := "cause"
	if c.Where != "" {
		title += " · " + c.Where
	}
	if len(c.Remedies) > 0 {
		title += " · f mends it"
	}
	lines := []string{widget.Rule(th, width, title), "   " + th.Paint(theme.Bad, widget.Sentence(c.Title, width-4))}
	label := "try   "
	for _, fix := range c.Fixes {
		lines = append(lines, "   "+th.Paint(theme.Dim, label)+widget.Sentence(fix, width-10))
		label = "      "
	}
	return lines
}

func logTone(line string) theme.Tone {
	lower := strings.ToLower(line)
	switch {
	case jobs.LooksBad(line):
		return theme.Bad
	case strings.Contains(lower, "warning") || strings.HasPrefix(lower, "warn"):
		return theme.Warn
	case strings.HasPrefix(line, "shardeck: "):
		return theme.Strong
	}
	return theme.Plain
}

// waitingLines stand in the place of the log of a job that has none yet: why it waits, when it would start, what it asks for.
func waitingLines(env env, j model.Job, room int) []string {
	r := j.Meaning
	why := r.Words
	if why == "" {
		why = "the scheduler has not said why yet"
	} else if j.Reason != "" && j.Reason != why {
		why += " (" + j.Reason + ")"
	}
	if r.Waiting != "" {
		why += "; " + r.Waiting
	}
	start := "the scheduler has no estimate yet"
	switch {
	case r.Forever:
		start = "never, as it stands: x cancels it"
	case !j.Start.IsZero():
		start = strings.TrimPrefix(present.Expected(j, env.Now()), "start ") + ", as the scheduler estimates"
	}
	asks := []string{}
	if j.GPUs > 0 {
		asks = append(asks, unit.Plural(j.GPUs, "GPU")+" on "+unit.Plural(max(j.Nodes, 1), "node"))
	}
	if j.Limit > 0 {
		asks = append(asks, unit.Clock(j.Limit)+" at most")
	}
	asks = append(asks, present.QOS(j.QOS))
	if j.Account != "" {
		asks = append(asks, "account "+j.Account)
	}
	width := max(room-16, 1)
	var lines []string
	help := strings.NewReplacer("$id", j.ID, "$array", j.ID).Replace(r.Help)
	for _, l := range []struct{ label, text string }{
		{"waits", why}, {"or", help}, {"starts", start}, {"asks for", pane.Joined(width, asks...)}, {"submitted", unit.Ago(j.Submit, env.Now())},
	} {
		label := l.label
		if l.text == "" {
			continue
		}
		for _, text := range widget.Wrap(l.text, width) {
			lines = append(lines, "   "+env.Theme.Paint(theme.Dim, widget.Fit(label, 10))+" "+text)
			label = ""
		}
	}
	return lines
}

// sought is a place in the log of a job. Only the end of a log is in hand: what is looked for
// in a longer one is looked for in the file, and its lines take the place of the end until G.
type sought struct {
	id    string
	look  jobs.LogLook
	part  jobs.LogPart
	at    int
	found bool
}

func (g *jobLog) whole() bool { return g.detail.part.First == 0 && !g.held }

// find goes to the next line that matches the search, or the one before.
func (g *jobLog) find(back bool) tea.Cmd {
	switch {
	case g.search == "":
		return pane.Say("nothing to search for: ↵ then / in the log")
	case !g.whole():
		return tea.Batch(looking, g.seek(jobs.LogLook{Text: g.search, After: g.lineNumber(), Back: back}))
	case g.pager.Find(g.search, back):
		return nil
	}
	return pane.Say("not in the log: " + g.search)
}

// lineNumber is that of the line under the cursor; 0: not known.
func (g *jobLog) lineNumber() int {
	if g.line == 0 {
		return 0
	}
	return g.line + g.pager.Cursor
}

// looking is what is said of a search that may take a moment.
func looking() tea.Msg { return pane.Note{Text: "looking through the log …", Tone: theme.Busy} }

// firstError puts the log's cursor on the line that proves the cause, else on the first that looks like an error.
func (g *jobLog) firstError() tea.Cmd {
	proof := strings.TrimSpace(g.detail.cause.Line)
	for i, line := range g.pager.Lines {
		if proof != "" && strings.Contains(line, proof) || proof == "" && g.whole() && jobs.LooksBad(line) {
			g.pager.Cursor = i
			return pane.Say("")
		}
	}
	if g.whole() {
		return pane.Say("no line of the log looks like an error")
	}
	return g.seek(jobs.LogLook{Text: proof})
}

func (g *jobLog) seek(look jobs.LogLook) tea.Cmd {
	j, ok := g.job()
	if !ok {
		return nil
	}
	return g.seeking.Start(g.env.Ctx, func(ctx context.Context) (sought, error) {
		s := sought{id: j.ID, look: look}
		var err error
		s.part, s.at, s.found, err = g.env.LogFind(ctx, j, look)
		return s, err
	}, pane.Got(g.gotSought))
}

func (g *jobLog) gotSought(s sought) tea.Cmd {
	switch current, _ := g.job(); {
	case s.id != current.ID:
		return nil
	case !s.found && s.look.Text == "":
		return pane.Say("no line of the log looks like an error")
	case !s.found:
		return pane.Say("not in the log: " + s.look.Text)
	}
	g.pager.Lines, g.pager.Cursor, g.pager.First = s.part.Lines, s.at, max(s.at-g.room/2, 0)
	g.line, g.held = s.part.Line, true
	return pane.Say("")
}

func (g *jobLog) move(key string) (tea.Cmd, bool) {
	if key == "G" || key == "end" {
		return g.toEnd(), true
	}
	return nil, g.pager.MoveKey(key, len(g.pager.Lines), g.room)
}

// toEnd leaves a place that was looked for, and follows the log again.
func (g *jobLog) toEnd() tea.Cmd {
	if !g.held {
		g.pager.Cursor = max(len(g.pager.Lines)-1, 0)
		return nil
	}
	g.pager.Cursor = len(g.pager.Lines)
	g.showEnd(true)
	return g.read()
}

// where are the words for the line under the cursor.
func (g *jobLog) where() string {
	n, line, size := len(g.pager.Lines), "line "+unit.Int(max(g.line, 1)+g.pager.Cursor), unit.FileSize(g.detail.part.Size)+" in all"
	switch {
	case g.line > 0 && g.held:
		return line + " · " + size + ", G its end"
	case g.line > 0:
		return line + " of " + unit.Int(g.line+n-1)
	}
	return line + " of its last " + unit.Int(n) + " · " + size
}
