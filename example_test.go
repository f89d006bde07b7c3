package capability_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"
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

// newAccessBase returns one that generates Access Tokens.
func newAccessBase() capability.Capability {
	base, err := capability.NewWithAPIKey("AC123123", "SK123123", "another-secret")
	if err != nil {
		log.Fatal(err)
	}
	return base.WithClock(clock)
}

// The example from the documentation of Twilio's PHP helper, with its token.
func Example() {
	accountSID, authToken := "AC123123", "secret" // from the environment
	base, err := capability.New(accountSID, authToken)
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

// The same calls generate both kinds of token. Only the constructor differs, and
// a program that reads the scopes of one kind reads those of the other.
func Example_twoKinds() {
	old, err := capability.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	access, err := capability.NewWithAPIKey("AC123123", "SK123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	for _, base := range []capability.Capability{old, access} {
		token, err := base.WithClock(clock).AllowClientIncoming("Alice").GenerateToken()
		if err != nil {
			log.Fatal(err)
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			log.Fatal(err)
		}
		claims, err := capability.ParseUnverified(token)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(token)
		fmt.Println(string(payload))
		fmt.Println(claims.Scopes)
	}
	// Output:
	// eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6InNjb3BlOmNsaWVudDppbmNvbWluZz9jbGllbnROYW1lPUFsaWNlIiwiaXNzIjoiQUMxMjMxMjMiLCJleHAiOjE0MDAwMDM2MDB9.df5CZMKuBw8w7QEDWfDMejOsZQfstZoBiX1zV9_Pcww
	// {"scope":"scope:client:incoming?clientName=Alice","iss":"AC123123","exp":1400003600}
	// [scope:client:incoming?clientName=Alice]
	// eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsImN0eSI6InR3aWxpby1mcGE7dj0xIn0.eyJqdGkiOiJTSzEyMzEyMy0xNDAwMDAwMDAwIiwiaXNzIjoiU0sxMjMxMjMiLCJzdWIiOiJBQzEyMzEyMyIsImV4cCI6MTQwMDAwMzYwMCwiZ3JhbnRzIjp7ImlkZW50aXR5IjoiQWxpY2UiLCJ2b2ljZSI6eyJpbmNvbWluZyI6eyJhbGxvdyI6dHJ1ZX19fX0.pxIU-b_sL896oCWKsddgEDPdzoj8cyoLRgxuDx9Z_vQ
	// {"jti":"SK123123-1400000000","iss":"SK123123","sub":"AC123123","exp":1400003600,"grants":{"identity":"Alice","voice":{"incoming":{"allow":true}}}}
	// [scope:client:incoming?clientName=Alice]
}

// While a program moves to Access Tokens, a service can accept both kinds. The
// same works while the auth token or the API key changes.
func Example_acceptBoth() {
	old, access := newBase(), newAccessBase()
	verify := func(token string) (capability.Claims, error) {
		claims, err := access.Verify(token)
		if errors.Is(err, capability.ErrSignature) {
			claims, err = old.Verify(token)
		}
		return claims, err
	}
	for _, base := range []capability.Capability{old, access} {
		token, err := base.AllowClientIncoming("Alice").GenerateToken()
		if err != nil {
			log.Fatal(err)
		}
		claims, err := verify(token)
		fmt.Println(claims.ClientName(), err)
	}
	// Output:
	// Alice <nil>
	// Alice <nil>
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

// An error of New says what is wrong with a credential without showing it.
func ExampleNew() {
	_, err := capability.New("AC123123", "0123456789abcdef\n") // as read from a file
	fmt.Println(err)
	// Output: capability: invalid auth token: byte 16 is not a visible ASCII character: a newline, a space or a quote at the end?
}

func ExampleNewWithAPIKey() {
	accountSID, apiKeySID, apiKeySecret := "AC123123", "SK123123", "secret" // from the environment
	base, err := capability.NewWithAPIKey(accountSID, apiKeySID, apiKeySecret)
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
	// Output: eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsImN0eSI6InR3aWxpby1mcGE7dj0xIn0.eyJqdGkiOiJTSzEyMzEyMy0xNDAwMDAwMDAwIiwiaXNzIjoiU0sxMjMxMjMiLCJzdWIiOiJBQzEyMzEyMyIsImV4cCI6MTQwMDAwMDYwMCwiZ3JhbnRzIjp7ImlkZW50aXR5IjoiQWxpY2UiLCJ2b2ljZSI6eyJpbmNvbWluZyI6eyJhbGxvdyI6dHJ1ZX0sIm91dGdvaW5nIjp7ImFwcGxpY2F0aW9uX3NpZCI6IkFQMTIzMTIzIiwicGFyYW1zIjp7IkZvbyI6IkJhciJ9fX19fQ.ZARtT1m_F0Zis3EZOQWHz5RHpuqdn4QEd9o8ooyODng
}

// The SID and the secret of the key are swapped.
func ExampleNewWithAPIKey_invalid() {
	_, err := capability.NewWithAPIKey("AC123123", "0123456789abcdef0123456789abcdef", "SK123123")
	fmt.Println(err)
	// Output: capability: invalid API key (SID): it has 32 characters, as a secret has: is it swapped with the secret?
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

func ExampleCapability_WithRegion() {
	base := newAccessBase().WithRegion("ie1")
	token, err := base.AllowClientIncoming("Alice").GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	claims, err := base.Verify(token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.APIKeySID, claims.Region)
	// Output: SK123123 ie1
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

// A service whose clock is behind rejects a token that has just become valid. To
// have some leeway, it verifies with a clock that is set forward. Tokens then
// expire earlier by as much. A Capability with such a clock is for verifying only.
func ExampleCapability_WithClock_leeway() {
	token, err := newBase().AllowClientIncoming("Alice").WithNotBefore(clock()).GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	behind := func() time.Time { return clock().Add(-20 * time.Second) } // instead of time.Now
	_, err = newBase().WithClock(behind).Verify(token)
	fmt.Println(err)

	leeway := func() time.Time { return behind().Add(30 * time.Second) }
	_, err = newBase().WithClock(leeway).Verify(token)
	fmt.Println(err)
	// Output:
	// capability: token not yet valid: valid from 2014-05-13T16:53:20Z, 20s away (clock: 2014-05-13T16:53:00Z)
	// <nil>
}

// A server checks its base at start-up. What an Access Token cannot express is
// an error, too.
func ExampleCapability_Err() {
	base := newBase().AllowClientOutgoing("PN123123")
	fmt.Println(base.Err())

	base = newAccessBase().AllowEventStream()
	fmt.Println(base.Err())
	fmt.Println(errors.Is(base.Err(), capability.ErrKind))
	// Output:
	// capability: invalid application SID "PN123123": want AP followed by letters and digits, the SID of a TwiML application
	// capability: wrong kind of token: an Access Token cannot allow the event stream; leave out AllowEventStream
	// true
}

// String shows what a Capability allows, for a log, and no secret.
func ExampleCapability_String() {
	fmt.Println(newBase())
	fmt.Println(newAccessBase().WithRegion("ie1").AllowClientIncoming("Alice"))
	// Output:
	// account AC123123, for 1h0m0s, nothing allowed
	// account AC123123, API key SK123123, region ie1, client Alice, for 1h0m0s, scope:client:incoming?clientName=Alice
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

func ExampleClaims_ClientName() {
	token, err := newAccessBase().WithClientName("Alice").GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	claims, err := capability.ParseUnverified(token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.ClientName(), claims.Scopes)
	// Output: Alice []
}

// Verify does not check the audience. Services that share a secret do it so: a
// token without the claim is rejected, too.
func ExampleClaims_Claim() {
	base := newBase()
	token, err := base.AllowClientIncoming("Alice").WithClaim("aud", "crm").GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	claims, err := base.Verify(token)
	if err != nil {
		log.Fatal(err)
	}
	if audience, ok := claims.Claim("aud"); !ok || audience != "billing" {
		fmt.Println("the token is for another service")
	}
	// Output: the token is for another service
}

// ClaimNames lists the claims that have no field in Claims.
func ExampleClaims_ClaimNames() {
	token, err := newAccessBase().AllowClientIncoming("Alice").WithClaim("role", "agent").GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	claims, err := capability.ParseUnverified(token)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range claims.ClaimNames() {
		value, ok := claims.Claim(name)
		fmt.Println(name, value, ok)
	}
	// Output:
	// role agent true
	// jti SK123123-1400000000 true
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

func ExampleScope_Service() {
	scope, err := capability.ParseScope("scope:stream:subscribe?path=%2F2010-04-01%2FEvents")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope.Service())
	// Output: stream
}

func ExampleScope_Privilege() {
	scope, err := capability.ParseScope("scope:stream:subscribe?path=%2F2010-04-01%2FEvents")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope.Privilege())
	// Output: subscribe
}

// A scope from another source may have a parameter twice. Param returns the
// first one.
func ExampleScope_Param() {
	scope, err := capability.ParseScope("scope:client:incoming?clientName=Alice&clientName=Bob")
	if err != nil {
		log.Fatal(err)
	}
	name, ok := scope.Param("clientName")
	fmt.Println(name, ok)
	// Output: Alice true
}

func ExampleScope_Params() {
	scope, err := capability.ParseScope("scope:client:incoming?clientName=Alice&clientName=Bob")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope.Params())
	// Output: [{clientName Alice} {clientName Bob}]
}

// Other helpers escape differently, which does not change what a scope says.
func ExampleScope_String() {
	scope, err := capability.ParseScope("scope:client:incoming?clientName=Alice%20%7e")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope)
	// Output: scope:client:incoming?clientName=Alice+%7E
}

// JSON and logs show a scope as its URI.
func ExampleScope_MarshalText() {
	scope, err := capability.ParseScope("scope:client:incoming?clientName=Alice")
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"user": 42, "scope": scope})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	// Output: {"scope":"scope:client:incoming?clientName=Alice","user":42}
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
