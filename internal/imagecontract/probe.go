package imagecontract

import (
	"cmp"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// probeURL finds the URLs in a probe's command.
var probeURL = regexp.MustCompile("http://[^\\s\"'`\\\\|;&<>)]+")

// httpPort is the port of a URL that names none.
const httpPort = "80"

// probePath returns the path of the URL that the probe asks for, which must
// be on the exposed port (0 if that isn't known).
func (r *reader) probePath(s *stage, port int) string {
	line, test := s.health.line, s.health.value.Health.Test
	text := oneLine(strings.Join(test[1:], " "))
	found := ""
	for _, raw := range probeURL.FindAllString(text, -1) {
		if shellExpands(test) {
			expanded, ok := r.require(word{line, "HEALTHCHECK", raw}, s.env)
			if !ok {
				return ""
			}
			raw = expanded.Result
		}
		probed, err := url.Parse(raw)
		if err != nil {
			r.problems.add(line, "HEALTHCHECK %q: %q is no http address to repeat in the target group's check: probe http://localhost:PORT/PATH", text, raw)
			return ""
		}
		if number := cmp.Or(probed.Port(), httpPort); port != 0 && number != strconv.Itoa(port) {
			r.problems.add(line, "HEALTHCHECK %q: probes port %s, but EXPOSE says %d: probe the exposed port", text, number, port)
		}
		found = cmp.Or(found, probed.EscapedPath(), "/")
	}
	if found == "" {
		r.problems.add(line, "HEALTHCHECK %q: no http address to repeat in the target group's check: probe http://localhost:PORT/PATH", text)
	}
	return found
}

// shellExpands reports whether a shell replaces the command's variables when it
// runs; in exec form nothing does, unless the program is a shell.
func shellExpands(test []string) bool {
	return test[0] == "CMD-SHELL" || slices.Contains([]string{"sh", "bash", "ash", "dash"}, path.Base(test[1]))
}
