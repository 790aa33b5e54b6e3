package exchange

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"shardeck/backend/app"
	"shardeck/ui/cli/result"
)

// demo is a demo workspace with one recorded run's files, opened.
func demo(t *testing.T, readOnly bool) *app.App {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"} {
		t.Setenv(name, dir)
	}
	if _, err := app.WriteDemo(dir+"/ws", os.Getenv); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(app.Options{Dir: dir + "/ws", ReadOnly: readOnly, Sets: []string{"site=perlmutter", "scheduler=local"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// client is a client of the SDK at the other end of our server; answer is what the person there says, empty: none can be asked.
func client(t *testing.T, a *app.App, allow bool, answer *string, asked *[]string) *mcp.ClientSession {
	t.Helper()
	here, there := mcp.NewInMemoryTransports()
	go server(a, allow, "1").Run(t.Context(), here)
	o := &mcp.ClientOptions{}
	if answer != nil {
		o.ElicitationHandler = func(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			*asked = append(*asked, r.Params.Message)
			return &mcp.ElicitResult{Action: *answer}, nil
		}
	}
	c, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, o).Connect(t.Context(), there, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// call asks a tool; its answer is JSON, or the words of an error.
func call(t *testing.T, c *mcp.ClientSession, name string, arguments map[string]any) (text string, failed bool) {
	t.Helper()
	r, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		return err.Error(), true
	}
	if !r.IsError {
		fitsItsSchema(t, c, name, r.StructuredContent)
	}
	return r.Content[0].(*mcp.TextContent).Text, r.IsError
}

// fitsItsSchema: what a tool gives is what it promised.
func fitsItsSchema(t *testing.T, c *mcp.ClientSession, name string, answer any) {
	t.Helper()
	for tool, err := range c.Tools(t.Context(), nil) {
		if err != nil || tool.Name != name {
			continue
		}
		text, _ := json.Marshal(tool.OutputSchema)
		var s jsonschema.Schema
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		r, err := s.Resolve(nil)
		if err == nil {
			err = r.Validate(answer)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	t.Errorf("%s is not offered", name)
}

func TestMCPAnswersWithTheNumbersOfJSON(t *testing.T) {
	a := demo(t, true)
	c := client(t, a, false, nil, nil)
	const run = "tp1-b1-s512"
	found, err := result.Analysed(t.Context(), a, run, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(found.Metrics)
	text, failed := call(t, c, "metrics", map[string]any{"run": run})
	var got struct{ Metrics json.RawMessage }
	if err := json.Unmarshal([]byte(text), &got); err != nil || failed {
		t.Fatalf("%v: %.300s", err, text)
	}
	var left, right any
	json.Unmarshal(want, &left)
	json.Unmarshal(got.Metrics, &right)
	if d := cmp.Diff(left, right); d != "" {
		t.Errorf("metrics of --json (-) and of the tool (+):\n%s", d)
	}
	for _, tt := range []struct {
		tool, has string
		arguments map[string]any
		failed    bool
	}{
		{"board", `"experiments":[{`, nil, false}, {"check", `"ok":true`, map[string]any{"ids": []string{"E1.1"}}, false},
		{"compare", `"runs":[`, map[string]any{"runs": []string{run, "tp1-b4-s512"}}, false},
		{"compare", "two runs", map[string]any{"runs": []string{run}}, true},
		{"trace", `"straggler"`, map[string]any{"run": "llama-8b-tp2"}, false}, {"trace", "no traces", map[string]any{"run": run}, true},
		{"forecast", "refused", map[string]any{"ids": []string{"E1.1"}}, false}, {"forecast", "ids", nil, true},
		{"metrics", "no run", map[string]any{"run": "nothing"}, true}, {"metrics", "run", nil, true},
		{"why", "never submitted", map[string]any{"id": "E1.1"}, true},
		{"submit", "submit", map[string]any{"id": "E1.1"}, true}, // not offered
	} {
		text, failed := call(t, c, tt.tool, tt.arguments)
		if failed != tt.failed || !strings.Contains(text, tt.has) {
			t.Errorf("%s %v: failed %v, %.300s", tt.tool, tt.arguments, failed, text)
		}
	}
}

func TestMCPAsksWithThePrice(t *testing.T) {
	a := demo(t, false)
	answer, asked := "decline", []string{}
	c := client(t, a, true, &answer, &asked)
	make := map[string]any{"id": "E9.9", "from": "E1.1", "set": map[string]string{"data.batch_size": "2"}}
	if text, failed := call(t, c, "new", make); !failed || !strings.Contains(text, "said no") {
		t.Errorf("after a no: %s", text)
	}
	if _, err := a.Row("E9.9"); err == nil {
		t.Error("made after a no")
	}
	answer = "accept"
	if text, failed := call(t, c, "new", make); failed || !strings.Contains(text, `"batch_size":2`) {
		t.Errorf("after a yes: %s", text)
	}
	text, failed := call(t, c, "submit", map[string]any{"id": "E9.9"})
	if failed || !strings.Contains(text, `"job_id"`) {
		t.Errorf("submit: %s", text)
	}
	if text, failed := call(t, c, "cancel", map[string]any{"id": "E9.9"}); failed && !strings.Contains(text, "ended already") {
		t.Errorf("cancel: %s", text)
	}
	for i, want := range []string{"Make E9.9 from E1.1?", "Make E9.9 from E1.1?", "Submit E9.9 to local?"} {
		if len(asked) <= i || !strings.HasPrefix(asked[i], want) || !strings.Contains(asked[i], "node-hours") {
			t.Errorf("question %d of %q lacks %q or the price", i, asked, want)
		}
	}
}

func TestMCPRefusesWhereNobodyCanBeAsked(t *testing.T) {
	text, failed := call(t, client(t, demo(t, false), true, nil, nil), "submit", map[string]any{"id": "E1.1"})
	if !failed || !strings.Contains(text, "cannot ask a person") || !strings.Contains(text, "Submit E1.1") {
		t.Error(text)
	}
}
