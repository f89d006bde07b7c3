package capability_test

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/capability"
)

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// skipIfPoolsDropItems skips a test of allocations where a sync.Pool drops
// items at random, as it does under the race detector.
func skipIfPoolsDropItems(t *testing.T) {
	var pool sync.Pool
	for range 100 {
		if pool.Put(t); pool.Get() == nil {
			t.Skip("a sync.Pool drops items at random, as it does under the race detector")
		}
	}
}

func TestAllocations(t *testing.T) {
	skipIfPoolsDropItems(t)
	base := newCapability(t).WithTTL(10 * time.Minute)
	derive := func() capability.Capability {
		return base.AllowClientIncoming("Alice").AllowClientOutgoing("AP123123", capability.Param("Foo", "Bar"))
	}
	ready := derive()
	token := generate(t, ready)
	forged := token[:len(token)-1] + "!"
	buf := make([]byte, 0, len(token))
	for _, test := range []struct {
		name string
		f    func()
		most float64
	}{
		{"AppendToken into a buffer", func() { buf, _ = ready.AppendToken(buf[:0]) }, 0},
		{"AppendToken without a buffer", func() { ready.AppendToken(nil) }, 1},
		{"GenerateToken on a ready value", func() { ready.GenerateToken() }, 1},
		{"deriving", func() { derive() }, 1},
		{"deriving and generating", func() { derive().GenerateToken() }, 2},
		{"refusing a forged token", func() { ready.Verify(forged) }, 1},
		{"Verify", func() { ready.Verify(token) }, 6},
	} {
		if got := testing.AllocsPerRun(100, test.f); got > test.most {
			t.Errorf("%s: %v allocations, want %v at most", test.name, got, test.most)
		}
	}
}

