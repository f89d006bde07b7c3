package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// These functions find what was given if it is not a token, or more than one.

func nothing(l *look) (reason, hint string) {
	if l.core != "" {
		return "", ""
	}
	return "there is no token in " + l.source + ", only quotes or a name for one",
		"The variable or file that should hold the token is empty."
}

func authTokenGiven(l *look) (reason, hint string) {
	if !slices.Contains(l.secrets.values, l.core) {
		return "", ""
	}
	return "this is the auth token itself, not a capability token",
		"To generate a token, run \"captoken mint\". Keep the auth token off command lines: other users can see them, and the shell's history keeps them."
}

func authTokenInside(l *look) (reason, hint string) {
	if !l.secrets.foundIn(l.text) {
		return "", ""
	}
	return l.source + " contains the auth token",
		"Pass only the token. If this was logged or shared, change the auth token in the Twilio Console."
}

// words are what programs print for a value that is not there.
var words = []struct{ word, hint string }{
	{"undefined", "The variable or member that should hold the token was not set: check its name."},
	{"null", ""}, {"nil", ""}, {"none", ""}, {"NaN", ""}, {"<nil>", ""}, {"(null)", ""}, {"(nil)", ""}, {"<null>", ""}, {"empty", ""},
	{"true", ""}, {"false", ""}, {"void", ""}, {"error", ""},
	{"[object Object]", "A JavaScript object was used instead of the token: use the member that holds it, such as response.token."},
	{"[object Promise]", "A JavaScript Promise was used instead of its value: use await."},
	{"Promise { <pending> }", "A JavaScript Promise was used instead of its value: use await."},
	{"System.String[]", "An array was used instead of its element."},
	{"array", "An array was used instead of its element."},
}

func aWord(l *look) (reason, hint string) {
	for _, w := range words {
		if strings.EqualFold(l.core, w.word) {
			hint = w.hint
			if hint == "" {
				hint = words[0].hint
			}
			return fmt.Sprintf("this is the word %q, not a token", w.word), hint
		}
	}
	return "", ""
}

var placeholder = regexp.MustCompile(`(?i)^(\$\{?[\w.:-]+\}?|%\w+%|<[\w .-]+>|\{\{.*\}\}|\{\w+\}|\$\(.*\)|#\{\w+\}|` +
	`(your|my|the|some|insert|paste)[a-z0-9\s_-]*(token|jwt)[a-z0-9\s_-]*|\$\{\{.*\}\}|x{3,}|(access|capability|client|jwt|auth)?[\s_-]*(token|jwt)([\s_-]*here)?)$`)

func aPlaceholder(l *look) (reason, hint string) {
	if len(l.tokens) > 0 || len(l.core) > longestName || !placeholder.MatchString(l.core) {
		return "", ""
	}
	return "this is a placeholder, not a token",
		`Replace it with the token itself. A shell replaces "$TOKEN" in double quotes but not in single quotes.`
}

func anotherEncoding(l *look) (reason, hint string) {
	text := l.text
	if zeros := strings.Count(text, "\x00"); !strings.HasPrefix(text, "\xff\xfe") && !strings.HasPrefix(text, "\xfe\xff") &&
		(zeros == 0 || zeros < len(text)/3 || zeros > len(text)*4/5) {
		return "", ""
	}
	return l.source + " is UTF-16 or UTF-32, in which a character takes two or four bytes",
		"Save it as UTF-8 or ASCII. In PowerShell, use Set-Content -Encoding ascii instead of >."
}

// magic are the first bytes of compressed files.
var magic = []struct{ bytes, name string }{
	{"\x1f\x8b", "gzip"}, {"PK\x03\x04", "ZIP"}, {"BZh", "bzip2"}, {"\x28\xb5\x2f\xfd", "Zstandard"}, {"\xfd7zXZ", "xz"}, {"\x78\x9c", "zlib"},
}

func compressed(l *look) (reason, hint string) {
	for _, m := range magic {
		if strings.HasPrefix(l.text, m.bytes) && !isText(l.text) {
			return fmt.Sprintf("%s is compressed data (%s), not a token", l.source, m.name),
				"Decompress it first. To fetch a compressed response, run curl --compressed."
		}
	}
	return "", ""
}

// isText reports whether s is UTF-8 with hardly any control characters.
func isText(s string) bool {
	control := 0
	for _, c := range s {
		if c < ' ' && !strings.ContainsRune("\t\r\n", c) || c == 0x7f {
			control++
		}
	}
	return utf8.ValidString(s) && control*8 <= len(s)
}

func binary(l *look) (reason, hint string) {
	ascii := 0
	for i := range len(l.text) {
		if ' ' <= l.text[i] && l.text[i] < 0x7f {
			ascii++
		}
	}
	if isText(l.text) || len(l.tokens) > 0 || ascii*10 > len(l.text)*9 {
		return "", ""
	}
	return l.source + " is binary data, not a token", "A token is a single line of text: is this the right file?"
}

var markup = regexp.MustCompile(`(?is)^\s*<(!doctype|!--|\?xml|/?[a-z][a-z0-9:]*(\s[^<]*)?/?>)`)

