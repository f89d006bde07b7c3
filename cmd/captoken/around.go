package main

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// These functions find what surrounds a token, or how all of it was encoded.

const quotationMarks = "\"'`´‘’‚‛“”„‟«»‹›「」＂＇"

// wrapping matches what is often copied together with a token.
var wrapping = regexp.MustCompile(`^(?i)((export|set|const|let|var)\s+)?([\w.$:\\"'-]{1,40}\s*[:=]\s*)?(bearer(\s+|$))?["'\\]*`)

var authorization = regexp.MustCompile(`(?i)^["'\s]*(-H\s*["']?)?(proxy-|x-)?authori[sz]ation["']?\s*[:=]`)

func authorizationHeader(l *look) (reason, hint string) {
	if !authorization.MatchString(l.text) {
		return "", ""
	}
	return "this is a whole Authorization header, not a token alone", `Pass only the token, which follows "Bearer".`
}

var cookie = regexp.MustCompile(`(?i)^(set-)?cookie\s*:|^[\w.-]+=[^;]*;\s*[\w.-]+(=|$|;)`)

func aCookie(l *look) (reason, hint string) {
	if !cookie.MatchString(l.text) || len(l.tokens) == 0 {
		return "", ""
	}
	return "this is a cookie with a token in it, not a token alone", "Pass only the token: what is between the equals sign and the semicolon."
}

var urlShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://|^/?[\w./-]*[?&#][\w.-]+=`)

func aURL(l *look) (reason, hint string) {
	if !urlShape.MatchString(l.text[:min(len(l.text), longestName)]) || strings.Contains(l.text, "\n") {
		return "", ""
	}
	if !beginning.MatchString(l.text) {
		return "this is a URL, not a token", "Request it, and pass the token that the server sends."
	}
	return "this is a URL with a token in it, not a token alone", "Pass only the token: the value of its parameter."
}

var pathShape = regexp.MustCompile(`^(@|<|\.{0,2}/|~/|[A-Za-z]:\\|\\\\)?[^\s"'{}<>|?*=%&;,]+$`)
var extension = regexp.MustCompile(`(?i)\.(txt|jwt|json|tok|token|key|pem|env|log|md|html?|csv|ya?ml|cfg|conf|ini|b64|dat|bin|out|tmp|js|py|go|rb|php|sh)$`)

// longestName is how long the name of a file, a placeholder or the beginning of
// a URL may be. Longer texts are not searched for one.
const longestName = 300

func fileName(l *look) (reason, hint string) {
	text := strings.Trim(l.text, quotationMarks)
	if len(text) > longestName || len(l.tokens) > 0 || l.header != nil || strings.HasPrefix(text, "ey") || !pathShape.MatchString(text) {
		return "", ""
	}
	if !strings.HasPrefix(text, "@") && !extension.MatchString(text) && (!strings.ContainsAny(text, `/\~`) || len(l.parts) == 3) {
		return "", ""
	}
	return "this looks like the name of a file, not like a token", fmt.Sprintf(`To read the token from a file, run "captoken %s <FILE".`, l.command())
}

var ellipsis = regexp.MustCompile(`…|\.\.\.|\*{3}|•{2}|█{2}|\[(REDACTED|MASKED|FILTERED|TRUNCATED)\]`)

func shortened(l *look) (reason, hint string) {
	found := ellipsis.FindStringIndex(l.text)
	if begins := beginning.FindStringIndex(l.text); found == nil || begins == nil || begins[0] > 20 {
		return "", ""
	}
	return fmt.Sprintf("the token was shortened for display at character %d", l.column(found[0])),
		"Copy the whole token from its source, not from a log or a table."
}

// command returns the command that looks.
func (l *look) command() string {
	if l.verifying {
		return "verify"
	}
	return "inspect"
}

// column returns the number of the character at byte i, counting from 1.
func (l *look) column(i int) int { return utf8.RuneCountInString(l.text[:i]) + 1 }

var percent = regexp.MustCompile(`%(25)?([0-9A-Fa-f]{2})`)

func percentEncoded(l *look) (reason, hint string) {
	found := percent.FindStringSubmatchIndex(l.text)
	if found == nil {
		return "", ""
	}
	escape, times := l.text[found[0]:found[1]], "once"
	if found[2] >= 0 {
		times = "twice"
	}
	return fmt.Sprintf("the token is percent-encoded: there is %s at character %d", escape, l.column(found[0])),
		fmt.Sprintf("Decode it %s, like the value of a URL parameter.", times)
}

var entity = regexp.MustCompile(`&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});`)

func htmlEntity(l *look) (reason, hint string) {
	found := entity.FindStringIndex(l.text)
	if found == nil {
		return "", ""
	}
	return fmt.Sprintf("the token is escaped for HTML: there is %s at character %d", l.text[found[0]:found[1]], l.column(found[0])),
		"Undo the HTML escaping, or copy the token from the page as displayed."
}

func backslash(l *look) (reason, hint string) {
	i := strings.IndexByte(l.text, '\\')
	if i < 0 {
		return "", ""
	}
	return fmt.Sprintf("the token is escaped, as in JSON or source code: character %d is a backslash", l.column(i)),
		"Pass the value of the string, without quotes and backslashes."
}

var bearerShape = regexp.MustCompile(`(?i)^["'\s]*(bearer|jwt|token)(\s+|[:+]?e[yw])`)

