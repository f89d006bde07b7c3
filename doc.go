// Package capability generates and verifies tokens for Twilio Client. A token
// allows a browser that runs Twilio's Voice JavaScript SDK to make and receive
// phone calls with a Twilio account. The package makes both kinds of token from
// the same calls, byte for byte as Twilio's PHP helper does, with few exceptions.
//
// Most programs call [New] or [NewWithAPIKey] once, at start-up, and
// [Capability.GenerateToken] for each device. The calls in between say what the
// device may do.
//
//	base, err := capability.New(accountSID, authToken)
//	// for Access Tokens: NewWithAPIKey(accountSID, apiKeySID, apiKeySecret)
//	// ...
//	token, err := base.
//		AllowClientIncoming("Alice").
//		AllowClientOutgoing("AP123123", capability.Param("Foo", "Bar")).
//		WithTTL(10 * time.Minute).
//		GenerateToken()
//
// # Two kinds of token
//
// A capability token is signed with the auth token of the account, and an Access
// Token with the secret of an API key, which can be revoked. Twilio has
// deprecated capability tokens; use Access Tokens for anything new. Both are JSON
// Web Tokens (RFC 7519), and the browser uses them alike.
//
// An Access Token has exactly one client name, its identity. It has at most one
// TwiML application, no event stream, and parameters in valid UTF-8. Asking for
// anything else is an error; nothing is dropped silently.
//
// # One Capability for every request
//
// A [Capability] is immutable: each method returns a modified copy. A server
// makes one at start-up, checks [Capability.Err], and derives from it for each
// request, on any number of goroutines. The call c.AllowClientIncoming("Alice")
// alone has no effect; assign its result, or chain the calls.
//
// The methods that begin with Allow and With return no error, so that they can
// be chained. The Capability remembers the first error, and GenerateToken
// returns it. Malformed values, which Twilio would reject only in the browser,
// are rejected on the server. Only Twilio knows whether an account, a key or an
// application exists.
//
// # Reading tokens
//
// [Capability.Verify] compares signatures in constant time, before it reads
// anything else. It then rejects what two parsers might interpret differently:
// a claim that occurs twice, text after the JSON object, a time with a
// fraction. It also reads the tokens of Twilio's helpers for other languages,
// with few exceptions, which docs/migrating.md lists. [ParseUnverified] decodes
// a token without verifying it; do not trust the result.
//
// # Secrets
//
// Keep auth tokens and API key secrets on the server. Of what a constructor is
// given, only the SIDs appear in an error of a method, in the result of String
// or in the output of package fmt. Where FIPS 140-3 mode is enforced
// (GODEBUG=fips140=only), a secret must have at least 14 characters; Twilio's
// have 32.
package capability
