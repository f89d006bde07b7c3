package capability

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// DefaultTTL is the lifetime of a token for which neither WithTTL nor WithExpiry is called: that of Twilio's PHP helper.
const DefaultTTL = time.Hour

// MaxTTL is the longest lifetime that Twilio accepts; a longer one is its error 31207.
const MaxTTL = 24 * time.Hour

// The errors of minting. Match them with [errors.Is]; a message names the field, quotes the value and says what is
// accepted.
var (
	ErrAccountSID     = errors.New("capability: invalid account SID")
	ErrAuthToken      = errors.New("capability: invalid auth token")
	ErrClientName     = errors.New("capability: invalid client name")
	ErrApplicationSID = errors.New("capability: invalid application SID")
	ErrParam          = errors.New("capability: invalid parameter name")
	ErrTTL            = errors.New("capability: invalid lifetime") // a TTL, an expiry or a not-before
	ErrClaim          = errors.New("capability: invalid claim")
)

// The errors of reading. A refused token has one reason: one of three parts that is forged is an ErrSignature, whatever
// else it is.
var (
	ErrMalformed   = errors.New("capability: malformed token")
	ErrAlgorithm   = errors.New("capability: wrong algorithm")
	ErrSignature   = errors.New("capability: wrong signature: the token was altered or signed with another auth token")
	ErrIssuer      = errors.New("capability: wrong issuer")
	ErrExpired     = errors.New("capability: token has expired")
	ErrNotYetValid = errors.New("capability: token is not valid yet")
	ErrScope       = errors.New("capability: invalid scope") // or the parameters within one
)

// A Capability is what a device may do with a Twilio account. It generates the tokens that say so, and verifies them.
// [New] makes one; the zero value generates and verifies nothing.
//
// It is an immutable value: every method returns a changed copy, which is lost unless it is assigned or chained, so one
// Capability is safe to share between goroutines and to derive from any number of times. A method that is given a bad
// value remembers the error, and from then on GenerateToken, AppendToken and Verify return the first one.
type Capability struct {
	key        *sync.Pool // of *hs256, under the auth token
	accountSID string
	clientName string // the last one given
	grants     grants
	claims     *claim // the last one; nil if there are none
	ttl        time.Duration
	expiry     *time.Time       // nil if the ttl counts
	notBefore  *time.Time       // nil if there is none
	now        func() time.Time // the clock
	err        error            // the first one; the other fields do not count then
}

// New returns a Capability that allows nothing yet. The error is an [ErrAccountSID] unless the account SID is "AC" and
// then ASCII letters and digits, and an [ErrAuthToken] unless the auth token is visible ASCII and, where FIPS 140-3 mode
// is enforced, at least 14 characters long. No error of New shows authToken.
func New(accountSID, authToken string) (Capability, error) {
	c := Capability{accountSID: accountSID, ttl: DefaultTTL, now: time.Now}
	if isSID(accountSID, "AC") {
		c.key, c.err = newAuthKey(authToken)
	} else if mayBeSwapped(accountSID, authToken) {
		c.err = &refusal{ErrAccountSID, ", not shown as it may be the auth token: are the two swapped?"}
	} else {
		c.fail(ErrAccountSID, accountSID, "AC and then ASCII letters and digits")
	}
	if c.err != nil {
		return Capability{err: c.err}, c.err // without the account SID, which may be the auth token
	}
	return c, nil
}

// AllowClientIncoming lets the device receive connections under a client name, which also names it as a caller and has
// to be one that [Capability.WithClientName] accepts.
func (c Capability) AllowClientIncoming(clientName string) Capability {
	c.setClientName(clientName)
	c.grants.add(incoming, clientName)
	return c
}

