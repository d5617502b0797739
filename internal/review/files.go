package review

import (
	"fmt"
	"os"
	"path/filepath"

	"benchlingwebhook/internal/cfn"
)

// Templates compares two templates, or two cloud assemblies, without synthesis.
// The stacks of two templates are taken for one; those of assemblies go by
// their names.
func Templates(o Options, before, after string) (Review, error) {
	sources, err := o.Sources()
	if err != nil {
		return Review{}, err
	}
	var in Input
	if in.Before, err = readTemplates(before); err != nil {
		return Review{}, err
	}
	if in.After, err = readTemplates(after); err != nil {
		return Review{}, err
	}
	return Compare(in, sources)
}

// readTemplates returns the templates of a cloud assembly by stack, or the one
// of a file.
func readTemplates(path string) (map[string]cfn.Template, error) {
	state, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; name a template or a directory that cdk synth wrote", path, err)
	}
	if state.IsDir() {
		return readAssembly(path)
	}
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	template, err := cfn.Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return map[string]cfn.Template{"template": template}, nil
}
