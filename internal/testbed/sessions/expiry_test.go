package sessions

import (
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// TestWhoeverKeepsASessionIsRefused has sessions that were replaced, and some that
// nobody asked to replace.
func TestWhoeverKeepsASessionIsRefused(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		session Session
		over    bool
	}{
		"fresh":                  {Session{begun: now}, false},
		"to be renewed":          {Session{begun: now.Add(-Fresh - grace + time.Second)}, false},
		"never renewed":          {Session{begun: now.Add(-longest - time.Second)}, true},
		"replaced just now":      {Session{begun: now.Add(-Fresh), ended: now}, false},
		"replaced some time ago": {Session{begun: now.Add(-Fresh), ended: now.Add(-grace - time.Second)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Sessions{byKey: map[string]*Session{"key": &c.session}}
			assert.Equal(t, s.Expired("key"), c.over)
			assert.Equal(t, s.Refused() == 1, c.over)
			assert.Assert(t, !s.Expired("another's"))
		})
	}
}
