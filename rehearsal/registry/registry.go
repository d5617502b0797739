// Package registry serves a container registry on 127.0.0.1, in this process.
package registry

import (
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Registry is a running registry.
type Registry struct {
	// Host is "127.0.0.1:PORT", which engines trust without TLS.
	Host string

	server *http.Server
}

// Start serves a registry whose layers are files of dir, which it creates.
func Start(dir string) (*Registry, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	handler := registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(dir)), registry.Logger(log.New(io.Discard, "", 0)))
	r := &Registry{
		Host:   listener.Addr().String(),
		server: &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
	}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

// Stop closes the registry; what was pushed to it stays on disk.
func (r *Registry) Stop() {
	_ = r.server.Close()
}
