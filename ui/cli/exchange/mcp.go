package exchange

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/ui/cli/command"
	"shardeck/ui/cli/experiment"
	"shardeck/ui/cli/result"
)

// MCP answers programs that ask, over the Model Context Protocol on standard input and output.
func MCP(e *command.Env) *cobra.Command {
	allow := false
	c := command.New("mcp", "answer programs that ask, over the Model Context Protocol", `
Serves this workspace to a program (an assistant, a script) over the Model Context
Protocol on standard input and output, until the input ends. Its tools read: board, check,
forecast, metrics, trace, compare and why give what --json gives, with its schema. Nothing
can be changed through it.

With --allow there are new, submit and cancel too. Each asks the person at the other end
first, with the price, and does nothing without a yes; a program whose client cannot ask
is refused.`, func(c *cobra.Command, _ []string) error {
		e.ReadOnly = e.ReadOnly || !allow
		a, err := e.Open()
		if err != nil {
			return err
		}
		err = server(a, allow, c.Root().Version).Run(c.Context(), &mcp.IOTransport{Reader: io.NopCloser(e.In), Writer: unclosed{e.Out}})
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	})
	c.Example = "  shardeck -C ~/bench mcp\n  shardeck mcp --allow"
	c.Flags().BoolVar(&allow, "allow", false, "offer new, submit and cancel too; each asks first, with the price")
	return c
}

// unclosed is a stream that outlives what writes to it.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// server has the tools of a workspace; those that change something where that is allowed.
func server(a *app.App, allow bool, version string) *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "shardeck", Title: "shardeck: vLLM under parallelism layouts", Version: version}, &mcp.ServerOptions{
		Instructions: "Units stand in the names of fields or beside values. A value that is null is not known; its reason stands beside it."})
	readers(s, a)
	if allow {
		writers(s, a)
	}
	return s
}

// What tools are asked with.
type (
	none struct{}
	ids  struct {
		IDs []string `json:"ids,omitempty" jsonschema:"experiments by id; none: all of them"`
	}
	oneRun struct {
		Run string `json:"run" jsonschema:"a run's name, NAME@JOB for an older one, or its folder"`
	}
	manyRuns struct {
		Runs []string `json:"runs" jsonschema:"two runs or more, the first as the base"`
	}
	oneJob struct {
		ID string `json:"id" jsonschema:"a job's id, or an experiment's for its newest job"`
	}
	oneExperiment struct {
		ID string `json:"id" jsonschema:"an experiment's id"`
	}
	newOne struct {
		ID   string            `json:"id" jsonschema:"the new experiment's id"`
		From string            `json:"from" jsonschema:"the experiment to start from"`
		Set  map[string]string `json:"set,omitempty" jsonschema:"keys of the config by path, such as parallelism.tp"`
	}
)

// Answers that are lists in --json: a tool's is an object.
type (
	boardAnswer struct {
		Experiments []board.Row `json:"experiments"`
	}
	checkAnswer struct {
		Checks []experiment.Checked `json:"checks"`
	}
	cancelled struct {
		Job string `json:"job"`
	}
)

