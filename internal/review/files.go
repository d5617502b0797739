package review

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// Templates compares two templates, or two cloud assemblies, without synthesis.
// Stacks go by their names; where each side has one stack, they are taken for one.
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
	in.Before = named(in.Before, in.After)
	forgetProtection(in)
	return Compare(in, sources)
}

// named returns templates by the other side's name, where each side has one stack
// beside its nested ones.
func named(stacks, other map[string]cfn.Template) map[string]cfn.Template {
	from, isOne := onlyStack(stacks)
	to, isOneToo := onlyStack(other)
	if !isOne || !isOneToo {
		return stacks
	}
	renamed := map[string]cfn.Template{}
	for name, template := range stacks {
		renamed[to+strings.TrimPrefix(name, from)] = template
	}
	return renamed
}

// forgetProtection leaves out the termination protection that one side alone tells: a
// template has none, an assembly says it of each stack.
func forgetProtection(in Input) {
	const protection = "TerminationProtection"
	for name, before := range in.Before {
		after, is := in.After[name]
		_, told := before.Rest[protection]
		if _, toldToo := after.Rest[protection]; is && told != toldToo {
			delete(before.Rest, protection)
			delete(after.Rest, protection)
		}
	}
}

// onlyStack returns the name of the only stack that isn't nested in another.
func onlyStack(stacks map[string]cfn.Template) (name string, isOne bool) {
	count := 0
	for stack := range stacks {
		if !strings.Contains(stack, "/") {
			name = stack
			count++
		}
	}
	return name, count == 1
}

// readTemplates returns the templates of a cloud assembly by stack, or the one
// of a file.
func readTemplates(path string) (map[string]cfn.Template, error) {
	state, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w; name a template or a directory that cdk synth wrote", err)
	}
	if !state.IsDir() {
		template, err := readTemplate(path)
		return map[string]cfn.Template{"template": template}, err
	}
	stacks, err := readAssembly(path)
	if err == nil && len(stacks) == 0 {
		err = fmt.Errorf("%s: no stack to compare; name another cloud assembly", path)
	}
	return stacks, err
}

// readTemplate returns the template of a file.
func readTemplate(path string) (cfn.Template, error) {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return cfn.Template{}, err
	}
	return parsed(path, text)
}

// parsed returns the template of a JSON text; place is said in errors.
func parsed(place string, text []byte) (cfn.Template, error) {
	if !json.Valid(text) && !strings.HasPrefix(strings.TrimSpace(string(text)), "{") {
		return cfn.Template{}, fmt.Errorf("%s: not JSON, and YAML isn't read: name a JSON template, such as `cdk synth` writes to cdk.out", place)
	}
	template, err := cfn.Read(text)
	if err != nil {
		return cfn.Template{}, fmt.Errorf("%s: %w", place, err)
	}
	// Two files of something else have nothing that differs.
	if template.Resources == nil {
		return cfn.Template{}, fmt.Errorf("%s: no Resources: it isn't a template; name one", place)
	}
	return template, nil
}
