package imagecontract

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// contract returns what the final stage promises, and records what it doesn't.
func (r *reader) contract(s *stage) Contract {
	port, protocol := r.port(s)
	volumes := slices.Clone(s.volumes)
	slices.Sort(volumes)
	entrypoint, command := r.commands(s)
	return Contract{
		Port:             port,
		Protocol:         protocol,
		User:             r.user(s),
		HealthCheck:      r.healthCheck(s, port),
		Entrypoint:       entrypoint,
		Command:          command,
		WorkingDirectory: s.workdir,
		Volumes:          slices.Compact(volumes),
		Env:              s.env,
		BaseImages:       r.bases,
	}
}

// port returns the one port of EXPOSE and its protocol.
func (r *reader) port(s *stage) (int, string) {
	if len(s.expose) == 0 {
		r.problems.addMissing(s.line, "no EXPOSE in the final stage: add the one port that the service listens on")
		return 0, ""
	}
	first := s.expose[0]
	for _, each := range s.expose {
		if each.refused {
			return 0, ""
		}
		if canonicalPort(each.value) != canonicalPort(first.value) {
			r.problems.add(each.line, "EXPOSE %q: line %d exposes %q already: expose exactly one port", each.value, first.line, first.value)
			return 0, ""
		}
	}
	number, protocol, _ := strings.Cut(canonicalPort(first.value), "/")
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil || port == 0 || (protocol != "tcp" && protocol != "udp") {
		r.problems.add(first.line, "EXPOSE %q: not one port from 1 to %d, of tcp or udp: write a number, such as 8080 or 8080/tcp", first.value, math.MaxUint16)
		return 0, ""
	}
	return int(port), protocol
}

// canonicalPort returns the port with the protocol that Docker assumes.
func canonicalPort(text string) string {
	if strings.Contains(text, "/") {
		return strings.ToLower(text)
	}
	return text + "/tcp"
}

// user returns the numeric user; root and names are refused.
func (r *reader) user(s *stage) User {
	if s.user.line == 0 {
		r.problems.addMissing(s.line, "no USER in the final stage, so the service would run as root: add USER with a number above 0")
		return User{}
	}
	if s.user.refused {
		return User{}
	}
	name, group, hasGroup := strings.Cut(s.user.value, ":")
	user := User{UID: r.identity(s.user, "user", name), GID: -1}
	if hasGroup {
		user.GID = r.identity(s.user, "group", group)
	}
	return user
}

// identity returns a user's or group's number, which must be above 0.
func (r *reader) identity(user at[string], kind, text string) int {
	number, err := strconv.ParseInt(text, 10, 32)
	switch {
	case text == "root" || text == "" || (err == nil && number == 0):
		r.problems.add(user.line, "USER %q: the %s is root: use a number above 0", user.value, kind)
	case err != nil || number < 0:
		r.problems.add(user.line, "USER %q: the %s is not a number, so nobody can check that it isn't root: write its number", user.value, kind)
	}
	return int(number)
}
