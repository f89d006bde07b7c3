// Package capability generates capability tokens for Twilio Client, byte for
// byte as Twilio's PHP helper does, and reads them back strictly. A capability
// token is a JSON Web Token (RFC 7519) that allows a browser to make and
// receive calls with a Twilio account. Twilio has deprecated capability tokens
// in favor of Access Tokens, which this package does not make.
//
// Most programs call [New] once, at start-up, and [Capability.GenerateToken]
// for each device. The calls in between say what the device may do.
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
// A malformed value, which Twilio would reject only in the browser, is rejected
// here, on the server. Only Twilio knows whether an account or an application
// exists. The value of a parameter may hold any bytes.
//
// The methods that begin with Allow and With return no error, so that they can
// be chained. The Capability remembers the first error, and GenerateToken
// returns it. A later valid value does not clear it. Use [errors.Is] to find
// out which kind of value was invalid.
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
// Two things are left to the caller. Verify does not check the claim "aud". And
// JSON names are case-sensitive, so "ISS" is a claim other than "iss": if
// another program reads the same token, make sure that it does not mix them up.
//
// # The auth token
//
// The auth token signs every token and gives full access to the Twilio account,
// so keep it on the server. Of what New is given, only the account SID ever
// appears in an error, in the result of a String method or in the output of
// package fmt. Where FIPS 140-3 mode is enforced (GODEBUG=fips140=only), the
// auth token must have at least 14 characters; Twilio's have 32.
package capability
