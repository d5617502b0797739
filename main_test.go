package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"synth": main})
}

// TestScripts runs the app as the CDK CLI would, in a directory with the project's
// cdk.json and docker/Dockerfile.
func TestScripts(t *testing.T) {
	bin, err := filepath.Abs("node_modules/.bin")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			for _, file := range []string{"cdk.json", dockerfile, "docker/.dockerignore"} {
				text, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				to := filepath.Join(env.WorkDir, file)
				if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
					return err
				}
				if err := os.WriteFile(to, text, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
