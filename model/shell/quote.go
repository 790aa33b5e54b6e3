// Package shell writes values for a POSIX shell. Scripts, commands that are shown as a fix
// and commands copied to the clipboard all quote by it.
package shell

import (
	"regexp"
	"strings"
)

var safeWord = regexp.MustCompile(`^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$`)

// Quote writes a value as one word of the shell that means exactly its bytes, less NUL, which no word can hold.
func Quote(s string) string {
	s = strings.ReplaceAll(s, "\x00", "")
	if safeWord.MatchString(s) {
		return s
	}
	if strings.ContainsAny(s, "$`") { // in single quotes a linter would ask whether they are meant
		return `"` + inDouble.Replace(s) + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// inDouble takes the meaning from all that has one inside double quotes.
var inDouble = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`")
