package capability

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Each fuzz target compares the package with a slow twin: the same thing in the words of the standard library, to be
// read rather than to be fast. The first twin is of minting.

var (
	slowAccount     = regexp.MustCompile(`^AC[0-9A-Za-z]+$`)
	slowApplication = regexp.MustCompile(`^AP[0-9A-Za-z]+$`)
	slowClientName  = regexp.MustCompile(`^[0-9A-Za-z_]+$`)
	slowAuthToken   = regexp.MustCompile(`^[!-~]+$`)
)

// A slowCapability does as a Capability does.
type slowCapability struct {
	account, key string
	client       string                       // the last client name given
	scopes       []func(client string) string // called when a token is generated
	names        []string                     // of the extra claims
	members      []string                     // the extra claims, as they stand in the payload
	expiry       func(now time.Time) time.Time
	notBefore    *time.Time
	refused      error // the first rule that was broken
}

func slowNew(account, key string) *slowCapability {
	s := &slowCapability{account: account, key: key}
	s.ttl(DefaultTTL)
	s.want(slowAccount.MatchString(account), ErrAccountSID)
	s.want(slowAuthToken.MatchString(key) && slowKeyIsTaken(key), ErrAuthToken)
	return s
}

// slowKeyIsTaken reports whether package hmac takes the key; an enforced FIPS 140-3 mode panics on a short one.
func slowKeyIsTaken(key string) (taken bool) {
	defer func() { taken = recover() == nil }()
	hmac.New(sha256.New, []byte(key))
	return
}

func (s *slowCapability) want(ok bool, rule error) {
	if !ok && s.refused == nil {
		s.refused = rule
	}
}

func (s *slowCapability) incoming(name string) {
	s.clientName(name)
	s.scopes = append(s.scopes, func(string) string { return "scope:client:incoming?clientName=" + slowForm(name) })
}

func (s *slowCapability) outgoing(application string, params ...Parameter) {
	s.want(slowApplication.MatchString(application), ErrApplicationSID)
	s.checkParams(params)
	s.scopes = append(s.scopes, func(client string) string {
		uri := "scope:client:outgoing?appSid=" + slowForm(application) + "&appParams=" + slowForm(slowQuery(params))
		if client != "" {
			uri += "&clientName=" + slowForm(client)
		}
		return uri
	})
}

func (s *slowCapability) events(filters ...Parameter) {
	s.checkParams(filters)
	s.scopes = append(s.scopes, func(string) string {
		return "scope:stream:subscribe?path=" + slowForm("/2010-04-01/Events") + "&params=" + slowForm(slowQuery(filters))
	})
}

func (s *slowCapability) checkParams(params []Parameter) {
	for i, p := range params {
		s.want(p.Name != "", ErrParam)
		for _, q := range params[:i] {
			s.want(p.Name != q.Name, ErrParam)
		}
	}
}

func (s *slowCapability) clientName(name string) {
	s.want(slowClientName.MatchString(name), ErrClientName)
	s.client = name
}

func (s *slowCapability) claim(name, value string) {
	s.want(name != "" && utf8.ValidString(name) && utf8.ValidString(value), ErrClaim)
	for _, taken := range append([]string{"scope", "iss", "exp", "nbf", "iat"}, s.names...) {
		s.want(name != taken, ErrClaim)
	}
	s.names = append(s.names, name)
	s.members = append(s.members, slowString(name)+":"+slowString(value))
}

func (s *slowCapability) ttl(ttl time.Duration) {
	s.want(ttl >= time.Second && ttl <= MaxTTL, ErrTTL)
	s.expiry = func(now time.Time) time.Time { return now.Add(ttl) }
}

func (s *slowCapability) expires(t time.Time) { s.expiry = func(time.Time) time.Time { return t } }

func (s *slowCapability) generate(now time.Time) (string, error) {
	expiry := s.expiry(now)
	s.want(expiry.Sub(now) >= time.Second && expiry.Sub(now) <= MaxTTL, ErrTTL)
	s.want(s.notBefore == nil || s.notBefore.Unix() < expiry.Unix(), ErrTTL)
	if s.refused != nil {
		return "", s.refused
	}
	var scopes []string
	for _, scope := range s.scopes {
		scopes = append(scopes, scope(s.client))
	}
	members := append([]string(nil), s.members...)
	members = append(members, `"scope":"`+strings.Join(scopes, " ")+`"`, `"iss":"`+s.account+`"`, fmt.Sprintf(`"exp":%d`, expiry.Unix()))
	if s.notBefore != nil {
		members = append(members, fmt.Sprintf(`"nbf":%d`, s.notBefore.Unix()))
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte("{"+strings.Join(members, ",")+"}"))
	return signed + "." + slowSignature(s.key, signed), nil
}

