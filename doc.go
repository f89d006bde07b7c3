// Package capability generates Twilio Client capability tokens, byte for byte as Twilio's own PHP helper does, and reads
// them back strictly. A capability token is a JSON Web Token (RFC 7519) by which a browser or a phone may receive and
// make calls with a Twilio account. Twilio has deprecated it in favour of Access Tokens, which this package does not make.
//
// Most programs need two calls: [New] once, at start-up, and [Capability.GenerateToken] for each device, with what the
// device may do between them.
//
//	base, err := capability.New(accountSID, authToken)
//	// ...
//	token, err := base.
//		AllowClientIncoming("Alice").
//		AllowClientOutgoing("AP123123", capability.Param("Foo", "Bar")).
//		WithTTL(10 * time.Minute).
//		GenerateToken()
//
// # One value for every request
//
// A [Capability] never changes: each method returns a changed copy. So one value can be shared by all goroutines, and
// what is derived from it for one user never shows in what is derived for another.
//
// # What is refused
//
// A value of a form that Twilio would refuse with an error 312xx in the browser is refused here, as is one with which a
// scope would grant more than was meant: see the errors. Methods do not return the error, so that calls can be chained;
// GenerateToken returns the first. [errors.Is] tells which value it was, and the message quotes it.
//
// Parameters may have any bytes for a value. They are escaped twice, as Twilio expects it: once as a form, and that form
// once more as one value of the scope.
//
// # Reading
//
// [Capability.Verify] checks the signature before anything else, in constant time, and then refuses what two readers might
// take differently: a member that occurs twice, text behind the object, a time with a fraction. It reads the tokens of
// Twilio's other helpers too. [ParseUnverified] shows what a token says and proves nothing.
//
// # The auth token
//
// The auth token signs every token and opens the whole Twilio account. Keep it on the server: a device gets tokens, and
// can read but not change them. No error of New, no String method and no verb of package fmt shows it. Where FIPS 140-3
// mode is enforced (GODEBUG=fips140=only), it needs 14 characters; those of Twilio have 32.
package capability
