package model

import (
	"strings"
	"testing"
)

func TestReasons(t *testing.T) {
	for word, want := range map[string]Reason{
		"Priority":                 {"other jobs go first", false},
		"DependencyNeverSatisfied": {"the job it waits for failed: it will never start", true},
		"AssocGrpBillingMinutes":   {"the project is out of hours", true},
		"":                         {},
		"(null)":                   {},
		"ReqNodeNotAvail, UnavailableNodes:nid001":                                                    {"the nodes asked for are down or reserved", false},
		"Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions": {"the nodes asked for are down or reserved", false},
		"SomethingNew":                         {"SomethingNew", false},
		"AssocGrpNodeLimit":                    {"jobs of the account have all that it allows: nodes", false},
		"AssocGrpGRES":                         {"jobs of the account have all that it allows: GPUs", false},
		"AssocGrpCPURunMinutesLimit":           {"running jobs hold all the hours that the account has", false},
		"AssocGrpGRESMinutes":                  {"the account has no hours left", true},
		"AssocMaxNodePerJobLimit":              {"it asks for more (nodes) than the account allows: it will never start", true},
		"AssocMaxWallDurationPerJobLimit":      {"it asks for more (time) than the account allows: it will never start", true},
		"QOSMaxCpuPerUserLimit":                {"your jobs have all that the QOS allows a user: CPUs", false},
		"QOSMaxGRESPerUser":                    {"your jobs have all that the QOS allows a user: GPUs", false},
		"QOSMinGRES":                           {"it asks for less (GPUs) than the QOS wants: it will never start", true},
		"QOSGrpCpuLimit":                       {"jobs of the QOS have all that it allows: CPUs", false},
		"RaisedSignal:53(Real-time_signal_19)": {"its folder or its log could not be opened", false},
		"CANCELLED by fred":                    {"cancelled by fred", false},
		"job requeued in held state":           {"back in the queue and held: release it with scontrol release", true},
	} {
		if got := ReasonOf(word); got != want {
			t.Errorf("%q: %+v, want %+v", word, got, want)
		}
	}
	if got := ReasonOf("evil\x1b[2J").Words; strings.Contains(got, "\x1b") {
		t.Errorf("control characters pass: %q", got)
	}
	for word, r := range reasons {
		if r.Words == "" || strings.HasSuffix(r.Words, ".") {
			t.Errorf("%s: %q", word, r.Words)
		}
	}
}

func TestStateWords(t *testing.T) {
	for s, want := range map[JobState]string{JobPending: "waiting", JobCompleted: "done", "BOOT_FAIL": "boot fail"} {
		if got := s.Words(); got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}