func bearer(l *look) (reason, hint string) {
	found := bearerShape.FindStringSubmatch(l.text)
	if found == nil {
		return "", ""
	}
	return fmt.Sprintf("the word %q precedes the token", found[1]), "Pass only the token that follows it."
}

var assignmentShape = regexp.MustCompile(`(?i)^\s*[#$>-]*\s*((export|set|const|let|var)\s+)?[$A-Za-z_"'][\w.$:"'-]{0,60}\s*(:?=|=>|:)\s*`)

// plainAssignment matches an assignment that can be shown: a name alone.
var plainAssignment = regexp.MustCompile(`^(export )?[A-Za-z_][A-Za-z0-9_]{0,15}(=|: |: ?")"?$`)

func assignment(l *look) (reason, _ string) {
	before := l.before()
	if len(l.tokens) == 0 || !assignmentShape.MatchString(before) {
		return "", ""
	}
	const hint = "Pass only the value, without the name and without quotes."
	if plainAssignment.MatchString(before) {
		return "the token is preceded by " + l.secrets.quote(before), hint
	}
	return "the token is preceded by a name, as in an assignment", hint
}

func inQuotes(l *look) (reason, hint string) {
	first, _ := utf8.DecodeRuneInString(l.text)
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(l.text, ",;")) // as in JSON and in programs
	begins, ends := strings.ContainsRune(quotationMarks, first), strings.ContainsRune(quotationMarks, last)
	switch {
	case begins && ends:
		reason = "the token is in quotes"
	case begins:
		reason = "there is a quotation mark before the token"
	case ends:
		reason = "there is a quotation mark after the token"
	default:
		return "", ""
	}
	if first > utf8.RuneSelf && begins || last > utf8.RuneSelf && ends {
		return reason + " (typographic ones, which no shell removes)", "Pass the token without quotes. An editor or messenger replaced straight quotes with these."
	}
	return reason, "Pass the token without quotes. If it comes from JSON, jq -r prints the bare value."
}

func byteOrderMark(l *look) (reason, hint string) {
	if !l.mark && !strings.Contains(l.text, "\ufeff") {
		return "", ""
	}
	return "there is a byte order mark (U+FEFF), which editors do not show",
		"Save the file as ASCII, or as UTF-8 without a byte order mark (BOM)."
}

func encodedTwice(l *look) (reason, hint string) {
	text := strings.Join(strings.Fields(l.text), "")
	if plain, err := decodeBase64(text); err != nil || !looksLikeToken(string(plain)) {
		return "", ""
	}
	return "the whole token was encoded in base64 once more", "Decode it from base64 once, and pass the result."
}

func inHexadecimal(l *look) (reason, hint string) {
	plain, err := hex.DecodeString(strings.TrimPrefix(l.text, "0x"))
	if err != nil || !looksLikeToken(string(plain)) {
		return "", ""
	}
	return "the whole token is written in hexadecimal", "Decode it from hexadecimal, and pass the result."
}

func reversed(l *look) (reason, hint string) {
	text := []byte(l.text)
	slices.Reverse(text)
	if len(l.parts) != 3 || l.header != nil || decodeObject(strings.SplitN(string(text), ".", 2)[0]) == nil {
		return "", ""
	}
	return "the token is written backwards", "Reverse the order of its characters."
}

// beginning matches how the header and most payloads begin.
var beginning = regexp.MustCompile(`(?i)e[yw][a-z0-9_-]{6}`)

func noToken(l *look) (reason, hint string) {
	if beginning.MatchString(l.text) || len(l.parts) == 3 && len(l.text) > 60 || !strings.ContainsFunc(l.text, isForeign) {
		return "", ""
	}
	return l.source + " is not a token",
		"A token is a single line of ASCII letters, digits, hyphens, underscores and two dots."
}

// isForeign reports whether no token has c in it.
func isForeign(c rune) bool { return c >= utf8.RuneSelf || c != '.' && !isBase64(byte(c)) }

// textAround finds text before or after a token. A stray character inside a
// token also looks like text after a shorter one, so that is reported only if
// the signature before it is complete.
func textAround(l *look) (reason, hint string) {
	before, after := l.before(), l.after()
	token := l.text[len(before) : len(l.text)-len(after)]
	whole := len(token)-strings.LastIndexByte(token, '.')-1 == signatureLen
	switch {
	case strings.Trim(before, ".") != "" && !beginning.MatchString(before):
		return fmt.Sprintf("there is %s before the token, which begins at character %d", what(before), l.column(len(before))), "Pass the token alone."
	case len(after) > 0 && whole && !isBase64(after[0]) && !strings.Contains(".=", after[:1]):
		return fmt.Sprintf("there is %s after the token, which ends with character %d", what(after), l.column(len(l.text)-len(after))-1), "Pass the token alone."
	}
	return "", ""
}

// before and after return the text around the first token in it, if any.
func (l *look) before() string {
	if len(l.tokens) == 0 {
		return ""
	}
	return l.text[:l.tokens[0][0]]
}

func (l *look) after() string {
	if len(l.tokens) == 0 {
		return ""
	}
	return l.text[l.tokens[0][1]:]
}

// what describes the text around a token, without showing more of it than a
// character.
func what(text string) string {
	text = strings.Trim(text, asciiSpace)
	c, size := utf8.DecodeRuneInString(text)
	if size == len(text) || c == 0x1b {
		return describe(c)
	}
	return "other text"
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-_+/", c) >= 0
}
