package main

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// A damage is something that happens to tokens, and the cause that has to be
// found.
type damage struct {
	name  string
	cause string
	text  string
}

// wrapped returns s in lines of n characters.
func wrapped(s string, n int, lineBreak string) string {
	var lines []string
	for len(s) > n {
		lines, s = append(lines, s[:n]), s[n:]
	}
	return strings.Join(append(lines, s), lineBreak)
}

func inUTF16(s string, mark bool) string {
	var b []byte
	if mark {
		b = []byte{0xff, 0xfe}
	}
	for _, unit := range utf16.Encode([]rune(s)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return string(b)
}

func inGzip(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// damages returns what can happen to the token, of which parts are the three
// parts and which has - and _ in it.
func damages(token string) []damage {
	parts := strings.Split(token, ".")
	header, payload, signature := parts[0], parts[1], parts[2]
	raw := func(part string) string { b, _ := base64.RawURLEncoding.DecodeString(part); return string(b) }
	standard := strings.NewReplacer("-", "+", "_", "/").Replace
	padded := func(part string) string { return part + strings.Repeat("=", -len(part)&3) }
	fifth := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"dir","enc":"A256GCM"}`))
	hex32 := "0123456789abcdef0123456789abcdef"
	return []damage{
		{"double quotes", "quotation marks", `"` + token + `"`},
		{"single quotes", "quotation marks", "'" + token + "'"},
		{"typographic quotes", "quotation marks", "“" + token + "”"},
		{"low typographic quotes", "quotation marks", "„" + token + "“"},
		{"typographic single quotes", "quotation marks", "‘" + token + "’"},
		{"guillemets", "quotation marks", "«" + token + "»"},
		{"backticks", "quotation marks", "`" + token + "`"},
		{"an opening quote", "quotation marks", `"` + token},
		{"a closing quote", "quotation marks", token + "'"},
		{"quotes and a comma", "quotation marks", `"` + token + `",`},
		{"quotes with backslashes", "backslash", `\"` + token + `\"`},
		{"a comma behind it", "text around it", token + ","},
		{"a semicolon behind it", "text around it", token + ";"},
		{"parentheses", "text around it", "(" + token + ")"},
		{"angle brackets", "text around it", "<" + token + ">"},
		{"Markdown fence", "quotation marks", "```\n" + token + "\n```"},
		{"bearer", "bearer", "Bearer " + token},
		{"bearer in lower case", "bearer", "bearer " + token},
		{"bearer and a quote", "bearer", `"Bearer ` + token + `"`},
		{"JWT scheme", "bearer", "JWT " + token},
		{"authorization", "authorization header", "Authorization: Bearer " + token},
		{"authorization in lower case", "authorization header", "authorization: bearer " + token},
		{"curl flag", "authorization header", `-H "Authorization: Bearer ` + token + `"`},
		{"token=", "assignment", "token=" + token},
		{"export", "assignment", "export TOKEN=" + token},
		{"export with quotes", "assignment", `export TOKEN="` + token + `"`},
		{"const", "assignment", `const token = "` + token + `";`},
		{"YAML", "assignment", "token: " + token},
		{"a member of JSON without braces", "assignment", `"token": "` + token + `"`},
		{"PowerShell", "assignment", `$env:TOKEN = "` + token + `"`},
		{"URL", "URL", "https://example.com/voice?token=" + token},
		{"URL with more", "URL", "https://example.com/voice?token=" + token + "&x=1#y"},
		{"fragment", "URL", "https://example.com/#access_token=" + token},
		{"websocket", "URL", "wss://example.com/signal?token=" + token},
		{"query", "URL", "?token=" + token + "&x=1"},
		{"URL without a token", "URL", "https://example.com/token"},
		{"cookie", "cookie", "Cookie: session=1; token=" + token + "; theme=dark"},
		{"set-cookie", "cookie", "Set-Cookie: token=" + token + "; HttpOnly; Secure"},
		{"cookie without its name", "cookie", "token=" + token + "; Path=/"},
		{"text in front", "text around it", "Here is the token: it is " + token},
		{"log line", "text around it", "2026-01-02T12:00:00Z INFO minted token " + token},
		{"text in front of a damaged one", "text around it", "see " + token[:len(token)-10] + " " + token[len(token)-10:]},
		{"two lines of a file", "assignment", "SID=AC123123\nTOKEN=" + token},
		{"byte order mark", "byte order mark", "\ufeff" + token},
		{"byte order mark inside", "byte order mark", token[:50] + "\ufeff" + token[50:]},
		{"no-break space in front", "text around it", "\u00a0" + token},
		{"no-break space behind", "text around it", token + "\u00a0"},
		{"no-break space inside", "other character", token[:50] + "\u00a0" + token[50:]},
		{"zero-width space in front", "text around it", "\u200b" + token},
		{"zero-width space inside", "other character", token[:50] + "\u200b" + token[50:]},
		{"zero-width space behind", "text around it", token + "\u200b"},
		{"soft hyphen", "other character", token[:50] + "\u00ad" + token[50:]},
		{"right-to-left override", "other character", token[:50] + "\u202e" + token[50:]},
		{"dash", "other character", strings.Replace(token, "-", "–", 1)},
		{"emoji", "other character", token[:50] + "📞" + token[50:]},
		{"Cyrillic letter", "other character", strings.Replace(token, "e", "е", 1)},
		{"Latin-1", "other character", token[:50] + "\xa0" + token[50:]},
		{"control character", "other character", token[:50] + "\x07" + token[50:]},
		{"NUL at the end", "text around it", token + "\x00"},
		{"escape sequence", "text around it", "\x1b[32m" + token + "\x1b[0m"},
		{"line break inside", "line break", token[:50] + "\n" + token[50:]},
		{"CRLF inside", "line break", token[:50] + "\r\n" + token[50:]},
		{"lines of 64", "line break", wrapped(token, 64, "\n")},
		{"lines of 76", "line break", wrapped(token, 76, "\n")},
		{"lines of 76, CRLF", "line break", wrapped(token, 76, "\r\n")},
		{"line break in the signature", "line break", token[:len(token)-10] + "\n" + token[len(token)-10:]},
		{"line break behind a dot", "line break", header + ".\n" + payload + ".\n" + signature},
		{"indented lines", "line break", wrapped(token, 64, "\n    ")},
		{"space inside", "space", token[:50] + " " + token[50:]},
		{"space in the signature", "space", token[:len(token)-10] + " " + token[len(token)-10:]},
		{"tab inside", "space", token[:50] + "\t" + token[50:]},
		{"spaces between the letters", "space", strings.Join(strings.Split(token, ""), " ")},
		{"spaces for +", "space", strings.Replace(token, "-", " ", -1)},
		{"percent-encoded dots", "percent-encoded", strings.ReplaceAll(token, ".", "%2E")},
		{"percent-encoded quotes", "percent-encoded", "%22" + token + "%22"},
		{"percent-encoded newline", "percent-encoded", token + "%0A"},
		{"percent-encoded padding", "percent-encoded", token + "%3D"},
		{"percent-encoded twice", "percent-encoded", strings.ReplaceAll(token, ".", "%252E")},
		{"percent-encoded with bearer", "percent-encoded", "Bearer%20" + token},
		{"HTML entity", "HTML entity", strings.ReplaceAll(token, ".", "&#46;")},
		{"named HTML entity", "HTML entity", "&quot;" + token + "&quot;"},
		{"JSON escape of a dot", "backslash", strings.ReplaceAll(token, ".", `\u002e`)},
		{"literal \\n", "backslash", token + `\n`},
		{"line continued", "backslash", token[:50] + "\\\n" + token[50:]},
		{"encoded twice", "encoded twice", base64.StdEncoding.EncodeToString([]byte(token))},
		{"encoded twice, url", "encoded twice", base64.RawURLEncoding.EncodeToString([]byte(token))},
		{"encoded twice in lines", "encoded twice", wrapped(base64.StdEncoding.EncodeToString([]byte(token)), 76, "\n")},
		{"hexadecimal", "hexadecimal", hex.EncodeToString([]byte(token))},
		{"standard alphabet", "standard base64", standard(token)},
		{"standard base64 with padding", "padding", standard(padded(header) + "." + padded(payload) + "." + padded(signature))},
		{"padding of the header", "padding", header + "=." + payload + "." + signature},
		{"padding of the payload", "padding", header + "." + payload + "==." + signature},
		{"padding of the signature", "padding", token + "="},
		{"upper case", "another case", strings.ToUpper(token)},
		{"lower case", "another case", strings.ToLower(token)},
		{"backwards", "reversed", backwards(token)},
		{"payload first", "order of the parts", payload + "." + header + "." + signature},
		{"signature first", "order of the parts", signature + "." + header + "." + payload},
		{"signature in the middle", "order of the parts", header + "." + signature + "." + payload},
		{"header twice", "payload", header + "." + header + "x." + signature},
		{"signature missing", "two parts", header + "." + payload},
		{"header missing", "two parts", payload + "." + signature},
		{"payload missing", "two parts", header + "." + signature},
		{"header alone", "no dots", header},
		{"payload alone", "no dots", payload},
		{"signature alone", "no dots", signature},
		{"empty signature", "cut signature", header + "." + payload + "."},
		{"empty header", "empty part", "." + payload + "." + signature},
		{"empty payload", "empty part", header + ".." + signature},
		{"dots missing", "no dots", header + payload + signature},
		{"commas in place of dots", "other character", strings.ReplaceAll(token, ".", ",")},
		{"dot in front", "dot too many", "." + token},
		{"dot behind", "dot too many", token + "."},
		{"two dots", "dot too many", header + ".." + payload + "." + signature},
		{"ellipsis", "shortened", token[:20] + "…"},
		{"three dots", "shortened", token[:20] + "..." + token[len(token)-5:]},
		{"stars", "shortened", token[:20] + "***"},
		{"cut in the header", "no dots", token[:20]},
		{"cut in the payload", "two parts", token[:80]},
		{"cut at the beginning", "cut at the beginning", token[1:]},
		{"three cut at the beginning", "cut at the beginning", token[3:]},
		{"ten cut at the beginning", "header", token[10:]},
		{"cut in the middle", "payload", token[:70] + token[90:]},
		{"cut signature", "cut signature", token[:len(token)-2]},
		{"almost no signature", "cut signature", token[:len(token)-42]},
		{"long signature", "long signature", token + "ab"},
		{"letters behind", "long signature", token + "undefined"},
		{"signature in hexadecimal", "signature in hexadecimal", header + "." + payload + "." + hex.EncodeToString([]byte(raw(signature)))},
		{"unused bits", "last character", token[:len(token)-1] + lastTwin(token)},
		{"two glued", "two glued", token + token},
		{"two with a dot", "several tokens", token + "." + token},
		{"two with a newline", "several tokens", token + "\n" + token},
		{"two with a comma", "several tokens", token + "," + token},
		{"four parts", "more parts", token + "." + signature},
		{"JWE", "encrypted", fifth + ".a.b.c.d"},
		{"header altered", "header", "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiL9" + token[len(header):]},
		{"not JSON", "header", "abc.def." + signature},

		{"JSON answer", "JSON", `{"token":"` + token + `"}`},
		{"JSON answer with another name", "JSON", `{"ok": true, "data": {"jwt": "` + token + `"}}`},
		{"JSON answer with an odd name", "JSON", `{"\u001b[31m = \"x":"` + token + `"}`},
		{"JSON array", "JSON", `["` + token + `"]`},
		{"JSON array of objects", "JSON", `[{"id":1},{"token":"` + token + `"}]`},
		{"JSON string in JSON", "JSON", `{"body":"{\"token\":\"` + token + `\"}"}`},
		{"JSON with a trailing comma", "JSON", `{"token":"` + token + `",}`},
		{"JSON in lines", "JSON", "{\n  \"identity\": \"Alice\",\n  \"token\": \"" + token + "\"\n}\n"},
		{"JSON error", "JSON", `{"error":"login first"}`},
		{"JSON without a token", "JSON", `{"token":null}`},
		{"not quite JSON", "JSON", `{token: 1}`},
		{"JWS JSON", "JSON", `{"payload":"` + payload + `","protected":"` + header + `","signature":"` + signature + `"}`},
		{"JWS general JSON", "JSON", `{"payload":"` + payload + `","signatures":[{"protected":"` + header + `","signature":"` + signature + `"}]}`},
		{"JWE JSON", "JSON", `{"protected":"x","ciphertext":"y"}`},
		{"decoded payload", "JSON", raw(payload)},
		{"decoded header", "JSON", raw(header)},
		{"HTML page", "web page", "<!DOCTYPE html>\n<html><body>Log in " + token + "</body></html>"},
		{"HTML fragment", "web page", `<div class="error">Not found</div>`},
		{"HTML after a byte order mark", "web page", "\ufeff<html></html>"},
		{"XML", "web page", `<?xml version="1.0"?><TwilioResponse/>`},
		{"HTTP response", "HTTP message", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"token\":\"" + token + "\"}"},
		{"HTTP error", "HTTP message", "HTTP/2 401 \r\n\r\n"},
		{"PEM", "PEM", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"},
		{"UTF-16", "UTF-16", inUTF16(token, true)},
		{"UTF-16 without a mark", "UTF-16", inUTF16(token, false)},
		{"gzip", "compressed", inGzip(token)},
		{"ZIP", "compressed", "PK\x03\x04\x00\x01\x02\x03\x04"},
		{"binary", "binary", "\x89PNG\r\n\x1a\n\x00\x01\x02\xff\xfe\xfd"},
		{"file name", "file name", "token.txt"},
		{"path", "file name", "./tokens/alice"},
		{"Windows path", "file name", `C:\Users\alice\token.txt`},
		{"home", "file name", "~/token.jwt"},
		{"at file", "file name", "@token.txt"},
		{"name with three parts", "file name", "alice.token.txt"},
		{"undefined", "word", "undefined"},
		{"null", "word", "null"},
		{"null in quotes", "word", `"null"`},
		{"bearer undefined", "word", "Bearer undefined"},
		{"token=undefined", "word", "token=undefined"},
		{"nil", "word", "<nil>"},
		{"None", "word", "None"},
		{"NaN", "word", "NaN"},
		{"object", "word", "[object Object]"},
		{"promise", "word", "[object Promise]"},
		{"bearer alone", "nothing", "Bearer "},
		{"token= alone", "nothing", "token="},
		{"empty quotes", "nothing", `""`},
		{"${TOKEN}", "placeholder", "${TOKEN}"},
		{"$TOKEN", "placeholder", "$TOKEN"},
		{"%TOKEN%", "placeholder", "%TOKEN%"},
		{"<token>", "placeholder", "<token>"},
		{"<your token>", "placeholder", "<your token>"},
		{"{{token}}", "placeholder", "{{ token }}"},
		{"YOUR_TOKEN_HERE", "placeholder", "YOUR_TOKEN_HERE"},
		{"TOKEN", "placeholder", "TOKEN"},
		{"$(cat token)", "placeholder", "$(cat token.txt)"},
		{"account SID", "SID", "AC" + hex32},
		{"API key", "SID", "SK" + hex32},
		{"call SID", "SID", "CA" + hex32},
		{"documentation's SID", "SID", "AC123123"},
		{"another auth token", "credential", hex32},
		{"secret of an API key", "credential", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF"},
		{"HTTP Basic authentication", "credential", "Basic " + base64.StdEncoding.EncodeToString([]byte("AC123123:"+hex32))},
		{"bearer without a space", "bearer", "Bearer" + token},
		{"auth token", "auth token", secret},
		{"auth token with bearer", "auth token", "Bearer " + secret},
		{"auth token in quotes", "auth token", `"` + secret + `"`},
		{"auth token in a sentence", "auth token inside", "the token is " + secret + "!"},
		{"auth token behind the SID", "auth token", "AC123123:" + secret},
		{"auth token, percent-encoded", "auth token inside", "x=" + strings.ReplaceAll(url.QueryEscape(secret), "-", "%2D")},
		{"a sentence", "no token", "where is my token?"},
		{"an e-mail address", "no token", "alice@example.com"},
		{"a word", "no dots", "hello"},
		{"a version", "header", "1.2.3"},
		{"a domain", "two parts", "example.com"},
		{"an address", "more parts", "127.0.0.1"},
	}
}

// lastTwin returns another last character of a signature that decodes to the
// same bytes: two bits of it carry nothing.
func lastTwin(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(alphabet, token[len(token)-1])
	return string(alphabet[i^1])
}

// signedBy returns a token with that header and payload, signed with that key.
func signedBy(key, header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(header)) + "." + encode([]byte(payload))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

// contents returns tokens that say something wrong, or are signed with
// something wrong.
func contents() []damage {
	const good = `{"iss":"AC123123","scope":"scope:client:incoming?clientName=Alice","exp":1767352200}`
	by := func(key string) string { return signedBy(key, header, good) }
	with := func(members string) string { return signed(header, `{"iss":"AC123123",`+members+`}`) }
	alg := func(alg string) string { return signed(`{"typ":"JWT","alg":`+alg+`}`, good) }
	scope := func(scope string) string { return with(`"exp":1767352200,"scope":` + scope) }
	exp := func(exp string) string { return with(`"scope":"","exp":` + exp) }
	text := strings.TrimSuffix(signedBy("", header, good), signedBy("", header, good)[strings.LastIndexByte(signedBy("", header, good), '.'):])
	mac := hmac.New(sha512.New, []byte(secret))
	mac.Write([]byte(text))
	sha512Token := text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	return []damage{
		{"alg none", "algorithm none", signedBy("x", `{"alg":"none"}`, good)},
		{"alg None, no signature", "algorithm none", strings.TrimRight(signedBy("x", `{"alg":"None"}`, good), "-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")},
		{"alg RS256", "algorithm", alg(`"RS256"`)},
		{"alg HS512", "algorithm", alg(`"HS512"`)},
		{"alg hs256", "algorithm", alg(`"hs256"`)},
		{"alg with an escape sequence", "algorithm", alg(`"\u001b[31m\u202e"`)},
		{"alg null", "algorithm", alg(`null`)},
		{"no alg", "algorithm", signed(`{"typ":"JWT"}`, good)},
		{"auth token as alg", "algorithm", alg(`"` + secret + `"`)},
		{"signed with HMAC-SHA512", "long signature", sha512Token},
		{"typ of another kind", "anything else", signed(`{"typ":"JWS","alg":"HS256"}`, good)},
		{"crit", "anything else", signed(`{"alg":"HS256","crit":["exp"]}`, good)},
		{"Access Token", "Access Token", signedBy("key", `{"cty":"twilio-fpa;v=1","typ":"JWT","alg":"HS256"}`, accessToken)},
		{"Access Token without its mark", "Access Token", signedBy("key", header, accessToken)},
		{"Access Token signed with the auth token", "Access Token", signed(`{"cty":"twilio-fpa;v=1","typ":"JWT","alg":"HS256"}`, accessToken)},
		{"Access Token, cut", "Access Token", signedBy("key", header, accessToken)[:200]},
		{"TaskRouter token", "TaskRouter token", signed(header, `{"iss":"AC123123","exp":1767352200,"version":"v1","friendly_name":"WK1","policies":[],"account_sid":"AC123123","channel":"WK1","workspace_sid":"WS1"}`)},
		{"TaskRouter token of another key", "TaskRouter token", signedBy("key", header, `{"iss":"AC123123","exp":1767352200,"friendly_name":"WK1","channel":"WK1"}`)},
		{"ID token", "algorithm", signedBy("key", `{"alg":"RS256","kid":"1"}`, `{"iss":"https://accounts.example.com","sub":"1"}`)},
		{"session of a web framework", "another JWT", signedBy("key", header, `{"sub":"1234567890","name":"John Doe","iat":1516239022}`)},
		{"payload is an array", "payload", signed(header, `[1]`)},
		{"payload is cut JSON", "payload", signedBy("key", header, `{"iss":"AC12`)},
		{"payload is Latin-1", "payload", signed(header, "{\"iss\":\"AC123123\",\"scope\":\"\",\"exp\":1767352200,\"name\":\"Jos\xe9\"}")},
		{"payload is Latin-1 and not signed", "payload", signedBy("key", header, "{\"name\":\"Jos\xe9\"}")},
		{"something follows the payload", "payload", signed(header, good+"x")},

		{"another key", "signature", by("another")},
		{"a character altered", "signature", strings.Replace(by(secret), "J", "K", 1)},
		{"newline in the key", "another form of the key", by(secret + "\n")},
		{"CRLF in the key", "another form of the key", by(secret + "\r\n")},
		{"space behind the key", "another form of the key", by(secret + " ")},
		{"space in front of the key", "another form of the key", by(" " + secret)},
		{"quotes in the key", "another form of the key", by(`"` + secret + `"`)},
		{"single quotes in the key", "another form of the key", by("'" + secret + "'")},
		{"key in upper case", "another form of the key", by(strings.ToUpper(secret))},
		{"key in base64", "another form of the key", by(base64.StdEncoding.EncodeToString([]byte(secret)))},
		{"SID as the key", "another form of the key", by("AC123123")},
		{"empty key", "another form of the key", by("")},
		{"jwt.io's key", "another form of the key", by("your-256-bit-" + "secret")},
		{"another account and key", "account", signedBy("another", header, strings.Replace(good, "AC123123", "AC456", 1))},
		{"another account, the same key", "wrong issuer", signed(header, strings.Replace(good, "AC123123", "AC456", 1))},
		{"iss with an escape sequence", "account", signedBy("another", header, strings.Replace(good, "AC123123", `\u001b[31mAC`, 1))},
		{"auth token as iss", "account", signedBy("another", header, strings.Replace(good, "AC123123", secret, 1))},
		{"no iss", "wrong issuer", signed(header, `{"scope":"","exp":1767352200}`)},
		{"no iss, but a sub", "wrong issuer", signed(header, `{"sub":"1","exp":1767352200}`)},
		{"grants beside scopes", "time is a string", exp(`"5","grants":{}`)},
		{"iss null", "wrong issuer", signed(header, `{"iss":null,"scope":"","exp":1767352200}`)},

		{"expired", "expired", exp("1767340000")},
		{"expired just now", "expired", exp("1767351600")},
		{"negative expiry", "expired", exp("-5")},
		{"lifetime as expiry", "lifetime as expiry", exp("600")},
		{"not yet valid", "not yet valid", with(`"scope":"","exp":1767352200,"nbf":1767351900`)},
		{"not-before in milliseconds", "milliseconds", with(`"scope":"","exp":1767352200,"nbf":1767351900000`)},
		{"exp with a fraction", "time with a fraction", exp("1767352200.5")},
		{"exp with a fraction of zero", "time with a fraction", exp("1767352200.0")},
		{"exp with an exponent", "time with a fraction", exp("1.767352200e9")},
		{"nbf with a fraction", "time with a fraction", with(`"scope":"","exp":1767352200,"nbf":1767351500.123`)},
		{"iat with a fraction", "time with a fraction", with(`"scope":"","exp":1767352200,"iat":1767351500.123`)},
		{"exp as a string", "time is a string", exp(`"1767352200"`)},
		{"exp as a date", "time is a string", exp(`"2026-01-02T12:10:00Z"`)},
		{"exp null", "time", exp("null")},
		{"exp true", "time", exp("true")},
		{"exp too large", "time", exp("17673522000000000000000")},
		{"exp as an object", "time", exp(`{ "a\u001b" : "` + secret + `" }`)},
		{"no exp", "no expiry", with(`"scope":""`)},
		{"exp twice", "anything else", exp(`1767352200,"exp":1767352201`)},
		{"no scope", "no scope", with(`"exp":1767352200`)},
		{"scopes", "no scope", with(`"exp":1767352200,"scopes":"x"`)},
		{"list of scopes", "list of scopes", scope(`["scope:client:incoming?clientName=Alice"]`)},
		{"scope null", "list of scopes", scope(`null`)},
		{"two spaces", "spaces between scopes", scope(`"scope:client:incoming?clientName=Alice  scope:stream:subscribe"`)},
		{"space in front of the scope", "spaces between scopes", scope(`" scope:client:incoming?clientName=Alice"`)},
		{"newline between scopes", "spaces between scopes", scope(`"scope:client:incoming?clientName=Alice\nscope:stream:subscribe"`)},
		{"comma between scopes", "separator of scopes", scope(`"scope:client:incoming?clientName=Alice, scope:stream:subscribe,scope:x:y"`)},
		{"space in a client name", "form of a scope", scope(`"scope:client:incoming?clientName=Alice B"`)},
		{"no scheme", "form of a scope", scope(`"client:incoming?clientName=Alice"`)},
		{"Scope", "form of a scope", scope(`"Scope:client:incoming?clientName=Alice"`)},
		{"percent sign", "form of a scope", scope(`"scope:client:incoming?clientName=100%"`)},
		{"service alone", "form of a scope", scope(`"scope:client"`)},
		{"control character in a scope", "form of a scope", scope(`"scope:client:incoming?clientName=\u001b[31m"`)},
		{"auth token in a bad scope", "form of a scope", scope(`"scope:` + secret[:9] + `\u002d` + secret[10:] + `"`)},
	}
}

func TestDamages(t *testing.T) {
	skipWithoutShortKeys(t)
	var token string
	for n := 0; !strings.Contains(token, "-") || !strings.Contains(token, "_"); n++ { // where the alphabets differ
		token = saying(fmt.Sprintf(`"scope":"scope:client:incoming?clientName=Alice%d","exp":1767352200`, n))
	}
	var page strings.Builder
	found := make(map[string]bool)
	rows := append(damages(token), contents()...)
	for _, d := range rows {
		status, stdout, stderr := call([]string{"verify"}, account(), strings.NewReader(d.text))
		if status != 1 || stdout != "" {
			t.Errorf("%s: status %d, output %s", d.name, status, stdout)
		}
		checkLines(t, d.name, stderr)
		status, text, _ := call([]string{"verify", "-json", d.text}, account(), nil)
		var got failure
		if err := json.Unmarshal([]byte(text), &got); err != nil || status != 1 || got.Verified {
			t.Errorf("%s: status %d, %v in %s", d.name, status, err, text)
		}
		lines := strings.ReplaceAll(got.Reason+"\nhint: "+got.Hint, "the argument", "standard input")
		if "captoken: "+lines+"\n" != stderr {
			t.Errorf("%s: in JSON\n%s\nand else\n%s", d.name, lines, stderr)
		}
		checkClean(t, d.name, text)
		cause := causeOf(d.text)
		found[cause] = true
		if cause != d.cause {
			t.Errorf("%s: found %q, want %q: %s", d.name, cause, d.cause, stderr)
		}
		fmt.Fprintf(&page, "%s (%s)\n%s\n", d.name, got.Code, stderr)
	}
	for _, c := range append(causesOfDamage, causesInContents...) {
		if !found[c.name] && c.name != "odd auth token" {
			t.Errorf("nothing is damaged so that %q is found", c.name)
		}
	}
	t.Logf("%d kinds of damage", len(rows))
	comparePage(t, "damages", page.String())
}

// causeOf returns the name of the cause that verify finds.
func causeOf(text string) string {
	env := account()
	tool := &tool{getenv: func(name string) string { return env[name] }, now: atNoon, secrets: newSecrets(env[sidVariable], env[authVariable])}
	_, err := tool.examine(inspection{command: "verify", source: text})
	if failed, ok := err.(*failure); ok {
		return failed.cause
	}
	return fmt.Sprint(err)
}