func slowSignature(key, signed string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// slowForm is PHP's urlencode, which escapes "~" where net/url does not.
func slowForm(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "~", "%7E") }

func slowQuery(params []Parameter) string {
	var pairs []string
	for _, p := range params {
		pairs = append(pairs, slowForm(p.Name)+"="+slowForm(p.Value))
	}
	return strings.Join(pairs, "&")
}

// slowString is PHP's json_encode of a string.
func slowString(s string) string {
	short := map[rune]string{'\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '"': `\"`, '\\': `\\`, '/': `\/`}
	text := `"`
	for _, r := range s {
		if escape, ok := short[r]; ok {
			text += escape
		} else if r >= 0x20 && r <= 0x7f {
			text += string(r)
		} else {
			for _, unit := range utf16.Encode([]rune{r}) {
				text += fmt.Sprintf(`\u%04x`, unit)
			}
		}
	}
	return text + `"`
}

// The second twin is of reading.

// slowScope reads a scope URI.
func slowScope(uri string) (Scope, bool) {
	part := regexp.MustCompile(`^scope:([-._0-9A-Za-z]+):([-._0-9A-Za-z]+)(?:\?([!"$-~]*))?$`).FindStringSubmatch(uri)
	if part == nil {
		return Scope{}, false
	}
	params, ok := slowParams(part[3])
	return Scope{part[1], part[2], params}, ok
}

// slowParams reads form-encoded parameters, in order.
func slowParams(query string) (params []Parameter, ok bool) {
	for _, pair := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil {
			return nil, false
		}
		if pair != "" {
			params = append(params, Parameter{name, value})
		}
	}
	return params, true
}

// The rules by which a text that encoding/json may take is refused.
const (
	slowNotJSON       = "encoding/json does not take it either"
	slowNotUTF8       = "not UTF-8"
	slowNotObject     = "not an object"
	slowLoneSurrogate = "a surrogate without its pair"
	slowTwice         = "a member twice"
	slowTooDeep       = "too deep for encoding/json" // which alone is no reason to refuse it
)

