package slowclient

import (
	"context"
	"net"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

func TestHoldComesAgainAndEndsWithItsContext(t *testing.T) {
	for _, start := range []string{"", "GET /"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		assert.NilError(t, err)
		ctx, end := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			Hold(ctx, listener.Addr().String(), start)
			close(ended)
		}()
		for range 2 {
			connection, err := listener.Accept()
			assert.NilError(t, err)
			got := make([]byte, len(start))
			_ = connection.SetReadDeadline(time.Now().Add(5 * time.Second))
			if start != "" {
				_, err = connection.Read(got)
				assert.NilError(t, err)
			}
			assert.Equal(t, string(got), start)
			assert.NilError(t, connection.Close())
		}
		end()
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			t.Fatal("Hold goes on after its context ended")
		}
		assert.NilError(t, listener.Close())
	}
}
