package capability

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// DefaultTTL is the lifetime of a token if neither WithTTL nor WithExpiry is
// called. Twilio's PHP helper has the same one.
const DefaultTTL = time.Hour

// MaxTTL is the longest lifetime that Twilio accepts; a longer one gets error
// 31207. Twilio advises a second less, since clocks differ.
const MaxTTL = 24 * time.Hour

// A Capability describes what a device may do with a Twilio account. It
// generates the tokens that grant it, and verifies tokens of the account. [New]
// makes one; the zero Capability only returns errors.
//
// A Capability is immutable: each method returns a modified copy, which is lost
// unless it is used. It is safe for concurrent use by multiple goroutines. The
// Allow methods and WithClaim add to what there is; the other With methods
// replace it.
//
// A method that is given an invalid value remembers the error. From then on
// GenerateToken, AppendToken, Verify and Err return it, whatever is called in
// between: a later good value does not clear it.
type Capability struct {
	key        key
	accountSID string
	clientName string // the last one given
	grants     grants
	claims     []claim
	ttl        time.Duration
	expiry     *time.Time // nil if the ttl applies
	notBefore  *time.Time // nil if there is none
	now        func() time.Time
	err        error // the first one
}

// New returns a Capability that allows nothing yet. The error is an
// [ErrAccountSID] unless accountSID is "AC" and one or more ASCII letters and
// digits. It is an [ErrAuthToken] if authToken is empty or has a byte that is
// not visible ASCII, if it is the account SID or eight or more characters of
// it, or if an enforced FIPS 140-3 mode requires a longer key. No error of New
// shows any part of its arguments.
func New(accountSID, authToken string) (Capability, error) {
	err := checkAccountSID(accountSID)
	if err == nil {
		err = checkAuthToken(authToken, accountSID)
	}
	var k key
	if err == nil {
		k, err = newKey(authToken)
	}
	if err != nil {
		return Capability{err: err}, err // without accountSID, which may be the auth token
	}
	return Capability{key: k, accountSID: accountSID, ttl: DefaultTTL, now: time.Now}, nil
}

// AllowClientIncoming allows incoming calls to a client name, which is also
// the name of the caller in outgoing calls. The error is that of
// [Capability.WithClientName].
func (c Capability) AllowClientIncoming(clientName string) Capability {
	if c.ok(checkClientName(clientName)) {
		c.clientName = clientName
		c.grants.add(incoming, clientName)
	}
	return c
}

// AllowClientOutgoing allows outgoing calls through a TwiML application. Twilio
// sends the parameters to the application's voice URL with each call. The
// device can read but not change them, as the token is signed.
//
// The error is an [ErrApplicationSID] unless applicationSID is "AP" and one or
// more ASCII letters and digits, and an [ErrParam] if a parameter has no name
// or the name of another one in this call.
func (c Capability) AllowClientOutgoing(applicationSID string, params ...Parameter) Capability {
	if c.ok(checkApplicationSID(applicationSID)) && c.ok(checkParams(params)) {
		var room [512]byte
		rest := append(room[:0], applicationSID...)
		rest = append(rest, "&appParams="...)
		c.grants.add(outgoing, string(appendForm(rest, params, twice)))
	}
	return c
}

// AllowEventStream allows subscribing to the account's events, or to those that
// match all filters. The error is an [ErrParam] if a filter has no name or the
// name of another one in this call.
func (c Capability) AllowEventStream(filters ...Parameter) Capability {
	if c.ok(checkParams(filters)) {
		var room [512]byte
		c.grants.add(subscribe, string(appendForm(room[:0], filters, twice)))
	}
	return c
}

// WithClientName sets the caller's name in outgoing calls without allowing
// incoming calls. The last client name given applies to all outgoing scopes,
// including those allowed earlier. The error is an [ErrClientName] unless name
// is one or more of A-Z, a-z, 0-9 and _ (Twilio's documentation, "Capability
// Tokens").
func (c Capability) WithClientName(name string) Capability {
	if c.ok(checkClientName(name)) {
		c.clientName = name
	}
	return c
}