// slowEscape matches an escape of a JSON string: one surrogate pair, or one surrogate alone, or the beginning of another.
var slowEscape = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\.`)

// slowObject returns the members of a JSON object, or the rule that the text breaks.
func slowObject(text string) (map[string]json.RawMessage, string) {
	var any json.RawMessage
	if err := json.Unmarshal([]byte(text), &any); err != nil {
		if strings.Contains(err.Error(), "exceeded max depth") {
			return nil, slowTooDeep
		}
		return nil, slowNotJSON
	}
	if !utf8.ValidString(text) {
		return nil, slowNotUTF8
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return nil, slowNotObject
	}
	for _, escape := range slowEscape.FindAllString(text, -1) {
		if len(escape) == len(`\ud800`) {
			return nil, slowLoneSurrogate
		}
	}
	members := make(map[string]json.RawMessage)
	d := json.NewDecoder(strings.NewReader(text))
	d.Token() // the brace
	for d.More() {
		name, _ := d.Token()
		var raw json.RawMessage
		d.Decode(&raw)
		if _, twice := members[name.(string)]; twice {
			return nil, slowTwice
		}
		members[name.(string)] = raw
	}
	return members, ""
}

// slowNames returns the names of the members of a JSON object, in order.
func slowNames(object string) (names []string) {
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

// slowText returns the string that a member is.
func slowText(raw json.RawMessage) (s string, ok bool) {
	ok = len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil
	return s, ok
}

// slowTime returns the time that a member is.
func slowTime(raw json.RawMessage) (time.Time, bool) {
	n, ok := new(big.Int).SetString(string(raw), 10)
	if !ok || !n.IsInt64() {
		return time.Time{}, false
	}
	return time.Unix(n.Int64(), 0).UTC(), true
}

// errSlow is what slowVerify returns for reasons that it does not tell apart.
var errSlow = errors.New("refused")

// slowVerify reads a token by the clock's seconds.
func slowVerify(key, account, token string, now int64) (Claims, error) {
	part := strings.Split(token, ".")
	if len(part) != 3 {
		return Claims{}, ErrMalformed
	}
	if slowSignature(key, part[0]+"."+part[1]) != part[2] {
		return Claims{}, ErrSignature
	}
	c, err := slowRead(part[0], part[1])
	switch {
	case err != nil || c.AccountSID != account:
		return Claims{}, errSlow
	case c.ExpiresAt.Unix() <= now:
		return Claims{}, ErrExpired
	case c.NotBefore != time.Time{} && c.NotBefore.Unix() > now:
		return Claims{}, ErrNotYetValid
	}
	return c, nil
}

// slowRead reads the header and the payload of a token.
func slowRead(headerPart, payloadPart string) (c Claims, err error) {
	header, broken := slowObject(slowDecode(headerPart))
	payload, broken2 := slowObject(slowDecode(payloadPart))
	if broken+broken2 != "" {
		return Claims{}, errSlow
	}
	alg, ok := slowText(header["alg"])
	ok = ok && alg == "HS256"
	if raw, there := header["typ"]; there {
		typ, isText := slowText(raw)
		ok = ok && isText && strings.ToUpper(typ) == "JWT"
	}
	for _, name := range []string{"crit", "b64"} {
		_, extended := header[name]
		ok = ok && !extended
	}

	for _, name := range slowNames(slowDecode(payloadPart)) {
		raw := payload[name]
		text, isText := slowText(raw)
		good := true
		switch name {
		case "iss":
			c.AccountSID, good = text, isText && text != ""
		case "exp":
			c.ExpiresAt, good = slowTime(raw)
		case "nbf":
			c.NotBefore, good = slowTime(raw)
			good = good && !c.NotBefore.IsZero()
		case "iat":
			c.IssuedAt, good = slowTime(raw)
			good = good && !c.IssuedAt.IsZero()
		case "scope":
			good = isText
			for _, uri := range strings.Split(text, " ") {
				if s, isScope := slowScope(uri); isScope {
					c.Scopes = append(c.Scopes, s)
				} else if text != "" {
					good = false
				}
			}
		default:
			v := value{string(raw), false}
			if isText {
				v = value{text, true}
			}
			c.extra = append(c.extra, member{name, v})
		}
		ok = ok && good
	}
	for _, name := range []string{"iss", "exp", "scope"} {
		_, there := payload[name]
		ok = ok && there
	}
	if !ok {
		return Claims{}, errSlow
	}
	return c, nil
}

// slowDecode decodes base64url, or returns what is no JSON.
func slowDecode(part string) string {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || base64.RawURLEncoding.EncodeToString(text) != part {
		return ""
	}
	return string(text)
}

// oddStrings are what tempts an encoder or a parser.
var oddStrings = []string{
	"", "Bar", "a b", "a+b", "a&b=c", "a%26b", "%", "%4", "%zz", "%2", "=", "&", "&&", "=&=", ";", "a;b", "~", "*", "-_.",
	"é", "😀", "\x00", "\xff\xfe", "\n", "\r\n", "\u2028", " scope:client:outgoing?appSid=AP9", "&appSid=AP9", "#", "?", "/",
	`"`, `\`, `","iss":"AC9`, "alice@example.com", "0",
}

// Escaping is that of net/url but for one byte, and undone by unescapeForm, which reads whatever net/url reads.
func FuzzFormEncoding(f *testing.F) {
	for _, s := range oddStrings {
		f.Add("lead", s)
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, lead, s string) {
		dst := append(make([]byte, 0, len(lead)+len(s)), lead...) // room enough for some, but not all, escapes
		got := string(appendForm(dst, []Parameter{{"", s}}, once))
		if want := lead + "=" + slowForm(s); got != want {
			t.Errorf("appendForm(%q, %q, once) = %q, want %q", lead, s, got, want)
		}
		if got, want := string(appendForm(dst, []Parameter{{s, s}, {"", s}}, twice)), lead+slowForm(slowQuery([]Parameter{{s, s}, {"", s}})); got != want {
			t.Errorf("appendForm(%q, %q, twice) = %q, want %q", lead, s, got, want)
		}
		got = lead + got[len(lead)+1:]
		escaped := got[len(lead):]
		if strings.Trim(escaped, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.+%") != "" {
			t.Errorf("appendForm(%q) = %q: not all of that may stand in a form", s, escaped)
		}
		if back, ok := unescapeForm(escaped); back != s || !ok {
			t.Errorf("unescapeForm(%q) = %q, %v, want %q", escaped, back, ok, s)
		}
		want, err := url.QueryUnescape(s)
		if got, ok := unescapeForm(s); got != want || ok != (err == nil) {
			t.Errorf("unescapeForm(%q) = %q, %v, want %q, %v", s, got, ok, want, err)
		}
	})
}

