package theme

import (
	"io"
	"slices"
	"strconv"
	"sync"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/templates"
)

// inks are colours of a palette of the terminal, by what they are for.
type inks struct {
	Tones  map[string]int `yaml:"tones"` // by toneNames
	Series []int          `yaml:"series"`
	Heat   [][2]int       `yaml:"heat"` // ground and ink
}

// Colours is a theme of templates/themes.yaml.
type Colours struct {
	Name     string  `yaml:"name"`  // as settings spell it
	Title    string  `yaml:"title"` // what it is for
	Ground   string  `yaml:"ground"`
	Eyes     string  `yaml:"eyes"`
	Contrast float64 `yaml:"contrast"` // at least, with the ground; 0: what its ground asks for
	inks     `yaml:",inline"`
}

var table = sync.OnceValue(func() (t struct {
	Sixteen inks      `yaml:"sixteen"`
	Themes  []Colours `yaml:"themes"`
}) {
	text, err := templates.FS.ReadFile("themes.yaml")
	if err == nil {
		err = yaml.Unmarshal(text, &t)
	}
	if err != nil {
		panic(err) // it is built in, and tests read it
	}
	return t
})

// All are the themes there are, the one for every terminal first.
func All() []Colours { return slices.Clone(table().Themes) }

// coat is what a theme paints with.
type coat struct {
	tones        [toneCount]lipgloss.Style
	series, heat []lipgloss.Style // heat is empty where there are not colours enough
}

// Wear changes the colours to those of that name, else to the first theme's. What was drawn before keeps its own.
func (t *Theme) Wear(name string) {
	all := table()
	c := all.Themes[0]
	if chosen := model.First(all.Themes, func(c Colours) bool { return c.Name == name }); chosen != nil {
		c = *chosen
	}
	r := lipgloss.NewRenderer(io.Discard, termenv.WithProfile(t.profile))
	r.SetColorProfile(t.profile)
	r.SetHasDarkBackground(true)
	now, from := &coat{}, c.inks
	if t.profile == termenv.ANSI {
		from = all.Sixteen
	}
	for tone, s := range toneNames {
		now.tones[tone] = r.NewStyle().Bold(s.bold)
		if t.profile == termenv.ANSI {
			now.tones[tone] = now.tones[tone].Faint(s.faint)
		}
		if ink, ok := from.Tones[s.name]; ok {
			now.tones[tone] = now.tones[tone].Foreground(colour(ink))
		}
	}
	now.series = model.Each(from.Series, func(ink int) lipgloss.Style { return r.NewStyle().Foreground(colour(ink)) })
	if t.profile == termenv.ANSI256 {
		now.heat = model.Each(from.Heat, func(p [2]int) lipgloss.Style { return r.NewStyle().Background(colour(p[0])).Foreground(colour(p[1])) })
	}
	t.coat.Store(now)
}

func colour(n int) lipgloss.Color { return lipgloss.Color(strconv.Itoa(n)) }