// readers are the tools that change nothing.
func readers(s *mcp.Server, a *app.App) {
	reads(s, "board", "Every experiment with its config, verdict, newest job and the key figures of its newest run.",
		func(ctx context.Context, _ none) (boardAnswer, error) {
			rows, err := a.Board(ctx)
			return boardAnswer{model.Each(rows, masked)}, err
		})
	reads(s, "check", "Whether experiments may be submitted: layout, memory, the site's limits, price.",
		func(ctx context.Context, in ids) (checkAnswer, error) {
			rows, err := a.Rows(ctx, in.IDs)
			return checkAnswer{experiment.ChecksOf(rows)}, err
		})
	reads(s, "forecast", "What experiments will take before they run, with intervals; refused in words where there is nothing to stand on.",
		func(ctx context.Context, in ids) (result.Forecasts, error) {
			if len(in.IDs) == 0 {
				return result.Forecasts{}, errors.New("forecast needs ids")
			}
			all, err := a.Forecasts.Forecast(ctx, in.IDs, false)
			return result.Forecasts{Forecasts: all}, err
		})
	reads(s, "metrics", "Every metric of a run with its unit, its value on each rank, and the reason where there is none.",
		func(ctx context.Context, in oneRun) (metric.Analysis, error) {
			found, err := result.Analysed(ctx, a, in.Run, nil)
			if found == nil {
				return metric.Analysis{}, err
			}
			answer := *found
			if answer.Trace = nil; err != nil {
				answer.Warnings = append(slices.Clone(found.Warnings), err.Error())
			}
			return answer, nil
		})
	reads(s, "trace", "Where a run's time went: ranks, phases, kernels, collectives, the straggler.",
		func(ctx context.Context, in oneRun) (result.Summary, error) {
			found, err := a.Analyse(ctx, in.Run, pool.Wanted, nil)
			if err != nil {
				return result.Summary{}, err
			}
			return result.SummaryOf(found)
		})
	reads(s, "compare", "Runs side by side, the first as the base; differences that chance explains are marked.",
		func(ctx context.Context, in manyRuns) (compare.Comparison, error) {
			if len(in.Runs) < 2 {
				return compare.Comparison{}, errors.New("compare needs two runs or more")
			}
			return a.Compare(ctx, in.Runs, nil)
		})
	reads(s, "why", "Why a job failed or waits, with the line that proves it and what to do.",
		func(ctx context.Context, in oneJob) (jobs.Cause, error) {
			j, err := a.FindJob(ctx, in.ID)
			if err != nil {
				return jobs.Cause{}, err
			}
			return a.Why(ctx, j)
		})
}

// masked is a row as it is told: without secrets.
func masked(r board.Row) board.Row {
	r.Experiment = r.Experiment.Masked()
	return r
}

// writers are the tools that change something; each asks first.
func writers(s *mcp.Server, a *app.App) {
	edits := func(in newOne) []model.Edit {
		return model.Each(slices.Sorted(maps.Keys(in.Set)), func(k string) model.Edit { return model.Edit{Path: k, Value: in.Set[k]} })
	}
	writes(s, "new", "Make an experiment from another, with some keys of its config set. Asks first, with the price of its job.",
		func(_ context.Context, in newOne) (string, string, error) {
			row, err := a.PlanClone(in.From, in.ID, edits(in)...)
			plan := present.Joined(row.Experiment.Layout.Short(), present.Plan(row.Verdict))
			return fmt.Sprintf("Make %s from %s? Its job: %s", in.ID, in.From, plan), plan, err
		},
		func(_ context.Context, in newOne, _ string) (board.Row, error) {
			row, err := a.Clone(in.From, in.ID, edits(in)...)
			return masked(row), err
		})
	writes(s, "submit", "Check, record and submit an experiment. Asks first, with its price.",
		func(ctx context.Context, in oneExperiment) (string, string, error) {
			p, err := a.Preview(ctx, in.ID, false)
			if err = cmp.Or(err, p.Row.Refusal()); err != nil {
				return "", "", err
			}
			plan := present.Plan(p.Row.Verdict, present.Plays(p.Row.Verdict), present.KeptResult(p.KeptAs, p.Row.Marks()))
			return fmt.Sprintf("Submit %s to %s? %s", in.ID, a.SchedulerName(), present.Joined(p.Row.Experiment.Layout.Short(), plan)), p.Seal(), nil
		},
		func(ctx context.Context, in oneExperiment, seal string) (model.Submission, error) {
			sent, err := a.Submit(ctx, in.ID, jobs.SubmitOptions{Seen: seal})
			sent.Experiment = sent.Experiment.Masked()
			return sent, err
		})
	writes(s, "cancel", "Cancel a job. Asks first, with what is lost.",
		func(ctx context.Context, in oneJob) (string, string, error) {
			j, err := a.FindJob(ctx, in.ID)
			if err == nil && !j.State.Active() {
				err = fmt.Errorf("job %s (%s) has ended already: %s", j.ID, j.Title(), j.State.Words())
			}
			return fmt.Sprintf("Cancel job %s (%s)? %s", j.ID, j.Title(), present.Ends(j)), j.ID, err
		},
		func(ctx context.Context, _ oneJob, job string) (cancelled, error) {
			return cancelled{job}, a.Cancel(ctx, job)
		})
}

