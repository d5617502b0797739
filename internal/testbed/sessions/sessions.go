// Package sessions hands out credentials of roles as ECS does for its tasks, and
// knows whose a key is.
package sessions

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"crypto/rand"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	// life is how long a session says that it holds. AWS's SDK for Python asks for the
	// next from 15 minutes before the end on, so here after Fresh. On ECS it is hours.
	life = 15*time.Minute + Fresh
	// Fresh is how long the same session is handed out.
	Fresh = time.Minute
	// grace is how long a session is taken after another was handed out in its place:
	// calls that are under way have it. A task that keeps the first one fails.
	grace = 30 * time.Second
	// longest is how long a session is taken for which nobody asked again: a task that
	// keeps what it was given fails, too. Both services call AWS every few seconds, so
	// that theirs is renewed soon after Fresh.
	longest = Fresh + grace
)

// Session is what a task has of a role.
type Session struct {
	Credentials aws.Credentials
	// Role is the ARN of the role, Task the ID of the task.
	Role, Task string

	begun time.Time
	ended time.Time
}

// Sessions has those of all tasks. It is safe for concurrent use.
type Sessions struct {
	sts *sts.Client

	lock    sync.Mutex
	current map[[2]string]*Session
	byKey   map[string]*Session
	refused int
}

// New returns no sessions. The configuration is of the account's root, whose calls
// the local AWS takes for ECS's.
func New(config aws.Config) *Sessions {
	return &Sessions{sts: sts.NewFromConfig(config), current: map[[2]string]*Session{}, byKey: map[string]*Session{}}
}

// NewTask returns a fresh ID of a task.
func NewTask() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return hex.EncodeToString(id)
}

// Get returns the session of a role for a task. It is a new one when the one before
// is no longer fresh.
func (s *Sessions) Get(ctx context.Context, role, task string) (Session, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	last := s.current[[2]string{role, task}]
	if last != nil && time.Since(last.begun) < Fresh {
		return *last, nil
	}
	response, err := s.sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String(role), RoleSessionName: aws.String(task), DurationSeconds: aws.Int32(int32(life.Seconds())),
	})
	if err != nil {
		return Session{}, fmt.Errorf("role %s: ECS can't assume it: look at its trust policy: %w", role, err)
	}
	given := response.Credentials
	session := &Session{Role: role, Task: task, begun: time.Now(), Credentials: aws.Credentials{
		AccessKeyID:     aws.ToString(given.AccessKeyId),
		SecretAccessKey: aws.ToString(given.SecretAccessKey),
		SessionToken:    aws.ToString(given.SessionToken),
		CanExpire:       true,
		Expires:         aws.ToTime(given.Expiration),
	}}
	if last != nil {
		last.ended = session.begun
	}
	s.current[[2]string{role, task}] = session
	s.byKey[session.Credentials.AccessKeyID] = session
	return *session, nil
}

// Provider returns the credentials of a role for a task, as an AWS client asks for them.
func (s *Sessions) Provider(role, task string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		session, err := s.Get(ctx, role, task)
		return session.Credentials, err
	})
}

// Of returns the session that a key is of.
func (s *Sessions) Of(key string) (Session, bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	session := s.byKey[key]
	if session == nil {
		return Session{}, false
	}
	return *session, true
}

// Expired returns whether the session of a key is over, and counts it.
func (s *Sessions) Expired(key string) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	session := s.byKey[key]
	over := session != nil && (time.Since(session.begun) > longest || !session.ended.IsZero() && time.Since(session.ended) > grace)
	if over {
		s.refused++
	}
	return over
}

// Refused returns how many calls had a session that was over.
func (s *Sessions) Refused() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.refused
}

// Renewed returns how many tasks have had more than one session of a role.
func (s *Sessions) Renewed(role string) int {
	s.lock.Lock()
	defer s.lock.Unlock()
	tasks := map[string]bool{}
	for _, session := range s.byKey {
		if session.Role == role && !session.ended.IsZero() {
			tasks[session.Task] = true
		}
	}
	return len(tasks)
}
