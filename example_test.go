package capability_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"example.com/capability"
)

// clock always returns the same time, so that the examples print the same
// every time.
func clock() time.Time { return time.Unix(1400000000, 0) }

// newBase returns the Capability from which most examples derive.
func newBase() capability.Capability {
	base, err := capability.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	return base.WithClock(clock)
}

// The example from the documentation of Twilio's PHP helper, with its token.
func Example() {
	base, err := capability.New("AC123123", "secret") // the account SID and its auth token
	if err != nil {
		log.Fatal(err)
	}
	base = base.WithClock(clock) // only for this page, so that it prints the same token every time
	token, err := base.
		AllowClientIncoming("Alice").
		AllowClientOutgoing("AP123123", capability.Param("Foo", "Bar")).
		WithTTL(10 * time.Minute).
		GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token)
	// Output: eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6InNjb3BlOmNsaWVudDppbmNvbWluZz9jbGllbnROYW1lPUFsaWNlIHNjb3BlOmNsaWVudDpvdXRnb2luZz9hcHBTaWQ9QVAxMjMxMjMmYXBwUGFyYW1zPUZvbyUzREJhciZjbGllbnROYW1lPUFsaWNlIiwiaXNzIjoiQUMxMjMxMjMiLCJleHAiOjE0MDAwMDA2MDB9.e_b4lHrQpemrtcSgsYhMOn_LtL3nVo3jDbTx8tQT2YE
}

// One Capability, made at start-up, serves all requests. Deriving from it does
// not change it.
func Example_sharedBase() {
	base := newBase().AllowClientOutgoing("AP123123")
	fmt.Println(base.AllowClientIncoming("Alice"))
	fmt.Println(base.AllowClientIncoming("Bob"))
	fmt.Println(base)
	// Output:
	// account AC123123, client Alice, for 1h0m0s, scope:client:outgoing?appSid=AP123123&appParams=&clientName=Alice scope:client:incoming?clientName=Alice
	// account AC123123, client Bob, for 1h0m0s, scope:client:outgoing?appSid=AP123123&appParams=&clientName=Bob scope:client:incoming?clientName=Bob
	// account AC123123, for 1h0m0s, scope:client:outgoing?appSid=AP123123&appParams=
}

// A token endpoint answers only POST requests of users who have logged in, from
// pages of the same site. The client name comes from the session, never from
// the request: whoever chooses the name receives the calls for it.
func Example_tokenEndpoint() {
	base := newBase().WithTTL(10 * time.Minute)
	session := func(*http.Request) (user string, ok bool) { return "Alice", true } // yours

	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-Fetch-Site") != "same-origin" { // sent over HTTPS and on localhost
			http.Error(w, "cross-site request", http.StatusForbidden)
			return
		}
		user, ok := session(r) // yours
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
			log.Print(err) // never shows the auth token
			http.Error(w, "no token", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		json.NewEncoder(w).Encode(map[string]string{"token": token})
	})

	response, request := httptest.NewRecorder(), httptest.NewRequest("POST", "/token", nil)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	mux.ServeHTTP(response, request)
	var body struct{ Token string }
	if err := json.Unmarshal(response.Body.Bytes(), &body); err != nil {
		log.Fatal(err)
	}
	claims, err := base.Verify(body.Token)
	fmt.Println(response.Code, response.Header().Get("Cache-Control"), claims.ClientName(), err)
	// Output: 200 no-store Alice <nil>
}

// A client name that would add a parameter to a scope that is joined from
// strings is rejected. The value of a parameter remains one value.
func Example_noInjection() {
	base := newBase()
	_, err := base.AllowClientIncoming("x&appSid=AP666").GenerateToken()
	fmt.Println(err)
	fmt.Println(base.AllowClientOutgoing("AP123123", capability.Param("Note", "x&clientName=root")))
	// Output:
	// capability: invalid client name "x&appSid=AP666": use one or more of A-Z, a-z, 0-9 and _
	// account AC123123, for 1h0m0s, scope:client:outgoing?appSid=AP123123&appParams=Note%3Dx%2526clientName%253Droot
}

func ExampleNew() {
	_, err := capability.New("AC123123", "0123456789abcdef\n") // as read from a file
	fmt.Println(err)
	// Output: capability: invalid auth token: byte 16 is not a visible ASCII character: a newline, a space or a quote at the end?
}

func ExampleCapability_AllowClientIncoming() {
	fmt.Println(newBase().AllowClientIncoming("Alice"))
	// Output: account AC123123, client Alice, for 1h0m0s, scope:client:incoming?clientName=Alice
}

// Parameters are escaped twice: each name and value, and then the whole list as
// one value of the scope.
func ExampleCapability_AllowClientOutgoing() {
	fmt.Println(newBase().AllowClientOutgoing("AP123123",
		capability.Param("From", "sales & support"),
		capability.Param("Ticket", "42")))
	// Output: account AC123123, for 1h0m0s, scope:client:outgoing?appSid=AP123123&appParams=From%3Dsales%2B%2526%2Bsupport%26Ticket%3D42
}

