// Package slowclient holds connections to a server as clients do that dawdle, by
// accident or to stop it.
package slowclient

import (
	"context"
	"io"
	"net"
	"time"
)

// pause is between two bytes, and after a connection that couldn't be made.
const pause = time.Second

// Hold sends the start of a request to an address, such as "127.0.0.1:5000", and
// then a byte every second; with an empty start it sends nothing. It connects
// again when the server closes the connection, and returns when the context ends.
func Hold(ctx context.Context, address, start string) {
	for ctx.Err() == nil {
		connection, err := net.DialTimeout("tcp", address, pause)
		if err != nil {
			wait(ctx)
			continue
		}
		dawdle(ctx, connection, start)
		_ = connection.Close()
	}
}

func dawdle(ctx context.Context, connection net.Conn, start string) {
	for text := start; ctx.Err() == nil; text = start[:min(len(start), 1)] {
		if _, err := io.WriteString(connection, text); err != nil {
			return
		}
		wait(ctx)
		if start == "" && closed(connection) {
			return
		}
	}
}

// closed returns whether the server has closed a connection of which nothing is
// expected.
func closed(connection net.Conn) bool {
	_ = connection.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := connection.Read(make([]byte, 1))
	timeout, isNet := err.(net.Error)
	return err != nil && !(isNet && timeout.Timeout())
}

func wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}
