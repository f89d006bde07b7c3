package capability

import (
	"slices"
	"strconv"
	"strings"
)

// A Parameter is one name and value of a scope: of the parameters that a TwiML application receives, or of the filters
// of an event stream. Values are bytes; they need not be UTF-8.
type Parameter struct{ Name, Value string }

// Param returns the parameter with that name and value.
func Param(name, value string) Parameter { return Parameter{name, value} }

// A Scope is one permission of a token, written as a URI: scope:SERVICE:PRIVILEGE?NAME=VALUE&NAME=VALUE.
// It never changes. The zero Scope is no permission at all.
type Scope struct {
	service, privilege string
	params             []Parameter // nil if there are none
}

// ParseScope reads a scope URI, whoever wrote it: the rules for minting do not apply, so a parameter may have any name
// and value and may occur twice, and one without "=" has an empty value. The error is an [ErrScope] if the service or the
// privilege is not one or more ASCII letters, digits, "-", "_" and ".", if uri holds ASCII white space or a control
// character, or if a "%" is not followed by two hexadecimal digits.
func ParseScope(uri string) (Scope, error) {
	for i := 0; i < len(uri); i++ {
		// A reader that splits at any white space would take it for the end of this scope and the beginning of another.
		if uri[i] <= ' ' || uri[i] == 0x7f {
			return Scope{}, refuse(ErrScope, uri, "no ASCII white space and no control characters")
		}
	}
	rest, ok := strings.CutPrefix(uri, "scope:")
	path, query, _ := strings.Cut(rest, "?")
	service, privilege, _ := strings.Cut(path, ":")
	if !ok || !isPlain(service) || !isPlain(privilege) {
		return Scope{}, refuse(ErrScope, uri, "scope:SERVICE:PRIVILEGE, then perhaps ? and parameters")
	}
	params, err := ParseParams(query)
	if err != nil {
		return Scope{}, err
	}
	return Scope{service, privilege, params}, nil
}

// Service returns the service that the scope is of: "client" or "stream" in the tokens that this package generates.
func (s Scope) Service() string { return s.service }

// Privilege returns what the scope permits: "incoming", "outgoing" or "subscribe" in the tokens that this package
// generates.
func (s Scope) Privilege() string { return s.privilege }

// Param returns the value of the first parameter with that name, and whether there is one. Of an outgoing scope,
// "appSid" and "clientName" are values as they stand, and "appParams" is for [ParseParams].
func (s Scope) Param(name string) (string, bool) {
	for _, p := range s.params {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// Params returns the parameters in order, in a slice that is the caller's own.
func (s Scope) Params() []Parameter { return slices.Clone(s.params) }

// String returns the scope URI, escaped as [Capability.GenerateToken] writes it; [ParseScope] reads it back.
// Of the zero Scope it is empty.
func (s Scope) String() string {
	if s.service == "" {
		return ""
	}
	uri := "scope:" + s.service + ":" + s.privilege
	if len(s.params) == 0 {
		return uri
	}
	return string(appendParams([]byte(uri+"?"), s.params))
}

// ParseParams reads form-encoded parameters in order, as they stand inside the appParams and params of a scope.
// Empty ones, as in a&&b, are skipped. The error is an [ErrScope] if a "%" is not followed by
// two hexadecimal digits.
func ParseParams(query string) ([]Parameter, error) {
	var params []Parameter
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, ok := parseForm(name)
		value, ok2 := parseForm(value)
		if !ok || !ok2 {
			return nil, refuse(ErrScope, pair, "two hexadecimal digits after every %")
		}
		params = append(params, Parameter{name, value})
	}
	return params, nil
}

// appendParams appends the parameters form-encoded: name=value&name=value.
func appendParams(dst []byte, params []Parameter) []byte {
	for i, p := range params {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = appendForm(dst, p.Name)
		dst = append(dst, '=')
		dst = appendForm(dst, p.Value)
	}
	return dst
}

// isPlain reports whether s is not empty and would stand in a form as it is.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if formBytes[s[i]] != s[i] || s[i] == '%' {
			return false
		}
	}
	return s != ""
}

// appendNested appends the parameters form-encoded, and that form-encoded again as one value.
func appendNested(dst []byte, params []Parameter) []byte {
	return appendForm(dst, appendParams(make([]byte, 0, 128), params))
}

// formBytes tells how each byte is written in a form: as the byte at its place here, or escaped where that is "%".
// It is the table of PHP's urlencode. Package net/url differs in one byte, "~", which it leaves alone.
const formBytes = "" +
	"%%%%%%%%%%%%%%%%" + "%%%%%%%%%%%%%%%%" + // 0x00
	"+%%%%%%%%%%%%-.%" + "0123456789%%%%%%" + // 0x20
	"%ABCDEFGHIJKLMNO" + "PQRSTUVWXYZ%%%%_" + // 0x40
	"%abcdefghijklmno" + "pqrstuvwxyz%%%%%" + // 0x60
	"%%%%%%%%%%%%%%%%" + "%%%%%%%%%%%%%%%%" + // 0x80
	"%%%%%%%%%%%%%%%%" + "%%%%%%%%%%%%%%%%" + // 0xa0
	"%%%%%%%%%%%%%%%%" + "%%%%%%%%%%%%%%%%" + // 0xc0
	"%%%%%%%%%%%%%%%%" + "%%%%%%%%%%%%%%%%" //   0xe0

// appendForm appends s form-encoded.
func appendForm[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		if b := formBytes[s[i]]; b != '%' {
			dst = append(dst, b)
		} else {
			dst = append(dst, '%', hex[s[i]>>4], hex[s[i]&15])
		}
	}
	return dst
}

// parseForm undoes appendForm and what other encoders write; it reports whether every "%" has two hexadecimal digits.
func parseForm(s string) (string, bool) {
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
