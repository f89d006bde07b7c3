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

// TestTheSameCallsForBothKinds has what each call makes of either kind of token,
// in orders that one may not think of.
func TestTheSameCallsForBothKinds(t *testing.T) {
	type c = capability.Capability
	p := capability.Param
	const in, out, events = "scope:client:incoming?clientName=", "scope:client:outgoing?appSid=AP1&appParams=",
		"scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params="
	const allow, app = `"incoming":{"allow":true}`, `"outgoing":{"application_sid":"AP1"}`
	kindErr := capability.ErrKind
	for _, test := range []struct {
		name   string
		calls  func(c) c
		scope  any // of a capability token, or the error
		grants any // of an Access Token, or the error
	}{
		{"nothing is allowed", func(c c) c { return c.WithClientName("Al") }, "", `"Al","voice":{}`},
		{"there is no client name", func(c c) c { return c }, "", capability.ErrClientName},
		{"there is no client name, and one application", func(c c) c { return c.AllowClientOutgoing("AP1") },
			out, capability.ErrClientName},
		{"a name receives calls", func(c c) c { return c.AllowClientIncoming("Al") }, in + "Al",
			`"Al","voice":{` + allow + `}`},
		{"a name receives calls twice", func(c c) c { return c.AllowClientIncoming("Al").AllowClientIncoming("Al") },
			in + "Al " + in + "Al", `"Al","voice":{` + allow + `}`},
		{"a name receives calls three times, with other calls between", func(c c) c {
			return c.AllowClientIncoming("Al").AllowClientOutgoing("AP1").AllowClientIncoming("Al").
				WithClientName("Al").AllowClientIncoming("Al")
		}, in + "Al " + out + "&clientName=Al " + in + "Al " + in + "Al", `"Al","voice":{` + allow + "," + app + `}`},
		{"a second name receives calls", func(c c) c { return c.AllowClientIncoming("Al").AllowClientIncoming("Bo") },
			in + "Al " + in + "Bo", kindErr},
		{"a second name receives calls, much later", func(c c) c {
			return c.AllowClientIncoming("Al").AllowClientOutgoing("AP1").AllowClientIncoming("Al").WithTTL(time.Hour).
				AllowClientIncoming("Al").AllowClientIncoming("Bo")
		}, in + "Al " + out + "&clientName=Bo " + in + "Al " + in + "Al " + in + "Bo", kindErr},
		{"the name that receives calls differs in case",
			func(c c) c { return c.AllowClientIncoming("Al").AllowClientIncoming("al") },
			in + "Al " + in + "al", kindErr},
		{"a name calls", func(c c) c { return c.WithClientName("Al").AllowClientOutgoing("AP1") },
			out + "&clientName=Al", `"Al","voice":{` + app + `}`},
		{"a name calls that is given later", func(c c) c { return c.AllowClientOutgoing("AP1").WithClientName("Al") },
			out + "&clientName=Al", `"Al","voice":{` + app + `}`},
		{"the last of three names counts", func(c c) c {
			return c.WithClientName("Al").WithClientName("Bo").AllowClientOutgoing("AP1").WithClientName("Cy")
		}, out + "&clientName=Cy", `"Cy","voice":{` + app + `}`},
		{"a name, then another one that receives calls",
			func(c c) c { return c.WithClientName("Al").AllowClientIncoming("Bo") },
			in + "Bo", `"Bo","voice":{` + allow + `}`},
		{"a name that receives calls, then another one", func(c c) c {
			return c.AllowClientIncoming("Al").AllowClientOutgoing("AP1").WithClientName("Bo")
		}, in + "Al " + out + "&clientName=Bo", kindErr},
		{"another name and back", func(c c) c {
			return c.AllowClientIncoming("Al").WithClientName("Bo").WithClientName("Al").AllowClientOutgoing("AP1")
		}, in + "Al " + out + "&clientName=Al", kindErr},
		{"incoming after outgoing", func(c c) c { return c.AllowClientOutgoing("AP1").AllowClientIncoming("Al") },
			out + "&clientName=Al " + in + "Al", `"Al","voice":{` + allow + "," + app + `}`},
		{"parameters in order, some of them odd", func(c c) c {
			return c.WithClientName("Al").AllowClientOutgoing("AP1", p("b", "1 é"), p("a", `"/`), p("0", ""))
		}, out + "b%3D1%2B%25C3%25A9%26a%3D%2522%252F%260%3D&clientName=Al",
			`"Al","voice":{"outgoing":{"application_sid":"AP1","params":{"b":"1 \u00e9","a":"\"\/","0":""}}}`},
		{"a second application",
			func(c c) c { return c.WithClientName("Al").AllowClientOutgoing("AP1").AllowClientOutgoing("AP2") },
			out + "&clientName=Al scope:client:outgoing?appSid=AP2&appParams=&clientName=Al", kindErr},
		{"the same application once more", func(c c) c {
			return c.WithClientName("Al").AllowClientOutgoing("AP1").AllowClientOutgoing("AP1")
		}, out + "&clientName=Al " + out + "&clientName=Al", kindErr},
		{"a second application, much later", func(c c) c {
			return c.AllowClientOutgoing("AP1").AllowClientIncoming("Al").AllowClientIncoming("Al").WithTTL(time.Hour).
				AllowClientOutgoing("AP1")
		}, out + "&clientName=Al " + in + "Al " + in + "Al " + out + "&clientName=Al", kindErr},
		{"a second application that is none",
			func(c c) c { return c.AllowClientOutgoing("AP1").AllowClientOutgoing("?") },
			capability.ErrApplicationSID, kindErr},
		{"a second application with a bad parameter", func(c c) c {
			return c.AllowClientOutgoing("AP1").AllowClientOutgoing("AP1", p("", ""))
		}, capability.ErrParam, kindErr},
		{"an event stream", func(c c) c { return c.WithClientName("Al").AllowEventStream() }, events, kindErr},
		{"an event stream with filters", func(c c) c { return c.AllowEventStream(p("a", "b")) }, events + "a%3Db",
			kindErr},
		{"an event stream with a bad filter", func(c c) c { return c.AllowEventStream(p("", "b")) },
			capability.ErrParam, kindErr},
		{"a region", func(c c) c { return c.WithClientName("Al").WithRegion("ie1") }, kindErr, `"Al","voice":{}`},
		{"a region that is none", func(c c) c { return c.WithRegion("IE1") }, kindErr, capability.ErrRegion},
		{"a region that is empty", func(c c) c { return c.WithRegion("") }, kindErr, capability.ErrRegion},
		{"a parameter that is not UTF-8",
			func(c c) c { return c.WithClientName("Al").AllowClientOutgoing("AP1", p("a", "\xff")) },
			out + "a%3D%25FF&clientName=Al", capability.ErrParam},
		{"a parameter whose name is not UTF-8",
			func(c c) c { return c.AllowClientOutgoing("AP1", p("a", ""), p("\xff", "a")) },
			out + "a%3D%26%25FF%3Da", capability.ErrParam},
		{"a parameter that is a surrogate", func(c c) c {
			return c.AllowClientOutgoing("AP1", p("a", "\xed\xa0\x80"))
		},
			out + "a%3D%25ED%25A0%2580", capability.ErrParam},
		{"a bad name when another one receives calls",
			func(c c) c { return c.AllowClientIncoming("Al").WithClientName("B o") },
			capability.ErrClientName, capability.ErrClientName},
		{"a bad lifetime and no name", func(c c) c { return c.WithExpiry(now) }, capability.ErrTTL, capability.ErrTTL},
		{"a not-before at the expiry and no name", func(c c) c { return c.WithNotBefore(now.Add(time.Hour)) },
			capability.ErrTTL, capability.ErrTTL},
		{"a name in place of what is impossible", func(c c) c {
			return c.AllowEventStream().WithRegion("ie1").WithClientName("Al")
		}, kindErr, kindErr},
	} {
		t.Run(test.name, func(t *testing.T) {
			plain, access := test.calls(newCapability(t)), test.calls(newAccess(t))
			checkMade(t, plain, test.scope, func(scope string) string { return payloadWith("scope", `"`+scope+`"`) })
			checkMade(t, access, test.grants, func(grants string) string {
				return accessTokens.payloadWith("grants", `{"identity":`+grants+`}`)
			})
		})
	}
}

