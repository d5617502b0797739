package benchling

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// TestSignature verifies a webhook with nothing but the published key.
func TestSignature(t *testing.T) {
	key, err := NewKey()
	assert.NilError(t, err)
	server, err := Serve(key, client, nil)
	assert.NilError(t, err)
	defer server.Stop()
	response, err := http.Get("http://" + server.Address + JWKSPath)
	assert.NilError(t, err)
	defer response.Body.Close()
	var set struct {
		Keys []struct{ Kty, Crv, X, Y string }
	}
	assert.NilError(t, json.NewDecoder(response.Body).Decode(&set))
	assert.Equal(t, len(set.Keys), 1)
	assert.Equal(t, set.Keys[0].Kty+" "+set.Keys[0].Crv, "EC P-256")
	x, err := base64.RawURLEncoding.DecodeString(set.Keys[0].X)
	assert.NilError(t, err)
	y, err := base64.RawURLEncoding.DecodeString(set.Keys[0].Y)
	assert.NilError(t, err)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	assert.NilError(t, err)

	body, err := EntryUpdated("appdef_1", "etr_1")
	assert.NilError(t, err)
	webhook, err := key.Sign(body, time.Unix(1700000000, 0))
	assert.NilError(t, err)
	header := http.Header{}
	webhook.SetHeaders(header)
	assert.Equal(t, header.Get("webhook-timestamp"), "1700000000")
	code, found := strings.CutPrefix(header.Get("webhook-signature"), "v1der,")
	assert.Check(t, found)
	signature, err := base64.StdEncoding.DecodeString(code)
	assert.NilError(t, err)
	digest := sha256.Sum256([]byte(header.Get("webhook-id") + ".1700000000." + string(body)))
	assert.Check(t, ecdsa.VerifyASN1(public, digest[:], signature))
}

func TestEmptyHeadersAreNotSent(t *testing.T) {
	header := http.Header{}
	Webhook{ID: "wh_1"}.SetHeaders(header)
	assert.Equal(t, len(header), 2)
}

func TestEvent(t *testing.T) {
	text, err := EntryUpdated("appdef_1", "etr_1")
	assert.NilError(t, err)
	var event struct {
		AppDefinition struct{ ID string }
		Channel       string
		Message       struct{ Type, ResourceID string }
	}
	assert.NilError(t, json.Unmarshal(text, &event))
	assert.Equal(t, event.AppDefinition.ID, "appdef_1")
	assert.Equal(t, event.Channel, "events")
	assert.Equal(t, event.Message.Type, "v2.entry.updated.fields")
	assert.Equal(t, event.Message.ResourceID, "etr_1")
}
