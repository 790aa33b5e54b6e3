package shell

import (
	"os/exec"
	"testing"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "/a/b-c.d": "/a/b-c.d", "a=b": "a=b", "=x": "'=x'", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, `C:\x`: `'C:\x'`,
		"$x": `"\$x"`, `\$x`: `"\\\$x"`, "a\x00b": "ab",
	} {
		if got := Quote(in); got != want {
			t.Errorf("Quote(%q) = %s, want %s", in, got, want)
		}
	}
}

// TestQuoteMeansItsBytes asks bash itself, and sh. A backslash before what has a meaning
// inside double quotes is the hard case.
func TestQuoteMeansItsBytes(t *testing.T) {
	for _, s := range []string{
		"it's $(touch /tmp/x) `id` \"q\" \\ ;&|<>*?[]{}!#~", `\$HOME`, "\\`id`", `$\"`, `$\\`, "$ \\\n x", `$x\`, "`\\$\\`",
		"line\n#SBATCH -N 99\nrm -rf /", "\x1b[31mred\x07", "ünïcode ☃", "-n", "=x", "", " ", "a\rb", "\u2028rm", "'", "''", "%s%n",
		"plain", "~", "~/x",
	} {
		for _, sh := range []string{"bash", "sh"} {
			out, err := exec.Command(sh, "-c", "printf '%s' "+Quote(s)).Output()
			if err != nil || string(out) != s {
				t.Errorf("%s: %q is written %s and came back as %q, %v", sh, s, Quote(s), out, err)
			}
		}
	}
}
