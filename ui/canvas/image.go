package canvas

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/sixel"
)

// Protocol is how a terminal is sent images; empty: it is not known to show any.
type Protocol string

// The protocols.
const (
	Kitty Protocol = "kitty"
	Sixel Protocol = "sixel"
)

type speaker struct {
	variable, value string
	Protocol
}

// speakers are terminals by a variable that they set; a value ends with the text, or with none is there at all.
var speakers = []speaker{
	{"TERM", "-kitty", Kitty}, {"KITTY_WINDOW_ID", "", Kitty}, {"TERM", "-ghostty", Kitty}, {"TERM_PROGRAM", "ghostty", Kitty},
	{"TERM_PROGRAM", "WezTerm", Kitty}, {"KONSOLE_VERSION", "", Kitty}, {"TERM", "foot", Sixel}, {"TERM", "foot-extra", Sixel},
	{"TERM", "mlterm", Sixel}, {"TERM", "contour", Sixel}, {"TERM", "-sixel", Sixel}, {"TERM_PROGRAM", "iTerm.app", Sixel},
}

// ProtocolOf is the protocol that is set (kitty, sixel or none), else what the environment tells of the terminal, which is asked nothing.
// Through tmux and screen no image comes unless it is set.
func ProtocolOf(set string, getenv func(string) string) Protocol {
	switch {
	case set == string(Kitty), set == string(Sixel):
		return Protocol(set)
	case set == "none", getenv("TMUX") != "", strings.HasPrefix(getenv("TERM"), "screen"):
		return ""
	}
	at := slices.IndexFunc(speakers, func(s speaker) bool {
		have := getenv(s.variable)
		return have != "" && strings.HasSuffix(have, s.value)
	})
	if at < 0 {
		return ""
	}
	return speakers[at].Protocol
}

// Image is a PNG as a terminal is sent it. The terminal is to answer nothing.
func (p Protocol) Image(picture []byte) (string, error) {
	if p == Kitty {
		return kittyImage(base64.StdEncoding.EncodeToString(picture)), nil
	}
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return "", fmt.Errorf("cannot read the picture: %w", err)
	}
	var out bytes.Buffer
	if err := new(sixel.Encoder).Encode(&out, img); err != nil {
		return "", fmt.Errorf("cannot make sixels of the picture: %w", err)
	}
	return ansi.SixelGraphics(0, 1, 0, out.Bytes()), nil
}

// kittyImage is the data in pieces as large as the protocol allows.
func kittyImage(data string) string {
	const most = 4096
	var b strings.Builder
	options := []string{"a=T", "f=100", "q=2"} // show at once, PNG, no answer
	for rest := data; rest != ""; options = nil {
		part := rest[:min(most, len(rest))]
		rest = rest[len(part):]
		more := map[bool]string{true: "m=0", false: "m=1"}[rest == ""]
		b.WriteString(ansi.KittyGraphics([]byte(part), append(options, more)...))
	}
	return b.String()
}
