package taskagent

import (
	"net/http"
	"regexp"
	"sync"

	"benchlingwebhook/internal/process"
)

// Hosts are where AWS's SDKs take credentials from without TLS, and the subnets that have
// them: the first is the agent's on Fargate, the second one EKS's, for a second run of
// the machine.
//
// Source: the reference guide of AWS SDKs and tools, container credential provider.
var Hosts = []struct{ Address, Subnet string }{
	{"169.254.170.2", "169.254.170.0/28"},
	{"169.254.170.23", "169.254.170.16/28"},
}

// Agents are those of several stages, at one address.
type Agents struct {
	*process.LocalServer

	lock   sync.Mutex
	agents []*Agent
}

// Serve returns agents that listen on 127.0.0.1.
func Serve() (*Agents, error) {
	a := &Agents{}
	var err error
	a.LocalServer, err = process.Serve(a)
	return a, err
}

// Add adds an agent.
func (a *Agents) Add(agent *Agent) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.agents = append(a.agents, agent)
}

// taskOf finds the task's ID in a path.
var taskOf = regexp.MustCompile(`^/(?:v2/credentials|api)/([^/]+)`)

// ServeHTTP has the agent respond that knows the task.
func (a *Agents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.lock.Lock()
	agents := append([]*Agent(nil), a.agents...)
	a.lock.Unlock()
	if id := taskOf.FindStringSubmatch(r.URL.Path); id != nil {
		for _, agent := range agents {
			if agent.knows(id[1]) {
				agent.ServeHTTP(w, r)
				return
			}
		}
	}
	respond(w, http.StatusNotFound, map[string]any{"code": "NoIdInRequest", "message": "no such task", "HTTPErrorCode": 404})
}

func (a *Agent) knows(task string) bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.tasks[task].ID != ""
}
