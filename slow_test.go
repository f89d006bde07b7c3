package capability_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"example.com/capability"
)

// This file is the package's slow twin: the same tokens, written and read in
// the words of the standard library, to be understood rather than to be fast.
// All tests share its signer, its writer and its reader, and its account.

// The auth token is long enough for an enforced FIPS 140-3 mode.
const (
	accountSID = "AC123123"
	authToken  = "5f4e3d2c1b0a99887766554433221100"
	nowUnix    = 1_700_000_000
	headerJSON = `{"typ":"JWT","alg":"HS256"}`
)

var now = time.Unix(nowUnix, 0)

// newCapability returns a Capability of the account, whose clock stands still.
func newCapability(t testing.TB) capability.Capability {
	t.Helper()
	return newAt(t, now)
}

// newAt returns the same with another clock.
func newAt(t testing.TB, now time.Time) capability.Capability {
	t.Helper()
	c, err := capability.New(accountSID, authToken)
	if err != nil {
		t.Fatal(err)
	}
	return c.WithClock(func() time.Time { return now })
}

// sign returns a text and its signature, with a dot between them. It pads a
// short key with zeros, as HMAC itself does (RFC 2104, section 2), since an
// enforced FIPS 140-3 mode rejects the key as it is.
func sign(key, signed string) string {
	key += strings.Repeat("\x00", max(0, sha256.BlockSize-len(key)))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + encode(string(mac.Sum(nil)))
}

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

// payloadOf returns the payload of a token, decoded.
func payloadOf(token string) string { return decode(strings.Split(token, ".")[1]) }

// withHeader, withPayload and withMember return the first two parts of a token
// that is good but for one thing.
func withHeader(header string) string    { return encode(header) + "." + encode(goodPayload()) }
func withPayload(payload string) string  { return encode(headerJSON) + "." + encode(payload) }
func withMember(name, raw string) string { return withPayload(payloadWith(name, raw)) }

func goodPayload() string { return payloadWith("", "") }
func goodToken() string   { return sign(authToken, withPayload(goodPayload())) }

