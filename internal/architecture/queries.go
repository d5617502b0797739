package architecture

import (
	"fmt"
	"strings"
)

// QueryList returns a template's saved queries in Markdown, each below its title.
func QueryList(t *Template) string {
	var list strings.Builder
	for _, id := range t.ids(queryType) {
		folder, title, found := strings.Cut(fmt.Sprint(t.at(id, "Name")), "/")
		if !found {
			t.problems = append(t.problems, fmt.Errorf("%s: the query %q is in no folder", id, folder))
		}
		fmt.Fprintf(&list, "%s (%s):\n\n```\n%s\n```\n\n", title, t.logs(id), t.at(id, "QueryString"))
	}
	return list.String()
}

// logs says whose log groups a query reads.
func (t *Template) logs(id string) string {
	groups := t.Resources[id].Properties["LogGroupNames"]
	switch {
	case refersTo(groups, t.one(logGroupType, "Webhook")) && refersTo(groups, t.one(logGroupType, "Worker")):
		return "both services' logs"
	case refersTo(groups, t.one(logGroupType, "IngressAccessLog")):
		return "API Gateway's access log"
	}
	t.problems = append(t.problems, fmt.Errorf("%s: of which logs is the query?", id))
	return ""
}
