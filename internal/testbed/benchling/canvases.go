package benchling

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// canvas is an app's canvas in an entry.
type canvas struct {
	entry   string
	blocks  any
	enabled bool
	// data is what the app keeps with the canvas, unseen: nil or a string.
	data any
	// updates are what it was updated with, and at when.
	updates []map[string]any
	at      []time.Time
}

// PlaceCanvas puts a canvas into an entry. One that wasn't placed is in the entry
// whose ID ends alike: "cnvs_1" is in "etr_1".
func (n *Notebook) PlaceCanvas(id, entry string) {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.canvas(id).entry = entry
}

// CanvasesOf returns the IDs of the canvases in an entry.
func (n *Notebook) CanvasesOf(entry string) []string {
	n.lock.Lock()
	defer n.lock.Unlock()
	var found []string
	for _, id := range slices.Sorted(maps.Keys(n.canvases)) {
		if n.canvases[id].entry == entry {
			found = append(found, id)
		}
	}
	return found
}

// Drawn returns what a canvas was created or updated with, in order.
func (n *Notebook) Drawn(id string) []map[string]any {
	n.lock.Lock()
	defer n.lock.Unlock()
	return slices.Clone(n.canvas(id).updates)
}

// DrawnAt returns when a canvas was created or updated, in the order of Drawn.
func (n *Notebook) DrawnAt(id string) []time.Time {
	n.lock.Lock()
	defer n.lock.Unlock()
	return slices.Clone(n.canvas(id).at)
}

// HoldCanvases lets updates of canvases wait, unrecorded, until it is called again
// with false. What a client gives up meanwhile never happens.
func (n *Notebook) HoldCanvases(held bool) {
	n.lock.Lock()
	defer n.lock.Unlock()
	switch {
	case held && n.gate == nil:
		n.gate = make(chan struct{})
	case !held && n.gate != nil:
		close(n.gate)
		n.gate = nil
	}
}

// HeldCanvases returns how many updates wait now.
func (n *Notebook) HeldCanvases() int {
	n.lock.Lock()
	defer n.lock.Unlock()
	return n.waiting
}

// canvas returns a canvas; the lock must be held.
func (n *Notebook) canvas(id string) *canvas {
	found := n.canvases[id]
	if found == nil {
		found = &canvas{entry: "etr_" + strings.TrimPrefix(id, "cnvs_"), blocks: []any{}, enabled: true}
		n.canvases[id] = found
	}
	return found
}

// pass waits while canvases are held, and says whether the client waited too.
func (n *Notebook) pass(r *http.Request) bool {
	n.lock.Lock()
	gate := n.gate
	if gate != nil {
		n.waiting++
	}
	n.lock.Unlock()
	if gate == nil {
		return true
	}
	defer func() {
		n.lock.Lock()
		defer n.lock.Unlock()
		n.waiting--
	}()
	select {
	case <-gate:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (n *Notebook) getCanvas(w http.ResponseWriter, r *http.Request) {
	n.lock.Lock()
	value := n.canvas(r.PathValue("id")).value(r.PathValue("id"))
	n.lock.Unlock()
	respond(w, http.StatusOK, returning(r, value))
}

func (n *Notebook) listCanvases(w http.ResponseWriter, r *http.Request) {
	n.lock.Lock()
	found := []any{}
	for _, id := range slices.Sorted(maps.Keys(n.canvases)) {
		if entry := r.URL.Query().Get("resourceId"); entry == "" || entry == n.canvases[id].entry {
			found = append(found, n.canvases[id].value(id))
		}
	}
	n.lock.Unlock()
	respond(w, http.StatusOK, map[string]any{"appCanvases": found, "nextToken": ""})
}

func (n *Notebook) updateCanvas(w http.ResponseWriter, r *http.Request) {
	n.draw(w, r, r.PathValue("id"), http.StatusOK)
}

func (n *Notebook) createCanvas(w http.ResponseWriter, r *http.Request) {
	n.draw(w, r, "cnvs_"+RandomText(), http.StatusCreated)
}

// draw records a canvas's update and responds with the canvas.
func (n *Notebook) draw(w http.ResponseWriter, r *http.Request, id string, status int) {
	var update map[string]any
	if err := json.NewDecoder(r.Body).Decode(&update); err != nil {
		refuse(w, http.StatusBadRequest, "the request isn't JSON")
		return
	}
	if !n.pass(r) {
		return
	}
	n.lock.Lock()
	drawn := n.canvas(id)
	drawn.updates = append(drawn.updates, update)
	drawn.at = append(drawn.at, time.Now())
	if blocks, found := update["blocks"]; found {
		drawn.blocks = blocks
	}
	if enabled, found := update["enabled"].(bool); found {
		drawn.enabled = enabled
	}
	if data, found := update["data"]; found {
		drawn.data = data
	}
	if entry, found := update["resourceId"].(string); found {
		drawn.entry = entry
	}
	value := drawn.value(id)
	n.lock.Unlock()
	respond(w, status, value)
}

// value returns the canvas as the API does; the notebook's lock must be held.
func (c *canvas) value(id string) map[string]any {
	return map[string]any{
		"id": id, "app": map[string]string{"id": appID}, "featureId": featureID, "resourceId": c.entry,
		"blocks": c.blocks, "enabled": c.enabled, "archiveRecord": nil, "data": c.data, "sessionId": nil,
	}
}
