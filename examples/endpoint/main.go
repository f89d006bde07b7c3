// Endpoint is a server that gives its users tokens.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"time"

	"example.com/capability"
)

func main() {
	base, err := capability.NewWithAPIKey(
		os.Getenv("TWILIO_ACCOUNT_SID"),
		os.Getenv("TWILIO_API_KEY"),
		os.Getenv("TWILIO_API_SECRET"),
	) // for capability tokens: New(accountSID, authToken)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", routes(base)))
}

func routes(base capability.Capability) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		// Browsers send this over HTTPS and on localhost, Safari since 16.4.
		if r.Header.Get("Sec-Fetch-Site") != "same-origin" {
			http.Error(w, "cross-site request", http.StatusForbidden)
			return
		}
		user, ok := session(r)
		if !ok {
			http.Error(w, "log in first", http.StatusUnauthorized)
			return
		}
		token, err := base.
			AllowClientIncoming(user).
			AllowClientOutgoing("AP123123", capability.Param("User", user)).
			WithTTL(10 * time.Minute).
			GenerateToken()
		if err != nil {
			log.Print(err) // shows no secret
			http.Error(w, "no token", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		json.NewEncoder(w).Encode(map[string]string{"token": token})
	})
	return mux
}

// session returns the client name of the user who has logged in. Yours reads it
// from the session cookie.
func session(r *http.Request) (user string, ok bool) { return "Alice", true }
