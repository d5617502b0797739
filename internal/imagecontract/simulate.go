package imagecontract

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// ownName stands for the name that the engine gives a container.
const ownName = "container"

// runtimeEnv is what the engine sets in every container.
var runtimeEnv = map[string]string{"HOSTNAME": ownName, "HOME": "/", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}

// Limits of a simulated probe, which a real one doesn't reach.
const (
	longestSimulation = 2 * time.Second
	mostPrograms      = 100
)

// simulation is what a probe did.
type simulation struct {
	outcome outcome
	files   bool
	// strangersFail says that programs fail of which nothing is known.
	strangersFail bool
	// requests are the URLs that it asked for, in order.
	requests []string
	// problems say what of it can't be read, or can't work.
	problems []string
	// status is its exit status; 0 is healthy.
	status   int
	programs int
	// lock: the programs of a pipe run at the same time.
	lock sync.Mutex
}

func (s *simulation) problem(format string, args ...any) int {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
	return 1
}

// request notes a request, and reports whether it is responded to at all.
func (s *simulation) request(url string) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.requests = append(s.requests, url)
	return s.outcome != notRunning
}

// started counts the programs, and reports whether there are too many.
func (s *simulation) started() bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.programs++
	return s.programs > mostPrograms
}

// asked reports whether a request has been made.
func (s *simulation) asked() bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.requests) > 0
}

// invocation is a program's start: its words, and what it is given.
type invocation struct {
	words  []string
	lookup func(name string) (string, bool)
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// simulate runs a probe under conditions. No program is started and no file opened:
// the shell is an interpreter, and programs are models of what they do.
func simulate(test []string, env scope, given conditions) (done *simulation) {
	done = &simulation{outcome: given.service, files: given.files, strangersFail: given.strangersFail}
	defer func() {
		if thrown := recover(); thrown != nil {
			done.problem(unfollowed)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), longestSimulation)
	defer cancel()
	lookup := func(name string) (string, bool) {
		if value, set := env[name]; set {
			return value, true
		}
		value, set := runtimeEnv[name]
		return value, set
	}
	program := invocation{words: test[1:], lookup: lookup, stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}
	if test[0] == "CMD-SHELL" {
		program.words = []string{"sh", "-c", test[1]}
	}
	done.status = done.run(ctx, program)
	return done
}

// shell runs a shell's command, with its arguments, and returns its exit status.
func (s *simulation) shell(ctx context.Context, parent invocation, environment expand.Environ, command string, arguments []string) int {
	file, err := syntax.NewParser().Parse(strings.NewReader(command), "")
	if err != nil {
		return s.problem("the shell can't read it: %s", oneLine(strings.TrimPrefix(err.Error(), ":")))
	}
	if unread := unsupported(file); unread != "" {
		return s.problem("%s", unread)
	}
	runner, err := interp.New(
		interp.Env(environment), interp.StdIO(parent.stdin, parent.stdout, parent.stderr), interp.Params(append([]string{"--"}, arguments...)...), interp.Dir("/"),
		interp.OpenHandler(func(_ context.Context, path string, flag int, _ os.FileMode) (io.ReadWriteCloser, error) {
			return noFile{}, nil
		}),
		interp.StatHandler(func(context.Context, string, bool) (fs.FileInfo, error) {
			if s.files {
				return anyFile{}, nil
			}
			return nil, fs.ErrNotExist
		}),
		interp.AccessHandler(func(context.Context, string, interp.AccessMode) error { return nil }),
		interp.ReadDirHandler2(func(context.Context, string) ([]fs.DirEntry, error) { return nil, fs.ErrNotExist }),
		interp.CallHandler(func(_ context.Context, words []string) ([]string, error) {
			if len(words) > 1 && (words[0] == "type" || words[0] == "command" && words[1] == "-v") {
				return []string{"true"}, nil // The image has it; this machine's programs say nothing.
			}
			return words, nil
		}),
		interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return s.exec }),
	)
	if err != nil {
		return s.problem("the shell can't run it: %s", oneLine(err.Error()))
	}
	switch err := runner.Run(ctx, file).(type) {
	case nil:
		return 0
	case interp.ExitStatus:
		return int(err)
	default: // It ran too long, or the shell itself failed.
		return 1
	}
}

// exec runs a program that the shell starts, maybe in a goroutine of its own.
func (s *simulation) exec(ctx context.Context, words []string) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			s.problem(unfollowed)
			err = interp.ExitStatus(1)
		}
	}()
	given := interp.HandlerCtx(ctx)
	lookup := func(name string) (string, bool) {
		variable := given.Env.Get(name)
		return variable.String(), variable.IsSet() && variable.Exported
	}
	var stdin io.Reader = strings.NewReader("")
	if given.Stdin != nil {
		stdin = given.Stdin
	}
	if status := s.run(ctx, invocation{words, lookup, stdin, given.Stdout, given.Stderr}); status != 0 {
		return interp.ExitStatus(status)
	}
	return nil
}

// noFile is /dev/null, and every other file.
type noFile struct{}

func (noFile) Read([]byte) (int, error)    { return 0, io.EOF }
func (noFile) Write(p []byte) (int, error) { return len(p), nil }
func (noFile) Close() error                { return nil }

// anyFile is whatever a probe looks for: a file, or a directory.
type anyFile struct{ fs.FileInfo }

func (anyFile) Mode() fs.FileMode { return 0o755 }
func (anyFile) IsDir() bool       { return true }
func (anyFile) Size() int64       { return 1 }
