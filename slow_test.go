package capability_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"example.com/capability"
)

// This file is the package's slow twin: the same tokens of both kinds, written
// and read in the words of the standard library, to be understood rather than
// to be fast. All tests share its signer, its writer and its reader.

// credentials are what a Capability of an account is made with. They have an
// API key if it generates Access Tokens.
type credentials struct{ account, apiKey, secret string }

func (by credentials) new() (capability.Capability, error) {
	if by.isAccess() {
		return capability.NewWithAPIKey(by.account, by.apiKey, by.secret)
	}
	return capability.New(by.account, by.secret)
}

func (by credentials) isAccess() bool { return by.apiKey != "" }

// sign returns a text and its signature, with a dot between them. It pads a
// short key with zeros, as HMAC itself does (RFC 2104, section 2), since an
// enforced FIPS 140-3 mode rejects the key as it is.
func sign(key, signed string) string {
	key += strings.Repeat("\x00", max(0, sha256.BlockSize-len(key)))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + encode(string(mac.Sum(nil)))
}

// A writer does what a Capability does. Every call copies all lists.
type writer struct {
	by        credentials
	region    string
	client    string   // the last client name given
	receiver  string   // the name that receives calls, in an Access Token
	said      []saying // what is allowed
	names     []string // of the extra claims
	members   []string // the extra claims, as they stand in the payload
	expiry    func(now time.Time) time.Time
	notBefore *time.Time
	refused   error // the first rule that was broken
}

// A saying is what one call allows.
type saying struct {
	what   string // incoming, outgoing or events
	name   string // the client name, or the application
	params []capability.Parameter
}

var (
	accountRule     = regexp.MustCompile(`^AC[0-9A-Za-z]+$`)
	apiKeyRule      = regexp.MustCompile(`^SK[0-9A-Za-z]+$`)
	applicationRule = regexp.MustCompile(`^AP[0-9A-Za-z]+$`)
	clientRule      = regexp.MustCompile(`^[0-9A-Za-z_]+$`)
	regionRule      = regexp.MustCompile(`^[0-9a-z]+$`)
	secretRule      = regexp.MustCompile(`^[!-~]+$`)
	quotedRule      = regexp.MustCompile("^(\".*\"|'.*'|`.*`)$")
	anySIDRule      = regexp.MustCompile(`^[A-Z]{2}[0-9A-Fa-f]{32}$`)
)

// newWriter returns the twin of what new returns.
func (by credentials) newWriter() writer {
	w := writer{by: by}.ttl(capability.DefaultTTL)
	w.want(accountRule.MatchString(by.account), capability.ErrAccountSID)
	ofSecret := capability.ErrAuthToken
	if by.isAccess() {
		ofSecret = capability.ErrAPIKey
		w.want(apiKeyRule.MatchString(by.apiKey) && len(by.apiKey) != 32, ofSecret)
	}
	s := by.secret
	w.want(secretRule.MatchString(s) && !quotedRule.MatchString(s) && !anySIDRule.MatchString(s) &&
		hmacTakes(s), ofSecret)
	for _, sid := range []string{by.account, by.apiKey} {
		w.want(s != sid && (len(s) < 8 || !strings.Contains(sid, s)), ofSecret)
	}
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
	w = w.clientName(name)
	if w.by.isAccess() && w.receiver != "" {
		return w // it is the same name, or refused
	}
	w.receiver = name
	return w.say(saying{what: "incoming", name: name})
}

func (w writer) outgoing(application string, params ...capability.Parameter) writer {
	if w.by.isAccess() {
		another := func(s saying) bool { return s.what == "outgoing" }
		w.want(!slices.ContainsFunc(w.said, another), capability.ErrKind)
	}
	w.want(applicationRule.MatchString(application), capability.ErrApplicationSID)
	w.wantParams(params)
	for _, p := range params {
		w.want(!w.by.isAccess() || utf8.ValidString(p.Name+"|"+p.Value), capability.ErrParam)
	}
	return w.say(saying{"outgoing", application, params})
}

