package capability

import (
	"slices"
	"strconv"
	"time"
)

// DefaultTTL is the lifetime of a token if neither WithTTL nor WithExpiry is
// called. Twilio's PHP helper has the same one.
const DefaultTTL = time.Hour

// MaxTTL is the longest lifetime that Twilio accepts; a longer one gets error
// 31207 or 20157. Twilio advises a second less, since clocks differ.
const MaxTTL = 24 * time.Hour

// A Capability describes what a device may do with a Twilio account. It
// generates the tokens that grant it, and verifies tokens of the account. [New]
// makes one for capability tokens and [NewWithAPIKey] one for Access Tokens; the
// zero Capability only returns errors.
//
// A Capability is immutable: each method returns a modified copy, which is lost
// unless it is used. It is safe for concurrent use by multiple goroutines. The
// Allow methods and WithClaim add to what there is; the other With methods
// replace it.
//
// A method that is given an invalid value, or that asks for what an Access Token
// or a capability token cannot express, remembers the error. From then on
// GenerateToken, AppendToken, Verify and Err return it, whatever is called in
// between: a later good value does not clear it.
type Capability struct {
	key         *key
	header      string // of every token, in base64url
	payload     func(c Capability, dst []byte, now, expiry int64) []byte
	accountSID  string
	apiKeySID   string // "" unless it generates Access Tokens
	region      string // of an Access Token; "" if none was given
	clientName  string // the last one given
	permissions permissions
	claims      []Parameter
	ttl         time.Duration
	expiry      *time.Time // nil if the ttl applies
	notBefore   *time.Time // nil if there is none
	now         func() time.Time
	err         error // the first one
}

// New returns a Capability that generates capability tokens and allows nothing
// yet. The error is an [ErrAccountSID] unless accountSID is "AC" and one or more
// ASCII letters and digits. It is an [ErrAuthToken] if authToken is empty, has a
// byte that is not visible ASCII, is in quotes, has the form of a SID (two
// capital letters and 32 hexadecimal digits), is accountSID or eight or more
// characters of it, or is too short for an enforced FIPS 140-3 mode. No error of
// New shows any part of its arguments.
func New(accountSID, authToken string) (Capability, error) {
	if err := checkAccountSID(accountSID, "the auth token"); err != nil {
		return Capability{err: err}, err // without accountSID, which may be the auth token
	}
	if err := checkSecret(ErrAuthToken, "it", authToken, accountSID, ""); err != nil {
		return Capability{err: err}, err
	}
	c := Capability{header: plainHeader, payload: Capability.appendScopePayload, accountSID: accountSID}
	return c.withSecret(authToken, ErrAuthToken, "it")
}

// NewWithAPIKey returns a Capability that generates Access Tokens and allows
// nothing yet. Twilio's console shows the secret of an API key only once, when
// the key is created. It must be a Main or a Standard key of the same account;
// a Restricted key cannot sign Access Tokens (Twilio's error 20160).
//
// The errors are as those of [New], with an [ErrAPIKey] for the SID and for the
// secret of the key. The SID must be "SK" and one or more ASCII letters and
// digits, but not 32 characters in all, as a secret has. The secret must not be
// one of the two SIDs or eight or more characters of one. No error of
// NewWithAPIKey shows any part of its arguments.
func NewWithAPIKey(accountSID, apiKeySID, apiKeySecret string) (Capability, error) {
	if err := checkAccountSID(accountSID, "the API key"); err != nil {
		return Capability{err: err}, err
	}
	if err := checkAPIKeySID(apiKeySID); err != nil {
		return Capability{err: err}, err
	}
	if err := checkSecret(ErrAPIKey, "the secret", apiKeySecret, accountSID, apiKeySID); err != nil {
		return Capability{err: err}, err
	}
	c := Capability{payload: Capability.appendGrantPayload, accountSID: accountSID, apiKeySID: apiKeySID}
	c.header = encodeHeader(accessHeader + `}`)
	return c.withSecret(apiKeySecret, ErrAPIKey, "the secret")
}

// withSecret completes a Capability, or returns an error if an enforced FIPS
// 140-3 mode rejects the secret.
func (c Capability) withSecret(secret string, kind error, subject string) (Capability, error) {
	tooShort := newError(kind, subject+" has fewer than the 14 characters that an enforced FIPS 140-3 mode requires")
	key, err := newKey(secret, tooShort)
	if err != nil {
		return Capability{err: err}, err
	}
	c.key, c.ttl, c.now = key, DefaultTTL, time.Now
	return c, nil
}