// payloadWith returns a payload that is good but for one member, which has the
// value raw, or is left out if raw is "".
func payloadWith(name, raw string) string {
	members := []struct{ name, raw string }{
		{"scope", `"scope:client:incoming?clientName=Alice"`},
		{"iss", `"` + accountSID + `"`},
		{"exp", strconv.Itoa(nowUnix + 3600)},
	}
	var text []string
	for _, m := range members {
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

// A writer does what a Capability does. Every call copies all lists.
type writer struct {
	account, key string
	client       string                       // the last client name given
	scopes       []func(client string) string // called when a token is generated
	names        []string                     // of the extra claims
	members      []string                     // the extra claims, as they stand in the payload
	expiry       func(now time.Time) time.Time
	notBefore    *time.Time
	refused      error // the first rule that was broken
}

var (
	accountRule     = regexp.MustCompile(`^AC[0-9A-Za-z]+$`)
	applicationRule = regexp.MustCompile(`^AP[0-9A-Za-z]+$`)
	clientRule      = regexp.MustCompile(`^[0-9A-Za-z_]+$`)
	keyRule         = regexp.MustCompile(`^[!-~]+$`)
)

func newWriter(account, key string) writer {
	w := writer{account: account, key: key}.ttl(capability.DefaultTTL)
	w.want(accountRule.MatchString(account), capability.ErrAccountSID)
	public := key == account || len(key) >= 8 && strings.Contains(account, key)
	w.want(keyRule.MatchString(key) && !public && hmacTakes(key), capability.ErrAuthToken)
	return w
}

// hmacTakes reports whether package hmac takes the key; an enforced FIPS 140-3
// mode makes it panic on a short one.
func hmacTakes(key string) (takes bool) {
	defer func() { takes = recover() == nil }()
	hmac.New(sha256.New, []byte(key))
	return
}

func (w *writer) want(ok bool, rule error) {
	if !ok && w.refused == nil {
		w.refused = rule
	}
}

func (w writer) incoming(name string) writer {
	return w.clientName(name).scope(func(string) string {
		return "scope:client:incoming?clientName=" + formString(name)
	})
}

func (w writer) outgoing(application string, params ...capability.Parameter) writer {
	w.want(applicationRule.MatchString(application), capability.ErrApplicationSID)
	w.checkParams(params)
	uri := "scope:client:outgoing?appSid=" + formString(application) + "&appParams=" + formString(form(params))
	return w.scope(func(client string) string {
		if client == "" {
			return uri
		}
		return uri + "&clientName=" + formString(client)
	})
}

func (w writer) events(filters ...capability.Parameter) writer {
	w.checkParams(filters)
	uri := "scope:stream:subscribe?path=" + formString("/2010-04-01/Events") + "&params=" + formString(form(filters))
	return w.scope(func(string) string { return uri })
}

func (w writer) scope(uri func(client string) string) writer {
	w.scopes = append(slices.Clone(w.scopes), uri)
	return w
}

func (w *writer) checkParams(params []capability.Parameter) {
	for i, p := range params {
		w.want(p.Name != "", capability.ErrParam)
		for _, q := range params[:i] {
			w.want(p.Name != q.Name, capability.ErrParam)
		}
	}
}

func (w writer) clientName(name string) writer {
	w.want(clientRule.MatchString(name), capability.ErrClientName)
	w.client = name
	return w
}

func (w writer) claim(name, value string) writer {
	w.want(name != "" && utf8.ValidString(name) && utf8.ValidString(value), capability.ErrClaim)
	for _, taken := range append([]string{"scope", "iss", "exp", "nbf", "iat"}, w.names...) {
		w.want(name != taken, capability.ErrClaim)
	}
	w.names = append(slices.Clone(w.names), name)
	w.members = append(slices.Clone(w.members), jsonString(name)+":"+jsonString(value))
	return w
}

func (w writer) ttl(ttl time.Duration) writer {
	w.want(ttl >= time.Second && ttl <= capability.MaxTTL, capability.ErrTTL)
	w.expiry = func(now time.Time) time.Time { return now.Add(ttl) }
	return w
}

func (w writer) expires(t time.Time) writer {
	w.expiry = func(time.Time) time.Time { return t }
	return w
}

func (w writer) from(t time.Time) writer {
	w.want(!t.IsZero(), capability.ErrTTL)
	w.notBefore = &t
	return w
}

func (w writer) generate(now time.Time) (string, error) {
	expiry := w.expiry(now)
	w.want(expiry.Sub(now) >= time.Second && expiry.Sub(now) <= capability.MaxTTL, capability.ErrTTL)
	w.want(w.notBefore == nil || w.notBefore.Unix() < expiry.Unix(), capability.ErrTTL)
	if w.refused != nil {
		return "", w.refused
	}
	var scopes []string
	for _, scope := range w.scopes {
		scopes = append(scopes, scope(w.client))
	}
	members := append(slices.Clone(w.members),
		`"scope":"`+strings.Join(scopes, " ")+`"`,
		`"iss":"`+w.account+`"`,
		fmt.Sprintf(`"exp":%d`, expiry.Unix()))
	if w.notBefore != nil {
		members = append(members, fmt.Sprintf(`"nbf":%d`, w.notBefore.Unix()))
	}
	return sign(w.key, withPayload("{"+strings.Join(members, ",")+"}")), nil
}

// formString is PHP's urlencode, which escapes "~" where net/url does not.
func formString(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "~", "%7E") }

func form(params []capability.Parameter) string {
	var pairs []string
	for _, p := range params {
		pairs = append(pairs, formString(p.Name)+"="+formString(p.Value))
	}
	return strings.Join(pairs, "&")
}

// jsonString is PHP's json_encode of a string.
func jsonString(s string) string {
	short := map[rune]string{'\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '"': `\"`, '\\': `\\`, '/': `\/`}
	var text strings.Builder
	for _, r := range s {
		if escape, ok := short[r]; ok {
			text.WriteString(escape)
		} else if r >= 0x20 && r <= 0x7f {
			text.WriteRune(r)
		} else {
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&text, `\u%04x`, unit)
			}
		}
	}
	return `"` + text.String() + `"`
}

// A reading is what can be seen of Claims from outside.
type reading struct {
	account                      string
	scopes                       []permission
	expiresAt, notBefore, issued time.Time
	names                        []string          // of the extra claims, in order
	claims                       map[string]string // those of them that are strings
}

// A permission is what can be seen of a Scope from outside.
type permission struct {
	service, privilege string
	params             []capability.Parameter
}

// seen returns what can be seen of Claims.
func seen(c capability.Claims) reading {
	r := reading{account: c.AccountSID, expiresAt: c.ExpiresAt, notBefore: c.NotBefore, issued: c.IssuedAt}
	for _, s := range c.Scopes {
		r.scopes = append(r.scopes, seenScope(s))
	}
	for _, name := range c.ClaimNames() {
		r.names = append(r.names, name)
		if text, ok := c.Claim(name); ok {
			r.addClaim(name, text)
		}
	}
	return r
}

func seenScope(s capability.Scope) permission {
	return permission{s.Service(), s.Privilege(), s.Params()}
}

func (r *reading) addClaim(name, text string) {
	if r.claims == nil {
		r.claims = make(map[string]string)
	}
	r.claims[name] = text
}

// errRefused stands for the reasons that the slow reader does not tell apart.
var errRefused = errors.New("refused")

// verify reads a token by the clock's seconds.
func verify(key, account, token string, now int64) (reading, error) {
	part := strings.Split(token, ".")
	if len(part) != 3 {
		return reading{}, capability.ErrMalformed
	}
	if sign(key, part[0]+"."+part[1]) != token {
		return reading{}, capability.ErrSignature
	}
	r, err := read(part[0], part[1])
	switch {
	case err != nil || r.account != account:
		return reading{}, errRefused
	case r.expiresAt.Unix() <= now:
		return reading{}, capability.ErrExpired
	case !r.notBefore.IsZero() && r.notBefore.Unix() > now:
		return reading{}, capability.ErrNotYetValid
	}
	return r, nil
}

