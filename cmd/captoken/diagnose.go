package main

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"example.com/capability"
)

// diagnose returns the likeliest cause for which the package rejects a token: a
// secret, something other than a token, damage to its text, or its contents.
func (l *look) diagnose() *failure {
	for _, find := range []func() *failure{l.secret, l.stranger, l.damage} {
		if failed := find(); failed != nil {
			return failed
		}
	}
	return l.contents()
}

// core returns the text without what is often copied together with a token.
func (l *look) core() string {
	const name = `^(?i)((export|set|const|let|var)\s+)?([\w.$:\\"'-]{1,40}\s*[:=]\s*)?(bearer(\s+|$))?["'\\]*`
	text := regexp.MustCompile(name).ReplaceAllString(strings.Trim(l.text, quotationMarks+"\ufeff"), "")
	return strings.Trim(text, quotationMarks+asciiSpace+";,")
}

// secret comes first, so that no message of the package shows a part of one.
func (l *look) secret() *failure {
	inside, outside := l.secrets.in(l.decoded[:]...), l.secrets.in(l.outline, l.core())
	hint := "If this was logged or shared, change the " + cmp.Or(inside, outside) + " in the Twilio Console."
	switch {
	case inside != "":
		return rejected(codeOf(l.err), "the token contains the "+inside+", and anyone who gets the token can read it", hint)
	case outside != "":
		return rejected("input", l.source+" contains the "+outside, "Keep secrets off command lines: other users can see them. "+hint)
	}
	return nil
}

const (
	ask       = "The server probably responded with an error or a login page: check the URL and whether you are logged in."
	atFault   = "If the token was copied correctly, the program that generated it has to be corrected."
	copyAgain = "Copy the whole token again: three parts with dots between them."
)

// strangers are matched with a text in which there is no token.
var strangers = []sign{
	{`(?i)^(|\[object \w+\]|promise.*|array|undefined|[<(]?(?:null|nil)[)>]?|none|NaN|empty|true|false|void|error)$`,
		`this is "$1", not a token`, "The variable or file for the token is empty or holds something else: check its name, or await it."},
	{`(?i)^(\$.+|%\w+%|<[\w .-]+>|#?\{+[\w .]+\}+|x{3,}|[a-z\s_-]*(token|jwt)([\s_-]*here)?)$`,
		"this is a placeholder, not a token", `Replace it with the token. A shell replaces "$TOKEN" only in double quotes.`},
	{sidShape + `|^[0-9A-Za-z]{32}$|^(?i:basic )?(QU[MN]|U0[st])[A-Za-z0-9+/]{20,}={0,2}$`, "this looks like a SID or a credential, not a token",
		"A token has three parts with dots between them. Keep credentials off command lines: other users can see them."},
	{`(?i)^(<[!?/a-z]|HTTP/[0-9])`, "this is a web page or another response of a server, not a token", ask},
	{`\x00|\x{fffd}`, "this is UTF-16 or binary data, not a token",
		"A token is a line of ASCII. In PowerShell, use Set-Content -Encoding ascii instead of >."},
	{`(?s)^\{.*"(alg|iss|exp|scope|grants|payload|ciphertext)"\s*:`, "this is JSON with decoded parts of a token", copyAgain},
	{`^[{\[]`, "this is JSON without a token in it", ask},
	{`^ZXlK`, "the whole token was encoded in base64 once more", "Decode it from base64 once."}, // eyJ
	{`(?i)^@?[\w~:./\\?=&%-]{0,300}([/\\~][\w./\\?=&%-]{0,300}|\.(txt|jwt|json|tok|token|key|pem|env|log|md|html?|csv|ya?ml))$`,
		"this looks like the name of a file or a URL, not like a token", `To read a file, run "captoken inspect <FILE". Request a URL, and pass the token that the server sends.`},
}

func (l *look) stranger() *failure {
	core := l.core()
	if tokenShape.MatchString(l.text) || strings.HasPrefix(core, "ey") {
		return nil
	}
	mayBe := matches(`^(ZXlK|//)`, core) // with a token in it
	return match(map[bool]string{true: "malformed", false: "input"}[mayBe], strangers, core)
}

// damage finds what surrounds a token or got into its text.
func (l *look) damage() *failure {
	found := tokenShape.FindAllStringIndex(l.text, 2)
	foreign := regexp.MustCompile(`[^A-Za-z0-9_.-]`).FindStringIndex(l.text)
	switch around := l.around(); {
	case len(found) > 1:
		return rejected("input", "there is more than one token in "+l.source, "Pass one at a time.")
	case around != nil:
		return around
	case matches(`…|\.\.\.|\*{3}|•{2}|█{2}|\[(REDACTED|MASKED|FILTERED|TRUNCATED)\]`, l.text):
		return rejected("malformed", "the token was shortened for display", "Copy it from its source, not from a log or a table.")
	case foreign == nil:
		return nil
	case !matches(`(?i)e[yw][a-z0-9_-]{6}`, l.text) && (!l.isThree || len(l.text) < 60):
		return rejected("input", l.source+" is not a token", "A token is one line of letters, digits, - and _, with two dots.")
	case found != nil && strings.Trim(l.text[:found[0][0]], ".") != "":
		return rejected("malformed", "there is other text around the token", alone)
	}
	failed := match("malformed", characters, l.text[foreign[0]:])
	column := strconv.Itoa(utf8.RuneCountInString(l.text[:foreign[0]]) + 1)
	failed.Reason = strings.Replace(failed.Reason, "#", column, 1)
	if failed.Hint == "" {
		failed.Hint = lineBreakHint(l.text)
	}
	return failed
}

