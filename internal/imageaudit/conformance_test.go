package imageaudit

import (
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/imagecontract"
)

func TestImageAgainstTheContract(t *testing.T) {
	contract := imagecontract.Contract{
		File: "docker/Dockerfile", Port: 5000, Protocol: "tcp", User: imagecontract.User{UID: 1000, GID: 1000},
		Command: []string{"python"}, WorkingDirectory: "/app", Env: map[string]string{"PATH": "/app/bin:$PATH", "PORT": "5000"},
		HealthCheck: imagecontract.HealthCheck{Command: []string{"CMD-SHELL", "curl"}, Interval: 30 * time.Second, Timeout: 30 * time.Second, Retries: 3},
	}
	var image BuiltImage
	image.Config.ExposedPorts = map[string]any{"5000/tcp": nil}
	image.Config.User = "1000"
	image.Config.Cmd = []string{"python"}
	image.Config.WorkingDir = "/app"
	image.Config.Env = []string{"PATH=/app/bin:/usr/bin", "PORT=8080", "LANG=C"}
	assert.Error(t, Nonconformance(contract, image), `user: docker/Dockerfile promises 1000:1000, the image has 1000
environment: docker/Dockerfile promises PORT="5000", the image has "8080"
health check: the image has none`)
	contract.User.GID = -1
	contract.Env["PORT"] = "8080"
	image.Config.Healthcheck = &BuiltHealthCheck{Test: []string{"CMD-SHELL", "curl"}}
	assert.NilError(t, Nonconformance(contract, image))
	image.Config.Env[0] = "PATH=/usr/bin"
	image.Config.Volumes = map[string]any{"/data": nil}
	image.Config.StopSignal = "SIGINT"
	assert.Error(t, Nonconformance(contract, image), `stop signal: docker/Dockerfile promises SIGTERM, the image has SIGINT
volumes: docker/Dockerfile promises [], the image has [/data]
environment: docker/Dockerfile promises PATH="/app/bin:$PATH", the image has "/usr/bin"`)
}