// reads adds a tool that changes nothing; its schemas are those of the types that --json prints.
func reads[In, Out any](s *mcp.Server, name, what string, do func(context.Context, In) (Out, error)) {
	mcp.AddTool(s, &mcp.Tool{Name: name, Description: what, OutputSchema: schemaOf[Out](), Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true}},
		func(ctx context.Context, _ *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
			return answered(do(ctx, in))
		})
}

// writes adds a tool that changes something. It puts ask's question to the person, and does it after a yes to a question of the same state.
func writes[In, Out any](s *mcp.Server, name, what string, ask func(context.Context, In) (question, state string, err error),
	do func(context.Context, In, string) (Out, error)) {
	const price = "price"
	mcp.AddTool(s, &mcp.Tool{Name: name, Description: what, OutputSchema: schemaOf[Out]()},
		func(ctx context.Context, req *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
			question, state, err := ask(ctx, in)
			if err != nil {
				return nil, nil, told(err)
			}
			answer, asked := req.Params.InputResponses[price].(*mcp.ElicitResult)
			switch init := req.Session.InitializeParams(); {
			case init == nil || init.Capabilities == nil || init.Capabilities.Elicitation == nil:
				return nil, nil, fmt.Errorf("nothing done: this client cannot ask a person (it has no elicitation)\nit would have asked: %s", question)
			case !asked || req.Params.RequestState != state:
				return &mcp.CallToolResult{RequestState: state, InputRequests: mcp.InputRequestMap{price: &mcp.ElicitParams{Message: question,
					RequestedSchema: map[string]any{"type": "object", "properties": none{}}}}}, nil, nil
			case answer.Action != "accept":
				return nil, nil, errors.New("nothing done: the person said no")
			}
			return answered(do(ctx, in, state))
		})
}

// answered is what a tool gives. It is written here: the SDK would write it anew with numbers as floats, which times in ns outgrow.
func answered[Out any](out Out, err error) (*mcp.CallToolResult, any, error) {
	if err != nil {
		return nil, nil, told(err)
	}
	text, err := json.Marshal(out)
	return &mcp.CallToolResult{StructuredContent: json.RawMessage(text), Content: []mcp.Content{&mcp.TextContent{Text: string(text)}}}, nil, err
}

// told is an error with what can be done about it, as a tool tells it.
func told(err error) error {
	if fix := model.FixOf(err); fix != "" {
		return fmt.Errorf("%w\ntry: %s", err, fix)
	}
	return err
}

// written are types whose JSON is not what their fields say.
var written = map[reflect.Type]*jsonschema.Schema{
	reflect.TypeFor[metric.Parts]():    {Type: "object"},
	reflect.TypeFor[metric.Size]():     {Types: []string{"integer", "null"}},
	reflect.TypeFor[model.Job]():       {Type: "object"}, // a job may hold jobs
	reflect.TypeFor[map[int]float64](): {Types: []string{"object", "null"}},
}

// schemaOf is the schema of a type as --json writes it.
func schemaOf[T any]() *jsonschema.Schema {
	s, err := jsonschema.For[T](&jsonschema.ForOptions{TypeSchemas: written})
	if err != nil {
		panic(err) // of a type of ours: tests make them all
	}
	return s
}
