package review

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/imagecontract"
)

// The files that every revision has.
const (
	dockerfile = "docker/Dockerfile"
	cdkFile    = "cdk.json"
)

// synthesize returns the templates and contracts of the revision and of the working
// tree. Where the contracts differ, it also synthesizes the tree with the old
// Dockerfile.
func (b *Base) synthesize(ctx context.Context, scratch string) (in Input, err error) {
	after, before := b.options.Tree, b.tree()
	if b.facts == nil {
		if b.facts, err = factsOf(before); err != nil {
			return in, fmt.Errorf("the base: %w", err)
		}
	}
	in.BeforeFacts = b.facts
	if in.AfterFacts, err = factsOf(after); err != nil {
		return in, err
	}
	app, err := b.appOfTree(ctx, scratch)
	if err != nil {
		return in, err
	}
	runs, ctx := errgroup.WithContext(ctx)
	runs.Go(func() (err error) {
		if err := b.synthesizeBase(ctx); err != nil {
			return fmt.Errorf("the base: %w", err)
		}
		in.Before = b.templates
		return nil
	})
	runs.Go(func() (err error) {
		in.After, err = synthesize(ctx, app, after)
		return err
	})
	if !slices.Equal(in.BeforeFacts, in.AfterFacts) {
		runs.Go(func() (err error) {
			in.Between, err = b.between(ctx, app, filepath.Join(scratch, "between"))
			return err
		})
	}
	return in, runs.Wait()
}

// between returns the templates of the tree's app with the revision's Dockerfile, or
// none where the app refuses that: then what follows from the Dockerfile isn't told
// from the rest.
func (b *Base) between(ctx context.Context, app, directory string) (map[string]cfn.Template, error) {
	for _, name := range []string{cdkFile, filepath.Dir(dockerfile)} {
		if err := copyDirectory(ctx, b.options.Tree, name, directory); err != nil {
			return nil, err
		}
	}
	if err := copyFile(filepath.Join(b.tree(), dockerfile), filepath.Join(directory, dockerfile)); err != nil {
		return nil, err
	}
	templates, err := synthesize(ctx, app, directory)
	if err != nil {
		return nil, ctx.Err()
	}
	return templates, nil
}

// appOfTree returns the working tree's app. Where the revision has the same Go
// sources, that is the revision's, too, and is built once.
func (b *Base) appOfTree(ctx context.Context, scratch string) (string, error) {
	same, err := sameApp(ctx, b.options.Tree, b.tree())
	if err != nil {
		return "", err
	}
	if same {
		return b.appOfBase(ctx, b.options.Tree)
	}
	app := filepath.Join(scratch, "app")
	return app, build(ctx, b.options.Tree, app)
}

// appOfBase returns the revision's app, built from a tree with its Go sources.
func (b *Base) appOfBase(ctx context.Context, tree string) (string, error) {
	app := filepath.Join(b.scratch, "app")
	if !b.built {
		if err := build(ctx, tree, app); err != nil {
			return "", err
		}
		b.built = true
	}
	return app, nil
}

// synthesizeBase synthesizes the revision, once.
func (b *Base) synthesizeBase(ctx context.Context) error {
	if b.templates != nil {
		return nil
	}
	app, err := b.appOfBase(ctx, b.tree())
	if err != nil {
		return err
	}
	b.templates, err = synthesize(ctx, app, b.tree())
	return err
}

func build(ctx context.Context, tree, binary string) error {
	// Linking takes half as long without what only a debugger reads.
	command := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-buildvcs=false", "-o", binary, ".")
	command.Dir = tree
	command.Env = variables()
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

func factsOf(tree string) ([]Fact, error) {
	contract, err := imagecontract.Read(filepath.Join(tree, dockerfile))
	contract.File = dockerfile
	return Facts(contract), err
}

// synthesize returns the templates of every environment of a tree's cdk.json,
// by stack.
func synthesize(ctx context.Context, app, tree string) (map[string]cfn.Template, error) {
	context, environments, err := contextOf(tree)
	if err != nil {
		return nil, err
	}
	all := map[string]cfn.Template{}
	for _, environment := range environments {
		stacks, err := synthesizeOne(ctx, app, tree, context, environment)
		if err != nil {
			return nil, fmt.Errorf("environment %s: %w", environment, err)
		}
		maps.Copy(all, stacks)
	}
	return all, nil
}

// contextOf returns the context of a tree's cdk.json, and the names of its
// environments.
func contextOf(tree string) (context map[string]any, environments []string, err error) {
	text, err := os.ReadFile(filepath.Join(tree, cdkFile))
	if err != nil {
		return nil, nil, err
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, nil, fmt.Errorf("%s: %w; correct the JSON", cdkFile, err)
	}
	all, _ := file.Context["environments"].(map[string]any)
	if len(all) == 0 {
		return nil, nil, fmt.Errorf("%s: environments: none to compare; add one to the context", cdkFile)
	}
	return file.Context, slices.Sorted(maps.Keys(all)), nil
}

// synthesizeOne runs the app as the CDK CLI does.
func synthesizeOne(ctx context.Context, app, tree string, all map[string]any, environment string) (map[string]cfn.Template, error) {
	chosen := maps.Clone(all)
	chosen["environment"] = environment
	passed, err := json.Marshal(chosen)
	if err != nil {
		return nil, err
	}
	assembly, err := os.MkdirTemp(filepath.Dir(app), "cdk.out-")
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, app)
	command.Dir = tree
	// A review asks what differs; `make synth` asks whether it is valid.
	command.Env = append(variables(), "CDK_CONTEXT_JSON="+string(passed), "CDK_OUTDIR="+assembly, "CDK_VALIDATION=false")
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("synth: %w\n%s", err, out)
	}
	return readAssembly(assembly)
}
