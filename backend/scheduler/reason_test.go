package scheduler

import (
	"slices"
	"strings"
	"testing"

	"shardeck/model"
)

func TestReasons(t *testing.T) {
	for word, want := range map[string]model.Reason{
		"Priority":                 {Words: "other jobs go first"},
		"DependencyNeverSatisfied": {Words: "the job it waits for failed: it will never start", Forever: true},
		"AssocGrpBillingMinutes":   {Words: "the project is out of hours", Forever: true},
		"":                         {},
		"(null)":                   {},
		"ReqNodeNotAvail, UnavailableNodes:nid001":                                                    {Words: "the nodes asked for are down or reserved"},
		"Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions": {Words: "the nodes asked for are down or reserved"},
		"SomethingNew":                         {Words: "SomethingNew"},
		"AssocGrpNodeLimit":                    {Words: "jobs of the account have all that it allows: nodes"},
		"AssocGrpGRES":                         {Words: "jobs of the account have all that it allows: GPUs"},
		"AssocGrpCPURunMinutesLimit":           {Words: "running jobs hold all the hours that the account has"},
		"AssocGrpGRESMinutes":                  {Words: "the account has no hours left", Forever: true},
		"AssocMaxNodePerJobLimit":              {Words: "it asks for more (nodes) than the account allows: it will never start", Forever: true},
		"AssocMaxWallDurationPerJobLimit":      {Words: "it asks for more (time) than the account allows: it will never start", Forever: true},
		"QOSMaxCpuPerUserLimit":                {Words: "your jobs have all that the QOS allows a user: CPUs"},
		"QOSMaxGRESPerUser":                    {Words: "your jobs have all that the QOS allows a user: GPUs"},
		"QOSMinGRES":                           {Words: "it asks for less (GPUs) than the QOS wants: it will never start", Forever: true},
		"QOSGrpCpuLimit":                       {Words: "jobs of the QOS have all that it allows: CPUs"},
		"RaisedSignal:53(Real-time_signal_19)": {Words: "its folder or its log could not be opened"},
		"CANCELLED by fred":                    {Words: "cancelled by fred"},
		"job requeued in held state":           {Words: "back in the queue and held: release it with scontrol release", Forever: true},
	} {
		if got := ReasonOf(word); got != want {
			t.Errorf("%q: %+v, want %+v", word, got, want)
		}
	}
	if got := ReasonOf("evil\x1b[2J").Words; strings.Contains(got, "\x1b") {
		t.Errorf("control characters pass: %q", got)
	}
	for _, r := range slices.Concat(reasons().Reasons, reasons().Patterns) {
		if r.Text == "" || strings.HasSuffix(r.Text, ".") || (r.Says == "") == (r.Like == "") {
			t.Errorf("%+v", r)
		}
	}
}
