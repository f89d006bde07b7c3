package capability_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"example.com/capability"
)

// This file has what the tests share: an account and its credentials, tokens
// that are good but for one thing, and checks of what is refused.

// The secrets are long enough for an enforced FIPS 140-3 mode.
const (
	accountSID   = "AC123123"
	authToken    = "5f4e3d2c1b0a99887766554433221100"
	apiKeySID    = "SK123123"
	apiKeySecret = "kLm8Qx2vZt7Rw4Yb9Nc3Hd6Jf1Gs5PaE"
	nowUnix      = 1_700_000_000

	headerJSON       = `{"typ":"JWT","alg":"HS256"}`
	accessHeaderJSON = `{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"}`
)

var now = time.Unix(nowUnix, 0)

// A kind is one of the two kinds of token, with a good token of it.
type kind struct {
	name    string
	by      credentials
	header  string   // JSON
	members []member // of the payload
	says    reading
}

// A member is one of a JSON object, as it is written.
type member struct{ name, raw string }

var capabilityTokens = kind{
	name:   "capability token",
	by:     credentials{account: accountSID, secret: authToken},
	header: headerJSON,
	members: []member{
		{"scope", `"scope:client:incoming?clientName=Alice"`},
		{"iss", `"AC123123"`},
		{"exp", "1700003600"},
	},
	says: reading{
		account:   accountSID,
		client:    "Alice",
		scopes:    []permission{{"client", "incoming", pairs{{"clientName", "Alice"}}}},
		expiresAt: time.Unix(nowUnix+3600, 0).UTC(),
	},
}

var accessTokens = kind{
	name:   "Access Token",
	by:     credentials{account: accountSID, apiKey: apiKeySID, secret: apiKeySecret},
	header: accessHeaderJSON,
	members: []member{
		{"jti", `"SK123123-1700000000"`},
		{"iss", `"SK123123"`},
		{"sub", `"AC123123"`},
		{"exp", "1700003600"},
		{"grants", `{"identity":"Alice","voice":{"incoming":{"allow":true}}}`},
	},
	says: reading{
		account:   accountSID,
		apiKey:    apiKeySID,
		client:    "Alice",
		scopes:    []permission{{"client", "incoming", pairs{{"clientName", "Alice"}}}},
		expiresAt: time.Unix(nowUnix+3600, 0).UTC(),
		names:     []string{"jti"},
		claims:    map[string]string{"jti": "SK123123-1700000000"},
	},
}

var kinds = []kind{capabilityTokens, accessTokens}

// eachKind runs a test for both kinds of token.
func eachKind(t *testing.T, test func(t *testing.T, k kind)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { test(t, k) })
	}
}

type pairs = []capability.Parameter

// new returns a Capability of the account, whose clock stands still.
func (k kind) new(t testing.TB) capability.Capability { return k.newAt(t, now) }

// newAt returns the same with another clock.
func (k kind) newAt(t testing.TB, now time.Time) capability.Capability {
	t.Helper()
	c, err := k.by.new()
	if err != nil {
		t.Fatal(err)
	}
	return c.WithClock(func() time.Time { return now })
}

// newWriter returns the twin of what new returns.
func (k kind) newWriter() writer { return k.by.newWriter() }

// newCapability and newAccess return a Capability of either kind.
func newCapability(t testing.TB) capability.Capability { return capabilityTokens.new(t) }
func newAccess(t testing.TB) capability.Capability     { return accessTokens.new(t) }

// sign returns a token with those first two parts.
func (k kind) sign(signed string) string { return sign(k.by.secret, signed) }

// withHeader, withPayload and withMember return the first two parts of a token
// that is good but for one thing.
func (k kind) withHeader(header string) string    { return encode(header) + "." + encode(k.payload()) }
func (k kind) withPayload(payload string) string  { return encode(k.header) + "." + encode(payload) }
func (k kind) withMember(name, raw string) string { return k.withPayload(k.payloadWith(name, raw)) }