// Whatever a parameter is named and holds, a token grants what was allowed: two scopes, with two parameters each.
func FuzzScopeURI(f *testing.F) {
	for _, s := range oddStrings {
		f.Add("Foo", s, "Baz", "1")
		f.Add(s, "1", "Foo", s)
		f.Add(s, s, s+"2", s)
	}
	wantText := regexp.MustCompile(`^scope:client:outgoing\?(appSid=AP1&appParams=([-._+%0-9A-Za-z]*)) ` +
		`scope:stream:subscribe\?(path=%2F2010-04-01%2FEvents&params=([-._+%0-9A-Za-z]*))$`)
	f.Fuzz(func(t *testing.T, name, value, name2, value2 string) {
		params := []Parameter{{name, value}, {name2, value2}}
		c := forgeVerifier(t, time.Unix(forgeNow, 0)).AllowClientOutgoing("AP1", params...).AllowEventStream(params...)
		token, err := c.GenerateToken()
		if name == "" || name2 == "" || name == name2 {
			if token != "" || !errors.Is(err, ErrParam) {
				t.Errorf("GenerateToken with %q = %q, %v, want ErrParam", params, token, err)
			}
			return
		}
		claims, err := c.Verify(token)
		if err != nil || len(claims.Scopes) != 2 {
			t.Fatalf("Verify of a token with %q = %+v, %v", params, claims, err)
		}
		payload, _ := slowObject(slowDecode(strings.Split(token, ".")[1]))
		text, _ := slowText(payload["scope"])
		part := wantText.FindStringSubmatch(text)
		if part == nil {
			t.Fatalf("the scope claim with %q is %q", params, text)
		}
		for i, scope := range claims.Scopes {
			nested := []string{"appParams", "params"}[i]
			inside, _ := scope.Param(nested)
			if got, err := ParseParams(inside); err != nil || !reflect.DeepEqual(got, params) || len(scope.Params()) != 2 {
				t.Errorf("ParseParams(%q) of %v = %q, %v, want %q", inside, scope, got, err, params)
			}
			if uri := strings.Split(text, " ")[i]; scope.String() != uri {
				t.Errorf("String of %q = %q", uri, scope)
			}
			outer, err := url.ParseQuery(part[1+2*i])
			inner, err2 := url.ParseQuery(outer.Get(nested))
			if want := (url.Values{name: {value}, name2: {value2}}); err != nil || err2 != nil || len(outer) != 2 || !reflect.DeepEqual(inner, want) {
				t.Errorf("net/url reads %q as %q, %v and %q, %v, want %q", part[1+2*i], outer, err, inner, err2, want)
			}
		}
	})
}

