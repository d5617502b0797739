package process

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"gotest.tools/v3/assert"
)

func answering(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	return server.URL
}

func silent(t *testing.T) string {
	t.Helper()
	port, err := FreePort()
	assert.NilError(t, err)
	return "http://127.0.0.1:" + port
}

func TestStop(t *testing.T) {
	server, err := Start(context.Background(), exec.Command("sleep", "60"), filepath.Join(t.TempDir(), "log"), answering(t))
	assert.NilError(t, err)
	assert.Assert(t, server.PID() > 0)
	server.Stop()
	server.Stop()
	assert.Assert(t, server.command.ProcessState != nil)
}

func TestStartSaysWhereToLook(t *testing.T) {
	log := filepath.Join(t.TempDir(), "logs", "log")
	_, err := Start(context.Background(), exec.Command("false"), log, silent(t))
	assert.Error(t, err, log+": the server ended before it answered: its last lines say why")
}

// TestStartKnowsItsServerFromAnother has a server that another one keeps from its port.
func TestStartKnowsItsServerFromAnother(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	_, err := Start(context.Background(), exec.Command("false"), filepath.Join(t.TempDir(), "log"), other.URL)
	assert.ErrorContains(t, err, "the server ended before it answered")
}

func TestStartWaitsWhileTheServerIsStarting(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	started, err := Start(context.Background(), exec.Command("sleep", "60"), filepath.Join(t.TempDir(), "log"), server.URL)
	assert.NilError(t, err)
	started.Stop()
	assert.Equal(t, asked.Load(), int32(3))
}

func TestStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Start(ctx, exec.Command("sleep", "60"), filepath.Join(t.TempDir(), "log"), silent(t))
	assert.ErrorContains(t, err, "the server didn't answer on http://127.0.0.1:")
}

func TestStartRefusesWhatIsNoProgram(t *testing.T) {
	_, err := Start(context.Background(), exec.Command("/none"), filepath.Join(t.TempDir(), "log"), silent(t))
	assert.ErrorContains(t, err, "/none")
}
