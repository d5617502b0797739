package architecture

import (
	"testing"

	"gotest.tools/v3/assert"
)

const beginQueries, endQueries = "<!-- queries -->\n", "<!-- end of the queries -->\n"

// TestQueryList compares the queries in docs/logs.md with those that the template
// saves. Rewrite them with `make golden`.
func TestQueryList(t *testing.T) {
	template := templateOf(t, "prod")
	written := QueryList(template)
	assert.NilError(t, template.Err())
	comparePart(t, "../../docs/logs.md", beginQueries, endQueries, written)
}

func TestQueriesOfOtherLogsAreNamed(t *testing.T) {
	template := templateOf(t, "prod")
	id := template.ids(queryType)[0]
	template.Resources[id].Properties["Name"] = "a title"
	template.Resources[id].Properties["LogGroupNames"] = []any{map[string]any{"Ref": "Other"}}
	QueryList(template)
	assert.Error(t, template.Err(), id+": the query \"a title\" is in no folder\n"+id+": of which logs is the query?")
}
