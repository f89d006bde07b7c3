package capability_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.com/capability"
)

// The flag reaches own.txt alone. Nothing here writes the tokens that other
// helpers made.
var update = flag.Bool("update", false, "rewrite testdata/golden/own.txt")

// A goldenCase is one line of a testdata/golden/*.jsonl. The README beside them
// explains the members.
type goldenCase struct {
	Helper, Name, AccountSID, Token string

	Now, TTL int64
	Claims   [][2]string

	// Of a capability token.
	AuthToken string
	Calls     [][]any // decoded from JSON: the name of the method, a string, and a list of pairs
	Scopes    []struct {
		Service, Privilege string
		Params             [][2]string
	}

	// Of an Access Token.
	KeySID, KeySecret, Slip  string
	Identity, Region, AppSID *string
	Incoming                 bool
	Params                   [][2]string

	Exp, NBF, IAT *int64
}

// credentials are those of the case. They are too short for an enforced FIPS
// 140-3 mode in a few cases, which skip the test then.
func (g goldenCase) credentials(t *testing.T) credentials {
	t.Helper()
	by := credentials{g.AccountSID, g.KeySID, g.AuthToken + g.KeySecret}
	if !hmacTakes(by.secret) {
		t.Skip("an enforced FIPS 140-3 mode rejects the short secret")
	}
	return by
}

// make makes the calls of the case on a Capability and on its slow twin.
func (g goldenCase) make(t *testing.T) (capability.Capability, writer) {
	t.Helper()
	by := g.credentials(t)
	c, err := by.new()
	if err != nil {
		t.Fatal(err)
	}
	c, w := c.WithClock(func() time.Time { return time.Unix(g.Now, 0) }), by.newWriter()
	ttl := time.Duration(g.TTL) * time.Second
	c, w = c.WithTTL(ttl), w.ttl(ttl)
	for _, claim := range g.Claims {
		c, w = c.WithClaim(claim[0], claim[1]), w.claim(claim[0], claim[1])
	}
	if by.isAccess() {
		return g.access(c, w)
	}
	for _, call := range g.Calls {
		switch call[0] {
		case "incoming":
			c, w = c.AllowClientIncoming(call[1].(string)), w.incoming(call[1].(string))
		case "outgoing":
			p := params(call[2])
			c, w = c.AllowClientOutgoing(call[1].(string), p...), w.outgoing(call[1].(string), p...)
		case "events":
			c, w = c.AllowEventStream(params(call[1])...), w.events(params(call[1])...)
		default:
			t.Fatalf("unknown call %q", call)
		}
	}
	return c, w
}

// access makes the calls of a case of access.jsonl.
func (g goldenCase) access(c capability.Capability, w writer) (capability.Capability, writer) {
	if g.Region != nil {
		c, w = c.WithRegion(*g.Region), w.inRegion(*g.Region)
	}
	if g.NBF != nil {
		c, w = c.WithNotBefore(time.Unix(*g.NBF, 0)), w.from(time.Unix(*g.NBF, 0))
	}
	var name string
	if g.Identity != nil {
		name = *g.Identity
		c, w = c.WithClientName(name), w.clientName(name)
	}
	if g.Incoming {
		c, w = c.AllowClientIncoming(name), w.incoming(name)
	}
	if g.AppSID != nil {
		p := asParams(g.Params)
		c, w = c.AllowClientOutgoing(*g.AppSID, p...), w.outgoing(*g.AppSID, p...)
	}
	return c, w
}

func params(pairs any) []capability.Parameter {
	var params []capability.Parameter
	for _, pair := range pairs.([]any) {
		p := pair.([]any)
		params = append(params, capability.Param(p[0].(string), p[1].(string)))
	}
	return params
}

func asParams(pairs [][2]string) []capability.Parameter {
	var params []capability.Parameter
	for _, p := range pairs {
		params = append(params, capability.Param(p[0], p[1]))
	}
	return params
}

// readGolden calls test with every line of a file, which must have that many.
func readGolden(t *testing.T, name string, lines int, test func(t *testing.T, g goldenCase)) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "golden", name))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(bytes.TrimSpace(file), []byte("\n")) {
		var g goldenCase
		if err := json.Unmarshal(line, &g); err != nil {
			t.Fatal(err)
		}
		lines--
		t.Run(strings.TrimSpace(g.Helper+" "+g.Name), func(t *testing.T) { test(t, g) })
	}
	if lines != 0 {
		t.Errorf("%s has %d lines too few", name, lines)
	}
}

