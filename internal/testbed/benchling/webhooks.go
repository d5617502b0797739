package benchling

import (
	"encoding/json"
	"time"
)

// The people and features that the stand-in's webhooks name.
const (
	featureID = "feature_rehearsal"
	userID    = "ent_rehearsal"
)

// EntryUpdated returns the body of an event: the fields of an entry changed.
func EntryUpdated(appDefinition, entry string) ([]byte, error) {
	message := event("v2.entry.updated.fields", entry)
	message["updates"] = []string{"fields.Sample"}
	return envelope(appDefinition, "events", message)
}

// EntryReviewed returns the body of an event: an entry's review record changed,
// as at its sign-off.
func EntryReviewed(appDefinition, entry string) ([]byte, error) {
	return envelope(appDefinition, "events", event("v2.entry.updated.reviewRecord", entry))
}

// EntryCreated returns the body of an event: an entry was created.
func EntryCreated(appDefinition, entry string) ([]byte, error) {
	return envelope(appDefinition, "events", event("v2.entry.created", entry))
}

// EntryCreatedV3 returns the body of an event of the third version: an entry was
// created.
func EntryCreatedV3(appDefinition, entry string) ([]byte, error) {
	return envelope(appDefinition, "events", map[string]any{
		"type": "v3.entry.created", "deprecated": false, "id": "evt_" + RandomText(),
		"resourceId": entry, "createdAt": now(), "stability": "stable",
	})
}

// ButtonPressed returns the body of a signal: somebody pressed a button on a canvas.
func ButtonPressed(appDefinition, canvas, button string) ([]byte, error) {
	message := signal("v2.canvas.userInteracted")
	message["canvasId"], message["buttonId"] = canvas, button
	return envelope(appDefinition, "app_signals", message)
}

// CanvasCreated returns the body of a signal: a canvas was put into an entry.
func CanvasCreated(appDefinition, canvas string) ([]byte, error) {
	return canvasCreated("v2.canvas.created", appDefinition, canvas)
}

// CanvasCreatedBeta returns the body of CanvasCreated by its deprecated type.
func CanvasCreatedBeta(appDefinition, canvas string) ([]byte, error) {
	return canvasCreated("v2-beta.canvas.created", appDefinition, canvas)
}

// CanvasInitialized returns the body of a signal: somebody asked for a canvas in
// an entry, which the app creates.
func CanvasInitialized(appDefinition, entry string) ([]byte, error) {
	message := signal("v2.canvas.initialized")
	message["resourceId"] = entry
	return envelope(appDefinition, "app_signals", message)
}

// AppInstalled returns the body of a signal: the app was installed on a tenant.
func AppInstalled(appDefinition string) ([]byte, error) {
	return envelope(appDefinition, "app_signals", map[string]any{"type": "v2.app.installed", "deprecated": false})
}

func canvasCreated(kind, appDefinition, canvas string) ([]byte, error) {
	message := signal(kind)
	message["canvasId"] = canvas
	return envelope(appDefinition, "app_signals", message)
}

// event returns what all events of the second version have.
func event(kind, resource string) map[string]any {
	return map[string]any{
		"type": kind, "deprecated": false, "id": "evt_" + RandomText(),
		"resourceId": resource, "createdAt": now(), "schema": map[string]any{"id": "assaysch_rehearsal"},
	}
}

// signal returns what all signals about a canvas have.
func signal(kind string) map[string]any {
	return map[string]any{"type": kind, "deprecated": false, "featureId": featureID, "userId": userID}
}

func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }

// envelope returns a message as Benchling sends it.
func envelope(appDefinition, channel string, message map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{
		"version":       "0",
		"baseURL":       webURL,
		"tenantId":      "ten_rehearsal",
		"app":           map[string]string{"id": appID},
		"appDefinition": map[string]string{"id": appDefinition, "versionNumber": "1.0.0"},
		"channel":       channel,
		"message":       message,
	})
}
