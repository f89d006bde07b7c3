package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/capability"
)

// read returns a look at what was given as a token.
func (t *tool) read(token string) (*look, *failure) {
	const most = 64 << 10
	source := "the argument"
	if token == "-" {
		source = "standard input"
		if isTerminal(t.stdin, t.stderr) {
			t.warn("captoken: waiting for a token on standard input: paste it, press Enter, then Ctrl-D (on Windows Ctrl-Z and Enter)")
		}
		input, err := io.ReadAll(io.LimitReader(t.stdin, most+1))
		if err != nil {
			return nil, rejected("input", "standard input: "+err.Error(), "")
		}
		token = string(input)
	}
	text := strings.Trim(token, asciiSpace)
	if len(token) > most {
		return nil, rejected("input", source+" is longer than 64 KiB", "A token has a few thousand characters. Is this the right file?")
	} else if text == "" {
		return nil, rejected("input", "there is no token: "+source+" is empty", "The variable or file that it should come from is empty.")
	}
	return newLook(text, source, t.now().Truncate(time.Second), t.secrets), nil
}

// isTerminal reports whether r is where a person types what w shows: both are
// the same device then.
func isTerminal(r io.Reader, w io.Writer) bool {
	stat := func(stream any) (info fs.FileInfo) {
		if file, ok := stream.(interface{ Stat() (fs.FileInfo, error) }); ok {
			info, _ = file.Stat()
		}
		return info
	}
	typed := stat(r)
	return typed != nil && typed.Mode()&fs.ModeCharDevice != 0 && os.SameFile(typed, stat(w))
}

// A look is what a lenient reader sees in a text, which proves nothing, and what
// the package says of it.
type look struct {
	text, source            string
	token                   string    // what looks like one, if it is the only one and whole; otherwise the text
	outline                 string    // the text with TOKEN in place of that
	parts                   [3]string // of the token
	isThree                 bool      // whether there are three parts
	decoded                 [2]string // the header and the payload, or "" for one that is not in base64
	header, payload, grants object
	now                     time.Time
	secrets                 secrets

	capability.Claims
	read, err     error   // of ParseUnverified, and of Verify if the command is verify
	signer, other *signer // for its kind and for the other one; nil if it is inspect
	signed        bool    // whether the signature matches
	warnings      []string
}

// tokenShape matches what looks like a token: the header of a JWT is a JSON
// object, which begins with {", {space or {newline.
var tokenShape = regexp.MustCompile(`(?:ey[JAI]|ew[0-9A-Za-z])[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`)

func newLook(text, source string, now time.Time, s secrets) *look {
	l := &look{text: text, source: source, token: text, outline: text, now: now, secrets: s}
	if found := tokenShape.FindAllStringIndex(text, 2); len(found) == 1 {
		before, token, after := text[:found[0][0]], text[found[0][0]:found[0][1]], text[found[0][1]:]
		// It is not whole if the rest of its signature may follow a space.
		isLong := len(token)-strings.LastIndexByte(token, '.') > signatureLen
		if !matches(`[\w.-]$`, before) && !matches(`^[.=+/]`, after) && (isLong || !matches(`[0-9A-Za-z]`, after)) {
			l.token, l.outline = token, before+"TOKEN"+after
		}
	}
	l.isThree = strings.Count(l.token, ".") == 2
	copy(l.parts[:], strings.Split(l.token, "."))
	for i := range l.decoded { // in either alphabet, padded or not
		text := strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(l.parts[i], "="))
		if decoded, err := base64.RawURLEncoding.DecodeString(text); err == nil {
			l.decoded[i] = string(decoded)
		}
	}
	json.Unmarshal([]byte(l.decoded[0]), &l.header) // which stays nil for anything but an object
	json.Unmarshal([]byte(l.decoded[1]), &l.payload)
	json.Unmarshal(l.payload["grants"], &l.grants)
	return l
}

// verify verifies a token with the credentials that its kind asks for. It fails
// if they are missing or wrong. If the token is wrong anyway, any credentials
// will do to say so.
func (t *tool) verify(l *look) *failure {
	access := l.isAccess() || l.accessLike()
	l.signer, l.other = t.signer(access), t.signer(!access)
	if _, l.read = capability.ParseUnverified(l.text); l.read != nil && l.signer.missing() != "" {
		l.signer, l.other = l.other, l.signer
	}
	if missing := l.signer.missing(); missing != "" {
		kind := map[bool]string{true: "an Access Token", false: "a capability token"}[l.signer.access]
		return rejected("credentials", "this is "+kind+", but "+missing,
			"Set the credentials of "+l.secrets.quote(l.payload.text("iss"))+", which the token names.")
	}
	base, failed := l.signer.capability()
	if failed != nil {
		return failed
	}
	l.Claims, l.err = base.WithClock(func() time.Time { return l.now }).Verify(l.text)
	l.signed = l.parts[2] == l.sign(l.signer.secret.value)
	return nil
}

