package main

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"example.com/capability"
)

// A tool is what the commands work with. All that they print goes through print
// and warn, which mask the secrets.
type tool struct {
	getenv         func(string) string
	now            func() time.Time
	stdin          io.Reader
	stdout, stderr io.Writer
	secrets        secrets
}

func (t *tool) print(text string) error {
	if _, err := io.WriteString(t.stdout, t.secrets.mask(text)); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// warn writes a line to standard error. There is nowhere to report a failure.
func (t *tool) warn(line string) { io.WriteString(t.stderr, t.secrets.mask(line)+"\n") }

// A failure is why a command did not do what it was asked for.
type failure struct {
	status   int
	Verified bool            `json:"verified"` // always false: programs look at it first
	Code     string          `json:"code"`     // as the manual lists them
	Reason   string          `json:"reason"`
	Hint     string          `json:"hint,omitempty"`
	Header   json.RawMessage `json:"header,omitempty"` // of the token, if it can be decoded
	Payload  json.RawMessage `json:"payload,omitempty"`
}

func (f *failure) Error() string { return f.Reason }

func rejected(code, reason, hint string) *failure {
	return &failure{status: 1, Code: code, Reason: reason, Hint: hint}
}

func incorrect(command, reason string) *failure {
	page := strings.TrimSpace("captoken " + command)
	return &failure{status: 2, Reason: reason, Hint: fmt.Sprintf("Run %q for help.", page+" -h")}
}

func bareReason(err error) string { return strings.TrimPrefix(err.Error(), "capability: ") }

// A sign is a pattern by which a cause is known, a reason and a hint. In the
// reason, $1 stands for what the pattern matches in its first parentheses.
type sign [3]string

// match returns what the first sign says that is found in a text, or nil.
func match(code string, signs []sign, text string) *failure {
	for _, s := range signs {
		pattern := regexp.MustCompile(s[0])
		if found := pattern.FindStringSubmatchIndex(text); found != nil {
			return rejected(code, string(pattern.ExpandString(nil, s[1], text, found)), s[2])
		}
	}
	return nil
}

func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }

const (
	asciiSpace     = " \t\r\n\v\f"
	quotationMarks = "\"'`´‘’‚‛“”„‟«»‹›「」＂＇"
	sidShape       = `^[A-Z]{2}[0-9a-fA-F]{32}$|^(AC|AP|SK)[0-9A-Za-z]{1,12}$`
)

// A credential is taken from the first of its variables that is set.
type credential struct {
	what, form, pattern string // the form is that of Twilio's; documentation has shorter ones
	names               []string
	name, value         string // as it is set
}

// wrong says why a credential cannot be right, or "". It does not show it.
func (c credential) wrong() string {
	const edge = "[\\s" + quotationMarks + "]"
	wrong := match("", []sign{
		{"^" + edge + "|" + edge + "$", "has quotation marks or white space around it, which become a part of it"},
		{`(?i)[${}%<>]|your|x{6}|\*{3}|changeme|example|placeholder|^(null|undefined|nil|none)$`, "is a placeholder"},
		{sidShape, "looks like a SID"},
	}, c.value)
	if wrong == nil || wrong.Reason == "looks like a SID" && strings.HasSuffix(c.what, "SID") {
		return ""
	}
	return c.name + " " + wrong.Reason
}

// odd is wrong, or tells a form that is neither Twilio's nor that of documentation.
func (c credential) odd() string {
	if c.wrong() != "" || matches(`^(AC|SK)?.{0,6}$`, c.value) || matches("^"+c.pattern+"$", c.value) {
		return c.wrong()
	}
	return c.name + " is not " + c.form + ", as Twilio's are"
}

// A signer is what one kind of token is signed and verified with.
type signer struct {
	access              bool
	account, id, secret credential // id is what iss names: the API key, or else the account
}

func (t *tool) signer(access bool) *signer {
	get := func(what, form, pattern string, names ...string) credential {
		set := max(0, slices.IndexFunc(names, func(name string) bool { return t.getenv(name) != "" }))
		return credential{what, form, pattern, names, names[set], t.getenv(names[set])}
	}
	account := get("account SID", "AC and 32 hexadecimal digits", "AC[0-9a-fA-F]{32}", "TWILIO_ACCOUNT_SID")
	if !access {
		return &signer{false, account, account, get("auth token", "32 hexadecimal digits", "[0-9a-fA-F]{32}", "TWILIO_AUTH_TOKEN")}
	}
	return &signer{true, account,
		get("API key SID", "SK and 32 hexadecimal digits", "SK[0-9a-fA-F]{32}", "TWILIO_API_KEY", "TWILIO_API_KEY_SID"),
		get("API key secret", "32 letters and digits", "[0-9A-Za-z]{32}", "TWILIO_API_SECRET", "TWILIO_API_KEY_SECRET")}
}

