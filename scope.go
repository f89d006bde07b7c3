package capability

import (
	"slices"
	"strconv"
	"strings"
)

// A Parameter is one name and value of a scope: a parameter that a TwiML
// application receives, or a filter of an event stream. It may hold any bytes in
// a capability token, and valid UTF-8 in an Access Token.
type Parameter struct{ Name, Value string }

// Param returns the parameter with that name and value.
func Param(name, value string) Parameter { return Parameter{name, value} }

// A Scope is one permission in a token. It is written as a URI:
// scope:SERVICE:PRIVILEGE?NAME=VALUE&NAME=VALUE. It is immutable. The zero
// Scope grants nothing.
type Scope struct {
	service, privilege string
	params             []Parameter // nil if there are none
}

// ParseScope reads a scope URI from any source. The rules for generating tokens
// do not apply: a parameter may have any name and value and may occur twice,
// and one without "=" has an empty value.
//
// The error is an [ErrScope] if the URI does not begin with "scope:" or has a "#"
// or anything but visible ASCII, if its service or privilege is not one or more
// letters, digits, "-", "_" and ".", or if a "%" is not followed by two
// hexadecimal digits.
func ParseScope(uri string) (Scope, error) {
	scope, _, err := parseScope(uri, make([]Parameter, 0, maxParams(uri)))
	return scope, err
}

// Service returns the service that the scope is for: "client" or "stream" in
// the tokens that this package generates.
func (s Scope) Service() string { return s.service }

// Privilege returns what the scope permits: "incoming", "outgoing" or
// "subscribe" in the tokens that this package generates.
func (s Scope) Privilege() string { return s.privilege }

// Param returns the value of the first parameter with that name, and whether
// there is one. The appParams of an outgoing scope and the params of an event
// stream are lists themselves, which [ParseParams] reads.
func (s Scope) Param(name string) (string, bool) {
	for _, p := range s.params {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// Params returns a copy of the parameters, in order.
func (s Scope) Params() []Parameter { return slices.Clone(s.params) }

// String returns the scope URI, escaped as [Capability.GenerateToken] escapes it.
// [ParseScope] reads it back. The zero Scope returns "".
func (s Scope) String() string {
	if s.service == "" {
		return ""
	}
	uri := "scope:" + s.service + ":" + s.privilege
	if len(s.params) == 0 {
		return uri
	}
	return string(appendForm([]byte(uri+"?"), s.params))
}

// MarshalText returns the scope URI, as String does, for JSON and for logs. Its
// error is always nil.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ParseParams reads form-encoded parameters, as they stand in the appParams of
// an outgoing scope and the params of an event stream. It keeps their order and
// skips empty ones, as in a&&b. The error is an [ErrScope] if a "%" is not
// followed by two hexadecimal digits.
func ParseParams(query string) ([]Parameter, error) {
	params, err := parseParams(make([]Parameter, 0, maxParams(query)), query)
	if len(params) == 0 {
		return nil, err
	}
	return params, nil
}

// maxParams returns how many parameters a text can have at most: each takes a
// byte, and an "&" before the next.
func maxParams(text string) int {
	return min(strings.Count(text, "&")+1, (len(text)+1)/2)
}

// parseScope reads a scope URI. It appends the parameters to params, so that
// all scopes of a token can share one slice.
func parseScope(uri string, params []Parameter) (Scope, []Parameter, error) {
	for i := 0; i < len(uri); i++ {
		// White space to others would be the end of this scope and the beginning
		// of another; a "#" would begin a fragment.
		if c := uri[i]; c <= ' ' || c > '~' || c == '#' {
			return Scope{}, nil, newValueError(ErrScope, uri,
				quoteChar(uri[i:])+" at byte "+strconv.Itoa(i)+" must be percent-encoded")
		}
	}
	rest, ok := strings.CutPrefix(uri, "scope:")
	path, query, _ := strings.Cut(rest, "?")
	service, privilege, _ := strings.Cut(path, ":")
	if !ok || !isPlain(service) || !isPlain(privilege) {
		return Scope{}, nil, newValueError(ErrScope, uri,
			"want scope:SERVICE:PRIVILEGE and then, if any, ?NAME=VALUE&NAME=VALUE")
	}
	start := len(params)
	params, err := parseParams(params, query)
	if err != nil {
		return Scope{}, nil, err
	}
	s := Scope{service: service, privilege: privilege}
	if len(params) > start {
		s.params = params[start:]
	}
	return s, params, nil
}

// parseParams appends the parameters of a query to dst.
func parseParams(dst []Parameter, query string) ([]Parameter, error) {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, nameOK := unescapeForm(name)
		value, valueOK := unescapeForm(value)
		if !nameOK || !valueOK {
			return nil, newValueError(ErrScope, pair, `a parameter must have two hexadecimal digits after each "%"`)
		}
		dst = append(dst, Parameter{name, value})
	}
	return dst, nil
}

// unescapeForm undoes appendForm and what other encoders write. It reports
// whether every "%" has two hexadecimal digits.
func unescapeForm(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			b = append(b, ' ')
		case '%':
			code, err := strconv.ParseUint(s[i+1:min(i+3, len(s))], 16, 8)
			if err != nil || len(s) < i+3 {
				return "", false
			}
			b = append(b, byte(code))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b), true
}

