package main

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// A damage is something that happens to tokens.
type damage struct{ name, text string }

// wrapped returns s in lines of n characters.
func wrapped(s string, n int, lineBreak string) string {
	var lines []string
	for len(s) > n {
		lines, s = append(lines, s[:n]), s[n:]
	}
	return strings.Join(append(lines, s), lineBreak)
}

// wrapParts wraps each part as Base64.encode64 and GNU base64 do.
func wrapParts(token string, n int) string {
	parts := strings.Split(token, ".")
	for i := range parts {
		parts[i] = wrapped(parts[i], n, "\n")
	}
	return strings.Join(parts, ".")
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
		{"double quotes", `"` + token + `"`},
		{"single quotes", "'" + token + "'"},
		{"typographic quotes", "“" + token + "”"},
		{"low typographic quotes", "„" + token + "“"},
		{"typographic single quotes", "‘" + token + "’"},
		{"guillemets", "«" + token + "»"},
		{"backticks", "`" + token + "`"},
		{"an opening quote", `"` + token},
		{"a closing quote", token + "'"},
		{"quotes and a comma", `"` + token + `",`},
		{"quotes with backslashes", `\"` + token + `\"`},
		{"a comma behind it", token + ","},
		{"a semicolon behind it", token + ";"},
		{"parentheses", "(" + token + ")"},
		{"angle brackets", "<" + token + ">"},
		{"Markdown fence", "```\n" + token + "\n```"},
		{"bearer", "Bearer " + token},
		{"bearer in lower case", "bearer " + token},
		{"bearer and a quote", `"Bearer ` + token + `"`},
		{"JWT scheme", "JWT " + token},
		{"authorization", "Authorization: Bearer " + token},
		{"authorization in lower case", "authorization: bearer " + token},
		{"curl flag", `-H "Authorization: Bearer ` + token + `"`},
		{"token=", "token=" + token},
		{"export", "export TOKEN=" + token},
		{"export with quotes", `export TOKEN="` + token + `"`},
		{"const", `const token = "` + token + `";`},
		{"YAML", "token: " + token},
		{"a member of JSON without braces", `"token": "` + token + `"`},
		{"PowerShell", `$env:TOKEN = "` + token + `"`},
		{"URL", "https://example.com/voice?token=" + token},
		{"URL with more", "https://example.com/voice?token=" + token + "&x=1#y"},
		{"fragment", "https://example.com/#access_token=" + token},
		{"websocket", "wss://example.com/signal?token=" + token},
		{"query", "?token=" + token + "&x=1"},
		{"URL without a token", "https://example.com/token"},
		{"cookie", "Cookie: session=1; token=" + token + "; theme=dark"},
		{"set-cookie", "Set-Cookie: token=" + token + "; HttpOnly; Secure"},
		{"cookie without its name", "token=" + token + "; Path=/"},
		{"text in front", "Here is the token: it is " + token},
		{"log line", "2026-01-02T12:00:00Z INFO minted token " + token},
		{"text in front of a damaged one", "see " + token[:len(token)-10] + " " + token[len(token)-10:]},
		{"Python bytes", "b'" + token + "'"},
		{"Python bytes in double quotes", `b"` + token + `"`},
		{"lines of 60 in each part", wrapParts(token, 60)},
		{"lines of 64 in each part", wrapParts(token, 64)},
		{"lines of 76 in each part", wrapParts(token, 76)},
		{"a break at the end of each part", strings.ReplaceAll(token, ".", "\n.") + "\n"},
		{"a break in front of a dot alone", header + "\n." + payload + "." + signature},
		{"a break at 64 that is no line of the payload", token[:64] + "\n" + token[64:]},
		{"two lines of a file", "SID=AC123123\nTOKEN=" + token},
		{"byte order mark", "\ufeff" + token},
		{"byte order mark inside", token[:50] + "\ufeff" + token[50:]},
		{"no-break space in front", "\u00a0" + token},
		{"no-break space behind", token + "\u00a0"},
		{"no-break space inside", token[:50] + "\u00a0" + token[50:]},
		{"zero-width space in front", "\u200b" + token},
		{"zero-width space inside", token[:50] + "\u200b" + token[50:]},
		{"zero-width space behind", token + "\u200b"},
		{"soft hyphen", token[:50] + "\u00ad" + token[50:]},
		{"right-to-left override", token[:50] + "\u202e" + token[50:]},
		{"dash", strings.Replace(token, "-", "–", 1)},
		{"emoji", token[:50] + "📞" + token[50:]},
		{"Cyrillic letter", strings.Replace(token, "e", "е", 1)},
		{"Latin-1", token[:50] + "\xa0" + token[50:]},
		{"control character", token[:50] + "\x07" + token[50:]},
		{"NUL at the end", token + "\x00"},
		{"escape sequence", "\x1b[32m" + token + "\x1b[0m"},
		{"line break inside", token[:50] + "\n" + token[50:]},
		{"CRLF inside", token[:50] + "\r\n" + token[50:]},
		{"lines of 64", wrapped(token, 64, "\n")},
		{"lines of 76", wrapped(token, 76, "\n")},
		{"lines of 76, CRLF", wrapped(token, 76, "\r\n")},
		{"line break in the signature", token[:len(token)-10] + "\n" + token[len(token)-10:]},
		{"line break behind a dot", header + ".\n" + payload + ".\n" + signature},
		{"indented lines", wrapped(token, 64, "\n    ")},
		{"space inside", token[:50] + " " + token[50:]},
		{"space in the signature", token[:len(token)-10] + " " + token[len(token)-10:]},
		{"tab inside", token[:50] + "\t" + token[50:]},
		{"spaces between the letters", strings.Join(strings.Split(token, ""), " ")},
		{"spaces for +", strings.Replace(token, "-", " ", -1)},
		{"percent-encoded dots", strings.ReplaceAll(token, ".", "%2E")},
		{"percent-encoded quotes", "%22" + token + "%22"},
		{"percent-encoded newline", token + "%0A"},
		{"percent-encoded padding", token + "%3D"},
		{"percent-encoded twice", strings.ReplaceAll(token, ".", "%252E")},
		{"percent-encoded with bearer", "Bearer%20" + token},
		{"HTML entity", strings.ReplaceAll(token, ".", "&#46;")},
		{"named HTML entity", "&quot;" + token + "&quot;"},
		{"JSON escape of a dot", strings.ReplaceAll(token, ".", `\u002e`)},
		{"literal \\n", token + `\n`},
		{"line continued", token[:50] + "\\\n" + token[50:]},
		{"encoded twice", base64.StdEncoding.EncodeToString([]byte(token))},
		{"encoded twice, url", base64.RawURLEncoding.EncodeToString([]byte(token))},
		{"encoded twice in lines", wrapped(base64.StdEncoding.EncodeToString([]byte(token)), 76, "\n")},
		{"hexadecimal", hex.EncodeToString([]byte(token))},
		{"standard alphabet", standard(token)},
		{"standard base64 with padding", standard(padded(header) + "." + padded(payload) + "." + padded(signature))},
		{"padding of the header", header + "=." + payload + "." + signature},
		{"padding of the payload", header + "." + payload + "==." + signature},
		{"padding of the signature", token + "="},
		{"upper case", strings.ToUpper(token)},
		{"lower case", strings.ToLower(token)},
		{"backwards", backwards(token)},
		{"payload first", payload + "." + header + "." + signature},
		{"signature first", signature + "." + header + "." + payload},
		{"signature in the middle", header + "." + signature + "." + payload},
		{"header twice", header + "." + header + "x." + signature},
		{"signature missing", header + "." + payload},
		{"header missing", payload + "." + signature},
		{"payload missing", header + "." + signature},
		{"header alone", header},
		{"payload alone", payload},
		{"signature alone", signature},
		{"empty signature", header + "." + payload + "."},
		{"empty header", "." + payload + "." + signature},
		{"empty payload", header + ".." + signature},
		{"dots missing", header + payload + signature},
		{"commas in place of dots", strings.ReplaceAll(token, ".", ",")},
		{"dot in front", "." + token},
		{"dot behind", token + "."},
		{"two dots", header + ".." + payload + "." + signature},
		{"ellipsis", token[:20] + "…"},
		{"three dots", token[:20] + "..." + token[len(token)-5:]},
		{"stars", token[:20] + "***"},
		{"cut in the header", token[:20]},
		{"cut in the payload", token[:80]},
		{"cut at the beginning", token[1:]},
		{"three cut at the beginning", token[3:]},
		{"ten cut at the beginning", token[10:]},
		{"cut in the middle", token[:70] + token[90:]},
		{"cut signature", token[:len(token)-2]},
		{"almost no signature", token[:len(token)-42]},
		{"long signature", token + "ab"},
		{"letters behind", token + "undefined"},
		{"signature in hexadecimal", header + "." + payload + "." + hex.EncodeToString([]byte(raw(signature)))},
		{"unused bits", token[:len(token)-1] + lastTwin(token)},
		{"two glued", token + token},
		{"two with a dot", token + "." + token},
		{"two with a newline", token + "\n" + token},
		{"two with a comma", token + "," + token},
		{"four parts", token + "." + signature},
		{"JWE", fifth + ".a.b.c.d"},
		{"header altered", "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiL9" + token[len(header):]},
		{"not JSON", "abc.def." + signature},

		{"JSON answer", `{"token":"` + token + `"}`},
		{"JSON answer with another name", `{"ok": true, "data": {"jwt": "` + token + `"}}`},
		{"JSON answer with an odd name", `{"\u001b[31m = \"x":"` + token + `"}`},
		{"JSON array", `["` + token + `"]`},
		{"JSON array of objects", `[{"id":1},{"token":"` + token + `"}]`},
		{"JSON string in JSON", `{"body":"{\"token\":\"` + token + `\"}"}`},
		{"JSON with a trailing comma", `{"token":"` + token + `",}`},
		{"JSON in lines", "{\n  \"identity\": \"Alice\",\n  \"token\": \"" + token + "\"\n}\n"},
		{"JSON error", `{"error":"login first"}`},
		{"JSON without a token", `{"token":null}`},
		{"not quite JSON", `{token: 1}`},
		{"JWS JSON", `{"payload":"` + payload + `","protected":"` + header + `","signature":"` + signature + `"}`},
		{"JWS general JSON", `{"payload":"` + payload + `","signatures":[{"protected":"` + header + `","signature":"` + signature + `"}]}`},
		{"JWE JSON", `{"protected":"x","ciphertext":"y"}`},
		{"decoded payload", raw(payload)},
		{"decoded header", raw(header)},
		{"HTML page", "<!DOCTYPE html>\n<html><body>Log in " + token + "</body></html>"},
		{"HTML fragment", `<div class="error">Not found</div>`},
		{"HTML after a byte order mark", "\ufeff<html></html>"},
		{"XML", `<?xml version="1.0"?><TwilioResponse/>`},
		{"HTTP response", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"token\":\"" + token + "\"}"},
		{"HTTP error", "HTTP/2 401 \r\n\r\n"},
		{"PEM", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"},
		{"UTF-16", inUTF16(token, true)},
		{"UTF-16 without a mark", inUTF16(token, false)},
		{"gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x04\xc0\xc1\x0d\x80\x30\xcb\x48\xcd\xc9\xc9\x57\x28\xcf\x2f"},
		{"ZIP", "PK\x03\x04\x00\x01\x02\x03\x04"},
		{"binary", "\x89PNG\r\n\x1a\n\x00\x01\x02\xff\xfe\xfd"},
		{"file name", "token.txt"},
		{"path", "./tokens/alice"},
		{"Windows path", `C:\Users\alice\token.txt`},
		{"home", "~/token.jwt"},
		{"at file", "@token.txt"},
		{"name with three parts", "alice.token.txt"},
		{"undefined", "undefined"},
		{"null", "null"},
		{"null in quotes", `"null"`},
		{"bearer undefined", "Bearer undefined"},
		{"token=undefined", "token=undefined"},
		{"nil", "<nil>"},
		{"None", "None"},
		{"NaN", "NaN"},
		{"object", "[object Object]"},
		{"promise", "[object Promise]"},
		{"bearer alone", "Bearer "},
		{"token= alone", "token="},
		{"empty quotes", `""`},
		{"${TOKEN}", "${TOKEN}"},
		{"$TOKEN", "$TOKEN"},
		{"%TOKEN%", "%TOKEN%"},
		{"<token>", "<token>"},
		{"<your token>", "<your token>"},
		{"{{token}}", "{{ token }}"},
		{"YOUR_TOKEN_HERE", "YOUR_TOKEN_HERE"},
		{"TOKEN", "TOKEN"},
		{"$(cat token)", "$(cat token.txt)"},
		{"account SID", "AC" + hex32},
		{"API key", "SK" + hex32},
		{"call SID", "CA" + hex32},
		{"documentation's SID", "AC123123"},
		{"another auth token", hex32},
		{"secret of an API key", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF"},
		{"HTTP Basic authentication", "Basic " + base64.StdEncoding.EncodeToString([]byte("AC123123:"+hex32))},
		{"bearer without a space", "Bearer" + token},
		{"auth token", auth},
		{"auth token with bearer", "Bearer " + auth},
		{"auth token in quotes", `"` + auth + `"`},
		{"auth token in a sentence", "the token is " + auth + "!"},
		{"auth token behind the SID", "AC123123:" + auth},
		{"a sentence", "where is my token?"},
		{"an e-mail address", "alice@example.com"},
		{"a word", "hello"},
		{"a version", "1.2.3"},
		{"a domain", "example.com"},
		{"an address", "127.0.0.1"},
	}
}

// lastTwin returns another last character of a signature that decodes to the
// same bytes: two bits of it carry nothing.
func lastTwin(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(alphabet, token[len(token)-1])
	return string(alphabet[i^1])
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
	mac := hmac.New(sha512.New, []byte(auth))
	mac.Write([]byte(text))
	sha512Token := text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	return []damage{
		{"alg none", signedBy("x", `{"alg":"none"}`, good)},
		{"alg None, no signature", strings.TrimRight(signedBy("x", `{"alg":"None"}`, good), "-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")},
		{"alg RS256", alg(`"RS256"`)},
		{"alg HS512", alg(`"HS512"`)},
		{"alg hs256", alg(`"hs256"`)},
		{"alg with an escape sequence", alg(`"\u001b[31m\u202e"`)},
		{"alg null", alg(`null`)},
		{"no alg", signed(`{"typ":"JWT"}`, good)},
		{"auth token as alg", alg(`"` + auth + `"`)},
		{"signed with HMAC-SHA512", sha512Token},
		{"typ of another kind", signed(`{"typ":"JWS","alg":"HS256"}`, good)},
		{"crit", signed(`{"alg":"HS256","crit":["exp"]}`, good)},
		{"Access Token without its mark", signedBy("key", header, accessPayload)},
		{"Access Token with another mark", signedBy("key", `{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=2"}`, accessPayload)},
		{"Access Token without its mark, cut", signedBy("key", header, accessPayload)[:200]},
		{"TaskRouter token", signed(header, `{"iss":"AC123123","exp":1767352200,"version":"v1","friendly_name":"WK1","policies":[],"account_sid":"AC123123","channel":"WK1","workspace_sid":"WS1"}`)},
		{"TaskRouter token of another key", signedBy("key", header, `{"iss":"AC123123","exp":1767352200,"friendly_name":"WK1","channel":"WK1"}`)},
		{"ID token", signedBy("key", `{"alg":"RS256","kid":"1"}`, `{"iss":"https://accounts.example.com","sub":"1"}`)},
		{"session of a web framework", signedBy("key", header, `{"sub":"1234567890","name":"John Doe","iat":1516239022}`)},
		{"payload is an array", signed(header, `[1]`)},
		{"payload is cut JSON", signedBy("key", header, `{"iss":"AC12`)},
		{"payload is Latin-1", signed(header, "{\"iss\":\"AC123123\",\"scope\":\"\",\"exp\":1767352200,\"name\":\"Jos\xe9\"}")},
		{"payload is Latin-1 and not signed", signedBy("key", header, "{\"name\":\"Jos\xe9\"}")},
		{"something follows the payload", signed(header, good+"x")},

		{"another key", by("another")},
		{"a character altered", strings.Replace(by(auth), "J", "K", 1)},
		{"newline in the key", by(auth + "\n")},
		{"CRLF in the key", by(auth + "\r\n")},
		{"space behind the key", by(auth + " ")},
		{"space in front of the key", by(" " + auth)},
		{"quotes in the key", by(`"` + auth + `"`)},
		{"single quotes in the key", by("'" + auth + "'")},
		{"key in upper case", by(strings.ToUpper(auth))},
		{"key in base64", by(base64.StdEncoding.EncodeToString([]byte(auth)))},
		{"SID as the key", by("AC123123")},
		{"empty key", by("")},
		{"jwt.io's key", by("your-256-bit-" + "auth")},
		{"another account and key", signedBy("another", header, strings.Replace(good, "AC123123", "AC456", 1))},
		{"another account, the same key", signed(header, strings.Replace(good, "AC123123", "AC456", 1))},
		{"iss with an escape sequence", signedBy("another", header, strings.Replace(good, "AC123123", `\u001b[31mAC`, 1))},
		{"auth token as iss", signedBy("another", header, strings.Replace(good, "AC123123", auth, 1))},
		{"no iss", signed(header, `{"scope":"","exp":1767352200}`)},
		{"no iss, but a sub", signed(header, `{"sub":"1","exp":1767352200}`)},
		{"grants beside scopes", exp(`"5","grants":{}`)},
		{"iss with a newline", signed(header, `{"iss":"AC123123\n","scope":"","exp":1767352200}`)},
		{"auth token in a claim in upper case", with(`"scope":"","exp":"x","y":"` + strings.ToUpper(auth) + `"`)},
		{"iss null", signed(header, `{"iss":null,"scope":"","exp":1767352200}`)},

		{"expired", exp("1767340000")},
		{"expired just now", exp("1767351600")},
		{"negative expiry", exp("-5")},
		{"lifetime as expiry", exp("600")},
		{"not yet valid", with(`"scope":"","exp":1767352200,"nbf":1767351900`)},
		{"not-before in milliseconds", with(`"scope":"","exp":1767352200,"nbf":1767351900000`)},
		{"exp with a fraction", exp("1767352200.5")},
		{"exp with a fraction of zero", exp("1767352200.0")},
		{"exp with an exponent", exp("1.767352200e9")},
		{"nbf with a fraction", with(`"scope":"","exp":1767352200,"nbf":1767351500.123`)},
		{"iat with a fraction", with(`"scope":"","exp":1767352200,"iat":1767351500.123`)},
		{"exp as a string", exp(`"1767352200"`)},
		{"exp as a date", exp(`"2026-01-02T12:10:00Z"`)},
		{"exp null", exp("null")},
		{"exp true", exp("true")},
		{"exp too large", exp("17673522000000000000000")},
		{"exp as an object", exp(`{ "a\u001b" : "` + auth + `" }`)},
		{"no exp", with(`"scope":""`)},
		{"exp twice", exp(`1767352200,"exp":1767352201`)},
		{"no scope", with(`"exp":1767352200`)},
		{"scopes", with(`"exp":1767352200,"scopes":"x"`)},
		{"list of scopes", scope(`["scope:client:incoming?clientName=Alice"]`)},
		{"scope null", scope(`null`)},
		{"two spaces", scope(`"scope:client:incoming?clientName=Alice  scope:stream:subscribe"`)},
		{"space in front of the scope", scope(`" scope:client:incoming?clientName=Alice"`)},
		{"newline between scopes", scope(`"scope:client:incoming?clientName=Alice\nscope:stream:subscribe"`)},
		{"comma between scopes", scope(`"scope:client:incoming?clientName=Alice, scope:stream:subscribe,scope:x:y"`)},
		{"space in a client name", scope(`"scope:client:incoming?clientName=Alice B"`)},
		{"no scheme", scope(`"client:incoming?clientName=Alice"`)},
		{"Scope", scope(`"Scope:client:incoming?clientName=Alice"`)},
		{"percent sign", scope(`"scope:client:incoming?clientName=100%"`)},
		{"service alone", scope(`"scope:client"`)},
		{"control character in a scope", scope(`"scope:client:incoming?clientName=\u001b[31m"`)},
	}
}

const accessPayload = `{"jti":"SK123123-1767351600","grants":{"identity":"Alice","voice":{}},"iss":"SK123123","sub":"AC123123","exp":1767352200}`

// accessContents returns Access Tokens that say something wrong, or are signed
// with something wrong.
func accessContents() []damage {
	by := func(key string) string { return signedBy(key, accessHeader, accessPayload) }
	with := func(old, new string) string {
		return signedBy(apiKey, accessHeader, strings.Replace(accessPayload, old, new, 1))
	}
	return []damage{
		{"signed with the auth token", by(auth)},
		{"signed with the SID of the key", by("SK123123")},
		{"signed with the account SID", by("AC123123")},
		{"signed with the secret and a newline", by(apiKey + "\n")},
		{"signed with the secret in upper case", by(strings.ToUpper(apiKey))},
		{"signed with an empty key", by("")},
		{"signed with another key", by("another")},
		{"another API key, signed with another secret", signedBy("another", accessHeader, strings.ReplaceAll(accessPayload, "SK123123", "SK9"))},
		{"another API key, the same secret", with(`"iss":"SK123123"`, `"iss":"SK9"`)},
		{"another account", with(`"sub":"AC123123"`, `"sub":"AC9"`)},
		{"iss and sub swapped", with(`"iss":"SK123123","sub":"AC123123"`, `"iss":"AC123123","sub":"SK123123"`)},
		{"sub with a newline", with(`"sub":"AC123123"`, `"sub":"AC123123\n"`)},
		{"no iss", with(`"iss":"SK123123",`, ``)},
		{"no sub", with(`"sub":"AC123123",`, ``)},
		{"no grants", with(`"grants"`, `"grant"`)},
		{"grants null", with(`{"identity":"Alice","voice":{}}`, `null`)},
		{"identity a number", with(`"Alice"`, `5`)},
		{"parameters in a list", with(`"voice":{}`, `"voice":{"outgoing":{"application_sid":"AP1","params":["a"]}}`)},
		{"region a number", signedBy(apiKey, strings.Replace(accessHeader, "}", `,"twr":1}`, 1), accessPayload)},
		{"expired", with(`1767352200`, `1767351600`)},
		{"a lifetime as expiry", with(`1767352200`, `3600`)},
		{"not yet valid", with(`"exp"`, `"nbf":1767351900,"exp"`)},
		{"signature cut", by(apiKey)[:len(by(apiKey))-3]},
		{"cut in its payload", by(apiKey)[:120]},
		{"without its mark, signed with the secret", signedBy(apiKey, header, accessPayload)},
		{"alg HS512", signedBy(apiKey, strings.Replace(accessHeader, "HS256", "HS512", 1), accessPayload)},
		{"the key's secret in a claim", with(`"exp"`, `"x":"`+apiKey+`","exp":"","y"`)},
		{"a capability token signed with the key's secret", signedBy(apiKey, header, `{"iss":"AC123123","scope":"","exp":1767352200}`)},
	}
}

// TestDamages gives every damage to verify, and compares the reasons and the
// hints with the golden ones.
func TestDamages(t *testing.T) {
	skipWithoutShortKeys(t)
	var token string
	for n := 0; !strings.Contains(token, "-") || !strings.Contains(token, "_"); n++ { // where the alphabets differ
		token = saying(fmt.Sprintf(`"scope":"scope:client:incoming?clientName=Alice%d","exp":1767352200`, n))
	}
	var page strings.Builder
	for _, d := range slices.Concat(damages(token), contents(), accessContents()) {
		status, stdout, stderr := call([]string{"verify"}, credentials(), strings.NewReader(d.text))
		if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 2 {
			t.Errorf("%s: status %d, output %s, errors %s", d.name, status, stdout, stderr)
		}
		checkLines(t, d.name, stderr)
		status, text, _ := call([]string{"verify", "-json", d.text}, credentials(), nil)
		var got failure
		if err := json.Unmarshal([]byte(text), &got); err != nil || status != 1 || got.Verified {
			t.Errorf("%s: status %d, %v in %s", d.name, status, err, text)
		}
		lines := strings.ReplaceAll(got.Reason+"\nhint: "+got.Hint, "the argument", "standard input")
		if "captoken: "+lines+"\n" != stderr {
			t.Errorf("%s: in JSON\n%s\nand else\n%s", d.name, lines, stderr)
		}
		checkClean(t, d.name, text)
		status, text, stderr = call([]string{"inspect", "-json", d.text}, nil, nil)
		if !json.Valid([]byte(text)) || (status == 0) != (stderr == "") {
			t.Errorf("%s: inspect: status %d, %s%s", d.name, status, text, stderr)
		}
		fmt.Fprintf(&page, "=== %s (%s)\n%s\n%s\n", d.name, got.Code, got.Reason, got.Hint)
	}
	compareGolden(t, "testdata/damages.golden", page.String())
	for name, signs := range map[string][]sign{
		"strangers": strangers, "surroundings": surroundings, "characters": characters, "advice": advice,
	} {
		for _, s := range signs {
			regexp.MustCompile(s[0])
			reason, _, _ := strings.Cut(strings.ReplaceAll(s[1], "#", "$"), "$")
			if !strings.Contains(page.String(), "\n"+reason) || !strings.Contains(page.String(), strings.TrimSpace(s[2])) {
				t.Errorf("no damage is found by %q of the %s", s, name)
			}
		}
	}
}

// TestFormsOfTheKey signs with what programs make of an auth token.
func TestFormsOfTheKey(t *testing.T) {
	const auth = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	fromHex, _ := hex.DecodeString(auth)
	fromBase64, _ := base64.StdEncoding.DecodeString(auth)
	for key, form := range map[string]string{
		string(fromHex): "decoded from hexadecimal", string(fromBase64): "decoded from base64", strings.ToUpper(auth): "in upper case",
		auth + " ": "followed by a space", "'" + auth + "'": "in single quotes",
	} {
		token := signedBy(key, header, `{"iss":"AC123123","scope":"","exp":1767352200}`)
		_, _, stderr := call([]string{"verify", token}, account("TWILIO_AUTH_TOKEN", auth), nil)
		if want := "the token was signed with the auth token " + form + "\n"; !strings.Contains(stderr, want) {
			t.Errorf("want %q in\n%s", want, stderr)
		}
	}
}
