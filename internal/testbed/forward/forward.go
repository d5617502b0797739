// Package forward passes TCP connections on. Containers reach this machine by
// their network's gateway, while everything of the rehearsal listens on
// 127.0.0.1 only.
package forward

import (
	"io"
	"net"
	"sync"
)

// Forwarder listens on one address and passes connections on to another.
type Forwarder struct {
	// Address is "HOST:PORT" of the listener.
	Address string

	listener    net.Listener
	lock        sync.Mutex
	connections map[net.Conn]bool
}

// Start listens on an address, whose port 0 is a free one, and passes each connection
// on to target.
func Start(address, target string) (*Forwarder, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	f := &Forwarder{Address: listener.Addr().String(), listener: listener, connections: map[net.Conn]bool{}}
	go f.accept(target)
	return f, nil
}

// Stop closes the listener and every connection.
func (f *Forwarder) Stop() {
	_ = f.listener.Close()
	f.lock.Lock()
	defer f.lock.Unlock()
	for connection := range f.connections {
		_ = connection.Close()
	}
}

func (f *Forwarder) accept(target string) {
	for {
		client, err := f.listener.Accept()
		if err != nil {
			return
		}
		go f.pass(client, target)
	}
}

func (f *Forwarder) pass(client net.Conn, target string) {
	defer f.drop(client)
	f.keep(client)
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer f.drop(server)
	f.keep(server)
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			done <- struct{}{}
		}()
	}
	<-done
}

func (f *Forwarder) keep(connection net.Conn) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.connections[connection] = true
}

func (f *Forwarder) drop(connection net.Conn) {
	_ = connection.Close()
	f.lock.Lock()
	defer f.lock.Unlock()
	delete(f.connections, connection)
}
