// Package templates is the embedded file system: catalogue, model shapes, GPUs, sites, script templates, the Python runner and the demo recordings. It is data and nothing else; backend/catalog and backend/render read it.
package templates
