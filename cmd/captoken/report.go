package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode/utf16"

	"example.com/capability"
)

// A report is what verify and inspect show, as a page or as JSON. Its times are
// Unix seconds.
type report struct {
	Verified    bool            `json:"verified"`
	Code        string          `json:"code,omitempty"` // only if -strict rejects the token
	Reason      string          `json:"reason,omitempty"`
	Kind        string          `json:"kind"`
	AccountSID  string          `json:"accountSid"`
	APIKeySID   string          `json:"apiKeySid"`
	Region      string          `json:"region"`
	ClientName  string          `json:"clientName"`
	Scopes      []scope         `json:"scopes"`
	Claims      []claim         `json:"claims"`
	IssuedAt    *int64          `json:"issuedAt,omitempty"`
	NotBefore   *int64          `json:"notBefore,omitempty"`
	ExpiresAt   int64           `json:"expiresAt"`
	SecondsLeft int64           `json:"secondsLeft"`
	Warnings    []string        `json:"warnings"`
	Header      json.RawMessage `json:"header,omitempty"`
	Payload     json.RawMessage `json:"payload,omitempty"`

	OtherGrants object `json:"-"`
	look        *look
}

type scope struct {
	Service   string  `json:"service"`
	Privilege string  `json:"privilege"`
	URI       string  `json:"uri"`
	Params    []param `json:"params"`

	Heading  string `json:"-"` // what it allows
	activity string // the same for a sentence
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

// newReport returns what a token says, with warnings. It masks secrets at once,
// as a sentence may cut them.
func newReport(l *look) *report {
	now, mask := l.now.Unix(), l.secrets.mask
	l.warnAll()
	r := &report{
		Verified:    l.signer != nil,
		Kind:        map[bool]string{true: "access", false: "capability"}[l.isAccess()],
		AccountSID:  mask(l.AccountSID),
		APIKeySID:   mask(l.APIKeySID),
		Region:      mask(l.Region),
		ClientName:  mask(l.ClientName()),
		Scopes:      []scope{},
		Claims:      []claim{},
		ExpiresAt:   l.ExpiresAt.Unix(),
		SecondsLeft: max(l.ExpiresAt.Unix(), math.MinInt64+now) - now,
		Warnings:    l.warnings,
		Header:      l.json(l.decoded[0]),
		Payload:     l.json(l.decoded[1]),
		OtherGrants: l.grants,
		look:        l,
	}
	json.Unmarshal(l.payload["iat"], &r.IssuedAt) // which stays nil if there is none
	json.Unmarshal(l.payload["nbf"], &r.NotBefore)
	for _, s := range l.Scopes {
		to := newScope(s, mask)
		if name, ok := s.Param("clientName"); ok && s.Service() == "client" && name != l.ClientName() {
			to.activity += " as " + shorten(bare(plainValue, mask(name)), 60)
		}
		r.Scopes = append(r.Scopes, to)
	}
	for _, name := range l.ClaimNames() {
		r.Claims = append(r.Claims, claim{mask(name), l.json(string(l.payload[name]))})
	}
	return r
}

func newScope(from capability.Scope, mask func(string) string) scope {
	s := scope{Service: mask(from.Service()), Privilege: mask(from.Privilege()), URI: mask(from.String())}
	s.Params = newParams(from.Params(), mask, true)
	sid, _ := from.Param("appSid")
	application := shorten(bare(plainValue, mask(sid)), 60)
	name := s.Service + ":" + s.Privilege
	s.activity, s.Heading = strings.Replace(known[name].activity, "APPLICATION", application, 1), known[name].heading
	if s.Heading == "" {
		s.activity, s.Heading = "use the scope "+shorten(name, 60), name+" (unknown)"
	}
	return s
}

// newParams also reads the lists in appParams and params, if mayHoldLists.
func newParams(from []capability.Parameter, mask func(string) string, mayHoldLists bool) []param {
	params := []param{}
	for _, p := range from {
		to := param{Name: mask(p.Name), Value: mask(p.Value)}
		if inner, err := capability.ParseParams(p.Value); err == nil && mayHoldLists && holdsList(p.Name) {
			list := newParams(inner, mask, false)
			to.List = &list
		}
		params = append(params, to)
	}
	return params
}

func encodeJSON(v any) string {
	text, _ := json.Marshal(v) // which fails for none of our types
	return regexp.MustCompile(`[^\x00-~]`).ReplaceAllStringFunc(string(text)+"\n", func(char string) (escaped string) {
		for _, unit := range utf16.Encode([]rune(char)) {
			escaped += fmt.Sprintf(`\u%04x`, unit)
		}
		return escaped
	})
}

var layout = template.Must(template.New("page").Funcs(template.FuncMap{
	"name":  func(s string) string { return bare(plainName, s) },
	"value": func(s string) string { return bare(plainValue, s) },
	"json":  func(text json.RawMessage) string { return visible(string(text)) }, // which tells a string from a number
}).Parse(`{{.Verdict}}{{.Sentence}}

{{range .Warnings}}WARNING       {{.}}
{{end}}{{if .Warnings}}
{{end}}Account       {{value .AccountSID}}
{{with .APIKeySID}}API key       {{value .}}
{{end}}{{with .Region}}Region        {{value .}}
{{end}}{{with .ClientName}}Client        {{value .}}
{{end}}{{with .IssuedAt}}Issued        {{$.When .}}
{{end}}{{with .NotBefore}}Not before    {{$.When .}}
{{end}}{{if gt .SecondsLeft 0}}Expires       {{else}}EXPIRED       {{end}}{{.When .ExpiresAt}}
{{range $name, $value := .OtherGrants}}{{if and (ne $name "identity") (ne $name "voice")}}Other grant   {{name $name}}
{{end}}{{end}}{{range .Scopes}}
Allows        {{.Heading}}
{{range .Params}}  {{name .Name | printf "%-10s"}}  {{.Words}}
{{end}}{{else}}Allows        nothing
{{end}}{{if .Claims}}
Claims
{{end}}{{range .Claims}}  {{name .Name | printf "%-10s"}}  {{if .Value}}{{json .Value}}{{else}}` +
	`(not shown: the payload is nested too deeply){{end}}
{{end}}`))

// Verdict says how far the rest can be believed, and what is wrong.
func (r *report) Verdict() string {
	const unverified = "NOT VERIFIED (anyone could have written it): "
	switch verdict := r.look.verdict(); {
	case r.Verified && len(r.Warnings) > 0:
		return "WARNING: signed correctly, but " + cmp.Or(verdict, "Twilio may reject it") + ": "
	case r.Verified:
		return "VERIFIED: "
	case verdict != "":
		return unverified + verdict + "; it says that "
	}
	return unverified
}

// Sentence says who may do what until when.
func (r *report) Sentence() string {
	begins := max(r.look.now.Unix(), r.look.NotBefore.Unix())
	who, what := "a client without a name", r.activities()
	if r.ClientName != "" {
		who = shorten(bare(plainValue, r.ClientName), 60)
	}
	switch left := inUnits(span(begins, r.ExpiresAt)); {
	case what == "":
		return "the token allows nothing."
	case r.SecondsLeft <= 0:
		return "the token expired " + r.fromNow(r.ExpiresAt) + "; before that, " + who + " could " + what + "."
	case begins >= r.ExpiresAt:
		return "the token would allow " + who + " to " + what + ", but is never valid."
	case begins > r.look.now.Unix():
		return who + " may " + what + ", for " + left + ", beginning " + r.fromNow(begins) + "."
	default:
		return who + " may " + what + ", for the next " + left + "."
	}
}

func (r *report) activities() string {
	var all []string
	for _, s := range r.Scopes {
		if !slices.Contains(all, s.activity) {
			all = append(all, s.activity)
		}
	}
	if len(all) > 4 {
		all = append(all[:3], fmt.Sprintf("use %d more scopes", len(all)-3))
	}
	if last := len(all) - 1; last > 0 {
		all[last] = "and " + all[last]
	}
	return strings.Join(all, ", ")
}

// Words returns the value of a parameter, each item of a list on its own line.
func (p param) Words() string {
	if !holdsList(p.Name) {
		return bare(plainValue, p.Value)
	} else if p.List == nil {
		return quoted(p.Value) + " (not well formed)"
	}
	var lines []string
	for _, item := range *p.List {
		lines = append(lines, bare(plainName, item.Name)+" = "+bare(plainValue, item.Value))
	}
	return cmp.Or(strings.Join(lines, "\n"+strings.Repeat(" ", 14)), "(none)")
}

// When returns a time in words, or bare seconds outside the years 1 to 9999.
func (r *report) When(seconds int64) string {
	t := time.Unix(seconds, 0).In(r.look.now.Location())
	if t.Year() < 1 || t.Year() > 9999 {
		return fmt.Sprintf("Unix second %d", seconds)
	}
	return t.Format("2006-01-02 15:04:05 -0700") + ", " + r.fromNow(seconds)
}

func (r *report) fromNow(seconds int64) string {
	d := span(r.look.now.Unix(), seconds)
	if d > 0 {
		return "in " + inUnits(d)
	}
	return inUnits(-d) + " ago"
}

// What the page shows unquoted: letters, digits, and characters that it gives no
// meaning of its own. So no name looks like two, or like a row.
var (
	plainName  = regexp.MustCompile(`^[\pL\p{Nd}_.-]+$`)
	plainValue = regexp.MustCompile(`^[\pL\p{Nd} _.,:;/@+*#%&?!'~$^|<>{}[\]-]+$`)

	rightToLeft = regexp.MustCompile(`[\x{590}-\x{8ff}\x{fb1d}-\x{fdff}\x{fe70}-\x{feff}\x{10800}-\x{10fff}\x{1e800}-\x{1efff}]`)
)

// bare returns s, quoted unless it is plain and can be seen from left to right.
func bare(plain *regexp.Regexp, s string) string {
	if !plain.MatchString(s) || rightToLeft.MatchString(s) || strings.Join(strings.Fields(s), " ") != s || visible(s) != s {
		return quoted(s)
	}
	return s
}
