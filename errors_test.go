package capability_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"example.com/capability"
)

var sentinels = []error{
	capability.ErrAccountSID, capability.ErrAuthToken, capability.ErrClientName, capability.ErrApplicationSID,
	capability.ErrParam, capability.ErrTTL, capability.ErrClaim,
	capability.ErrMalformed, capability.ErrAlgorithm, capability.ErrSignature, capability.ErrIssuer,
	capability.ErrExpired, capability.ErrNotYetValid, capability.ErrScope,
}

// checkReason checks that err, which is about what, matches that sentinel and
// no other.
func checkReason(t *testing.T, what string, err, want error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s is accepted, want %v", abbreviate(what), want)
	}
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) != (sentinel == want) {
			t.Errorf("the error about %s is\n\t%v\nwhich should be this alone:\n\t%v", abbreviate(what), err, want)
			return
		}
	}
}

// checkMessage checks what is true of all messages.
func checkMessage(t *testing.T, err error) {
	t.Helper()
	text := fmt.Sprint(err)
	unprintable := strings.IndexFunc(text, func(r rune) bool { return !strconv.IsPrint(r) })
	if !strings.HasPrefix(text, "capability: ") || unprintable >= 0 || !utf8.ValidString(text) || len(text) > 300 ||
		strings.Contains(text, authToken) {
		t.Errorf("the message has no prefix, is not one printable line of UTF-8, is longer than 300 bytes or holds the auth token: %q", text)
	}
}

// checkRefused checks that c rejects the token for that one reason, says so as
// it should, and returns nothing else.
func checkRefused(t *testing.T, c capability.Capability, token string, want error) {
	t.Helper()
	claims, err := c.Verify(token)
	checkRefusal(t, "Verify", token, claims, err, want)
}

func checkUnverifiedRefused(t *testing.T, token string, want error) {
	t.Helper()
	claims, err := capability.ParseUnverified(token)
	checkRefusal(t, "ParseUnverified", token, claims, err, want)
}

func checkRefusal(t *testing.T, call, token string, claims capability.Claims, err, want error) {
	t.Helper()
	if !reflect.DeepEqual(claims, capability.Claims{}) {
		t.Errorf("%s(%s) returns half a value beside its error %v: %+v", call, abbreviate(token), err, claims)
	}
	checkReason(t, token, err, want)
	checkMessage(t, err)
	if len(token) > 40 && strings.Contains(fmt.Sprint(err), token) {
		t.Errorf("%s(%s) returns an error that holds the token: %v", call, abbreviate(token), err)
	}
}

// abbreviate quotes a token for the message of a test.
func abbreviate(token string) string {
	if len(token) > 400 {
		return fmt.Sprintf("%q... (%d bytes)", token[:400], len(token))
	}
	return strconv.Quote(token)
}

// errorOf returns the error with which c generates a token.
func errorOf(c capability.Capability) error {
	_, err := c.GenerateToken()
	return err
}

func newError(accountSID, authToken string) error {
	_, err := capability.New(accountSID, authToken)
	return err
}

func verifyError(t *testing.T, signed string) error {
	_, err := newCapability(t).Verify(sign(authToken, signed))
	return err
}

func scopeError(uri string) error {
	_, err := capability.ParseScope(uri)
	return err
}

func paramsError(query string) error {
	_, err := capability.ParseParams(query)
	return err
}

// TestEachSentinelIsReachedAlone has a way to each of the fourteen.
func TestEachSentinelIsReachedAlone(t *testing.T) {
	base := newCapability(t)
	_, wrongSignature := base.Verify(goodToken() + "A")
	for i, err := range []error{
		newError("AC", authToken), newError(accountSID, ""), errorOf(base.WithClientName("")),
		errorOf(base.AllowClientOutgoing("")), errorOf(base.AllowEventStream(capability.Param("", ""))),
		errorOf(base.WithTTL(0)), errorOf(base.WithClaim("", "")),
		verifyError(t, "."), verifyError(t, withHeader(`{}`)), wrongSignature,
		verifyError(t, withMember("iss", `""`)), verifyError(t, withMember("exp", `0`)),
		verifyError(t, withMember("nbf", `9999999999`)), verifyError(t, withMember("scope", `" "`)),
	} {
		checkReason(t, fmt.Sprint("sentinel ", i), err, sentinels[i])
		checkReason(t, fmt.Sprint("sentinel ", i, ", wrapped"), fmt.Errorf("login: %w", err), sentinels[i])
		checkMessage(t, err)
	}
	checkReason(t, "a scope", scopeError("scope:"), capability.ErrScope)
	checkReason(t, "parameters", paramsError("%"), capability.ErrScope)
}

