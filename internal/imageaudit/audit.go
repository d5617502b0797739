package imageaudit

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// installation matches what installing a package changes of a base: the
// package database, the loader's cache, and the accounts, to which the image
// adds its user.
var installation = regexp.MustCompile(`^(var/lib/(rpm|dnf|dpkg)/|usr/lib/sysimage/rpm/|var/lib/selinux/|` +
	`etc/(passwd|group|ld\.so\.cache|mime\.types)$|var/cache/ldconfig/aux-cache$)`)

// unwanted matches what a finished image has no use for.
var unwanted = map[string]*regexp.Regexp{
	"compiler":        regexp.MustCompile(`(^|/)bin/([a-z0-9_-]+-)?(gcc|g\+\+|cc|c\+\+|cpp|ld|as|make|cmake|rustc|go)(-[0-9.]+)?$|/cc1(plus)?$`),
	"package manager": regexp.MustCompile(`(^|/)bin/(pip[0-9.]*|uvx?|easy_install[0-9.-]*)$|/(site-packages|dist-packages|ensurepip)/(pip|setuptools|_bundled)/|/pip-[^/]*\.whl$`),
	"cache":           regexp.MustCompile(`^var/cache/(dnf|yum|apt)/|^var/lib/apt/lists/|(^|/)\.cache/|^(var/)?tmp/`),
}

// baseShare is how much of an image the changed files of its base may be.
const baseShare = 0.01

// Audit returns what is wrong with an image's layers, sorted: a file of ours
// replaced or deleted by another layer of ours; a file of the base changed by
// anything but a package installation, or too much of them; a cache, compiler
// or package manager; in our layers a setuid or setgid bit; anywhere a file
// that the user may write, or a world-writable path that isn't a sticky directory.
func Audit(image Image, uid, gid int) []string {
	problems := append(overlaps(image), baseChanges(image)...)
	for i, l := range image.Layers[image.Base:] {
		for _, f := range l.Files {
			if f.Mode.IsRegular() && f.Mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
				problems = append(problems, fmt.Sprintf("layer %d: /%s: setuid or setgid", image.Base+i+1, f.Path))
			}
		}
	}
	for _, f := range Merged(image) {
		problems = append(problems, fileProblems(f, uid, gid)...)
	}
	slices.Sort(problems)
	return problems
}

func fileProblems(f File, uid, gid int) []string {
	var problems []string
	add := func(what string) { problems = append(problems, "/"+f.Path+": "+what) }
	if f.Mode.IsRegular() || f.Mode&fs.ModeSymlink != 0 {
		for what, pattern := range unwanted {
			if pattern.MatchString(f.Path) {
				add(what)
			}
		}
	}
	if f.Mode&(fs.ModeSymlink|fs.ModeDevice) != 0 {
		return problems
	}
	if f.UID == uid && f.Mode.Perm()&0o200 != 0 || f.GID == gid && f.Mode.Perm()&0o020 != 0 {
		add("writable by the image's user")
	}
	if f.Mode.Perm()&0o002 != 0 && (!f.Mode.IsDir() || f.Mode&fs.ModeSticky == 0) {
		add("world-writable")
	}
	return problems
}

// Merged returns the files that a container sees, by path.
func Merged(image Image) []File {
	seen := map[string]File{}
	for _, l := range image.Layers {
		apply(seen, l)
	}
	files := make([]File, 0, len(seen))
	for _, f := range seen {
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// apply puts a layer on a tree.
func apply(tree map[string]File, l Layer) {
	for _, gone := range hidden(tree, l) {
		delete(tree, gone)
	}
	for _, f := range l.Files {
		tree[f.Path] = f
	}
}

// hidden returns the paths of a tree that a layer deletes.
func hidden(tree map[string]File, l Layer) []string {
	if len(l.Deleted) == 0 && len(l.Emptied) == 0 {
		return nil
	}
	var gone []string
	for name := range tree {
		if slices.Contains(l.Deleted, name) || under(name, l.Deleted) || under(name, l.Emptied) {
			gone = append(gone, name)
		}
	}
	return gone
}

// under reports whether a path lies below one of the directories.
func under(name string, directories []string) bool {
	for directory := path.Dir(name); directory != "."; directory = path.Dir(directory) {
		if slices.Contains(directories, directory) {
			return true
		}
	}
	return false
}

// overlaps returns what our layers replace or delete of one another.
func overlaps(image Image) []string {
	var problems []string
	ours := map[string]File{}
	for i, l := range image.Layers[image.Base:] {
		for _, name := range hidden(ours, l) {
			problems = append(problems, fmt.Sprintf("layer %d deletes /%s of another layer of ours", image.Base+i+1, name))
		}
		for _, f := range l.Files {
			if old, found := ours[f.Path]; found && !(old.Mode.IsDir() && f.Mode.IsDir()) {
				problems = append(problems, fmt.Sprintf("layer %d replaces /%s of another layer of ours", image.Base+i+1, f.Path))
			}
		}
		apply(ours, l)
	}
	return problems
}

// BaseChanges returns the files of the base that our layers replace or delete.
func BaseChanges(image Image) []File {
	base := map[string]File{}
	for _, l := range image.Layers[:image.Base] {
		apply(base, l)
	}
	var changed []File
	for _, l := range image.Layers[image.Base:] {
		for _, name := range hidden(base, l) {
			// A directory made anew hides nothing that it holds again itself.
			if old := base[name]; !old.Mode.IsDir() {
				changed = append(changed, old)
			}
		}
		for _, f := range l.Files {
			if old, found := base[f.Path]; found && !(old.Mode.IsDir() && f.Mode.IsDir()) {
				changed = append(changed, f)
			}
		}
	}
	return changed
}

func baseChanges(image Image) []string {
	var problems []string
	var bytes int64
	for _, f := range BaseChanges(image) {
		bytes += f.Size
		if !installation.MatchString(f.Path) {
			problems = append(problems, fmt.Sprintf("/%s: changed, and of the base", f.Path))
		}
	}
	if total, _ := image.Total(); float64(bytes) > baseShare*float64(total) {
		problems = append(problems, fmt.Sprintf("%d bytes of the base's files are changed: more than %.0f %% of the image", bytes, baseShare*100))
	}
	return problems
}