func (s *signer) missing() string {
	var missing []string
	for _, c := range []credential{s.account, s.id, s.secret} {
		if c.value == "" {
			missing = append(missing, strings.Join(c.names, " or "))
		}
	}
	if missing == nil {
		return ""
	}
	return "the environment has no " + strings.Join(slices.Compact(missing), ", and no ")
}

func (s *signer) capability() (capability.Capability, *failure) {
	c, err := capability.New(s.account.value, s.secret.value)
	if s.access {
		c, err = capability.NewWithAPIKey(s.account.value, s.id.value, s.secret.value)
	}
	if err == nil {
		return c, nil
	}
	names := slices.Compact([]string{s.account.name, s.id.name, s.secret.name})
	hint := cmp.Or(s.account.wrong(), s.id.wrong(), s.secret.wrong(), "Check "+strings.Join(names, ", "))
	return c, rejected("credentials", bareReason(err), hint+".")
}

// secrets are what no output may contain: the auth token and the secret of the
// API key, under each of their names, and any value in place of the key's SID
// that may be a secret.
type secrets []secret

type secret struct {
	what    string
	pattern *regexp.Regexp
}

// inside matches a value that was taken over with its name, or with quotes or a
// semicolon around it.
var inside = regexp.MustCompile("(?s)^\\s*(?:(?:export\\s+)?[A-Za-z_]\\w*\\s*=\\s*)?[\"'`\\s]*(.*?)[\"'`;,\\s]*$")

func (t *tool) newSecrets() (all secrets) {
	for _, s := range []*signer{t.signer(false), t.signer(true)} {
		for _, name := range slices.Concat(s.secret.names, s.id.names) {
			value := inside.FindStringSubmatch(t.getenv(name))[1]
			isSID := len(value) != 32 && matches(`^(AC|SK)[0-9A-Za-z]*$`, value)
			if value != "" && !isSID {
				all = append(all, newSecret(s.secret.what, value))
			}
		}
	}
	return all
}

// newSecret matches a secret in any case, plain, with any of its characters
// escaped, in hexadecimal and in base64, alone or with other text. One of fewer
// than 16 characters is no real secret: it is matched as a whole text only.
func newSecret(what, value string) secret {
	value = strings.ToValidUTF8(value, "\ufffd")
	escaped := ""
	for _, c := range value[:min(len(value), 200)] { // a pattern has its limits
		escaped += fmt.Sprintf(`(?:%s|%%(?:25)*%02x|\\+u00%02[2]x)`, regexp.QuoteMeta(string(c)), c)
	}
	forms := []string{regexp.QuoteMeta(value), escaped, regexp.QuoteMeta(strings.Trim(strconv.Quote(value), `"`)),
		hex.EncodeToString([]byte(value))}
	for before := range 3 { // how the bits lie depends on the number of bytes before them
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), value...))
		text = text[(before*8+5)/6 : (before+len(value))*8/6]
		forms = append(forms, strings.NewReplacer("+", "[+-]", "/", "[/_]").Replace(text))
	}
	pattern := "(?i:" + strings.Join(forms, "|") + ")"
	if len(value) < 16 {
		pattern = "^(?i:" + forms[0] + ")$"
	}
	return secret{what, regexp.MustCompile(pattern)}
}

func (s secrets) mask(text string) string {
	for _, secret := range s {
		text = secret.pattern.ReplaceAllLiteralString(text, "["+secret.what+"]")
	}
	return text
}

func (s secrets) in(texts ...string) string {
	for _, secret := range s {
		if slices.ContainsFunc(texts, secret.pattern.MatchString) {
			return secret.what
		}
	}
	return ""
}

// quote returns a value for a sentence. It masks before it cuts, so that no
// part of a secret remains.
func (s secrets) quote(text string) string { return quoted(shorten(s.mask(text), 48)) }

func shorten(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n-len("...")], "") + "..." // without a part of a character
}

func quoted(s string) string { return visible(strconv.Quote(s)) }

// hidden matches what a terminal obeys or does not show, some of which counts as
// letters, marks and symbols. strayMark matches marks that belong to no letter,
// and would attach themselves to a quote.
var (
	hidden = regexp.MustCompile(`[^\pL\pM\pN\pP\pS ]|[\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}` +
		`\x{2800}\x{3164}\x{fe00}-\x{fe0f}\x{ffa0}\x{fffd}\x{e0100}-\x{e01ef}]`)
	strayMark = regexp.MustCompile(`(?:^|[^\pL\pM])\pM+`)
)

func visible(s string) string {
	escape := func(s string) string { return strings.Trim(strconv.QuoteToASCII(s), `"`) }
	return strayMark.ReplaceAllStringFunc(hidden.ReplaceAllStringFunc(s, escape), func(found string) string {
		before := strings.TrimRightFunc(found, unicode.IsMark)
		return before + escape(found[len(before):])
	})
}