// WithTTL sets the lifetime of each token, from when it is generated. The
// expiry is rounded down to a whole second. WithTTL replaces an earlier TTL or
// expiry. The error is an [ErrTTL] unless ttl is from 1 second to [MaxTTL].
func (c Capability) WithTTL(ttl time.Duration) Capability {
	if c.ok(checkTTL(ttl)) {
		c.ttl, c.expiry = ttl, nil
	}
	return c
}

// WithExpiry sets the time at which tokens expire, rounded down to a whole
// second. It replaces an earlier TTL or expiry. If the expiry is not from 1
// second to [MaxTTL] away when a token is generated, GenerateToken returns an
// [ErrTTL].
func (c Capability) WithExpiry(t time.Time) Capability {
	if c.err == nil {
		t = t.Round(0) // the monotonic reading would hide that the clock was set
		c.expiry = &t
	}
	return c
}

// WithNotBefore sets the time from which tokens are valid, rounded down to a
// whole second. The error is an [ErrTTL] if t is the zero time; GenerateToken
// returns one if t is not before the expiry.
func (c Capability) WithNotBefore(t time.Time) Capability {
	if c.ok(checkNotBefore(t)) {
		t = t.Round(0)
		c.notBefore = &t
	}
	return c
}

// WithClaim adds a claim for services of your own that read the same token. Any
// holder of the token can read it. The error is an [ErrClaim] if name is empty,
// if it is scope, iss, exp, nbf, iat or that of an earlier claim, or if name or
// value is not valid UTF-8. WithClaim is meant for a handful of claims: each
// call copies the earlier ones.
func (c Capability) WithClaim(name, value string) Capability {
	if c.ok(c.checkClaim(name, value)) {
		text := append(appendString(nil, name), ':')
		text = append(appendString(text, value), ',')
		c.claims = append(slices.Clip(c.claims), claim{name, string(text)}) // never into an array that another copy has
	}
	return c
}

// WithClock sets the clock of GenerateToken, AppendToken and Verify, for tests.
// It has to be safe for concurrent use if the Capability is shared. nil means
// [time.Now].
func (c Capability) WithClock(now func() time.Time) Capability {
	if now == nil {
		now = time.Now
	}
	c.now = now
	return c
}

// Err returns the first error of the calls so far, so that a program can check
// its base Capability at start-up. It does not look at the clock: whether an
// expiry has passed is decided when a token is generated.
func (c Capability) Err() error {
	if c.err == nil && c.key == (key{}) {
		return newError(ErrAccountSID, "use of zero Capability: call New")
	}
	return c.err
}

// GenerateToken returns a signed token. The error is that of Err, or an
// [ErrTTL] if the expiry is not from 1 second to [MaxTTL] away, or if the
// not-before is not before it. (It is an [ErrAuthToken] if FIPS 140-3 mode was
// not enforced during New but is now, and requires a longer key.)
func (c Capability) GenerateToken() (string, error) {
	var room [768]byte // most tokens fit
	token, err := c.AppendToken(room[:0])
	if err != nil {
		return "", err
	}
	return string(token), nil
}

// AppendToken appends the token to dst, as GenerateToken returns it. On error
// it returns dst unchanged.
func (c Capability) AppendToken(dst []byte) ([]byte, error) {
	if err := c.Err(); err != nil {
		return dst, err
	}
	expiry, err := c.expires(c.now())
	if err != nil {
		return dst, err
	}
	return c.key.appendToken(dst, func(b []byte) []byte { return c.appendPayload(b, expiry) })
}