// Whatever the calls and their arguments, a Capability and its slow twin agree on the token or on the error.
func FuzzGenerateToken(f *testing.F) {
	const hour, now = int64(time.Hour), forgeNow*int64(time.Second) + 999_999_999
	for i, s := range oddStrings {
		f.Add(forgeAccount, forgeKey, "Alice", "AP123123", "Foo", s, s, "Bar", "x"+s, s, []byte{0, 1, 3, 9, byte(i)}, now, hour, hour, hour/2)
		f.Add("AC"+s, s+forgeKey, "Alice", "AP"+s, "Foo", "Bar", "a", s, "a", s, []byte{byte(i), 2, 5, 7, 8}, now, hour, hour, -hour)
	}
	for i := int64(-1); i <= 1; i++ { // on both sides of the limits
		f.Add("AC1", forgeKey, "0", "AP1", "a", "", "b", "", "c", "", []byte{1, 6, 0}, now, int64(time.Second)+i, hour, hour)
		f.Add("AC1", forgeKey, "0", "AP1", "a", "", "b", "", "c", "", []byte{1, 6, 10, 9}, now, 24*hour+i, hour, hour)
		f.Add("AC1", forgeKey, "0", "AP1", "a", "", "b", "", "c", "", []byte{1, 7, 0, 0}, now, hour, 24*hour+i, hour)
		f.Add("AC1", forgeKey, "0", "AP1", "a", "", "b", "", "c", "", []byte{4, 7, 8}, now, hour, hour, hour+i)
	}
	f.Fuzz(func(t *testing.T, account, key, client, application, name, value, name2, value2, claim, claimValue string,
		calls []byte, clock, ttl, expiry, notBefore int64) {
		now := time.Unix(0, clock)
		params := []Parameter{{name, value}, {name2, value2}}
		s := slowNew(account, key)
		c, err := New(account, key)
		if !errors.Is(err, s.refused) {
			t.Fatalf("New(%q, %q): %v, want %v", account, key, err, s.refused)
		}
		c = c.WithClock(func() time.Time { return now })
		for _, call := range calls[:min(len(calls), 16)] {
			switch call % 11 {
			case 0:
				c = c.AllowClientIncoming(client)
				s.incoming(client)
			case 1:
				c = c.AllowClientOutgoing(application, params...)
				s.outgoing(application, params...)
			case 2:
				c = c.AllowClientOutgoing(application)
				s.outgoing(application)
			case 3:
				c = c.AllowEventStream(params...)
				s.events(params...)
			case 4:
				c = c.AllowEventStream()
				s.events()
			case 5:
				c = c.WithClientName(client + "_2")
				s.clientName(client + "_2")
			case 6:
				c = c.WithTTL(time.Duration(ttl))
				s.ttl(time.Duration(ttl))
			case 7:
				c = c.WithExpiry(now.Add(time.Duration(expiry)))
				s.expires(now.Add(time.Duration(expiry)))
			case 8:
				from := now.Add(time.Duration(notBefore))
				c = c.WithNotBefore(from)
				s.notBefore = &from
			case 9:
				c = c.WithClaim(claim, claimValue)
				s.claim(claim, claimValue)
			case 10:
				c = c.WithClaim(name2, value)
				s.claim(name2, value)
			}
		}
		want, rule := s.generate(now)
		token, err := c.GenerateToken()
		if token != want {
			t.Errorf("GenerateToken = %q, %v, want %q, %v", token, err, want, rule)
		}
		lead := []byte("lead")
		appended, err2 := c.AppendToken(lead)
		if string(appended) != "lead"+want || (err == nil) != (err2 == nil) || rule != nil && &appended[0] != &lead[0] {
			t.Errorf("AppendToken = %q, %v, want %q, %v", appended, err2, want, rule)
		}
		if rule != nil {
			forgeCheckReason(t, token, err, rule)
			forgeCheckReason(t, token, err2, rule)
			return
		}
		checkMinted(t, c, s, token, now)
	})
}

