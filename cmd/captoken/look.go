package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/capability"
)

// A look is what can be seen of a token by a reader who takes anything: it
// decodes more than the package may, and proves nothing.
type look struct {
	text    string   // what was given, without white space and a byte order mark around it
	mark    bool     // whether there was a byte order mark
	core    string   // the text without quotes, "Bearer" and the like around it
	source  string   // where it came from: "the argument" or "standard input"
	tokens  [][]int  // where something in the text looks like a token: at most three
	parts   []string // the text, split at its dots, if there are not many
	header  object
	payload object
	now     time.Time
	secrets secrets

	err       error // the package's
	verifying bool
	sid, auth string // the credentials, if it is verifying
	signed    bool   // whether the signature matches
}

// An object is a JSON object, decoded one level deep; nil if it is none.
type object map[string]json.RawMessage

// tokenShape matches what looks like a token inside of other text: the header
// of a JWT is a JSON object, which begins with {", {space or {newline.
var tokenShape = regexp.MustCompile(`(?:ey[JAI]|ew[0-9A-Za-z])[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`)

func looksLikeToken(text string) bool { return tokenShape.MatchString(text) }

// newLook takes the text apart.
func newLook(text, source string, now time.Time, s secrets) *look {
	l := &look{source: source, now: now, secrets: s}
	l.text, l.mark = strings.CutPrefix(text, "\ufeff")
	l.text = strings.Trim(l.text, asciiSpace)
	l.core = wrapping.ReplaceAllString(strings.Trim(l.text, quotationMarks), "")
	l.core = strings.Trim(l.core, quotationMarks+asciiSpace+";,")
	l.tokens = tokenShape.FindAllStringIndex(l.text, 3)
	l.parts = strings.SplitN(l.text, ".", 8)
	if len(l.parts) == 3 {
		l.header, l.payload = decodeObject(l.parts[0]), decodeObject(l.parts[1])
	}
	return l
}

const asciiSpace = " \t\r\n\v\f"

// decodeBase64 decodes base64 of either alphabet, padded or not.
func decodeBase64(part string) ([]byte, error) {
	part = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(part, "="))
	return base64.RawURLEncoding.DecodeString(part)
}

func decodeObject(part string) object {
	text, err := decodeBase64(part)
	if err != nil {
		return nil
	}
	return parseObject(text)
}

func parseObject(text []byte) object {
	var o object
	if json.Unmarshal(text, &o) != nil {
		return nil
	}
	return o
}

// has reports whether the object has one of the members.
func (o object) has(names ...string) bool {
	for _, name := range names {
		if o[name] != nil {
			return true
		}
	}
	return false
}

// text returns a member that is a string, else "".
func (o object) text(name string) string {
	var s string
	if json.Unmarshal(o[name], &s) != nil {
		return ""
	}
	return s
}

// kind returns what a member is: "string", "number", "object", "array",
// "true", "false" or "null"; "" if there is none.
func (o object) kind(name string) string {
	raw := o[name]
	if raw == nil {
		return ""
	}
	switch raw[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f', 'n':
		return string(raw)
	default:
		return "number"
	}
}

// signature returns the HMAC-SHA256 of the header and the payload, or "" if
// package hmac rejects the key: where FIPS 140-3 mode is enforced, it panics
// for one of less than 14 bytes.
func (l *look) signature(key string) string {
	return orNothing(func() string {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(l.parts[0] + "." + l.parts[1]))
		return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	})
}

// orNothing returns what f returns, or "" if it panics.
func orNothing(f func() string) (s string) {
	defer func() {
		if recover() != nil {
			s = ""
		}
	}()
	return f()
}

// is reports whether the package stopped for that error.
func (l *look) is(target error) bool { return errors.Is(l.err, target) }

// packageReason returns what the package says, unless that may have a secret
// in it, whole or cut.
func (l *look) packageReason() string {
	if l.leaks(l.secrets.anyFoundIn) {
		for _, kind := range []error{capability.ErrMalformed, capability.ErrAlgorithm, capability.ErrIssuer, capability.ErrScope} {
			if l.is(kind) {
				return bareReason(kind) + ", not shown in full, as the token has the auth token in it"
			}
		}
	}
	return bareReason(l.err)
}

// bareReason returns the message of an error of the package.
func bareReason(err error) string { return strings.TrimPrefix(err.Error(), "capability: ") }

// leaks reports whether the decoded header or payload contains a secret.
func (l *look) leaks(in func(text string) bool) bool {
	return slices.ContainsFunc(l.parts[:2], func(part string) bool {
		text, err := decodeBase64(part)
		return err == nil && in(string(text))
	})
}

// compactJSON returns a JSON text without white space.
func compactJSON(raw []byte) string {
	var b bytes.Buffer
	json.Compact(&b, raw) // it was decoded before
	return b.String()
}

func quoteJSON(s string) string { return strings.TrimSpace(encodeJSON(s)) }
