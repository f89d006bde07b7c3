package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// masked is what is printed instead of a secret.
const masked = "[auth token]"

// shortestMasked is the length from which a secret is also looked for inside
// of other values. A shorter one is no real auth token, and would be found
// everywhere.
const shortestMasked = 6

// secrets are the credentials that nothing printed may contain: the auth
// token, and the value of the account SID if that may be one.
type secrets struct {
	values []string
	forms  []string // those to be looked for inside of others, plain and as in quotes
}

func newSecrets(sid, auth string) secrets {
	var s secrets
	trim := func(value string) string { return strings.Trim(value, " \t\r\n\"'`") }
	sid, auth = trim(sid), trim(auth)
	if isHarmless(sid, auth) {
		sid = ""
	}
	for _, value := range []string{auth, sid} {
		if value == "" || shapedLikeSID.MatchString(value) {
			continue
		}
		s.values = append(s.values, value)
		if len(value) < shortestMasked {
			continue
		}
		inQuotes := strconv.Quote(value) // as JSON escapes it, too, if it is visible ASCII
		s.forms = append(s.forms, value, inQuotes[1:len(inQuotes)-1])
	}
	return s
}

// shapedLikeSID matches an account SID, or one as documentation writes them.
// It does not match an auth token that happens to begin with AC.
var shapedLikeSID = regexp.MustCompile(`^AC([0-9A-Fa-f]{32}|[0-9A-Za-z]{1,8})$`)

// isHarmless reports whether the value of the account SID, right or wrong, is
// not an auth token that got there: it begins like a SID, or the auth token is
// in its place.
func isHarmless(sid, auth string) bool {
	return beginsLikeSID.MatchString(sid) && !hexAuthToken.MatchString(sid) || hexAuthToken.MatchString(auth) && auth != sid
}

var beginsLikeSID = regexp.MustCompile(`^AC[0-9A-Za-z]*$`)

// mask replaces the secrets in a value.
func (s secrets) mask(text string) string {
	if slices.Contains(s.values, text) {
		return masked
	}
	for _, form := range s.forms {
		text = strings.ReplaceAll(text, form, masked)
	}
	return text
}

// foundIn reports whether text has a secret in it, escaped or not.
func (s secrets) foundIn(text string) bool {
	for _, layer := range []*regexp.Regexp{nil, jsonEscape, jsonEscape, percentEscape, percentEscape, percentEscape} {
		if layer != nil {
			text = layer.ReplaceAllStringFunc(text, unescaped)
		}
		if s.mask(text) != text {
			return true
		}
	}
	return false
}

// cover is mask for values that may be escaped: if a secret remains, nothing
// is left of the value.
func (s secrets) cover(text string) string {
	if text = s.mask(text); s.foundIn(text) {
		return masked
	}
	return text
}

// remove is mask for a sentence, of which nothing is left if a secret remains.
func (s secrets) remove(text string) string {
	if text = s.mask(text); s.foundIn(text) {
		return "not shown, as it contains the auth token"
	}
	return text
}

// anyFoundIn is foundIn for secrets of any length.
func (s secrets) anyFoundIn(text string) bool {
	return s.foundIn(text) || slices.ContainsFunc(s.values, func(value string) bool { return strings.Contains(text, value) })
}

// quote returns a value for a reason or a hint: quoted, masked and not long.
func (s secrets) quote(text string) string { return quoted(shorten(s.cover(text), 48)) }

// bare is quote without the quotes, for numbers and JSON. It masks before it
// cuts, so that no part of a secret remains.
func (s secrets) bare(text string) string { return shorten(visible(s.cover(text)), 48) }

// The escapes of visible ASCII in JSON and in forms.
var (
	jsonEscape    = regexp.MustCompile(`\\u00[0-9A-Fa-f]{2}|\\["\\/]`)
	percentEscape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

// unescaped returns what an escape stands for.
func unescaped(escape string) string {
	if escape[0] == '\\' && escape[1] != 'u' {
		return escape[1:]
	}
	return string([]byte{unhex(escape[len(escape)-2])<<4 | unhex(escape[len(escape)-1])})
}

// unhex returns the value of a hexadecimal digit.
func unhex(digit byte) byte {
	if digit >= 'A' {
		return digit&^0x20 - 'A' + 10
	}
	return digit - '0'
}