func webPage(l *look) (reason, hint string) {
	if !markup.MatchString(l.text) {
		return "", ""
	}
	return l.source + " is a web page or other markup (HTML or XML), not a token",
		"The server probably responded with an error or a login page: check the URL and whether you are logged in."
}

func pemFile(l *look) (reason, hint string) {
	if !strings.HasPrefix(l.text, "-----BEGIN ") {
		return "", ""
	}
	return l.source + " is a key or a certificate (PEM), not a token", "Capability tokens are signed with the auth token and need no key file."
}

var httpStart = regexp.MustCompile(`^(HTTP/[0-9.]+ ([0-9]{3})|(GET|POST|PUT|HEAD) \S+ HTTP/)`)

func httpMessage(l *look) (reason, hint string) {
	match := httpStart.FindStringSubmatch(l.text)
	if match == nil {
		return "", ""
	}
	if match[2] != "" && match[2][0] != '2' {
		return "this is an HTTP response with status " + match[2] + ", not a token", "The server responded with an error: check the URL and whether you are logged in."
	}
	return "this is a whole HTTP message, not a token alone", "Pass only the token in it. Run curl without -i and -v."
}

func jsonText(l *look) (reason, hint string) {
	var v any
	if l.text == "" || !strings.Contains("{[", l.text[:1]) {
		return "", ""
	}
	decoder := json.NewDecoder(strings.NewReader(l.text))
	decoder.UseNumber()
	err := decoder.Decode(&v)
	o := parseObject([]byte(l.text))
	switch {
	case o.has("payload") && o.has("signature", "signatures"):
		return "the token is in the JSON form of a signed message (RFC 7515, section 7.2)",
			"Twilio accepts only the compact form: protected, payload and signature, joined by dots."
	case o.has("ciphertext"):
		return "this is an encrypted message in JSON (RFC 7516), not a capability token", "Capability tokens are signed, not encrypted."
	case o.has("iss", "exp", "scope") || o.has("alg") && o.has("typ"):
		return "this is a decoded part of a token", "Pass the token as it was generated: three parts with dots between them."
	}
	if path, ok := tokenMember(v); ok && path != "" {
		return "this is JSON with a token in its member " + l.secrets.quote(path), "Pass only the value of that member" + selection(path) + "."
	} else if ok || len(l.tokens) > 0 {
		return "this is JSON with a token in it, not a token alone", "Pass only the token, without the quotes around it."
	}
	if err != nil {
		return "this is not a token: it begins like JSON", "Pass the token alone, as a single line of text."
	}
	return "this is JSON without a token in it",
		"The server may have responded with an error: read the response."
}

// selection shows how to print a member, if its name needs no quoting.
func selection(path string) string {
	if !simplePath.MatchString(path) {
		return ""
	}
	return ", for example with jq -r ." + path
}

var simplePath = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// tokenMember returns the path to the first string that looks like a token.
func tokenMember(v any) (path string, ok bool) {
	switch v := v.(type) {
	case string:
		return "", looksLikeToken(v)
	case []any:
		for i, element := range v {
			if path, ok := tokenMember(element); ok {
				return strings.TrimSuffix(fmt.Sprintf("[%d].%s", i, path), "."), true
			}
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names) // for the same answer each time
		for _, name := range names {
			if path, ok := tokenMember(v[name]); ok {
				return strings.TrimSuffix(name+"."+path, "."), true
			}
		}
	}
	return "", false
}

func severalTokens(l *look) (reason, hint string) {
	if len(l.tokens) < 2 {
		return "", ""
	}
	return "there is more than one token in " + l.source, "Pass one at a time."
}

var (
	sidShape   = regexp.MustCompile(`^[A-Z]{2}[0-9a-fA-F]{32}$|^(AC|AP|SK)[0-9A-Za-z]{1,12}$`)
	keyShape   = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)
	sidMeaning = map[string]string{"AC": "account", "AP": "application", "SK": "API key"}
)

func aSID(l *look) (reason, hint string) {
	if !sidShape.MatchString(l.core) {
		return "", ""
	}
	reason = "this is " + meaningOf(l.core) + ", not a token"
	return reason, "A token has three parts with dots between them."
}

// meaningOf returns what a SID identifies.
func meaningOf(sid string) string {
	if meaning := sidMeaning[sid[:2]]; meaning != "" {
		return "the SID of an " + meaning
	}
	return "a SID"
}

// basicShape matches what HTTP Basic authentication encodes in base64.
var basicShape = regexp.MustCompile(`^(AC|SK)[0-9A-Za-z]+:`)

func aCredential(l *look) (reason, hint string) {
	if pair, err := decodeBase64(strings.TrimPrefix(l.core, "Basic ")); err == nil && basicShape.Match(pair) {
		return "this looks like a SID and an auth token in base64, as in HTTP Basic authentication",
			"Pass a token instead. Base64 hides nothing: treat it like the auth token."
	}
	if !keyShape.MatchString(l.core) {
		return "", ""
	}
	return "this looks like an auth token or another credential, not like a capability token",
		"The auth token belongs in " + authVariable + ". Keep credentials off command lines: other users can see them."
}
