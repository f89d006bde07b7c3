package capability_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/capability"
)

// minKey is the shortest secret that an enforced FIPS 140-3 mode accepts.
const minKey = "fourteen14byte"

// TestAcceptedAndRejectedAccountSIDs holds for both constructors.
func TestAcceptedAndRejectedAccountSIDs(t *testing.T) {
	for _, test := range []struct {
		name, sid string
		ok        bool
	}{
		{"it is one of documentation", "AC123123", true},
		{"it is as long as a real one", "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0", true},
		{"it has one digit", "AC1", true},
		{"it has both cases", "ACaZ09", true},
		{"it has 1,000 letters", "AC" + strings.Repeat("a", 1000), true},
		{"it is empty", "", false},
		{"it has no digits", "AC", false},
		{"it is in lower case", "ac123", false},
		{"it has its kind in mixed case", "Ac123", false},
		{"it is that of an application", "AP123", false},
		{"it is that of an API key", "SK123", false},
		{"it has an underscore", "AC1_2", false},
		{"it has a line break behind it", "AC123\n", false},
		{"it has a letter beyond ASCII", "ACé", false},
		{"it has a digit beyond ASCII", "AC１", false},
		{"it has a character that ends in the byte of a letter", "AC\u0141", false},
		{"it has a quote", `AC1"`, false},
		{"it is in quotes", `"AC1"`, false},
		{"it is not UTF-8", "AC1\xff", false},
		{"it has the byte before 0", "AC1/", false},
		{"it has the byte behind 9", "AC1:", false},
		{"it has the byte before A", "AC1@", false},
		{"it has the byte behind Z", "AC1[", false},
		{"it has the byte before a", "AC1`", false},
		{"it has the byte behind z", "AC1{", false},
	} {
		for _, err := range []error{newError(test.sid, authToken), newKeyError(test.sid, apiKeySID, apiKeySecret)} {
			checkAccepted(t, test.name, err, test.ok, capability.ErrAccountSID)
		}
	}
}

// checkAccepted checks whether there is an error, and that it is that one.
func checkAccepted(t *testing.T, name string, err error, ok bool, want error) {
	t.Helper()
	if ok && err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if !ok {
		checkReason(t, name, err, want)
		checkMessage(t, err)
	}
}

func TestAcceptedAndRejectedAPIKeySIDs(t *testing.T) {
	hex := "0123456789abcdef0123456789ABCDEF"
	for _, test := range []struct {
		name, sid string
		ok        bool
	}{
		{"it is one of documentation", "SK123123", true},
		{"it is as long as a real one", "SK" + hex, true},
		{"it has one digit", "SK1", true},
		{"it has both cases", "SKaZ09", true},
		{"it has 1,000 letters", "SK" + strings.Repeat("a", 1000), true},
		{"it has 31 characters", "SK" + hex[:29], true},
		{"it has 32 characters, as a secret has", "SK" + hex[:30], false},
		{"it has 33 characters", "SK" + hex[:31], true},
		{"it is empty", "", false},
		{"it has no digits", "SK", false},
		{"it is in lower case", "sk123", false},
		{"it is that of an account", "AC123", false},
		{"it is the account SID", accountSID, false},
		{"it has a line break behind it", "SK123\n", false},
		{"it has a hyphen", "SK1-2", false},
		{"it is in quotes", "'SK1'", false},
		{"it is not UTF-8", "SK1\xff", false},
		{"it is a secret", hex, false},
	} {
		checkAccepted(t, test.name, newKeyError(accountSID, test.sid, apiKeySecret), test.ok, capability.ErrAPIKey)
	}
}