// TestManyOfEverything shows that what is allocated grows with the input, not
// with its square: twice as many of anything take little more than twice the
// memory. It also does a number of comparisons that would, if each name were
// compared with all others, last beyond the deadline of go test.
func TestManyOfEverything(t *testing.T) {
	const n = 20_000
	base := newCapability(t)
	incoming := func(n int) capability.Capability {
		c := base
		for range n {
			c = c.AllowClientIncoming("Alice")
		}
		return c
	}
	outgoing := func(n int) capability.Capability { return base.AllowClientOutgoing("AP1", descending(n)...) }
	reading := func(c capability.Capability) func() {
		token := generate(t, c)
		return func() {
			if _, err := c.Verify(token); err != nil {
				t.Error(err)
			}
		}
	}
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"name%07d":%d,`, i, i)
		}
		return sign(authToken, withPayload("{"+b.String()+goodPayload()[1:]))
	}
	for _, test := range []struct {
		name string
		work func(n int) func() // prepares the work and returns it
	}{
		{"parameters are allowed", func(n int) func() {
			params := descending(n)
			return func() { base.AllowClientOutgoing("AP1", params...) }
		}},
		{"parameters are written", func(n int) func() { c := outgoing(n); return func() { c.GenerateToken() } }},
		{"parameters are printed", func(n int) func() { c := outgoing(n); return func() { _ = c.String() } }},
		{"parameters are verified", func(n int) func() { return reading(outgoing(n)) }},
		{"parameters are read", func(n int) func() { query := form(descending(n)); return func() { capability.ParseParams(query) } }},
		{"scopes are allowed", func(n int) func() { return func() { incoming(n) } }},
		{"scopes are written", func(n int) func() { c := incoming(n); return func() { c.GenerateToken() } }},
		{"scopes are printed", func(n int) func() { c := incoming(n); return func() { _ = c.String() } }},
		{"scopes are verified", func(n int) func() { return reading(incoming(n)) }},
		{"members are read", func(n int) func() { token := members(n); return func() { capability.ParseUnverified(token) } }},
		{"values within are read", func(n int) func() {
			token := withMember("x", "["+strings.Repeat("{},", n)+"1]") + "."
			return func() { capability.ParseUnverified(token) }
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			once, twice := allocated(test.work(n)), allocated(test.work(2*n))
			if once == 0 || twice > 3*once+(1<<20) {
				t.Errorf("%d take %d bytes, and twice as many %d", n, once, twice)
			}
		})
	}
}

// descending returns parameters in an order for which there is no short way.
func descending(n int) []capability.Parameter {
	params := make([]capability.Parameter, n)
	for i := range params {
		params[i] = capability.Param(fmt.Sprintf("name%07d", n-i), "value")
	}
	return params
}

// TestAMillionNames has so many names that to compare each with all others
// would take half an hour.
func TestAMillionNames(t *testing.T) {
	const million = 1_000_000
	params := descending(million)
	c := newCapability(t).AllowClientOutgoing("AP123123", params...)
	claims, err := c.Verify(generate(t, c))
	if err != nil {
		t.Fatal(err)
	}
	query, _ := claims.Scopes[0].Param("appParams")
	if got, err := capability.ParseParams(query); !reflect.DeepEqual(got, params) || err != nil {
		t.Errorf("%d parameters, %v", len(got), err)
	}
	var payload strings.Builder
	for i := range params {
		payload.WriteString(`"` + params[i].Name + `":0,`)
	}
	claims, err = capability.ParseUnverified(withPayload("{"+payload.String()+goodPayload()[1:]) + ".")
	if names := claims.ClaimNames(); err != nil || len(names) != million || names[0] != params[0].Name {
		t.Errorf("%d members, %v", len(names), err)
	}
}

// smallStack leaves a test so much stack that a call for each of a million
// scopes or levels oversteps it. That ends the test binary, whose output names
// the test.
func smallStack(t *testing.T) {
	before := debug.SetMaxStack(256 << 10)
	t.Cleanup(func() { debug.SetMaxStack(before) })
}

func TestAMillionScopes(t *testing.T) {
	const million = 1_000_000
	base := newCapability(t)
	for _, test := range []struct {
		name  string
		allow func(c capability.Capability) capability.Capability
		uri   string
	}{
		{"incoming", func(c capability.Capability) capability.Capability { return c.AllowClientIncoming("A") },
			"scope:client:incoming?clientName=A"},
		{"event streams", func(c capability.Capability) capability.Capability { return c.AllowEventStream() },
			"scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params="},
	} {
		t.Run(test.name, func(t *testing.T) {
			smallStack(t)
			c := base
			for range million {
				c = test.allow(c)
			}
			if text := c.String(); strings.Count(text, test.uri) != million {
				t.Errorf("String has %d scopes", strings.Count(text, test.uri))
			}
			claims, err := c.Verify(generate(t, c))
			if err != nil || len(claims.Scopes) != million || claims.Scopes[million-1].String() != test.uri {
				t.Errorf("Verify finds %d scopes, %v", len(claims.Scopes), err)
			}
		})
	}
}

func TestNestingTakesNoStack(t *testing.T) {
	const depth = 1_000_000
	arrays, objects := strings.Repeat("[", depth), strings.Repeat(`{"a":`, depth)
	mixed := strings.Repeat(`[{"a":`, depth/2)
	for _, test := range []struct {
		name, raw string
		want      error
	}{
		{"arrays", arrays + strings.Repeat("]", depth), nil},
		{"objects", objects + "1" + strings.Repeat("}", depth), nil},
		{"arrays and objects by turns", mixed + "[]" + strings.Repeat("}]", depth/2), nil},
		{"arrays with a value behind each", arrays + strings.Repeat("],1", depth-1) + "]", nil},
		{"arrays that are not closed", arrays, capability.ErrMalformed},
		{"arrays of which one is not closed", arrays + strings.Repeat("]", depth-1), capability.ErrMalformed},
		{"arrays of which one is closed twice", arrays + strings.Repeat("]", depth+1), capability.ErrMalformed},
		{"objects that are not closed", objects, capability.ErrMalformed},
		{"arrays and objects closed in the wrong order", mixed + "[]" + strings.Repeat("]}", depth/2), capability.ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			smallStack(t)
			_, err := newCapability(t).Verify(sign(authToken, withMember("x", test.raw)))
			if !errors.Is(err, test.want) {
				t.Errorf("Verify of %d levels: %v, want %v", depth, err, test.want)
			}
		})
	}
}

// TestHugeTokensTakeNoMemory shows that to refuse a token takes a constant
// amount of memory until a signature vouches for it: CVE-2025-30204
// (golang-jwt), CVE-2025-27144 (go-jose) and CVE-2025-22868 (x/oauth2/jws) came
// of splitting at every dot.
func TestHugeTokensTakeNoMemory(t *testing.T) {
	const size = 16 << 20
	const most = 64 << 10 // a signer for the pool, an error, a message
	c := newCapability(t)
	dots, letters := strings.Repeat(".", size), strings.Repeat("A", size)
	header, payload := encode(headerJSON), encode(goodPayload())
	for _, test := range []struct {
		attempt, token string
		want           error
	}{
		{"nothing but dots", dots, capability.ErrMalformed},
		{"dots behind a token", header + "." + payload + dots, capability.ErrMalformed},
		{"dots before a token", dots + header + "." + payload, capability.ErrMalformed},
		{"no dot at all", letters, capability.ErrMalformed},
		{"one dot", header + "." + letters, capability.ErrMalformed},
		{"a huge payload with a wrong signature", header + "." + letters + "." + letters[:43], capability.ErrSignature},
		{"a huge header with a wrong signature", letters + "." + payload + "." + letters[:43], capability.ErrSignature},
		{"a huge signature", header + "." + payload + "." + letters, capability.ErrSignature},
		{"a huge payload of line breaks", header + "." + strings.Repeat("\n", size) + "." + letters[:43], capability.ErrSignature},
	} {
		t.Run(test.attempt, func(t *testing.T) {
			if used := allocated(func() { c.Verify(test.token) }); used > most {
				t.Errorf("Verify takes %d bytes, want %d at most", used, most)
			}
			checkRefused(t, c, test.token, test.want)
		})
	}
	for _, test := range []struct{ attempt, token string }{
		{"nothing but dots", dots},
		{"dots behind a token", header + "." + payload + dots},
		{"dots before a token", dots + header + "." + payload},
		{"no dot at all", letters},
		{"one dot", header + "." + letters},
		{"a huge signature in another alphabet", header + "." + payload + "." + letters + "="},
	} {
		if used := allocated(func() { capability.ParseUnverified(test.token) }); used > most {
			t.Errorf("ParseUnverified of %s takes %d bytes, want %d at most", test.attempt, used, most)
		}
		checkUnverifiedRefused(t, test.token, capability.ErrMalformed)
	}
}

// TestHugePayloadsTakeAMultiple shows that ParseUnverified, for which no
// signature vouches, allocates within a small multiple of a token's length,
// whatever the token is full of.
func TestHugePayloadsTakeAMultiple(t *testing.T) {
	const size = 16 << 20 // of the token
	fill := func(s string) string { return strings.Repeat(s, size*3/4/len(s)-100) }
	scope := func(text string) string { return withMember("scope", `"`+text+`"`) }
	names := shortNames(size*3/4 - 200)
	for _, test := range []struct {
		attempt, signed string
		most            float64 // times the token's length
		want            error
	}{
		{"a scope of one-letter parameters", scope("scope:a:b?" + fill("a&")), 20, nil},
		{"a scope of escaped one-letter parameters", scope("scope:a:b?" + fill("%41&")), 20, nil},
		{"a scope of spaces that were escaped", scope("scope:a:b?a=" + fill("+")), 20, nil},
		{"a scope of &", scope("scope:a:b?" + fill("&")), 20, nil},
		{"a scope of =", scope("scope:a:b?" + fill("=&")), 20, nil},
		{"a scope of spaces", scope(fill(" ")), 20, capability.ErrScope},
		{"short scopes", scope(strings.TrimSuffix(fill("scope:a:b "), " ")), 20, nil},
		{"short scopes with a parameter each", scope(strings.TrimSuffix(fill("scope:a:b?c "), " ")), 20, nil},
		{"a scope of escapes", scope(`scope:a:b?` + fill(`\u0041`)), 20, nil},
		{"brackets that are never closed", withMember("x", fill("[")), 20, capability.ErrMalformed},
		{"brackets", withMember("x", fill("[")[:size/3]+fill("]")[:size/3]), 20, nil},
		{"braces", withMember("x", fill(`{"":`)), 20, capability.ErrMalformed},
		{"zeros", withMember("x", "["+fill("0,")+"0]"), 20, nil},
		{"a string", withMember("x", `"`+fill("a")+`"`), 20, nil},
		{"a string of escapes", withMember("x", `"`+fill(`\n`)+`"`), 20, nil},
		{"members", withPayload("{" + names + goodPayload()[1:]), 32, nil},
		{"white space", withPayload(fill(" ") + goodPayload()), 20, nil},
		{"a header of brackets", encode(`{"alg":"HS256","x":`+fill("[")) + ".", 20, capability.ErrMalformed},
		{"a header of members", encode("{"+names+headerJSON[1:]) + "." + encode(goodPayload()), 20, nil},
	} {
		t.Run(test.attempt, func(t *testing.T) {
			token := test.signed + "."
			var err error
			used := allocated(func() { _, err = capability.ParseUnverified(token) })
			if times := float64(used) / float64(len(token)); times > test.most || !errors.Is(err, test.want) {
				t.Errorf("ParseUnverified allocates %.1f times the token's %d bytes, want %v at most (%v, want %v)",
					times, len(token), test.most, err, test.want)
			}
		})
	}
}

// shortNames returns that many bytes of members with names as short as they can
// be, none of which is known.
func shortNames(size int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&'()*+,-./:;<=>?@[]^_`{|}~ "
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		b.WriteByte('"')
		for n := i; n > 0; n /= len(digits) {
			b.WriteByte(digits[n%len(digits)])
		}
		b.WriteString(`":0,`)
	}
	return b.String()
}