func (k kind) payload() string { return k.payloadWith("", "") }
func (k kind) token() string   { return k.sign(k.withPayload(k.payload())) }

// payloadWith returns a payload that is good but for one member, which has the
// value raw, or is left out if raw is "".
func (k kind) payloadWith(name, raw string) string {
	var text []string
	for _, m := range k.members {
		if m.name == name {
			m.raw, name = raw, ""
		}
		if m.raw != "" {
			text = append(text, `"`+m.name+`":`+m.raw)
		}
	}
	if name != "" {
		text = append(text, `"`+name+`":`+raw)
	}
	return "{" + strings.Join(text, ",") + "}"
}

// These are the same for capability tokens.
func withHeader(header string) string     { return capabilityTokens.withHeader(header) }
func withPayload(payload string) string   { return capabilityTokens.withPayload(payload) }
func withMember(name, raw string) string  { return capabilityTokens.withMember(name, raw) }
func payloadWith(name, raw string) string { return capabilityTokens.payloadWith(name, raw) }
func goodPayload() string                 { return capabilityTokens.payload() }
func goodToken() string                   { return capabilityTokens.token() }

// withGrants and withVoice return the first two parts of an Access Token that
// is good but for its grants, or its voice grant.
func withGrants(raw string) string { return accessTokens.withMember("grants", raw) }
func withVoice(raw string) string  { return withGrants(`{"identity":"Alice","voice":` + raw + `}`) }

// encode returns one part of a token, decode what is in it. What is not the
// only encoding of anything is decoded as nothing.
func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func decode(part string) string {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || encode(string(text)) != part {
		return ""
	}
	return string(text)
}

// headerOf and payloadOf return a part of a token, decoded.
func headerOf(token string) string  { return decode(strings.Split(token, ".")[0]) }
func payloadOf(token string) string { return decode(strings.Split(token, ".")[1]) }

func generate(t testing.TB, c capability.Capability) string {
	t.Helper()
	token, err := c.GenerateToken()
	if err != nil {
		t.Fatal(err)
	}
	return token
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

func newKeyError(accountSID, apiKeySID, apiKeySecret string) error {
	_, err := capability.NewWithAPIKey(accountSID, apiKeySID, apiKeySecret)
	return err
}

// verifyError returns the error of Verify for a token with those first two
// parts and the right signature.
func (k kind) verifyError(t *testing.T, signed string) error {
	_, err := k.new(t).Verify(k.sign(signed))
	return err
}

func parseError(token string) error {
	_, err := capability.ParseUnverified(token)
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

var sentinels = []error{
	capability.ErrAccountSID, capability.ErrAuthToken, capability.ErrAPIKey, capability.ErrClientName,
	capability.ErrApplicationSID, capability.ErrParam, capability.ErrRegion, capability.ErrTTL, capability.ErrClaim,
	capability.ErrKind, capability.ErrMalformed, capability.ErrAlgorithm, capability.ErrSignature,
	capability.ErrIssuer,
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
		strings.Contains(text, authToken) || strings.Contains(text, apiKeySecret) {
		t.Errorf("the message has no prefix, is not one printable line of UTF-8, is longer than 300 bytes "+
			"or holds a secret: %q", text)
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

// orHuge returns usual, or huge if the environment asks for the huge sizes,
// which take a minute.
func orHuge(usual, huge int) int {
	if os.Getenv("CAPABILITY_HUGE") == "1" {
		return huge
	}
	return usual
}

// allocated returns how many bytes f allocates. No other test may run at the
// same time.
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

// smallStack leaves a test so much stack that a call for each of 20,000 scopes
// or levels oversteps it. That ends the test binary, whose output names the
// test. No other test may run at the same time.
func smallStack(t *testing.T) {
	before := debug.SetMaxStack(256 << 10)
	t.Cleanup(func() { debug.SetMaxStack(before) })
}
