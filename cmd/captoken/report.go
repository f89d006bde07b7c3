package main

import (
	"encoding/json"
	"math"
	"time"

	"example.com/capability"
)

// A report is what verify and inspect show, as a page or as JSON. Its times
// are Unix seconds. No secret gets into it.
type report struct {
	Verified    bool     `json:"verified"`
	Code        string   `json:"code,omitempty"` // only if -strict rejects the token
	Reason      string   `json:"reason,omitempty"`
	AccountSID  string   `json:"accountSid"`
	ClientName  string   `json:"clientName"`
	Scopes      []scope  `json:"scopes"`
	Claims      []claim  `json:"claims"`
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

type claim struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value,omitempty"` // nil if it is nested too deeply
}

// newReport returns what the claims of a token say, without warnings.
func newReport(claims capability.Claims, l *look, s secrets) report {
	r := report{
		AccountSID:  s.cover(claims.AccountSID),
		ClientName:  s.cover(claims.ClientName()),
		Scopes:      []scope{},
		Claims:      []claim{},
		IssuedAt:    unixSeconds(claims.IssuedAt),
		NotBefore:   unixSeconds(claims.NotBefore),
		ExpiresAt:   claims.ExpiresAt.Unix(),
		SecondsLeft: difference(claims.ExpiresAt.Unix(), l.now.Unix()),
		Warnings:    []string{},
		now:         l.now,
	}
	for _, from := range claims.Scopes {
		params := newParams(from.Params(), true, s)
		r.Scopes = append(r.Scopes, scope{s.cover(from.Service()), s.cover(from.Privilege()), s.cover(from.String()), params})
	}
	for _, name := range claims.ClaimNames() {
		r.Claims = append(r.Claims, claim{s.cover(name), newValue(l.payload[name], s)})
	}
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

// newParams reads the lists in the values of appParams and params too, if it
// may hold any.
func newParams(from []capability.Parameter, mayHoldLists bool, s secrets) []param {
	params := []param{}
	for _, p := range from {
		to := param{Name: s.cover(p.Name), Value: s.cover(p.Value)}
		if mayHoldLists && holdsList(p.Name) {
			if inner, err := capability.ParseParams(p.Value); err == nil {
				list := newParams(inner, false, s)
				to.List = &list
			}
		}
		params = append(params, to)
	}
	return params
}

func holdsList(name string) bool { return name == "appParams" || name == "params" }

// newValue returns a claim as JSON without white space, with its members in
// their order, and no secret in it.
func newValue(raw json.RawMessage, s secrets) json.RawMessage {
	if raw == nil || depth(raw) > deepest {
		return nil
	}
	if s.foundIn(string(raw)) {
		raw = json.RawMessage(quoteJSON(masked))
	}
	return json.RawMessage(visibleJSON(compactJSON(raw)))
}

// deepest is how deeply a value may be nested to be shown. Indented, a value of
// some KiB that is nested thousands deep would take hundreds of MiB.
const deepest = 100

// depth returns how deeply a JSON text is nested.
func depth(raw []byte) int {
	depth, most, inString := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++
		case !inString && (c == '{' || c == '['):
			depth++
			most = max(most, depth)
		case !inString && (c == '}' || c == ']'):
			depth--
		}
	}
	return most
}