// checkMinted checks a token by what it is, without its slow twin: three parts, JSON, a signature, and what it grants.
func checkMinted(t *testing.T, c Capability, s *slowCapability, token string, now time.Time) {
	part := strings.Split(token, ".")
	if len(part) != 3 || slowSignature(s.key, part[0]+"."+part[1]) != part[2] {
		t.Fatalf("%q is not in three parts, or not signed", token)
	}
	if header := slowDecode(part[0]); header != `{"typ":"JWT","alg":"HS256"}` {
		t.Errorf("the header is %q", header)
	}
	want := append(append([]string(nil), s.names...), "scope", "iss", "exp")
	if s.notBefore != nil {
		want = append(want, "nbf")
	}
	var names []string
	payload := slowDecode(part[1])
	d := json.NewDecoder(strings.NewReader(payload))
	d.Token() // the brace
	for d.More() {
		name, err := d.Token()
		if err != nil {
			t.Fatalf("the payload %q is no JSON: %v", payload, err)
		}
		names = append(names, name.(string))
		d.Token() // the value
	}
	members, broken := slowObject(payload)
	if broken != "" || !reflect.DeepEqual(names, want) {
		t.Fatalf("the payload %q is %s; its members are %q, want %q", payload, broken, names, want)
	}
	scope, _ := slowText(members["scope"])
	wantName := "" // the last one; the parameters of an application are escaped twice, so none of them looks like it
	if found := regexp.MustCompile(`[?&]clientName=(\w+)`).FindAllStringSubmatch(scope, -1); found != nil {
		wantName = found[len(found)-1][1]
	}

	expiry, from := s.expiry(now).Unix(), now.Unix()
	if s.notBefore != nil {
		from = s.notBefore.Unix()
	}
	at := func(seconds int64) (Claims, error) {
		return c.WithClock(func() time.Time { return time.Unix(seconds, 0) }).Verify(token)
	}
	claims, err := at(from)
	last, err2 := at(expiry - 1)
	if err != nil || err2 != nil || !reflect.DeepEqual(claims, last) {
		t.Fatalf("Verify of %q, from %d to %d = %+v, %v, %+v, %v", payload, from, expiry, claims, err, last, err2)
	}
	if claims.AccountSID != s.account || claims.ExpiresAt.Unix() != expiry || claims.ClientName() != wantName ||
		claims.NotBefore.IsZero() != (s.notBefore == nil) || s.notBefore != nil && claims.NotBefore.Unix() != from ||
		!claims.IssuedAt.IsZero() || len(claims.Scopes) != len(s.scopes) {
		t.Errorf("Verify of %q = %+v, client name %q", payload, claims, claims.ClientName())
	}
	var uris []string
	for _, s := range claims.Scopes {
		uris = append(uris, s.String())
	}
	if got := strings.Join(uris, " "); got != scope {
		t.Errorf("the scopes read back as %q, want %q", got, scope)
	}
	for _, name := range s.names {
		want, _ := slowText(members[name])
		if got, ok := claims.Claim(name); got != want || !ok {
			t.Errorf("Claim(%q) of %q = %q, %v, want %q", name, payload, got, ok, want)
		}
	}
	_, err = at(expiry)
	forgeCheckReason(t, token, err, ErrExpired)
	if s.notBefore != nil {
		_, err = at(from - 1)
		forgeCheckReason(t, token, err, ErrNotYetValid)
	}
}

// A scope that is accepted prints and parses back to the same value; what is accepted is what net/url would take.
func FuzzParseScope(f *testing.F) {
	for _, s := range oddStrings {
		f.Add(s)
		f.Add("scope:client:outgoing?" + s)
		f.Add("scope:client:incoming?clientName=" + s + "&" + s + "=1")
		f.Add("scope:client" + s + ":incoming?a=1")
	}
	for _, uri := range []string{
		"scope:a:b", "scope:a:b?", "scope:a:b??", "scope:a:b?a?b=c?d", "scope:a:b?a=b=c", "scope:a", "scope::b", "scope:a:", "scope:a?b:c",
		"scope:a:b:c", "SCOPE:a:b", "scope:a:b?%", "scope:a:b?%41=%7e", "scope:%41:b", "scope:%:%", "scope:a:b?a=1&a=2&&b", "scope:a:b#c",
		"scope:stream:subscribe?path=/2010-04-01/Events", "scope:a:b?x=\xff", " scope:a:b", "scope:a:b ", "scope:a:b?\x7f", "scope:é:b",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		want, ok := slowScope(uri)
		got, err := ParseScope(uri)
		if !reflect.DeepEqual(got, want) && ok || ok != (err == nil) {
			t.Errorf("ParseScope(%q) = %#v, %v, want %#v, %v", uri, got, err, want, ok)
		}
		if err == nil {
			checkScope(t, uri, got)
		} else if forgeCheckReason(t, uri, err, ErrScope); !reflect.DeepEqual(got, Scope{}) {
			t.Errorf("ParseScope(%q) returns half a value beside its error %v: %#v", uri, err, got)
		}

		// The whole text, too, may be the inside of an appParams.
		wantParams, ok := slowParams(uri)
		params, err := ParseParams(uri)
		if ok != (err == nil) || ok && !reflect.DeepEqual(params, wantParams) || !ok && params != nil {
			t.Errorf("ParseParams(%q) = %q, %v, want %q, %v", uri, params, err, wantParams, ok)
		}
		if err != nil {
			forgeCheckReason(t, uri, err, ErrScope)
		} else if again, err := ParseParams(slowQuery(params)); err != nil || !reflect.DeepEqual(again, params) {
			t.Errorf("ParseParams(%q) = %q, %v, want %q", slowQuery(params), again, err, params)
		}
		if values, err := url.ParseQuery(uri); !strings.Contains(uri, ";") { // net/url takes no semicolon
			grouped := make(url.Values)
			for _, p := range params {
				grouped.Add(p.Name, p.Value)
			}
			if ok != (err == nil) || ok && !reflect.DeepEqual(grouped, values) {
				t.Errorf("ParseParams(%q) = %q, %v, but net/url reads %q, %v", uri, params, ok, values, err)
			}
		}
	})
}