// TestAcceptedAndRejectedSecrets holds for the auth token and for the secret of
// an API key, but for what it has in common with the SID of a key.
func TestAcceptedAndRejectedSecrets(t *testing.T) {
	const visible = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
	const hex = "0123456789abcdef0123456789ABCDEF"
	for _, test := range []struct {
		name, account, apiKey, secret string
		ok                            bool
	}{
		{"it has every visible character", "AC1", "SK1", visible, true},
		{"it is empty", "AC1", "SK1", "", false},
		{"it has a line break behind it", "AC1", "SK1", authToken + "\n", false},
		{"it has a space before it", "AC1", "SK1", " " + authToken, false},
		{"it has a space within", "AC1", "SK1", authToken + " " + authToken, false},
		{"it has DEL", "AC1", "SK1", authToken + "\x7f", false},
		{"it has NUL", "AC1", "SK1", authToken + "\x00", false},
		{"it is beyond ASCII", "AC1", "SK1", authToken + "é", false},
		{"it is not UTF-8", "AC1", "SK1", authToken + "\xff", false},

		{"it is the account SID", "AC" + minKey, "SK1", "AC" + minKey, false},
		{"it is the short account SID", "AC1", "SK1", "AC1", false},
		{"it is the account SID without its kind", "AC" + minKey, "SK1", minKey, false},
		{"it is the beginning of the account SID", "AC" + minKey, "SK1", "AC" + minKey[:12], false},
		{"it is the middle of the account SID", "AC1" + minKey + "2", "SK1", minKey, false},
		{"it is eight characters of the account SID", "AC123456789", "SK1", "23456789", false},
		{"it has the account SID in it", "AC1", "SK1", "AC1" + minKey, true},
		{"it has the SID of the key in it", "AC1", "SK1", "SK1" + minKey, true},
		{"it is like the account SID but for its case", "AC" + minKey, "SK1", strings.ToUpper(minKey), true},
		{"it has 14 bytes of both SIDs, which are no part of either", "AC" + minKey, "SK1" + minKey,
			minKey[7:] + "SK1" + minKey[:4], true},

		{"it has the form of an account SID", "AC1", "SK1", "AC" + hex, false},
		{"it has the form of the SID of a key", "AC1", "SK1", "SK" + hex, false},
		{"it has the form of any SID", "AC1", "SK1", "ZA" + hex, false},
		{"it has the form of a SID but for a small letter", "AC1", "SK1", "aC" + hex, true},
		{"it has the form of a SID but for a second small letter", "AC1", "SK1", "Ac" + hex, true},
		{"it has the form of a SID but for the byte before A", "AC1", "SK1", "@C" + hex, true},
		{"it has the form of a SID but for the byte behind Z", "AC1", "SK1", "A[" + hex, true},
		{"it has the form of a SID but for a digit", "AC1", "SK1", "AC" + hex[1:], true},
		{"it has the form of a SID but for a digit more", "AC1", "SK1", "AC" + hex + "0", true},
		{"it has the form of a SID but for its first digit", "AC1", "SK1", "ACg" + hex[1:], true},
		{"it has the form of a SID but for its last digit", "AC1", "SK1", "AC" + hex[1:] + "G", true},
		{"it has the form of a SID but for the byte before 0", "AC1", "SK1", "AC" + hex[1:] + "/", true},
		{"it has the form of a SID but for the byte before A in a digit", "AC1", "SK1", "AC" + hex[1:] + "@", true},
		{"it has the form of a SID but for the byte behind f", "AC1", "SK1", "AC" + hex[1:] + "g", true},
		{"it has the form of a SID but for the byte behind 9", "AC1", "SK1", "AC" + hex[1:] + ":", true},
		{"it has the form of a SID but for the byte before a", "AC1", "SK1", "AC" + hex[1:] + "`", true},

		{"it is in double quotes", "AC1", "SK1", `"` + authToken + `"`, false},
		{"it is in single quotes", "AC1", "SK1", "'" + authToken + "'", false},
		{"it is in back quotes", "AC1", "SK1", "`" + authToken + "`", false},
		{"it is two quotes", "AC1", "SK1", `""`, false},
		{"it is in quotes of two kinds", "AC1", "SK1", `"` + authToken + "'", true},
		{"it begins with a quote", "AC1", "SK1", `"` + authToken, true},
		{"it ends in a quote", "AC1", "SK1", authToken + `"`, true},
		{"it is between two other characters that are the same", "AC1", "SK1", "|" + authToken + "|", true},
	} {
		checkAccepted(t, test.name, newError(test.account, test.secret), test.ok, capability.ErrAuthToken)
		checkAccepted(t, test.name, newKeyError(test.account, test.apiKey, test.secret), test.ok, capability.ErrAPIKey)
	}
	for _, test := range []struct{ name, apiKey, secret string }{
		{"it is the SID of the key", "SK" + minKey, "SK" + minKey},
		{"it is the short SID of the key", "SK1", "SK1"},
		{"it is the SID of the key without its kind", "SK" + minKey, minKey},
		{"it is eight characters of the SID of the key", "SK123456789", "K1234567"},
	} {
		checkAccepted(t, test.name, newKeyError(accountSID, test.apiKey, test.secret), false, capability.ErrAPIKey)
	}
}

