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
	"strconv"
	"strings"
	"sync"
	"time"
)

// tokenSeconds is the life of an access token; Benchling's live 15 minutes.
const tokenSeconds = 900

// The names by which the notebook's responses refer to what isn't an entry.
const (
	webURL = "https://rehearsal.benchling.invalid"
	appID  = "app_rehearsal"
)

// Notebook is the part of Benchling's API that the worker calls. Every entry and
// every canvas exists, with a content that follows from its ID and from how often
// the entry was edited.
type Notebook struct {
	lock     sync.Mutex
	token    string
	refused  int
	revision map[string]int
	edited   map[string]time.Time
	exports  map[string]export
	started  map[string]int
	asked    map[string]int
	held     map[string]bool
	canvases map[string]*canvas
	// gate is closed when canvases may be updated again; nil while they may.
	gate    chan struct{}
	waiting int
}

// export is what a task exports: an entry as it was when the task began.
type export struct {
	entry    string
	revision int
}

// newNotebook returns a notebook whose exports end at once.
func newNotebook() *Notebook {
	return &Notebook{
		token: RandomText(), revision: map[string]int{}, edited: map[string]time.Time{}, exports: map[string]export{},
		started: map[string]int{}, asked: map[string]int{}, held: map[string]bool{}, canvases: map[string]*canvas{},
	}
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

// HoldExports keeps every export running until it is called again with false.
func (n *Notebook) HoldExports(held bool) { n.HoldExportsOf("", held) }

// HoldExportsOf keeps the exports running of the entries whose IDs begin with a
// prefix, until it is called again with the prefix and false.
func (n *Notebook) HoldExportsOf(prefix string, held bool) {
	n.lock.Lock()
	defer n.lock.Unlock()
	if held {
		n.held[prefix] = true
	} else {
		delete(n.held, prefix)
	}
}

// Exports returns how many exports of an entry were started.
func (n *Notebook) Exports(entry string) int {
	n.lock.Lock()
	defer n.lock.Unlock()
	return n.started[entry]
}

// Asked returns how often the state of an entry's exports was asked for.
func (n *Notebook) Asked(entry string) int {
	n.lock.Lock()
	defer n.lock.Unlock()
	return n.asked[entry]
}

// Edit changes an entry: its name, the time of its last change, and the files of
// the exports that are started from now on. It returns the entry's revision,
// which is 0 before the first edit.
func (n *Notebook) Edit(entry string) int {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.revision[entry]++
	n.edited[entry] = time.Now()
	return n.revision[entry]
}

// Name returns an entry's name, which names its revision.
func (n *Notebook) Name(entry string) string {
	n.lock.Lock()
	defer n.lock.Unlock()
	return name(entry, n.revision[entry])
}

func name(entry string, revision int) string {
	return "Entry " + entry + edit(" edited ", revision)
}

// edit returns how texts name a revision after a text before it; the first has
// none.
func edit(before string, revision int) string {
	if revision == 0 {
		return ""
	}
	return before + strconv.Itoa(revision)
}

// DisplayID returns the name that people see of an entry.
func DisplayID(entry string) string { return "EXP-" + strings.TrimPrefix(entry, "etr_") }

// SmallPrefix begins the IDs of entries with a small export, of which thousands
// fit into a local AWS.
const SmallPrefix = "etr_small"

// Files returns what the export of an entry holds that was never edited, by path.
func Files(entry string) map[string][]byte { return files(export{entry, 0}) }

// FilesOf returns what an export of an entry would hold that was started now.
func (n *Notebook) FilesOf(entry string) map[string][]byte {
	n.lock.Lock()
	defer n.lock.Unlock()
	return files(export{entry, n.revision[entry]})
}

// files returns an export's files. An edit changes the results alone, and the
// document keeps its bytes, so that an unchanged file can be told from a changed one.
func files(e export) map[string][]byte {
	lines := 40_000
	if strings.HasPrefix(e.entry, SmallPrefix) {
		lines = 10
	}
	return map[string][]byte{
		DisplayID(e.entry) + "/entry.pdf": bytes.Repeat([]byte("%PDF of "+e.entry+"\n"), lines),
		"data/results.csv":                []byte("well,value\nA1," + e.entry + edit(" edit ", e.revision) + "\n"),
	}
}

// serve adds the API's routes.
func (n *Notebook) serve(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v2/token", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, map[string]any{"access_token": n.Token(), "token_type": "Bearer", "expires_in": tokenSeconds})
	})
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /api/v2/entries/{id}":        n.getEntry,
		"GET /api/v2/{collection}/{id}":   n.getObject,
		"POST /api/v2/exports":            n.startExport,
		"GET /api/v2/tasks/{id}":          n.getTask,
		"GET /api/v2/app-canvases":        n.listCanvases,
		"POST /api/v2/app-canvases":       n.createCanvas,
		"GET /api/v2/app-canvases/{id}":   n.getCanvas,
		"PATCH /api/v2/app-canvases/{id}": n.updateCanvas,
	} {
		mux.HandleFunc(pattern, n.authorized(handle))
	}
	mux.HandleFunc("GET /downloads/{revision}/{name}", download)
}

