package capability

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// checkAccount and checkAPIKey check what a constructor is given. Their errors
// show nothing of it, since any of it may be a secret in the wrong place.
func checkAccount(accountSID, authToken string) error {
	if err := checkAccountSID(accountSID, "the auth token"); err != nil {
		return err
	}
	return checkSecret(ErrAuthToken, "", authToken, accountSID, "")
}

func checkAPIKey(accountSID, apiKeySID, apiKeySecret string) error {
	const sidField = " (SID)"
	if err := checkAccountSID(accountSID, "the API key"); err != nil {
		return err
	}
	if len(apiKeySID) == 32 { // a secret that happens to begin with SK would be published
		return newFieldError(ErrAPIKey, sidField, "it has 32 characters, as a secret has: is it swapped with the secret?")
	}
	if err := checkSID(ErrAPIKey, sidField, apiKeySID, "SK", "the secret or the account SID"); err != nil {
		return err
	}
	return checkSecret(ErrAPIKey, secretField, apiKeySecret, accountSID, apiKeySID)
}

func checkAccountSID(s, swapped string) error {
	if strings.HasPrefix(s, "SK") {
		return newError(ErrAccountSID, "it begins with SK, as the SID of an API key does; an account SID begins with AC")
	}
	return checkSID(ErrAccountSID, "", s, "AC", swapped)
}

func checkSID(kind error, field, s, prefix, swapped string) error {
	if isSID(s, prefix) {
		return nil
	}
	detail := "it does not begin with " + prefix + ": is it swapped with " + swapped + "?"
	switch start := strings.Index(s, prefix); {
	case s == "":
		detail = emptyDetail
	case s == prefix:
		detail = "nothing follows " + prefix
	case start == 0:
		bad := 0
		for isAlphanumeric(s[bad]) {
			bad++
		}
		detail = byteDetail(s, bad, "an ASCII letter or digit")
	case 0 < start && start <= 3:
		detail = "it begins with something other than " + prefix + ", which follows at byte " + strconv.Itoa(start) +
			": a space, a quote or a byte order mark?"
	}
	return newFieldError(kind, field, detail)
}

// checkSecret also rejects a secret that every token would publish, as it is a
// part of a SID that is given with it.
func checkSecret(kind error, field, s, accountSID, apiKeySID string) error {
	bad := 0
	for bad < len(s) && ' ' < s[bad] && s[bad] <= '~' {
		bad++
	}
	var detail string
	switch {
	case s == "":
		detail = emptyDetail
	case bad < len(s):
		detail = byteDetail(s, bad, "a visible ASCII character")
	case len(s) > 1 && s[0] == s[len(s)-1] && strings.IndexByte("\"'`", s[0]) >= 0:
		detail = "it is in quotes; remove them (docker --env-file keeps them)"
	case s == accountSID:
		detail = "it is the account SID: is one variable passed twice?"
	case s == apiKeySID:
		detail = "it is the SID of the key: is one variable passed twice?"
	case len(s) >= 8 && strings.Contains(accountSID+" "+apiKeySID, s):
		detail = "it is a part of a SID, which every token shows"
	case looksLikeSID(s):
		detail = "it has the form of a SID: is it swapped with one?"
	default:
		return nil
	}
	return newFieldError(kind, field, detail)
}

const (
	emptyDetail = "it is empty: is its environment variable set?"
	secretField = " (secret)" // of an API key
	tooShort    = "it has fewer than the 14 characters that an enforced FIPS 140-3 mode requires"
)

// byteDetail says which byte is bad, and why if no letter or digit follows it.
func byteDetail(s string, bad int, want string) string {
	detail := "byte " + strconv.Itoa(bad) + " is not " + want
	for i := bad; i < len(s); i++ {
		if isAlphanumeric(s[i]) {
			return detail
		}
	}
	return detail + ": a newline, a space or a quote at the end?"
}

// checkClientName applies the rules of Twilio's errors 31100 and 31105.
func checkClientName(s string) error {
	const most = 256
	ok := s != ""
	for i := 0; i < len(s); i++ {
		ok = ok && (isAlphanumeric(s[i]) || s[i] == '_')
	}
	switch {
	case ok && len(s) <= most:
		return nil
	case ok:
		return newValueError(ErrClientName, s, "use at most "+strconv.Itoa(most)+" characters")
	case strings.HasPrefix(s, "client:"):
		return newValueError(ErrClientName, s, `leave out "client:"`)
	}
	return newValueError(ErrClientName, s, "use one or more of A-Z, a-z, 0-9 and _")
}

func checkApplicationSID(s string) error {
	if !isSID(s, "AP") {
		return newValueError(ErrApplicationSID, s, "want AP followed by letters and digits, the SID of a TwiML application")
	}
	return nil
}