// TestEveryByteOfAValue puts each byte into each value that has an alphabet, and
// compares with the rules of the slow twin.
func TestEveryByteOfAValue(t *testing.T) {
	base, access := newCapability(t), newAccess(t)
	for b := range 256 {
		s := string([]byte{byte(b)})
		for _, test := range []struct {
			name string
			err  error
			ok   bool
			want error
		}{
			{"an account SID", newError("AC1"+s, authToken), accountRule.MatchString("AC1" + s),
				capability.ErrAccountSID},
			{"an API key's SID", newKeyError("AC1", "SK1"+s, authToken), apiKeyRule.MatchString("SK1" + s),
				capability.ErrAPIKey},
			{"a secret", newKeyError("AC1", "SK1", authToken+s), secretRule.MatchString(authToken + s),
				capability.ErrAPIKey},
			{"a client name", base.WithClientName("a" + s).Err(), clientRule.MatchString("a" + s),
				capability.ErrClientName},
			{"an application SID", base.AllowClientOutgoing("AP1" + s).Err(), applicationRule.MatchString("AP1" + s),
				capability.ErrApplicationSID},
			{"a region", access.WithRegion("a" + s).Err(), regionRule.MatchString("a" + s), capability.ErrRegion},
		} {
			checkAccepted(t, fmt.Sprintf("%s that ends in %q", test.name, s), test.err, test.ok, test.want)
		}
	}
}

// TestShortSecrets shows where the rules about parts of a SID and about quotes
// begin.
func TestShortSecrets(t *testing.T) {
	if !hmacTakes("2345678") {
		t.Skip("an enforced FIPS 140-3 mode rejects short secrets")
	}
	for _, test := range []struct{ name, account, apiKey, secret string }{
		{"it is seven characters of the account SID", "AC123456789", "SK1", "2345678"},
		{"it is seven characters of the SID of the key", "AC1", "SK123456789", "2345678"},
		{"it is one quote", "AC1", "SK1", `"`},
		{"it is the kind of a SID", "AC1", "SK1", "AC"},
	} {
		for _, err := range []error{newError(test.account, test.secret),
			newKeyError(test.account, test.apiKey, test.secret)} {
			checkAccepted(t, test.name, err, true, nil)
		}
	}
	for b := '!'; b <= '~'; b++ {
		checkAccepted(t, fmt.Sprintf("it is %q", b), newError("AC1", string(b)), true, nil)
	}
}

