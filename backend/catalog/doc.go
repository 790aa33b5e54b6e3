// Package catalog knows what there is: the shapes of models, the kinds of GPU, the
// sites, the catalogue of experiments, and the settings of this user in this
// workspace. It is the only reader of the data in templates/.
//
// Load reads everything once: data.go the embedded files and the user's own beside
// them; site.go picks the site; settings.go has the settings there are and reads the
// files that set them, and layers.go merges these in order (embedded, site, user,
// workspace, --set, with an experiment's own in For), each value with its origin.
// entries.go reads a catalogue.
package catalog