func (n *Notebook) startExport(w http.ResponseWriter, r *http.Request) {
	var wanted struct{ ID string }
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		refuse(w, http.StatusBadRequest, "the request isn't JSON")
		return
	}
	task := "task_" + RandomText()
	n.lock.Lock()
	n.exports[task] = export{wanted.ID, n.revision[wanted.ID]}
	n.started[wanted.ID]++
	n.lock.Unlock()
	respond(w, http.StatusAccepted, map[string]any{"taskId": task})
}

func (n *Notebook) getTask(w http.ResponseWriter, r *http.Request) {
	n.lock.Lock()
	e, found := n.exports[r.PathValue("id")]
	n.asked[e.entry]++
	held := false
	for prefix := range n.held {
		held = held || strings.HasPrefix(e.entry, prefix)
	}
	n.lock.Unlock()
	switch {
	case !found:
		refuse(w, http.StatusNotFound, "no such task")
	case held:
		respond(w, http.StatusOK, map[string]any{"status": "RUNNING"})
	default:
		address := fmt.Sprintf("http://%s/downloads/%d/%s.zip", r.Host, e.revision, e.entry)
		respond(w, http.StatusOK, map[string]any{"status": "SUCCEEDED", "response": map[string]string{"downloadURL": address}})
	}
}

// download responds as S3 does: by ranges, and without the API's token.
func download(w http.ResponseWriter, r *http.Request) {
	revision, err := strconv.Atoi(r.PathValue("revision"))
	if err != nil || r.Header.Get("Authorization") != "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	entry := strings.TrimSuffix(r.PathValue("name"), ".zip")
	if zip := hostile(entry); zip != nil {
		http.ServeContent(w, r, "export.zip", time.Time{}, zip)
		return
	}
	content, err := archive(export{entry, revision})
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(content)))
	http.ServeContent(w, r, "export.zip", time.Time{}, bytes.NewReader(content))
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
			refuse(w, http.StatusUnauthorized, "no valid token")
			return
		}
		handle(w, r)
	}
}

func archive(e export) ([]byte, error) {
	var written bytes.Buffer
	w := zip.NewWriter(&written)
	content := files(e)
	// In one order, as it is read by ranges of several requests.
	for _, path := range slices.Sorted(maps.Keys(content)) {
		file, err := w.Create(path)
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(content[path]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return written.Bytes(), err
}

func respond(w http.ResponseWriter, status int, value map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

// refuse responds with an error in Benchling's form.
func refuse(w http.ResponseWriter, status int, message string) {
	respond(w, status, map[string]any{"error": map[string]string{
		"type": "invalid_request_error", "message": message, "userMessage": message,
	}})
}