// isPlain reports whether s is not empty and stays the same when it is escaped.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isFormPlain(s[i]) {
			return false
		}
	}
	return s != ""
}

// permissions is a list that can be copied and added to without disturbing other
// copies. Most devices need one incoming and one outgoing permission, so two
// have room in the value itself: in a slice they would cost two allocations for
// each token.
type permissions struct {
	last   [2]permission
	n      int          // how many there are in all
	before *permissions // those before last, shared between copies and never changed
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

// appendScopes appends the scope URIs, with a space between two.
func (p *permissions) appendScopes(dst []byte, clientName string) []byte {
	for i, one := range p.list() {
		if i > 0 {
			dst = append(dst, ' ')
		}
		switch one.action {
		case incoming:
			dst = appendIncoming(dst, one.name)
		case outgoing:
			dst = appendOutgoing(dst, one.name, one.params, clientName)
		case eventStream:
			dst = appendEventStream(dst, one.params)
		}
	}
	return dst
}

// granted reports whether an Access Token, which has two permissions at most,
// allows an action.
func (p *permissions) granted(a action) bool {
	for _, one := range p.last[:p.n] {
		if one.action == a {
			return true
		}
	}
	return false
}

// appendIncoming appends the scope URI that allows incoming calls.
func appendIncoming(dst []byte, clientName string) []byte {
	dst = append(dst, "scope:client:incoming?clientName="...)
	return append(dst, clientName...)
}

// appendOutgoing appends the scope URI that allows outgoing calls. It names the
// caller unless clientName is "".
func appendOutgoing(dst []byte, applicationSID string, params []Parameter, clientName string) []byte {
	dst = append(dst, "scope:client:outgoing?appSid="...)
	dst = append(dst, applicationSID...)
	dst = append(dst, "&appParams="...)
	dst = appendNestedForm(dst, params)
	if clientName != "" {
		dst = append(dst, "&clientName="...)
		dst = append(dst, clientName...)
	}
	return dst
}

// appendEventStream appends the scope URI that allows subscribing to events.
func appendEventStream(dst []byte, filters []Parameter) []byte {
	dst = append(dst, "scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params="...)
	return appendNestedForm(dst, filters)
}

// appendForm appends parameters form-encoded: NAME=VALUE&NAME=VALUE.
func appendForm(dst []byte, params []Parameter) []byte {
	return appendPairs(dst, params, "&", "=", "+", "%")
}

// appendNestedForm appends the same, form-encoded once more, since it is itself
// the value of a parameter: appParams or params.
func appendNestedForm(dst []byte, params []Parameter) []byte {
	return appendPairs(dst, params, "%26", "%3D", "%2B", "%25")
}

// appendPairs appends parameters with an ampersand, an equals sign, a space and
// a percent sign as they are to be written.
func appendPairs(dst []byte, params []Parameter, and, equals, space, percent string) []byte {
	for i := range params {
		if i > 0 {
			dst = append(dst, and...)
		}
		dst = appendEscaped(dst, params[i].Name, space, percent)
		dst = append(dst, equals...)
		dst = appendEscaped(dst, params[i].Value, space, percent)
	}
	return dst
}

// appendEscaped appends s as PHP's urlencode writes it. What needs no escape is
// copied in runs.
func appendEscaped(dst []byte, s, space, percent string) []byte {
	const hex = "0123456789ABCDEF"
	run := 0 // where what is not yet copied begins
	for i := 0; i < len(s); i++ {
		c := s[i]
		if isFormPlain(c) {
			continue
		}
		dst = append(dst, s[run:i]...)
		run = i + 1
		if c == ' ' {
			dst = append(dst, space...)
		} else {
			dst = append(dst, percent...)
			dst = append(dst, hex[c>>4], hex[c&15])
		}
	}
	return append(dst, s[run:]...)
}

// isFormPlain reports whether PHP's urlencode leaves c alone. Package net/url
// differs in one byte, "~", which it leaves alone too.
func isFormPlain(c byte) bool {
	return isAlphanumeric(c) || c == '-' || c == '_' || c == '.'
}
