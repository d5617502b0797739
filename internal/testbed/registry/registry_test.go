package registry

import (
	"net/http"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestRegistry(t *testing.T) {
	r, err := Start(t.TempDir())
	assert.NilError(t, err)
	response, err := http.Get("http://" + r.Host + "/v2/")
	assert.NilError(t, err)
	assert.NilError(t, response.Body.Close())
	assert.Equal(t, response.StatusCode, http.StatusOK)
	assert.Check(t, strings.HasPrefix(r.Host, "127.0.0.1:"))
	r.Stop()
	_, err = http.Get("http://" + r.Host + "/v2/")
	assert.ErrorContains(t, err, "refused")
}
