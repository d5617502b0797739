// Package taskagent stands in for the endpoint by which a task on ECS protects
// itself from scale-in.
//
// Source: the guide of Amazon ECS, task scale-in protection endpoint; the bounds
// are those of UpdateTaskProtection in ECS's API.
package taskagent

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"benchlingwebhook/internal/process"
)

// longestMinutes is the longest that a task may be protected for: 48 hours.
const longestMinutes = 48 * 60

// defaultMinutes is for how long a task is protected that doesn't say.
const defaultMinutes = 2 * 60

// Agent knows which tasks are protected.
type Agent struct {
	// LocalServer has the address; a task's own is "http://ADDRESS/api/TASK".
	*process.LocalServer

	lock  sync.Mutex
	until map[string]time.Time
	// faults are the requests that ECS would refuse.
	faults []string
}

// Serve returns an agent that listens on 127.0.0.1.
func Serve() (*Agent, error) {
	a := &Agent{until: map[string]time.Time{}}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /api/{task}/task-protection/v1/state", a.update)
	var err error
	a.LocalServer, err = process.Serve(mux)
	return a, err
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
	if err != nil || wanted.ProtectionEnabled == nil || minutes < 1 || minutes > longestMinutes {
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

func respond(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content)
}
