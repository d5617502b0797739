package review

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"benchlingwebhook/internal/cfn"
)

// manifest is what a cloud assembly says of its parts, in the file manifest.json.
type manifest struct {
	Artifacts map[string]struct {
		Type       string
		Properties struct {
			TemplateFile          string
			TerminationProtection bool
			// DirectoryName is where an assembly of a stage is.
			DirectoryName string
		}
	}
}

// readAssembly returns the templates of a cloud assembly, its stages' too, by stack,
// each with its termination protection, which CDK keeps beside the template. Nested
// stacks are named STACK/LOGICAL-ID.
func readAssembly(directory string) (map[string]cfn.Template, error) {
	text, err := os.ReadFile(filepath.Join(directory, "manifest.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no manifest.json: name a directory that cdk synth wrote", directory)
	} else if err != nil {
		return nil, err
	}
	var parts manifest
	if err := json.Unmarshal(text, &parts); err != nil {
		return nil, fmt.Errorf("%s: %w; synthesize it anew", filepath.Join(directory, "manifest.json"), err)
	}
	assets, err := templateAssets(directory)
	if err != nil {
		return nil, err
	}
	stacks := map[string]cfn.Template{}
	for name, artifact := range parts.Artifacts {
		switch artifact.Type {
		case "cdk:cloud-assembly":
			stage, err := readAssembly(filepath.Join(directory, artifact.Properties.DirectoryName))
			if err != nil {
				return nil, err
			}
			maps.Copy(stacks, stage)
		case "aws:cloudformation:stack":
			if err := readStack(stacks, name, filepath.Join(directory, artifact.Properties.TemplateFile), assets); err != nil {
				return nil, err
			}
			stacks[name].Rest["TerminationProtection"] = artifact.Properties.TerminationProtection
		}
	}
	return stacks, nil
}

// readStack adds a stack's template, and those of its nested stacks.
func readStack(stacks map[string]cfn.Template, name, path string, assets map[string]string) error {
	template, err := readTemplate(path)
	if err != nil {
		return err
	}
	stacks[name] = template
	for _, r := range template.OfType(nestedStack) {
		file, isAsset := nestedFile(r, assets)
		if !isAsset {
			continue // A template that was there before the app: unreadNotes tells of it.
		}
		if err := readStack(stacks, name+"/"+r.ID, filepath.Join(filepath.Dir(path), file), assets); err != nil {
			return err
		}
	}
	return nil
}

// nestedFile returns the file of a nested stack's template: CDK names it in the
// resource's metadata, or else the template's URL has the hash of an asset.
func nestedFile(r cfn.Resource, assets map[string]string) (name string, known bool) {
	if path, is := cfn.At(r.Attributes["Metadata"], "aws:asset:path").(string); is {
		return path, true
	}
	name, known = assets[assetHash.FindString(cfn.Text(r.Properties["TemplateURL"]))]
	return name, known
}

// templateAssets returns the files of an assembly's assets by their hashes.
func templateAssets(directory string) (map[string]string, error) {
	lists, err := filepath.Glob(filepath.Join(directory, "*.assets.json"))
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			return nil, err
		}
		var assets struct {
			Files map[string]struct{ Source struct{ Path string } }
		}
		if err := json.Unmarshal(text, &assets); err != nil {
			return nil, fmt.Errorf("%s: %w; synthesize it anew", list, err)
		}
		for hash, asset := range assets.Files {
			files[hash] = asset.Source.Path
		}
	}
	return files, nil
}