// TestSlips has what a newcomer is likely to get wrong, and what the package
// answers. Read each answer aloud when you change it.
func TestSlips(t *testing.T) {
	const sid, token = "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0", "9d8c7b6a5f4e3d2c1b0a998877665544"
	base := newCapability(t)
	client := func(name string) error { return errorOf(base.WithClientName(name)) }
	application := func(sid string) error { return errorOf(base.AllowClientOutgoing(sid)) }
	params := func(p ...capability.Parameter) error { return errorOf(base.AllowClientOutgoing("AP1", p...)) }
	ttl := func(ttl time.Duration) error { return errorOf(base.WithTTL(ttl)) }
	expiry := func(t time.Time) error { return errorOf(base.WithExpiry(t)) }
	notBefore := func(t time.Time) error { return errorOf(base.WithNotBefore(t)) }
	claim := func(name, value string) error { return errorOf(base.WithClaim("user", "1").WithClaim(name, value)) }
	verify := func(token string) error { _, err := base.Verify(token); return err }
	parse := func(token string) error { _, err := capability.ParseUnverified(token); return err }
	header, payload := encode(headerJSON), encode(goodPayload())

	for _, test := range []struct {
		slip string
		err  error
		want string // after "capability: "
	}{
		{"the arguments of New are swapped", newError(token, sid), `invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID is not set", newError("", token), `invalid account SID: it is empty: is its environment variable set?`},
		{"the account SID is that of an API key", newError("SK"+sid[2:], token), `invalid account SID: it begins with SK, as the SID of an API key does; an account SID begins with AC`},
		{"the account SID is that of an application", newError("AP"+sid[2:], token), `invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID is that of a user", newError("US"+sid[2:], token), `invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID is in lower case", newError("ac"+sid[2:], token), `invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID lacks its prefix", newError(sid[2:], token), `invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID is only the prefix", newError("AC", token), `invalid account SID: nothing follows AC`},
		{"the account SID is a placeholder", newError("AC_your_sid", token), `invalid account SID: byte 2 is not an ASCII letter or digit`},
		{"the account SID is an unexpanded variable", newError("${TWILIO_ACCOUNT_SID}", token), `invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID is in quotes", newError(`"`+sid+`"`, token), `invalid account SID: it begins with something other than AC, which follows at byte 1: a space, a quote or a byte order mark?`},
		{"the account SID has a byte order mark before it", newError("\ufeff"+sid, token), `invalid account SID: it begins with something other than AC, which follows at byte 3: a space, a quote or a byte order mark?`},
		{"the account SID has a space before it", newError(" "+sid, token), `invalid account SID: it begins with something other than AC, which follows at byte 1: a space, a quote or a byte order mark?`},
		{"the account SID has its name before it", newError("SID="+sid, token), `invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID has a newline behind it", newError(sid+"\n", token), `invalid account SID: byte 34 is not an ASCII letter or digit: a newline, a space or a quote at the end?`},
		{"the account SID has a carriage return and a newline behind it", newError(sid+"\r\n", token), `invalid account SID: byte 34 is not an ASCII letter or digit: a newline, a space or a quote at the end?`},
		{"the account SID has the auth token behind it", newError(sid+":"+token, token), `invalid account SID: byte 34 is not an ASCII letter or digit`},
		{"the account SID has a no-break space behind it", newError(sid+"\u00a0", token), `invalid account SID: byte 34 is not an ASCII letter or digit: a newline, a space or a quote at the end?`},
		{"the auth token is not set", newError(sid, ""), `invalid auth token: it is empty: is its environment variable set?`},
		{"the auth token is the account SID", newError(sid, sid), `invalid auth token: it is the account SID: is one variable passed twice?`},
		{"the auth token is the account SID without its prefix", newError(sid, sid[2:]), `invalid auth token: it is a part of a SID, which every token shows: is it the right variable?`},
		{"the auth token has a newline behind it", newError(sid, token+"\n"), `invalid auth token: byte 32 is not a visible ASCII character: a newline, a space or a quote at the end?`},
		{"the auth token has a carriage return and a newline behind it", newError(sid, token+"\r\n"), `invalid auth token: byte 32 is not a visible ASCII character: a newline, a space or a quote at the end?`},
		{"the auth token has a space before it", newError(sid, " "+token), `invalid auth token: byte 0 is not a visible ASCII character`},
		{"the auth token has a space within", newError(sid, token[:16]+" "+token[16:]), `invalid auth token: byte 16 is not a visible ASCII character`},
		{"the auth token has a curly quote before it", newError(sid, "“"+token+"”"), `invalid auth token: byte 0 is not a visible ASCII character`},
		{"New was never called", errorOf(capability.Capability{}.AllowClientIncoming("Alice")), `invalid account SID: use of zero Capability: call New or NewWithAPIKey`},

		{"the client name is not set", client(""), `invalid client name "": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is an address", client("alice@example.com"), `invalid client name "alice@example.com": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is a full name", client("Alice Smith"), `invalid client name "Alice Smith": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name has an accent", client("José"), `invalid client name "José": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is in another script", client("アリス"), `invalid client name "アリス": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is a UUID", client("0b6a1a2c-6d4e-4f7e-9a53-1d2f3a4b5c6d"), `invalid client name "0b6a1a2c-6d4e-4f7e-9a53-1d2f3a4b5c6d": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is that of a TwiML Client noun", client("client:alice"), `invalid client name "client:alice": leave out "client:"`},
		{"the client name is percent-encoded", client("al%20ice"), `invalid client name "al%20ice": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name has a newline behind it", client("alice\n"), `invalid client name "alice\n": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is in Latin-1", client("Jos\xe9"), `invalid client name "Jos\xe9": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is a whole document", client(strings.Repeat("<p>José</p>", 1000)), `invalid client name "<p>José</p><p>José</p><p>José</p><p>J"... (12000 bytes): use one or more of A-Z, a-z, 0-9 and _`},
		{"the application SID is not set", application(""), `invalid application SID "": want AP followed by letters and digits, the SID of a TwiML application`},
		{"the application SID is that of the account", application(sid), `invalid application SID "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0": want AP followed by letters and digits, the SID of a TwiML application`},
		{"the application SID is in lower case", application("ap123123"), `invalid application SID "ap123123": want AP followed by letters and digits, the SID of a TwiML application`},
		{"the application SID is the URL of the application", application("https://example.com/voice"), `invalid application SID "https://example.com/voice": want AP followed by letters and digits, the SID of a TwiML application`},
		{"the application SID is the name of the application", application("My phone"), `invalid application SID "My phone": want AP followed by letters and digits, the SID of a TwiML application`},
		{"the application SID is a phone number", application("+15558675310"), `invalid application SID "+15558675310": want AP followed by letters and digits, the SID of a TwiML application`},
		{"the application SID has a newline behind it", application("AP123123\n"), `invalid application SID "AP123123\n": want AP followed by letters and digits, the SID of a TwiML application`},
		{"a parameter has no name", params(capability.Param("", "José")), `invalid parameter: no name for the value "José"`},
		{"a parameter is given twice", params(capability.Param("City", "Rome"), capability.Param("City", "Oslo")), `invalid parameter "City": duplicate name; give each parameter a name of its own`},

		{"the TTL is one second without a unit", ttl(1), `invalid lifetime: the TTL is 1ns, as a time.Duration counts nanoseconds; for ten minutes write 600 * time.Second`},
		{"the TTL is a number of seconds", ttl(600), `invalid lifetime: the TTL is 600ns, as a time.Duration counts nanoseconds; for ten minutes write 600 * time.Second`},
		{"the TTL is the number of seconds of a day", ttl(86400), `invalid lifetime: the TTL is 86.4µs, as a time.Duration counts nanoseconds; for ten minutes write 600 * time.Second`},
		{"the TTL is a larger number of seconds", ttl(86401), `invalid lifetime: the TTL is 86.401µs, as a time.Duration counts nanoseconds; for ten minutes write 600 * time.Second`},
		{"the TTL is a number of milliseconds", ttl(600 * time.Millisecond), `invalid lifetime: the TTL is 600ms, as a time.Duration counts nanoseconds; for ten minutes write 600 * time.Second`},
		{"the TTL is not set", ttl(0), `invalid lifetime: the TTL is 0s; it must be from 1s to 24h0m0s`},
		{"the TTL is negative", ttl(-time.Hour), `invalid lifetime: the TTL is -1h0m0s; it must be from 1s to 24h0m0s`},
		{"the TTL is a week", ttl(7 * 24 * time.Hour), `invalid lifetime: the TTL is 168h0m0s; it must be from 1s to 24h0m0s`},
		{"the expiry is not set", expiry(time.Time{}), `invalid lifetime: the expiry is the zero time.Time: was it never set?`},
		{"the expiry is now", expiry(now), `invalid lifetime: the expiry passed 0s ago; it must be from 1s to 24h0m0s away`},
		{"the expiry is an hour ago", expiry(now.Add(-time.Hour)), `invalid lifetime: the expiry passed 1h0m0s ago; it must be from 1s to 24h0m0s away`},
		{"the expiry is half a second away", expiry(now.Add(time.Second / 2)), `invalid lifetime: the expiry is 500ms away; it must be from 1s to 24h0m0s away`},
		{"the expiry is two days away", expiry(now.Add(48 * time.Hour)), `invalid lifetime: the expiry is 48h0m0s away; it must be from 1s to 24h0m0s away`},
		{"the expiry is in milliseconds since 1970", expiry(time.Unix((nowUnix+3600)*1000, 0)), `invalid lifetime: the expiry is more than 292 years away (is it in milliseconds?); it must be from 1s to 24h0m0s away`},
		{"the expiry is in the year 1500", expiry(time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC)), `invalid lifetime: the expiry passed more than 292 years ago; it must be from 1s to 24h0m0s away`},
		{"the not-before is not set", notBefore(time.Time{}), `invalid lifetime: the not-before is the zero time.Time: was it never set?`},
		{"the not-before is at the expiry", notBefore(now.Add(time.Hour)), `invalid lifetime: the not-before is 1h0m0s away, not before the expiry, which is 1h0m0s away`},
		{"the not-before is tomorrow", notBefore(now.Add(24 * time.Hour)), `invalid lifetime: the not-before is 24h0m0s away, not before the expiry, which is 1h0m0s away`},
		{"the not-before and the expiry are swapped", errorOf(base.WithNotBefore(now.Add(10 * time.Minute)).WithExpiry(now.Add(time.Minute))), `invalid lifetime: the not-before is 10m0s away, not before the expiry, which is 1m0s away`},
		{"the expiry is before an earlier not-before", errorOf(base.WithNotBefore(now.Add(-time.Minute)).WithExpiry(now.Add(-time.Hour))), `invalid lifetime: the expiry passed 1h0m0s ago; it must be from 1s to 24h0m0s away`},

		{"a claim has no name", claim("", "agent"), `invalid claim: no name for the value "agent"`},
		{"a claim is one of the package's own", claim("exp", "1700000000"), `invalid claim "exp": the name is reserved; choose another one`},
		{"a claim is given twice", claim("user", "2"), `invalid claim "user": duplicate name; give each claim a name of its own`},
		{"the name of a claim is in Latin-1", claim("caf\xe9", "x"), `invalid claim "caf\xe9": the name is not valid UTF-8`},
		{"the value of a claim is in Latin-1", claim("name", "Jos\xe9"), `invalid claim "name": the value "Jos\xe9" is not valid UTF-8`},

		{"the token is empty", verify(""), `malformed token: it is empty`},
		{"the token is a word", verify("undefined"), `malformed token: want 3 parts separated by dots, found 1`},
		{"the token lacks its signature", verify(header + "." + payload), `malformed token: want 3 parts separated by dots, found 2`},
		{"the token was cut", verify(goodToken()[:100]), `malformed token: want 3 parts separated by dots, found 2`},
		{"the token has its scheme before it", verify("Bearer " + goodToken()), `invalid signature: the token was altered, or signed with another secret`},
		{"the token has a newline behind it, which is in no signature", parse(goodToken() + "\n"), `malformed token: signature: character 43 is '\n', which is not in base64url`},
		{"the token to look at is a word", parse("undefined"), `malformed token: want 3 parts separated by dots, found 1`},
		{"the header is padded", parse(header + "==." + payload + ".AAAA"), `malformed token: header: character 36 is '=', which is not in base64url`},
		{"the header is not an object", parse(encode(`"HS256"`) + "." + payload + ".AAAA"), `malformed token: header: byte 0 of the JSON is '"', expected an object`},
		{"the header asks for an extension", parse(encode(`{"alg":"HS256","crit":["exp"]}`) + "." + payload + ".AAAA"), `malformed token: header: crit is present, but no extension is supported`},
		{"the token is padded", parse(header + "." + payload + "==." + "AAAA"), `malformed token: payload: character 112 is '=', which is not in base64url`},
		{"the payload lost its last character", parse(header + "." + payload[:len(payload)-1] + ".AAAA"), `malformed token: payload: the unused bits of its last character are not zero`},
		{"the token is of another account", verifyError(t, withMember("iss", `"AC999"`)), `wrong account or API key "AC999": this Capability has the account "AC123123"`},
		{"the token has a number as its account", verifyError(t, withMember("iss", `1`)), `wrong account or API key: payload: iss is 1, not an account SID`},
		{"the token has an object as its account", verifyError(t, withMember("iss", `{"sid":"AC123123"}`)), `wrong account or API key: payload: iss is an object, not an account SID`},
		{"the token is not for an account", verifyError(t, withMember("iss", ``)), `wrong account or API key: payload: there is no iss`},
		{"the token is an Access Token", verifyError(t, encode(`{"cty":"twilio-fpa;v=1","typ":"JWT","alg":"HS256"}`)+"."+
			encode(`{"jti":"SK1-1","grants":{"identity":"Alice"},"exp":1700003600,"iss":"SK1","sub":"AC123123"}`)), `wrong kind of token: it is an Access Token; verify it with a Capability from NewWithAPIKey`},
		{"the token has a public key's algorithm", parse(encode(`{"alg":"RS256"}`) + "." + payload + ".AAAA"), `unsupported algorithm: header: alg is "RS256", not "HS256"`},
		{"the token has no algorithm", parse(encode(`{"typ":"JWT"}`) + "." + payload + ".AAAA"), `unsupported algorithm: header: alg is missing, not "HS256"`},
		{"the token is of another type", parse(encode(`{"typ":"at+jwt","alg":"HS256"}`) + "." + payload + ".AAAA"), `malformed token: header: typ is "at+jwt", not "JWT"`},
		{"the payload is not an object", verifyError(t, withPayload(`[]`)), `malformed token: payload: byte 0 of the JSON is '[', expected an object`},
		{"the token is valid from the zero time", verifyError(t, withMember("nbf", `-62135596800`)), `malformed token: payload: nbf is the zero time, the first second of the year 1`},
		{"the token has a fraction of a second", verifyError(t, withMember("exp", `1700003600.5`)), `malformed token: payload: exp is 1700003600.5, not a whole number of seconds in 64 bits`},
		{"the token does not expire", verifyError(t, withMember("exp", ``)), `malformed token: payload: there is no exp`},
		{"the token has no scope", verifyError(t, withMember("scope", ``)), `invalid scopes or grants: payload: there is no scope`},
		{"the token has its scopes in an array", verifyError(t, withMember("scope", `["scope:client:incoming"]`)), `invalid scopes or grants: payload: scope is an array, not a string`},
		{"the token has two spaces between its scopes", verifyError(t, withMember("scope", `"scope:a:b  scope:c:d"`)), `invalid scopes or grants: there is a space at an end of the scope claim, or two in a row`},
		{"the token expired yesterday", verifyError(t, withMember("exp", `1699913600`)), `token expired at 2023-11-13T22:13:20Z, 24h0m0s ago (clock: 2023-11-14T22:13:20Z)`},
		{"the token is valid from tomorrow", verifyError(t, withMember("nbf", `1700086400`)), `token not yet valid: valid from 2023-11-15T22:13:20Z, 24h0m0s away (clock: 2023-11-14T22:13:20Z)`},
		{"the scope has a raw accent", scopeError("scope:client:incoming?clientName=José"), `invalid scopes or grants "scope:client:incoming?clientName=José": 'é' at byte 36 must be percent-encoded`},
		{"the scope has no prefix", scopeError("client:incoming"), `invalid scopes or grants "client:incoming": want scope:SERVICE:PRIVILEGE and then, if any, ?NAME=VALUE&NAME=VALUE`},
		{"the parameters have a bare percent sign", paramsError("discount=100%"), `invalid scopes or grants "discount=100%": a parameter must have two hexadecimal digits after each "%"`},
	} {
		if got := fmt.Sprint(test.err); got != "capability: "+test.want {
			t.Errorf("%s:\ngot  %s\nwant capability: %s", test.slip, got, test.want)
		}
		checkMessage(t, test.err)
	}
}

// TestHostileValuesDoNotReachTheLog has tokens that would, in the log that
// their refusal is written to, do harm or take a lot of room.
func TestHostileValuesDoNotReachTheLog(t *testing.T) {
	c := newCapability(t)
	huge := strings.Repeat("A", 1<<20)
	for _, text := range []string{
		huge, strings.Repeat("\x01", 64), strings.Repeat("\x01", 65), strings.Repeat("\x7f", 70), strings.Repeat("\u0080", 64),
		strings.Repeat("😀", 40), strings.Repeat("é", 63), "a" + strings.Repeat("\u2028", 63), strings.Repeat(`"`, 200),
		"\n", "\r\nforged line", "\u2028", "\u0085", "\x1b[2J", "\u202e", "\ufeff", "%s%d%n", "\x00", strings.Repeat("\U000e0001", 30),
	} {
		raw := jsonString(text)
		for _, test := range []forgery{
			{"the algorithm", withHeader(`{"alg":` + raw + `}`), capability.ErrAlgorithm},
			{"the type", withHeader(`{"alg":"HS256","typ":` + raw + `}`), capability.ErrMalformed},
			{"the issuer", withMember("iss", raw), capability.ErrIssuer},
			{"the scope", withMember("scope", raw), capability.ErrScope},
			{"the expiry", withMember("exp", raw), capability.ErrMalformed},
			{"the not-before", withMember("nbf", raw), capability.ErrMalformed},
			{"a member twice", withPayload(`{` + raw + `:1,` + raw + `:1}`), capability.ErrMalformed},
		} {
			checkRefused(t, c, sign(authToken, test.signed), test.want)
		}
		for _, err := range []error{
			errorOf(c.WithClientName(text + "-")), errorOf(c.AllowClientOutgoing(text)), errorOf(c.WithClaim(text, "\xff")),
			errorOf(c.WithClaim("", text)), errorOf(c.WithClaim("a", text+"\xff")), errorOf(c.AllowEventStream(capability.Param("", text))),
			errorOf(c.AllowEventStream(capability.Param(text, ""), capability.Param(text, ""))),
			newError(text, authToken), newError("AC"+text+"-", authToken), newError(accountSID, text+" "), scopeError(text), paramsError(text + "%"),
		} {
			checkMessage(t, err)
		}
	}
	for _, test := range []forgery{
		{"the scope", withMember("scope", `"scope:a:b?`+strings.Repeat("%", 70)+`"`), capability.ErrScope},
		{"the expiry", withMember("exp", strings.Repeat("9", 1<<20)), capability.ErrMalformed},
		{"the issuer", withMember("iss", strings.Repeat("9", 1<<20)), capability.ErrIssuer},
	} {
		checkRefused(t, c, sign(authToken, test.signed), test.want)
	}
	checkRefused(t, c, huge+"."+huge+"."+huge, capability.ErrSignature)
}

func TestQuote(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"it is empty", "", `""`},
		{"it has an accent", "José", `"José"`},
		{"it is in another script", "アリス", `"アリス"`},
		{"it has quotes", `"\`, `"\"\\"`},
		{"it has a line break", "a\r\nb", `"a\r\nb"`},
		{"it has what hides text", "\u202e\u200b\ufeff\x1b", `"\u202e\u200b\ufeff\x1b"`},
		{"it is not UTF-8", "Jos\xe9", `"Jos\xe9"`},
		{"it has the replacement character", "\ufffd", "\"\ufffd\""},
		{"it has 40 bytes", strings.Repeat("a", 40), `"` + strings.Repeat("a", 40) + `"`},
		{"it has 41 bytes", strings.Repeat("a", 41), `"` + strings.Repeat("a", 40) + `"... (41 bytes)`},
		{"the cut is before a character of two bytes", strings.Repeat("a", 40) + "é", `"` + strings.Repeat("a", 40) + `"... (42 bytes)`},
		{"the cut is in a character of two bytes", strings.Repeat("a", 39) + "é", `"` + strings.Repeat("a", 39) + `"... (41 bytes)`},
		{"the cut is behind a character of two bytes", strings.Repeat("a", 38) + "éa", `"` + strings.Repeat("a", 38) + `é"... (41 bytes)`},
		{"the cut is a byte into one of four", strings.Repeat("a", 39) + "😀", `"` + strings.Repeat("a", 39) + `"... (43 bytes)`},
		{"the cut is two bytes into one of four", strings.Repeat("a", 38) + "😀", `"` + strings.Repeat("a", 38) + `"... (42 bytes)`},
		{"the cut is three bytes into one of four", strings.Repeat("a", 37) + "😀", `"` + strings.Repeat("a", 37) + `"... (41 bytes)`},
		{"the cut is behind one of four", strings.Repeat("a", 36) + "😀a", `"` + strings.Repeat("a", 36) + `😀"... (41 bytes)`},
		{"the cut is in what is not UTF-8", strings.Repeat("\x80", 50), `"` + strings.Repeat(`\x80`, 36) + `"... (50 bytes)`},
	} {
		if got := capability.Quote(test.value); got != test.want {
			t.Errorf("%s: quote(%q) = %s, want %s", test.name, test.value, got, test.want)
		}
	}
}

func TestQuoteChar(t *testing.T) {
	for _, test := range []struct{ value, want string }{
		{"a", `'a'`}, {"éa", `'é'`}, {"'", `'\''`}, {`"`, `'"'`}, {"\\", `'\\'`}, {"\n", `'\n'`}, {"\x00", `'\x00'`}, {"\x7f", `'\x7f'`},
		{"\u0085", `'\u0085'`}, {"\u00a0", `'\u00a0'`}, {"\u3000", `'\u3000'`}, {"😀", `'😀'`},
		{"\xff", `'\xff'`}, {"\x80a", `'\x80'`}, {"\xe2\x82", `'\xe2'`}, {"\ufffd", "'\ufffd'"},
	} {
		if got := capability.QuoteChar(test.value); got != test.want {
			t.Errorf("quoteChar(%q) = %s, want %s", test.value, got, test.want)
		}
	}
}