func ExampleCapability_AllowEventStream() {
	fmt.Println(newBase().AllowEventStream(capability.Param("type", "call")))
	// Output: account AC123123, for 1h0m0s, scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=type%3Dcall
}

func ExampleCapability_WithClientName() {
	fmt.Println(newBase().AllowClientOutgoing("AP123123").WithClientName("Alice"))
	// Output: account AC123123, client Alice, for 1h0m0s, scope:client:outgoing?appSid=AP123123&appParams=&clientName=Alice
}

func ExampleCapability_WithTTL() {
	_, err := newBase().WithTTL(48 * time.Hour).GenerateToken()
	fmt.Println(err)
	// Output: capability: invalid lifetime: the TTL is 48h0m0s; it must be from 1s to 24h0m0s
}

func ExampleCapability_WithExpiry() {
	endOfShift := time.Date(2014, 5, 13, 18, 0, 0, 0, time.UTC)
	fmt.Println(newBase().WithExpiry(endOfShift))
	// Output: account AC123123, until 2014-05-13T18:00:00Z, nothing allowed
}

func ExampleCapability_WithNotBefore() {
	base := newBase()
	token, err := base.WithNotBefore(clock().Add(5 * time.Minute)).GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	_, err = base.Verify(token)
	fmt.Println(err)
	// Output: capability: token not yet valid: valid from 2014-05-13T16:58:20Z, 5m0s away (clock: 2014-05-13T16:53:20Z)
}

// One token can serve Twilio and an API of your own.
func ExampleCapability_WithClaim() {
	base := newBase()
	token, err := base.
		AllowClientIncoming("Alice").
		WithClaim("https://example.com/role", "agent").
		GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	claims, err := base.Verify(token) // in the service that receives the token
	if err != nil {
		log.Fatal(err)
	}
	role, ok := claims.Claim("https://example.com/role")
	fmt.Println(claims.ClientName(), role, ok)
	// Output: Alice agent true
}

// With a clock of its own, a test can see what happens when time has passed.
func ExampleCapability_WithClock() {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	c := newBase().WithClock(func() time.Time { return now }).WithTTL(10 * time.Minute)
	token, err := c.GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	now = now.Add(10*time.Minute - time.Second)
	_, err = c.Verify(token)
	fmt.Println(err)
	now = now.Add(time.Second)
	_, err = c.Verify(token)
	fmt.Println(err)
	// Output:
	// <nil>
	// capability: token expired at 2026-01-02T12:10:00Z, 0s ago (clock: 2026-01-02T12:10:00Z)
}

// errors.Is finds out which value was rejected.
func ExampleCapability_GenerateToken() {
	base := newBase()
	_, err := base.AllowClientIncoming("alice@example.com").GenerateToken()
	if errors.Is(err, capability.ErrClientName) {
		fmt.Println(err)
	}
	// Output: capability: invalid client name "alice@example.com": use one or more of A-Z, a-z, 0-9 and _
}

func ExampleCapability_AppendToken() {
	c := newBase().AllowClientIncoming("Alice")
	body, err := c.AppendToken([]byte("token="))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(body[:42]), len(body))
	// Output: token=eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9 199
}

func ExampleCapability_Verify() {
	base := newBase()
	token, err := base.AllowClientIncoming("Alice").WithTTL(10 * time.Minute).GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	claims, err := base.Verify(token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.ClientName(), "until", claims.ExpiresAt.UTC().Format(time.TimeOnly))

	_, err = base.Verify(token[:len(token)-1])
	fmt.Println(errors.Is(err, capability.ErrSignature))
	// Output:
	// Alice until 17:03:20
	// true
}

// Decoding a token needs no auth token. Do not trust the result.
func ExampleParseUnverified() {
	token, err := newBase().AllowClientOutgoing("AP123123", capability.Param("Foo", "Bar")).GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	claims, err := capability.ParseUnverified(token)
	if err != nil {
		log.Fatal(err)
	}
	for _, scope := range claims.Scopes {
		fmt.Println(scope.Service(), scope.Privilege(), scope.Params())
	}
	// Output: client outgoing [{appSid AP123123} {appParams Foo=Bar}]
}

func ExampleParseScope() {
	scope, err := capability.ParseScope("scope:client:incoming?clientName=alice%40example.com")
	if err != nil {
		log.Fatal(err)
	}
	name, ok := scope.Param("clientName")
	fmt.Println(scope.Service(), scope.Privilege(), name, ok)
	// Output: client incoming alice@example.com true
}

// ParseParams returns the application's parameters in the order of the token.
func ExampleParseParams() {
	scope, err := capability.ParseScope("scope:client:outgoing?appSid=AP123123&appParams=Ticket%3D42%26Note%3Da%2526b")
	if err != nil {
		log.Fatal(err)
	}
	appParams, _ := scope.Param("appParams")
	params, err := capability.ParseParams(appParams)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range params {
		fmt.Println(p.Name, "=", p.Value)
	}
	// Output:
	// Ticket = 42
	// Note = a&b
}
