package proxy

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
)

// hijack takes the connection of a request from its server.
func hijack(w http.ResponseWriter) net.Conn {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// The task has gone.
		panic(http.ErrAbortHandler)
	}
	return connection
}

// reset ends a connection by a TCP reset: what was sent and not yet read is lost.
func reset(connection net.Conn) {
	below := connection
	if secure, ok := connection.(*tls.Conn); ok {
		below = secure.NetConn()
	}
	if tcp, ok := below.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = below.Close()
}

// hold reads what comes over a connection until the other side or the proxy closes
// it, and never responds.
func (p *Proxy) hold(connection net.Conn) {
	p.lock.Lock()
	p.held = append(p.held, connection)
	p.lock.Unlock()
	go func() {
		_, _ = io.Copy(io.Discard, connection)
		_ = connection.Close()
	}()
}

// recorder keeps a response.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: http.Header{}, status: http.StatusOK} }

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// Write implements http.ResponseWriter.
func (r *recorder) Write(content []byte) (int, error) { return r.body.Write(content) }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if status >= http.StatusOK {
		r.status = status
	}
}

// written returns the response to a request as it is sent.
func (r *recorder) written(request *http.Request) []byte {
	var sent bytes.Buffer
	length := int64(r.body.Len())
	if request.Method == http.MethodHead {
		length, _ = strconv.ParseInt(r.header.Get("Content-Length"), 10, 64)
	}
	response := http.Response{
		StatusCode: r.status, ProtoMajor: 1, ProtoMinor: 1, Header: r.header, Request: request,
		ContentLength: length, Body: io.NopCloser(bytes.NewReader(r.body.Bytes())),
	}
	_ = response.Write(&sent)
	return sent.Bytes()
}
