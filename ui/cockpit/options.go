package cockpit

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	backend "shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/ui/canvas"
	"shardeck/ui/pane"
	"shardeck/ui/pane/charts"
	"shardeck/ui/pane/config"
	"shardeck/ui/pane/experiments"
	"shardeck/ui/pane/jobs"
	"shardeck/ui/pane/metrics"
	"shardeck/ui/pane/sweep"
	"shardeck/ui/pane/traces"
	"shardeck/ui/theme"
)

// Options of the cockpit. The caller reads the environment; the cockpit does not.
type Options struct {
	Profile termenv.Profile // colours, from theme.Profile; ignored with Theme
	Theme   *theme.Theme    // nil: made from Profile and ASCII
	ASCII   bool
	Rung    theme.Rung      // of pictures, from theme.RungOf; ignored with Theme or ASCII
	Images  canvas.Protocol // of the terminal, from canvas.ProtocolOf; empty: none
	Colours string          // name of a theme; empty or auto: as was chosen, else for every terminal
	NoColor bool            // no colours whatever Profile says
	Mouse   bool            // wheel and click; off, the terminal's own selection works
	In      io.Reader
	Out     io.Writer
	Editor  []string         // command for e: $VISUAL, $EDITOR or vi; empty: vi
	Refresh time.Duration    // between questions to the scheduler; 0: 60 s
	Open    pane.Name        // pane to start with; empty: experiments
	Now     func() time.Time // nil: the clock
	Notes   []string         // warnings to begin with

	Link func(path string) string // makes a link of a file's path where the terminal makes any; nil: never

	after   func(time.Duration, tea.Msg) tea.Cmd // nil: timers; tests bring their own
	outside outside                              // nil: not on a terminal
}

func (o Options) withDefaults() Options {
	if o.NoColor {
		o.Profile = termenv.Ascii
	}
	if o.Theme == nil {
		if o.Theme = theme.New(o.Profile, o.ASCII); !o.ASCII {
			o.Theme.Rung = o.Rung
		}
	}
	if o.Refresh <= 0 {
		o.Refresh = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.Editor) == 0 {
		o.Editor = []string{"vi"}
	}
	o.Open = cmp.Or(o.Open, pane.Experiments)
	return o
}

// Backend is what the cockpit and its panes ask of the use cases.
type Backend interface {
	experiments.Backend
	config.Backend
	jobs.Backend
	metrics.Backend
	charts.Backend
	traces.Backend
	sweep.Backend

	// ListJobs is the one cached answer of the scheduler; refresh asks anew, no oftener than its floor.
	ListJobs(ctx context.Context, refresh bool) (backend.JobList, error)
	// Export writes results_summary.csv and scaling_analysis.png and returns their paths.
	Export(ctx context.Context) ([]string, error)
	// Settings are those in force, each with where it comes from.
	Settings() []model.Setting
	// LoadScreen is the state of the screen as it was left, nil if none was; SaveScreen keeps it.
	LoadScreen() (json.RawMessage, error)
	SaveScreen(state json.RawMessage) error
}

// makers is the list of panes, in the order of their numbers: what a new pane is added to, and nothing else here.
var makers = []struct {
	name pane.Name
	make func(pane.Env, Backend) pane.Pane
}{
	{pane.Experiments, func(e pane.Env, b Backend) pane.Pane { return experiments.New(e, b) }},
	{pane.Config, func(e pane.Env, b Backend) pane.Pane { return config.New(e, b) }},
	{pane.Jobs, func(e pane.Env, b Backend) pane.Pane { return jobs.New(e, b) }},
	{pane.Metrics, func(e pane.Env, b Backend) pane.Pane { return metrics.New(e, b) }},
	{pane.Charts, func(e pane.Env, b Backend) pane.Pane { return charts.New(e, b) }},
	{pane.Traces, func(e pane.Env, b Backend) pane.Pane { return traces.New(e, b) }},
	{pane.Sweep, func(e pane.Env, b Backend) pane.Pane { return sweep.New(e, b) }},
}
