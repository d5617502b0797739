package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

const (
	image = "public.ecr.aws/amazonlinux/amazonlinux:2023"
	older = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	newer = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// repository returns a directory with the Dockerfiles of testdata.
func repository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, path := range dockerfiles {
		text, err := os.ReadFile("testdata/before.Dockerfile")
		assert.NilError(t, err)
		assert.NilError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o755))
		assert.NilError(t, os.WriteFile(filepath.Join(root, path), text, 0o600))
	}
	return root
}

// holds compares every Dockerfile with one of testdata.
func holds(t *testing.T, root, want string) {
	t.Helper()
	expected, err := os.ReadFile(filepath.Join("testdata", want))
	assert.NilError(t, err)
	for _, path := range dockerfiles {
		text, err := os.ReadFile(filepath.Join(root, path))
		assert.NilError(t, err)
		assert.Equal(t, string(text), string(expected), path)
	}
}

// dockerOf returns a Docker whose registry has a digest, and whose images say a release.
func dockerOf(digest, release string) func(context.Context, ...string) ([]byte, error) {
	return func(_ context.Context, args ...string) ([]byte, error) {
		switch command := strings.Join(args, " "); command {
		case "buildx imagetools inspect --format {{json .Manifest}} " + image:
			return []byte(`{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "` + digest + `"}`), nil
		case "run --rm --network none --entrypoint cat " + image + "@" + digest + " /etc/system-release":
			return []byte(release), nil
		default:
			return nil, errors.New("unexpected: " + command)
		}
	}
}

// offline is a Docker that reaches nothing.
func offline(context.Context, ...string) ([]byte, error) { return nil, errors.New("no network") }

func TestTheNewestIsPutIntoEveryFrom(t *testing.T) {
	root := repository(t)
	var out, problems strings.Builder
	assert.Equal(t, run(t.Context(), root, nil, dockerOf(newer, "Amazon Linux release 2023.13.20261102 (Amazon Linux)\n"), &out, &problems), 0, problems.String())
	holds(t, root, "after.Dockerfile")
	assert.Equal(t, problems.String(), "")
	assert.Assert(t, strings.HasPrefix(out.String(), "docker/Dockerfile: "+newer+", release 2023.13.20261102\n"), out.String())
	assert.Assert(t, strings.Contains(out.String(), "make rehearse"), out.String())
}

func TestADigestIsTakenWithoutANetwork(t *testing.T) {
	root := repository(t)
	var out, problems strings.Builder
	assert.Equal(t, run(t.Context(), root, []string{"DIGEST=" + newer, "RELEASE=2023.13.20261102"}, offline, &out, &problems), 0, problems.String())
	holds(t, root, "after.Dockerfile")

	// The release that nobody names is unknown, and is named by a later run.
	root = repository(t)
	assert.Equal(t, run(t.Context(), root, []string{"DIGEST=" + older[:len(older)-1] + "2"}, offline, &out, &problems), 0, problems.String())
	text, err := os.ReadFile(filepath.Join(root, dockerfiles[0]))
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(string(text), "# release unknown. "), string(text))
	assert.Equal(t, run(t.Context(), root, []string{"DIGEST=" + newer, "RELEASE=2023.13.20261102"}, offline, &out, &problems), 0, problems.String())
	holds(t, root, "after.Dockerfile")
}

func TestTheSameDigestChangesNothing(t *testing.T) {
	root := repository(t)
	var out, problems strings.Builder
	assert.Equal(t, run(t.Context(), root, nil, dockerOf(older, ""), &out, &problems), 0, problems.String())
	assert.Equal(t, out.String(), "nothing to change: "+image+" has "+older+" already\n")
	holds(t, root, "before.Dockerfile")
}

func TestAnUnknownReleaseIsTold(t *testing.T) {
	root := repository(t)
	var out, problems strings.Builder
	assert.Equal(t, run(t.Context(), root, nil, dockerOf(newer, "Fedora\n"), &out, &problems), 0)
	assert.Equal(t, problems.String(), "the release isn't known: /etc/system-release says \"Fedora\"; pass RELEASE=…\n")
	assert.Assert(t, strings.HasPrefix(out.String(), "docker/Dockerfile: "+newer+", release unknown\n"), out.String())
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		args   []string
		docker func(context.Context, ...string) ([]byte, error)
		status int
		want   string
	}{
		{nil, offline, 1, image + ": no network; check the network, or pass DIGEST=sha256:…"},
		{nil, dockerOf("", ""), 1, `DIGEST "": no digest; write sha256: and 64 hexadecimal digits in lower case`},
		{[]string{"DIGEST=latest"}, offline, 1, `DIGEST "latest": no digest; write sha256: and 64 hexadecimal digits in lower case`},
		{[]string{"DIGEST=" + newer + "\nRUN x"}, offline, 1, `DIGEST "` + newer + `\nRUN x": no digest; write sha256: and 64 hexadecimal digits in lower case`},
		{[]string{"DIGEST=" + newer, "RELEASE=new"}, offline, 1, `RELEASE "new": no release; write numbers with dots, such as 2023.12.20260629`},
		{[]string{newer}, offline, 2, `"` + newer + `": update-base takes DIGEST=sha256:… and RELEASE=…; use ` + "`make update-base`"},
	} {
		root := repository(t)
		var out, problems strings.Builder
		assert.Equal(t, run(t.Context(), root, c.args, c.docker, &out, &problems), c.status)
		assert.Equal(t, problems.String(), c.want+"\n")
		holds(t, root, "before.Dockerfile")
	}
	var out, problems strings.Builder
	assert.Equal(t, run(t.Context(), t.TempDir(), nil, offline, &out, &problems), 1)
	assert.Assert(t, strings.Contains(problems.String(), "run this in the repository's root"), problems.String())
}

// TestTheRepositorysOwnFilesAreRead changes copies of the Dockerfiles there are.
func TestTheRepositorysOwnFilesAreRead(t *testing.T) {
	root := repository(t)
	for _, path := range dockerfiles {
		text, err := os.ReadFile(filepath.Join("../..", path))
		assert.NilError(t, err)
		assert.NilError(t, os.WriteFile(filepath.Join(root, path), text, 0o600))
	}
	var out, problems strings.Builder
	assert.Equal(t, run(t.Context(), root, []string{"DIGEST=" + newer, "RELEASE=2099.1"}, offline, &out, &problems), 0, problems.String())
	for _, path := range dockerfiles {
		text, err := os.ReadFile(filepath.Join(root, path))
		assert.NilError(t, err)
		assert.Equal(t, strings.Count(string(text), image+"@"), strings.Count(string(text), image+"@"+newer), path)
		assert.Assert(t, strings.Contains(string(text), newer), path)
	}
	text, err := os.ReadFile(filepath.Join(root, dockerfiles[0]))
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(string(text), "# release 2099.1. "), string(text))
}
