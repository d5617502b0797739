package process

import (
	"net"
	"net/http"
	"time"
)

// LocalServer is an HTTP server of this process on a free port of 127.0.0.1.
type LocalServer struct {
	// Address is "127.0.0.1:PORT".
	Address string

	server *http.Server
}

// Serve answers requests by the handler until the server is stopped.
func Serve(handler http.Handler) (*LocalServer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &LocalServer{
		Address: listener.Addr().String(),
		server:  &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
	}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

// Stop closes the listener and every connection.
func (s *LocalServer) Stop() { _ = s.server.Close() }
