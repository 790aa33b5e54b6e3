package lab

import (
	"time"

	"shardeck/model"
)

// settings are the resolved settings that the lab itself needs.
type settings struct {
	scheduler string
	refresh   time.Duration
	all       []Setting
}

// experimentSets are the --set values that are keys of a config.
func (l *Lab) readSettings() error { return nil }

// Settings lists every resolved setting and where it comes from.
func (l *Lab) Settings() []Setting { return l.settings.all }

var _ = model.World{}
