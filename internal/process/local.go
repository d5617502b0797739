package process

import (
	"crypto/tls"
	"io"
	"log"
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
func Serve(handler http.Handler) (*LocalServer, error) { return ServeTLS(handler, nil) }

// ServeTLS answers requests by the handler, over TLS unless there is no certificate,
// until the server is stopped.
func ServeTLS(handler http.Handler, certificate *tls.Certificate) (*LocalServer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	if certificate != nil {
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{*certificate}})
	}
	s := &LocalServer{
		Address: address,
		server: &http.Server{
			Handler: handler, ReadHeaderTimeout: 10 * time.Second,
			// A client that doesn't trust the certificate breaks off: nothing to log.
			ErrorLog: log.New(io.Discard, "", 0),
		},
	}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

// Stop closes the listener and every connection.
func (s *LocalServer) Stop() { _ = s.server.Close() }