// AllowClientOutgoing lets the device place connections through a TwiML application. The parameters go to the
// application's voice URL with each connection; the device can read but not change them, as they are signed. An
// application SID that is not "AP" and then ASCII letters and digits is an [ErrApplicationSID], a parameter without a
// name or with the name of another an [ErrParam].
func (c Capability) AllowClientOutgoing(applicationSID string, params ...Parameter) Capability {
	if !isSID(applicationSID, "AP") {
		c.fail(ErrApplicationSID, applicationSID, "AP and then ASCII letters and digits")
	}
	c.checkParams(params)
	text := append(make([]byte, 0, 128), applicationSID...)
	text = append(text, "&appParams="...)
	c.grants.add(outgoing, string(appendNested(text, params)))
	return c
}

// AllowEventStream lets the device subscribe to the account's events, to those that pass the filters. A filter without
// a name or with the name of another is an [ErrParam].
func (c Capability) AllowEventStream(filters ...Parameter) Capability {
	c.checkParams(filters)
	c.grants.add(subscribe, string(appendNested(make([]byte, 0, 128), filters)))
	return c
}

// WithClientName names the device as the caller of its outgoing connections without allowing incoming ones. The last
// name given counts, for all of them, whether given before or after AllowClientOutgoing. A name that is not one or more
// of A-Z, a-z, 0-9 and _ is an [ErrClientName] (Twilio's documentation, "Capability Tokens").
func (c Capability) WithClientName(name string) Capability {
	c.setClientName(name)
	return c
}

// WithTTL sets the lifetime of the tokens, counted from when they are generated; their expiry is rounded down to a
// whole second. It replaces an earlier TTL or expiry. Less than a second or more than [MaxTTL] is an [ErrTTL].
func (c Capability) WithTTL(ttl time.Duration) Capability {
	if ttl < time.Second || ttl > MaxTTL {
		c.fail(ErrTTL, ttl.String(), wantTTL)
	}
	c.ttl, c.expiry = ttl, nil
	return c
}

// WithExpiry sets when the tokens expire, rounded down to a whole second. It replaces an earlier TTL or expiry. If that
// is less than a second or more than [MaxTTL] away when a token is generated, GenerateToken returns an [ErrTTL].
func (c Capability) WithExpiry(t time.Time) Capability {
	t = t.Round(0) // without its monotonic reading, which would hide it if the clock is set
	c.expiry = &t
	return c
}

// WithNotBefore sets when the tokens begin to be valid, rounded down to a whole second. The zero time is an [ErrTTL];
// if they would have expired by then, GenerateToken returns one.
func (c Capability) WithNotBefore(t time.Time) Capability {
	if t.IsZero() {
		c.fail(ErrTTL, "0001-01-01T00:00:00Z", "a not-before other than the zero time")
	}
	c.notBefore = &t
	return c
}

// WithClaim adds a claim for services of your own that take the token as well. Whoever holds the token can read it. An
// empty name, one given before, one that is reserved (scope, iss, exp, nbf, iat), or a name or value that is not valid
// UTF-8 is an [ErrClaim].
func (c Capability) WithClaim(name, value string) Capability {
	c.checkClaim(name, value)
	text := append(appendString(nil, name), ':')
	c.claims = &claim{c.claims, name, string(appendString(text, value))}
	return c
}

// WithClock sets the clock, for tests; nil stands for [time.Now].
func (c Capability) WithClock(now func() time.Time) Capability {
	if now == nil {
		now = time.Now
	}
	c.now = now
	return c
}

// Err returns the first error of the calls so far, so that a program can check at start-up what all its tokens derive
// from. The zero Capability has one too. A nil error promises no token: whether an expiry is good depends on the clock.
func (c Capability) Err() error { return c.check() }

// GenerateToken returns a token, which grants what the Capability allows from now on. The error is the first that a
// method met, or an [ErrTTL] if the expiry or the not-before does not suit the clock.
func (c Capability) GenerateToken() (string, error) {
	h, err := c.writePayload()
	if err != nil {
		return "", err
	}
	payload := h.scratch
	h.scratch = h.appendToken(payload, payload) // the token goes behind the payload
	token := string(h.scratch[len(payload):])
	c.key.Put(h)
	return token, nil
}