// checkScope checks a scope that uri was read as.
func checkScope(t *testing.T, uri string, s Scope) {
	text := s.String()
	again, err := ParseScope(text)
	if err != nil || !reflect.DeepEqual(again, s) || again.String() != text {
		t.Errorf("ParseScope(%q).String() = %q, which reads as %#v, %v", uri, text, again, err)
	}
	if !regexp.MustCompile(`^scope:[-._0-9A-Za-z]+:[-._0-9A-Za-z]+(\?[-._+%=&0-9A-Za-z]+)?$`).MatchString(text) {
		t.Errorf("ParseScope(%q).String() = %q, which needs escaping", uri, text)
	}
	if start := "scope:" + s.Service() + ":" + s.Privilege(); !strings.HasPrefix(uri, start) || !strings.HasPrefix(text, start) {
		t.Errorf("ParseScope(%q) is of service %q and privilege %q", uri, s.Service(), s.Privilege())
	}
	first := make(map[string]string)
	for _, p := range s.Params() {
		if _, ok := first[p.Name]; !ok {
			first[p.Name] = p.Value
		}
	}
	for name, want := range first {
		if got, ok := s.Param(name); got != want || !ok {
			t.Errorf("ParseScope(%q).Param(%q) = %q, %v, want %q", uri, name, got, ok, want)
		}
	}
}