// checkMade checks that c makes a token with a payload, or fails with that
// error, at once if it is an ErrKind.
func checkMade(t *testing.T, c capability.Capability, want any, payload func(string) string) {
	t.Helper()
	if rule, ok := want.(error); ok {
		checkReason(t, "GenerateToken", errorOf(c), rule)
		checkMessage(t, errorOf(c))
		if rule == capability.ErrKind {
			checkReason(t, "Err", c.Err(), rule)
		}
		return
	}
	got, err := c.GenerateToken()
	if err != nil || c.Err() != nil {
		t.Fatalf("GenerateToken: %v; Err: %v", err, c.Err())
	}
	if want := payload(want.(string)); payloadOf(got) != want {
		t.Errorf("the payload is\n%s\nwant\n%s", payloadOf(got), want)
	}
}

// TestReservedClaims has the names that a claim must not have, in each kind of
// token.
func TestReservedClaims(t *testing.T) {
	both := []string{"scope", "iss", "exp", "nbf", "iat"}
	access := []string{"jti", "sub", "grants"}
	for _, name := range append(both, access...) {
		plain := newCapability(t).WithClaim(name, "x").Err()
		checkAccepted(t, name, plain, slices.Contains(access, name), capability.ErrClaim)
		checkAccepted(t, name, newAccess(t).WithClaim(name, "x").Err(), false, capability.ErrClaim)
	}
	for _, name := range []string{"aud", "kid", "identity", "voice", "cty", "twr", "typ", "Sub", "JTI", "grants ",
		"isss", "is"} {
		eachKind(t, func(t *testing.T, k kind) {
			checkAccepted(t, name, k.new(t).WithClaim(name, "x").Err(), true, nil)
		})
	}
}