// TestAcceptedAndRejectedArguments is the table of the rules for the arguments
// of the methods. They are the same for both kinds of token, but for the few that
// TestTheSameCallsForBothKinds has.
func TestAcceptedAndRejectedArguments(t *testing.T) {
	base := newCapability(t)
	incoming := func(name string) error { return errorOf(base.AllowClientIncoming(name)) }
	outgoing := func(sid string, p ...capability.Parameter) error {
		return errorOf(base.AllowClientOutgoing(sid, p...))
	}
	claim := func(name, value string) error { return errorOf(base.WithClaim("a", "").WithClaim(name, value)) }
	param, long := capability.Param, strings.Repeat("a", 1000)

	for _, test := range []struct {
		name string
		got  error
		want error
	}{
		{"the client name has one character", incoming("_"), nil},
		{"the client name has every kind of character", incoming("aZ09_"), nil},
		{"the client name has 256 letters", incoming(long[:256]), nil},
		{"the client name has 257 letters", incoming(long[:257]), capability.ErrClientName},
		{"the client name is empty", incoming(""), capability.ErrClientName},
		{"the client name has a space", incoming("Al ice"), capability.ErrClientName},
		{"the client name has a hyphen", incoming("Al-ice"), capability.ErrClientName},
		{"the client name has an at sign", incoming("alice@example.com"), capability.ErrClientName},
		{"the client name adds a parameter", incoming("x&appSid=AP1"), capability.ErrClientName},
		{"the client name ends the JSON", incoming(`x"`), capability.ErrClientName},
		{"the client name has a letter beyond ASCII", incoming("Zoë"), capability.ErrClientName},
		{"the client name is bad and not incoming", errorOf(base.WithClientName("a b")), capability.ErrClientName},

		{"the application SID is one of documentation", outgoing("AP123123"), nil},
		{"the application SID has one letter", outgoing("APz"), nil},
		{"the application SID is empty", outgoing(""), capability.ErrApplicationSID},
		{"the application SID has no digits", outgoing("AP"), capability.ErrApplicationSID},
		{"the application SID is that of an account", outgoing("AC123"), capability.ErrApplicationSID},
		{"the application SID is in lower case", outgoing("ap123"), capability.ErrApplicationSID},
		{"the application SID has an underscore", outgoing("AP_"), capability.ErrApplicationSID},
		{"the application SID adds a parameter", outgoing("AP1&x=y"), capability.ErrApplicationSID},
		{"the application SID has a line break behind it", outgoing("AP1\n"), capability.ErrApplicationSID},

		{"a parameter has any name and value", outgoing("AP1", param("\x00 é\xff", "\x00\xff")), nil},
		{"a parameter has an empty value", outgoing("AP1", param("a", "")), nil},
		{"two names differ in case", outgoing("AP1", param("a", ""), param("A", "")), nil},
		{"two names differ in length", outgoing("AP1", param("aa", ""), param("a", "")), nil},
		{"one name is in two calls",
			errorOf(base.AllowClientOutgoing("AP1", param("a", "")).AllowEventStream(param("a", ""))), nil},
		{"a parameter has no name", outgoing("AP1", param("", "a")), capability.ErrParam},
		{"a second parameter has no name", outgoing("AP1", param("a", ""), param("", "a")), capability.ErrParam},
		{"two parameters have one name, with another between",
			outgoing("AP1", param("a", "1"), param("b", "2"), param("a", "1")), capability.ErrParam},
		{"two parameters have one name, side by side", outgoing("AP1", param("a", "1"), param("a", "2")),
			capability.ErrParam},
		{"two parameters have one name, a longer one between",
			outgoing("AP1", param("b", "1"), param("aa", "2"), param("b", "1")), capability.ErrParam},
		{"a filter has no name", errorOf(base.AllowEventStream(param("", "a"))), capability.ErrParam},
		{"two filters have one name", errorOf(base.AllowEventStream(param("a", ""), param("a", ""))),
			capability.ErrParam},

		{"the TTL is a second", errorOf(base.WithTTL(time.Second)), nil},
		{"the TTL is a day", errorOf(base.WithTTL(capability.MaxTTL)), nil},
		{"the TTL is just short of a second", errorOf(base.WithTTL(time.Second - 1)), capability.ErrTTL},
		{"the TTL is zero", errorOf(base.WithTTL(0)), capability.ErrTTL},
		{"the TTL is negative", errorOf(base.WithTTL(-time.Hour)), capability.ErrTTL},
		{"the TTL is just over a day", errorOf(base.WithTTL(capability.MaxTTL + 1)), capability.ErrTTL},
		{"the expiry is a second away", errorOf(base.WithExpiry(now.Add(time.Second))), nil},
		{"the expiry is a day away", errorOf(base.WithExpiry(now.Add(capability.MaxTTL))), nil},
		{"the expiry is in another time zone",
			errorOf(base.WithExpiry(now.Add(time.Hour).In(time.FixedZone("", 3600)))), nil},
		{"the expiry is just short of a second away", errorOf(base.WithExpiry(now.Add(time.Second - 1))),
			capability.ErrTTL},
		{"the expiry is now", errorOf(base.WithExpiry(now)), capability.ErrTTL},
		{"the expiry is in the past", errorOf(base.WithExpiry(now.Add(-time.Hour))), capability.ErrTTL},
		{"the expiry is just over a day away", errorOf(base.WithExpiry(now.Add(capability.MaxTTL + 1))),
			capability.ErrTTL},
		{"the end of time wraps the expiry around",
			errorOf(base.WithClock(func() time.Time { return time.Unix(1<<63-1, 0) })), capability.ErrTTL},
		{"the expiry is the zero time", errorOf(base.WithExpiry(time.Time{})), capability.ErrTTL},
		{"the expiry is beyond all durations", errorOf(base.WithExpiry(time.Unix(1<<60, 0))), capability.ErrTTL},
		{"the not-before is just before the expiry",
			errorOf(base.WithTTL(2 * time.Second).WithNotBefore(now.Add(time.Second))), nil},
		{"the not-before is in the past", errorOf(base.WithNotBefore(time.Unix(0, 0))), nil},
		{"the not-before is at the expiry", errorOf(base.WithTTL(time.Second).WithNotBefore(now.Add(time.Second))),
			capability.ErrTTL},
		{"the not-before is after the expiry", errorOf(base.WithNotBefore(now.Add(2 * time.Hour))), capability.ErrTTL},
		{"the not-before is in the second of the expiry", errorOf(base.WithExpiry(now.Add(1900 * time.Millisecond)).
			WithNotBefore(now.Add(1100 * time.Millisecond))), capability.ErrTTL},
		{"the not-before is the zero time", errorOf(base.WithNotBefore(time.Time{})), capability.ErrTTL},

		{"a claim has any UTF-8", claim("https://example.com/é", "\x00📞\u2028"), nil},
		{"a claim has an empty value", claim("b", ""), nil},
		{"a claim is close to a registered one", claim("Iss", "x"), nil},
		{"a claim is another registered one", claim("sub", "x"), nil},
		{"a claim has the name of another but for its case", claim("A", "x"), nil},
		{"a claim has no name", claim("", "x"), capability.ErrClaim},
		{"a claim is given twice", claim("a", "x"), capability.ErrClaim},
		{"a claim has a name that is not UTF-8", claim("\xff", "x"), capability.ErrClaim},
		{"a claim has a value that is not UTF-8", claim("b", "\xed\xa0\x80"), capability.ErrClaim},
		{"a claim is named scope", claim("scope", "x"), capability.ErrClaim},
		{"a claim is named iss", claim("iss", "x"), capability.ErrClaim},
		{"a claim is named exp", claim("exp", "x"), capability.ErrClaim},
		{"a claim is named nbf", claim("nbf", "x"), capability.ErrClaim},
		{"a claim is named iat", claim("iat", "x"), capability.ErrClaim},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !errors.Is(test.got, test.want) {
				t.Errorf("the error is %v, want %v", test.got, test.want)
			}
			if test.got != nil {
				checkReason(t, test.name, test.got, test.want)
				checkMessage(t, test.got)
			}
		})
	}
}

