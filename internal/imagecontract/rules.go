package imagecontract

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/moby/sys/signal"
)

// contract returns what the final stage promises, and records what it doesn't.
func (r *reader) contract(s *stage) Contract {
	port, protocol := r.port(s)
	volumes := slices.Clone(s.volumes)
	slices.Sort(volumes)
	entrypoint, command := r.commands(s)
	r.checkAmazonLinux(s)
	r.checkPlatform(s)
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
		StopSignal:       r.stopSignal(s),
		Architecture:     s.platform.architecture,
		BaseImages:       r.bases,
		line:             s.line,
		platform:         s.platform,
	}
}

// port returns the one port of EXPOSE and its protocol.
func (r *reader) port(s *stage) (int, string) {
	if none := s.exposeNone; len(s.expose) == 0 && none.line > 0 {
		r.problems.add(none.line, "EXPOSE %q: holds no port: write a number, such as 8080", none.value)
		return 0, ""
	}
	if len(s.expose) == 0 {
		r.problems.addMissing(s.line, "no EXPOSE in the final stage: add the one port that the service listens on")
		return 0, ""
	}
	if slices.ContainsFunc(s.expose, func(each at[string]) bool { return each.refused || !r.checkPort(each) }) {
		return 0, ""
	}
	first := s.expose[0]
	for _, each := range s.expose {
		if canonicalPort(each.value) != canonicalPort(first.value) {
			r.problems.add(each.line, "EXPOSE %q: line %d exposes %q already: expose exactly one port", each.value, first.line, first.value)
			return 0, ""
		}
	}
	number, protocol, _ := strings.Cut(canonicalPort(first.value), "/")
	port, _ := strconv.Atoi(number)
	return port, protocol
}

// checkPort refuses what isn't one TCP port.
func (r *reader) checkPort(given at[string]) bool {
	number, protocol, _ := strings.Cut(canonicalPort(given.value), "/")
	port, err := strconv.ParseUint(number, 10, 16)
	switch {
	case given.value == "#":
		r.problems.add(given.line, "EXPOSE %q: Docker takes what follows EXPOSE for ports: put the comment on a line of its own", given.value)
	case err != nil || port == 0 || !slices.Contains([]string{"tcp", "udp", "sctp"}, protocol):
		r.problems.add(given.line, "EXPOSE %q: not one port from 1 to %d, of tcp: write a number, such as 8080 or 8080/tcp", given.value, math.MaxUint16)
	case protocol != "tcp":
		r.problems.add(given.line, "EXPOSE %q: the load balancer speaks HTTP over TCP: expose %d/tcp", given.value, port)
	default:
		return true
	}
	return false
}

// canonicalPort returns the port with the protocol that Docker assumes.
func canonicalPort(text string) string {
	number, protocol, _ := strings.Cut(text, "/")
	if first, last, _ := strings.Cut(number, "-"); first == last { // A range of one.
		number = first
	}
	if decimal, err := strconv.ParseInt(number, 10, 32); err == nil {
		number = strconv.FormatInt(decimal, 10)
	}
	return number + "/" + cmp.Or(strings.ToLower(protocol), "tcp")
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
	user := User{GID: -1}
	var ok bool
	if user.UID, ok = r.identity(s.user, "user", name); ok && user.UID == 0 {
		r.problems.add(s.user.line, "USER %q: the user is root: use a number above 0", s.user.value)
	}
	switch {
	case hasGroup && group == "":
		r.problems.add(s.user.line, "USER %q: no group after the colon: write its number, or leave the colon out", s.user.value)
	case hasGroup:
		user.GID, _ = r.identity(s.user, "group", group)
	}
	return user
}

// maxIdentity is the largest number of a user or group that Docker takes.
// Source: github.com/moby/sys/user, which the engine reads USER with.
const maxIdentity = math.MaxInt32

// identity returns a user's or group's number, and whether it is one.
func (r *reader) identity(user at[string], kind, text string) (int, bool) {
	number, err := strconv.ParseInt(text, 10, 32)
	switch {
	case text == "root" || text == "":
		return 0, true
	case errors.Is(err, strconv.ErrRange) || number < 0:
		r.problems.add(user.line, "USER %q: Docker takes no negative %s and none above %d: choose a number between", user.value, kind, maxIdentity)
	case err != nil:
		r.problems.add(user.line, "USER %q: the %s is not a number, so nobody can check that it isn't root: write its number", user.value, kind)
	default:
		return int(number), true
	}
	return 0, false
}

// stopSignal returns STOPSIGNAL, which must be SIGTERM: ECS sends what the image
// says, and only on SIGTERM does the service finish what it has.
// Source: the API reference of ECS, StopTask.
func (r *reader) stopSignal(s *stage) string {
	if s.stopSignal.line == 0 || s.stopSignal.refused {
		return ""
	}
	number, err := signal.ParseSignal(s.stopSignal.value)
	switch {
	case err != nil:
		r.problems.add(s.stopSignal.line, "STOPSIGNAL %q: no signal: leave it out, which means SIGTERM", s.stopSignal.value)
	case number != syscall.SIGTERM:
		r.problems.add(s.stopSignal.line, "STOPSIGNAL %q: ECS sends it to stop a task, and the service finishes its work on SIGTERM only: leave it out", s.stopSignal.value)
	}
	return s.stopSignal.value
}