func TestTokensOfThePHPHelper(t *testing.T) {
	same := func(t *testing.T, g goldenCase) {
		c, w := g.make(t)
		got := generate(t, c)
		twins, err := w.generate(time.Unix(g.Now, 0))
		if got != g.Token || twins != g.Token || err != nil {
			t.Errorf("payload\n%s\nand that of the twin\n%s, %v, want\n%s\nin the token %s",
				payloadOf(got), payloadOf(twins), err, payloadOf(g.Token), g.Token)
		}
		if _, err := c.Verify(g.Token); err != nil {
			t.Errorf("Verify: %v", err)
		}
	}
	readGolden(t, "php.jsonl", 60, same)
	readGolden(t, "claims.jsonl", 20, same)
}

// instead says what becomes of the calls for which the PHP helper makes an
// Access Token that this package does not make: a token of other bytes, or an
// error.
var instead = map[string]error{
	// PHP takes the text 0 for no region at all.
	"region 0 is left out": nil,
	// PHP writes these parameters as a list, and the claims with other names.
	"param names 0 1 2 become a list": nil,
	"claim name neg":                  nil,
	"claim names 7 3 a":               nil,

	"param with empty name":       capability.ErrParam,
	"claim named iss":             capability.ErrClaim,
	"claim named exp":             capability.ErrClaim,
	"claim named nbf without nbf": capability.ErrClaim,
	"claim named iat":             capability.ErrClaim,
	"claims aud kid scope iat":    capability.ErrClaim,

	"incoming without identity":                   capability.ErrClientName,
	"both without identity":                       capability.ErrClientName,
	`identity outside A-Za-z0-9_: ""`:             capability.ErrClientName,
	`identity outside A-Za-z0-9_: "Alice Smith"`:  capability.ErrClientName,
	`identity outside A-Za-z0-9_: "a.b"`:          capability.ErrClientName,
	`identity outside A-Za-z0-9_: "a\\b"`:         capability.ErrClientName,
	`identity outside A-Za-z0-9_: "<a>&b"`:        capability.ErrClientName,
	`identity outside A-Za-z0-9_: "\u65e5\u672c"`: capability.ErrClientName,
	`identity outside A-Za-z0-9_: "+15551234567"`: capability.ErrClientName,
	`identity outside A-Za-z0-9_: "a%20b"`:        capability.ErrClientName,
	`identity outside A-Za-z0-9_: "\u007f"`:       capability.ErrClientName,
	"region a/b":                                  capability.ErrRegion,
	`region "`:                                    capability.ErrRegion,
	"ttl 0":                                       capability.ErrTTL,
	"nbf 1700003600":                              capability.ErrTTL, // at the expiry
}

func TestAccessTokensOfThePHPHelper(t *testing.T) {
	var same, slips, refused, refusedSlips, skipped int
	readGolden(t, "access.jsonl", 106, func(t *testing.T, g goldenCase) {
		skipped++ // unless make returns
		c, w := g.make(t)
		skipped--
		token, err := c.GenerateToken()
		twins, twinsErr := w.generate(time.Unix(g.Now, 0))
		want, another := instead[g.Name]
		switch {
		case token != twins || !errors.Is(err, twinsErr) || !errors.Is(err, want):
			t.Errorf("GenerateToken = %s, %v, want %s, %v, as the twin has it, and %v", token, err, twins, twinsErr,
				want)
		case err != nil && g.Slip != "":
			refused++
			refusedSlips++
		case err != nil:
			refused++
		case another && (g.Slip == "" || token == g.Token):
			t.Errorf("%s is no slip, or made as well: %s", g.Name, payloadOf(token))
		case another:
			slips++
		case token != g.Token || g.Slip != "":
			t.Errorf("token\n%s\nwant\n%s\nthat is, payload\n%s\nwant\n%s",
				token, g.Token, payloadOf(token), payloadOf(g.Token))
		default:
			same++
			checkReadsAs(t, c, g)
		}
	})
	got := [4]int{same + skipped, slips, refused, refusedSlips}
	if want := [4]int{81, 4, 21, 6}; got != want {
		t.Errorf("tokens that are the same, slips that differ, rows that are refused, slips among these: %d, want %d",
			got, want)
	}
}

