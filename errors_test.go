package capability_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"example.com/capability"
)

// TestEachSentinelIsReachedAlone has a way to each of the seventeen.
func TestEachSentinelIsReachedAlone(t *testing.T) {
	base := newCapability(t)
	_, wrongSignature := base.Verify(goodToken() + "A")
	ways := map[error]error{
		capability.ErrAccountSID:     newError("AC", authToken),
		capability.ErrAuthToken:      newError(accountSID, ""),
		capability.ErrAPIKey:         newKeyError(accountSID, "", apiKeySecret),
		capability.ErrClientName:     errorOf(base.WithClientName("")),
		capability.ErrApplicationSID: errorOf(base.AllowClientOutgoing("")),
		capability.ErrParam:          errorOf(base.AllowEventStream(capability.Param("", ""))),
		capability.ErrRegion:         errorOf(newAccess(t).WithRegion("")),
		capability.ErrTTL:            errorOf(base.WithTTL(0)),
		capability.ErrClaim:          errorOf(base.WithClaim("", "")),
		capability.ErrKind:           errorOf(base.WithRegion("ie1")),
		capability.ErrMalformed:      capabilityTokens.verifyError(t, "."),
		capability.ErrAlgorithm:      capabilityTokens.verifyError(t, withHeader(`{}`)),
		capability.ErrSignature:      wrongSignature,
		capability.ErrIssuer:         capabilityTokens.verifyError(t, withMember("iss", `""`)),
		capability.ErrExpired:        capabilityTokens.verifyError(t, withMember("exp", `0`)),
		capability.ErrNotYetValid:    capabilityTokens.verifyError(t, withMember("nbf", `9999999999`)),
		capability.ErrScope:          capabilityTokens.verifyError(t, withMember("scope", `" "`)),
	}
	for _, sentinel := range sentinels {
		checkReason(t, "its way", ways[sentinel], sentinel)
		checkReason(t, "its way, wrapped", fmt.Errorf("login: %w", ways[sentinel]), sentinel)
		checkMessage(t, ways[sentinel])
	}
	if len(sentinels) != 17 || len(ways) != 17 {
		t.Errorf("%d sentinels and %d ways, want 17", len(sentinels), len(ways))
	}
	checkReason(t, "a scope", scopeError("scope:"), capability.ErrScope)
	checkReason(t, "parameters", paramsError("%"), capability.ErrScope)
}