// TestRepeatedNamesAmongMany looks for a name among as many as are compared one
// by one, and more, in ascending order and in none.
func TestRepeatedNamesAmongMany(t *testing.T) {
	for _, n := range []int{2, 15, 16, 17, 18, 40} {
		up := make([]capability.Parameter, n)
		for i := range up {
			up[i] = capability.Param(fmt.Sprint("name", 100+i), "")
		}
		down := slices.Clone(up)
		slices.Reverse(down)
		for _, params := range [][]capability.Parameter{up, down} {
			c := newCapability(t)
			if err := errorOf(c.AllowEventStream(params...)); err != nil {
				t.Errorf("%d names: %v", n, err)
			}
			for i := range params {
				err := errorOf(c.AllowEventStream(append(slices.Clip(params), params[i])...))
				checkReason(t, fmt.Sprintf("name %d of %d, twice,", i, n), err, capability.ErrParam)
			}
		}
	}
}

// TestErrTellsAtOnceWhatTheClockDoesNotDecide looks at Err, before a second
// check when the token is generated could hide that the first is missing.
func TestErrTellsAtOnceWhatTheClockDoesNotDecide(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		base := k.new(t)
		for _, test := range []struct {
			name string
			c    capability.Capability
			want error
		}{
			{"a TTL just short of a second", base.WithTTL(time.Second - 1), capability.ErrTTL},
			{"a TTL of a second", base.WithTTL(time.Second), nil},
			{"a TTL of a day", base.WithTTL(capability.MaxTTL), nil},
			{"a TTL just over a day", base.WithTTL(capability.MaxTTL + 1), capability.ErrTTL},
			{"a TTL of nothing", base.WithTTL(0), capability.ErrTTL},
			{"a negative TTL", base.WithTTL(-time.Hour), capability.ErrTTL},
			{"the zero time as the expiry", base.WithExpiry(time.Time{}), capability.ErrTTL},
			{"the zero time in another zone as the expiry", base.WithExpiry(time.Time{}.In(time.FixedZone("", 3600))),
				capability.ErrTTL},
			{"the zero time as the not-before", base.WithNotBefore(time.Time{}), capability.ErrTTL},
			{"an expiry in the past", base.WithExpiry(now.Add(-time.Hour)), nil},
			{"an expiry centuries away", base.WithExpiry(now.AddDate(500, 0, 0)), nil},
			{"a not-before behind the expiry", base.WithNotBefore(now.Add(2 * time.Hour)), nil},
			{"no client name", base, nil},
		} {
			if err := test.c.Err(); !errors.Is(err, test.want) {
				t.Errorf("%s: Err() = %v, want %v", test.name, err, test.want)
			}
		}
	})
}
