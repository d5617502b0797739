package imagecontract

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// contract returns what the final stage promises, and records what it doesn't.
func (r *reader) contract(s *stage) Contract {
	port, protocol := r.port(s)
	volumes := slices.Clone(s.volumes)
	slices.Sort(volumes)
	return Contract{
		Port:             port,
		Protocol:         protocol,
		User:             r.user(s),
		HealthCheck:      r.healthCheck(s, port),
		Entrypoint:       r.argv("ENTRYPOINT", s.entrypoint),
		Command:          r.command(s),
		WorkingDirectory: s.workdir,
		Volumes:          slices.Compact(volumes),
		Env:              s.env,
		BaseImages:       r.bases,
	}
}

// port returns the one port of EXPOSE and its protocol.
func (r *reader) port(s *stage) (int, string) {
	if len(s.expose) == 0 {
		r.problems.add(s.line, "no EXPOSE in the final stage: add the one port that the service listens on")
		return 0, ""
	}
	first := s.expose[0]
	if first.value == "" {
		return 0, "" // Its variable has been refused already.
	}
	for _, other := range s.expose[1:] {
		if canonicalPort(other.value) != canonicalPort(first.value) {
			r.problems.add(other.line, "EXPOSE %q: line %d exposes %q already: expose exactly one port", other.value, first.line, first.value)
			return 0, ""
		}
	}
	text, protocol, _ := strings.Cut(canonicalPort(first.value), "/")
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 || (protocol != "tcp" && protocol != "udp") {
		r.problems.add(first.line, "EXPOSE %q: not one port from 1 to 65535: write a number, such as 8080 or 8080/tcp", first.value)
		return 0, ""
	}
	return port, protocol
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
		r.problems.add(s.line, "no USER in the final stage, so the service would run as root: add USER with a number above 0")
		return User{}
	}
	if s.user.value == "" {
		return User{} // Its variable has been refused already.
	}
	name, group, hasGroup := strings.Cut(s.user.value, ":")
	uid, ok := r.identity(s.user, "user", name)
	if !ok {
		return User{}
	}
	if !hasGroup {
		return User{UID: uid, GID: -1}
	}
	gid, ok := r.identity(s.user, "group", group)
	if !ok {
		return User{}
	}
	return User{UID: uid, GID: gid}
}

// identity returns a user's or group's number above 0.
func (r *reader) identity(user at[string], kind, text string) (int, bool) {
	number, err := strconv.Atoi(text)
	switch {
	case text == "root" || (err == nil && number == 0):
		r.problems.add(user.line, "USER %q: the %s is root: use a number above 0", user.value, kind)
	case err != nil || number < 0:
		r.problems.add(user.line, "USER %q: the %s is not a number, so nobody can check that it isn't root: write its number", user.value, kind)
	default:
		return number, true
	}
	return 0, false
}

// command returns CMD, which may be missing only beside an ENTRYPOINT.
func (r *reader) command(s *stage) []string {
	if s.command == nil && s.entrypoint == nil {
		r.problems.add(s.line, "no CMD in the final stage: say what to run, as a JSON array")
		return nil
	}
	return r.argv("CMD", s.command)
}

// argv returns the arguments of a CMD or ENTRYPOINT in exec form.
func (r *reader) argv(instruction string, given *at[instructions.ShellDependantCmdLine]) []string {
	if given == nil {
		return nil
	}
	words := given.value.CmdLine
	text := strings.Join(words, " ")
	switch {
	case given.value.PrependShell:
		r.problems.add(given.line, "%s %q: shell form, so a shell gets SIGTERM in place of the service: write a JSON array", instruction, text)
	case len(words) > 0 && (path.Base(words[0]) == "uv" || path.Base(words[0]) == "uvx"):
		r.problems.add(given.line, "%s %q: runs uv, which fails on a read-only root file system: run python itself", instruction, text)
	default:
		return words
	}
	return nil
}

// refuseURL refuses ADD of what a hash doesn't pin.
func (r *reader) refuseURL(line int, sources []string) {
	for _, source := range sources {
		if strings.Contains(source, "://") || strings.HasPrefix(source, "git@") {
			r.problems.add(line, "ADD %q: nothing checks what comes from that address: fetch it in a builder stage by hash, and COPY it", source)
		}
	}
}

// secretName matches names of variables whose values shouldn't be in an image.
var secretName = regexp.MustCompile(`(?i)(^|_)(apikey|auth|credentials?|passwd|password|pword|secret|token)s?(_|$)|(?i)(api|access|private|secret)_key(_|$)`)

// refuseSecret refuses a variable by its name: its value stays in the image.
func (r *reader) refuseSecret(line int, instruction, name string) {
	if secretName.MatchString(name) {
		r.problems.add(line, "%s %q: looks like a secret, and stays readable in the image: mount it as a build secret, or let ECS inject it", instruction, name)
	}
}