func TestLength(t *testing.T) {
	for _, test := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0s"},
		{1, "1ns"},
		{-1, "1ns"},
		{90 * time.Minute, "1h30m0s"},
		{-90 * time.Minute, "1h30m0s"},
		{math.MaxInt64 - 1, "2562047h47m16s"},
		{math.MaxInt64, "more than 292 years"},
		{math.MinInt64 + 2, "2562047h47m16s"},
		{math.MinInt64 + 1, "more than 292 years"},
		{math.MinInt64, "more than 292 years"},
	} {
		if got := capability.Length(test.d); got != test.want {
			t.Errorf("length(%d) = %s, want %s", test.d, got, test.want)
		}
	}
}

// TestDistances has expiries and clocks beyond the 292 years that lie within a
// time.Duration, on both sides of its ends, and at the ends of time.
func TestDistances(t *testing.T) {
	first, last := time.Unix(math.MinInt64, 0), time.Unix(math.MaxInt64, 0)
	for _, test := range []struct {
		expiry, clock time.Time
		want          string
	}{
		{now, now, "passed 0s ago"},
		{now.Add(1), now, "is 1ns away"},
		{now.Add(-1), now, "passed 1ns ago"},
		{now.Add(25 * time.Hour), now, "is 25h0m0s away"},
		{now.Add(-25 * time.Hour), now, "passed 25h0m0s ago"},
		{now.In(time.FixedZone("west", -12*3600)), now, "passed 0s ago"},
		{now.Add(math.MaxInt64 - 1), now, "is 2562047h47m16s away (is it in milliseconds?)"},
		{now.Add(math.MaxInt64).Add(1), now, "is more than 292 years away (is it in milliseconds?)"},
		{now.Add(-math.MaxInt64 + 1), now, "passed 2562047h47m16s ago"},
		{now.Add(math.MinInt64), now, "passed more than 292 years ago"},
		{now.AddDate(1000, 0, 0), now, "is more than 292 years away (is it in milliseconds?)"},
		{now.AddDate(-1000, 0, 0), now, "passed more than 292 years ago"},
		{first, now, "passed more than 292 years ago"},
		{now, first, "is more than 292 years away (is it in milliseconds?)"},
		{last, last.Add(-25 * time.Hour), "is 25h0m0s away"},
	} {
		err := errorOf(newAt(t, test.clock).WithExpiry(test.expiry))
		if got, want := fmt.Sprint(err), "capability: invalid lifetime: the expiry "+test.want+"; it must be from 1s to 24h0m0s away"; got != want {
			t.Errorf("with the expiry at Unix %d and the clock at Unix %d: %s, want %s", test.expiry.Unix(), test.clock.Unix(), got, want)
		}
	}
}