// TestEverySequenceOfCalls makes each sequence of up to four of these calls on a
// Capability of either kind, and on its slow twin, which knows the rules.
func TestEverySequenceOfCalls(t *testing.T) {
	t.Parallel()
	type made = capability.Capability
	p := capability.Param("a", "b")
	calls := []func(made, writer) (made, writer){
		func(c made, w writer) (made, writer) { return c.AllowClientIncoming("A"), w.incoming("A") },
		func(c made, w writer) (made, writer) { return c.AllowClientIncoming("B"), w.incoming("B") },
		func(c made, w writer) (made, writer) { return c.AllowClientIncoming("?"), w.incoming("?") },
		func(c made, w writer) (made, writer) { return c.WithClientName("A"), w.clientName("A") },
		func(c made, w writer) (made, writer) { return c.WithClientName("B"), w.clientName("B") },
		func(c made, w writer) (made, writer) { return c.AllowClientOutgoing("AP1", p), w.outgoing("AP1", p) },
		func(c made, w writer) (made, writer) { return c.AllowClientOutgoing("AP2"), w.outgoing("AP2") },
		func(c made, w writer) (made, writer) { return c.AllowClientOutgoing("?"), w.outgoing("?") },
		func(c made, w writer) (made, writer) { return c.AllowEventStream(p), w.events(p) },
		func(c made, w writer) (made, writer) { return c.WithRegion("ie1"), w.inRegion("ie1") },
		func(c made, w writer) (made, writer) { return c.WithClaim("sub", "x"), w.claim("sub", "x") },
	}
	eachKind(t, func(t *testing.T, k kind) {
		sequences := 0
		var grow func(c made, w writer, depth int)
		grow = func(c made, w writer, depth int) {
			sequences++
			want, wantErr := w.generate(now)
			got, err := c.GenerateToken()
			if got != want || !errors.Is(err, wantErr) || !errors.Is(c.Err(), w.refused) {
				t.Fatalf("%v generates %q, %v, and has the error %v; want %q, %v and %v",
					c, payloadOf("."+got), err, c.Err(), payloadOf("."+want), wantErr, w.refused)
			}
			if depth == 4 || w.refused != nil && depth == 3 { // three calls show that an error sticks
				return
			}
			for _, call := range calls {
				c, w := call(c, w)
				grow(c, w, depth+1)
			}
		}
		grow(k.new(t), k.newWriter(), 0)
		if sequences < 3000 {
			t.Errorf("%d sequences, want 3,000 at least", sequences)
		}
	})
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
		{"AllowClientOutgoing adds", base.AllowClientOutgoing("AP1").AllowClientOutgoing("AP2"),
			payloadWith("scope", twoApplications)},
		{"AllowEventStream adds",
			base.AllowEventStream(capability.Param("a", "1")).AllowEventStream(capability.Param("a", "2")),
			payloadWith("scope", `"scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=a%3D1 `+
				`scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=a%3D2"`)},
		{"WithClaim adds", base.WithClaim("a", "1").WithClaim("b", "2"),
			`{"a":"1","b":"2",` + payloadWith("scope", `""`)[1:]},
		{"WithClientName replaces", base.WithClientName("Al").WithClientName("Bo").AllowClientOutgoing("AP1"),
			payloadWith("scope", `"scope:client:outgoing?appSid=AP1&appParams=&clientName=Bo"`)},
		{"AllowClientIncoming replaces the client name",
			base.WithClientName("Al").AllowClientOutgoing("AP1").AllowClientIncoming("Bo"),
			payloadWith("scope", `"scope:client:outgoing?appSid=AP1&appParams=&clientName=Bo `+
				`scope:client:incoming?clientName=Bo"`)},
		{"WithClientName replaces the name of an outgoing scope only",
			base.AllowClientIncoming("Al").AllowClientOutgoing("AP1").WithClientName("Bo"),
			payloadWith("scope", `"scope:client:incoming?clientName=Al scope:client:outgoing?appSid=AP1&appParams=&`+
				`clientName=Bo"`)},
		{"WithTTL replaces", base.AllowClientIncoming("Alice").WithTTL(time.Minute).WithTTL(time.Hour), goodPayload()},
		{"WithTTL replaces an expiry",
			base.AllowClientIncoming("Alice").WithExpiry(now.Add(time.Minute)).WithTTL(time.Hour), goodPayload()},
		{"WithExpiry replaces",
			base.AllowClientIncoming("Alice").WithExpiry(now.Add(time.Minute)).WithExpiry(now.Add(time.Hour)),
			goodPayload()},
		{"WithExpiry replaces a TTL",
			base.AllowClientIncoming("Alice").WithTTL(time.Minute).WithExpiry(now.Add(time.Hour)), goodPayload()},
		{"WithNotBefore replaces",
			base.AllowClientIncoming("Alice").WithNotBefore(now.Add(time.Minute)).WithNotBefore(now),
			payloadWith("nbf", "1700000000")},
		{"WithClock replaces",
			base.AllowClientIncoming("Alice").WithClock(time.Now).WithClock(func() time.Time { return now }),
			goodPayload()},
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
	eachKind(t, func(t *testing.T, k kind) {
		named := k.new(t).WithClientName("Alice")
		for _, c := range []capability.Capability{named, named.AllowClientIncoming("Alice").WithClaim("a", "b")} {
			before, text := generate(t, c), c.String()
			_ = c.AllowClientIncoming("Bob")
			_ = c.AllowClientOutgoing("AP1")
			_ = c.AllowEventStream()
			_ = c.WithClientName("Bob")
			_ = c.WithRegion("ie1")
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
	})
}

// TestTheFirstErrorSticks follows an error with each call that could clear it.
func TestTheFirstErrorSticks(t *testing.T) {
	base, access := newCapability(t), newAccess(t)
	for _, test := range []struct {
		name string
		c    capability.Capability
		want error
	}{
		{"no error", base.AllowClientIncoming("Alice").WithTTL(time.Minute), nil},
		{"an expiry in the past, which the clock decides later", base.WithExpiry(now.Add(-time.Hour)), nil},
		{"a client name, then a lifetime", base.AllowClientIncoming("a b").WithTTL(0), capability.ErrClientName},
		{"a client name, then many", base.AllowClientIncoming("a b").WithTTL(0).AllowClientOutgoing("x").
			WithClaim("", "").
			AllowClientIncoming("Alice").WithTTL(time.Minute), capability.ErrClientName},
		{"an incoming client name, then a good one", base.AllowClientIncoming("a b").AllowClientIncoming("Alice"),
			capability.ErrClientName},
		{"a client name, then a good one", base.WithClientName("a b").WithClientName("Alice"),
			capability.ErrClientName},
		{"an application, then a good one", base.AllowClientOutgoing("x").AllowClientOutgoing("AP1"),
			capability.ErrApplicationSID},
		{"a filter, then a good one", base.AllowEventStream(capability.Param("", "")).AllowEventStream(),
			capability.ErrParam},
		{"a lifetime, then a good one", base.WithTTL(0).WithTTL(time.Minute), capability.ErrTTL},
		{"a lifetime, then a good expiry", base.WithTTL(0).WithExpiry(now.Add(time.Hour)), capability.ErrTTL},
		{"a not-before, then a good one", base.WithNotBefore(time.Time{}).WithNotBefore(now), capability.ErrTTL},
		{"a claim, then a good one", base.WithClaim("", "").WithClaim("a", "b"), capability.ErrClaim},
		{"an application too many, then a name",
			access.AllowClientOutgoing("AP1").AllowClientOutgoing("AP2").WithClientName("A"),
			capability.ErrKind},
		{"an event stream of an Access Token, then more",
			access.AllowEventStream().WithTTL(0).AllowClientIncoming("A"), capability.ErrKind},
		{"a name other than receives calls, then that one",
			access.AllowClientIncoming("A").WithClientName("B").WithClientName("A"),
			capability.ErrKind},
		{"a region of a capability token, then a name", base.WithRegion("ie1").WithClientName("A"),
			capability.ErrKind},
		{"a region, then a good one", access.WithRegion("IE1").WithRegion("ie1"), capability.ErrRegion},
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
		WithRegion("ie1").WithTTL(time.Minute).WithExpiry(now).WithNotBefore(now).WithClaim("a", "b").WithClock(nil)
	for _, c := range []capability.Capability{zero, all} {
		checkReason(t, "GenerateToken", errorOf(c), capability.ErrAccountSID)
		got, err := c.AppendToken(nil)
		if got != nil {
			t.Errorf("AppendToken: %q, %v", got, err)
		}
		checkReason(t, "AppendToken", err, capability.ErrAccountSID)
		checkRefused(t, c, "a.b.c", capability.ErrAccountSID)
		const want = "capability: invalid account SID: use of zero Capability: call New or NewWithAPIKey"
		if got := c.String(); got != want {
			t.Errorf("String: %s", got)
		}
	}
}

// TestWhatAConstructorRejectedStaysSo shows that its error is that of every call.
func TestWhatAConstructorRejectedStaysSo(t *testing.T) {
	for _, by := range []credentials{
		{"x", "", authToken}, {accountSID, "", " "}, {"x", apiKeySID, apiKeySecret}, {accountSID, "x",
			apiKeySecret}, {accountSID, apiKeySID, " "},
	} {
		c, want := by.new()
		if want == nil {
			t.Errorf("%q are accepted", by)
		}
		all := c.AllowClientIncoming("Alice").AllowClientOutgoing("AP1").AllowEventStream().WithRegion("ie1").
			WithTTL(0).WithClaim("", "").WithClock(nil)
		for _, c := range []capability.Capability{c, all} {
			_, verifyErr := c.Verify(goodToken())
			for call, err := range map[string]error{"Err": c.Err(), "GenerateToken": errorOf(c), "Verify": verifyErr} {
				if err != want {
					t.Errorf("%s: %v, want %v", call, err, want)
				}
			}
			if c.String() != want.Error() {
				t.Errorf("String: %s, want %v", c, want)
			}
		}
	}
}

// TestChildrenNeverDisturbEachOther derives from values with every number of
// permissions around the room that one has for them, and compares each token
// with that of a value from which nothing else was derived.
func TestChildrenNeverDisturbEachOther(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		names := []string{"a", "b", "c", "d", "e", "f"}
		if k.by.isAccess() {
			names = names[:1] // one name and one application are all that it can have
		}
		build := func(names ...string) capability.Capability {
			c := k.new(t).WithClientName("a")
			for _, name := range names {
				c = allow(k, c, name)
			}
			return c
		}
		for n := range len(names) + 1 {
			parent := build(names[:n]...)
			before := generate(t, parent)
			left, right := allow(k, parent, "left"), allow(k, parent, "right")
			rightmost := right.WithClaim("most", "most")
			for _, test := range []struct {
				name      string
				got, want capability.Capability
			}{
				{"the left child", left, build(append(names[:n:n], "left")...)},
				{"the right child", right, build(append(names[:n:n], "right")...)},
				{"the grandchild", rightmost, build(append(names[:n:n], "right")...).WithClaim("most", "most")},
			} {
				if got, want := generate(t, test.got), generate(t, test.want); got != want {
					t.Errorf("%s of a value with %d permissions: %s, want %s", test.name, n, payloadOf(got),
						payloadOf(want))
				}
			}
			if after := generate(t, parent); after != before {
				t.Errorf("a value with %d permissions has changed: %s, was %s", n, payloadOf(after), payloadOf(before))
			}
		}
	})
}

