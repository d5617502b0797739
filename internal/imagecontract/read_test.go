package imagecontract

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

// TestRead compares each directory of testdata with its contract.json, or, where
// the directory's name begins with "bad-", with the exact text of its problem.txt.
func TestRead(t *testing.T) {
	cases, err := filepath.Glob("testdata/*/Dockerfile")
	assert.NilError(t, err)
	assert.Assert(t, len(cases) >= 40)
	for _, path := range cases {
		directory := filepath.Base(filepath.Dir(path))
		t.Run(directory, func(t *testing.T) {
			source, err := os.ReadFile(path)
			assert.NilError(t, err)
			contract, err := parse("Dockerfile", source)
			if strings.HasPrefix(directory, "bad-") {
				assert.Assert(t, err != nil, "no problem found")
				golden.Assert(t, err.Error()+"\n", directory+"/problem.txt")
				return
			}
			assert.NilError(t, err)
			text, err := json.MarshalIndent(contract, "", "  ")
			assert.NilError(t, err)
			golden.Assert(t, string(text)+"\n", directory+"/contract.json")
		})
	}
}

// The service's own Dockerfile: what must hold, whatever its figures are.
func TestReadTheServicesDockerfile(t *testing.T) {
	source, err := os.ReadFile("../../docker/Dockerfile")
	assert.NilError(t, err)
	text := string(source)
	contract, err := Read("../../docker/Dockerfile")
	assert.NilError(t, err)
	check := contract.HealthCheck
	for _, stated := range []string{
		fmt.Sprintf("\nEXPOSE %d\n", contract.Port),
		fmt.Sprintf("\nUSER %d:%d\n", contract.User.UID, contract.User.GID),
		fmt.Sprintf("\nWORKDIR %s\n", contract.WorkingDirectory),
		fmt.Sprintf("--interval=%s --timeout=%s --start-period=%s --retries=%d", check.Interval, check.Timeout, check.StartPeriod, check.Retries),
		"CMD " + check.Command[1] + "\n",
		fmt.Sprintf(":%d%s ", contract.Port, check.Path),
		`CMD ["` + strings.Join(contract.Command, `", "`) + `"]`,
	} {
		assert.Check(t, strings.Contains(text, stated), stated)
	}
	assert.Assert(t, contract.User.UID > 0 && contract.User.GID > 0)
	assert.Assert(t, contract.HealthCheck.Timeout < contract.HealthCheck.Interval)
	assert.Assert(t, contract.HealthCheck.StartPeriod < time.Minute)
	assert.Equal(t, len(contract.BaseImages), 3)
	for _, base := range contract.BaseImages {
		assert.Equal(t, base.Digest, contract.BaseImages[0].Digest)
	}
}

func TestReadNamesAMissingFile(t *testing.T) {
	_, err := Read("testdata")
	assert.Error(t, err, "testdata: is a directory: run from the repository's root, where docker/Dockerfile is")
	_, err = Read("nowhere/Dockerfile")
	assert.Error(t, err, "nowhere/Dockerfile: no such file or directory: run from the repository's root, where docker/Dockerfile is")
}

// FuzzRead looks for input that panics, that is refused without a place, or
// whose contract breaks a rule.
func FuzzRead(f *testing.F) {
	cases, err := filepath.Glob("testdata/*/Dockerfile")
	assert.NilError(f, err)
	for _, path := range cases {
		source, err := os.ReadFile(path)
		assert.NilError(f, err)
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		contract, err := parse("Dockerfile", source)
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				assert.Assert(t, strings.HasPrefix(line, "Dockerfile:"), line)
			}
			return
		}
		check := contract.HealthCheck
		assert.Assert(t, contract.Port > 0 && contract.User.UID > 0 && contract.User.GID >= -1, "%+v", contract)
		assert.Assert(t, strings.HasPrefix(check.Path, "/") && check.Timeout < check.Interval, "%+v", contract)
		assert.Assert(t, len(contract.Command)+len(contract.Entrypoint) > 0, "%+v", contract)
	})
}

func TestUserReadsAsDockerWritesIt(t *testing.T) {
	assert.Equal(t, User{UID: 1000, GID: 1000}.String(), "1000:1000")
	assert.Equal(t, User{UID: 1000, GID: 0}.String(), "1000:0")
	assert.Equal(t, User{UID: 1000, GID: -1}.String(), "1000")
}

func TestCheckArchitecture(t *testing.T) {
	source, err := os.ReadFile("testdata/platform-fixed/Dockerfile")
	assert.NilError(t, err)
	fixed, err := parse("Dockerfile", source)
	assert.NilError(t, err)
	assert.NilError(t, fixed.CheckArchitecture("arm64"))
	assert.Error(t, fixed.CheckArchitecture("amd64"), "Dockerfile:1: FROM --platform=linux/arm64: the tasks run on linux/amd64: leave --platform out, or change the setting architecture")
	free, err := Read("../../docker/Dockerfile")
	assert.NilError(t, err)
	for _, architecture := range Architectures {
		assert.NilError(t, free.CheckArchitecture(architecture))
	}
}

// No probe breaks the reader, or keeps it busy.
func TestAbsurdProbesAreRefused(t *testing.T) {
	began := time.Now()
	for _, probe := range []string{
		"while :; do :; done", ":(){ :|:& };:", "echo {1..999999999}", "for ((;;)); do :; done", "until false; do x=$x$x; done",
		"sh -c 'sh -c \"sh -c curl\"'", "curl", "wget", "env", "timeout", "timeout 5", "python -c", "sh -c", "exec", "''", "\"\"", ". /dev/stdin",
		"cat <<EOF | sh\nexit 0\nEOF", "read x; curl $x", "$(curl)", "${x:?gone}", "((1/0))", "curl -f http://[", "curl -f http://localhost:99999999999/health",
		"cd /nowhere; ls *", "[", "[[", "test", "set -u; echo $1", "kill -9 $$", "exit 256", "exit -1", "exec 3<>/dev/tcp/localhost/80",
	} {
		source := "FROM amazonlinux:2023@sha256:" + strings.Repeat("a", 64) + "\nUSER 1:1\nEXPOSE 80\nHEALTHCHECK --timeout=9s CMD " + probe + "\nCMD [\"a\"]\n"
		_, err := parse("Dockerfile", []byte(source))
		assert.Check(t, err != nil, probe)
	}
	assert.Assert(t, time.Since(began) < 5*time.Second)
}
