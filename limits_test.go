package capability_test

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/capability"
)

// TestAllocations pins them by name, for both kinds of token.
func TestAllocations(t *testing.T) {
	skipIfPoolsDropItems(t)
	for i, verify := range []float64{4, 10} {
		k := kinds[i]
		if runtime.Version() < "go1.25" { // which keep less on the stack
			verify++
		}
		base := k.new(t).WithTTL(10 * time.Minute)
		derive := func(params ...capability.Parameter) capability.Capability {
			return base.AllowClientIncoming("Alice").AllowClientOutgoing("AP123123", params...)
		}
		bar := capability.Param("Foo", "Bar")
		ready := derive(bar)
		token := generate(t, ready)
		forged := token[:len(token)-1] + "!"
		buf := make([]byte, 0, len(token))
		type pin struct {
			name string
			f    func()
			most float64
		}
		pins := []pin{
			{"AppendToken into a buffer", func() { buf, _ = ready.AppendToken(buf[:0]) }, 0},
			{"AppendToken without a buffer", func() { ready.AppendToken(nil) }, 1},
			{"GenerateToken on a ready value", func() { ready.GenerateToken() }, 1},
			{"deriving", func() { derive(bar) }, 1},
			{"deriving and generating", func() { derive(bar).GenerateToken() }, 2},
			{"a claim more", func() { ready.WithClaim("user", "1001").GenerateToken() }, 5},
			{"rejecting a forged token", func() { ready.Verify(forged) }, 1},
			{"Verify", func() { ready.Verify(token) }, verify},
		}
		for _, n := range []int{1, 10, 100, 1000} {
			var params []capability.Parameter
			for i := range n {
				params = append(params, capability.Param(fmt.Sprint("name", i), "a value with spaces & more"))
			}
			many := derive(params...)
			name := fmt.Sprint(n, " parameters, ")
			pins = append(pins,
				pin{name + "deriving", func() { derive(params...) }, 1},
				pin{name + "GenerateToken on a ready value", func() { many.GenerateToken() }, 1},
				pin{name + "deriving and generating", func() { derive(params...).GenerateToken() }, 2})
		}
		for _, pin := range pins {
			if got := testing.AllocsPerRun(50, pin.f); got > pin.most {
				t.Errorf("%s, %s: %v allocations, want %v at most", k.name, pin.name, got, pin.most)
			}
		}
	}
}

// TestHugeBuffersAreNotKept shows that a huge token does not occupy memory for
// good: the next token makes a signer of its own.
func TestHugeBuffersAreNotKept(t *testing.T) {
	// What is in a sync.Pool now is there later too.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	c := newCapability(t)
	generate(t, c.WithClaim("a", strings.Repeat("b", 1<<20)))
	if used := allocated(func() { c.GenerateToken() }); used < 4<<10 {
		t.Errorf("the token after a huge one allocates %d bytes, want a buffer", used)
	}
}

// TestManyOfEverything shows that work grows with the input, not with its
// square: in memory and in time, of which the latter would be 32 times as much if
// each were compared with all others.
func TestManyOfEverything(t *testing.T) {
	const n = 1000
	eachKind(t, func(t *testing.T, k kind) {
		base := k.new(t).WithClientName("Alice")
		outgoing := func(n int) capability.Capability { return base.AllowClientOutgoing("AP1", descending(n)...) }
		for name, work := range map[string]func(n int) func(){ // prepares the work and returns it
			"parameters are allowed": func(n int) func() {
				params := descending(n)
				return func() { base.AllowClientOutgoing("AP1", params...) }
			},
			"parameters are written": func(n int) func() { return minting(outgoing(n)) },
			"parameters are printed": func(n int) func() { return printing(outgoing(n)) },
			"parameters are read":    func(n int) func() { return reads(t, base, generate(t, outgoing(n))) },
			"a long claim is written": func(n int) func() {
				return minting(base.WithClaim("a", strings.Repeat("/", n)))
			},
			"members are read": func(n int) func() {
				return reads(t, base, k.sign(k.withPayload(manyMembers(k, n))))
			},
			"values within are read": func(n int) func() {
				return reads(t, base, k.sign(k.withMember("x", "["+strings.Repeat("{},", n)+"1]")))
			},
			"claims are asked for one by one": func(n int) func() {
				claims, err := base.Verify(k.sign(k.withPayload(manyMembers(k, n))))
				return func() { askEach(t, claims, err, n) }
			},
		} {
			t.Run(name, func(t *testing.T) { checkLinear(t, n, work) })
		}
	})
	base := newCapability(t)
	scopes := func(n int) capability.Capability {
		c := base
		for range n {
			c = c.AllowClientIncoming("Alice")
		}
		return c
	}
	for name, work := range map[string]func(n int) func(){
		"scopes are allowed": func(n int) func() { return func() { scopes(n) } },
		"scopes are written": func(n int) func() { return minting(scopes(n)) },
		"scopes are printed": func(n int) func() { return printing(scopes(n)) },
		"scopes are read":    func(n int) func() { return reads(t, base, generate(t, scopes(n))) },
		"a form is read": func(n int) func() {
			query := form(descending(n))
			return func() { capability.ParseParams(query) }
		},
	} {
		t.Run(name, func(t *testing.T) { checkLinear(t, n, work) })
	}
}

