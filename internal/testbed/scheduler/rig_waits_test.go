package scheduler

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
)

// longest bounds a wait, in fake time.
const longest = 2 * time.Hour

// until waits for something of the service.
func (r *rig) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range int(longest / time.Second) {
		if holds() {
			return
		}
		time.Sleep(time.Second)
	}
	t.Fatalf("%s: not in %s: %v", what, longest, r.messages())
}

// completes waits until a deployment is completed, and is primary.
func (r *rig) completes(t *testing.T, id string) {
	t.Helper()
	r.until(t, id+" completes", func() bool {
		d := r.deployment(t, id)
		return d.Status == "PRIMARY" && d.State == types.DeploymentRolloutStateCompleted
	})
}

func (r *rig) deployment(t *testing.T, id string) Deployment {
	t.Helper()
	for _, d := range r.Deployments() {
		if d.ID == id {
			return d
		}
	}
	t.Fatalf("no deployment %s", id)
	return Deployment{}
}

// of returns the tasks of a definition that ever ran.
func (r *rig) of(definition string) []*member {
	r.fleet.lock.Lock()
	defer r.fleet.lock.Unlock()
	var members []*member
	for _, m := range r.fleet.members {
		if m.definition == definition {
			members = append(members, m)
		}
	}
	return members
}

// untouched says that no task of a definition was stopped or taken from the target group.
func (r *rig) untouched(t *testing.T, definition string) {
	t.Helper()
	for _, m := range r.of(definition) {
		assert.Check(t, m.now().left(), "%s was stopped", m.id)
	}
}

func (r *rig) messages() []string {
	var messages []string
	for _, e := range r.Events() {
		messages = append(messages, strings.TrimPrefix(e.Message, "(service web) "))
	}
	return messages
}

// said says whether the events have one that begins so.
func (r *rig) said(prefix string) int {
	n := 0
	for _, message := range r.messages() {
		if strings.HasPrefix(message, prefix) {
			n++
		}
	}
	return n
}

// at returns when the last event that begins so was.
func (r *rig) at(t *testing.T, prefix string) time.Time {
	t.Helper()
	messages := r.messages()
	for i := len(messages) - 1; i >= 0; i-- {
		if strings.HasPrefix(messages[i], prefix) {
			return r.Events()[i].At
		}
	}
	t.Fatalf("no event %q", prefix)
	return time.Time{}
}
