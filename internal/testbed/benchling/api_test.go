package benchling

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestAPIExportsAnEntry(t *testing.T) {
	api, mux := newAPI(), http.NewServeMux()
	api.serve(mux)
	server := httptest.NewServer(mux)
	defer server.Close()
	token := ""
	call := func(method, path, body string, status int) map[string]any {
		t.Helper()
		request, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
		assert.NilError(t, err)
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := http.DefaultClient.Do(request)
		assert.NilError(t, err)
		defer response.Body.Close()
		assert.Equal(t, response.StatusCode, status, path)
		var value map[string]any
		assert.NilError(t, json.NewDecoder(response.Body).Decode(&value))
		return value
	}

	call("GET", "/api/v2/entries/etr_1", "", http.StatusUnauthorized)
	token = call("POST", "/api/v2/token", "", http.StatusOK)["access_token"].(string)
	entry := call("GET", "/api/v2/entries/etr_1", "", http.StatusOK)["entry"].(map[string]any)
	assert.Equal(t, entry["displayId"], "EXP-1")
	listed := call("GET", "/api/v2/entries?pageSize=1", "", http.StatusOK)["entries"].([]any)
	assert.Equal(t, listed[0].(map[string]any)["id"], ListedEntry)
	call("POST", "/api/v2/exports", "no JSON", http.StatusBadRequest)
	task := "/api/v2/tasks/" + call("POST", "/api/v2/exports", `{"id": "etr_1"}`, http.StatusAccepted)["taskId"].(string)

	api.HoldExports(true)
	assert.Equal(t, call("GET", task, "", http.StatusOK)["status"], "RUNNING")
	api.HoldExports(false)
	done := call("GET", task, "", http.StatusOK)
	assert.Equal(t, done["status"], "SUCCEEDED")
	assert.Equal(t, api.Asked("etr_1"), 2)

	download := done["response"].(map[string]any)["downloadURL"].(string)
	request, err := http.NewRequest("GET", download, nil)
	assert.NilError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	withToken, err := http.DefaultClient.Do(request)
	assert.NilError(t, err)
	assert.NilError(t, withToken.Body.Close())
	assert.Equal(t, withToken.StatusCode, http.StatusBadRequest)
	response, err := http.Get(download)
	assert.NilError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	assert.NilError(t, err)
	assert.Equal(t, response.Header.Get("Accept-Ranges"), "bytes")
	files, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	assert.NilError(t, err)
	for _, file := range files.File {
		reader, err := file.Open()
		assert.NilError(t, err)
		data, err := io.ReadAll(reader)
		assert.NilError(t, err)
		assert.DeepEqual(t, data, Files("etr_1")[file.Name])
	}
	assert.Equal(t, len(files.File), len(Files("etr_1")))
}

// A worker reads a download by several requests, so that they must agree.
func TestDownloadIsTheSameAtEveryRequest(t *testing.T) {
	first, err := archive(export{"etr_1", 0})
	assert.NilError(t, err)
	for range 20 {
		again, err := archive(export{"etr_1", 0})
		assert.NilError(t, err)
		assert.Assert(t, bytes.Equal(again, first))
	}
}

func TestTokenForOneClientSecretAlone(t *testing.T) {
	api, mux := newAPI(), http.NewServeMux()
	api.serve(mux)
	ask := func(secret string) int {
		t.Helper()
		request := httptest.NewRequest("POST", "/api/v2/token", nil)
		request.SetBasicAuth("id", secret)
		recorded := httptest.NewRecorder()
		mux.ServeHTTP(recorded, request)
		return recorded.Code
	}
	assert.Equal(t, ask("old"), http.StatusOK)
	before := api.Token()
	api.AcceptClientSecret("new")
	assert.Assert(t, api.Token() != before, "the token of before is still valid")
	assert.Equal(t, ask("old"), http.StatusUnauthorized)
	assert.Equal(t, ask("new"), http.StatusOK)
	api.AcceptClientSecret("")
	assert.Equal(t, ask("old"), http.StatusOK)
}