// characters are matched with the rest of a text, from the first character on
// that is in no token. Its number stands for #.
var characters = []sign{
	{`^[\r\n]`, "there is a line break inside the token: character #", ""},
	{`^\s`, "there is a space inside the token: character #", "Remove it, or copy the token again as plain text."},
	{`^(%(?:25)?[0-9A-Fa-f]{2}|\\|&#?\w+;)`, `the token is escaped: at character # there is "$1"`, decode},
	{`^([+/=])`, `the token is in standard base64 instead of base64url: character # is "$1"`,
		"The program that generated it has to write base64url (RFC 7515, section 2): - for +, _ for /, and no padding."},
	{`(?s)^(.)`, `character # of the token is "$1"`, "A token has only ASCII letters, digits, hyphens, underscores and two dots: " +
		"copy it again as plain text. Editors replace hyphens with dashes."},
}

// lineBreakHint tells the breaks of an encoder from those of a mail or a window.
// No encoder wraps a whole token: it wraps each part, in lines of one width, and
// may end each with a break.
func lineBreakHint(text string) string {
	const lines = `^((C*|(C{60}\s+)+C{0,60}|(C{64}\s+)+C{0,64}|(C{76}\s+)+C{0,76})\s*(\.\s*|$))+$`
	if matches(strings.ReplaceAll(lines, "C", `[A-Za-z0-9_=+/-]`), text) {
		return "The program that generated it writes base64 in lines. It has to write a single line: " +
			"in Ruby, use urlsafe_encode64; with the GNU base64 command, use -w0."
	}
	return "Copy the token as a single line. A mail program or a narrow window wrapped it."
}

// contents finds what is wrong with the parts of a token.
func (l *look) contents() *failure {
	unreadable := l.header == nil || l.payload == nil || !utf8.ValidString(l.decoded[0]+l.decoded[1]) || !l.isThree
	p, iss := l.payload, l.payload.text("iss")
	switch {
	case l.header.has("enc"):
		return rejected("kind", "this is an encrypted token (JWE)", "Twilio's are signed, not encrypted, and have three parts.")
	case l.read != nil && (unreadable || errors.Is(l.read, capability.ErrAlgorithm)):
		return advise(l.read)
	case l.accessLike() && !l.isAccess():
		return rejected("kind", "the token looks like an Access Token, but does not have its cty in the header",
			`cty has to be "twilio-fpa;v=1"; otherwise Twilio answers with error 20102. `+atFault)
	case !l.isAccess() && !p.has("scope") && (p.has("policies", "workspace_sid") || p.has("friendly_name") && p.has("channel")):
		return rejected("kind", "this is a TaskRouter token, not a token for Twilio Client",
			"It is for the TaskRouter SDK: it has policies for a workspace where a capability token has scopes.")
	case !l.isAccess() && !l.signed && (strings.Contains(iss, "://") ||
		!p.has("iss", "scope") && p.has("sub", "aud", "name", "email", "user_id", "admin", "azp")):
		return rejected("kind", "this is a JSON Web Token, but its issuer is not a Twilio account",
			"It probably comes from a login service or another program: is this the right variable?")
	case errors.Is(l.err, capability.ErrSignature):
		return l.signature()
	case errors.Is(l.err, capability.ErrIssuer) && l.read == nil && l.payload != nil:
		return l.issuer()
	}
	return advise(l.err)
}

// advice is matched with what the package says. A hint that ends in a space goes
// on with who may be at fault.
var advice = []sign{
	{`found \d`, "", "A part of the token is missing, or there is a dot too many, such as a full stop. " + copyAgain},
	{`(header|payload): (its|not|the|character|byte) `, "", "This part of the token was cut or altered. " + copyAgain},
	{`(?i)alg is "none"`, "", "Tokens are always signed with HS256. Do not trust one without a signature."},
	{`(?i)alg is "HS`, "", "Select HS256, in upper case, where the token is generated. "},
	{`alg is "`, "", "Such a token comes from a login service or another issuer: is this the right variable?"},
	{`exp is "[\d.]+"`, "", "It has to be a number. Twilio's Java helper before version 7 writes a string: update it. "},
	{`(exp|nbf|iat) is -?\d+\.\d+,`, "", "Twilio accepts only whole seconds. In Python, pass int(time.time()). "},
	{`there is no scope`, "", `The claim has to be "scope". Twilio's C# helper omits it when it is given no scopes. `},
	{`scope is |space at an end|[,;|+]scope:`, "", "It has to be a string of scope URIs with exactly one space between two. "},
	{`(iss|sub)\b`, "", "iss has to be the SID of the account, or of the API key, and sub then that of the account. "},
	{`expired at 197[0-3]-`, "", "This exp is a lifetime and not a time: it has to be now plus the lifetime. "},
	{`expired`, "", "Generate a new token. A page that stays open needs one before the old one expires (tokenWillExpire in " +
		"the Voice JavaScript SDK). If the token is new, the clock is wrong here or on the server that generated it."},
	{`valid from (Unix time|[3-9]\d{3}-)`, "", "This nbf is in milliseconds instead of seconds: divide it by 1000. "},
	{`not yet valid`, "", "If it should be valid by now, its nbf is wrong, or a clock: that here or that of the server that generated it."},
	{``, "", " "},
}

