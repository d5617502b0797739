package apigateway

import "strings"

// match returns the route of a request: the first of those whose path has the fewest
// variables, a greedy one ("{proxy+}") last, then "$default"; of equal ones that of the
// method before ANY. nil is no route.
// Source: API Gateway's guide, "Create routes for HTTP APIs in API Gateway".
func match(routes []Route, method, path string) *Route {
	var found *Route
	least := 0
	for i := range routes {
		if rank := rankOf(routes[i].Key, method, path); rank > 0 && (found == nil || rank < least) {
			found, least = &routes[i], rank
		}
	}
	return found
}

// Ranks of a match, in steps that no lower ones add up to.
const (
	anyMethod = 1
	variable  = 2
	greedy    = 1 << 10
	fallback  = 1 << 20
)

// rankOf returns how far a route's key is from naming just a request, from 1; 0 is no
// match.
func rankOf(key, method, path string) int {
	if key == "$default" {
		return fallback
	}
	of, pattern, _ := strings.Cut(key, " ")
	rank := 1
	if of == "ANY" {
		rank += anyMethod
	} else if of != method {
		return 0
	}
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, segment := range want {
		switch {
		case strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "+}"):
			if len(got) <= i || got[i] == "" {
				return 0
			}
			return rank + greedy
		case len(got) <= i:
			return 0
		case strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}") && got[i] != "":
			rank += variable
		case segment != got[i]:
			return 0
		}
	}
	if len(got) != len(want) {
		return 0
	}
	return rank
}
