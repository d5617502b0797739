package review

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"benchlingwebhook/internal/cfnschema"
)

// Options say what is reviewed.
type Options struct {
	// Tree is the directory of cdk.json in a Git repository's working tree.
	Tree string
	// Base is the Git revision that the tree is compared with.
	Base string
	// Tools is the Python environment that has cfn-lint.
	Tools string
}

// Run compares a working tree with one of its repository's revisions: it
// synthesizes both, without an AWS account and without Docker.
func Run(ctx context.Context, o Options) (result Review, err error) {
	schemas, err := cfnschema.Installed(o.Tools)
	if err != nil {
		return result, err
	}
	scratch, err := os.MkdirTemp("", "review-")
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	base := filepath.Join(scratch, "base")
	remove, err := checkOut(ctx, o.Tree, o.Base, base)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	in, err := synthesizeBoth(ctx, o.Tree, base, scratch)
	if err != nil {
		return result, err
	}
	return Compare(in, schemas)
}

// Write leaves review.md for a pull request's comment, and review.json for
// programs, in a directory that it makes where there is none.
func (r Review) Write(directory string) error {
	text, err := json.MarshalIndent(struct {
		Verdict   string `json:"verdict"`
		Dangerous bool   `json:"dangerous"`
		Review
	}{r.Verdict(), r.Dangerous(), r}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(directory, "review.md"), []byte(r.Markdown()), 0o644),
		os.WriteFile(filepath.Join(directory, "review.json"), append(text, '\n'), 0o644),
	)
}
