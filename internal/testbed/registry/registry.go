// Package registry serves a container registry on 127.0.0.1, in this process.
package registry

import (
	"io"
	"log"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"

	"benchlingwebhook/internal/process"
)

// Registry is a running registry.
type Registry struct {
	// Host is "127.0.0.1:PORT", which engines trust without TLS.
	Host string

	server *process.LocalServer
}

// Start serves a registry whose layers are files of dir, which it creates.
func Start(dir string) (*Registry, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	handler := registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(dir)), registry.Logger(log.New(io.Discard, "", 0)))
	server, err := process.Serve(handler)
	if err != nil {
		return nil, err
	}
	return &Registry{Host: server.Address, server: server}, nil
}

// Stop closes the registry; what was pushed to it stays on disk.
func (r *Registry) Stop() {
	r.server.Stop()
}