// allow allows one more thing, and says so in a claim.
func allow(k kind, c capability.Capability, name string) capability.Capability {
	switch {
	case !k.by.isAccess():
		c = c.AllowClientIncoming(name)
	case name == "a":
		c = c.AllowClientIncoming(name).WithRegion(name)
	default:
		c = c.AllowClientOutgoing("AP"+name, capability.Param(name, name)).WithRegion(name)
	}
	return c.WithClaim(name, name)
}

// TestHeirsOfOneBase has more heirs of one base than it has room, each with a
// list of permissions of another length.
func TestHeirsOfOneBase(t *testing.T) {
	const heirs = 12
	base, twin := newCapability(t), capabilityTokens.newWriter()
	for n := range 6 { // permissions of the base
		var values [heirs]capability.Capability
		var writers [heirs]writer
		for i := range heirs {
			values[i], writers[i] = base, twin
			for j := range i {
				app := fmt.Sprintf("APn%di%dj%d", n, i, j)
				p := capability.Param("i", fmt.Sprint(i))
				values[i], writers[i] = values[i].AllowClientOutgoing(app, p), writers[i].outgoing(app, p)
			}
		}
		for i := range heirs {
			want, _ := writers[i].generate(now)
			if got := generate(t, values[i]); got != want {
				t.Errorf("heir %d of a base with %d permissions: %s, want %s", i, n, payloadOf(got), payloadOf(want))
			}
		}
		base, twin = base.AllowEventStream(), twin.events()
	}
}

