package testbed

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
)

// Paths from the repository's root, where a run takes place. What a run makes is
// below build.
const (
	Dockerfile   = "docker/Dockerfile"
	BuildContext = "docker"
	WorkDir      = "build/rehearsal"

	engineDir   = "build/engine"
	standinDir  = "build/standin"
	python      = "build/tools/bin/python"
	emulatorDir = "internal/testbed/emulator"
)

// Label begins the names of what a container engine holds for runs, and is the key of
// the label on it.
const Label = "benchling-webhook-rehearsal"

// Mark is the label of what runs of this checkout made: runs of others have the engine, too.
func Mark() string { return Label + "=" + checkout() }

// ImagePrefix begins the names of the images that runs of this checkout build.
func ImagePrefix() string { return "rehearsal-" + checkout() + "-" }

// checkout names the directory that a run takes place in.
func checkout() string {
	here, _ := os.Getwd()
	sum := sha256.Sum256([]byte(here))
	return hex.EncodeToString(sum[:6])
}