// TestSlipsOfThePHPHelperAreNotMade shows what stands in the tokens that PHP
// gets wrong.
func TestSlipsOfThePHPHelperAreNotMade(t *testing.T) {
	c := newAccess(t).WithClientName("Alice")
	p := capability.Param
	for _, test := range []struct {
		name string
		c    capability.Capability
		want string // what stands in the header or in the payload
	}{
		{"the region 0 stands in the header", c.WithRegion("0"), `"cty":"twilio-fpa;v=1","twr":"0"}`},
		{"the client name 0 is one", c.WithClientName("0"), `"grants":{"identity":"0",`},
		{"parameters named 0, 1, 2 are an object", c.AllowClientOutgoing("AP1", p("0", "a"), p("1", "b"), p("2", "c")),
			`"params":{"0":"a","1":"b","2":"c"}}`},
		{"a claim that looks like an integer keeps its name", c.WithClaim("7", "x").WithClaim("-3", "y"),
			`{"7":"x","-3":"y","jti":`},
	} {
		token := generate(t, test.c)
		if got := headerOf(token) + payloadOf(token); !strings.Contains(got, test.want) {
			t.Errorf("%s: the token is %s, want %s in it", test.name, got, test.want)
		}
	}
}

func TestTokensOfOtherHelpersAreRead(t *testing.T) {
	readAs := func(t *testing.T, g goldenCase) {
		c, err := g.credentials(t).new()
		if err != nil {
			t.Fatal(err)
		}
		checkReadsAs(t, c, g)
	}
	readGolden(t, "foreign.jsonl", 12, readAs)
	readGolden(t, "access_foreign.jsonl", 21, readAs)
}

// checkReadsAs checks that a token verifies at the time of the case, or from
// its not-before on, and says what the case says.
func checkReadsAs(t *testing.T, c capability.Capability, g goldenCase) {
	t.Helper()
	at := g.Now
	if g.NBF != nil && *g.NBF > at {
		_, err := verifyAt(c, g.Token, at)
		checkReason(t, g.Name, err, capability.ErrNotYetValid)
		at = *g.NBF
	}
	claims, err := verifyAt(c, g.Token, at)
	if got, want := seen(claims), g.reading(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Verify = %+v, %v, want %+v", got, err, want)
	}
	unverified, err := capability.ParseUnverified(g.Token)
	if !reflect.DeepEqual(unverified, claims) || err != nil {
		t.Errorf("ParseUnverified = %v, %v, want what Verify returns, %v", unverified, err, claims)
	}
}

func verifyAt(c capability.Capability, token string, seconds int64) (capability.Claims, error) {
	return c.WithClock(func() time.Time { return time.Unix(seconds, 0) }).Verify(token)
}

// reading returns what the case says that its token says.
func (g goldenCase) reading() reading {
	r := reading{account: g.AccountSID, apiKey: g.KeySID, expiresAt: unix(g.Exp), notBefore: unix(g.NBF),
		issued: unix(g.IAT)}
	if g.Exp == nil { // which is not recorded
		r.expiresAt = time.Unix(g.Now+g.TTL, 0).UTC()
	}
	for _, s := range g.Scopes {
		r.scopes = append(r.scopes, permission{s.Service, s.Privilege, asParams(s.Params)})
		for _, p := range s.Params {
			if p[0] == "clientName" {
				r.client = p[1]
			}
		}
	}
	for _, claim := range g.Claims {
		r.names = append(r.names, claim[0])
		r.addClaim(claim[0], claim[1])
	}
	if g.KeySID != "" {
		g.readAccess(&r)
	}
	return r
}

func (g goldenCase) readAccess(r *reading) {
	var caller []capability.Parameter
	if g.Identity != nil {
		r.client = *g.Identity
		caller = pairs{{"clientName", r.client}}
	}
	if g.Region != nil {
		r.region = *g.Region
	}
	if g.Incoming {
		r.scopes = append(r.scopes, permission{"client", "incoming", caller})
	}
	if g.AppSID != nil {
		outgoing := pairs{{"appSid", *g.AppSID}, {"appParams", form(asParams(g.Params))}}
		r.scopes = append(r.scopes, permission{"client", "outgoing", append(outgoing, caller...)})
	}
	r.names = append(r.names, "jti")
	r.addClaim("jti", fmt.Sprintf("%s-%d", g.KeySID, g.Now))
}