// read reads the header and the payload of a token.
func read(headerPart, payloadPart string) (r reading, err error) {
	if !isOurHeader(decode(headerPart)) {
		return reading{}, errRefused
	}
	members, broken := readObject(decode(payloadPart))
	if broken != "" {
		return reading{}, errRefused
	}
	ok := true
	for _, name := range memberNames(decode(payloadPart)) {
		raw := members[name]
		text, isText := readString(raw)
		good := true
		switch name {
		case "iss":
			r.account, good = text, isText && text != ""
		case "scope":
			r.scopes, good = readScopes(text)
			good = good && isText
		case "exp":
			r.expiresAt, good = readTime(raw)
		case "nbf":
			r.notBefore, good = readTime(raw)
			good = good && !r.notBefore.IsZero()
		case "iat":
			r.issued, good = readTime(raw)
			good = good && !r.issued.IsZero()
		default:
			r.names = append(r.names, name)
			if isText {
				r.addClaim(name, text)
			}
		}
		ok = ok && good
	}
	for _, name := range []string{"iss", "exp", "scope"} {
		_, there := members[name]
		ok = ok && there
	}
	if !ok {
		return reading{}, errRefused
	}
	return r, nil
}

func isOurHeader(text string) bool {
	header, broken := readObject(text)
	alg, _ := readString(header["alg"])
	typ, typed := header["typ"]
	kind, _ := readString(typ)
	_, critical := header["crit"]
	_, unencoded := header["b64"]
	return broken == "" && alg == "HS256" && (!typed || strings.ToUpper(kind) == "JWT") && !critical && !unencoded
}

// readTime returns the time that a member is.
func readTime(raw json.RawMessage) (time.Time, bool) {
	n, ok := new(big.Int).SetString(string(raw), 10)
	if !ok || !n.IsInt64() {
		return time.Time{}, false
	}
	return time.Unix(n.Int64(), 0).UTC(), true
}

// readString returns the string that a member is.
func readString(raw json.RawMessage) (s string, ok bool) {
	ok = len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil
	return s, ok
}

func readScopes(text string) (scopes []permission, ok bool) {
	if text == "" {
		return nil, true
	}
	for _, uri := range strings.Split(text, " ") {
		s, ok := readScope(uri)
		if !ok {
			return nil, false
		}
		scopes = append(scopes, s)
	}
	return scopes, true
}

var scopeRule = regexp.MustCompile(`^scope:([-._0-9A-Za-z]+):([-._0-9A-Za-z]+)(?:\?([!"$-~]*))?$`)

// readScope reads a scope URI.
func readScope(uri string) (permission, bool) {
	part := scopeRule.FindStringSubmatch(uri)
	if part == nil {
		return permission{}, false
	}
	params, ok := readParams(part[3])
	return permission{part[1], part[2], params}, ok
}

// readParams reads form-encoded parameters, in order.
func readParams(query string) (params []capability.Parameter, ok bool) {
	for _, pair := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil {
			return nil, false
		}
		if pair != "" {
			params = append(params, capability.Param(name, value))
		}
	}
	return params, true
}

// The rules by which a text that encoding/json may take is refused.
const (
	notJSON       = "encoding/json does not take it either"
	notUTF8       = "not UTF-8"
	notObject     = "not an object"
	loneSurrogate = "a surrogate without its pair"
	memberTwice   = "a member twice"
	tooDeep       = "too deep for encoding/json" // which alone is no reason to refuse it
)

// escapeRule matches an escape of a JSON string: a surrogate pair, or else a
// surrogate alone, or else the beginning of another escape.
var escapeRule = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\.`)

// readObject returns the members of a JSON object, or the rule that the text
// breaks.
func readObject(text string) (members map[string]json.RawMessage, broken string) {
	var any json.RawMessage
	if err := json.Unmarshal([]byte(text), &any); err != nil {
		if strings.Contains(err.Error(), "exceeded max depth") {
			return nil, tooDeep
		}
		return nil, notJSON
	}
	if !utf8.ValidString(text) {
		return nil, notUTF8
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return nil, notObject
	}
	for _, escape := range escapeRule.FindAllString(text, -1) {
		if len(escape) == len(`\ud800`) {
			return nil, loneSurrogate
		}
	}
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return nil, notJSON
	}
	if len(memberNames(text)) != len(members) {
		return nil, memberTwice
	}
	return members, ""
}

// memberNames returns the names of the members of a JSON object, in order.
func memberNames(object string) (names []string) {
	d := json.NewDecoder(strings.NewReader(object))
	d.Token() // the brace
	for d.More() {
		name, _ := d.Token()
		var value json.RawMessage
		d.Decode(&value)
		names = append(names, name.(string))
	}
	return names
}