// AppendToken appends what GenerateToken returns. On error it returns dst as it was.
func (c Capability) AppendToken(dst []byte) ([]byte, error) {
	h, err := c.writePayload()
	if err != nil {
		return dst, err
	}
	dst = h.appendToken(dst, h.scratch)
	c.key.Put(h)
	return dst, nil
}

// String returns the account, the client name, the lifetime and what is allowed; never the auth token.
func (c Capability) String() string {
	if err := c.check(); err != nil {
		return err.Error()
	}
	s := "account " + c.accountSID
	if c.clientName != "" {
		s += ", client " + c.clientName
	}
	if c.notBefore != nil {
		s += ", not before " + date(*c.notBefore)
	}
	if c.expiry != nil {
		s += ", until " + date(*c.expiry)
	} else {
		s += ", for " + c.ttl.String()
	}
	if c.grants.n == 0 {
		return s + ", nothing allowed"
	}
	return s + ", " + string(c.grants.append(nil, c.clientName))
}

// GoString returns what String does, for %#v.
func (c Capability) GoString() string { return "capability.Capability{" + c.String() + "}" }

// Verify returns what a token says, if it is signed with the Capability's auth token, of its account, and valid by its
// clock: from the not-before on and up to, not at, the expiry. What the Capability allows plays no part. The signature
// is checked first, in constant time; the error is one of those of reading, or of an earlier call on the Capability.
func (c Capability) Verify(token string) (Claims, error) {
	if err := c.check(); err != nil {
		return Claims{}, err
	}
	h, err := c.signer()
	if err != nil {
		return Claims{}, err
	}
	payload, err := openToken(token, h)
	c.key.Put(h)
	if err != nil {
		return Claims{}, err
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return Claims{}, err
	}
	if claims.AccountSID != c.accountSID {
		return Claims{}, refuse(ErrIssuer, claims.AccountSID, quote(c.accountSID))
	}
	now := time.Unix(c.now().Unix(), 0) // a fraction does not count
	if claims.ExpiresAt.Unix() <= now.Unix() {
		return Claims{}, &refusal{ErrExpired, ": " + distance(claims.ExpiresAt, now)}
	}
	if !claims.NotBefore.IsZero() && claims.NotBefore.Unix() > now.Unix() {
		return Claims{}, &refusal{ErrNotYetValid, ": " + distance(claims.NotBefore, now)}
	}
	return claims, nil
}

// Claims is what a token says. Its times are whole seconds, in UTC.
type Claims struct {
	AccountSID string
	Scopes     []Scope // in order; nil if there are none
	ExpiresAt  time.Time
	NotBefore  time.Time // zero if the token has none
	IssuedAt   time.Time // zero if the token has none

	names []string          // of the extra claims, in order
	extra map[string]string // those that are strings; nil if there are none
}

// ClientName returns the client name of the last scope that has one, or "".
func (c Claims) ClientName() string {
	for i := len(c.Scopes) - 1; i >= 0; i-- {
		if name, ok := c.Scopes[i].Param("clientName"); ok {
			return name
		}
	}
	return ""
}

// Claim returns an extra claim, such as [Capability.WithClaim] adds, and whether the token has it as a string.
func (c Claims) Claim(name string) (string, bool) {
	value, ok := c.extra[name]
	return value, ok
}

// ClaimNames returns the names of all extra claims, strings or not, in order, in a slice that is the caller's own.
func (c Claims) ClaimNames() []string { return slices.Clone(c.names) }

// ParseUnverified returns what a token says without checking that anybody vouches for it: not its signature, nor its
// account, nor its time. It is for looking at a token, and proves nothing. The error is an [ErrMalformed],
// [ErrAlgorithm], [ErrIssuer] (there is none) or [ErrScope].
func ParseUnverified(token string) (Claims, error) {
	payload, err := openToken(token, nil)
	if err != nil {
		return Claims{}, err
	}
	return parseClaims(payload)
}

