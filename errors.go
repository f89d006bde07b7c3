package capability

import (
	"errors"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// The errors of New, of NewWithAPIKey, of the methods of a Capability and of
// generating a token. Match them with [errors.Is]. The message says which value
// was rejected and what to pass instead. It counts bytes and characters from 0.
var (
	ErrAccountSID     = errors.New("capability: invalid account SID")
	ErrAuthToken      = errors.New("capability: invalid auth token")
	ErrAPIKey         = errors.New("capability: invalid API key") // its SID or its secret
	ErrClientName     = errors.New("capability: invalid client name")
	ErrApplicationSID = errors.New("capability: invalid application SID")
	ErrParam          = errors.New("capability: invalid parameter")
	ErrRegion         = errors.New("capability: invalid region")
	ErrTTL            = errors.New("capability: invalid lifetime") // a TTL, an expiry or a not-before
	ErrClaim          = errors.New("capability: invalid claim")
)

// ErrKind means that a Capability was asked for what its kind of token cannot
// express, or that Verify was given a token of the other kind.
var ErrKind = errors.New("capability: wrong kind of token")

// The errors of Verify, ParseUnverified, ParseScope and ParseParams. The error
// for a rejected token matches exactly one of them, or ErrKind. For a token of
// three parts whose signature is wrong it is ErrSignature, whatever else is
// wrong with it.
var (
	ErrMalformed   = errors.New("capability: malformed token")
	ErrAlgorithm   = errors.New("capability: unsupported algorithm")
	ErrSignature   = errors.New("capability: invalid signature: the token was altered, or signed with another secret")
	ErrIssuer      = errors.New("capability: wrong account or API key")
	ErrExpired     = errors.New("capability: token expired")
	ErrNotYetValid = errors.New("capability: token not yet valid")
	ErrScope       = errors.New("capability: invalid scopes or grants") // or invalid parameters in one
)

// A detailedError is one of the errors above with what was wrong and what to
// do. It holds no secret that a constructor was given, and nothing of a token but
// the rejected value.
type detailedError struct {
	kind   error // ErrAccountSID and its like
	detail string
}

func (e *detailedError) Error() string { return e.kind.Error() + e.detail }
func (e *detailedError) Unwrap() error { return e.kind }

// newError returns an error with a detail.
func newError(kind error, detail string) error { return newFieldError(kind, "", detail) }

// newValueError returns an error that shows the rejected value, quoted.
func newValueError(kind error, value, detail string) error {
	return newFieldError(kind, " "+quote(value), detail)
}

// newFieldError returns an error with a detail about one field of what the kind
// names. Inlined, it would take 4 KiB more in each program.
//
//go:noinline
func newFieldError(kind error, field, detail string) error {
	return &detailedError{kind, field + ": " + detail}
}

// quote returns s in double quotes, with escapes for what cannot be printed.
// It cuts a long s, between two characters, and says how long it was.
func quote(s string) string {
	const most = 40
	if len(s) <= most {
		return strconv.Quote(s)
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return strconv.Quote(s[:end]) + "... (" + strconv.Itoa(len(s)) + " bytes)"
}

// quoteChar returns the first character of s in single quotes.
func quoteChar(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return `'\x` + strconv.FormatUint(uint64(s[0]), 16) + `'`
	}
	return strconv.QuoteRune(r)
}

// length formats a duration without its sign, in whole seconds from one second
// on. [time.Time.Sub] returns the longest Duration for all differences that are
// longer.
func length(d time.Duration) string {
	d = d.Abs()
	if d == math.MaxInt64 {
		return "more than 292 years"
	}
	if d >= time.Second {
		d = d.Truncate(time.Second)
	}
	return d.String()
}

// date formats a time for the errors of reading and for String. The errors of
// minting have no dates: time.Format would link the reading of time zone files
// into programs that only mint.
func date(t time.Time) string {
	const year1, year10000 = -62135596800, 253402300800
	if t.Unix() < year1 || t.Unix() >= year10000 {
		return "Unix time " + strconv.FormatInt(t.Unix(), 10)
	}
	return t.UTC().Format(time.RFC3339)
}
