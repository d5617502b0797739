package forward

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

func TestForward(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "here")
	}))
	defer server.Close()
	f, err := Start("127.0.0.1:0", strings.TrimPrefix(server.URL, "http://"))
	assert.NilError(t, err)
	response, err := http.Get("http://" + f.Address)
	assert.NilError(t, err)
	text, err := io.ReadAll(response.Body)
	assert.NilError(t, err)
	assert.NilError(t, response.Body.Close())
	assert.Equal(t, string(text), "here")

	f.Stop()
	_, err = http.Get("http://" + f.Address)
	assert.ErrorContains(t, err, "")
}

func TestForwardToNowhereClosesTheConnection(t *testing.T) {
	nowhere := httptest.NewServer(nil)
	nowhere.Close()
	f, err := Start("127.0.0.1:0", strings.TrimPrefix(nowhere.URL, "http://"))
	assert.NilError(t, err)
	defer f.Stop()
	// An end of file or a reset, as the kernel has it: an error, not a wait.
	client := http.Client{Timeout: 5 * time.Second}
	_, err = client.Get("http://" + f.Address)
	assert.Assert(t, err != nil && !os.IsTimeout(err), err)
}

func TestForwardNeedsAnAddressOfThisMachine(t *testing.T) {
	_, err := Start("203.0.113.1:0", "127.0.0.1:1")
	assert.ErrorContains(t, err, "203.0.113.1")
}