// AllowClientIncoming allows incoming calls to a client name, which is also
// the name of the caller in outgoing calls. The error is that of
// [Capability.WithClientName].
func (c Capability) AllowClientIncoming(clientName string) Capability {
	c = c.WithClientName(clientName)
	if c.isAccess() && c.allows(incoming) {
		return c // the same name once more, or an error
	}
	if c.err == nil {
		c.permissions.add(permission{action: incoming, name: clientName})
	}
	return c
}

// AllowClientOutgoing allows outgoing calls through a TwiML application. Twilio
// sends the parameters to the application's voice URL with each call. The
// device can read but not change them, as the token is signed.
//
// The error is an [ErrApplicationSID] unless applicationSID is "AP" and one or
// more ASCII letters and digits, and an [ErrParam] if a parameter has no name
// or the name of another one in this call. For an Access Token it is an
// [ErrParam] also if a parameter is not valid UTF-8, and an [ErrKind] if
// AllowClientOutgoing was called before, as it has one application.
func (c Capability) AllowClientOutgoing(applicationSID string, params ...Parameter) Capability {
	if c.isAccess() && c.allows(outgoing) {
		c.remember(newError(ErrKind, "an Access Token has one TwiML application; call AllowClientOutgoing once"))
	}
	c.remember(checkApplicationSID(applicationSID))
	c.remember(checkParams(params))
	if c.isAccess() {
		c.remember(checkParamsText(params))
	}
	if c.err == nil {
		c.permissions.add(permission{outgoing, applicationSID, slices.Clone(params)})
	}
	return c
}

// AllowEventStream allows subscribing to the account's events, or to those that
// match all filters. Version 2 of the Voice JavaScript SDK does not use it. The
// error is an [ErrParam] if a filter has no name or the name of another one in
// this call. For an Access Token it is an [ErrKind].
func (c Capability) AllowEventStream(filters ...Parameter) Capability {
	if c.isAccess() {
		c.remember(newError(ErrKind, "an Access Token has no event stream; do without AllowEventStream"))
	}
	c.remember(checkParams(filters))
	if c.err == nil {
		c.permissions.add(permission{action: eventStream, params: slices.Clone(filters)})
	}
	return c
}

// WithClientName sets the caller's name in outgoing calls without allowing
// incoming calls. The last client name given applies to all outgoing calls,
// including those allowed earlier. The error is an [ErrClientName] unless name
// is 1 to 256 of A-Z, a-z, 0-9 and _ (Twilio's errors 31100 and 31105).
//
// An Access Token has one client name, its identity. Once a name receives calls
// in it, the error for any other name is an [ErrKind].
func (c Capability) WithClientName(name string) Capability {
	c.remember(checkClientName(name))
	if c.isAccess() && c.allows(incoming) && name != c.clientName {
		c.remember(newValueError(ErrKind, name, "an Access Token has one client name; "+quote(c.clientName)+" receives calls already"))
	}
	if c.err == nil {
		c.clientName = name
	}
	return c
}

// WithRegion sets the region of an Access Token, such as "ie1" or "au1", which
// must be that of the API key and of the TwiML application. The default is us1.
// In the browser, the Device's edge has to match it. The error is an [ErrRegion]
// unless region is one or more lower-case letters and digits. For a capability
// token it is an [ErrKind].
func (c Capability) WithRegion(region string) Capability {
	if !c.isAccess() {
		c.remember(newError(ErrKind, "capability tokens are for the region us1 only; use NewWithAPIKey"))
	}
	c.remember(checkRegion(region))
	if c.err == nil {
		c.region = region
		c.header = encodeHeader(accessHeader + `,"twr":"` + region + `"}`)
	}
	return c
}

// WithTTL sets the lifetime of each token, from when it is generated. The
// expiry is rounded down to a whole second. WithTTL replaces an earlier TTL or
// expiry. The error is an [ErrTTL] unless ttl is from 1 second to [MaxTTL].
func (c Capability) WithTTL(ttl time.Duration) Capability {
	c.remember(checkTTL(ttl, MaxTTL))
	if c.err == nil {
		c.ttl, c.expiry = ttl, nil
	}
	return c
}