// parseClaims reads the payload of a token.
func parseClaims(payload string) (Claims, error) {
	var c Claims
	var hasScope, hasExpiry bool
	err := readObject("payload", payload, func(name string, v value) (err error) {
		switch name {
		case "iss":
			if v.kind != aString || v.text == "" {
				return refuse(ErrIssuer, v.text, "an account SID")
			}
			c.AccountSID = v.text
		case "scope":
			if v.kind != aString {
				return refuse(ErrScope, v.text, "a string")
			}
			hasScope = true
			c.Scopes, err = parseScopes(v.text)
		case "exp":
			hasExpiry = true
			c.ExpiresAt, err = parseTime(name, v)
		case "nbf":
			c.NotBefore, err = parseTime(name, v)
		case "iat":
			c.IssuedAt, err = parseTime(name, v)
		default:
			c.names = append(c.names, name)
			if v.kind == aString {
				if c.extra == nil {
					c.extra = make(map[string]string)
				}
				c.extra[name] = v.text
			}
		}
		return err
	})
	switch {
	case err != nil:
		return Claims{}, err
	case c.AccountSID == "":
		return Claims{}, &refusal{ErrIssuer, ": payload has no iss"}
	case !hasScope:
		return Claims{}, &refusal{ErrScope, ": payload has no scope"}
	case !hasExpiry:
		return Claims{}, malformed("payload has no exp")
	}
	return c, nil
}

// parseScopes reads a scope claim.
func parseScopes(claim string) ([]Scope, error) {
	var scopes []Scope
	for more := claim != ""; more; {
		var uri string
		uri, claim, more = strings.Cut(claim, " ")
		s, err := ParseScope(uri)
		if err != nil {
			return nil, err
		}
		scopes = append(scopes, s)
	}
	return scopes, nil
}

