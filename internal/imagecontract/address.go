package imagecontract

import (
	"net"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// httpPort is the port of a URL that names none.
const httpPort = 80

// noAddress is the fault of a probe that asks for nothing that a target group can.
const noAddress = "makes no http request that could be read and repeated in the target group's check: probe http://localhost:PORT/PATH"

// addresses returns the path and query of what a probe asks for: of this host, on
// the port (0 if that isn't known), and one alone, since a target group has one.
func addresses(requests []string, port int, fault func(string, ...any)) (first, query string, ok bool) {
	if len(requests) == 0 {
		fault(noAddress)
		return "", "", false
	}
	ok = true
	for i, raw := range requests {
		probed, problem := parseAddress(raw, port)
		if problem != nil {
			fault(problem.format, problem.args...)
			ok = false
			continue
		}
		here := probed.EscapedPath()
		if here == "" {
			here = "/"
		}
		if i == 0 {
			first, query = here, probed.RawQuery
		} else if ok && (here != first || probed.RawQuery != query) {
			fault("probes %s and %s, but a target group checks one path: probe one", first, here)
			ok = false
		}
	}
	return first, query, ok
}

// addressFault is what is wrong with an address.
type addressFault struct {
	format string
	args   []any
}

func parseAddress(raw string, port int) (*url.URL, *addressFault) {
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	probed, err := url.Parse(raw)
	switch {
	case err != nil && strings.Contains(raw, "$"):
		return nil, &addressFault{"%q: without a shell, nothing replaces the variable: write the number, or no JSON array", []any{raw}}
	case err != nil || probed.Hostname() == "":
		return nil, &addressFault{"%q is no http address to repeat in the target group's check: probe http://localhost:PORT/PATH", []any{raw}}
	case !strings.EqualFold(probed.Scheme, "http"):
		return nil, &addressFault{"asks by %s, but a target group checks by http here: probe http://localhost:PORT/PATH", []any{strings.ToLower(probed.Scheme)}}
	case !isThisHost(probed.Hostname()):
		return nil, &addressFault{"asks %s, not the container itself: probe http://localhost:PORT/PATH", []any{probed.Hostname()}}
	}
	if plain := path.Clean("/" + probed.EscapedPath()); plain != strings.TrimSuffix(probed.EscapedPath(), "/") && plain != "/" || probed.Path == "//" {
		return nil, &addressFault{"asks for %s, which a load balancer may take for another path: probe %s", []any{probed.EscapedPath(), plain}}
	}
	number := httpPort
	if probed.Port() != "" {
		number, _ = strconv.Atoi(probed.Port())
	}
	if port != 0 && number != port {
		return nil, &addressFault{"probes port %d, but EXPOSE says %d: probe the exposed port", []any{number, port}}
	}
	return probed, nil
}

// shortLoopback matches loopback addresses with parts left out, which curl takes.
var shortLoopback = regexp.MustCompile(`^127(\.\d+){0,3}$`)

// isThisHost reports whether a name or address is the container's own. To connect
// to 0.0.0.0 is to connect to the loopback on Linux.
func isThisHost(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") || host == ownName || shortLoopback.MatchString(host) {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}
