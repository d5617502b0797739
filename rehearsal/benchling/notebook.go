package benchling

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// tokenSeconds is the life of an access token; Benchling's live 15 minutes.
const tokenSeconds = 900

// Notebook is the part of Benchling's API that the worker calls. Every entry
// exists, with a content that follows from its ID.
type Notebook struct {
	lock    sync.Mutex
	token   string
	entries map[string]string
	asked   map[string]int
	drawn   map[string][]map[string]any
	refused int
	held    bool
}

// newNotebook returns a notebook whose exports end at once.
func newNotebook() *Notebook {
	return &Notebook{token: RandomText(), entries: map[string]string{}, asked: map[string]int{}, drawn: map[string][]map[string]any{}}
}

// ExpireToken makes the token invalid before its time; the next one that is
// asked for is valid.
func (n *Notebook) ExpireToken() {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.token = RandomText()
}

// Token returns the token that is valid now.
func (n *Notebook) Token() string {
	n.lock.Lock()
	defer n.lock.Unlock()
	return n.token
}

// Refused returns how many calls had no valid token.
func (n *Notebook) Refused() int {
	n.lock.Lock()
	defer n.lock.Unlock()
	return n.refused
}

// Drawn returns what a canvas was updated with, in order.
func (n *Notebook) Drawn(canvas string) []map[string]any {
	n.lock.Lock()
	defer n.lock.Unlock()
	return n.drawn[canvas]
}

// HoldExports keeps exports running until it is called again with false.
func (n *Notebook) HoldExports(held bool) {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.held = held
}

// Asked returns how often the state of an entry's exports was asked for.
func (n *Notebook) Asked(entry string) int {
	n.lock.Lock()
	defer n.lock.Unlock()
	return n.asked[entry]
}

// DisplayID returns the name that people see of an entry.
func DisplayID(entry string) string { return "EXP-" + strings.TrimPrefix(entry, "etr_") }

// SmallPrefix begins the IDs of entries with a small export, of which thousands
// fit into a local AWS.
const SmallPrefix = "etr_small"

// Files returns what an entry's export holds, by path.
func Files(entry string) map[string][]byte {
	lines := 40_000
	if strings.HasPrefix(entry, SmallPrefix) {
		lines = 10
	}
	return map[string][]byte{
		DisplayID(entry) + "/entry.pdf": bytes.Repeat([]byte("%PDF of "+entry+"\n"), lines),
		"data/results.csv":              []byte("well,value\nA1," + entry + "\n"),
	}
}

// serve adds the API's routes.
func (n *Notebook) serve(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v2/token", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"access_token": n.Token(), "token_type": "Bearer", "expires_in": tokenSeconds})
	})
	mux.HandleFunc("GET /api/v2/entries/{entry}", n.authorized(func(w http.ResponseWriter, r *http.Request) {
		entry := r.PathValue("entry")
		answer(w, http.StatusOK, map[string]any{"entry": map[string]any{
			"id": entry, "displayId": DisplayID(entry), "name": "Entry " + entry, "webURL": "https://rehearsal.benchling.invalid/" + entry,
		}})
	}))
	mux.HandleFunc("POST /api/v2/exports", n.authorized(func(w http.ResponseWriter, r *http.Request) {
		var wanted struct{ ID string }
		if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
			answer(w, http.StatusBadRequest, map[string]any{})
			return
		}
		task := RandomText()
		n.lock.Lock()
		n.entries[task] = wanted.ID
		n.lock.Unlock()
		answer(w, http.StatusAccepted, map[string]any{"taskId": task})
	}))
	mux.HandleFunc("GET /api/v2/tasks/{task}", n.authorized(func(w http.ResponseWriter, r *http.Request) {
		n.lock.Lock()
		entry, held := n.entries[r.PathValue("task")], n.held
		n.asked[entry]++
		n.lock.Unlock()
		if held {
			answer(w, http.StatusOK, map[string]any{"status": "RUNNING"})
			return
		}
		address := fmt.Sprintf("http://%s/downloads/%s.zip", r.Host, entry)
		answer(w, http.StatusOK, map[string]any{"status": "SUCCEEDED", "response": map[string]string{"downloadURL": address}})
	}))
	mux.HandleFunc("PATCH /api/v2/app-canvases/{canvas}", n.authorized(n.draw))
	mux.HandleFunc("GET /downloads/{name}", func(w http.ResponseWriter, r *http.Request) {
		// As from S3: by ranges, and without the API's token.
		if r.Header.Get("Authorization") != "" {
			answer(w, http.StatusBadRequest, map[string]any{})
			return
		}
		content, err := archive(strings.TrimSuffix(r.PathValue("name"), ".zip"))
		if err != nil {
			answer(w, http.StatusInternalServerError, map[string]any{})
			return
		}
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(content)))
		http.ServeContent(w, r, "export.zip", time.Time{}, bytes.NewReader(content))
	})
}

// authorized refuses what has no token of this notebook.
func (n *Notebook) authorized(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n.lock.Lock()
		valid := r.Header.Get("Authorization") == "Bearer "+n.token
		if !valid {
			n.refused++
		}
		n.lock.Unlock()
		if !valid {
			answer(w, http.StatusUnauthorized, map[string]any{})
			return
		}
		handle(w, r)
	}
}

// draw records a canvas's update and answers with the canvas.
func (n *Notebook) draw(w http.ResponseWriter, r *http.Request) {
	var update map[string]any
	if err := json.NewDecoder(r.Body).Decode(&update); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{})
		return
	}
	canvas := r.PathValue("canvas")
	n.lock.Lock()
	n.drawn[canvas] = append(n.drawn[canvas], update)
	n.lock.Unlock()
	answer(w, http.StatusOK, map[string]any{
		"id": canvas, "blocks": update["blocks"], "enabled": true, "featureId": "feature", "resourceId": "",
		"app": map[string]string{"id": "app_rehearsal"}, "archiveRecord": nil,
	})
}

func archive(entry string) ([]byte, error) {
	var content bytes.Buffer
	w := zip.NewWriter(&content)
	files := Files(entry)
	// In one order, as it is read by ranges of several requests.
	for _, path := range slices.Sorted(maps.Keys(files)) {
		file, err := w.Create(path)
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(files[path]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return content.Bytes(), err
}

func answer(w http.ResponseWriter, status int, value map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
