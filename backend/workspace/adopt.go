package workspace

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"shardeck/backend/atomicfile"
	"shardeck/model"
)

// Adopt makes a folder of files that lie elsewhere, by the names they are to have, as links or copies, and of texts. It is
// there whole or not at all, and never in place of another.
func (w *Workspace) Adopt(rel string, from map[string]string, texts map[string][]byte, copied bool) (err error) {
	dir := w.Path(rel)
	if _, err := os.Lstat(dir); err == nil {
		return &model.Fault{Text: rel + " exists already", ToDo: "choose another name with --name", Kind: fs.ErrExist}
	}
	tmp := dir + model.TmpMark + "import"
	defer os.RemoveAll(tmp)
	err = errors.Join(os.RemoveAll(tmp), os.MkdirAll(tmp, 0o755))
	for name, path := range from {
		if err != nil {
			break
		}
		if path, err = filepath.Abs(path); err == nil && !copied {
			err = os.Symlink(path, filepath.Join(tmp, name))
		} else if err == nil {
			err = copyFile(path, filepath.Join(tmp, name))
		}
	}
	for name, text := range texts {
		if err == nil {
			err = atomicfile.Write(filepath.Join(tmp, name), text, 0o644)
		}
	}
	if err == nil {
		err = os.Rename(tmp, dir)
	}
	if err != nil {
		return inWords("cannot make "+rel, err)
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
