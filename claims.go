package capability

import (
	"strings"
	"time"
)

// Verify checks the signature of a token, its account and its validity period,
// and returns its claims. The account, the auth token and the clock are those
// of the Capability; what it allows does not matter. A token is valid from its
// not-before up to, but not at, its expiry.
//
// The signature is checked first, always as HS256 and compared in constant
// time, so that only text written by someone who knows the auth token is
// parsed. The error matches one of the errors of reading, or is that of
// [Capability.Err]. (As with GenerateToken, it can be an [ErrAuthToken] in
// enforced FIPS 140-3 mode.) Verify does not check the audience: a service that
// shares its account with others compares Claim("aud") itself.
func (c Capability) Verify(token string) (Claims, error) {
	if err := c.Err(); err != nil {
		return Claims{}, err
	}
	payload, err := c.key.open(token)
	if err != nil {
		return Claims{}, err
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return Claims{}, err
	}
	if claims.AccountSID != c.accountSID {
		return Claims{}, newValueError(ErrIssuer, claims.AccountSID, "this Capability has the account "+quote(c.accountSID))
	}
	if err := claims.checkTime(c.now()); err != nil {
		return Claims{}, err
	}
	return claims, nil
}

// ParseUnverified returns the claims of a token without checking its signature,
// its account or its validity period. It is for looking at a token: anyone can
// have written what it returns. The error is an [ErrMalformed], [ErrAlgorithm],
// [ErrIssuer] (the token names no account) or [ErrScope].
func ParseUnverified(token string) (Claims, error) {
	payload, err := openUnverified(token)
	if err != nil {
		return Claims{}, err
	}
	return parseClaims(payload)
}

// Claims is what a token says. Its times are whole seconds, in UTC.
type Claims struct {
	AccountSID string
	Scopes     []Scope // in order; nil if there are none
	ExpiresAt  time.Time
	NotBefore  time.Time // zero if the token has none
	IssuedAt   time.Time // zero if the token has none

	extra []member // in order; nil if there are none
}

// A member is a claim beyond those that are fields of Claims.
type member struct {
	name  string
	value value
}

// ClientName returns the client name of the last scope of the service "client"
// that has one, or "".
func (c Claims) ClientName() string {
	for i := len(c.Scopes) - 1; i >= 0; i-- {
		if name, ok := c.Scopes[i].Param("clientName"); ok && c.Scopes[i].Service() == "client" {
			return name
		}
	}
	return ""
}

// Claim returns the value of an extra claim, such as one that was added by
// [Capability.WithClaim], and whether the token has it as a string. Names are
// case-sensitive: a token may have "ISS" beside "iss".
func (c Claims) Claim(name string) (string, bool) {
	for _, m := range c.extra {
		if m.name == name && m.value.isString {
			return m.value.text, true
		}
	}
	return "", false
}

// ClaimNames returns the names of all extra claims in the order of the token,
// including those that are not strings. The caller may change the slice.
func (c Claims) ClaimNames() []string {
	names := make([]string, len(c.extra))
	for i, m := range c.extra {
		names[i] = m.name
	}
	return names
}

// checkTime returns an error unless the token is valid now. A fraction of a
// second is ignored.
func (c *Claims) checkTime(now time.Time) error {
	now = time.Unix(now.Unix(), 0)
	switch {
	case c.ExpiresAt.Unix() <= now.Unix():
		return &detailedError{ErrExpired, " at " + date(c.ExpiresAt) + ", " + length(c.ExpiresAt.Sub(now)) + " ago" + clock(now)}
	case !c.NotBefore.IsZero() && c.NotBefore.Unix() > now.Unix():
		return newError(ErrNotYetValid, "valid from "+date(c.NotBefore)+", "+length(c.NotBefore.Sub(now))+" away"+clock(now))
	}
	return nil
}

func clock(now time.Time) string { return " (clock: " + date(now) + ")" }

// parseClaims reads the payload of a token.
func parseClaims(payload string) (Claims, error) {
	var c Claims
	var hasScope, hasExpiry bool
	err := parseObject("payload", payload, func(name string, v value) (err error) {
		switch name {
		case "iss":
			c.AccountSID, err = parseIssuer(v)
		case "scope":
			hasScope = true
			c.Scopes, err = parseScopes(v)
		case "exp":
			hasExpiry = true
			c.ExpiresAt, err = parseTime(name, v)
		case "nbf":
			c.NotBefore, err = parseOptionalTime(name, v)
		case "iat":
			c.IssuedAt, err = parseOptionalTime(name, v)
		default:
			c.extra = append(c.extra, member{name, v})
		}
		return err
	})
	switch {
	case err != nil:
		return Claims{}, err
	case c.AccountSID == "":
		return Claims{}, newError(ErrIssuer, "payload: there is no iss")
	case !hasScope:
		return Claims{}, newError(ErrScope, "payload: there is no scope")
	case !hasExpiry:
		return Claims{}, newError(ErrMalformed, "payload: there is no exp")
	}
	return c, nil
}

func parseIssuer(v value) (string, error) {
	if !v.isString || v.text == "" {
		return "", newError(ErrIssuer, "payload: iss is "+v.quoted()+", not an account SID")
	}
	return v.text, nil
}

// parseScopes reads a scope claim: scope URIs with one space between two.
func parseScopes(v value) ([]Scope, error) {
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

// parseTime reads a NumericDate (RFC 7519, section 2), of which Twilio accepts
// whole seconds only.
func parseTime(name string, v value) (time.Time, error) {
	seconds, ok := v.integer()
	if !ok {
		return time.Time{}, newError(ErrMalformed, "payload: "+name+" is "+v.quoted()+", not a whole number of seconds in 64 bits")
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// parseOptionalTime rejects the zero time, which would mean that there is none.
func parseOptionalTime(name string, v value) (time.Time, error) {
	t, err := parseTime(name, v)
	if err == nil && t.IsZero() {
		err = newError(ErrMalformed, "payload: "+name+" is the zero time, the first second of the year 1")
	}
	return t, err
}
