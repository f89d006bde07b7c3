package capability_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/capability"
)

var update = flag.Bool("update", false, "rewrite testdata/golden/own.txt; the tokens of other helpers are never rewritten")

const (
	accountSID = "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	authToken  = "9d8c7b6a5f4e3d2c1b0a998877665544"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// refusesShortKeys tells whether FIPS 140-3 mode is enforced. It asks package hmac, which panics then.
var refusesShortKeys = func() (refuses bool) {
	defer func() { refuses = recover() != nil }()
	hmac.New(sha256.New, []byte("short"))
	return
}()

// TestMain leaves out the examples, which use Twilio's short "secret", where FIPS 140-3 mode refuses it.
func TestMain(m *testing.M) {
	flag.Parse()
	if refusesShortKeys {
		flag.Set("test.skip", "^Example")
	}
	os.Exit(m.Run())
}

// newAt returns a Capability of the account above whose clock stands still.
func newAt(t testing.TB, now time.Time) capability.Capability {
	t.Helper()
	c, err := capability.New(accountSID, authToken)
	if err != nil {
		t.Fatal(err)
	}
	return c.WithClock(func() time.Time { return now })
}

func generate(t testing.TB, c capability.Capability) string {
	t.Helper()
	token, err := c.GenerateToken()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// payload returns the payload of a token as written.
func payload(t testing.TB, token string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A goldenCase is one line of a testdata/golden/*.jsonl. The README beside them tells what the members are.
type goldenCase struct {
	Name, AccountSID, AuthToken, Token string

	Now, TTL int64
	Claims   [][2]string
	Calls    [][]any // decoded from JSON: the name of the method, a string, and a list of pairs

	Exp, NBF, IAT *int64 // these and the scopes are of foreign.jsonl
	Scopes        []struct {
		Service, Privilege string
		Params             [][2]string
	}
}

// capability makes the calls of the case.
func (g goldenCase) capability(t *testing.T) capability.Capability {
	t.Helper()
	c, err := capability.New(g.AccountSID, g.AuthToken)
	if refusesShortKeys && len(g.AuthToken) < 14 {
		t.Skip("FIPS 140-3 mode refuses the short auth token")
	}
	if err != nil {
		t.Fatal(err)
	}
	c = c.WithClock(func() time.Time { return time.Unix(g.Now, 0) })
	if g.TTL != 0 {
		c = c.WithTTL(time.Duration(g.TTL) * time.Second)
	}
	for _, claim := range g.Claims {
		c = c.WithClaim(claim[0], claim[1])
	}
	for _, call := range g.Calls {
		switch call[0] {
		case "incoming":
			c = c.AllowClientIncoming(call[1].(string))
		case "outgoing":
			c = c.AllowClientOutgoing(call[1].(string), params(call[2])...)
		case "events":
			c = c.AllowEventStream(params(call[1])...)
		default:
			t.Fatalf("unknown call %q", call)
		}
	}
	return c
}

func params(pairs any) []capability.Parameter {
	var params []capability.Parameter
	for _, pair := range pairs.([]any) {
		p := pair.([]any)
		params = append(params, capability.Param(p[0].(string), p[1].(string)))
	}
	return params
}

// readGolden calls test with every line of a file, of which there have to be as many as it is known to have.
func readGolden(t *testing.T, name string, lines int, test func(t *testing.T, g goldenCase)) {
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
		t.Run(g.Name, func(t *testing.T) { test(t, g) })
	}
	if lines != 0 {
		t.Errorf("%s has %d lines too few", name, lines)
	}
}

func TestTokensOfThePHPHelper(t *testing.T) {
	same := func(t *testing.T, g goldenCase) {
		c := g.capability(t)
		if got := generate(t, c); got != g.Token {
			t.Errorf("token\n%s\nwant\n%s\nthat is, payload\n%s\nwant\n%s",
				got, g.Token, payload(t, got), payload(t, g.Token))
		}
		if _, err := c.Verify(g.Token); err != nil {
			t.Errorf("Verify: %v", err)
		}
	}
	readGolden(t, "php.jsonl", 60, same)
	readGolden(t, "claims.jsonl", 20, same)
}

func TestTokensOfOtherHelpersAreRead(t *testing.T) {
	readGolden(t, "foreign.jsonl", 12, func(t *testing.T, g goldenCase) {
		claims, err := g.capability(t).Verify(g.Token)
		if err != nil {
			t.Fatal(err)
		}
		if claims.AccountSID != g.AccountSID {
			t.Errorf("account %q, want %q", claims.AccountSID, g.AccountSID)
		}
		for _, field := range []struct {
			name string
			got  time.Time
			want *int64
		}{{"exp", claims.ExpiresAt, g.Exp}, {"nbf", claims.NotBefore, g.NBF}, {"iat", claims.IssuedAt, g.IAT}} {
			if field.want == nil && !field.got.IsZero() || field.want != nil && field.got.Unix() != *field.want {
				t.Errorf("%s is %v", field.name, field.got)
			}
		}
		for _, claim := range g.Claims {
			if got, ok := claims.Claim(claim[0]); got != claim[1] || !ok {
				t.Errorf("Claim(%q) = %q, %v, want %q", claim[0], got, ok, claim[1])
			}
		}
		if len(claims.Scopes) != len(g.Scopes) {
			t.Fatalf("%d scopes, want %d", len(claims.Scopes), len(g.Scopes))
		}
		for i, want := range g.Scopes {
			got := claims.Scopes[i]
			var pairs [][2]string
			for _, p := range got.Params() {
				pairs = append(pairs, [2]string{p.Name, p.Value})
			}
			if got.Service() != want.Service || got.Privilege() != want.Privilege || !reflect.DeepEqual(pairs, want.Params) {
				t.Errorf("scope %v, want %v", got, want)
			}
		}
		if unverified, err := capability.ParseUnverified(g.Token); !reflect.DeepEqual(unverified, claims) || err != nil {
			t.Errorf("ParseUnverified = %v, %v, want what Verify returns, %v", unverified, err, claims)
		}
	})
}

// TestOwnTokens holds what the PHP helper has no call for. -update rewrites the file.
func TestOwnTokens(t *testing.T) {
	base := newAt(t, noon.Add(900*time.Millisecond))
	cases := []struct {
		name string
		c    capability.Capability
	}{
		{"a client name alone", base.WithClientName("Alice")},
		{"a client name without incoming names the caller", base.WithClientName("Alice").AllowClientOutgoing("AP123123")},
		{"a client name given later", base.AllowClientOutgoing("AP123123").WithClientName("Alice")},
		{"the client name 0, which PHP takes for none", base.AllowClientIncoming("0").AllowClientOutgoing("AP123123")},
		{"the default lifetime, rounded down", base.AllowClientIncoming("Alice")},
		{"a lifetime with a fraction, rounded down", base.WithTTL(1100 * time.Millisecond)},
		{"an expiry", base.WithExpiry(noon.Add(90 * time.Minute))},
		{"an expiry after a lifetime", base.WithTTL(time.Minute).WithExpiry(noon.Add(90 * time.Minute))},
		{"a lifetime after an expiry", base.WithExpiry(noon.Add(90 * time.Minute)).WithTTL(time.Minute)},
		{"a not-before", base.WithNotBefore(noon.Add(-time.Minute))},
		{"a not-before in 1969", base.WithNotBefore(time.Unix(-1, 0))},
		{"a parameter that is not UTF-8", base.AllowClientOutgoing("AP123123", capability.Param("\xff", "\x00\xc3\x28"))},
		{"all together", base.WithClaim("user", "1001").WithClaim("role", "agent/7").AllowEventStream().
			AllowClientOutgoing("AP123123", capability.Param("b", "2 3"), capability.Param("a", "~")).
			AllowClientIncoming("Alice").WithNotBefore(noon).WithExpiry(noon.Add(time.Hour))},
	}
	var got strings.Builder
	for _, test := range cases {
		token := generate(t, test.c)
		fmt.Fprintf(&got, "# %s\n%s\n%s\n\n", test.name, payload(t, token), token)
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

func TestRefusedValues(t *testing.T) {
	base := newAt(t, noon)
	withSIDs := func(sid, token string) error { _, err := capability.New(sid, token); return err }
	incoming := func(name string) error { return errorOf(base.AllowClientIncoming(name)) }
	outgoing := func(sid string, p ...capability.Parameter) error { return errorOf(base.AllowClientOutgoing(sid, p...)) }
	claim := func(name, value string) error { return errorOf(base.WithClaim("a", "").WithClaim(name, value)) }
	param, long := capability.Param, strings.Repeat("a", 1000)

	cases := []struct {
		name string
		got  error
		want error
	}{
		{"an account SID of documentation", withSIDs("AC123123", authToken), nil},
		{"an account SID with one digit", withSIDs("AC1", authToken), nil},
		{"an account SID with capitals", withSIDs("ACaZ09", authToken), nil},
		{"no account SID", withSIDs("", authToken), capability.ErrAccountSID},
		{"an account SID without digits", withSIDs("AC", authToken), capability.ErrAccountSID},
		{"an account SID in lower case", withSIDs("ac123", authToken), capability.ErrAccountSID},
		{"an application SID as account SID", withSIDs("AP123", authToken), capability.ErrAccountSID},
		{"an account SID with an underscore", withSIDs("AC1_2", authToken), capability.ErrAccountSID},
		{"an account SID with a line break", withSIDs("AC123\n", authToken), capability.ErrAccountSID},
		{"an account SID with a letter beyond ASCII", withSIDs("ACé", authToken), capability.ErrAccountSID},
		{"an account SID with a quote", withSIDs(`AC1"`, authToken), capability.ErrAccountSID},

		{"an auth token of every visible character", withSIDs("AC1", visible()), nil},
		{"no auth token", withSIDs("AC1", ""), capability.ErrAuthToken},
		{"an auth token with a line break", withSIDs("AC1", authToken+"\n"), capability.ErrAuthToken},
		{"an auth token with a space before", withSIDs("AC1", " "+authToken), capability.ErrAuthToken},
		{"an auth token with DEL", withSIDs("AC1", authToken+"\x7f"), capability.ErrAuthToken},
		{"an auth token with NUL", withSIDs("AC1", authToken+"\x00"), capability.ErrAuthToken},
		{"an auth token beyond ASCII", withSIDs("AC1", authToken+"é"), capability.ErrAuthToken},

		{"a client name of one character", incoming("_"), nil},
		{"a client name of every kind of character", incoming("aZ09_"), nil},
		{"a long client name", incoming(long), nil},
		{"no client name", incoming(""), capability.ErrClientName},
		{"a client name with a space", incoming("Al ice"), capability.ErrClientName},
		{"a client name with a hyphen", incoming("Al-ice"), capability.ErrClientName},
		{"a client name with an at sign", incoming("alice@example.com"), capability.ErrClientName},
		{"a client name that adds a parameter", incoming("x&appSid=AP1"), capability.ErrClientName},
		{"a client name that ends the JSON", incoming(`x"`), capability.ErrClientName},
		{"a client name with a letter beyond ASCII", incoming("Zoë"), capability.ErrClientName},
		{"a bad client name without incoming", errorOf(base.WithClientName("a b")), capability.ErrClientName},

		{"an application SID of documentation", outgoing("AP123123"), nil},
		{"an application SID with one letter", outgoing("APz"), nil},
		{"no application SID", outgoing(""), capability.ErrApplicationSID},
		{"an application SID without digits", outgoing("AP"), capability.ErrApplicationSID},
		{"an account SID as application SID", outgoing("AC123"), capability.ErrApplicationSID},
		{"an application SID with an underscore", outgoing("AP_"), capability.ErrApplicationSID},
		{"an application SID that adds a parameter", outgoing("AP1&x=y"), capability.ErrApplicationSID},

		{"a parameter with any name and value", outgoing("AP1", param("\x00 é\xff", "\x00\xff")), nil},
		{"a parameter with an empty value", outgoing("AP1", param("a", "")), nil},
		{"two names that differ in case", outgoing("AP1", param("a", ""), param("A", "")), nil},
		{"one name in two calls", errorOf(base.AllowClientOutgoing("AP1", param("a", "")).AllowEventStream(param("a", ""))), nil},
		{"a parameter without a name", outgoing("AP1", param("", "a")), capability.ErrParam},
		{"a second parameter without a name", outgoing("AP1", param("a", ""), param("", "a")), capability.ErrParam},
		{"two parameters of one name", outgoing("AP1", param("a", "1"), param("b", "2"), param("a", "1")), capability.ErrParam},
		{"a filter without a name", errorOf(base.AllowEventStream(param("", "a"))), capability.ErrParam},
		{"two filters of one name", errorOf(base.AllowEventStream(param("a", ""), param("a", ""))), capability.ErrParam},

		{"a lifetime of a second", errorOf(base.WithTTL(time.Second)), nil},
		{"a lifetime of a day", errorOf(base.WithTTL(capability.MaxTTL)), nil},
		{"a lifetime just short of a second", errorOf(base.WithTTL(time.Second - 1)), capability.ErrTTL},
		{"no lifetime", errorOf(base.WithTTL(0)), capability.ErrTTL},
		{"a negative lifetime", errorOf(base.WithTTL(-time.Hour)), capability.ErrTTL},
		{"a lifetime just over a day", errorOf(base.WithTTL(capability.MaxTTL + 1)), capability.ErrTTL},
		{"an expiry in a second", errorOf(base.WithExpiry(noon.Add(time.Second))), nil},
		{"an expiry in a day", errorOf(base.WithExpiry(noon.Add(capability.MaxTTL))), nil},
		{"an expiry in another time zone", errorOf(base.WithExpiry(noon.Add(time.Hour).In(time.FixedZone("", 3600)))), nil},
		{"an expiry in just short of a second", errorOf(base.WithExpiry(noon.Add(time.Second - 1))), capability.ErrTTL},
		{"an expiry now", errorOf(base.WithExpiry(noon)), capability.ErrTTL},
		{"an expiry in the past", errorOf(base.WithExpiry(noon.Add(-time.Hour))), capability.ErrTTL},
		{"an expiry in just over a day", errorOf(base.WithExpiry(noon.Add(capability.MaxTTL + 1))), capability.ErrTTL},
		{"an expiry that the end of time wraps around", errorOf(base.WithClock(func() time.Time { return time.Unix(1<<63-1, 0) })), capability.ErrTTL},
		{"the zero time as expiry", errorOf(base.WithExpiry(time.Time{})), capability.ErrTTL},
		{"an expiry beyond all durations", errorOf(base.WithExpiry(time.Unix(1<<60, 0))), capability.ErrTTL},
		{"a not-before just before the expiry", errorOf(base.WithTTL(2 * time.Second).WithNotBefore(noon.Add(time.Second))), nil},
		{"a not-before in the past", errorOf(base.WithNotBefore(time.Unix(0, 0))), nil},
		{"a not-before at the expiry", errorOf(base.WithTTL(time.Second).WithNotBefore(noon.Add(time.Second))), capability.ErrTTL},
		{"a not-before after the expiry", errorOf(base.WithNotBefore(noon.Add(2 * time.Hour))), capability.ErrTTL},
		{"a not-before in the second of the expiry", errorOf(base.WithExpiry(noon.Add(1900 * time.Millisecond)).
			WithNotBefore(noon.Add(1100 * time.Millisecond))), capability.ErrTTL},
		{"the zero time as not-before", errorOf(base.WithNotBefore(time.Time{})), capability.ErrTTL},

		{"a claim with any UTF-8", claim("https://example.com/é", "\x00📞\u2028"), nil},
		{"a claim with an empty value", claim("b", ""), nil},
		{"a claim close to a registered one", claim("Iss", "x"), nil},
		{"another registered claim", claim("sub", "x"), nil},
		{"a claim without a name", claim("", "x"), capability.ErrClaim},
		{"a claim twice", claim("a", "x"), capability.ErrClaim},
		{"a claim with a name that is not UTF-8", claim("\xff", "x"), capability.ErrClaim},
		{"a claim with a value that is not UTF-8", claim("b", "\xed\xa0\x80"), capability.ErrClaim},
		{"a claim named scope", claim("scope", "x"), capability.ErrClaim},
		{"a claim named iss", claim("iss", "x"), capability.ErrClaim},
		{"a claim named exp", claim("exp", "x"), capability.ErrClaim},
		{"a claim named nbf", claim("nbf", "x"), capability.ErrClaim},
		{"a claim named iat", claim("iat", "x"), capability.ErrClaim},
	}
	for _, test := range cases {
		if !errors.Is(test.got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, test.got, test.want)
		}
		if test.got != nil {
			checkMessage(t, test.got)
		}
	}
}

func visible() string {
	var b []byte
	for c := byte('!'); c <= '~'; c++ {
		b = append(b, c)
	}
	return string(b)
}

// checkMessage checks what is true of all messages.
func checkMessage(t *testing.T, err error) {
	t.Helper()
	s := err.Error()
	if !strings.HasPrefix(s, "capability: ") || strings.ContainsAny(s, "\n\r\x00\x7f") || len(s) > 300 || strings.Contains(s, authToken) {
		t.Errorf("message %q", s)
	}
}

func TestMessages(t *testing.T) {
	base := newAt(t, noon)
	_, swapped := capability.New(authToken, accountSID)
	_, twice := capability.New("hunter2", "hunter2\n")
	_, within := capability.New("AC123:hunter2", "hunter2")
	_, empty := capability.New("", "ACCESS")
	_, alone := capability.New(authToken, "")
	_, newline := capability.New(accountSID, authToken+"\n")
	long := strings.Repeat("a", 70) + "&"
	cases := []struct {
		err  error
		want string
	}{
		{swapped, `invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{within, `invalid account SID: byte 5 is not an ASCII letter or digit`},
		{empty, `invalid account SID: it is empty: is its environment variable set?`},
		{twice, `invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{alone, `invalid account SID: it does not begin with AC: is it swapped with the auth token?`},
		{newline, `invalid auth token: byte 32 is not a visible ASCII character: a newline, a space or a quote at the end?`},
		{errorOf(base.WithClientName("Al\nice")), `invalid client name "Al\nice": use one or more of A-Z, a-z, 0-9 and _`},
		{errorOf(base.WithClientName(long)), `invalid client name "` + long[:40] + `"... (71 bytes): use one or more of A-Z, a-z, 0-9 and _`},
		{errorOf(base.AllowClientOutgoing("AC1")), `invalid application SID "AC1": want AP followed by letters and digits, the SID of a TwiML application`},
		{errorOf(base.AllowClientOutgoing(accountSID)), `invalid application SID "` + accountSID + `": want AP followed by letters and digits, the SID of a TwiML application`},
		{errorOf(base.AllowClientOutgoing(authToken + "\n")), `invalid application SID "` + authToken + `\n": want AP followed by letters and digits, the SID of a TwiML application`},
		{errorOf(base.AllowEventStream(capability.Param("", `"\`+"\x00é"))), `invalid parameter: no name for the value "\"\\\x00é"`},
		{errorOf(base.WithTTL(25 * time.Hour)), `invalid lifetime: the TTL is 25h0m0s; it must be from 1s to 24h0m0s`},
		{errorOf(base.WithExpiry(noon.Add(-time.Minute))), `invalid lifetime: the expiry passed 1m0s ago; it must be from 1s to 24h0m0s away`},
		{errorOf(base.WithNotBefore(noon.Add(time.Hour))), `invalid lifetime: the not-before is 1h0m0s away, not before the expiry, which is 1h0m0s away`},
		{errorOf(base.WithClaim("iss", "x")), `invalid claim "iss": the name is reserved; choose another one`},
		{errorOf(base.WithClaim("a", "\xff")), `invalid claim "a": the value is not valid UTF-8`},
		{errorOf(capability.Capability{}), `invalid account SID: use of zero Capability: call New`},
	}
	for _, test := range cases {
		if got := fmt.Sprint(test.err); got != "capability: "+test.want {
			t.Errorf("got  %s\nwant capability: %s", got, test.want)
		}
	}
}

func errorOf(c capability.Capability) error {
	_, err := c.GenerateToken()
	return err
}

func TestTheFirstErrorSticks(t *testing.T) {
	c := newAt(t, noon).AllowClientIncoming("a b").WithTTL(0).AllowClientOutgoing("x").WithClaim("", "").
		AllowClientIncoming("Alice").WithTTL(time.Minute)
	if _, err := c.GenerateToken(); !errors.Is(err, capability.ErrClientName) {
		t.Errorf("GenerateToken: %v", err)
	}
	if _, err := c.Verify(""); !errors.Is(err, capability.ErrClientName) {
		t.Errorf("Verify: %v", err)
	}
	dst := []byte("lead")
	if got, err := c.AppendToken(dst); !errors.Is(err, capability.ErrClientName) || &got[0] != &dst[0] || len(got) != 4 {
		t.Errorf("AppendToken: %q, %v", got, err)
	}
}

func TestALaterLifetimeMendsAnExpiryInThePast(t *testing.T) {
	past := newAt(t, noon).WithExpiry(noon.Add(-time.Hour))
	for name, c := range map[string]capability.Capability{
		"a TTL":             past.WithTTL(time.Minute),
		"an expiry":         past.WithExpiry(noon.Add(time.Minute)),
		"a clock set right": past.WithClock(func() time.Time { return noon.Add(-2 * time.Hour) }),
	} {
		if err := errorOf(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheZeroCapabilityRefusesEverything(t *testing.T) {
	var zero capability.Capability
	all := zero.AllowClientIncoming("Alice").AllowClientOutgoing("AP1").AllowEventStream().WithClientName("Bob").
		WithTTL(time.Minute).WithExpiry(noon).WithNotBefore(noon).WithClaim("a", "b").WithClock(nil)
	for _, c := range []capability.Capability{zero, all} {
		if err := errorOf(c); !errors.Is(err, capability.ErrAccountSID) {
			t.Errorf("GenerateToken: %v", err)
		}
		if got, err := c.AppendToken(nil); got != nil || !errors.Is(err, capability.ErrAccountSID) {
			t.Errorf("AppendToken: %q, %v", got, err)
		}
		if _, err := c.Verify("a.b.c"); !errors.Is(err, capability.ErrAccountSID) {
			t.Errorf("Verify: %v", err)
		}
		if got := c.String(); got != "capability: invalid account SID: use of zero Capability: call New" {
			t.Errorf("String: %s", got)
		}
	}
	if refused, err := capability.New("x", authToken); !errors.Is(errorOf(refused), err) {
		t.Errorf("what New refused generates: %v, want %v", errorOf(refused), err)
	}
}

// TestChildrenNeverDisturbEachOther derives from values with every number of grants around the room that one has for
// them, and compares each token with that of a value that nothing else was derived from.
func TestChildrenNeverDisturbEachOther(t *testing.T) {
	build := func(names ...string) capability.Capability {
		c := newAt(t, noon)
		for _, name := range names {
			c = c.AllowClientIncoming(name).WithClaim(name, name)
		}
		return c
	}
	names := []string{"a", "b", "c", "d", "e", "f"}
	for n := range names {
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
				t.Errorf("%s of a value with %d grants: %s, want %s", test.name, n, payload(t, got), payload(t, want))
			}
		}
		if after := generate(t, parent); after != before {
			t.Errorf("a value with %d grants has changed: %s, was %s", n, payload(t, after), payload(t, before))
		}
	}
}

func TestParametersAreCopied(t *testing.T) {
	params := []capability.Parameter{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}
	c := newAt(t, noon).AllowClientOutgoing("AP1", params...).AllowEventStream(params...)
	before := generate(t, c)
	params[0] = capability.Param("x", "y")
	if after := generate(t, c); after != before {
		t.Errorf("%s, was %s", payload(t, after), payload(t, before))
	}
}

func TestOneValueServesManyGoroutines(t *testing.T) {
	base := newAt(t, noon).AllowClientIncoming("base").WithClaim("a", "b")
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

func TestTheSecretShowsNowhere(t *testing.T) {
	c := newAt(t, noon).AllowClientIncoming("Alice").WithClaim("a", "b")
	generate(t, c) // so that there is a keyed HMAC in the pool
	refused := c.WithTTL(0)
	swapped, _ := capability.New(authToken, accountSID)
	type hidden struct{ c capability.Capability }
	values := []any{
		c, &c, refused, errorOf(refused), swapped, hidden{swapped}, hidden{c}, &hidden{c}, []capability.Capability{c}, []hidden{{c}},
		map[string]capability.Capability{"k": c}, [1]*capability.Capability{&c}, struct{ C any }{c},
	}
	// What would give the secret away: its bytes, or those as one of the verbs writes them.
	traces := []string{authToken, authToken[:8], fmt.Sprintf("%x", authToken[:8]), fmt.Sprintf("%X", authToken[:8]),
		strings.Trim(fmt.Sprint([]byte(authToken[:8])), "[]"), base64.StdEncoding.EncodeToString([]byte(authToken[:9]))}
	check := func(how, text string) {
		for _, trace := range traces {
			if strings.Contains(text, trace) {
				t.Errorf("%s: %s", how, text)
			}
		}
	}
	for _, v := range values {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "# "} {
			for verb := 'A'; verb <= 'z'; verb++ {
				format := "%" + flags + string(verb)
				check(fmt.Sprintf("%s of %T", format, v), fmt.Sprintf(format, v))
			}
		}
		text, _ := json.Marshal(v)
		check("JSON", string(text))
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "v", v)
		check("slog", log.String())
	}
}

func TestString(t *testing.T) {
	base := newAt(t, noon)
	for _, test := range []struct {
		c    capability.Capability
		want string
	}{
		{base, "account " + accountSID + ", for 1h0m0s, nothing allowed"},
		{base.WithClientName("Alice").AllowClientOutgoing("AP1", capability.Param("a", "b c")).WithTTL(time.Minute),
			"account " + accountSID + ", client Alice, for 1m0s, scope:client:outgoing?appSid=AP1&appParams=a%3Db%2Bc&clientName=Alice"},
		{base.WithExpiry(noon.Add(time.Hour)).WithNotBefore(noon),
			"account " + accountSID + ", not before 2026-01-02T12:00:00Z, until 2026-01-02T13:00:00Z, nothing allowed"},
		{base.WithClientName("?"), `capability: invalid client name "?": use one or more of A-Z, a-z, 0-9 and _`},
	} {
		if got := fmt.Sprint(test.c); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestTheClockIsReadWhenATokenIsGenerated(t *testing.T) {
	now := noon
	c := newAt(t, noon).WithClock(func() time.Time { return now }).WithTTL(time.Minute)
	first := generate(t, c)
	now = now.Add(time.Hour)
	second := generate(t, c)
	if want := `{"scope":"","iss":"` + accountSID + `","exp":1767355260}`; payload(t, first) != want {
		t.Errorf("first %s, want %s", payload(t, first), want)
	}
	if want := `{"scope":"","iss":"` + accountSID + `","exp":1767358860}`; payload(t, second) != want {
		t.Errorf("second %s, want %s", payload(t, second), want)
	}
	if _, err := c.WithClock(nil).Verify(generate(t, c.WithClock(nil))); err != nil {
		t.Errorf("with the clock of the machine: %v", err)
	}
}

func TestWhatIsGrantedIsReadBack(t *testing.T) {
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	params := []capability.Parameter{{Name: string(everyByte), Value: string(everyByte)}, {Name: "&=", Value: "a&b=c d"}}
	c := newAt(t, noon).
		AllowClientIncoming("Alice").
		AllowClientOutgoing("AP123123", params...).
		AllowEventStream(params...).
		WithClaim("user", "é\x00📞").WithNotBefore(noon.Add(-time.Minute))
	claims, err := c.Verify(generate(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if claims.AccountSID != accountSID || claims.ClientName() != "Alice" || !claims.ExpiresAt.Equal(noon.Add(time.Hour)) ||
		!claims.NotBefore.Equal(noon.Add(-time.Minute)) || !claims.IssuedAt.IsZero() || len(claims.Scopes) != 3 {
		t.Errorf("claims are %+v", claims)
	}
	if got, ok := claims.Claim("user"); got != "é\x00📞" || !ok {
		t.Errorf("claim is %q, %v", got, ok)
	}
	if got, ok := claims.Claim("iss"); ok {
		t.Errorf("iss is an extra claim: %q", got)
	}
	for i, name := range map[int]string{1: "appParams", 2: "params"} {
		query, _ := claims.Scopes[i].Param(name)
		if got, err := capability.ParseParams(query); !reflect.DeepEqual(got, params) || err != nil {
			t.Errorf("%s are %q, %v", name, got, err)
		}
	}
}

func TestErrIsTheFirstErrorOfTheCalls(t *testing.T) {
	base := newAt(t, noon)
	for _, test := range []struct {
		name string
		c    capability.Capability
		want error
	}{
		{"good calls", base.AllowClientIncoming("Alice").WithTTL(time.Minute), nil},
		{"a bad client name, then a bad lifetime", base.AllowClientIncoming("a b").WithTTL(0), capability.ErrClientName},
		{"a bad lifetime, then a good one", base.WithTTL(0).WithTTL(time.Minute), capability.ErrTTL},
		{"an expiry in the past, which the clock decides later", base.WithExpiry(noon.Add(-time.Hour)), nil},
		{"the zero Capability", capability.Capability{}, capability.ErrAccountSID},
	} {
		if err := test.c.Err(); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestClaimNamesAreAllBeyondTheRegisteredOnesInOrder(t *testing.T) {
	c := newAt(t, noon).WithClaim("role", "agent").WithClaim("aud", "api").AllowClientIncoming("Alice").WithNotBefore(noon)
	claims, err := c.Verify(generate(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := claims.ClaimNames(), []string{"role", "aud"}; !slices.Equal(got, want) {
		t.Errorf("ClaimNames() = %q, want %q", got, want)
	}
	claims.ClaimNames()[0] = "changed"
	if got := claims.ClaimNames()[0]; got != "role" {
		t.Errorf("a change of what ClaimNames returned went through: %q", got)
	}
	for _, at := range []time.Time{claims.ExpiresAt, claims.NotBefore} {
		if at.Location() != time.UTC {
			t.Errorf("%v is not in UTC", at)
		}
	}
}

// TestManyOfEverything would not come to its end if the work grew with the square of the input.
func TestManyOfEverything(t *testing.T) {
	const many = 100_000
	params := make([]capability.Parameter, many)
	for i := range params {
		params[i] = capability.Param(fmt.Sprint("name", i), "value")
	}
	c := newAt(t, noon).AllowClientOutgoing("AP123123", params...)
	claims, err := c.Verify(generate(t, c))
	if err != nil {
		t.Fatal(err)
	}
	query, _ := claims.Scopes[0].Param("appParams")
	if got, err := capability.ParseParams(query); !reflect.DeepEqual(got, params) || err != nil {
		t.Errorf("%d parameters, %v", len(got), err)
	}

	c = newAt(t, noon)
	for range many {
		c = c.AllowClientIncoming("Alice")
	}
	if claims, err := c.Verify(generate(t, c)); len(claims.Scopes) != many || err != nil {
		t.Errorf("%d scopes, %v", len(claims.Scopes), err)
	}
}

// TestShortKeysUnderFIPS runs itself once more under an enforced FIPS 140-3 mode, which Go has from 1.24 on.
func TestShortKeysUnderFIPS(t *testing.T) {
	_, err := capability.New("AC123123", "thirteen13byt")
	if errors.Is(err, capability.ErrAuthToken) != refusesShortKeys || !refusesShortKeys && err != nil {
		t.Errorf("an auth token of 13 characters: %v; package hmac refuses it: %v", err, refusesShortKeys)
	}
	for _, token := range []string{"fourteen14byte", authToken} {
		if c, err := capability.New("AC123123", token); err != nil {
			t.Errorf("an auth token of %d characters: %v", len(token), err)
		} else {
			generate(t, c)
		}
	}
	const enforced = "GODEBUG=fips140=only"
	if refusesShortKeys || slices.Contains(os.Environ(), enforced) {
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^TestShortKeysUnderFIPS$")
	command.Env = append(os.Environ(), enforced)
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("under GODEBUG=fips140=only: %v\n%s", err, out)
	}
}

func TestAllocations(t *testing.T) {
	var pool sync.Pool
	for range 100 {
		if pool.Put(t); pool.Get() == nil {
			t.Skip("a sync.Pool drops items at random, as it does under the race detector")
		}
	}
	base := newAt(t, noon).WithTTL(10 * time.Minute)
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
		{"deriving and generating", func() { derive().GenerateToken() }, 2},
		{"refusing a forged token", func() { ready.Verify(forged) }, 1},
		{"Verify", func() { ready.Verify(token) }, 6},
	} {
		if got := testing.AllocsPerRun(100, test.f); got > test.most {
			t.Errorf("%s: %v allocations, want %v", test.name, got, test.most)
		}
	}
}