// parseObject takes what encoding/json takes, with the same values, but for four rules.
func FuzzReadObject(f *testing.F) {
	for _, s := range oddStrings {
		f.Add(`{"a":` + slowString(strings.ToValidUTF8(s, "")) + `}`)
		f.Add(`{"a":"` + s + `","` + s + `":[1,{"` + s + `":null}]}`)
		f.Add(`{"a":` + s + `}` + s)
	}
	for _, text := range []string{
		`{}`, ` { } `, `[]`, `null`, `""`, `0`, ``, ` `, `{`, `}`, `{{}}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1}{}`, "{}\x00", "\ufeff{}",
		`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"b":2}}`, `{"":0}`, `{"a":-0.5e+10}`, `{"a":01}`, `{"a":1.}`, `{"a":-}`, `{"a":1e}`,
		`{"a":[[[]],{},[{}]]}`, `{"a":[1,]}`, `{"a":[}`, `{"a":[1}}`, `{"a":{"b":[true,false,null]}}`, `{"a":tru}`, `{"a":nullnull}`,
		`{"a":"\ud83d\ude00"}`, `{"a":"\ud83d"}`, `{"a":"\ude00\ud83d"}`, `{"a":"\\ud83d"}`, `{"a":"\\\ud83d"}`, `{"a":["\udbff\udfff\udfff"]}`,
		"{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\t\"}", `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u 123"}`, `{"a":"\`, "{\"a\v\":1}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := forgeRead(text)
		want, broken := slowObject(text)
		if broken == slowTooDeep {
			return
		}
		if (broken == "") != (err == nil) {
			t.Fatalf("parseObject(%q): %v; by the rules: %q", text, err, broken)
		}
		if err != nil {
			forgeCheckReason(t, text, err, ErrMalformed)
			return
		}
		if len(got) != len(want) {
			t.Errorf("parseObject(%q) = %v, want %s", text, got, want)
		}
		for name, raw := range want {
			v := value{string(raw), false}
			if s, ok := slowText(raw); ok {
				v = value{s, true}
			}
			if got[name] != v {
				t.Errorf("parseObject(%q): %q is %v, want %v", text, name, got[name], v)
			}
		}
	})
}

// Verify and its slow twin agree on any token: as given, and signed with the right key, encoded or as it stands.
func FuzzVerify(f *testing.F) {
	good := forgeSign(forgeKey, withMember("", ""))
	for _, s := range oddStrings {
		f.Add(s, s, s, int64(forgeNow))
		f.Add(good+s, forgeHeader, forgePayload("scope", slowString(strings.ToValidUTF8("scope:a:b?"+s, ""))), int64(forgeNow))
		f.Add(s+good, `{"alg":"HS256","x":"`+s+`"}`, forgePayload("iss", `"AC123123`+s+`"`), int64(forgeNow))
	}
	for _, tt := range forgeries {
		header, payload, _ := strings.Cut(tt.signed, ".")
		f.Add(tt.signed+".", slowDecode(header), slowDecode(payload), int64(forgeNow))
		f.Add(tt.signed+".", header, payload, int64(forgeNow))
	}
	for _, raw := range []string{"1", "-0", "1.0", "1e3", "null", "9223372036854775807", "-9223372036854775808", "9223372036854775808"} {
		f.Add(good, forgeHeader, forgePayload("exp", raw), int64(0))
		f.Add(good, `{"alg":"HS256","typ":"jwt"}`, forgePayload("nbf", raw), int64(forgeNow+3599))
		f.Add(good, `{"alg":"HS256"}`, forgePayload("iat", raw), int64(forgeNow+3600))
	}
	f.Fuzz(func(t *testing.T, token, header, payload string, now int64) {
		c := forgeVerifier(t, time.Unix(now, 0))
		for _, token := range []string{
			token, forgeSign(forgeKey, forgeParts(header, payload)), forgeSign(forgeKey, header+"."+payload),
			forgeParts(header, payload) + "." + token,
		} {
			got, err := c.Verify(token)
			want, slow := slowVerify(forgeKey, forgeAccount, token, now)
			switch {
			case (err == nil) != (slow == nil) || !reflect.DeepEqual(got, want):
				t.Errorf("Verify(%q) at %d = %+v, %v, want %+v, %v; it holds %q and %q", token, now, got, err, want, slow, header, payload)
			case slow == errSlow:
				oneReason(t, token, err, ErrMalformed, ErrAlgorithm, ErrIssuer, ErrScope)
			case slow != nil:
				oneReason(t, token, err, slow)
			}
			checkUnverified(t, token, got, err)
		}
	})
}

// oneReason checks that the token is refused for exactly one of the reasons.
func oneReason(t *testing.T, token string, err error, reasons ...error) {
	t.Helper()
	for _, reason := range reasons {
		if errors.Is(err, reason) {
			forgeCheckReason(t, token, err, reason)
			return
		}
	}
	t.Errorf("Verify(%q): %v, want one of %v", token, err, reasons)
}

// checkUnverified checks what ParseUnverified says of a token of which Verify says claims and verifyErr.
func checkUnverified(t *testing.T, token string, claims Claims, verifyErr error) {
	part := strings.Split(token, ".")
	want, slow := Claims{}, errSlow
	if len(part) == 3 && regexp.MustCompile(`^[-_0-9A-Za-z]*$`).MatchString(part[2]) {
		want, slow = slowRead(part[0], part[1])
	}
	got, err := ParseUnverified(token)
	if (err == nil) != (slow == nil) || !reflect.DeepEqual(got, want) || verifyErr == nil && !reflect.DeepEqual(got, claims) {
		t.Errorf("ParseUnverified(%q) = %+v, %v, want %+v, %v; Verify says %+v, %v", token, got, err, want, slow, claims, verifyErr)
	}
	if err != nil {
		oneReason(t, token, err, ErrMalformed, ErrAlgorithm, ErrIssuer, ErrScope)
	}
}

// A corpus that nothing reads any more goes unnoticed: every target has seeds, and all seeds have a target.
func TestFuzzSeeds(t *testing.T) {
	sources, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	targets := make(map[string]bool)
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`).FindAllSubmatch(text, -1) {
			targets[string(found[1])] = true
		}
	}
	if len(targets) < 6 {
		t.Errorf("there are %d fuzz targets, want 6 at least", len(targets))
	}
	for target := range targets {
		if seeds, err := filepath.Glob(filepath.Join("testdata", "fuzz", target, "*")); len(seeds) == 0 || err != nil {
			t.Errorf("%s has no seeds in testdata/fuzz", target)
		}
	}
	corpora, err := os.ReadDir(filepath.Join("testdata", "fuzz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, corpus := range corpora {
		if !targets[corpus.Name()] {
			t.Errorf("testdata/fuzz/%s belongs to no target", corpus.Name())
		}
	}
}
