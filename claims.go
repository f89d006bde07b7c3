package capability

import (
	"slices"
	"strings"
	"time"
)

// Verify checks the signature of a token, its account and its validity period,
// and returns its claims. The kind of token, the account, the key and the clock
// are those of the Capability; what it allows does not matter. A token is valid
// from its not-before up to, but not at, its expiry.
//
// The signature is checked first, always as HS256 and compared in constant
// time, so that only text written by someone who knows the secret is parsed.
// The error matches one of the errors of reading, or is that of
// [Capability.Err]. It is an [ErrKind] if the signature is right but the token
// is of the other kind. (As with GenerateToken, it can be an [ErrAuthToken] or
// [ErrAPIKey] in enforced FIPS 140-3 mode.)
//
// Verify does not check the audience, and it accepts any Access Token that was
// signed with the API key, for whatever service. Use an API key for voice alone.
// If services share a secret, each must reject a token unless Claim("aud") returns
// its own name and true.
func (c Capability) Verify(token string) (Claims, error) {
	if err := c.Err(); err != nil {
		return Claims{}, err
	}
	header, payload, err := c.issuer.key.open(token)
	if err != nil {
		return Claims{}, err
	}
	if isAccess := isAccessToken(header); isAccess != c.isAccess() {
		return Claims{}, otherKind(isAccess)
	}
	claims, err := parseClaims(header, payload)
	if err != nil {
		return Claims{}, err
	}
	if err := claims.checkIssuer(c.issuer.accountSID, c.issuer.apiKeySID); err != nil {
		return Claims{}, err
	}
	if err := claims.checkTime(c.now()); err != nil {
		return Claims{}, err
	}
	return claims, nil
}

// ParseUnverified returns the claims of a token of either kind without checking
// its signature, its account or its validity period. It is for looking at a
// token: anyone can have written what it returns. The error is an
// [ErrMalformed], [ErrAlgorithm], [ErrIssuer] (the token names no account or API
// key) or [ErrScope].
func ParseUnverified(token string) (Claims, error) {
	header, payload, err := openUnverified(token)
	if err != nil {
		return Claims{}, err
	}
	return parseClaims(header, payload)
}

// Claims is what a token says. Its times are whole seconds, in UTC. The voice
// grant of an Access Token is translated to the scopes that say the same, so
// that one program can read both kinds of token; other grants are skipped.
//
// JSON shows the exported fields, not the other claims, and the client name only
// if a scope has it. Package encoding/json returns an error for a time after the
// year 9999.
type Claims struct {
	AccountSID string
	APIKeySID  string  // of an Access Token; "" in a capability token
	Region     string  // of an Access Token; "" if it names none
	Scopes     []Scope // in order; nil if there are none
	ExpiresAt  time.Time
	NotBefore  time.Time // zero if the token has none
	IssuedAt   time.Time // zero if the token has none

	identity string // of an Access Token
	extra    []member
	texts    map[string]string // those of extra that are strings, if there are many
}

// A member is a claim beyond those that are fields of Claims.
type member struct {
	name  string
	value jsonValue
}

// ClientName returns the identity of an Access Token. In a capability token it
// is the client name of the last scope of the service "client" that has one. It
// is "" if there is none.
func (c Claims) ClientName() string {
	if c.identity != "" {
		return c.identity
	}
	for i := len(c.Scopes) - 1; i >= 0; i-- {
		if name, ok := c.Scopes[i].Param("clientName"); ok && c.Scopes[i].Service() == "client" {
			return name
		}
	}
	return ""
}

// Claim returns the value of a claim that is not a field of Claims, such as one
// that was added by [Capability.WithClaim], and whether the token has it as a
// string. A claim that is a list, as "aud" may be, is reported as absent. Names
// are case-sensitive: a token may have "ISS" beside "iss". Do not use "jti" of an
// Access Token as a nonce: tokens generated in the same second share it.
func (c Claims) Claim(name string) (string, bool) {
	if c.texts != nil {
		text, ok := c.texts[name]
		return text, ok
	}
	for _, m := range c.extra {
		if m.name == name && m.value.isString {
			return m.value.text, true
		}
	}
	return "", false
}