// TestSlips has what a newcomer is likely to get wrong, and what the package
// answers. Read each answer aloud when you change it.
func TestSlips(t *testing.T) {
	const sid, token = "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0", "9d8c7b6a5f4e3d2c1b0a998877665544"
	const key, secret = "SK1f2e3d4c5b6a79889796a5b4c3d2e1f0", "kLm8Qx2vZt7Rw4Yb9Nc3Hd6Jf1Gs5PaE"
	base, access := newCapability(t), newAccess(t)
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
		{"the arguments of New are swapped", newError(token, sid),
			`invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID is not set", newError("", token),
			`invalid account SID: it is empty: is its environment variable set?`},
		{"the account SID is that of an API key", newError("SK"+sid[2:], token),
			`invalid account SID: it begins with SK, as the SID of an API key does; an account SID begins with AC`},
		{"the account SID is that of an application", newError("AP"+sid[2:], token),
			`invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID is that of a user", newError("US"+sid[2:], token),
			`invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID is in lower case", newError("ac"+sid[2:], token),
			`invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID lacks its prefix", newError(sid[2:], token),
			`invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID is only the prefix", newError("AC", token), `invalid account SID: nothing follows AC`},
		{"the account SID is a placeholder", newError("AC_your_sid", token),
			`invalid account SID: byte 2 is not an ASCII letter or digit`},
		{"the account SID is an unexpanded variable", newError("${TWILIO_ACCOUNT_SID}", token),
			`invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID is in quotes", newError(`"`+sid+`"`, token),
			`invalid account SID: it begins with something other than AC, which follows at byte 1: a space, a ` +
				`quote or a byte order mark?`},
		{"the account SID has a byte order mark before it", newError("\ufeff"+sid, token),
			`invalid account SID: it begins with something other than AC, which follows at byte 3: a space, a ` +
				`quote or a byte order mark?`},
		{"the account SID has a space before it", newError(" "+sid, token),
			`invalid account SID: it begins with something other than AC, which follows at byte 1: a space, a ` +
				`quote or a byte order mark?`},
		{"the account SID has its name before it", newError("SID="+sid, token),
			`invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{"the account SID has a newline behind it", newError(sid+"\n", token),
			`invalid account SID: byte 34 is not an ASCII letter or digit: a newline, a space or a quote at the end?`},
		{"the account SID has a carriage return and a newline behind it", newError(sid+"\r\n", token),
			`invalid account SID: byte 34 is not an ASCII letter or digit: a newline, a space or a quote at the end?`},
		{"the account SID has the auth token behind it", newError(sid+":"+token, token),
			`invalid account SID: byte 34 is not an ASCII letter or digit`},
		{"the account SID has a no-break space behind it", newError(sid+"\u00a0", token),
			`invalid account SID: byte 34 is not an ASCII letter or digit: a newline, a space or a quote at the end?`},
		{"the auth token is not set", newError(sid, ""),
			`invalid auth token: it is empty: is its environment variable set?`},
		{"the auth token is the account SID", newError(sid, sid),
			`invalid auth token: it is the account SID: is one variable passed twice?`},
		{"the auth token is the account SID without its prefix", newError(sid, sid[2:]),
			`invalid auth token: it is a part of a SID, which every token shows: is it the right variable?`},
		{"the auth token has a newline behind it", newError(sid, token+"\n"),
			`invalid auth token: byte 32 is not a visible ASCII character: a newline, a space or a quote at the end?`},
		{"the auth token has a carriage return and a newline behind it", newError(sid, token+"\r\n"),
			`invalid auth token: byte 32 is not a visible ASCII character: a newline, a space or a quote at the end?`},
		{"the auth token has a space before it", newError(sid, " "+token),
			`invalid auth token: byte 0 is not a visible ASCII character`},
		{"the auth token has a space within", newError(sid, token[:16]+" "+token[16:]),
			`invalid auth token: byte 16 is not a visible ASCII character`},
		{"the auth token has a curly quote before it", newError(sid, "“"+token+"”"),
			`invalid auth token: byte 0 is not a visible ASCII character`},
		{"New was never called", errorOf(capability.Capability{}.AllowClientIncoming("Alice")),
			`invalid account SID: use of zero Capability: call New or NewWithAPIKey`},

		{"the API key's SID is not set", newKeyError(sid, "", secret),
			`invalid API key (SID): it is empty: is its environment variable set?`},
		{"the API key's SID is swapped with the secret", newKeyError(sid, secret, key),
			`invalid API key (SID): it has 32 characters, as a secret has: is it swapped with the secret?`},
		{"the API key's SID is a shorter secret", newKeyError(sid, secret[:20], key),
			`invalid API key (SID): it does not begin with SK: is it swapped with the secret or the account SID?`},
		{"the API key's SID is the account SID", newKeyError(sid, sid, secret),
			`invalid API key (SID): it does not begin with SK: is it swapped with the secret or the account SID?`},
		{"the account SID is the API key's", newKeyError(key, sid, secret),
			`invalid account SID: it begins with SK, as the SID of an API key does; an account SID begins with AC`},
		{"the account SID is the API key's secret", newKeyError(secret, key, sid),
			`invalid account SID: it does not begin with AC: is it swapped with the API key?`},
		{"the API key's SID is only the prefix", newKeyError(sid, "SK", secret),
			`invalid API key (SID): nothing follows SK`},
		{"the API key's SID has a newline behind it", newKeyError(sid, key+"\n", secret),
			`invalid API key (SID): byte 34 is not an ASCII letter or digit: a newline, a space or a quote at ` +
				`the end?`},
		{"the API key's SID is in quotes", newKeyError(sid, `"`+key+`"`, secret),
			`invalid API key (SID): it begins with something other than SK, which follows at byte 1: a space, ` +
				`a quote or a byte order mark?`},
		{"the API key's secret is not set", newKeyError(sid, key, ""),
			`invalid API key (secret): it is empty: is its environment variable set?`},
		{"the API key's secret is its SID", newKeyError(sid, key, key),
			`invalid API key (secret): it is the SID of the key: is one variable passed twice?`},
		{"the API key's secret is the account SID", newKeyError(sid, key, sid),
			`invalid API key (secret): it is the account SID: is one variable passed twice?`},
		{"the API key's secret is a part of its SID", newKeyError(sid, key, key[2:]),
			`invalid API key (secret): it is a part of a SID, which every token shows: is it the right variable?`},
		{"the API key's secret is the SID of another key", newKeyError(sid, key, "SK"+sid[2:]),
			`invalid API key (secret): it has the form of a SID: is it swapped with one?`},
		{"the auth token is the SID of an API key", newError(sid, key),
			`invalid auth token: it has the form of a SID: is it swapped with one?`},
		{"the API key's secret is in quotes", newKeyError(sid, key, `"`+secret+`"`),
			`invalid API key (secret): it is in quotes; remove them (docker --env-file keeps them)`},
		{"the auth token is in quotes", newError(sid, "'"+token+"'"),
			`invalid auth token: it is in quotes; remove them (docker --env-file keeps them)`},
		{"the API key's secret has a newline behind it", newKeyError(sid, key, secret+"\n"),
			`invalid API key (secret): byte 32 is not a visible ASCII character: a newline, a space or a quote ` +
				`at the end?`},
		{"NewWithAPIKey was never called", errorOf(capability.Capability{}.WithRegion("ie1")),
			`invalid account SID: use of zero Capability: call New or NewWithAPIKey`},

		{"the client name is not set", client(""), `invalid client name "": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is an address", client("alice@example.com"),
			`invalid client name "alice@example.com": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is a full name", client("Alice Smith"),
			`invalid client name "Alice Smith": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name has an accent", client("José"),
			`invalid client name "José": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is in another script", client("アリス"),
			`invalid client name "アリス": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is a UUID", client("0b6a1a2c-6d4e-4f7e-9a53-1d2f3a4b5c6d"),
			`invalid client name "0b6a1a2c-6d4e-4f7e-9a53-1d2f3a4b5c6d": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is that of a TwiML Client noun", client("client:alice"),
			`invalid client name "client:alice": leave out "client:"`},
		{"the client name is percent-encoded", client("al%20ice"),
			`invalid client name "al%20ice": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name has a newline behind it", client("alice\n"),
			`invalid client name "alice\n": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is in Latin-1", client("Jos\xe9"),
			`invalid client name "Jos\xe9": use one or more of A-Z, a-z, 0-9 and _`},
		{"the client name is a whole document", client(strings.Repeat("<p>José</p>", 1000)),
			`invalid client name "<p>José</p><p>José</p><p>José</p><p>J"... (12000 bytes): use one or more of ` +
				`A-Z, a-z, 0-9 and _`},
		{"the application SID is not set", application(""),
			`invalid application SID "": want AP followed by letters and digits, the SID of a TwiML application`},
		{"the application SID is that of the account", application(sid),
			`invalid application SID "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0": want AP followed by letters and ` +
				`digits, the SID of a TwiML application`},
		{"the application SID is in lower case", application("ap123123"),
			`invalid application SID "ap123123": want AP followed by letters and digits, the SID of a TwiML ` +
				`application`},
		{"the application SID is the URL of the application", application("https://example.com/voice"),
			`invalid application SID "https://example.com/voice": want AP followed by letters and digits, the ` +
				`SID of a TwiML application`},
		{"the application SID is the name of the application", application("My phone"),
			`invalid application SID "My phone": want AP followed by letters and digits, the SID of a TwiML ` +
				`application`},
		{"the application SID is a phone number", application("+15558675310"),
			`invalid application SID "+15558675310": want AP followed by letters and digits, the SID of a ` +
				`TwiML application`},
		{"the application SID has a newline behind it", application("AP123123\n"),
			`invalid application SID "AP123123\n": want AP followed by letters and digits, the SID of a TwiML ` +
				`application`},
		{"the client name is too long", client(strings.Repeat("a", 257)),
			`invalid client name "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"... (257 bytes): use at most 256 ` +
				`characters`},
		{"the client name is too long and has a space", client(strings.Repeat("a", 256) + " "),
			`invalid client name "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"... (257 bytes): use one or more of ` +
				`A-Z, a-z, 0-9 and _`},
		{"the region is a name", errorOf(access.WithRegion("Dublin")),
			`invalid region "Dublin": use lower-case letters and digits, such as ie1 or au1`},
		{"the region is in capitals", errorOf(access.WithRegion("IE1")),
			`invalid region "IE1": use lower-case letters and digits, such as ie1 or au1`},
		{"the region has a hyphen", errorOf(access.WithRegion("eu-west-1")),
			`invalid region "eu-west-1": use lower-case letters and digits, such as ie1 or au1`},
		{"the region is not set", errorOf(access.WithRegion("")),
			`invalid region: it is empty; for the default, us1, leave out WithRegion`},
		{"a capability token is for a region", errorOf(base.WithRegion("ie1")),
			`wrong kind of token: a capability token is for the region us1 only; use NewWithAPIKey`},
		{"an Access Token has no client name", errorOf(access),
			`invalid client name: an Access Token needs one: call AllowClientIncoming or WithClientName`},
		{"an Access Token has two applications", errorOf(access.AllowClientOutgoing("AP1").AllowClientOutgoing("AP2")),
			`wrong kind of token: an Access Token has one TwiML application; generate a token for each`},
		{"an Access Token has an event stream", errorOf(access.AllowEventStream()),
			`wrong kind of token: an Access Token cannot allow the event stream; leave out AllowEventStream`},
		{"one name receives calls in an Access Token and another one calls",
			errorOf(access.AllowClientIncoming("Al").WithClientName("Bo")),
			`wrong kind of token: a name other than "Bo" receives calls already, and an Access Token has one; ` +
				`generate a token for each name`},
		{"a parameter of an Access Token is in Latin-1",
			errorOf(access.AllowClientOutgoing("AP1", capability.Param("City", "K\xf6ln"))),
			`invalid parameter "City": name and value, here "K\xf6ln", must be valid UTF-8 in an Access Token`},
		{"a parameter's name of an Access Token is in Latin-1",
			errorOf(access.AllowClientOutgoing("AP1", capability.Param("Gr\xfc\xdfe", ""))),
			`invalid parameter "Gr\xfc\xdfe": name and value, here "", must be valid UTF-8 in an Access Token`},
		{"a claim of an Access Token is one of its own", errorOf(access.WithClaim("grants", "x")),
			`invalid claim "grants": the name is reserved; choose another one`},
		{"a parameter has no name", params(capability.Param("", "José")),
			`invalid parameter: no name for the value "José"`},
		{"a parameter is given twice", params(capability.Param("City", "Rome"), capability.Param("City", "Oslo")),
			`invalid parameter "City": duplicate name; give each parameter a name of its own`},

		{"the TTL is one second without a unit", ttl(1),
			`invalid lifetime: the TTL is 1ns, as a time.Duration counts nanoseconds; for ten minutes write ` +
				`600 * time.Second`},
		{"the TTL is a number of seconds", ttl(600),
			`invalid lifetime: the TTL is 600ns, as a time.Duration counts nanoseconds; for ten minutes write ` +
				`600 * time.Second`},
		{"the TTL is the number of seconds of a day", ttl(86400),
			`invalid lifetime: the TTL is 86.4µs, as a time.Duration counts nanoseconds; for ten minutes write ` +
				`600 * time.Second`},
		{"the TTL is a larger number of seconds", ttl(86401),
			`invalid lifetime: the TTL is 86.401µs, as a time.Duration counts nanoseconds; for ten minutes ` +
				`write 600 * time.Second`},
		{"the TTL is a number of milliseconds", ttl(600 * time.Millisecond),
			`invalid lifetime: the TTL is 600ms, as a time.Duration counts nanoseconds; for ten minutes write ` +
				`600 * time.Second`},
		{"the TTL is a fraction of a millisecond", ttl(3600 * time.Microsecond),
			`invalid lifetime: the TTL is 3.6ms, as a time.Duration counts nanoseconds; for ten minutes write ` +
				`600 * time.Second`},
		{"the TTL is just short of a second", ttl(time.Second - 1),
			`invalid lifetime: the TTL is 999.999999ms, as a time.Duration counts nanoseconds; for ten minutes ` +
				`write 600 * time.Second`},
		{"the TTL is just over a day", ttl(capability.MaxTTL + 1),
			`invalid lifetime: the TTL is just over 24h0m0s; it must be from 1s to 24h0m0s`},
		{"the TTL is almost a second over a day", ttl(capability.MaxTTL + time.Second - 1),
			`invalid lifetime: the TTL is just over 24h0m0s; it must be from 1s to 24h0m0s`},
		{"the TTL is a second over a day", ttl(capability.MaxTTL + time.Second),
			`invalid lifetime: the TTL is 24h0m1s; it must be from 1s to 24h0m0s`},
		{"the TTL is negative, with a fraction", ttl(-time.Hour - time.Millisecond),
			`invalid lifetime: the TTL is -1h0m0s; it must be from 1s to 24h0m0s`},
		{"the TTL is just negative", ttl(-1), `invalid lifetime: the TTL is -1ns; it must be from 1s to 24h0m0s`},
		{"the TTL is negative and short", ttl(-600),
			`invalid lifetime: the TTL is -600ns; it must be from 1s to 24h0m0s`},
		{"the TTL is the longest duration", ttl(1<<63 - 1),
			`invalid lifetime: the TTL is more than 292 years; it must be from 1s to 24h0m0s`},
		{"the TTL is not set", ttl(0), `invalid lifetime: the TTL is 0s; it must be from 1s to 24h0m0s`},
		{"the TTL is negative", ttl(-time.Hour),
			`invalid lifetime: the TTL is -1h0m0s; it must be from 1s to 24h0m0s`},
		{"the TTL is a week", ttl(7 * 24 * time.Hour),
			`invalid lifetime: the TTL is 168h0m0s; it must be from 1s to 24h0m0s`},
		{"the expiry is not set", expiry(time.Time{}),
			`invalid lifetime: the expiry is the zero time.Time: was it never set?`},
		{"the expiry is now", expiry(now),
			`invalid lifetime: the expiry passed 0s ago; it must be from 1s to 24h0m0s away`},
		{"the expiry is an hour ago", expiry(now.Add(-time.Hour)),
			`invalid lifetime: the expiry passed 1h0m0s ago; it must be from 1s to 24h0m0s away`},
		{"the expiry is half a second away", expiry(now.Add(time.Second / 2)),
			`invalid lifetime: the expiry is 500ms away; it must be from 1s to 24h0m0s away`},
		{"the expiry is two days away", expiry(now.Add(48 * time.Hour)),
			`invalid lifetime: the expiry is 48h0m0s away; it must be from 1s to 24h0m0s away`},
		{"the expiry is in milliseconds since 1970", expiry(time.Unix((nowUnix+3600)*1000, 0)),
			`invalid lifetime: the expiry is more than 292 years away (is it in milliseconds?); it must be ` +
				`from 1s to 24h0m0s away`},
		{"the expiry is 101 years away", expiry(now.Add(101 * 365 * 24 * time.Hour)),
			`invalid lifetime: the expiry is 884760h0m0s away (is it in milliseconds?); it must be from 1s to ` +
				`24h0m0s away`},
		{"the expiry is a hundred years away", expiry(now.Add(100 * 365 * 24 * time.Hour)),
			`invalid lifetime: the expiry is 876000h0m0s away; it must be from 1s to 24h0m0s away`},
		{"the expiry is just over a day away", expiry(now.Add(capability.MaxTTL + 1)),
			`invalid lifetime: the expiry is just over 24h0m0s away; it must be from 1s to 24h0m0s away`},
		{"the expiry is a lifetime", expiry(time.Unix(3600, 0)),
			`invalid lifetime: the expiry passed 472221h13m20s ago (is it a lifetime?); it must be from 1s to ` +
				`24h0m0s away`},
		{"the expiry is a lifetime of nothing", expiry(time.Unix(0, 0)),
			`invalid lifetime: the expiry passed 472222h13m20s ago (is it a lifetime?); it must be from 1s to ` +
				`24h0m0s away`},
		{"the expiry is in the last second of 1970", expiry(time.Unix(365*24*3600-1, 0)),
			`invalid lifetime: the expiry passed 463462h13m21s ago (is it a lifetime?); it must be from 1s to ` +
				`24h0m0s away`},
		{"the expiry is in 1971", expiry(time.Unix(365*24*3600, 0)),
			`invalid lifetime: the expiry passed 463462h13m20s ago; it must be from 1s to 24h0m0s away`},
		{"the expiry is before 1970", expiry(time.Unix(-1, 0)),
			`invalid lifetime: the expiry passed 472222h13m21s ago; it must be from 1s to 24h0m0s away`},
		{"the not-before is in milliseconds", notBefore(time.Unix(nowUnix*1000, 0)),
			`invalid lifetime: the not-before is more than 292 years away (is it in milliseconds?), not before ` +
				`the expiry, which is 1h0m0s away`},
		{"the not-before is just over a day away", notBefore(now.Add(capability.MaxTTL + 1)),
			`invalid lifetime: the not-before is just over 24h0m0s away, not before the expiry, which is 1h0m0s away`},
		{"the expiry is in the year 1500", expiry(time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC)),
			`invalid lifetime: the expiry passed more than 292 years ago; it must be from 1s to 24h0m0s away`},
		{"the not-before is not set", notBefore(time.Time{}),
			`invalid lifetime: the not-before is the zero time.Time: was it never set?`},
		{"the not-before is at the expiry", notBefore(now.Add(time.Hour)),
			`invalid lifetime: the not-before is 1h0m0s away, not before the expiry, which is 1h0m0s away`},
		{"the not-before is tomorrow", notBefore(now.Add(24 * time.Hour)),
			`invalid lifetime: the not-before is 24h0m0s away, not before the expiry, which is 1h0m0s away`},
		{"the not-before and the expiry are swapped",
			errorOf(base.WithNotBefore(now.Add(10 * time.Minute)).WithExpiry(now.Add(time.Minute))),
			`invalid lifetime: the not-before is 10m0s away, not before the expiry, which is 1m0s away`},
		{"the expiry is before an earlier not-before",
			errorOf(base.WithNotBefore(now.Add(-time.Minute)).WithExpiry(now.Add(-time.Hour))),
			`invalid lifetime: the expiry passed 1h0m0s ago; it must be from 1s to 24h0m0s away`},

		{"a claim has no name", claim("", "agent"), `invalid claim: no name for the value "agent"`},
		{"a claim is one of the package's own", claim("exp", "1700000000"),
			`invalid claim "exp": the name is reserved; choose another one`},
		{"a claim is given twice", claim("user", "2"),
			`invalid claim "user": duplicate name; give each claim a name of its own`},
		{"the name of a claim is in Latin-1", claim("caf\xe9", "x"),
			`invalid claim "caf\xe9": the name is not valid UTF-8`},
		{"the value of a claim is in Latin-1", claim("name", "Jos\xe9"),
			`invalid claim "name": the value "Jos\xe9" is not valid UTF-8`},

		{"the token is empty", verify(""), `malformed token: it is empty`},
		{"the token is a word", verify("undefined"), `malformed token: want 3 parts separated by dots, found 1`},
		{"the token lacks its signature", verify(header + "." + payload),
			`malformed token: want 3 parts separated by dots, found 2`},
		{"the token was cut", verify(goodToken()[:100]), `malformed token: want 3 parts separated by dots, found 2`},
		{"the token has its scheme before it", verify("Bearer " + goodToken()),
			`invalid signature: the token was altered, or signed with another secret`},
		{"the token has a newline behind it, which is in no signature", parse(goodToken() + "\n"),
			`malformed token: signature: character 43 is '\n', which is not in base64url`},
		{"the token to look at is a word", parse("undefined"),
			`malformed token: want 3 parts separated by dots, found 1`},
		{"the header is padded", parse(header + "==." + payload + ".AAAA"),
			`malformed token: header: character 36 is '=', which is not in base64url`},
		{"the header is not an object", parse(encode(`"HS256"`) + "." + payload + ".AAAA"),
			`malformed token: header: byte 0 of the JSON is '"', expected an object`},
		{"the header asks for an extension", parse(encode(`{"alg":"HS256","crit":["exp"]}`) + "." + payload + ".AAAA"),
			`malformed token: header: crit is present, but no extension is supported`},
		{"the token is padded", parse(header + "." + payload + "==." + "AAAA"),
			`malformed token: payload: character 112 is '=', which is not in base64url`},
		{"the payload lost its last character", parse(header + "." + payload[:len(payload)-1] + ".AAAA"),
			`malformed token: payload: the unused bits of its last character are not zero`},
		{"the token is of another account", capabilityTokens.verifyError(t, withMember("iss", `"AC999"`)),
			`wrong account or API key "AC999": this Capability has the account "AC123123"`},
		{"the token has a number as its account", capabilityTokens.verifyError(t, withMember("iss", `1`)),
			`wrong account or API key: payload: iss is 1, not an account SID`},
		{"the token has an object as its account",
			capabilityTokens.verifyError(t, withMember("iss", `{"sid":"AC123123"}`)),
			`wrong account or API key: payload: iss is an object, not an account SID`},
		{"the token is not for an account", capabilityTokens.verifyError(t, withMember("iss", ``)),
			`wrong account or API key: payload: there is no iss`},
		{"the token is a capability token", accessTokens.verifyError(t, withPayload(goodPayload())),
			`wrong kind of token: it is not an Access Token; verify a capability token with a Capability from New`},
		{"the token is an Access Token", capabilityTokens.verifyError(t,
			encode(`{"cty":"twilio-fpa;v=1","typ":"JWT","alg":"HS256"}`)+"."+
				encode(`{"jti":"SK1-1","grants":{"identity":"Alice"},"exp":1700003600,"iss":"SK1","sub":"AC123123"}`)),
			`wrong kind of token: it is an Access Token; verify it with a Capability from NewWithAPIKey`},
		{"the token has a public key's algorithm", parse(encode(`{"alg":"RS256"}`) + "." + payload + ".AAAA"),
			`unsupported algorithm: header: alg is "RS256", not "HS256"`},
		{"the token has no algorithm", parse(encode(`{"typ":"JWT"}`) + "." + payload + ".AAAA"),
			`unsupported algorithm: header: alg is missing, not "HS256"`},
		{"the token is of another type", parse(encode(`{"typ":"at+jwt","alg":"HS256"}`) + "." + payload + ".AAAA"),
			`malformed token: header: typ is "at+jwt", not "JWT"`},
		{"the payload is not an object", capabilityTokens.verifyError(t, withPayload(`[]`)),
			`malformed token: payload: byte 0 of the JSON is '[', expected an object`},
		{"the token is valid from the zero time", capabilityTokens.verifyError(t, withMember("nbf", `-62135596800`)),
			`malformed token: payload: nbf is the zero time, the first second of the year 1`},
		{"the token has a fraction of a second", capabilityTokens.verifyError(t, withMember("exp", `1700003600.5`)),
			`malformed token: payload: exp is 1700003600.5, not a whole number of seconds in 64 bits`},
		{"the token is valid from a fraction of a second", capabilityTokens.verifyError(t, withMember("nbf", `1.5`)),
			`malformed token: payload: nbf is 1.5, not a whole number of seconds in 64 bits`},
		{"the token was issued at a text", capabilityTokens.verifyError(t, withMember("iat", `"1700000000"`)),
			`malformed token: payload: iat is "1700000000", not a whole number of seconds in 64 bits`},
		{"the token has an array as its expiry", capabilityTokens.verifyError(t, withMember("exp", `[1]`)),
			`malformed token: payload: exp is an array, not a whole number of seconds in 64 bits`},
		{"the token expires at null", capabilityTokens.verifyError(t, withMember("exp", `null`)),
			`malformed token: payload: exp is null, not a whole number of seconds in 64 bits`},
		{"the token expires at the zero time", capabilityTokens.verifyError(t, withMember("exp", `-62135596800`)),
			`malformed token: payload: exp is the zero time, the first second of the year 1`},
		{"the token has an empty account", capabilityTokens.verifyError(t, withMember("iss", `""`)),
			`wrong account or API key: payload: iss is "", not an account SID`},
		{"the token does not expire", capabilityTokens.verifyError(t, withMember("exp", ``)),
			`malformed token: payload: there is no exp`},
		{"the token has no scope", capabilityTokens.verifyError(t, withMember("scope", ``)),
			`invalid scopes or grants: payload: there is no scope`},
		{"the token has its scopes in an array",
			capabilityTokens.verifyError(t, withMember("scope", `["scope:client:incoming"]`)),
			`invalid scopes or grants: payload: scope is an array, not a string`},
		{"the token has two spaces between its scopes",
			capabilityTokens.verifyError(t, withMember("scope", `"scope:a:b  scope:c:d"`)),
			`invalid scopes or grants: there is a space at an end of the scope claim, or two in a row`},
		{"the token expired yesterday", capabilityTokens.verifyError(t, withMember("exp", `1699913600`)),
			`token expired at 2023-11-13T22:13:20Z, 24h0m0s ago (clock: 2023-11-14T22:13:20Z)`},
		{"the token is valid from tomorrow", capabilityTokens.verifyError(t, withMember("nbf", `1700086400`)),
			`token not yet valid: valid from 2023-11-15T22:13:20Z, 24h0m0s away (clock: 2023-11-14T22:13:20Z)`},
		{"the scope has a raw accent", scopeError("scope:client:incoming?clientName=José"),
			`invalid scopes or grants "scope:client:incoming?clientName=José": 'é' at byte 36 must be ` +
				`percent-encoded`},
		{"the scope has no prefix", scopeError("client:incoming"),
			`invalid scopes or grants "client:incoming": want scope:SERVICE:PRIVILEGE and then, if any, ` +
				`?NAME=VALUE&NAME=VALUE`},
		{"the parameters have a bare percent sign", paramsError("discount=100%"),
			`invalid scopes or grants "discount=100%": a parameter must have two hexadecimal digits after each "%"`},
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
	t.Parallel()
	c := newCapability(t)
	huge := strings.Repeat("A", 1<<20)
	for _, text := range []string{
		huge, strings.Repeat("\x01", 64), strings.Repeat("\x01", 65), strings.Repeat("\x7f", 70),
		strings.Repeat("\u0080", 64),
		strings.Repeat("😀", 40), strings.Repeat("é", 63), "a" + strings.Repeat("\u2028", 63), strings.Repeat(`"`, 200),
		"\n", "\r\nforged line", "\u2028", "\u0085", "\x1b[2J", "\u202e", "\ufeff", "%s%d%n", "\x00",
		strings.Repeat("\U000e0001", 30),
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
			errorOf(c.WithClientName(text + "-")), errorOf(c.AllowClientOutgoing(text)),
			errorOf(c.WithClaim(text, "\xff")),
			errorOf(c.WithClaim("", text)), errorOf(c.WithClaim("a", text+"\xff")),
			errorOf(c.AllowEventStream(capability.Param("", text))),
			errorOf(c.AllowEventStream(capability.Param(text, ""), capability.Param(text, ""))),
			newError(text, authToken), newError("AC"+text+"-", authToken), newError(accountSID, text+" "),
			scopeError(text), paramsError(text + "%"),
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
		{"the cut is before a character of two bytes", strings.Repeat("a", 40) + "é",
			`"` + strings.Repeat("a", 40) + `"... (42 bytes)`},
		{"the cut is in a character of two bytes", strings.Repeat("a", 39) + "é",
			`"` + strings.Repeat("a", 39) + `"... (41 bytes)`},
		{"the cut is behind a character of two bytes", strings.Repeat("a", 38) + "éa",
			`"` + strings.Repeat("a", 38) + `é"... (41 bytes)`},
		{"the cut is a byte into one of four", strings.Repeat("a", 39) + "😀",
			`"` + strings.Repeat("a", 39) + `"... (43 bytes)`},
		{"the cut is two bytes into one of four", strings.Repeat("a", 38) + "😀",
			`"` + strings.Repeat("a", 38) + `"... (42 bytes)`},
		{"the cut is three bytes into one of four", strings.Repeat("a", 37) + "😀",
			`"` + strings.Repeat("a", 37) + `"... (41 bytes)`},
		{"the cut is behind one of four", strings.Repeat("a", 36) + "😀a",
			`"` + strings.Repeat("a", 36) + `😀"... (41 bytes)`},
		{"the cut is in what is not UTF-8", strings.Repeat("\x80", 50),
			`"` + strings.Repeat(`\x80`, 36) + `"... (50 bytes)`},
	} {
		if got := capability.Quote(test.value); got != test.want {
			t.Errorf("%s: quote(%q) = %s, want %s", test.name, test.value, got, test.want)
		}
	}
}