// parseTime reads a NumericDate (RFC 7519, section 2), which Twilio wants without a fraction.
func parseTime(name string, v value) (time.Time, error) {
	seconds, ok := v.integer()
	if !ok {
		return time.Time{}, malformed("payload: " + name + " is " + quote(v.text) + ": want a whole number of seconds")
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// check returns why the Capability generates and verifies nothing, or nil.
func (c *Capability) check() error {
	if c.err == nil && c.key == nil {
		return &refusal{ErrAccountSID, ": zero Capability: make one with New"}
	}
	return c.err
}

// fail remembers a refusal, if it is the first.
func (c *Capability) fail(rule error, value, want string) {
	if c.err == nil {
		c.err = refuse(rule, value, want)
	}
}

func (c *Capability) setClientName(name string) {
	if !isClientName(name) {
		c.fail(ErrClientName, name, "one or more of A-Z a-z 0-9 _")
	}
	c.clientName = name
}

// signer takes an hs256 out of the pool. Whoever is done with it puts it back.
func (c *Capability) signer() (*hs256, error) {
	h, ok := c.key.Get().(*hs256)
	if !ok {
		return nil, errShortKey // the mode was enforced after New
	}
	return h, nil
}

// writePayload returns a signer with the payload in its scratch. Everything in it was checked or escaped when it was
// given, so that nothing can end a string there.
func (c *Capability) writePayload() (*hs256, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	exp, err := c.expires()
	if err != nil {
		return nil, err
	}
	h, err := c.signer()
	if err != nil {
		return nil, err
	}
	b := append(h.scratch[:0], '{')
	if c.claims != nil {
		b = c.claims.append(b)
	}
	b = append(b, `"scope":"`...)
	b = c.grants.append(b, c.clientName)
	b = append(b, `","iss":"`...)
	b = append(b, c.accountSID...)
	b = append(b, `","exp":`...)
	b = strconv.AppendInt(b, exp, 10)
	if c.notBefore != nil {
		b = append(b, `,"nbf":`...)
		b = strconv.AppendInt(b, c.notBefore.Unix(), 10)
	}
	h.scratch = append(b, '}')
	return h, nil
}

// expires returns the expiry of a token that is generated now, in Unix seconds.
func (c *Capability) expires() (int64, error) {
	now := c.now()
	expiry := now.Add(c.ttl)
	if c.expiry != nil {
		expiry = *c.expiry
	}
	// Unix tells where Add has wrapped around.
	if left := expiry.Sub(now); left < time.Second || left > MaxTTL || expiry.Unix() < now.Unix() {
		c.fail(ErrTTL, left.String()+" from "+seconds(now)+" on", wantTTL)
	}
	if c.notBefore != nil && c.notBefore.Unix() >= expiry.Unix() {
		c.fail(ErrTTL, "from "+seconds(*c.notBefore)+" on", "a not-before that is before the expiry")
	}
	return expiry.Unix(), c.err
}

// A grant is one scope. Its text is escaped when it is allowed, not each time a token is generated; only the client name
// at the end of an outgoing one is not known before.
type grant struct {
	privilege privilege
	text      string
}

// A privilege is what the scope URI begins with; the text follows.
type privilege string

const (
	incoming  privilege = "scope:client:incoming?clientName="
	outgoing  privilege = "scope:client:outgoing?appSid="
	subscribe privilege = "scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params="
)

// grants are a list that two copies of a Capability never disturb for each other: what they share is never changed.
// Adding takes the same time however many there are. Two have room in the value itself, as most devices need just an
// incoming and an outgoing one and an allocation weighs beside a signature.
type grants struct {
	before *grants // full, and shared
	last   [2]grant
	n      int // how many of last there are
}

func (g *grants) add(p privilege, text string) {
	if g.n == len(g.last) {
		full := *g
		*g = grants{before: &full}
	}
	g.last[g.n] = grant{p, text}
	g.n++
}

// append appends the scope URIs in the order in which they were allowed, with a space between two.
func (g *grants) append(dst []byte, clientName string) []byte {
	if g.before != nil {
		dst = append(g.before.append(dst, clientName), ' ')
	}
	for i := range g.last[:g.n] {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, g.last[i].privilege...)
		dst = append(dst, g.last[i].text...)
		if g.last[i].privilege == outgoing && clientName != "" {
			dst = append(dst, "&clientName="...)
			dst = append(dst, clientName...)
		}
	}
	return dst
}

// A claim is an extra one, and the list of those before it. Its text is a member of the payload, escaped.
type claim struct {
	before     *claim
	name, text string
}

// append appends the claims in the order in which they were made, with a comma behind each.
func (k *claim) append(dst []byte) []byte {
	if k.before != nil {
		dst = k.before.append(dst)
	}
	return append(append(dst, k.text...), ',')
}

func (c *Capability) checkClaim(name, value string) {
	switch name {
	case "":
		c.fail(ErrClaim, name, "a name")
	case "scope", "iss", "exp", "nbf", "iat":
		c.fail(ErrClaim, name, "another name than scope, iss, exp, nbf and iat")
	}
	for k := c.claims; k != nil; k = k.before {
		if k.name == name {
			c.fail(ErrClaim, name, "each name once")
		}
	}
	if !utf8.ValidString(name) {
		c.fail(ErrClaim, name, "a name in UTF-8")
	}
	if !utf8.ValidString(value) {
		c.fail(ErrClaim, name, "a value in UTF-8, not "+quote(value))
	}
}

func (c *Capability) checkParams(params []Parameter) {
	var seen map[string]bool
	if len(params) > 1 { // most have one at most
		seen = make(map[string]bool)
	}
	for _, p := range params {
		if p.Name == "" {
			c.fail(ErrParam, p.Name, "a name for the value "+quote(p.Value))
		}
		if seen[p.Name] {
			c.fail(ErrParam, p.Name, "each name once")
		}
		if seen != nil {
			seen[p.Name] = true
		}
	}
}

// mayBeSwapped reports whether the refused account SID may be, or hold, an auth token: if the other one holds what only
// an account SID begins with, or if one of the two holds the other.
func mayBeSwapped(accountSID, authToken string) bool {
	return accountSID != "" && authToken != "" && (strings.Contains(authToken, "AC") ||
		strings.Contains(accountSID, authToken) || strings.Contains(authToken, accountSID))
}

// newAuthKey returns the key that an auth token is.
func newAuthKey(authToken string) (*sync.Pool, error) {
	if authToken == "" {
		return nil, &refusal{ErrAuthToken, ": it is empty"}
	}
	for i := 0; i < len(authToken); i++ {
		if authToken[i] <= ' ' || authToken[i] > '~' {
			return nil, &refusal{ErrAuthToken, ": byte " + strconv.Itoa(i) + " is not visible ASCII; " +
				"is there a newline or a space at its end?"}
		}
	}
	if key := newKey(authToken); key != nil {
		return key, nil
	}
	return nil, errShortKey
}

var errShortKey error = &refusal{ErrAuthToken, ": FIPS 140-3 mode is enforced and wants 14 characters at least"}

const wantTTL = "1s to 24h0m0s"

// isSID reports whether s is a SID as Twilio writes them: two letters that tell its kind, and then letters and digits.
// A real one has 32 hexadecimal digits, one in documentation may be AC123123.
func isSID(s, kind string) bool {
	id, ok := strings.CutPrefix(s, kind)
	for i := 0; i < len(id); i++ {
		if !isAlphanumeric(id[i]) {
			return false
		}
	}
	return ok && id != ""
}

func isClientName(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isAlphanumeric(s[i]) && s[i] != '_' {
			return false
		}
	}
	return s != ""
}

