package app

import (
	"os"
	"path/filepath"

	"shardeck/backend/catalog"
	"shardeck/backend/hub"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// KnownModels are the models whose shape is known: those that shardeck comes with, the workspace's, and those of the hub's cache.
type KnownModels struct {
	ws      *workspace.Workspace
	catalog *catalog.Catalog
	world   check.World
}

// Shapes lists the models whose shape is known.
func (k *KnownModels) Shapes() []model.Shape { return k.world.Shapes }

// Models lists the models whose shape is known, and those of the hub's cache.
func (k *KnownModels) Models() []check.Facts {
	return model.Each(k.catalog.Models(), func(s model.Shape) check.Facts { return check.FactsOf(s, k.world.Formats) })
}

// Model is one of them, or one in a folder; the error says what was looked for.
func (k *KnownModels) Model(name string) (check.Facts, error) {
	s, err := k.catalog.Model(name)
	if err != nil {
		return check.Facts{}, err
	}
	return check.FactsOf(s, k.world.Formats), nil
}

// AddModel keeps a model's config in the workspace's models.yaml, under the hub id or the absolute path of its folder, and
// returns its shape. A model that is kept already is replaced.
func (k *KnownModels) AddModel(name string) (check.Facts, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() || hub.IsFolder(name) {
		if name, err = filepath.Abs(name); err != nil {
			return check.Facts{}, model.Failed("the folder of the model has no absolute path", err, "give one")
		}
	}
	s, err := k.Model(name)
	if err != nil {
		return s, err
	}
	if s.Config == nil {
		return s, model.Invalid(name+" is known already, and no config.json of it is here", "shardeck model show "+name)
	}
	text, err := os.ReadFile(k.ws.Path(catalog.ModelsFile))
	if err != nil && !os.IsNotExist(err) {
		return s, model.Failed("models.yaml cannot be read", err, "look at "+k.ws.Path(catalog.ModelsFile))
	}
	if text, err = catalog.WithModel(text, s.Shape); err != nil {
		return s, &model.Fault{Cause: err, Kind: model.ErrInvalid}
	}
	return s, k.ws.WriteFile(catalog.ModelsFile, text, 0o644)
}
