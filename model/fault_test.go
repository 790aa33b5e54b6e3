package model

import (
	"errors"
	"strings"
	"testing"
)

// TestErrorsBeginWithWords: whatever an error is made of, it does not begin with a colon.
func TestErrorsBeginWithWords(t *testing.T) {
	cause := errors.New("why")
	for _, err := range []error{&Fault{Cause: cause}, &Fault{Cause: &Fault{Cause: cause}}, &Fault{Cause: cause, Kind: ErrInvalid},
		&Fault{Text: "what"},
		&Fault{Text: "what", Cause: cause}, Failed("", cause, "fix"), Invalid("what", ""), Unknown("what", "fix")} {
		if text := err.Error(); text == "" || strings.HasPrefix(text, ":") || strings.Contains(text, ": :") {
			t.Errorf("%#v says %q", err, text)
		}
	}
}
