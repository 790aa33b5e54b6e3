package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

// cockpit opens the terminal program: what shardeck alone does.
func (a *app) cockpit(c *cobra.Command, _ []string) error {
	if !terminal(a.in) || !terminal(a.out) {
		return usage("the cockpit needs a terminal\nhelp: shardeck --help lists the commands that do without")
	}
	return errors.New("the cockpit is not part of this build")
}