// checkLinear compares the work for 2n with that for n, and the work for 32n with
// 32 times that for n. What else the machine does weighs on these two alike, and
// one try of five is enough, so that it does not depend on how busy that is.
func checkLinear(t *testing.T, n int, work func(n int) func()) {
	t.Helper()
	once, twice := allocated(work(n)), allocated(work(2*n))
	if twice > 3*once+(64<<10) {
		t.Errorf("%d take %d bytes, and twice as many %d", n, once, twice)
		return
	}
	const times = 32
	few, many := work(n), work(times*n)
	var ratios []float64
	for range 5 {
		start := time.Now()
		for range times {
			few()
		}
		middle := time.Now()
		many()
		ratio := float64(time.Since(middle)) / float64(max(1, middle.Sub(start)))
		if ratio < times/3 {
			return
		}
		ratios = append(ratios, ratio)
	}
	t.Errorf("%d take %.0f times as long as %d times %d", times*n, ratios, times, n)
}

func minting(c capability.Capability) func()  { return func() { c.GenerateToken() } }
func printing(c capability.Capability) func() { return func() { _ = c.String() } }

// reads returns what verifies a token and looks at it without verifying it.
func reads(t *testing.T, c capability.Capability, token string) func() {
	return func() {
		_, err := c.Verify(token)
		_, err2 := capability.ParseUnverified(token)
		if err != nil || err2 != nil {
			t.Error(err, err2)
		}
	}
}

// manyMembers returns a payload with n members that are claims, and others.
func manyMembers(k kind, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"name%07d":"%d",`, n-i, i)
	}
	return "{" + b.String() + k.payload()[1:]
}

// askEach asks for each of the claims that a token with manyMembers has.
func askEach(t *testing.T, claims capability.Claims, err error, n int) {
	names := claims.ClaimNames()
	for i, name := range names[:n] {
		if text, ok := claims.Claim(name); text != strconv.Itoa(i) || !ok {
			t.Fatalf("Claim(%q) = %q, %v, want %d", name, text, ok, i)
		}
	}
	if err != nil || len(names) < n {
		t.Errorf("%d claims, %v, want %d", len(names), err, n)
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

// TestManyNamesAreReadBack has as many as nobody would write.
func TestManyNamesAreReadBack(t *testing.T) {
	t.Parallel()
	n := orHuge(20_000, 1_000_000)
	params := descending(n)
	eachKind(t, func(t *testing.T, k kind) {
		c := k.new(t).WithClientName("Alice").AllowClientOutgoing("AP123123", params...)
		claims, err := c.Verify(generate(t, c))
		if err != nil {
			t.Fatal(err)
		}
		query, _ := claims.Scopes[0].Param("appParams")
		if got, err := capability.ParseParams(query); !reflect.DeepEqual(got, params) || err != nil {
			t.Errorf("%d parameters, %v", len(got), err)
		}
		claims, err = capability.ParseUnverified(k.withPayload(manyMembers(k, n)) + ".")
		askEach(t, claims, err, n)
	})
}

func TestManyScopesTakeNoStack(t *testing.T) {
	many := orHuge(20_000, 1_000_000)
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
			for range many {
				c = test.allow(c)
			}
			if text := c.String(); strings.Count(text, test.uri) != many {
				t.Errorf("String has %d scopes", strings.Count(text, test.uri))
			}
			claims, err := c.Verify(generate(t, c))
			if err != nil || len(claims.Scopes) != many || claims.Scopes[many-1].String() != test.uri {
				t.Errorf("Verify finds %d scopes, %v", len(claims.Scopes), err)
			}
		})
	}
}

func TestNestingTakesNoStack(t *testing.T) {
	depth := orHuge(20_000, 1_000_000)
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
		{"arrays and objects closed in the wrong order", mixed + "[]" + strings.Repeat("]}", depth/2),
			capability.ErrMalformed},
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
	size := orHuge(1<<20, 16<<20)
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
		{"a huge payload with a wrong signature", header + "." + letters + "." + letters[:43],
			capability.ErrSignature},
		{"a huge header with a wrong signature", letters + "." + payload + "." + letters[:43],
			capability.ErrSignature},
		{"a huge signature", header + "." + payload + "." + letters, capability.ErrSignature},
		{"a huge payload of line breaks", header + "." + strings.Repeat("\n", size) + "." + letters[:43],
			capability.ErrSignature},
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
	size := orHuge(256<<10, 16<<20) // of the token
	fill := func(s string) string { return strings.Repeat(s, size*3/4/len(s)-100) }
	scope := func(text string) string { return withMember("scope", `"`+text+`"`) }
	names, texts := shortNames("0", size*3/4-300), shortNames(`""`, size*3/4-300)
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
		{"parameters of an Access Token", withOutgoing(`"params":{` + texts + `"x":""},"application_sid":"AP1"`), 32,
			nil},
		{"a parameter of an Access Token", withOutgoing(`"params":{"a":"` + fill("é") + `"},"application_sid":"AP1"`),
			32, nil},
		{"a parameter of an Access Token that is all escapes",
			withOutgoing(`"params":{"a":"` + fill(`\u0000`) + `"},"application_sid":"AP1"`), 32, nil},
		{"other grants", withGrants("{" + names + `"identity":"Alice"}`), 32, nil},
		{"braces in the voice grant", withVoice(fill(`{"":`)), 20, capability.ErrMalformed},
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

// shortNames returns that many bytes of members with that value and with names
// as short as they can be, none of which is known.
func shortNames(value string, size int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&'()*+,-./:;<=>?@[]^_`{|}~ "
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		b.WriteByte('"')
		for n := i; n > 0; n /= len(digits) {
			b.WriteByte(digits[n%len(digits)])
		}
		b.WriteString(`":` + value + `,`)
	}
	return b.String()
}