// An object is a JSON object, decoded one level deep.
type object map[string]json.RawMessage

func (o object) has(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return o[name] != nil })
}

// text returns a member that is a string, or "".
func (o object) text(name string) (s string) {
	json.Unmarshal(o[name], &s)
	return s
}

func (l *look) isAccess() bool { return l.header.text("cty") == "twilio-fpa;v=1" }

// accessLike reports whether a token was probably meant to be one.
func (l *look) accessLike() bool {
	return !l.payload.has("scope") && (l.payload.has("grants") || strings.HasPrefix(l.payload.text("iss"), "SK") ||
		strings.HasPrefix(l.header.text("cty"), "twilio-fpa"))
}

const signatureLen = 43 // 32 bytes of HMAC-SHA256 in base64url

func (l *look) signatureLength() string {
	return fmt.Sprintf("the signature has %d characters instead of %d", len(l.parts[2]), signatureLen)
}

// json returns a JSON text without white space and secrets, or nil if it is
// none, which includes one that is nested too deeply for package json.
func (l *look) json(text string) json.RawMessage {
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(l.secrets.mask(text))) != nil {
		return nil
	}
	return compact.Bytes()
}

// sign returns the signature of a token under a key. Zeros at its end change
// nothing, and package hmac takes no key of less than 14 bytes where FIPS 140-3
// mode is enforced.
func (l *look) sign(key string) string {
	mac := hmac.New(sha256.New, []byte(key+strings.Repeat("\x00", max(0, 14-len(key)))))
	mac.Write([]byte(l.parts[0] + "." + l.parts[1]))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

const (
	alone  = "Pass the token alone."
	decode = "Decode it: % in a URL, a backslash in JSON or source code, & in HTML."
)

// surroundings are matched with the outline of a text.
var surroundings = []sign{
	{`(?i)^(HTTP/|(GET|POST|PUT|HEAD) \S+ HTTP/)|(authori[sz]ation|cookie)["']?\s*[:=]`,
		"this is an HTTP message or a header, not a token alone", `Pass the token alone, such as what follows "Bearer".`},
	{`^[{\[](?s:.*)"([A-Za-z]\w{0,39})"\s*:\s*"TOKEN"`, `this is JSON with a token in its member "$1"`, "Pass only its value."},
	{`^[A-Za-z][A-Za-z0-9+.-]*://|^/?[\w./-]*[?&#][\w.-]+=TOKEN`, "this is a URL with a token in it, not a token alone", alone},
	{`(%(?:25)?[0-9A-Fa-f]{2}|\\|&#?\w+;)`, `the token is escaped: there is "$1" beside it`, decode},
	{`^b["']TOKEN["']$`, "this is how Python prints a bytes value: b'TOKEN'", "Pass token.decode() instead of str(token)."},
	{`(?i)^["'\s]*(bearer|jwt|token)[\s:+]*TOKEN`, `the word "$1" precedes the token`, "Pass only the token that follows it."},
	{`^[#$>\s-]*((export|set|const|let|var)\s+)?[$A-Za-z_"'][\w.$:"'-]{0,60}\s*(:?=|=>|:)\s*["'` + "`]?TOKEN",
		"the token is preceded by a name, as in an assignment", "Pass only the value, without the name and without quotes."},
	{"^[" + quotationMarks + `\s]+TOKEN|TOKEN[` + quotationMarks + `\s]+[,;]?$`, "there are quotation marks around the token",
		"Pass the token without quotes. If it comes from JSON, jq -r prints it so."},
	{`^(.?)TOKEN(.?)$`, `there is "$1$2" around the token`,
		`Pass the token alone. If it is \ufeff, a byte order mark, save the file as UTF-8 without it.`},
	{``, "there is other text around the token", alone},
}

func (l *look) around() *failure {
	if l.token == l.text {
		return nil
	}
	isDocument := matches(`^([{\[]|<[!?a-z]|HTTP/|[A-Z]+ \S+ HTTP/)`, l.outline)
	return match(map[bool]string{true: "input", false: "malformed"}[isDocument], surroundings, l.outline)
}
