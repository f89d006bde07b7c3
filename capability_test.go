package capability_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/capability"
)

func generate(t testing.TB, c capability.Capability) string {
	t.Helper()
	token, err := c.GenerateToken()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestAcceptedAndRejectedValues is the table of the rules for each argument.
func TestAcceptedAndRejectedValues(t *testing.T) {
	base := newCapability(t)
	incoming := func(name string) error { return errorOf(base.AllowClientIncoming(name)) }
	outgoing := func(sid string, p ...capability.Parameter) error { return errorOf(base.AllowClientOutgoing(sid, p...)) }
	claim := func(name, value string) error { return errorOf(base.WithClaim("a", "").WithClaim(name, value)) }
	param, long := capability.Param, strings.Repeat("a", 1000)
	visible := "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
	minKey := "fourteen14byte" // the shortest that an enforced FIPS 140-3 mode accepts

	for _, test := range []struct {
		name string
		got  error
		want error
	}{
		{"the account SID is one of documentation", newError("AC123123", authToken), nil},
		{"the account SID has one digit", newError("AC1", authToken), nil},
		{"the account SID has both cases", newError("ACaZ09", authToken), nil},
		{"the account SID has 1,000 letters", newError("AC"+long, authToken), nil},
		{"the account SID is empty", newError("", authToken), capability.ErrAccountSID},
		{"the account SID has no digits", newError("AC", authToken), capability.ErrAccountSID},
		{"the account SID is in lower case", newError("ac123", authToken), capability.ErrAccountSID},
		{"the account SID has its kind in mixed case", newError("Ac123", authToken), capability.ErrAccountSID},
		{"the account SID is that of an application", newError("AP123", authToken), capability.ErrAccountSID},
		{"the account SID is that of an API key", newError("SK123", authToken), capability.ErrAccountSID},
		{"the account SID has an underscore", newError("AC1_2", authToken), capability.ErrAccountSID},
		{"the account SID has a line break behind it", newError("AC123\n", authToken), capability.ErrAccountSID},
		{"the account SID has a letter beyond ASCII", newError("ACé", authToken), capability.ErrAccountSID},
		{"the account SID has a digit beyond ASCII", newError("AC１", authToken), capability.ErrAccountSID},
		{"the account SID has a character that ends in the byte of a letter", newError("AC\u0141", authToken), capability.ErrAccountSID},
		{"the account SID has a quote", newError(`AC1"`, authToken), capability.ErrAccountSID},
		{"the account SID is not UTF-8", newError("AC1\xff", authToken), capability.ErrAccountSID},

		{"the auth token has every visible character", newError("AC1", visible), nil},
		{"the auth token is empty", newError("AC1", ""), capability.ErrAuthToken},
		{"the auth token has a line break behind it", newError("AC1", authToken+"\n"), capability.ErrAuthToken},
		{"the auth token has a space before it", newError("AC1", " "+authToken), capability.ErrAuthToken},
		{"the auth token has a space within", newError("AC1", authToken+" "+authToken), capability.ErrAuthToken},
		{"the auth token has DEL", newError("AC1", authToken+"\x7f"), capability.ErrAuthToken},
		{"the auth token has NUL", newError("AC1", authToken+"\x00"), capability.ErrAuthToken},
		{"the auth token is beyond ASCII", newError("AC1", authToken+"é"), capability.ErrAuthToken},
		{"the auth token is not UTF-8", newError("AC1", authToken+"\xff"), capability.ErrAuthToken},
		{"the auth token is the account SID", newError("AC"+minKey, "AC"+minKey), capability.ErrAuthToken},
		{"the auth token is the short account SID", newError("AC1", "AC1"), capability.ErrAuthToken},
		{"the auth token is the account SID without its kind", newError("AC"+minKey, minKey), capability.ErrAuthToken},
		{"the auth token is the beginning of the account SID", newError("AC"+minKey, "AC"+minKey[:12]), capability.ErrAuthToken},
		{"the auth token is the middle of the account SID", newError("AC1"+minKey+"2", minKey), capability.ErrAuthToken},
		{"the auth token is eight characters of the account SID", newError("AC123456789", "23456789"), capability.ErrAuthToken},
		{"the auth token has the account SID in it", newError("AC1", "AC1"+minKey), nil},
		{"the auth token is like the account SID but for its case", newError("AC"+minKey, strings.ToUpper(minKey)), nil},

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
		{"one name is in two calls", errorOf(base.AllowClientOutgoing("AP1", param("a", "")).AllowEventStream(param("a", ""))), nil},
		{"a parameter has no name", outgoing("AP1", param("", "a")), capability.ErrParam},
		{"a second parameter has no name", outgoing("AP1", param("a", ""), param("", "a")), capability.ErrParam},
		{"two parameters have one name, with another between", outgoing("AP1", param("a", "1"), param("b", "2"), param("a", "1")), capability.ErrParam},
		{"two parameters have one name, side by side", outgoing("AP1", param("a", "1"), param("a", "2")), capability.ErrParam},
		{"two parameters have one name, a longer one between", outgoing("AP1", param("b", "1"), param("aa", "2"), param("b", "1")), capability.ErrParam},
		{"a filter has no name", errorOf(base.AllowEventStream(param("", "a"))), capability.ErrParam},
		{"two filters have one name", errorOf(base.AllowEventStream(param("a", ""), param("a", ""))), capability.ErrParam},

		{"the TTL is a second", errorOf(base.WithTTL(time.Second)), nil},
		{"the TTL is a day", errorOf(base.WithTTL(capability.MaxTTL)), nil},
		{"the TTL is just short of a second", errorOf(base.WithTTL(time.Second - 1)), capability.ErrTTL},
		{"the TTL is zero", errorOf(base.WithTTL(0)), capability.ErrTTL},
		{"the TTL is negative", errorOf(base.WithTTL(-time.Hour)), capability.ErrTTL},
		{"the TTL is just over a day", errorOf(base.WithTTL(capability.MaxTTL + 1)), capability.ErrTTL},
		{"the expiry is a second away", errorOf(base.WithExpiry(now.Add(time.Second))), nil},
		{"the expiry is a day away", errorOf(base.WithExpiry(now.Add(capability.MaxTTL))), nil},
		{"the expiry is in another time zone", errorOf(base.WithExpiry(now.Add(time.Hour).In(time.FixedZone("", 3600)))), nil},
		{"the expiry is just short of a second away", errorOf(base.WithExpiry(now.Add(time.Second - 1))), capability.ErrTTL},
		{"the expiry is now", errorOf(base.WithExpiry(now)), capability.ErrTTL},
		{"the expiry is in the past", errorOf(base.WithExpiry(now.Add(-time.Hour))), capability.ErrTTL},
		{"the expiry is just over a day away", errorOf(base.WithExpiry(now.Add(capability.MaxTTL + 1))), capability.ErrTTL},
		{"the end of time wraps the expiry around", errorOf(base.WithClock(func() time.Time { return time.Unix(1<<63-1, 0) })), capability.ErrTTL},
		{"the expiry is the zero time", errorOf(base.WithExpiry(time.Time{})), capability.ErrTTL},
		{"the expiry is beyond all durations", errorOf(base.WithExpiry(time.Unix(1<<60, 0))), capability.ErrTTL},
		{"the not-before is just before the expiry", errorOf(base.WithTTL(2 * time.Second).WithNotBefore(now.Add(time.Second))), nil},
		{"the not-before is in the past", errorOf(base.WithNotBefore(time.Unix(0, 0))), nil},
		{"the not-before is at the expiry", errorOf(base.WithTTL(time.Second).WithNotBefore(now.Add(time.Second))), capability.ErrTTL},
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

// TestShortPartOfTheAccountSID shows where the rule about parts of it begins.
func TestShortPartOfTheAccountSID(t *testing.T) {
	if !hmacTakes("2345678") {
		t.Skip("an enforced FIPS 140-3 mode rejects short auth tokens")
	}
	if err := newError("AC123456789", "2345678"); err != nil {
		t.Errorf("seven characters of the account SID: %v", err)
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

// TestAllowAddsAndWithReplaces has each method called twice.
func TestAllowAddsAndWithReplaces(t *testing.T) {
	base := newCapability(t)
	type c = capability.Capability
	twoApplications := `"scope:client:outgoing?appSid=AP1&appParams= scope:client:outgoing?appSid=AP2&appParams="`
	for _, test := range []struct {
		name string
		c    c
		want string // the payload
	}{
		{"AllowClientIncoming adds", base.AllowClientIncoming("Al").AllowClientIncoming("Bo"),
			payloadWith("scope", `"scope:client:incoming?clientName=Al scope:client:incoming?clientName=Bo"`)},
		{"AllowClientIncoming adds the same again", base.AllowClientIncoming("Al").AllowClientIncoming("Al"),
			payloadWith("scope", `"scope:client:incoming?clientName=Al scope:client:incoming?clientName=Al"`)},
		{"AllowClientOutgoing adds", base.AllowClientOutgoing("AP1").AllowClientOutgoing("AP2"), payloadWith("scope", twoApplications)},
		{"AllowEventStream adds", base.AllowEventStream(capability.Param("a", "1")).AllowEventStream(capability.Param("a", "2")),
			payloadWith("scope", `"scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=a%3D1 scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=a%3D2"`)},
		{"WithClaim adds", base.WithClaim("a", "1").WithClaim("b", "2"), `{"a":"1","b":"2",` + payloadWith("scope", `""`)[1:]},
		{"WithClientName replaces", base.WithClientName("Al").WithClientName("Bo").AllowClientOutgoing("AP1"),
			payloadWith("scope", `"scope:client:outgoing?appSid=AP1&appParams=&clientName=Bo"`)},
		{"AllowClientIncoming replaces the client name", base.WithClientName("Al").AllowClientOutgoing("AP1").AllowClientIncoming("Bo"),
			payloadWith("scope", `"scope:client:outgoing?appSid=AP1&appParams=&clientName=Bo scope:client:incoming?clientName=Bo"`)},
		{"WithClientName replaces the name of an outgoing scope only", base.AllowClientIncoming("Al").AllowClientOutgoing("AP1").WithClientName("Bo"),
			payloadWith("scope", `"scope:client:incoming?clientName=Al scope:client:outgoing?appSid=AP1&appParams=&clientName=Bo"`)},
		{"WithTTL replaces", base.AllowClientIncoming("Alice").WithTTL(time.Minute).WithTTL(time.Hour), goodPayload()},
		{"WithTTL replaces an expiry", base.AllowClientIncoming("Alice").WithExpiry(now.Add(time.Minute)).WithTTL(time.Hour), goodPayload()},
		{"WithExpiry replaces", base.AllowClientIncoming("Alice").WithExpiry(now.Add(time.Minute)).WithExpiry(now.Add(time.Hour)), goodPayload()},
		{"WithExpiry replaces a TTL", base.AllowClientIncoming("Alice").WithTTL(time.Minute).WithExpiry(now.Add(time.Hour)), goodPayload()},
		{"WithNotBefore replaces", base.AllowClientIncoming("Alice").WithNotBefore(now.Add(time.Minute)).WithNotBefore(now), payloadWith("nbf", "1700000000")},
		{"WithClock replaces", base.AllowClientIncoming("Alice").WithClock(time.Now).WithClock(func() time.Time { return now }), goodPayload()},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := payloadOf(generate(t, test.c)); got != test.want {
				t.Errorf("the payload is\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestDiscardedResultsChangeNothing calls every method and drops its result.
func TestDiscardedResultsChangeNothing(t *testing.T) {
	for _, c := range []capability.Capability{newCapability(t), newCapability(t).AllowClientIncoming("Alice").WithClaim("a", "b")} {
		before, text := generate(t, c), c.String()
		_ = c.AllowClientIncoming("Bob")
		_ = c.AllowClientOutgoing("AP1")
		_ = c.AllowEventStream()
		_ = c.WithClientName("Bob")
		_ = c.WithTTL(time.Minute)
		_ = c.WithExpiry(now.Add(time.Minute))
		_ = c.WithNotBefore(now)
		_ = c.WithClaim("c", "d")
		_ = c.WithClock(time.Now)
		_ = c.WithTTL(0)
		if after := generate(t, c); after != before || c.String() != text || c.Err() != nil {
			t.Errorf("%v, %s; was %s, %s", c, payloadOf(after), text, payloadOf(before))
		}
	}
}

// TestTheFirstErrorSticks follows an error with each call that could clear it.
func TestTheFirstErrorSticks(t *testing.T) {
	base := newCapability(t)
	for _, test := range []struct {
		name string
		c    capability.Capability
		want error
	}{
		{"no error", base.AllowClientIncoming("Alice").WithTTL(time.Minute), nil},
		{"an expiry in the past, which the clock decides later", base.WithExpiry(now.Add(-time.Hour)), nil},
		{"a client name, then a lifetime", base.AllowClientIncoming("a b").WithTTL(0), capability.ErrClientName},
		{"a client name, then many", base.AllowClientIncoming("a b").WithTTL(0).AllowClientOutgoing("x").WithClaim("", "").
			AllowClientIncoming("Alice").WithTTL(time.Minute), capability.ErrClientName},
		{"an incoming client name, then a good one", base.AllowClientIncoming("a b").AllowClientIncoming("Alice"), capability.ErrClientName},
		{"a client name, then a good one", base.WithClientName("a b").WithClientName("Alice"), capability.ErrClientName},
		{"an application, then a good one", base.AllowClientOutgoing("x").AllowClientOutgoing("AP1"), capability.ErrApplicationSID},
		{"a filter, then a good one", base.AllowEventStream(capability.Param("", "")).AllowEventStream(), capability.ErrParam},
		{"a lifetime, then a good one", base.WithTTL(0).WithTTL(time.Minute), capability.ErrTTL},
		{"a lifetime, then a good expiry", base.WithTTL(0).WithExpiry(now.Add(time.Hour)), capability.ErrTTL},
		{"a not-before, then a good one", base.WithNotBefore(time.Time{}).WithNotBefore(now), capability.ErrTTL},
		{"a claim, then a good one", base.WithClaim("", "").WithClaim("a", "b"), capability.ErrClaim},
		{"a claim, then a clock", base.WithClaim("", "").WithClock(nil), capability.ErrClaim},
		{"the zero Capability", capability.Capability{}, capability.ErrAccountSID},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.c.Err(); !errors.Is(err, test.want) {
				t.Errorf("Err() = %v, want %v", err, test.want)
			}
			_, verifyErr := test.c.Verify(goodToken())
			if !errors.Is(verifyErr, test.want) {
				t.Errorf("Verify: %v, want %v", verifyErr, test.want)
			}
			if test.want != nil {
				checkReason(t, "GenerateToken", errorOf(test.c), test.want)
				if got := test.c.String(); got != test.c.Err().Error() {
					t.Errorf("String() = %s, want the error", got)
				}
			}
		})
	}
}

func TestALaterLifetimeMendsAnExpiryInThePast(t *testing.T) {
	past := newCapability(t).WithExpiry(now.Add(-time.Hour))
	for _, test := range []struct {
		name string
		c    capability.Capability
	}{
		{"a TTL", past.WithTTL(time.Minute)},
		{"an expiry", past.WithExpiry(now.Add(time.Minute))},
		{"a clock that is set right", past.WithClock(func() time.Time { return now.Add(-2 * time.Hour) })},
	} {
		if err := errorOf(test.c); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestTheZeroCapabilityRefusesEverything(t *testing.T) {
	var zero capability.Capability
	all := zero.AllowClientIncoming("Alice").AllowClientOutgoing("AP1").AllowEventStream().WithClientName("Bob").
		WithTTL(time.Minute).WithExpiry(now).WithNotBefore(now).WithClaim("a", "b").WithClock(nil)
	for _, c := range []capability.Capability{zero, all} {
		checkReason(t, "GenerateToken", errorOf(c), capability.ErrAccountSID)
		got, err := c.AppendToken(nil)
		if got != nil {
			t.Errorf("AppendToken: %q, %v", got, err)
		}
		checkReason(t, "AppendToken", err, capability.ErrAccountSID)
		checkRefused(t, c, "a.b.c", capability.ErrAccountSID)
		if got := c.String(); got != "capability: invalid account SID: use of zero Capability: call New or NewWithAPIKey" {
			t.Errorf("String: %s", got)
		}
	}
	refused, err := capability.New("x", authToken)
	if !errors.Is(errorOf(refused), err) || !errors.Is(refused.AllowClientIncoming("Alice").Err(), err) {
		t.Errorf("what New rejected generates: %v, want %v", errorOf(refused), err)
	}
}

// TestChildrenNeverDisturbEachOther derives from values with every number of
// grants around the room that one has for them, and compares each token with
// that of a value from which nothing else was derived.
func TestChildrenNeverDisturbEachOther(t *testing.T) {
	build := func(names ...string) capability.Capability {
		c := newCapability(t)
		for _, name := range names {
			c = c.AllowClientIncoming(name).WithClaim(name, name)
		}
		return c
	}
	names := []string{"a", "b", "c", "d", "e", "f"}
	for n := range len(names) + 1 {
		parent := build(names[:n]...)
		before := generate(t, parent)
		left := parent.AllowClientIncoming("left").WithClaim("left", "left")
		right := parent.AllowClientIncoming("right").WithClaim("right", "right")
		rightmost := right.AllowClientIncoming("most").WithClaim("most", "most")
		for _, test := range []struct {
			name      string
			got, want capability.Capability
		}{
			{"the left child", left, build(append(names[:n:n], "left")...)},
			{"the right child", right, build(append(names[:n:n], "right")...)},
			{"the grandchild", rightmost, build(append(names[:n:n], "right", "most")...)},
		} {
			if got, want := generate(t, test.got), generate(t, test.want); got != want {
				t.Errorf("%s of a value with %d grants: %s, want %s", test.name, n, payloadOf(got), payloadOf(want))
			}
		}
		if after := generate(t, parent); after != before {
			t.Errorf("a value with %d grants has changed: %s, was %s", n, payloadOf(after), payloadOf(before))
		}
	}
}

// TestRandomBranches grows a tree of values, each from any of those before, and
// compares all of them with their slow twins when the tree has grown.
func TestRandomBranches(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	values := []capability.Capability{newCapability(t)}
	writers := []writer{newWriter(accountSID, authToken)}
	for i := range 4000 {
		name := fmt.Sprint("n", i)
		a := caller{client: name, application: "AP" + name, claim: name, claimValue: name, name2: name + "_2", value: name,
			params: []capability.Parameter{{Name: "a", Value: name}, {Name: "b", Value: "c d"}},
			ttl:    time.Duration(1+random.Intn(3600)) * time.Second, expiry: now.Add(time.Duration(1+i) * time.Second), notBefore: now}
		from := random.Intn(len(values))
		for range 1 + random.Intn(3) {
			c, w := a.call(random.Intn(10), values[from], writers[from])
			values, writers = append(values, c), append(writers, w)
			from = len(values) - 1
			a.claim += "x" // so that it can be called again
		}
	}
	for i, c := range values {
		want, err := writers[i].generate(now)
		if got, err2 := c.GenerateToken(); got != want || err != nil || err2 != nil {
			t.Fatalf("value %d of %d generates %s, %v, want %s, %v", i, len(values), payloadOf(got), err2, payloadOf(want), err)
		}
	}
}

func TestParametersAreCopied(t *testing.T) {
	params := []capability.Parameter{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}
	c := newCapability(t).AllowClientOutgoing("AP1", params...).AllowEventStream(params...)
	before := generate(t, c)
	params[0] = capability.Param("x", "y")
	if after := generate(t, c); after != before {
		t.Errorf("%s, was %s", payloadOf(after), payloadOf(before))
	}
}

func TestOneValueServesManyGoroutines(t *testing.T) {
	base := newCapability(t).AllowClientIncoming("base").WithClaim("a", "b")
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			name := fmt.Sprint("user", i)
			c := base.AllowClientIncoming(name).AllowClientOutgoing("AP1", capability.Param("n", name)).WithClaim("n", name)
			var buf []byte
			for range 20 {
				token, err := c.GenerateToken()
				if err != nil {
					t.Error(err)
					return
				}
				if buf, err = c.AppendToken(buf[:0]); string(buf) != token || err != nil {
					t.Errorf("AppendToken = %s, %v, want %s", buf, err, token)
				}
				claims, err := base.Verify(token)
				if got, _ := claims.Claim("n"); got != name || claims.ClientName() != name || err != nil {
					t.Errorf("%s got the token of %s (%v)", name, claims.ClientName(), err)
				}
				_ = base.String()
			}
		}()
	}
	wg.Wait()
}

// TestAppendTokenLeavesDstAlone has reasons for it to fail early and late.
func TestAppendTokenLeavesDstAlone(t *testing.T) {
	base := newCapability(t)
	for _, test := range []struct {
		name string
		c    capability.Capability
	}{
		{"a remembered error", base.WithTTL(0)},
		{"the zero value", capability.Capability{}},
		{"an expiry in the past", base.WithExpiry(now.Add(-time.Hour))},
		{"a not-before at the expiry", base.WithNotBefore(now.Add(time.Hour))},
		{"a key that cannot sign", capability.WithoutSigner(base)},
	} {
		room := []byte("lead and room that must stay as it is")
		was := string(room)
		dst := room[:4]
		got, err := test.c.AppendToken(dst)
		if err == nil || &got[0] != &dst[0] || len(got) != len(dst) || cap(got) != cap(dst) || string(room) != was {
			t.Errorf("%s: AppendToken = %q, %v; the room is %q, was %q", test.name, got, err, room, was)
		}
		if token, err2 := test.c.GenerateToken(); token != "" || err2 == nil || err2.Error() != err.Error() {
			t.Errorf("%s: GenerateToken = %q, %v, want %v", test.name, token, err2, err)
		}
	}
}

// TestAppendTokenIntoEarlierResults has a dst with every amount of room, empty
// or not, in which an earlier token stands.
func TestAppendTokenIntoEarlierResults(t *testing.T) {
	c := newCapability(t).AllowClientIncoming("Alice")
	want := generate(t, c)
	earlier := generate(t, c.WithClientName("Bob").AllowClientOutgoing("AP1").WithClaim("a", strings.Repeat("b", 100)))
	for start := range len(earlier) {
		buf := []byte(earlier)
		got, err := c.AppendToken(buf[:start])
		if string(got) != earlier[:start]+want || err != nil || string(buf[:start]) != earlier[:start] {
			t.Fatalf("AppendToken behind %d bytes = %q, %v, want %q", start, got, err, earlier[:start]+want)
		}
	}
	first, err := c.AppendToken(nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.AppendToken(slices.Grow(first, 2*len(first)))
	if string(second) != want+want || string(first) != want || err != nil {
		t.Errorf("a second token behind the first = %q, %v", second, err)
	}
	if got, err := c.AppendToken(nil); string(got) != want || err != nil {
		t.Errorf("AppendToken(nil) = %q, %v, want %q", got, err, want)
	}
}

// TestTokenOfEveryLength has payloads around the room that is set aside for
// one, and around that for a token.
func TestTokenOfEveryLength(t *testing.T) {
	base, w := newCapability(t), newWriter(accountSID, authToken)
	for _, n := range []int{0, 1, 2, 3, 300, 450, 451, 452, 453, 1000, 3990, 4020, 4021, 4022, 4023, 4024, 4025, 4050, 5000, 8192, 20000} {
		value := strings.Repeat("v", n)
		want, _ := w.claim("c", value).generate(now)
		got, err := base.WithClaim("c", value).GenerateToken()
		if got != want || err != nil {
			t.Errorf("a token with %d bytes of claim is %.80s..., %v, want %.80s...", n, got, err, want)
		}
	}
}

func TestString(t *testing.T) {
	base := newCapability(t)
	for _, test := range []struct {
		c    capability.Capability
		want string
	}{
		{base, "account AC123123, for 1h0m0s, nothing allowed"},
		{base.WithClaim("a", "b"), "account AC123123, for 1h0m0s, nothing allowed"},
		{base.WithClientName("Alice").AllowClientOutgoing("AP1", capability.Param("a", "b c")).WithTTL(time.Minute),
			"account AC123123, client Alice, for 1m0s, scope:client:outgoing?appSid=AP1&appParams=a%3Db%2Bc&clientName=Alice"},
		{base.WithExpiry(now.Add(time.Hour)).WithNotBefore(now),
			"account AC123123, not before 2023-11-14T22:13:20Z, until 2023-11-14T23:13:20Z, nothing allowed"},
		{base.WithExpiry(now.Add(-time.Hour)), "account AC123123, until 2023-11-14T21:13:20Z, nothing allowed"},
		{base.AllowClientIncoming("A").AllowEventStream().AllowClientIncoming("B"),
			"account AC123123, client B, for 1h0m0s, scope:client:incoming?clientName=A " +
				"scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params= scope:client:incoming?clientName=B"},
		{base.WithClientName("?"), `capability: invalid client name "?": use one or more of A-Z, a-z, 0-9 and _`},
	} {
		if got := fmt.Sprint(test.c); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestTheClockIsReadWhenATokenIsGenerated(t *testing.T) {
	clock := now
	c := newCapability(t).WithClock(func() time.Time { return clock }).WithTTL(time.Minute)
	first := generate(t, c)
	clock = clock.Add(time.Hour + 999*time.Millisecond)
	second := generate(t, c)
	if want := `{"scope":"","iss":"AC123123","exp":1700000060}`; payloadOf(first) != want {
		t.Errorf("first %s, want %s", payloadOf(first), want)
	}
	if want := `{"scope":"","iss":"AC123123","exp":1700003660}`; payloadOf(second) != want {
		t.Errorf("second %s, want %s", payloadOf(second), want)
	}
}

// TestTheClockOfTheMachine is that of a Capability until WithClock, and after
// WithClock(nil).
func TestTheClockOfTheMachine(t *testing.T) {
	fresh, err := capability.New(accountSID, authToken)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []capability.Capability{fresh, newCapability(t).WithClock(nil)} {
		before := time.Now().Unix()
		claims, err := c.Verify(generate(t, c))
		made := claims.ExpiresAt.Add(-capability.DefaultTTL).Unix()
		if err != nil || made < before || made > time.Now().Unix() {
			t.Errorf("Verify = %+v, %v", seen(claims), err)
		}
	}
}

// TestTimesHaveNoMonotonicReading looks at the fields: what a reading changes
// shows only when the clock of the machine is set.
func TestTimesHaveNoMonotonicReading(t *testing.T) {
	at := time.Now().Add(time.Minute)
	for _, got := range capability.Times(newCapability(t).WithExpiry(at).WithNotBefore(at)) {
		if got == at || got != at.Round(0) {
			t.Errorf("%v becomes %v", at, got)
		}
	}
}

// TestClocksThatMisbehave shows that a Capability still works after its clock
// has called it, has panicked, or has ended its goroutine.
func TestClocksThatMisbehave(t *testing.T) {
	good := newCapability(t).AllowClientIncoming("Alice")
	want := generate(t, good)
	for _, test := range []struct {
		name  string
		clock func() time.Time
	}{
		{"it calls the Capability", func() time.Time {
			if got := generate(t, good); got != want {
				t.Errorf("within the clock, %s, want %s", got, want)
			}
			if _, err := good.Verify(want); err != nil {
				t.Errorf("within the clock, Verify: %v", err)
			}
			return now
		}},
		{"it panics", func() time.Time { panic("clock") }},
		{"it ends its goroutine", func() time.Time { runtime.Goexit(); return now }},
	} {
		t.Run(test.name, func(t *testing.T) {
			bad := good.WithClock(test.clock)
			calls := []func(){
				func() { bad.GenerateToken() },
				func() { bad.AppendToken(make([]byte, 0, 1000)) },
				func() { bad.Verify(want) },
			}
			var wg sync.WaitGroup
			for range 100 { // a signer that got lost each time would not be missed the first time
				for _, call := range calls {
					wg.Add(1)
					go func() {
						defer wg.Done()
						defer func() { recover() }()
						call()
					}()
				}
			}
			wg.Wait()
			for _, c := range []capability.Capability{good, bad.WithClock(func() time.Time { return now })} {
				if got := generate(t, c); got != want {
					t.Errorf("afterwards, %s, want %s", got, want)
				}
				if _, err := c.Verify(want); err != nil {
					t.Errorf("afterwards, Verify: %v", err)
				}
			}
		})
	}
	buf := bytes.Repeat([]byte("x"), 500)
	func() {
		defer func() { recover() }()
		good.WithClock(func() time.Time { panic("clock") }).AppendToken(buf[:0])
	}()
	if string(buf) != strings.Repeat("x", 500) {
		t.Errorf("a clock that panics leaves %q in the buffer", buf)
	}
}
