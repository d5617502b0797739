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
