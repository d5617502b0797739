package benchling

import "net/http"

// tokenSeconds is the life of an access token; Benchling's live 15 minutes.
const tokenSeconds = 900

// The names by which the responses refer to what isn't an entry.
const (
	webURL = "https://rehearsal.benchling.invalid"
	appID  = "app_rehearsal"
)

// AcceptClientSecret has tokens given for this client secret alone, and refuses the
// token of before; "" takes any.
func (a *API) AcceptClientSecret(secret string) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.clientSecret, a.token = secret, RandomText()
}

// ExpireToken makes the token invalid before its time; the next one that is
// asked for is valid.
func (a *API) ExpireToken() {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.token = RandomText()
}

// Token returns the token that is valid now.
func (a *API) Token() string {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.token
}

// Refused returns how many calls had no valid token.
func (a *API) Refused() int {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.refused
}

func (a *API) giveToken(w http.ResponseWriter, r *http.Request) {
	_, secret, _ := r.BasicAuth()
	a.lock.Lock()
	token, taken := a.token, a.clientSecret == "" || secret == a.clientSecret
	a.lock.Unlock()
	if !taken {
		message := "no such client"
		respond(w, http.StatusUnauthorized, map[string]any{"error": map[string]string{
			"type": "invalid_client", "message": message, "userMessage": message,
		}})
		return
	}
	respond(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": tokenSeconds})
}

// authorized refuses what has no valid token.
func (a *API) authorized(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.lock.Lock()
		valid := r.Header.Get("Authorization") == "Bearer "+a.token
		if !valid {
			a.refused++
		}
		a.lock.Unlock()
		if !valid {
			refuse(w, http.StatusUnauthorized, "no valid token")
			return
		}
		handle(w, r)
	}
}