func advise(err error) *failure {
	failed := match(codeOf(err), advice, bareReason(err))
	failed.Reason = bareReason(err)
	if strings.HasSuffix(failed.Hint, " ") {
		failed.Hint = strings.TrimLeft(failed.Hint+atFault, " ")
	}
	return failed
}

func codeOf(err error) string {
	for sentinel, code := range map[error]string{
		capability.ErrAlgorithm: "algorithm", capability.ErrSignature: "signature", capability.ErrIssuer: "issuer",
		capability.ErrExpired: "expired", capability.ErrNotYetValid: "not-yet-valid", capability.ErrScope: "scope",
	} {
		if errors.Is(err, sentinel) {
			return code
		}
	}
	return "malformed"
}

func (l *look) issuer() *failure {
	iss, hint := l.payload.text("iss"), "The signature matches: either the environment is wrong, or the program that generated the token."
	if iss == l.signer.account.value && l.payload.text("sub") == l.signer.id.value {
		hint = "iss and sub are swapped: iss has to be the SID of the API key, and sub that of the account. " + atFault
	} else if iss != l.signer.id.value && strings.TrimSpace(iss) == l.signer.id.value {
		hint = "iss ends with a newline or a space, as a file does that it was read from. " + atFault
	}
	return rejected("issuer", "wrong account or API key: "+l.owner(), hint)
}

func (l *look) owner() string {
	member, want := "iss", l.signer.id
	if l.isAccess() && l.payload.text(member) == want.value {
		member, want = "sub", l.signer.account
	}
	return fmt.Sprintf("the token is for %s %s, but %s is %s", strings.TrimSuffix(want.what, " SID"),
		l.secrets.quote(l.payload.text(member)), want.name, l.secrets.quote(want.value))
}

func (l *look) signature() *failure {
	own, iss := l.signer.secret, l.payload.text("iss")
	reason, hint := bareReason(l.err), "If the token was copied correctly, it was signed with another secret "+
		"than that in "+own.name+": one that was changed since, or that of a subaccount, another API key or the test credentials."
	switch wrong, with := own.wrong(), l.signedWith(); {
	case with != "":
		reason, hint = "invalid signature: the token was signed with "+with, "Correct the program that signs. Twilio accepts "+
			"only the "+own.what+", exactly as it is."
	case len(l.parts[2]) != signatureLen:
		reason, hint = l.signatureLength(), copyAgain
	case wrong != "":
		reason, hint = "invalid signature, and "+wrong, "Set it to the secret alone, as the Twilio Console shows it."
	case iss != "" && iss != l.signer.id.value:
		reason, hint = "invalid signature: "+l.owner(), "Verify it with the credentials of its owner."
	}
	return rejected("signature", reason, hint)
}

// signedWith says which key a program signed with by mistake, if that is known:
// another form of the secret, another credential, or none.
func (l *look) signedWith() string {
	what, s := "the "+l.signer.secret.what, l.signer.secret.value
	fromHex, _ := hex.DecodeString(s)
	fromBase64, _ := base64.StdEncoding.DecodeString(s)
	keys := map[string]string{
		what + " followed by a newline": s + "\n", what + " followed by a Windows line break": s + "\r\n",
		what + " followed by a space": s + " ", what + " preceded by a space": " " + s,
		what + " in double quotes": `"` + s + `"`, what + " in single quotes": "'" + s + "'",
		what + " in upper case": strings.ToUpper(s), what + " in lower case": strings.ToLower(s),
		what + " decoded from hexadecimal": string(fromHex), what + " decoded from base64": string(fromBase64),
		what + " encoded in base64": base64.StdEncoding.EncodeToString([]byte(s)),
		"an empty key":              "\x00", // which HMAC takes for it
	}
	for _, other := range []credential{l.signer.account, l.signer.id, l.other.id, l.other.secret} {
		keys["the "+other.what+" instead of "+what] = other.value
	}
	for form, key := range keys {
		if key != "" && l.parts[2] == l.sign(key) {
			return form
		}
	}
	return ""
}