func (w writer) events(filters ...capability.Parameter) writer {
	w.want(!w.by.isAccess(), capability.ErrKind)
	w.wantParams(filters)
	return w.say(saying{what: "events", params: filters})
}

func (w writer) say(s saying) writer {
	s.params = slices.Clone(s.params)
	w.said = append(slices.Clone(w.said), s)
	return w
}

func (w *writer) wantParams(params []capability.Parameter) {
	for i, p := range params {
		w.want(p.Name != "", capability.ErrParam)
		for _, q := range params[:i] {
			w.want(p.Name != q.Name, capability.ErrParam)
		}
	}
}

func (w writer) clientName(name string) writer {
	w.want(clientRule.MatchString(name) && len(name) <= 256, capability.ErrClientName)
	w.want(!w.by.isAccess() || w.receiver == "" || w.receiver == name, capability.ErrKind)
	w.client = name
	return w
}

func (w writer) inRegion(region string) writer {
	w.want(w.by.isAccess(), capability.ErrKind)
	w.want(regionRule.MatchString(region), capability.ErrRegion)
	w.region = region
	return w
}

func (w writer) claim(name, value string) writer {
	w.want(name != "" && utf8.ValidString(name) && utf8.ValidString(value), capability.ErrClaim)
	taken := append([]string{"scope", "iss", "exp", "nbf", "iat"}, w.names...)
	if w.by.isAccess() {
		taken = append(taken, "jti", "sub", "grants")
	}
	w.want(!slices.Contains(taken, name), capability.ErrClaim)
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
	w.want(!t.IsZero(), capability.ErrTTL)
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
	w.want(!w.by.isAccess() || w.client != "", capability.ErrClientName)
	if w.refused != nil {
		return "", w.refused
	}
	header, members := w.plainToken(expiry)
	if w.by.isAccess() {
		header, members = w.accessToken(now, expiry)
	}
	members = append(slices.Clone(w.members), members...)
	if w.notBefore != nil {
		members = append(members, fmt.Sprintf(`"nbf":%d`, w.notBefore.Unix()))
	}
	return sign(w.by.secret, encode(header)+"."+encode("{"+strings.Join(members, ",")+"}")), nil
}

// plainToken returns the header and the members of a capability token.
func (w writer) plainToken(expiry time.Time) (header string, members []string) {
	return `{"typ":"JWT","alg":"HS256"}`, []string{
		`"scope":"` + strings.Join(w.scopes(), " ") + `"`,
		`"iss":"` + w.by.account + `"`,
		fmt.Sprintf(`"exp":%d`, expiry.Unix()),
	}
}

// accessToken returns the header and the members of an Access Token.
func (w writer) accessToken(now, expiry time.Time) (header string, members []string) {
	header = `{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"`
	if w.region != "" {
		header += `,"twr":"` + w.region + `"`
	}
	return header + "}", []string{
		fmt.Sprintf(`"jti":"%s-%d"`, w.by.apiKey, now.Unix()),
		`"iss":"` + w.by.apiKey + `"`,
		`"sub":"` + w.by.account + `"`,
		fmt.Sprintf(`"exp":%d`, expiry.Unix()),
		`"grants":{"identity":"` + w.client + `","voice":{` + strings.Join(w.voice(), ",") + `}}`,
	}
}

// voice returns the members of a voice grant.
func (w writer) voice() (members []string) {
	for _, s := range w.inOrderOfGrants() {
		if s.what == "incoming" {
			members = append(members, `"incoming":{"allow":true}`)
			continue
		}
		var params []string
		for _, p := range s.params {
			params = append(params, jsonString(p.Name)+":"+jsonString(p.Value))
		}
		outgoing := `"application_sid":"` + s.name + `"`
		if params != nil {
			outgoing += `,"params":{` + strings.Join(params, ",") + "}"
		}
		members = append(members, `"outgoing":{`+outgoing+"}")
	}
	return members
}