// ClaimNames returns the names of all claims that are not fields of Claims,
// strings or not, in the order of the token. These are all but iss, exp, nbf,
// iat and scope, and in an Access Token all but iss, sub, exp, nbf, iat and
// grants. The caller may change the slice.
func (c Claims) ClaimNames() []string {
	names := make([]string, len(c.extra))
	for i, m := range c.extra {
		names[i] = m.name
	}
	return names
}

// otherKind is the error for a token that is not of the kind of the Capability.
func otherKind(isAccess bool) error {
	if isAccess {
		return newError(ErrKind, "it is an Access Token; verify it with a Capability from NewWithAPIKey")
	}
	return newError(ErrKind, "it is not an Access Token; verify a capability token with a Capability from New")
}

func (c *Claims) checkIssuer(accountSID, apiKeySID string) error {
	if c.APIKeySID != apiKeySID {
		return newValueError(ErrIssuer, c.APIKeySID, "this Capability has the API key "+quote(apiKeySID))
	}
	if c.AccountSID != accountSID {
		return newValueError(ErrIssuer, c.AccountSID, "this Capability has the account "+quote(accountSID))
	}
	return nil
}

// checkTime returns an error unless the token is valid now. A fraction of a
// second is ignored.
func (c *Claims) checkTime(now time.Time) error {
	now = time.Unix(now.Unix(), 0)
	switch {
	case c.ExpiresAt.Unix() <= now.Unix():
		return &detailedError{ErrExpired, " at " + between(c.ExpiresAt, now, "ago")}
	case !c.NotBefore.IsZero() && c.NotBefore.Unix() > now.Unix():
		return newError(ErrNotYetValid, "valid from "+between(c.NotBefore, now, "away"))
	}
	return nil
}

// between returns a limit, the clock, and how far apart they are.
func between(limit, now time.Time, side string) string {
	return date(limit) + ", " + length(limit.Sub(now)) + " " + side + " (clock: " + date(now) + ")"
}

// isAccessToken decides the kind of a token by its header, before its payload is
// read.
func isAccessToken(h header) bool { return h.cty == jsonValue{accessContentType, true} }

func parseClaims(h header, payload string) (c Claims, err error) {
	if isAccessToken(h) {
		err = c.parseAccessToken(h, payload)
	} else {
		err = c.parseCapabilityToken(payload)
	}
	if err != nil {
		return Claims{}, err
	}
	return c, nil
}