func isAlphanumeric(b byte) bool {
	return b-'0' <= 9 || (b|0x20)-'a' <= 'z'-'a' // below them, the difference wraps around
}

// A refusal says what was refused and why. Nothing secret comes into it, and no token.
type refusal struct {
	rule   error // ErrClientName and its like
	detail string
}

func (r *refusal) Error() string { return r.rule.Error() + r.detail }
func (r *refusal) Unwrap() error { return r.rule }

// refuse returns a refusal that quotes the value and says what was wanted instead.
func refuse(rule error, value, want string) error {
	return &refusal{rule, " " + quote(value) + ": want " + want}
}

// malformed returns a refusal of a token.
func malformed(detail string) error { return &refusal{ErrMalformed, ": " + detail} }

// distance tells a time, the clock's, and how far they are apart.
func distance(t, now time.Time) string {
	side := " before"
	if t.Unix() > now.Unix() { // After errs where a time.Time wraps around
		side = " after"
	}
	return date(t) + ", " + t.Sub(now).Abs().String() + side + " the clock's " + date(now)
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// seconds is not date, as package time's formatting would link the reading of zone files into a program that only mints.
func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// quote quotes a value on one line, in ASCII. It cuts a long one, and hides what looks like an auth token in a wrong
// place. It is not strconv.Quote, whose tables of what Unicode prints would add a quarter to the size of the package.
func quote(s string) string {
	const most, hex = 40, "0123456789abcdef"
	if mayBeAuthToken(s) {
		return "(32 hexadecimal digits, not shown as an auth token has them)"
	}
	quoted := ""
	for i := range min(len(s), most) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			quoted += `\` + s[i:i+1]
		case c == '\n':
			quoted += `\n`
		case c < ' ' || c > '~':
			quoted += `\x` + hex[c>>4:c>>4+1] + hex[c&15:c&15+1]
		default:
			quoted += s[i : i+1]
		}
	}
	if len(s) > most {
		return `"` + quoted + `..." (` + strconv.Itoa(len(s)) + " bytes)"
	}
	return `"` + quoted + `"`
}

// mayBeAuthToken reports whether s begins with just 32 hexadecimal digits, as Twilio's auth tokens have.
func mayBeAuthToken(s string) bool {
	digits := 0
	for digits < len(s) && digits <= 32 && isAlphanumeric(s[digits]) && s[digits]|0x20 <= 'f' {
		digits++
	}
	return digits == 32
}
