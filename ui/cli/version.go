package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"shardeck/ui/cli/command"

	"github.com/spf13/cobra"
)

// Version is set by the release build (-ldflags "-X shardeck/ui/cli.Version=1.2.3").
var Version = ""

// build says what this program is.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func versionCmd(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "say which shardeck this is",
		Args:  command.Args(0, 0),
		RunE: func(*cobra.Command, []string) error {
			b := buildInfo()
			if e.JSON {
				return e.PrintJSON(b)
			}
			fmt.Fprintf(e.Out, "shardeck %s (%s, %s)\n", b.Version, b.Go, b.Platform)
			return nil
		},
	}
}

// buildInfo takes the version from the release build, else from version control.
func buildInfo() build {
	b := build{Version: Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	if b.Version == "" {
		b.Version = "development"
		if len(b.Revision) >= 7 {
			b.Version += " " + b.Revision[:7]
		}
	}
	return b
}
