// Package taskagent stands in for ECS's agent on Fargate: a task gets its role's
// credentials there, and protects itself from scale-in.
//
// Source: the guide of Amazon ECS, task IAM role and task scale-in protection
// endpoint; the bounds are those of UpdateTaskProtection in ECS's API.
package taskagent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"benchlingwebhook/internal/testbed/sessions"
)

// action is the right that a task needs to protect itself.
const action = "ecs:UpdateTaskProtection"

// leastMinutes and longestMinutes bound the time that a task may be protected for: up to
// 48 hours.
const (
	leastMinutes   = 1
	longestMinutes = 48 * 60
)

// defaultMinutes is for how long a task is protected that doesn't say.
const defaultMinutes = 2 * 60

// Task is what the agent knows of a task.
type Task struct {
	// ID has 32 hexadecimal digits; ARN is the whole name.
	ID, ARN string
	// Role is the ARN of the task's role.
	Role string
}

// Agent knows the tasks, and which of them are protected.
type Agent struct {
	handler http.Handler

	sessions Sessions
	rights   Rights

	lock  sync.Mutex
	tasks map[string]Task
	given map[string]int
	until map[string]time.Time
	// faults are the requests that ECS would refuse.
	faults []string
}

// Sessions has the credentials of tasks, and Rights knows what they may.
type (
	Sessions interface {
		Get(ctx context.Context, role, task string) (sessions.Session, error)
	}
	Rights interface {
		Allowed(ctx context.Context, role, task, action, resource string) (bool, error)
	}
)

// New returns an agent without tasks.
func New(sessions Sessions, rights Rights) *Agent {
	a := &Agent{
		sessions: sessions, rights: rights,
		tasks: map[string]Task{}, given: map[string]int{}, until: map[string]time.Time{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/credentials/{task}", a.credentials)
	mux.HandleFunc("PUT /api/{task}/task-protection/v1/state", a.update)
	a.handler = mux
	return a
}

// ServeHTTP responds to a task.
func (a *Agent) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Launch takes a task on.
func (a *Agent) Launch(task Task) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.tasks[task.ID] = task
}

// CredentialsPath returns the path of a task's credentials.
func CredentialsPath(id string) string { return "/v2/credentials/" + id }

// Given returns how often a task asked for its credentials.
func (a *Agent) Given(id string) int {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.given[id]
}

// credentials responds with those of a task's role, in the form that AWS's SDKs read.
func (a *Agent) credentials(w http.ResponseWriter, r *http.Request) {
	a.lock.Lock()
	task, found := a.tasks[r.PathValue("task")]
	a.given[task.ID]++
	a.lock.Unlock()
	if !found {
		respond(w, http.StatusNotFound, map[string]any{"code": "NoIdInRequest", "message": "no such task", "HTTPErrorCode": 404})
		return
	}
	session, err := a.sessions.Get(r.Context(), task.Role, task.ID)
	if err != nil {
		respond(w, http.StatusInternalServerError, map[string]any{"code": "InternalServerError", "message": err.Error(), "HTTPErrorCode": 500})
		return
	}
	respond(w, http.StatusOK, map[string]any{
		"RoleArn":         task.Role,
		"AccessKeyId":     session.Credentials.AccessKeyID,
		"SecretAccessKey": session.Credentials.SecretAccessKey,
		"Token":           session.Credentials.SessionToken,
		"Expiration":      session.Credentials.Expires.UTC().Format(time.RFC3339),
	})
}

// Protected returns whether a task is protected now.
func (a *Agent) Protected(task string) bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	return time.Now().Before(a.until[task])
}

// Faults returns the requests that ECS would have refused.
func (a *Agent) Faults() []string {
	a.lock.Lock()
	defer a.lock.Unlock()
	return append([]string(nil), a.faults...)
}

func (a *Agent) update(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		ProtectionEnabled *bool
		ExpiresInMinutes  *int
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&wanted)
	minutes := defaultMinutes
	if wanted.ExpiresInMinutes != nil {
		minutes = *wanted.ExpiresInMinutes
	}
	a.lock.Lock()
	defer a.lock.Unlock()
	task := r.PathValue("task")
	allowed, failure := a.allowed(r.Context(), a.tasks[task])
	if failure != nil || !allowed {
		// Source: as ECS responds to a task without the right.
		a.faults = append(a.faults, fmt.Sprintf("%s: %s: not by its role: %v", task, action, failure))
		respond(w, http.StatusBadRequest, map[string]any{"error": map[string]any{"Arn": task, "Code": "AccessDeniedException", "Message": "User is not authorized to perform: " + action}})
		return
	}
	if err != nil || wanted.ProtectionEnabled == nil || minutes < leastMinutes || minutes > longestMinutes {
		a.faults = append(a.faults, task+": "+r.Method+" "+r.URL.Path)
		respond(w, http.StatusBadRequest, map[string]any{"error": map[string]any{"Arn": task, "Code": "InvalidParameterException", "Message": "refused"}})
		return
	}
	protection := map[string]any{"ProtectionEnabled": *wanted.ProtectionEnabled, "TaskArn": task}
	if *wanted.ProtectionEnabled {
		a.until[task] = time.Now().Add(time.Duration(minutes) * time.Minute)
		protection["ExpirationDate"] = a.until[task].UTC().Format(time.RFC3339)
	} else {
		delete(a.until, task)
	}
	respond(w, http.StatusOK, map[string]any{"protection": protection})
}

// allowed returns whether a task's role may change the task's protection.
func (a *Agent) allowed(ctx context.Context, task Task) (bool, error) {
	if task.ID == "" {
		return false, errors.New("no such task")
	}
	return a.rights.Allowed(ctx, task.Role, task.ID, action, task.ARN)
}

func respond(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content)
}
