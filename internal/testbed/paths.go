package testbed

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

// Label marks what a container engine holds for a run.
const Label = "benchling-webhook-rehearsal"
