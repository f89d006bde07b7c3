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
// generates tokens for the device, and verifies tokens of the account. [New]
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
	issuer      *issuer // nil in the zero Capability; shared between copies and never changed
	clientName  string  // the last one given
	permissions permissions
	claims      *claims
	ttl         time.Duration
	expiry      *time.Time // nil if the ttl applies
	notBefore   *time.Time // nil if there is none
	now         func() time.Time
	err         error // the first one
}

// An issuer signs tokens of one kind in the name of an account.
type issuer struct {
	key        *key
	header     string        // of every token, in base64url
	members    appendMembers // of the payload
	accountSID string
	apiKeySID  string // "" unless the tokens are Access Tokens
	region     string // of an Access Token; "" if none was given
}

// appendMembers appends the members of a payload in which the kinds of token
// differ. It takes the permissions by value, as a pointer that goes to a function
// value moves all of the Capability to the heap.
type appendMembers func(dst []byte, i *issuer, p permissions, clientName string, now, expiry int64) []byte

// New returns a Capability that generates capability tokens and allows nothing
// yet. The error is an [ErrAccountSID] unless accountSID is "AC" and one or more
// ASCII letters and digits. It is an [ErrAuthToken] if authToken is empty, has a
// byte that is not visible ASCII, is in quotes, has the form of a SID (two
// capital letters and 32 hexadecimal digits), is accountSID or a stretch of eight
// or more characters of it, or is too short for an enforced FIPS 140-3 mode. No
// error of New shows any part of its arguments.
func New(accountSID, authToken string) (Capability, error) {
	if err := checkAccount(accountSID, authToken); err != nil {
		return failed(err)
	}
	key, err := newKey(authToken, newError(ErrAuthToken, tooShort))
	if err != nil {
		return failed(err)
	}
	i := &issuer{key: key, header: plainHeader, members: appendScopeMembers, accountSID: accountSID}
	return Capability{issuer: i, ttl: DefaultTTL, now: time.Now}, nil
}

// NewWithAPIKey returns a Capability that generates Access Tokens and allows
// nothing yet. Twilio's console shows the secret of an API key only once, when
// the key is created. It must be a Main or a Standard key of the same account;
// a Restricted key cannot sign Access Tokens (Twilio's error 20160).
//
// The errors are those of [New], but an [ErrAPIKey] for the SID and for the
// secret of the key. The SID must be "SK" and one or more ASCII letters and
// digits, but not 32 characters in all, as a secret has. The secret must not be
// one of the two SIDs, or a stretch of eight or more characters of one. No error
// of NewWithAPIKey shows any part of its arguments.
func NewWithAPIKey(accountSID, apiKeySID, apiKeySecret string) (Capability, error) {
	if err := checkAPIKey(accountSID, apiKeySID, apiKeySecret); err != nil {
		return failed(err)
	}
	key, err := newKey(apiKeySecret, newFieldError(ErrAPIKey, secretField, tooShort))
	if err != nil {
		return failed(err)
	}
	i := &issuer{key: key, header: accessHeader, members: appendGrantMembers, accountSID: accountSID, apiKeySID: apiKeySID}
	return Capability{issuer: i, ttl: DefaultTTL, now: time.Now}, nil
}

// failed returns a Capability that only returns err, without the arguments of
// the constructor, as any of them may be the secret. Its issuer,
// which is never used, tells it from the zero Capability.
func failed(err error) (Capability, error) { return Capability{issuer: new(issuer), err: err}, err }

