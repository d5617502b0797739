package cdkdocker

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"benchlingwebhook/internal/testbed/emulator"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

const ecrImage = "000000000000.dkr.ecr.us-east-1.amazonaws.com/assets:abc"

func TestRewrite(t *testing.T) {
	c := Config{ImagePrefix: "rehearsal-", Registry: "127.0.0.1:5001", BuildArguments: []string{"--build-context", "uv=/uv"}}
	for _, test := range []struct {
		args, want string
		answered   bool
	}{
		{args: "build --tag cdkasset-abc --platform linux/amd64 .", want: "buildx build --load --build-context uv=/uv --tag rehearsal-cdkasset-abc --platform linux/amd64 ."},
		{args: "build --tag cdkasset-abc --output=type=image .", want: "buildx build --build-context uv=/uv --tag rehearsal-cdkasset-abc --output=type=image ."},
		{args: "tag cdkasset-abc " + ecrImage, want: "tag rehearsal-cdkasset-abc 127.0.0.1:5001/assets:abc"},
		{args: "push " + ecrImage, want: "push 127.0.0.1:5001/assets:abc"},
		{args: "pull " + ecrImage, want: "pull 127.0.0.1:5001/assets:abc"},
		{args: "inspect cdkasset-abc", answered: true},
		{args: "login --username AWS --password-stdin https://000000000000.dkr.ecr.us-east-1.amazonaws.com", answered: true},
		{args: "", want: ""},
	} {
		got, ok := c.Rewrite(strings.Fields(test.args))
		assert.Equal(t, strings.Join(got, " "), test.want, test.args)
		assert.Equal(t, !ok, test.answered, test.args)
	}
}

func TestRunAnswersWhatNeedsNoEngine(t *testing.T) {
	var out, errs bytes.Buffer
	assert.Equal(t, Config{}.Run(context.Background(), []string{"login", "host"}, strings.NewReader("password"), &out, &errs), 0)
	assert.Equal(t, out.String(), "Login Succeeded\n")
	assert.Equal(t, Config{}.Run(context.Background(), []string{"inspect", "cdkasset-abc"}, nil, &out, &errs), 1)
	assert.Equal(t, errs.String(), "Error: No such object: cdkasset-abc\n")
}

func TestRunRecordsAPush(t *testing.T) {
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/v2/assets/manifests/abc" {
			http.NotFound(w, q)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		w.Header().Set("Docker-Content-Digest", "sha256:1")
		_, _ = io.WriteString(w, "{}")
	}))
	defer registry.Close()
	var put map[string]string
	cloud := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_ = json.NewDecoder(q.Body).Decode(&put)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = io.WriteString(w, "{}")
	}))
	defer cloud.Close()

	c := Config{
		Docker: []string{"true"}, Registry: strings.TrimPrefix(registry.URL, "http://"), Endpoint: cloud.URL,
		Root: emulator.Key{ID: "id", Secret: "opens nothing"},
	}
	var out, errs bytes.Buffer
	assert.Equal(t, c.Run(context.Background(), []string{"push", ecrImage}, nil, &out, &errs), 0, errs.String())
	assert.DeepEqual(t, put, map[string]string{
		"repositoryName": "assets", "imageTag": "abc", "imageManifest": "{}", "imageDigest": "sha256:1",
		"imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
	})

	missing := strings.Replace(ecrImage, ":abc", ":other", 1)
	assert.Equal(t, c.Run(context.Background(), []string{"push", missing}, nil, &out, &errs), 1)
	assert.Check(t, cmp.Contains(errs.String(), "404 Not Found"))
	errs.Reset()
	assert.Equal(t, c.Run(context.Background(), []string{"push", "untagged"}, nil, &out, &errs), 1)
	assert.Check(t, cmp.Contains(errs.String(), `"untagged": no tag`))
	errs.Reset()
	c.Docker = []string{"false"}
	assert.Equal(t, c.Run(context.Background(), []string{"push", ecrImage}, nil, &out, &errs), 1)
	assert.Check(t, cmp.Contains(errs.String(), "exit status 1"))
}

func TestConfigComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "docker.json")
	saved := Config{Docker: []string{"docker"}, Environment: []string{"A=b"}, BuildArguments: []string{"--x"}, Registry: "r", Endpoint: "e"}
	assert.NilError(t, saved.Save(path))
	loaded, err := Load(path)
	assert.NilError(t, err)
	assert.DeepEqual(t, loaded, saved)
	_, err = Load(path + ".none")
	assert.ErrorContains(t, err, "no such file")
}
