package app

import (
	"os"
	"path/filepath"

	"shardeck/backend/catalog"
	"shardeck/backend/hub"
	"shardeck/model"
	"shardeck/model/check"
)

// Models lists the models whose shape is known, and those of the hub's cache.
func (a *App) Models() []check.Facts {
	return model.Each(a.catalog.Models(), func(s model.Shape) check.Facts { return check.FactsOf(s, a.world.Formats) })
}

// Model is one of them, or one in a folder; the error says what was looked for.
func (a *App) Model(name string) (check.Facts, error) {
	s, err := a.catalog.Model(name)
	if err != nil {
		return check.Facts{}, err
	}
	return check.FactsOf(s, a.world.Formats), nil
}

// AddModel keeps a model's config in the workspace's models.yaml, under the hub id or the absolute path of its folder, and
// returns its shape. A model that is kept already is replaced.
func (a *App) AddModel(name string) (check.Facts, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() || hub.IsFolder(name) {
		if name, err = filepath.Abs(name); err != nil {
			return check.Facts{}, model.Failed("the folder of the model has no absolute path", err, "give one")
		}
	}
	s, err := a.Model(name)
	if err != nil {
		return s, err
	}
	if s.Config == nil {
		return s, model.Invalid(name+" is known already, and no config.json of it is here", "shardeck model show "+name)
	}
	text, err := os.ReadFile(a.ws.Path(catalog.ModelsFile))
	if err != nil && !os.IsNotExist(err) {
		return s, model.Failed("models.yaml cannot be read", err, "look at "+a.ws.Path(catalog.ModelsFile))
	}
	if text, err = catalog.WithModel(text, s.Shape); err != nil {
		return s, &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	return s, a.ws.WriteFile(catalog.ModelsFile, text, 0o644)
}