// AllowClientIncoming allows incoming calls to a client name, which is also the
// name of the caller in outgoing calls. The error is that of
// [Capability.WithClientName].
func (c Capability) AllowClientIncoming(clientName string) Capability {
	c.setClientName(clientName)
	again := c.isAccess() && c.permissions.granted(incoming) // to the same name, or there is an error
	if c.err == nil && !again {
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
// or the name of another one in this call. An Access Token has one application
// and only valid UTF-8: for it, the error is an [ErrKind] if AllowClientOutgoing
// was called before, and an [ErrParam] if a parameter is not valid UTF-8.
func (c Capability) AllowClientOutgoing(applicationSID string, params ...Parameter) Capability {
	if c.isAccess() && c.permissions.granted(outgoing) {
		c.remember(newError(ErrKind, "an Access Token has one TwiML application; generate a token for each"))
	}
	own := append([]Parameter(nil), params...) // before the check, so that nobody changes what was checked
	c.remember(checkApplicationSID(applicationSID))
	c.remember(checkParams(own, c.isAccess()))
	if c.err == nil {
		c.permissions.add(permission{outgoing, applicationSID, own})
	}
	return c
}

// AllowEventStream allows subscribing to the account's events, or to those that
// match all filters. Version 2 of the Voice JavaScript SDK does not use it. The
// error is an [ErrParam] if a filter has no name or the name of another one in
// this call. For an Access Token it is an [ErrKind].
func (c Capability) AllowEventStream(filters ...Parameter) Capability {
	if c.isAccess() {
		c.remember(newError(ErrKind, "an Access Token cannot allow the event stream; leave out AllowEventStream"))
	}
	own := append([]Parameter(nil), filters...)
	c.remember(checkParams(own, false))
	if c.err == nil {
		c.permissions.add(permission{action: eventStream, params: own})
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
	c.setClientName(name)
	return c
}

// WithRegion sets the region of an Access Token, such as "ie1" or "au1", which
// must be that of the API key and of the TwiML application. The default is us1.
// In the browser, the Device's edge has to match it. The error is an [ErrRegion]
// unless region is one or more lower-case letters and digits. For a capability
// token it is an [ErrKind].
func (c Capability) WithRegion(region string) Capability {
	if !c.isAccess() {
		c.remember(newError(ErrKind, "a capability token is for the region us1 only; use NewWithAPIKey"))
	}
	c.remember(checkRegion(region))
	if c.err == nil {
		i := *c.issuer
		c.issuer = &i
		i.region = region
		i.header = encodeHeader(`{"typ":"JWT","alg":"HS256","cty":"` + accessContentType + `","twr":"` + region + `"}`)
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
	c.remember(checkTimeSet("expiry", t))
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
	c.remember(checkTimeSet("not-before", t))
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
// text of the earlier ones.
func (c Capability) WithClaim(name, value string) Capability {
	c.remember(checkClaim(name, value, c.isAccess(), c.claims.has(name)))
	if c.err == nil {
		c.claims = c.claims.with(name, value)
	}
	return c
}

// WithClock sets the clock of GenerateToken, AppendToken and Verify: for tests, or
// to verify with some leeway where clocks differ. It has to be safe for
// concurrent use if the Capability is shared. nil means [time.Now].
func (c Capability) WithClock(now func() time.Time) Capability {
	if now == nil {
		now = time.Now
	}
	c.now = now
	return c
}

// Err returns the first error of the calls so far, so that a program can check
// its base Capability at start-up. It does not look at the clock: whether an
// expiry has passed is decided when a token is generated. Nor does it require a
// client name for Access Tokens, as a base has none yet.
func (c Capability) Err() error {
	if c.issuer == nil {
		return newError(ErrAccountSID, "use of zero Capability: call New or NewWithAPIKey")
	}
	return c.err
}

// GenerateToken returns a signed token. The error is that of Err, or an
// [ErrTTL] if the expiry is not from 1 second to [MaxTTL] away, or if the
// not-before is not before it. For an Access Token without a client name it is
// an [ErrClientName]. (If FIPS 140-3 mode, enforced since the constructor ran,
// requires a longer secret, it is the constructor's error for that.)
func (c Capability) GenerateToken() (string, error) {
	s, token, err := c.generate()
	if err != nil {
		return "", err
	}
	text := string(token)
	c.issuer.key.release(s)
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
	c.issuer.key.release(s)
	return dst, nil
}

// generate returns a token, which is valid until its signer is released.
func (c *Capability) generate() (*signer, []byte, error) {
	if err := c.Err(); err != nil {
		return nil, nil, err
	}
	now := c.now()
	expiry := now.Add(c.ttl)
	if c.expiry != nil {
		expiry = *c.expiry
	}
	if err := checkLifetime(now, expiry, c.notBefore, MaxTTL); err != nil {
		return nil, nil, err
	}
	if c.isAccess() && c.clientName == "" {
		return nil, nil, newError(ErrClientName, "an Access Token needs one: call AllowClientIncoming or WithClientName")
	}
	s, err := c.issuer.key.signer()
	if err != nil {
		return nil, nil, err
	}
	payload := c.appendPayload(s.buffer[:0], now.Unix(), expiry.Unix())
	return s, s.seal(c.issuer.header, payload), nil
}

// appendPayload appends the payload of a token. Each value in it was checked or
// escaped when it was given, or is escaped here, so none can end the string that
// it stands in.
func (c *Capability) appendPayload(dst []byte, now, expiry int64) []byte {
	dst = append(dst, '{')
	if c.claims != nil {
		dst = append(dst, c.claims.members...)
	}
	dst = c.issuer.members(dst, c.issuer, c.permissions, c.clientName, now, expiry)
	if c.notBefore != nil {
		dst = append(dst, `,"nbf":`...)
		dst = strconv.AppendInt(dst, c.notBefore.Unix(), 10)
	}
	return append(dst, '}')
}

// String returns the account, the API key and the region of an Access Token, the
// client name, the not-before, the lifetime and what is allowed, or the error that
// Err returns. Of what the constructor was given, it shows the SIDs only. It does
// not show the claims of WithClaim.
func (c Capability) String() string {
	if err := c.Err(); err != nil {
		return err.Error()
	}
	s := "account " + c.issuer.accountSID
	if c.isAccess() {
		s += ", API key " + c.issuer.apiKeySID
	}
	if c.issuer.region != "" {
		s += ", region " + c.issuer.region
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
	return s + ", " + string(c.permissions.appendScopes(nil, c.clientName))
}

// isAccess reports whether c generates Access Tokens.
func (c *Capability) isAccess() bool { return c.issuer != nil && c.issuer.apiKeySID != "" }

// remember keeps err unless there is an error already.
func (c *Capability) remember(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *Capability) setClientName(name string) {
	c.remember(checkClientName(name))
	if c.isAccess() && c.permissions.granted(incoming) {
		c.remember(checkReceiver(c.clientName, name))
	}
	if c.err == nil {
		c.clientName = name
	}
}

// accessContentType is what tells an Access Token from a capability token.
const accessContentType = "twilio-fpa;v=1"

// accessHeader is {"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"} in base64url.
const accessHeader = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsImN0eSI6InR3aWxpby1mcGE7dj0xIn0"

// appendScopeMembers is for a capability token.
func appendScopeMembers(dst []byte, i *issuer, p permissions, clientName string, _, expiry int64) []byte {
	dst = append(dst, `"scope":"`...)
	dst = p.appendScopes(dst, clientName)
	dst = append(dst, `","iss":"`...)
	dst = append(dst, i.accountSID...)
	dst = append(dst, `","exp":`...)
	return strconv.AppendInt(dst, expiry, 10)
}

// appendGrantMembers is for an Access Token.
func appendGrantMembers(dst []byte, i *issuer, p permissions, clientName string, now, expiry int64) []byte {
	dst = append(dst, `"jti":"`...)
	dst = append(dst, i.apiKeySID...)
	dst = append(dst, '-')
	dst = strconv.AppendInt(dst, now, 10)
	dst = append(dst, `","iss":"`...)
	dst = append(dst, i.apiKeySID...)
	dst = append(dst, `","sub":"`...)
	dst = append(dst, i.accountSID...)
	dst = append(dst, `","exp":`...)
	dst = strconv.AppendInt(dst, expiry, 10)
	dst = append(dst, `,"grants":`...)
	return appendGrants(dst, p.voiceGrant(clientName))
}

// claims are those of WithClaim, shared between copies and never changed. nil is
// none.
type claims struct {
	names   []string
	members string // of the payload, with a comma after each
}

func (c *claims) has(name string) bool { return c != nil && slices.Contains(c.names, name) }

// with returns the claims and one more.
func (c *claims) with(name, value string) *claims {
	if c == nil {
		c = new(claims)
	}
	members := append(appendString([]byte(c.members), name), ':')
	members = append(appendString(members, value), ',')
	return &claims{append(slices.Clip(c.names), name), string(members)}
}
