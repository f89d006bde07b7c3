package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"example.com/capability"
)

// A report is what verify and inspect show, as a page or as JSON. Its times are Unix seconds.
type report struct {
	Verified    bool     `json:"verified"`
	AccountSID  string   `json:"accountSid"`
	ClientName  string   `json:"clientName"`
	Scopes      []scope  `json:"scopes"`
	IssuedAt    *int64   `json:"issuedAt,omitempty"`
	NotBefore   *int64   `json:"notBefore,omitempty"`
	ExpiresAt   int64    `json:"expiresAt"`
	SecondsLeft int64    `json:"secondsLeft"`
	Warnings    []string `json:"warnings"`

	now time.Time
}

type scope struct {
	Service   string  `json:"service"`
	Privilege string  `json:"privilege"`
	URI       string  `json:"uri"`
	Params    []param `json:"params"`
}

type param struct {
	Name  string   `json:"name"`
	Value string   `json:"value"`
	List  *[]param `json:"params,omitempty"` // nil if the value is not a list, or not a well-formed one
}

func newReport(claims capability.Claims, token string, verified bool, now time.Time) report {
	r := report{
		Verified:    verified,
		AccountSID:  claims.AccountSID,
		ClientName:  claims.ClientName(),
		Scopes:      []scope{},
		IssuedAt:    unixSeconds(claims.IssuedAt),
		NotBefore:   unixSeconds(claims.NotBefore),
		ExpiresAt:   claims.ExpiresAt.Unix(),
		SecondsLeft: difference(claims.ExpiresAt.Unix(), now.Unix()),
		Warnings:    []string{},
		now:         now,
	}
	for _, s := range claims.Scopes {
		r.Scopes = append(r.Scopes, scope{s.Service(), s.Privilege(), s.String(), newParams(s.Params(), true)})
	}
	r.warn(token)
	return r
}

// unixSeconds returns nil for the zero time.
func unixSeconds(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	seconds := t.Unix()
	return &seconds
}

// difference returns a-b, or the int64 next to it.
func difference(a, b int64) int64 {
	switch d := a - b; {
	case b > 0 && d > a:
		return math.MinInt64
	case b < 0 && d < a:
		return math.MaxInt64
	default:
		return d
	}
}

// newParams reads the lists in the values of appParams and params too, if it may hold any.
func newParams(from []capability.Parameter, mayHoldLists bool) []param {
	params := []param{}
	for _, p := range from {
		to := param{Name: p.Name, Value: p.Value}
		if mayHoldLists && holdsList(p.Name) {
			if inner, err := capability.ParseParams(p.Value); err == nil {
				list := newParams(inner, false)
				to.List = &list
			}
		}
		params = append(params, to)
	}
	return params
}

func holdsList(name string) bool { return name == "appParams" || name == "params" }

// warn adds what makes Twilio refuse a token that reads well.
func (r *report) warn(token string) {
	if n := len(token) - strings.LastIndexByte(token, '.') - 1; n != 43 { // HMAC-SHA256 in base64url
		r.Warnings = append(r.Warnings, fmt.Sprintf("cut or changed: the signature has %d characters instead of 43", n))
	}
	if r.ExpiresAt > math.MaxInt32*10 { // about the year 2650, or 1970 in milliseconds
		r.Warnings = append(r.Warnings, "the expiry is far off: is it in milliseconds instead of seconds?")
	}
	lifetime := r.SecondsLeft
	switch {
	case r.IssuedAt != nil:
		lifetime = max(lifetime, difference(r.ExpiresAt, *r.IssuedAt))
	case r.NotBefore != nil:
		lifetime = max(lifetime, difference(r.ExpiresAt, *r.NotBefore))
	}
	if lifetime > int64(capability.MaxTTL/time.Second) {
		r.Warnings = append(r.Warnings, "Twilio refuses a lifetime over 24h: error 31207")
	}
}

// json returns the report for programs. What a terminal could take for a command is escaped there as well.
func (r report) json() (string, error) {
	var text, safe strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // a URI with & is easier to read
	e.SetIndent("", "  ")
	err := e.Encode(r)
	for _, c := range text.String() {
		if c == '\n' || strconv.IsPrint(c) && c != utf8.RuneError { // which releases of Go write differently
			safe.WriteRune(c)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c}) {
			fmt.Fprintf(&safe, `\u%04x`, unit)
		}
	}
	return safe.String(), err
}