// unix returns the time of some Unix seconds, or the zero time for none.
func unix(seconds *int64) time.Time {
	if seconds == nil {
		return time.Time{}
	}
	return time.Unix(*seconds, 0).UTC()
}

// TestOwnTokens pins the tokens for which the PHP helper has no call, or makes
// another one.
func TestOwnTokens(t *testing.T) {
	const account, secret = "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0", "9d8c7b6a5f4e3d2c1b0a998877665544"
	base, err := capability.New(account, secret)
	if err != nil {
		t.Fatal(err)
	}
	access, err := capability.NewWithAPIKey(account, "SK1f2e3d4c5b6a79889796a5b4c3d2e1f0", secret)
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return noon.Add(900 * time.Millisecond) }
	base, access = base.WithClock(clock), access.WithClock(clock)
	named, p := access.WithClientName("Alice"), capability.Param
	cases := []struct {
		name string
		c    capability.Capability
	}{
		{"a client name alone", base.WithClientName("Alice")},
		{"a client name without incoming names the caller",
			base.WithClientName("Alice").AllowClientOutgoing("AP123123")},
		{"a client name given later", base.AllowClientOutgoing("AP123123").WithClientName("Alice")},
		{"the client name 0, which PHP takes for none", base.AllowClientIncoming("0").AllowClientOutgoing("AP123123")},
		{"the default lifetime, rounded down", base.AllowClientIncoming("Alice")},
		{"a lifetime with a fraction, rounded down", base.WithTTL(1100 * time.Millisecond)},
		{"an expiry", base.WithExpiry(noon.Add(90 * time.Minute))},
		{"an expiry after a lifetime", base.WithTTL(time.Minute).WithExpiry(noon.Add(90 * time.Minute))},
		{"a lifetime after an expiry", base.WithExpiry(noon.Add(90 * time.Minute)).WithTTL(time.Minute)},
		{"a not-before", base.WithNotBefore(noon.Add(-time.Minute))},
		{"a not-before in 1969", base.WithNotBefore(time.Unix(-1, 0))},
		{"a parameter that is not UTF-8", base.AllowClientOutgoing("AP123123", p("\xff", "\x00\xc3\x28"))},
		{"all together", base.WithClaim("user", "1001").WithClaim("role", "agent/7").AllowEventStream().
			AllowClientOutgoing("AP123123", p("b", "2 3"), p("a", "~")).
			AllowClientIncoming("Alice").WithNotBefore(noon).WithExpiry(noon.Add(time.Hour))},

		{"an Access Token that allows nothing", named},
		{"an Access Token for incoming calls", access.AllowClientIncoming("Alice")},
		{"an Access Token for outgoing calls", named.AllowClientOutgoing("AP123123")},
		{"an Access Token with the client name 0, which PHP takes for none", access.AllowClientIncoming("0")},
		{"an Access Token with the region 0, which PHP takes for none", named.WithRegion("0")},
		{"an Access Token whose parameters PHP takes for a list",
			named.AllowClientOutgoing("AP123123", p("0", "a"), p("1", "b"), p("2", "c"))},
		{"an Access Token with claims that PHP renumbers", named.WithClaim("7", "x").WithClaim("scope?", "y")},
		{"an Access Token with a not-before", named.WithNotBefore(noon.Add(-time.Minute))},
		{"an Access Token of all together", access.AllowClientOutgoing("AP123123", p("b", "2 3"), p("a", "~/é😀")).
			WithClaim("user", "1001").WithClaim("role", "agent/7").WithRegion("au1").WithRegion("ie1").
			AllowClientIncoming("Alice").WithNotBefore(noon).WithExpiry(noon.Add(time.Hour))},
	}
	var got strings.Builder
	for _, test := range cases {
		token := generate(t, test.c)
		fmt.Fprintf(&got, "# %s\n", test.name)
		if header := headerOf(token); header != headerJSON {
			fmt.Fprintln(&got, header)
		}
		fmt.Fprintf(&got, "%s\n%s\n\n", payloadOf(token), token)
	}
	file := filepath.Join("testdata", "golden", "own.txt")
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}