// WithExpiry sets the time at which tokens expire, rounded down to a whole
// second. It replaces an earlier TTL or expiry. The error is an [ErrTTL] if t is
// the zero time; GenerateToken returns one if t is not from 1 second to [MaxTTL]
// away when a token is generated.
func (c Capability) WithExpiry(t time.Time) Capability {
	c.remember(checkTime("expiry", t))
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
	c.remember(checkTime("not-before", t))
	if c.err == nil {
		t = t.Round(0)
		c.notBefore = &t
	}
	return c
}

// WithClaim adds a claim for services of your own that read the same token. Any
// holder of the token can read it. The error is an [ErrClaim] if name is empty,
// if it is scope, iss, exp, nbf, iat or that of an earlier claim, or if name or
// value is not valid UTF-8. In an Access Token the names jti, sub and grants are
// reserved too. WithClaim is meant for a handful of claims: each call copies the
// earlier ones.
func (c Capability) WithClaim(name, value string) Capability {
	c.remember(checkClaim(name, value, c.isAccess(), c.claims))
	if c.err == nil {
		c.claims = append(slices.Clip(c.claims), Parameter{name, value}) // never into an array that another copy has
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
// expiry has passed is decided when a token is generated. Nor does it miss the
// client name of an Access Token, which a base does not have yet.
func (c Capability) Err() error {
	if c.err == nil && c.key == nil {
		return newError(ErrAccountSID, "use of zero Capability: call New or NewWithAPIKey")
	}
	return c.err
}

// GenerateToken returns a signed token. The error is that of Err, or an
// [ErrTTL] if the expiry is not from 1 second to [MaxTTL] away, or if the
// not-before is not before it. For an Access Token without a client name it is
// an [ErrClientName]. (It is the constructor's error for a secret if FIPS 140-3
// mode was not enforced then but is now, and requires a longer one.)
func (c Capability) GenerateToken() (string, error) {
	s, token, err := c.generate()
	if err != nil {
		return "", err
	}
	text := string(token)
	c.key.release(s)
	return text, nil
}

// AppendToken appends the token to dst, as GenerateToken returns it. On error
// it returns dst unchanged.
func (c Capability) AppendToken(dst []byte) ([]byte, error) {
	s, token, err := c.generate()
	if err != nil {
		return dst, err
	}
	dst = append(dst, token...)
	c.key.release(s)
	return dst, nil
}

// generate returns a token and the signer that it is valid for, to be released
// after the token was copied.
func (c *Capability) generate() (*signer, []byte, error) {
	if err := c.Err(); err != nil {
		return nil, nil, err
	}
	now := c.now()
	expiry := now.Add(c.ttl)
	if c.expiry != nil {
		expiry = *c.expiry
	}
	if err := checkExpiry(expiry, now, MaxTTL); err != nil {
		return nil, nil, err
	}
	if c.notBefore != nil {
		if err := checkOrder(*c.notBefore, expiry, now, MaxTTL); err != nil {
			return nil, nil, err
		}
	}
	if c.isAccess() && c.clientName == "" {
		return nil, nil, newError(ErrClientName, "an Access Token needs one: call AllowClientIncoming or WithClientName")
	}
	s, err := c.key.signer()
	if err != nil {
		return nil, nil, err
	}
	payload := c.payload(*c, s.buffer[:0], now.Unix(), expiry.Unix())
	return s, s.seal(c.header, payload), nil
}

// String returns the account, the API key if there is one, the client name, the
// lifetime and what is allowed, or the error that Err returns. Of what the
// constructor was given, it shows the SIDs only.
func (c Capability) String() string {
	if err := c.Err(); err != nil {
		return err.Error()
	}
	s := "account " + c.accountSID
	if c.isAccess() {
		s += ", API key " + c.apiKeySID
	}
	if c.region != "" {
		s += ", region " + c.region
	}
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
	if c.permissions.n == 0 {
		return s + ", nothing allowed"
	}
	return s + ", " + string(c.appendScopes(nil))
}

// isAccess reports whether c generates Access Tokens.
func (c *Capability) isAccess() bool { return c.apiKeySID != "" }

// remember keeps err unless there is an error already.
func (c *Capability) remember(err error) {
	if c.err = c.Err(); c.err == nil {
		c.err = err
	}
}

// allows reports whether an action is allowed.
func (c *Capability) allows(a action) bool {
	return slices.ContainsFunc(c.permissions.list(), func(p permission) bool { return p.action == a })
}

// accessHeader begins the header of an Access Token. Its content type is what
// tells an Access Token from a capability token.
const (
	accessHeader      = `{"typ":"JWT","alg":"HS256","cty":"` + accessContentType + `"`
	accessContentType = "twilio-fpa;v=1"
)

// appendScopePayload appends the payload of a capability token. It takes the
// Capability by value, as a pointer that is passed to a function value moves it
// to the heap. Each value in a payload was checked when it was given, or is
// escaped here, so none can end the string that it stands in.
func (c Capability) appendScopePayload(dst []byte, _, expiry int64) []byte {
	dst = c.appendClaims(append(dst, '{'))
	dst = append(dst, `"scope":"`...)
	dst = c.appendScopes(dst)
	dst = append(dst, `","iss":"`...)
	dst = append(dst, c.accountSID...)
	dst = append(dst, `","exp":`...)
	dst = strconv.AppendInt(dst, expiry, 10)
	return append(c.appendNotBefore(dst), '}')
}

// appendGrantPayload appends the payload of an Access Token.
func (c Capability) appendGrantPayload(dst []byte, now, expiry int64) []byte {
	dst = c.appendClaims(append(dst, '{'))
	dst = append(dst, `"jti":"`...)
	dst = append(dst, c.apiKeySID...)
	dst = append(dst, '-')
	dst = strconv.AppendInt(dst, now, 10)
	dst = append(dst, `","iss":"`...)
	dst = append(dst, c.apiKeySID...)
	dst = append(dst, `","sub":"`...)
	dst = append(dst, c.accountSID...)
	dst = append(dst, `","exp":`...)
	dst = strconv.AppendInt(dst, expiry, 10)
	dst = append(dst, `,"grants":`...)
	dst = appendGrants(dst, c.voiceGrant())
	return append(c.appendNotBefore(dst), '}')
}

// appendClaims appends the extra claims, with a comma after each.
func (c *Capability) appendClaims(dst []byte) []byte {
	for _, claim := range c.claims {
		dst = appendString(dst, claim.Name)
		dst = append(dst, ':')
		dst = appendString(dst, claim.Value)
		dst = append(dst, ',')
	}
	return dst
}

func (c *Capability) appendNotBefore(dst []byte) []byte {
	if c.notBefore == nil {
		return dst
	}
	dst = append(dst, `,"nbf":`...)
	return strconv.AppendInt(dst, c.notBefore.Unix(), 10)
}

// appendScopes appends the scope URIs, with a space between two.
func (c *Capability) appendScopes(dst []byte) []byte {
	for i, p := range c.permissions.list() {
		if i > 0 {
			dst = append(dst, ' ')
		}
		switch p.action {
		case incoming:
			dst = appendIncoming(dst, p.name)
		case outgoing:
			dst = appendOutgoing(dst, p.name, p.params, c.clientName)
		case eventStream:
			dst = appendEventStream(dst, p.params)
		}
	}
	return dst
}

// voiceGrant returns what an Access Token allows.
func (c *Capability) voiceGrant() voiceGrant {
	g := voiceGrant{identity: c.clientName}
	for _, p := range c.permissions.list() {
		switch p.action {
		case incoming:
			g.incoming = true
		case outgoing:
			g.applicationSID, g.params = p.name, p.params
		}
	}
	return g
}

// A permission is one thing that a device may do, as it was given.
type permission struct {
	action action
	name   string      // the client name, or the SID of the application
	params []Parameter // of the application, or filters; never changed
}

type action int

const (
	incoming action = iota
	outgoing
	eventStream
)

// permissions is a list that can be copied and added to without disturbing other
// copies. Most devices need one incoming and one outgoing permission, so two
// have room in the value itself: in a slice they would cost a token 11% more time
// and two allocations.
type permissions struct {
	last   [2]permission
	n      int          // how many there are in all
	before *permissions // those before last, shared between copies and never changed
}

func (p *permissions) add(one permission) {
	if p.n > 0 && p.n%2 == 0 {
		full := *p
		*p = permissions{n: p.n, before: &full}
	}
	p.last[p.n%2] = one
	p.n++
}

// list returns all permissions in the order of the calls.
func (p *permissions) list() []permission {
	if p.before == nil {
		return p.last[:p.n]
	}
	all := make([]permission, p.n)
	for b, end := p, p.n; b != nil; b = b.before {
		start := (end - 1) / 2 * 2
		copy(all[start:end], b.last[:])
		end = start
	}
	return all
}