// TestHeirsRememberTheirOwnClaims derives twice from values with every number of
// claims, and asks each heir which names are taken.
func TestHeirsRememberTheirOwnClaims(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		base := k.new(t)
		for n := range 10 {
			left, right := base.WithClaim("left", ""), base.WithClaim("right", "")
			for i, heir := range []capability.Capability{left, right} {
				checkAccepted(t, fmt.Sprintf("left, after %d claims", n), heir.WithClaim("left", "").Err(), i == 1,
					capability.ErrClaim)
				checkAccepted(t, fmt.Sprintf("right, after %d claims", n), heir.WithClaim("right", "").Err(), i == 0,
					capability.ErrClaim)
			}
			checkAccepted(t, "left of the base", base.WithClaim("left", "").Err(), true, nil)
			base = base.WithClaim(fmt.Sprint("claim", n), "")
		}
	})
}

// TestRandomBranches grows a tree of values, each from any of those before, and
// compares all of them with their slow twins when the tree has grown.
func TestRandomBranches(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, k kind) {
		random := rand.New(rand.NewSource(1))
		values, writers := []capability.Capability{k.new(t)}, []writer{k.newWriter()}
		for i := range 3000 {
			name := fmt.Sprint("n", i)
			a := caller{client: name, application: "AP" + name, region: name, claim: name, claimValue: name,
				name2: name + "_2", value: name, params: pairs{{"a", name}, {"b", "c d"}},
				ttl:    time.Duration(1+random.Intn(3600)) * time.Second,
				expiry: now.Add(time.Duration(1+i) * time.Second), notBefore: now}
			from := random.Intn(len(values))
			for range 1 + random.Intn(3) {
				c, w := a.call(random.Intn(calls), values[from], writers[from])
				if w.refused != nil { // which would end the branch
					continue
				}
				values, writers = append(values, c), append(writers, w)
				from = len(values) - 1
				a.claim += "x" // so that it can be called again
			}
		}
		for i, c := range values {
			want, wantErr := writers[i].generate(now)
			if got, err := c.GenerateToken(); got != want || !errors.Is(err, wantErr) {
				t.Fatalf("value %d of %d generates %s, %v, want %s, %v", i, len(values), got, err, want, wantErr)
			}
		}
	})
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
	t.Parallel()
	eachKind(t, func(t *testing.T, k kind) {
		base := k.new(t).WithClaim("a", "b").WithClaim("c", "d")
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				name := fmt.Sprint("user", i)
				p := capability.Param("n", name)
				c := base.AllowClientOutgoing("AP1", p).AllowClientIncoming(name).WithClaim("n", name)
				want, wantErr := k.newWriter().claim("a", "b").claim("c", "d").outgoing("AP1", p).
					incoming(name).claim("n", name).generate(now)
				var buf []byte
				for range 20 {
					token, err := c.GenerateToken()
					if token != want || err != nil || wantErr != nil {
						t.Errorf("GenerateToken = %s, %v, want %s, %v", token, err, want, wantErr)
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
	})
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
		{"an Access Token without a client name", newAccess(t).AllowClientOutgoing("AP1")},
		{"an Access Token with an event stream", newAccess(t).AllowClientIncoming("Alice").AllowEventStream()},
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
	eachKind(t, func(t *testing.T, k kind) {
		base, w := k.new(t).WithClientName("Alice"), k.newWriter().clientName("Alice")
		for _, n := range []int{0, 1, 2, 3, 300, 450, 451, 452, 453, 1000, 3900, 3950, 3990, 4020, 4021, 4022, 4023,
			4024, 4025, 4050,
			5000, 8192, 20000, 300_000} {
			value := strings.Repeat("v", n)
			want, _ := w.claim("c", value).generate(now)
			for range 2 { // the second may find what the first has left
				got, err := base.WithClaim("c", value).GenerateToken()
				if got != want || err != nil {
					t.Errorf("a token with %d bytes of claim is %.80s..., %v, want %.80s...", n, got, err, want)
				}
				if _, err := base.Verify(got); err != nil {
					t.Errorf("Verify of a token with %d bytes of claim: %v", n, err)
				}
			}
		}
	})
}

func TestString(t *testing.T) {
	base, access := newCapability(t), newAccess(t)
	for _, test := range []struct {
		c    capability.Capability
		want string
	}{
		{base, "account AC123123, for 1h0m0s, nothing allowed"},
		{base.WithClaim("a", "b"), "account AC123123, for 1h0m0s, nothing allowed"},
		{base.WithClientName("Alice").AllowClientOutgoing("AP1", capability.Param("a", "b c")).WithTTL(time.Minute),
			"account AC123123, client Alice, for 1m0s, scope:client:outgoing?appSid=AP1&appParams=a%3Db%2Bc&" +
				"clientName=Alice"},
		{base.WithExpiry(now.Add(time.Hour)).WithNotBefore(now),
			"account AC123123, not before 2023-11-14T22:13:20Z, until 2023-11-14T23:13:20Z, nothing allowed"},
		{base.WithExpiry(now.Add(-time.Hour)), "account AC123123, until 2023-11-14T21:13:20Z, nothing allowed"},
		{base.AllowClientIncoming("A").AllowEventStream().AllowClientIncoming("B"),
			"account AC123123, client B, for 1h0m0s, scope:client:incoming?clientName=A " +
				"scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params= scope:client:incoming?clientName=B"},
		{access, "account AC123123, API key SK123123, for 1h0m0s, nothing allowed"},
		{access.WithRegion("ie1").AllowClientOutgoing("AP1", capability.Param("a", "b")).
			AllowClientIncoming("Alice").WithTTL(10 * time.Minute),
			"account AC123123, API key SK123123, region ie1, client Alice, for 10m0s, " +
				"scope:client:outgoing?appSid=AP1&appParams=a%3Db&clientName=Alice " +
				"scope:client:incoming?clientName=Alice"},
		{access.AllowEventStream(),
			"capability: wrong kind of token: an Access Token cannot allow the event stream; leave out " +
				"AllowEventStream"},
		{access.WithRegion("ie1").WithRegion("au1").WithNotBefore(now),
			"account AC123123, API key SK123123, region au1, " +
				"not before 2023-11-14T22:13:20Z, for 1h0m0s, nothing allowed"},
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
	c = newAccess(t).WithClock(func() time.Time { return clock }).WithTTL(time.Minute)
	third := generate(t, c.WithClientName("Al"))
	if want := `{"jti":"SK123123-1700003600","iss":"SK123123","sub":"AC123123","exp":1700003660,` +
		`"grants":{"identity":"Al","voice":{}}}`; payloadOf(third) != want {
		t.Errorf("third %s, want %s", payloadOf(third), want)
	}
}

// TestTheClockOfTheMachine is that of a Capability until WithClock, and after
// WithClock(nil).
func TestTheClockOfTheMachine(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		fresh, err := k.by.new()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []capability.Capability{fresh, k.new(t).WithClock(nil)} {
			c = c.WithClientName("Alice")
			before := time.Now().Unix()
			claims, err := c.Verify(generate(t, c))
			made := claims.ExpiresAt.Add(-capability.DefaultTTL).Unix()
			if err != nil || made < before || made > time.Now().Unix() {
				t.Errorf("Verify = %+v, %v", seen(claims), err)
			}
		}
	})
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
