package imagecontract

import (
	"slices"
	"strings"
)

// WebhookPaths are what Benchling posts to: the URL itself with its stable
// webhook routing, and below that with its suffixed one.
var WebhookPaths = []string{"/", "/event", "/lifecycle", "/canvas"}

// OperatorPaths show the settings in force, secrets masked, and the service's
// description. They and the probes are for those whom IAM allows to call them.
var OperatorPaths = []string{"/config", "/openapi.json"}

// checkRoute refuses a probe of a path that another route of the service has. The
// URL itself is no such path: webhooks are posted to it, and a probe gets it.
func (r *reader) checkRoute(line int, text, path string) {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if root := "/" + first; root != "/" && (slices.Contains(WebhookPaths, root) || slices.Contains(OperatorPaths, root)) {
		r.problems.add(line, "HEALTHCHECK %q: %s is another route of the service: probe a path of its own, such as /health", text, root)
	}
}
