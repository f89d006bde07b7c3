package capability

import (
	"slices"
	"strconv"
	"strings"
)

// A Parameter is one name and value of a scope: a parameter that a TwiML
// application receives, or a filter of an event stream. Its value may hold any
// bytes.
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
// The error is an [ErrScope] if the URI has a character other than visible
// ASCII, or "#", if its service or privilege is not one or more letters,
// digits, "-", "_" and ".", or if a "%" is not followed by two hexadecimal
// digits.
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
	return string(appendForm([]byte(uri+"?"), s.params, once))
}

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
			return Scope{}, nil, newValueError(ErrScope, uri, quoteChar(uri[i:])+" at byte "+strconv.Itoa(i)+" must be percent-encoded")
		}
	}
	rest, ok := strings.CutPrefix(uri, "scope:")
	path, query, _ := strings.Cut(rest, "?")
	service, privilege, _ := strings.Cut(path, ":")
	if !ok || !isPlain(service) || !isPlain(privilege) {
		return Scope{}, nil, newValueError(ErrScope, uri, "want scope:SERVICE:PRIVILEGE and then, if any, ?NAME=VALUE&NAME=VALUE")
	}
	start := len(params)
	params, err := parseParams(params, query)
	if err != nil {
		return Scope{}, nil, err
	}
	s := Scope{service: service, privilege: privilege}
	if len(params) > start {
		s.params = params[start:len(params):len(params)]
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
func isPlain(s string) bool { return s != "" && formLenTwice(s) == len(s) }

// A level is how often form encoding is applied: once, or twice to a list that
// is itself the value of a parameter, as appParams and params are.
type level bool

const (
	once  level = false
	twice level = true
)

// appendForm appends parameters form-encoded: NAME=VALUE&NAME=VALUE.
func appendForm(dst []byte, params []Parameter, l level) []byte {
	size := 0
	for i := range params {
		size += len("%26%3D") + formLenTwice(params[i].Name) + formLenTwice(params[i].Value)
	}
	dst = slices.Grow(dst, size)
	for i := range params {
		switch {
		case i > 0 && l == twice:
			dst = append(dst, "%26"...)
		case i > 0:
			dst = append(dst, '&')
		}
		dst = appendEscaped(dst, params[i].Name, l)
		if l == twice {
			dst = append(dst, "%3D"...)
		} else {
			dst = append(dst, '=')
		}
		dst = appendEscaped(dst, params[i].Value, l)
	}
	return dst
}

// appendEscaped appends s form-encoded. dst has room for it: writing by index
// takes a third of the time of appending byte by byte.
func appendEscaped(dst []byte, s string, l level) []byte {
	const hex = "0123456789ABCDEF"
	b, n := dst[:cap(dst)], len(dst)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch extra := formExtra[c]; {
		case extra == '0':
			b[n] = c
			n++
		case extra == '2' && l == once:
			b[n] = '+'
			n++
		case extra == '2':
			b[n], b[n+1], b[n+2] = '%', '2', 'B'
			n += 3
		case l == once:
			b[n], b[n+1], b[n+2] = '%', hex[c>>4], hex[c&15]
			n += 3
		default:
			b[n], b[n+1], b[n+2], b[n+3], b[n+4] = '%', '2', '5', hex[c>>4], hex[c&15]
			n += 5
		}
	}
	return b[:n]
}

// formLenTwice returns the length of s form-encoded twice.
func formLenTwice(s string) int {
	n := len(s)
	for i := 0; i < len(s); i++ {
		n += int(formExtra[s[i]] - '0')
	}
	return n
}

// formExtra tells how many bytes longer each byte gets when it is form-encoded
// twice: 0 stands as it is, 2 is the space (+ and then %2B), 4 is any other
// (%XX and then %25XX). It is the table of PHP's urlencode. Package net/url
// differs in one byte, "~", which it leaves alone.
const formExtra = "" +
	"4444444444444444" + "4444444444444444" + // 0x00
	"2444444444444004" + "0000000000444444" + // 0x20: - . 0 to 9
	"4000000000000000" + "0000000000044440" + // 0x40: A to Z _
	"4000000000000000" + "0000000000044444" + // 0x60: a to z
	"4444444444444444" + "4444444444444444" + // 0x80
	"4444444444444444" + "4444444444444444" + // 0xa0
	"4444444444444444" + "4444444444444444" + // 0xc0
	"4444444444444444" + "4444444444444444" //   0xe0

func checkClientName(s string) error {
	ok := s != ""
	for i := 0; i < len(s); i++ {
		ok = ok && (isAlphanumeric(s[i]) || s[i] == '_')
	}
	if !ok {
		return newValueError(ErrClientName, s, "use one or more of A-Z, a-z, 0-9 and _")
	}
	return nil
}

func checkApplicationSID(s string) error {
	if !isSID(s, "AP") {
		return newValueError(ErrApplicationSID, s, "want AP followed by letters and digits, the SID of a TwiML application")
	}
	return nil
}

func checkParams(params []Parameter) error {
	for _, p := range params {
		if p.Name == "" {
			return newError(ErrParam, "no name for the value "+quote(p.Value))
		}
	}
	if name, found := duplicateName(params); found {
		return newValueError(ErrParam, name, "duplicate name; give each parameter a name of its own")
	}
	return nil
}

// duplicateName returns a name that occurs twice. Names that ascend, as
// numbered ones do, cannot repeat. That spares a token with 1,000 parameters
// the map, which would take a fifth of its time.
func duplicateName(params []Parameter) (name string, found bool) {
	ascending := true // each name is longer than the one before, or as long and greater
	for i := 1; i < len(params) && ascending; i++ {
		a, b := params[i-1].Name, params[i].Name
		ascending = len(a) < len(b) || len(a) == len(b) && a < b
	}
	if ascending {
		return "", false
	}
	if len(params) > 16 {
		seen := make(map[string]bool, len(params))
		for i, p := range params {
			if seen[p.Name] = true; len(seen) == i {
				return p.Name, true
			}
		}
		return "", false
	}
	for i, p := range params {
		for _, earlier := range params[:i] {
			if earlier.Name == p.Name {
				return p.Name, true
			}
		}
	}
	return "", false
}

// isSID reports whether s is a SID as Twilio writes them: two letters for its
// kind, then letters and digits. A real one has 32 hexadecimal digits, but
// documentation uses AC123123.
func isSID(s, kind string) bool {
	id, ok := strings.CutPrefix(s, kind)
	for i := 0; i < len(id); i++ {
		if !isAlphanumeric(id[i]) {
			return false
		}
	}
	return ok && id != ""
}