func checkRegion(s string) error {
	for i := 0; i < len(s); i++ {
		if !isAlphanumeric(s[i]) || 'A' <= s[i] && s[i] <= 'Z' {
			return newValueError(ErrRegion, s, "use lower-case letters and digits, such as ie1 or au1")
		}
	}
	if s == "" {
		return newError(ErrRegion, "it is empty; for the default, us1, leave out WithRegion")
	}
	return nil
}

func checkParams(params []Parameter) error {
	ascending := true // so that no name can occur twice, which spares numbered names the set
	for i, p := range params {
		if p.Name == "" {
			return newError(ErrParam, "no name for the value "+quote(p.Value))
		}
		ascending = ascending && (i == 0 || isLess(params[i-1].Name, p.Name))
	}
	if ascending {
		return nil
	}
	var names nameSet
	for _, p := range params {
		if !names.add(p.Name) {
			return newValueError(ErrParam, p.Name, "duplicate name; give each parameter a name of its own")
		}
	}
	return nil
}

// isLess orders names by their length, and names of the same length by their
// bytes, so that name9 is less than name10.
func isLess(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// checkParamsText is for the parameters of an Access Token, which are JSON.
func checkParamsText(params []Parameter) error {
	for _, p := range params {
		if !utf8.ValidString(p.Name) {
			return newValueError(ErrParam, p.Name, "the name is not valid UTF-8, as an Access Token requires")
		}
		if !utf8.ValidString(p.Value) {
			return newValueError(ErrParam, p.Name, "the value "+quote(p.Value)+" is not valid UTF-8, as an Access Token requires")
		}
	}
	return nil
}

func checkClaim(name, value string, isAccess bool, isTaken bool) error {
	reserved := []string{"scope", "iss", "exp", "nbf", "iat", "jti", "sub", "grants"}
	if !isAccess {
		reserved = reserved[:5]
	}
	switch {
	case name == "":
		return newError(ErrClaim, "no name for the value "+quote(value))
	case slices.Contains(reserved, name):
		return newValueError(ErrClaim, name, "the name is reserved; choose another one")
	case isTaken:
		return newValueError(ErrClaim, name, "duplicate name; give each claim a name of its own")
	case !utf8.ValidString(name):
		return newValueError(ErrClaim, name, "the name is not valid UTF-8")
	case !utf8.ValidString(value):
		return newValueError(ErrClaim, name, "the value "+quote(value)+" is not valid UTF-8")
	}
	return nil
}

func checkTTL(ttl, most time.Duration) error {
	text := length(ttl)
	switch {
	case time.Second <= ttl && ttl <= most:
		return nil
	case 0 < ttl && ttl < time.Second:
		return newError(ErrTTL, "the TTL is "+text+", as a time.Duration counts nanoseconds; for ten minutes write 600 * time.Second")
	case ttl < 0:
		text = "-" + text
	case ttl > most:
		text = justOver(ttl, most) + text
	}
	return newError(ErrTTL, "the TTL is "+text+"; it must be from 1s to "+most.String())
}

// checkTime returns an error if a time was never set.
func checkTime(name string, t time.Time) error {
	if t.IsZero() {
		return newError(ErrTTL, "the "+name+" is the zero time.Time: was it never set?")
	}
	return nil
}

// checkLifetime is for a token that is generated now.
func checkLifetime(now, expiry time.Time, notBefore *time.Time, most time.Duration) error {
	left := expiry.Sub(now)
	detail := ""
	switch {
	case left < time.Second || left > most || expiry.Unix() < now.Unix(): // the last if time.Time has wrapped around
		detail = "the expiry " + when(expiry, now, most) + "; it must be from 1s to " + most.String() + " away"
	case notBefore != nil && notBefore.Unix() >= expiry.Unix():
		detail = "the not-before " + when(*notBefore, now, most) + ", not before the expiry, which " + when(expiry, now, most)
	default:
		return nil
	}
	return newError(ErrTTL, detail)
}

// when returns how far t is from now, and on which side. It asks about the usual
// slips with units.
func when(t, now time.Time, most time.Duration) string {
	const year = 365 * 24 * time.Hour
	switch d := t.Sub(now); {
	case d > 100*year:
		return "is " + length(d) + " away (is it in milliseconds?)"
	case d > 0:
		return "is " + justOver(d, most) + length(d) + " away"
	case 0 <= t.Unix() && t.Unix() < int64(year/time.Second):
		return "passed " + length(d) + " ago (is it a lifetime?)"
	default:
		return "passed " + length(d) + " ago"
	}
}

// justOver is for a duration that looks like the most that is allowed when it
// is rounded down.
func justOver(d, most time.Duration) string {
	if most < d && d < most+time.Second {
		return "just over "
	}
	return ""
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

// looksLikeSID reports whether s has the form of any real SID.
func looksLikeSID(s string) bool {
	if len(s) != 34 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		isCapital := 'A' <= c && c <= 'Z'
		isHex := '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
		if i < 2 && !isCapital || i >= 2 && !isHex {
			return false
		}
	}
	return true
}
