package capability_test

import (
	"bytes"
	"encoding/json"
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
	if !hmacTakes(g.AuthToken) {
		t.Skip("an enforced FIPS 140-3 mode rejects the short auth token")
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

// readGolden calls test with every line of a file, which must have that many.
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
				got, g.Token, payloadOf(got), payloadOf(g.Token))
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
		if got, want := seen(claims), g.reading(); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Verify = %+v, %v, want %+v", got, err, want)
		}
		unverified, err := capability.ParseUnverified(g.Token)
		if !reflect.DeepEqual(unverified, claims) || err != nil {
			t.Errorf("ParseUnverified = %v, %v, want what Verify returns, %v", unverified, err, claims)
		}
	})
}

// reading returns what the case says that its token says.
func (g goldenCase) reading() reading {
	r := reading{account: g.AccountSID, expiresAt: unix(g.Exp), notBefore: unix(g.NBF), issued: unix(g.IAT)}
	for _, s := range g.Scopes {
		var params []capability.Parameter
		for _, p := range s.Params {
			params = append(params, capability.Param(p[0], p[1]))
		}
		r.scopes = append(r.scopes, permission{s.Service, s.Privilege, params})
	}
	for _, claim := range g.Claims {
		r.names = append(r.names, claim[0])
		r.addClaim(claim[0], claim[1])
	}
	return r
}

// unix returns the time of some Unix seconds, or the zero time for none.
func unix(seconds *int64) time.Time {
	if seconds == nil {
		return time.Time{}
	}
	return time.Unix(*seconds, 0).UTC()
}

// TestOwnTokens pins the tokens for which the PHP helper has no call.
func TestOwnTokens(t *testing.T) {
	base, err := capability.New("AC0f1e2d3c4b5a69788796a5b4c3d2e1f0", "9d8c7b6a5f4e3d2c1b0a998877665544")
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	base = base.WithClock(func() time.Time { return noon.Add(900 * time.Millisecond) })
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
		fmt.Fprintf(&got, "# %s\n%s\n%s\n\n", test.name, payloadOf(token), token)
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
