// Package capability generates capability tokens for Twilio Client, byte for
// byte as Twilio's PHP helper does, and reads them back strictly. A capability
// token is a JSON Web Token (RFC 7519) that allows a browser to make and
// receive calls with a Twilio account. Twilio has deprecated capability tokens
// in favor of Access Tokens, which this package does not make.
//
// Most programs need two calls: [New] at start-up, and
// [Capability.GenerateToken] for each device. The calls between them say what
// the device may do.
//
//	base, err := capability.New(accountSID, authToken)
//	// ...
//	token, err := base.
//		AllowClientIncoming("Alice").
//		AllowClientOutgoing("AP123123", capability.Param("Foo", "Bar")).
//		WithTTL(10 * time.Minute).
//		GenerateToken()
//
// # One Capability for every request
//
// A [Capability] is immutable: each method returns a modified copy. A server
// makes one at start-up, checks [Capability.Err], and derives from it for each
// request, on any number of goroutines. The call c.AllowClientIncoming("Alice")
// alone has no effect; assign its result, or chain the calls.
//
// # What is rejected
//
// A value whose form Twilio would reject with an error 312xx in the browser is
// rejected here, on the server. Whether an account or an application exists,
// only Twilio knows. The value of a parameter may hold any bytes.
//
// Methods return no error, so that they can be chained. The Capability
// remembers the first one, and GenerateToken returns it. A later good value
// does not clear it. Use [errors.Is] to find out which value it was.
//
// # Reading tokens
//
// [Capability.Verify] compares signatures in constant time, before it reads
// anything else. It then rejects what two readers might understand differently:
// a claim that occurs twice, text after the JSON object, a time with a
// fraction. It also reads the tokens of Twilio's helpers for other languages.
// [ParseUnverified] decodes a token without verifying it; do not trust the
// result.
//
// Two things are left to the caller. Verify does not judge the claim "aud". And
// JSON names are case-sensitive, so "ISS" is a claim other than "iss": if
// another program reads the same token, make sure that it does not mix them up.
//
// # The auth token
//
// The auth token signs every token and opens the whole Twilio account, so keep
// it on the server. What New is given, except for the account SID, shows in no
// error, no String method and no verb of package fmt. Where FIPS 140-3 mode is
// enforced (GODEBUG=fips140=only), the auth token must have at least 14
// characters; Twilio's have 32.
package capability