// page returns the report for people.
func (r report) page() string {
	var b strings.Builder
	row := func(label, value string) { fmt.Fprintf(&b, "%-12s  %s\n", label, value) }
	if r.Verified {
		b.WriteString("VERIFIED: the signature matches and the token is valid now.\n\n")
	} else {
		b.WriteString("NOT VERIFIED: this is what the token says; anybody could have written it.\n\n")
	}
	row("Token", "JWT, HS256")
	row("Account", plain(r.AccountSID))
	if r.ClientName != "" {
		row("Client", plain(r.ClientName))
	}
	if r.IssuedAt != nil {
		row("Issued", r.when(*r.IssuedAt))
	}
	if r.NotBefore != nil {
		label := "Not before"
		if *r.NotBefore > r.now.Unix() {
			label = "NOT BEFORE"
		}
		row(label, r.when(*r.NotBefore))
	}
	if r.SecondsLeft > 0 {
		row("Expires", r.when(r.ExpiresAt))
	} else {
		row("EXPIRED", r.when(r.ExpiresAt))
	}
	for _, w := range r.Warnings {
		row("WARNING", w)
	}
	if len(r.Scopes) == 0 {
		row("Allows", "nothing")
	}
	for _, s := range r.Scopes {
		b.WriteString("\n")
		row("Allows", s.words())
		for _, p := range s.Params {
			fmt.Fprintf(&b, "  %-10s  %s\n", plain(p.Name), strings.Join(p.lines(), "\n"+strings.Repeat(" ", 14)))
		}
	}
	return b.String()
}

// when returns a time in words, or the bare seconds if no calendar holds them.
func (r report) when(seconds int64) string {
	t := time.Unix(seconds, 0).In(r.now.Location())
	if t.Year() < 1 || t.Year() > 9999 {
		return fmt.Sprintf("Unix second %d", seconds)
	}
	return t.Format("2006-01-02 15:04:05 -0700") + ", " + fromNow(seconds-r.now.Unix())
}

func fromNow(seconds int64) string {
	switch {
	case seconds < 0:
		return inUnits(-seconds) + " ago"
	case seconds > 0:
		return "in " + inUnits(seconds)
	default:
		return "now"
	}
}

// inUnits returns a duration such as 1d2h3m4s. A time.Duration would end after 292 years, and knows no days.
func inUnits(seconds int64) string {
	s := ""
	for _, unit := range []struct {
		seconds int64
		letter  string
	}{{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}} {
		if n := seconds / unit.seconds; n > 0 {
			s += strconv.FormatInt(n, 10) + unit.letter
		}
		seconds %= unit.seconds
	}
	return s
}

func (s scope) words() string {
	switch name := s.Service + ":" + s.Privilege; name {
	case "client:incoming":
		return "receiving connections"
	case "client:outgoing":
		return "placing connections through a TwiML application"
	case "stream:subscribe":
		return "subscribing to the account's events"
	default:
		return name
	}
}

// lines returns the value of a parameter, each item of a list on a line of its own.
func (p param) lines() []string {
	switch {
	case p.List == nil && holdsList(p.Name):
		return []string{plain(p.Value) + " (not well formed)"}
	case p.List == nil:
		return []string{plain(p.Value)}
	case len(*p.List) == 0:
		return []string{"(none)"}
	}
	var lines []string
	for _, item := range *p.List {
		lines = append(lines, plain(item.Name)+" = "+plain(item.Value))
	}
	return lines
}

// plain returns s as it is if that is safe for a terminal and shows where it begins and ends, else quoted.
func plain(s string) string {
	if s == "" || s[0] == '"' || s != strings.TrimSpace(s) || !isPrintable(s) {
		return strconv.Quote(s)
	}
	return s
}

// isPrintable reports whether s can be sent to a terminal: no control characters, no invisible ones, none that change
// the direction of the text.
func isPrintable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(c rune) bool { return !strconv.IsPrint(c) }) < 0
}
