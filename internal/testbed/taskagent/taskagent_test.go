package taskagent

import (
	"net/http"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func put(t *testing.T, a *Agent, task, body string) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodPut, "http://"+a.Address+"/api/"+task+"/task-protection/v1/state", strings.NewReader(body))
	assert.NilError(t, err)
	response, err := http.DefaultClient.Do(request)
	assert.NilError(t, err)
	assert.NilError(t, response.Body.Close())
	return response.StatusCode
}

func TestATaskProtectsItself(t *testing.T) {
	a, err := Serve()
	assert.NilError(t, err)
	defer a.Stop()
	assert.Equal(t, put(t, a, "one", `{"ProtectionEnabled": true, "ExpiresInMinutes": 15}`), http.StatusOK)
	assert.Assert(t, a.Protected("one") && !a.Protected("two"))
	assert.Equal(t, put(t, a, "one", `{"ProtectionEnabled": false}`), http.StatusOK)
	assert.Assert(t, !a.Protected("one"))
	assert.Equal(t, len(a.Faults()), 0)
}

func TestWhatECSRefuses(t *testing.T) {
	a, err := Serve()
	assert.NilError(t, err)
	defer a.Stop()
	for _, body := range []string{
		``, `{}`, `{"protectionEnabled": 1}`, `{"ProtectionEnabled": true, "ExpiresInMinutes": 0}`,
		`{"ProtectionEnabled": true, "ExpiresInMinutes": 2881}`, `{"ProtectionEnabled": true, "Expires": 1}`,
	} {
		assert.Equal(t, put(t, a, "one", body), http.StatusBadRequest, body)
	}
	assert.Equal(t, len(a.Faults()), 6)
	assert.Assert(t, !a.Protected("one"))
}
