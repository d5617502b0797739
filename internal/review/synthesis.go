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

	"benchlingwebhook/internal/cdkfile"
	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/imagecontract"
	"benchlingwebhook/internal/worktree"
)

// dockerfile is a file that every revision has, beside cdk.json.
const dockerfile = "docker/Dockerfile"

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
	app, err := b.build(ctx, after)
	if err != nil {
		return in, err
	}
	same, err := sameApp(ctx, after, before)
	if err != nil {
		return in, err
	}
	runs, ctx := errgroup.WithContext(ctx)
	runs.Go(func() (err error) {
		if b.templates, err = b.synthesizeBase(ctx, app, same); err != nil {
			return fmt.Errorf("the base: %w", err)
		}
		in.Before = b.templates
		return nil
	})
	runs.Go(func() (err error) {
		in.After, err = synthesize(ctx, app, after, scratch)
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
	if err := worktree.Copy(ctx, b.options.Tree, directory, cdkfile.Name, filepath.Dir(dockerfile)); err != nil {
		return nil, err
	}
	if err := worktree.CopyFile(filepath.Join(b.tree(), dockerfile), filepath.Join(directory, dockerfile)); err != nil {
		return nil, err
	}
	templates, err := synthesize(ctx, app, directory, directory)
	if err != nil {
		return nil, ctx.Err()
	}
	return templates, nil
}

// synthesizeBase returns the revision's templates, which are synthesized once: by the
// tree's app, where that is the same.
func (b *Base) synthesizeBase(ctx context.Context, app string, same bool) (templates map[string]cfn.Template, err error) {
	if b.templates != nil {
		return b.templates, nil
	}
	if !same {
		if app, err = b.build(ctx, b.tree()); err != nil {
			return nil, err
		}
	}
	return synthesize(ctx, app, b.tree(), b.scratch)
}

// build returns the app of a tree. It stays in the tree: Go links it again only where
// something changed.
func build(ctx context.Context, tree string) (string, error) {
	app, err := filepath.Abs(filepath.Join(tree, "build", "review", "app"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(app), 0o755); err != nil {
		return "", err
	}
	// Linking takes half as long without what only a debugger reads.
	command := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-buildvcs=false", "-o", app, ".")
	command.Dir = tree
	command.Env = worktree.Environment()
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return app, nil
}

func factsOf(tree string) ([]Fact, error) {
	contract, err := imagecontract.Read(filepath.Join(tree, dockerfile))
	contract.File = dockerfile
	return Facts(contract), err
}

// synthesize returns the templates of every environment of a tree's cdk.json,
// by stack. What the app writes is below the scratch directory.
func synthesize(ctx context.Context, app, tree, scratch string) (map[string]cfn.Template, error) {
	context, environments, err := contextOf(tree)
	if err != nil {
		return nil, err
	}
	all := map[string]cfn.Template{}
	for _, environment := range environments {
		stacks, err := synthesizeOne(ctx, app, tree, scratch, context, environment)
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
	text, err := os.ReadFile(filepath.Join(tree, cdkfile.Name))
	if err != nil {
		return nil, nil, err
	}
	if context, err = cdkfile.Context(text); err != nil {
		return nil, nil, err
	}
	all, _ := context["environments"].(map[string]any)
	if len(all) == 0 {
		return nil, nil, fmt.Errorf("%s: environments: none to compare; add one to the context", cdkfile.Name)
	}
	return context, slices.Sorted(maps.Keys(all)), nil
}

// synthesizeOne runs the app as the CDK CLI does.
func synthesizeOne(ctx context.Context, app, tree, scratch string, all map[string]any, environment string) (map[string]cfn.Template, error) {
	chosen := maps.Clone(all)
	chosen["environment"] = environment
	passed, err := json.Marshal(chosen)
	if err != nil {
		return nil, err
	}
	assembly, err := os.MkdirTemp(scratch, "cdk.out-")
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, app)
	command.Dir = tree
	// A review asks what differs; `make synth` asks whether it is valid.
	command.Env = append(worktree.Environment(), "CDK_CONTEXT_JSON="+string(passed), "CDK_OUTDIR="+assembly, "CDK_VALIDATION=false")
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("synth: %w\n%s", err, out)
	}
	return readAssembly(assembly)
}
