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

// swapped is what s may be swapped with.
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
		detail = byteDetail(s, countAlphanumeric(s), "an ASCII letter or digit")
	case 0 < start && start <= 3 && !isAlphanumeric(s[0]):
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
		detail = "it is a part of a SID, which every token shows: is it the right variable?"
	case isRealSID(s):
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
	ok := s != ""
	for i := 0; i < len(s); i++ {
		ok = ok && (isAlphanumeric(s[i]) || s[i] == '_')
	}
	switch {
	case ok && len(s) <= 256:
		return nil
	case ok:
		return newValueError(ErrClientName, s, "use at most 256 characters")
	case strings.HasPrefix(s, "client:"):
		return newValueError(ErrClientName, s, `leave out "client:"`)
	}
	return newValueError(ErrClientName, s, "use one or more of A-Z, a-z, 0-9 and _")
}

// checkReceiver returns an error unless name is the one to which an Access Token
// allows incoming calls.
func checkReceiver(receiver, name string) error {
	if name == receiver {
		return nil
	}
	return newError(ErrKind, "a name other than "+quote(name)+
		" receives calls already, and an Access Token has one; generate a token for each name")
}

func checkApplicationSID(s string) error {
	if !isSID(s, "AP") {
		return newValueError(ErrApplicationSID, s, "want AP followed by letters and digits, the SID of a TwiML application")
	}
	return nil
}

func checkRegion(s string) error {
	for i := 0; i < len(s); i++ {
		if !isAlphanumeric(s[i]) || isCapital(s[i]) {
			return newValueError(ErrRegion, s, "use lower-case letters and digits, such as ie1 or au1")
		}
	}
	if s == "" {
		return newError(ErrRegion, "it is empty; for the default, us1, leave out WithRegion")
	}
	return nil
}

// checkParams also requires UTF-8 for an Access Token, as its parameters are JSON.
func checkParams(params []Parameter, isAccess bool) error {
	ascending := true // so that none can repeat; with 1,000 numbered names, the map would take a third of the time
	for i, p := range params {
		if p.Name == "" {
			return newError(ErrParam, "no name for the value "+quote(p.Value))
		}
		if isAccess && !(utf8.ValidString(p.Name) && utf8.ValidString(p.Value)) {
			return newValueError(ErrParam, p.Name,
				"name and value, here "+quote(p.Value)+", must be valid UTF-8 in an Access Token")
		}
		ascending = ascending && (i == 0 || isLess(params[i-1].Name, p.Name))
	}
	if ascending {
		return nil
	}
	names := make(map[string]bool, len(params))
	for i, p := range params {
		if names[p.Name] = true; len(names) == i {
			return newValueError(ErrParam, p.Name, "duplicate name; give each parameter a name of its own")
		}
	}
	return nil
}

// isLess orders names by their length, and names of the same length by their
// bytes, so that name9 is less than name10.
func isLess(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

func checkClaim(name, value string, isAccess, isTaken bool) error {
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
	if time.Second <= ttl && ttl <= most {
		return nil
	}
	before, after := "", "; it must be from 1s to "+most.String()
	switch {
	case ttl > most:
		before = justOver(ttl, most)
	case ttl < 0:
		before = "-"
	case ttl > 0:
		after = ", as a time.Duration counts nanoseconds; for ten minutes write 600 * time.Second"
	}
	return newError(ErrTTL, "the TTL is "+before+length(ttl)+after)
}

// checkTimeSet returns an error if a time was never set.
func checkTimeSet(name string, t time.Time) error {
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
	case left < time.Second || left > most || expiry.Unix() < now.Unix(): // the last if the seconds overflowed
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
	d := t.Sub(now)
	before, after := "passed ", " ago"
	switch {
	case d > 100*year:
		before, after = "is ", " away (is it in milliseconds?)"
	case d > 0:
		before, after = "is "+justOver(d, most), " away"
	case 0 <= t.Unix() && t.Unix() < int64(year/time.Second):
		after = " ago (is it a lifetime?)"
	}
	return before + length(d) + after
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
	return strings.HasPrefix(s, kind) && len(s) > len(kind) && countAlphanumeric(s) == len(s)
}

// countAlphanumeric returns how many letters and digits s begins with.
func countAlphanumeric(s string) int {
	n := 0
	for n < len(s) && isAlphanumeric(s[n]) {
		n++
	}
	return n
}

// isRealSID reports whether s has the form of any real SID.
func isRealSID(s string) bool {
	if len(s) != 34 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if i < 2 && !isCapital(s[i]) || i >= 2 && !isHexDigit(s[i]) {
			return false
		}
	}
	return true
}

func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }

func isHexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
}