func TestQuoteChar(t *testing.T) {
	for _, test := range []struct{ value, want string }{
		{"a", `'a'`}, {"éa", `'é'`}, {"'", `'\''`}, {`"`, `'"'`}, {"\\", `'\\'`}, {"\n", `'\n'`}, {"\x00",
			`'\x00'`}, {"\x7f", `'\x7f'`},
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
		err := errorOf(capabilityTokens.newAt(t, test.clock).WithExpiry(test.expiry))
		want := "capability: invalid lifetime: the expiry " + test.want + "; it must be from 1s to 24h0m0s away"
		if got := fmt.Sprint(err); got != want {
			t.Errorf("with the expiry at Unix %d and the clock at Unix %d: %s, want %s", test.expiry.Unix(),
				test.clock.Unix(), got, want)
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
	c := capabilityTokens.newAt(t, now.Add(time.Second-1))
	for _, test := range []struct{ name, raw, want string }{
		{"exp", "1699999999", "expired at 2023-11-14T22:13:19Z, 1s ago (clock: 2023-11-14T22:13:20Z)"},
		{"nbf", "1700000090",
			"not yet valid: valid from 2023-11-14T22:14:50Z, 1m30s away (clock: 2023-11-14T22:13:20Z)"},
		{"exp", "-9223372036854775808",
			"expired at Unix time -9223372036854775808, more than 292 years ago (clock: 2023-11-14T22:13:20Z)"},
		{"nbf", "9223372036854775807",
			"not yet valid: valid from Unix time 9223372036854775807, more than 292 years away (clock: " +
				"2023-11-14T22:13:20Z)"},
	} {
		_, err := c.Verify(sign(authToken, withMember(test.name, test.raw)))
		if got := fmt.Sprint(err); got != "capability: token "+test.want {
			t.Errorf("Verify of %s %s:\ngot  %s\nwant capability: token %s", test.name, test.raw, got, test.want)
		}
	}
}