func (c *Claims) parseCapabilityToken(payload string) error {
	var hasScope bool
	err := parseObject("payload", payload, func(name string, v jsonValue) (err error) {
		switch name {
		case "iss":
			c.AccountSID, err = parseSID(name, v, "an account SID")
		case "scope":
			hasScope = true
			c.Scopes, err = parseScopes(v)
		default:
			err = c.parseOther(name, v)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case c.AccountSID == "":
		return newError(ErrIssuer, "payload: there is no iss")
	case !hasScope:
		return newError(ErrScope, "payload: there is no scope")
	}
	return c.complete()
}

func (c *Claims) parseAccessToken(h header, payload string) error {
	var err error
	if c.Region, err = parseRegion(h.twr); err != nil {
		return err
	}
	var hasGrants bool
	p := parser{part: "payload", text: payload}
	err = p.object(func(name string, v jsonValue) (err error) {
		switch name {
		case "iss":
			c.APIKeySID, err = parseSID(name, v, "the SID of an API key")
		case "sub":
			c.AccountSID, err = parseSID(name, v, "an account SID")
		case "grants":
			hasGrants = true
			err = c.addGrants(&p, v)
		default:
			err = c.parseOther(name, v)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case c.APIKeySID == "":
		return newError(ErrIssuer, "payload: there is no iss")
	case c.AccountSID == "":
		return newError(ErrIssuer, "payload: there is no sub")
	case !hasGrants:
		return newError(ErrScope, "payload: there are no grants")
	}
	return c.complete()
}

// parseRegion reads the header's twr, which is null in tokens of Twilio's Ruby
// helper for the default region.
func parseRegion(v jsonValue) (string, error) {
	switch {
	case v.isString:
		return v.text, nil
	case v.isAbsent(), v == jsonValue{text: "null"}:
		return "", nil
	}
	return "", newError(ErrMalformed, "header: twr is "+v.quoted()+", not a region")
}

func parseSID(name string, v jsonValue, want string) (string, error) {
	if !v.isString || v.text == "" {
		return "", newError(ErrIssuer, "payload: "+name+" is "+v.quoted()+", not "+want)
	}
	return v.text, nil
}

// parseScopes reads a scope claim: scope URIs with one space between two.
func parseScopes(v jsonValue) ([]Scope, error) {
	if !v.isString {
		return nil, newError(ErrScope, "payload: scope is "+v.quoted()+", not a string")
	}
	if v.text == "" {
		return nil, nil
	}
	n := min(strings.Count(v.text, " "), len(v.text)/len("scope:a:b ")) + 1
	scopes := make([]Scope, 0, n)
	params := make([]Parameter, 0, n+maxParams(v.text))
	for rest, more := v.text, true; more; {
		var uri string
		uri, rest, more = strings.Cut(rest, " ")
		if uri == "" {
			return nil, newError(ErrScope, "there is a space at an end of the scope claim, or two in a row")
		}
		var s Scope
		var err error
		if s, params, err = parseScope(uri, params); err != nil {
			return nil, err
		}
		scopes = append(scopes, s)
	}
	return scopes, nil
}

// addGrants reads the grants of an Access Token.
func (c *Claims) addGrants(p *parser, v jsonValue) error {
	g, err := parseGrants(p, v)
	c.identity, c.Scopes = g.identity, grantedScopes(g)
	return err
}

// grantedScopes returns the scopes that say the same as a voice grant.
func grantedScopes(g voiceGrant) []Scope {
	var scopes []Scope
	var caller []Parameter
	if g.identity != "" {
		caller = []Parameter{{"clientName", g.identity}}
	}
	if g.incoming {
		scopes = append(scopes, Scope{"client", "incoming", caller})
	}
	if g.applicationSID != "" {
		form := string(appendForm(nil, g.params))
		params := slices.Concat([]Parameter{{"appSid", g.applicationSID}, {"appParams", form}}, caller)
		scopes = append(scopes, Scope{"client", "outgoing", params})
	}
	return scopes
}

// parseOther reads a member that both kinds of token have alike.
func (c *Claims) parseOther(name string, v jsonValue) (err error) {
	switch name {
	case "exp":
		c.ExpiresAt, err = parseTime(name, v)
	case "nbf":
		c.NotBefore, err = parseTime(name, v)
	case "iat":
		c.IssuedAt, err = parseTime(name, v)
	default:
		c.extra = append(c.extra, member{name, v})
	}
	return err
}

// parseTime reads a NumericDate (RFC 7519, section 2), of which Twilio accepts
// whole seconds only. It rejects the zero time, which would mean that there is
// none.
func parseTime(name string, v jsonValue) (time.Time, error) {
	seconds, ok := v.integer()
	if !ok {
		return time.Time{}, newError(ErrMalformed, "payload: "+name+" is "+v.quoted()+
			", not a whole number of seconds in 64 bits")
	}
	t := time.Unix(seconds, 0).UTC()
	if t.IsZero() {
		return time.Time{}, newError(ErrMalformed, "payload: "+name+" is the zero time, the first second of the year 1")
	}
	return t, nil
}

// complete checks and indexes the claims after all members are read.
func (c *Claims) complete() error {
	const few = 16 // which are found faster without a map
	if c.ExpiresAt.IsZero() {
		return newError(ErrMalformed, "payload: there is no exp")
	}
	if len(c.extra) > few {
		c.texts = make(map[string]string)
		for _, m := range c.extra {
			if m.value.isString {
				c.texts[m.name] = m.value.text
			}
		}
	}
	return nil
}