// String returns the account, the client name, the lifetime and what is
// allowed, or the error that Err returns. Of what New was given, it shows the
// account SID only.
func (c Capability) String() string {
	if err := c.Err(); err != nil {
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

// ok remembers err if it is the first error, and reports whether there is none
// yet.
func (c *Capability) ok(err error) bool {
	if c.err == nil {
		c.err = err
	}
	return c.err == nil
}

// appendPayload appends the payload of a token. Each value in it was checked or
// escaped when it was given, so none can end the string that it stands in.
func (c *Capability) appendPayload(dst []byte, expiry int64) []byte {
	dst = append(dst, '{')
	for _, claim := range c.claims {
		dst = append(dst, claim.text...)
	}
	dst = append(dst, `"scope":"`...)
	dst = c.grants.append(dst, c.clientName)
	dst = append(dst, `","iss":"`...)
	dst = append(dst, c.accountSID...)
	dst = append(dst, `","exp":`...)
	dst = strconv.AppendInt(dst, expiry, 10)
	if c.notBefore != nil {
		dst = append(dst, `,"nbf":`...)
		dst = strconv.AppendInt(dst, c.notBefore.Unix(), 10)
	}
	return append(dst, '}')
}

// expires returns the expiry of a token that is generated now, in Unix seconds.
func (c *Capability) expires(now time.Time) (int64, error) {
	expiry := now.Add(c.ttl)
	if c.expiry != nil {
		expiry = *c.expiry
	}
	detail := ""
	switch left := expiry.Sub(now); {
	case expiry.IsZero():
		detail = "the expiry is the zero time.Time: was it never set?"
	case left < time.Second || left > MaxTTL || expiry.Unix() < now.Unix(): // Add may have wrapped around
		detail = "the expiry " + when(expiry, now) + "; it must be from 1s to 24h0m0s away"
	case c.notBefore != nil && c.notBefore.Unix() >= expiry.Unix():
		detail = "the not-before " + when(*c.notBefore, now) + ", not before the expiry, which " + when(expiry, now)
	default:
		return expiry.Unix(), nil
	}
	return 0, newError(ErrTTL, detail)
}

// when returns how far t is from now, and on which side.
func when(t, now time.Time) string {
	d := t.Sub(now)
	if d > 0 {
		return "is " + length(d) + " away"
	}
	return "passed " + length(d) + " ago"
}

// A claim is an extra one. Its text is how it stands in a payload, with a comma
// after it.
type claim struct{ name, text string }

// A grant is one scope: what its URI begins with, and the rest of it, escaped.
// Only the client name at the end of an outgoing one is added later.
type grant struct {
	_            [0]func() // not comparable, which spares each program half a KiB
	prefix, rest string
}

const (
	incoming  = "scope:client:incoming?clientName="
	outgoing  = "scope:client:outgoing?appSid="
	subscribe = "scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params="
)

// grants is a list that can be copied and added to without disturbing other
// copies. Most devices need one incoming and one outgoing scope, so two have
// room in the value itself: in a slice they would cost a token 8% more time
// and two allocations.
type grants struct {
	last   [2]grant
	n      int     // how many grants there are in last
	before *grants // those before, shared between copies and never changed
}

func (g *grants) add(prefix, rest string) {
	if g.n == len(g.last) {
		full := *g
		*g = grants{before: &full}
	}
	g.last[g.n] = grant{prefix: prefix, rest: rest}
	g.n++
}

// append appends the scope URIs in the order of the calls, with a space between
// two. It is not recursive, as a long list would exhaust the stack.
func (g *grants) append(dst []byte, clientName string) []byte {
	var before []*grants // the last ones first
	for b := g.before; b != nil; b = b.before {
		before = append(before, b)
	}
	start := len(dst)
	for i := len(before); i >= 0; i-- {
		part := g
		if i > 0 {
			part = before[i-1]
		}
		for _, grant := range part.last[:part.n] {
			if len(dst) > start {
				dst = append(dst, ' ')
			}
			dst = append(dst, grant.prefix...)
			dst = append(dst, grant.rest...)
			if grant.prefix == outgoing && clientName != "" {
				dst = append(dst, "&clientName="...)
				dst = append(dst, clientName...)
			}
		}
	}
	return dst
}

// checkAccountSID returns an error that shows nothing of s, which may be the
// auth token in the wrong place.
func checkAccountSID(s string) error {
	if isSID(s, "AC") {
		return nil
	}
	detail := "it does not begin with AC: is it swapped with the auth token?"
	switch start := strings.Index(s, "AC"); {
	case s == "":
		detail = "it is empty: is its environment variable set?"
	case s == "AC":
		detail = "nothing follows AC"
	case start == 0:
		bad := 0
		for isAlphanumeric(s[bad]) {
			bad++
		}
		detail = "byte " + strconv.Itoa(bad) + " is not an ASCII letter or digit" + atEnd(s, bad)
	case strings.HasPrefix(s, "SK"):
		detail = "it begins with SK, as the SID of an API key does; an account SID begins with AC"
	case 0 < start && start <= 3:
		detail = "it begins with something other than AC, which follows at byte " + strconv.Itoa(start) + ": a space, a quote or a byte order mark?"
	}
	return newError(ErrAccountSID, detail)
}

// checkAuthToken returns an error that shows nothing of s. A key that is in the
// account SID would be published with every token.
func checkAuthToken(s, accountSID string) error {
	bad := 0
	for bad < len(s) && ' ' < s[bad] && s[bad] <= '~' {
		bad++
	}
	switch {
	case s == "":
		return newError(ErrAuthToken, "it is empty: is its environment variable set?")
	case bad < len(s):
		return newError(ErrAuthToken, "byte "+strconv.Itoa(bad)+" is not a visible ASCII character"+atEnd(s, bad))
	case s == accountSID:
		return newError(ErrAuthToken, "it is the account SID: is one variable passed twice?")
	case len(s) >= 8 && strings.Contains(accountSID, s):
		return newError(ErrAuthToken, "it is a part of the account SID, which every token shows")
	}
	return nil
}

// atEnd returns a hint if no letter or digit follows the bad byte.
func atEnd(s string, bad int) string {
	for i := bad; i < len(s); i++ {
		if isAlphanumeric(s[i]) {
			return ""
		}
	}
	return ": a newline, a space or a quote at the end?"
}

func (c *Capability) checkClaim(name, value string) error {
	switch {
	case name == "":
		return newError(ErrClaim, "no name for the value "+quote(value))
	case slices.Contains([]string{"scope", "iss", "exp", "nbf", "iat"}, name):
		return newValueError(ErrClaim, name, "the name is reserved; choose another one")
	case slices.ContainsFunc(c.claims, func(k claim) bool { return k.name == name }):
		return newValueError(ErrClaim, name, "duplicate name; give each claim a name of its own")
	case !utf8.ValidString(name):
		return newValueError(ErrClaim, name, "the name is not valid UTF-8")
	case !utf8.ValidString(value):
		return newValueError(ErrClaim, name, "the value "+quote(value)+" is not valid UTF-8")
	}
	return nil
}

func checkTTL(ttl time.Duration) error {
	const mostSeconds = 86400 // if a bare number of seconds was passed
	switch {
	case 0 < ttl && ttl <= mostSeconds:
		return newError(ErrTTL, "the TTL is "+ttl.String()+", as a time.Duration counts nanoseconds; write "+
			strconv.Itoa(int(ttl))+" * time.Second")
	case ttl < time.Second || ttl > MaxTTL:
		return newError(ErrTTL, "the TTL is "+ttl.String()+"; it must be from 1s to 24h0m0s")
	}
	return nil
}

func checkNotBefore(t time.Time) error {
	if t.IsZero() {
		return newError(ErrTTL, "the not-before is the zero time.Time: was it never set?")
	}
	return nil
}