// inOrderOfGrants returns what is allowed as an Access Token has it, incoming
// calls first.
func (w writer) inOrderOfGrants() []saying {
	said := slices.Clone(w.said)
	slices.SortFunc(said, func(a, b saying) int { return strings.Compare(a.what, b.what) })
	return said
}

// scopes returns the scope URIs that say what is allowed, in the order in which
// a token of either kind is read.
func (w writer) scopes() (uris []string) {
	said := w.said
	if w.by.isAccess() {
		said = w.inOrderOfGrants()
	}
	for _, s := range said {
		uris = append(uris, w.scope(s))
	}
	return uris
}

func (w writer) scope(s saying) string {
	switch s.what {
	case "incoming":
		return "scope:client:incoming?clientName=" + formString(s.name)
	case "events":
		return "scope:stream:subscribe?path=" + formString("/2010-04-01/Events") + "&params=" +
			formString(form(s.params))
	}
	uri := "scope:client:outgoing?appSid=" + formString(s.name) + "&appParams=" + formString(form(s.params))
	if w.client != "" {
		uri += "&clientName=" + formString(w.client)
	}
	return uri
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
	short := map[rune]string{'\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '"': `\"`, '\\': `\\`,
		'/': `\/`}
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
	account, apiKey, region      string
	client                       string // what ClientName returns
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
	r := reading{account: c.AccountSID, apiKey: c.APIKeySID, region: c.Region, client: c.ClientName(),
		expiresAt: c.ExpiresAt, notBefore: c.NotBefore, issued: c.IssuedAt}
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
func (by credentials) verify(token string, now int64) (reading, error) {
	part := strings.Split(token, ".")
	if len(part) != 3 {
		return reading{}, capability.ErrMalformed
	}
	if sign(by.secret, part[0]+"."+part[1]) != token {
		return reading{}, capability.ErrSignature
	}
	header, payload := decode(part[0]), decode(part[1])
	if !isOurHeader(header) || payload == "" && part[1] != "" {
		return reading{}, errRefused
	}
	if isAccessHeader(header) != by.isAccess() {
		return reading{}, capability.ErrKind
	}
	r, err := read(header, payload)
	switch {
	case err != nil:
		return reading{}, errRefused
	case r.account != by.account || r.apiKey != by.apiKey:
		return reading{}, capability.ErrIssuer
	case r.expiresAt.Unix() <= now:
		return reading{}, capability.ErrExpired
	case !r.notBefore.IsZero() && r.notBefore.Unix() > now:
		return reading{}, capability.ErrNotYetValid
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

// isAccessHeader reports whether a header that is ours is that of an Access
// Token.
func isAccessHeader(text string) bool {
	header, _ := readObject(text)
	contentType, _ := readString(header["cty"])
	return contentType == "twilio-fpa;v=1"
}

// read reads a header and a payload.
func read(header, payload string) (reading, error) {
	members, broken := readObject(payload)
	if !isOurHeader(header) || broken != "" {
		return reading{}, errRefused
	}
	var r reading
	ok := r.readTimes(members)
	own := []string{"iss", "exp", "nbf", "iat", "scope"}
	if isAccessHeader(header) {
		own = []string{"iss", "sub", "exp", "nbf", "iat", "grants"}
		ok = r.readRegion(header) && r.readGrants(members["grants"]) && ok
		ok = readInto(&r.apiKey, members["iss"]) && r.apiKey != "" && ok
		ok = readInto(&r.account, members["sub"]) && r.account != "" && ok
	} else {
		ok = r.readScopes(members["scope"]) && ok
		ok = readInto(&r.account, members["iss"]) && r.account != "" && ok
	}
	if !ok {
		return reading{}, errRefused
	}
	for _, name := range memberNames(payload) {
		if slices.Contains(own, name) {
			continue
		}
		r.names = append(r.names, name)
		if text, isText := readString(members[name]); isText {
			r.addClaim(name, text)
		}
	}
	return r, nil
}

// readTimes reads the three times, of which only the expiry has to be there.
func (r *reading) readTimes(members map[string]json.RawMessage) (ok bool) {
	ok = true
	for name, t := range map[string]*time.Time{"exp": &r.expiresAt, "nbf": &r.notBefore, "iat": &r.issued} {
		raw, there := members[name]
		n, whole := new(big.Int).SetString(string(raw), 10)
		if there && whole && n.IsInt64() {
			*t = time.Unix(n.Int64(), 0).UTC()
		}
		ok = ok && (!there && name != "exp" || !t.IsZero())
	}
	return ok
}

func (r *reading) readRegion(header string) bool {
	members, _ := readObject(header)
	raw, there := members["twr"]
	return !there || string(raw) == "null" || readInto(&r.region, raw)
}

// readGrants reads the grants of an Access Token as scopes.
func (r *reading) readGrants(raw json.RawMessage) bool {
	grants, broken := readObject(string(raw))
	voice, broken2 := readLevel(grants, "voice")
	in, broken3 := readLevel(voice, "incoming")
	out, broken4 := readLevel(voice, "outgoing")
	var application string
	texts := readAbsent(grants, "identity", &r.client) && readAbsent(out, "application_sid", &application)
	allow, judged := in["allow"]
	if broken+broken2+broken3+broken4 != "" || !texts || judged &&
		!slices.Contains([]string{"true", "false"}, string(allow)) {
		return false
	}
	params, ok := readParamsObject(out)
	var caller []capability.Parameter
	if r.client != "" {
		caller = pairs{{"clientName", r.client}}
	}
	if string(allow) == "true" {
		r.scopes = append(r.scopes, permission{"client", "incoming", caller})
	}
	if application != "" {
		outgoing := pairs{{"appSid", application}, {"appParams", form(params)}}
		r.scopes = append(r.scopes, permission{"client", "outgoing", append(outgoing, caller...)})
	}
	return ok
}

// readLevel reads an object that may be absent.
func readLevel(of map[string]json.RawMessage, name string) (members map[string]json.RawMessage, broken string) {
	raw, there := of[name]
	if !there {
		return nil, ""
	}
	return readObject(string(raw))
}

// readAbsent reads a string that may be absent.
func readAbsent(of map[string]json.RawMessage, name string, into *string) bool {
	raw, there := of[name]
	return !there || readInto(into, raw)
}

func readInto(into *string, raw json.RawMessage) (ok bool) {
	*into, ok = readString(raw)
	return ok
}

func readParamsObject(outgoing map[string]json.RawMessage) (params []capability.Parameter, ok bool) {
	members, broken := readLevel(outgoing, "params")
	if members == nil {
		return nil, broken == ""
	}
	ok = true
	for _, name := range memberNames(string(outgoing["params"])) {
		value, isText := readString(members[name])
		params = append(params, capability.Param(name, value))
		ok = ok && isText
	}
	return params, ok
}

// readString returns the string that a member is.
func readString(raw json.RawMessage) (s string, ok bool) {
	ok = len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil
	return s, ok
}

// readScopes reads the scope of a capability token, with the client name that
// its last scope of the client has.
func (r *reading) readScopes(raw json.RawMessage) bool {
	text, ok := readString(raw)
	if text == "" {
		return ok
	}
	for _, uri := range strings.Split(text, " ") {
		s, ok := readScope(uri)
		if !ok {
			return false
		}
		r.scopes = append(r.scopes, s)
		isName := func(p capability.Parameter) bool { return p.Name == "clientName" }
		if i := slices.IndexFunc(s.params, isName); i >= 0 && s.service == "client" {
			r.client = s.params[i].Value
		}
	}
	return true
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
var escapeRule = regexp.MustCompile(
	`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\.`)

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
