// Package imagecontract reads the facts that a container image and the
// infrastructure around it share from the one file that states them: the
// Dockerfile's final stage.
package imagecontract

import (
	"fmt"
	"strconv"
	"time"
)

// Contract is what the final stage of a Dockerfile promises to whoever runs the
// image. Every value is expanded: no ENV or ARG reference is left in it.
type Contract struct {
	// File is the Dockerfile's path as it was given to Read.
	File string
	// Port is the one exposed port, 1 to 65535.
	Port int
	// Protocol is "tcp": a target group's health check and listener speak HTTP.
	Protocol string
	// User is the numeric user that the image's processes run as.
	User User
	// HealthCheck is the HEALTHCHECK directive.
	HealthCheck HealthCheck
	// Entrypoint and Command are exec-form argument lists; Entrypoint is nil
	// where the Dockerfile is silent.
	Entrypoint, Command []string
	// WorkingDirectory is absolute; "/" where the Dockerfile is silent.
	WorkingDirectory string
	// Volumes are the declared mount points, sorted.
	Volumes []string
	// Env is the final stage's environment. What depends on the platform is a
	// reference, such as "$TARGETARCH".
	Env map[string]string
	// StopSignal is "SIGTERM" or another spelling of it; empty where the Dockerfile
	// is silent, which means the same.
	StopSignal string `json:",omitempty"`
	// Architecture is the one that --platform fixes, such as "arm64"; empty where
	// the build chooses.
	Architecture string `json:",omitempty"`
	// BaseImages are the images that the stages build on, in file order.
	BaseImages []BaseImage

	// line is that of the final FROM.
	line     int
	platform platform
}

// User is a numeric user and group. GID is -1 where USER names no group,
// which is then the image's own for that user, or 0.
type User struct{ UID, GID int }

// String returns the user as Docker writes it: "uid:gid", or "uid" where USER names
// no group.
func (u User) String() string {
	if u.GID < 0 {
		return strconv.Itoa(u.UID)
	}
	return fmt.Sprintf("%d:%d", u.UID, u.GID)
}

// HealthCheck is a HEALTHCHECK directive, with Docker's defaults where the
// directive is silent: interval 30s, timeout 30s, start period 0s, 3 retries.
type HealthCheck struct {
	// Command begins with "CMD" (exec form) or "CMD-SHELL" (shell form), as in
	// the ECS task definition.
	Command []string
	// Path is the path of the URL that the command probes, such as "/health".
	Path string
	// Query is that URL's query, without the question mark; empty if it has none.
	Query string `json:",omitempty"`
	// Interval, Timeout and StartPeriod are whole seconds.
	Interval, Timeout, StartPeriod time.Duration
	// Retries is the number of consecutive failures that mean unhealthy.
	Retries int
}

// RequestPath returns the path and query that the command asks for.
func (h HealthCheck) RequestPath() string {
	if h.Query == "" {
		return h.Path
	}
	return h.Path + "?" + h.Query
}

// BaseImage is the image that one stage builds on.
type BaseImage struct {
	// Stage is the stage's name, or its index where it has none.
	Stage string
	// Reference is the image as written after FROM.
	Reference string
	// Digest is the reference's digest, "sha256:…".
	Digest string
	// Line is the line of FROM.
	Line int
}
