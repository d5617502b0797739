package apigateway

import (
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestMatch(t *testing.T) {
	routes := []Route{{Key: "ANY /a/{b}"}, {Key: "$default"}, {Key: "GET /a/{b}"}, {Key: "GET /a/{rest+}"}, {Key: "GET /a/b"}, {Key: "POST /"}}
	for request, want := range map[string]string{
		"GET /a/b": "GET /a/b", "GET /a/c": "GET /a/{b}", "POST /a/c": "ANY /a/{b}", "GET /a/b/c": "GET /a/{rest+}",
		"GET /a/": "$default", "POST /": "POST /", "GET /": "$default", "GET /a": "$default",
	} {
		method, path, _ := strings.Cut(request, " ")
		assert.Equal(t, match(routes, method, path).Key, want, request)
	}
	assert.Assert(t, match([]Route{{Key: "GET /a"}}, "GET", "/a/") == nil)
}