func TestDate(t *testing.T) {
	for _, test := range []struct {
		seconds int64
		want    string
	}{
		{0, "1970-01-01T00:00:00Z"},
		{-1, "1969-12-31T23:59:59Z"},
		{nowUnix, "2023-11-14T22:13:20Z"},
		{-62135596800, "0001-01-01T00:00:00Z"},
		{-62135596801, "Unix time -62135596801"},
		{253402300799, "9999-12-31T23:59:59Z"},
		{253402300800, "Unix time 253402300800"},
		{math.MaxInt64, "Unix time 9223372036854775807"},
		{math.MinInt64, "Unix time -9223372036854775808"},
	} {
		in := time.Unix(test.seconds, 0).In(time.FixedZone("east", 14*3600))
		if got := capability.Date(in); got != test.want {
			t.Errorf("date(Unix %d) = %s, want %s", test.seconds, got, test.want)
		}
	}
}

// TestRefusalsTellTheTime shows that messages tell the side of the clock on
// which a limit lies, also where the seconds since 1970 outgrow package time.
// The fraction of the clock's second does not count.
func TestRefusalsTellTheTime(t *testing.T) {
	c := newAt(t, now.Add(time.Second-1))
	for _, test := range []struct{ name, raw, want string }{
		{"exp", "1699999999", "expired at 2023-11-14T22:13:19Z, 1s ago (clock: 2023-11-14T22:13:20Z)"},
		{"nbf", "1700000090", "not yet valid: valid from 2023-11-14T22:14:50Z, 1m30s away (clock: 2023-11-14T22:13:20Z)"},
		{"exp", "-9223372036854775808", "expired at Unix time -9223372036854775808, more than 292 years ago (clock: 2023-11-14T22:13:20Z)"},
		{"nbf", "9223372036854775807", "not yet valid: valid from Unix time 9223372036854775807, more than 292 years away (clock: 2023-11-14T22:13:20Z)"},
	} {
		_, err := c.Verify(sign(authToken, withMember(test.name, test.raw)))
		if got := fmt.Sprint(err); got != "capability: token "+test.want {
			t.Errorf("Verify of %s %s:\ngot  %s\nwant capability: token %s", test.name, test.raw, got, test.want)
		}
	}
}
