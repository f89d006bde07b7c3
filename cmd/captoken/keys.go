package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"example.com/capability"
)

// These functions find why a signature does not match.

func signatureInHexadecimal(l *look) (reason, hint string) {
	if raw, err := hex.DecodeString(l.parts[2]); err != nil || len(raw) != 32 {
		return "", ""
	}
	return "the signature is written in hexadecimal digits", "The program that generated the token has to write it in base64url, like the other parts."
}

func cutSignature(l *look) (reason, hint string) {
	n := len(l.parts[2])
	if n >= signatureLen || !l.is(capability.ErrSignature) {
		return "", ""
	}
	if n == 0 {
		return "the signature is missing: the token ends with its second dot", copyAgain
	}
	return fmt.Sprintf("the signature was cut: it has %d of %d characters", n, signatureLen), copyAgain
}

func longSignature(l *look) (reason, hint string) {
	n := len(l.parts[2])
	if n <= signatureLen || !l.is(capability.ErrSignature) {
		return "", ""
	}
	return fmt.Sprintf("the signature is too long: it has %d characters instead of %d", n, signatureLen),
		"Something is attached to the end of the token, or it was not signed with HMAC-SHA256."
}

func lastCharacter(l *look) (reason, hint string) {
	if !l.is(capability.ErrSignature) {
		return "", ""
	}
	got, err := decodeBase64(l.parts[2])
	want, _ := decodeBase64(l.signature(l.auth))
	if err != nil || string(got) != string(want) {
		return "", ""
	}
	return "the last character of the signature was changed, in bits that carry nothing",
		"A program decoded and encoded it again, or someone altered it: pass the token exactly as it was generated."
}

// keys are other forms of the auth token that a program may sign with.
var keys = []struct {
	name, hint string
	key        func(auth string) string
}{
	{"followed by a newline", "The program that signs reads it from a file or variable that ends with a newline: remove it there.", func(auth string) string { return auth + "\n" }},
	{"followed by a Windows line break", "The program that signs reads it from a file that ends with CRLF: remove it there.", func(auth string) string { return auth + "\r\n" }},
	{"followed by a space", "The program that signs reads it with a space: remove it there.", func(auth string) string { return auth + " " }},
	{"preceded by a space", "The program that signs reads it with a space: remove it there.", func(auth string) string { return " " + auth }},
	{"in double quotes", "The program that signs reads it with quotes: remove them there.", func(auth string) string { return `"` + auth + `"` }},
	{"in single quotes", "The program that signs reads it with quotes: remove them there.", func(auth string) string { return "'" + auth + "'" }},
	{"without the quotes that " + authVariable + " has around it", "Set " + authVariable + " without them.", func(auth string) string { return strings.Trim(auth, quotationMarks) }},
	{"in upper case", "", func(auth string) string { return strings.ToUpper(auth) }},
	{"in lower case", "", func(auth string) string { return strings.ToLower(auth) }},
	{"decoded from hexadecimal", "The program that signs decodes it from hexadecimal; the key has to be its characters.", func(auth string) string {
		key, _ := hex.DecodeString(auth)
		return string(key)
	}},
	{"decoded from base64", "The program that signs decodes it from base64, as some libraries do; the key has to be its characters.", func(auth string) string {
		key, _ := decodeBase64(auth)
		return string(key)
	}},
	{"encoded in base64", "The program that signs encodes it first; the key has to be its characters.", func(auth string) string {
		return base64.StdEncoding.EncodeToString([]byte(auth))
	}},
}

// otherKeys are keys that are no form of the auth token. The examples are split
// so that scanners for secrets do not report them.
var otherKeys = []struct {
	reason, hint string
	key          func(sid string) string
}{
	{"with the account SID instead of the auth token", "The program that signs has its credentials mixed up.", func(sid string) string { return sid }},
	{"with an empty key", "The auth token is not set where the token is generated.", func(string) string { return "" }},
	{"with an example key from jwt.io", "Sign it with the auth token of the account.", func(string) string { return "your-256-bit-" + "secret" }},
	{"with an example key from jwt.io", "Sign it with the auth token of the account.", func(string) string { return "a-string-" + "secret" + "-at-least-256-bits-long" }},
}

func anotherFormOfTheKey(l *look) (reason, hint string) {
	if !l.is(capability.ErrSignature) {
		return "", ""
	}
	const advice = " Twilio rejects tokens signed with anything but the auth token."
	for _, k := range keys {
		if key := k.key(l.auth); key != "" && l.parts[2] == l.signature(key) {
			l.signed = true
			return "invalid signature: the token was signed with the auth token " + k.name, strings.TrimSpace(k.hint + advice)
		}
	}
	for _, k := range otherKeys {
		if l.parts[2] == l.signature(k.key(l.sid)) {
			return "invalid signature: the token was signed " + k.reason, k.hint + advice
		}
	}
	return "", ""
}

func oddAuthToken(l *look) (reason, hint string) {
	odd := plainlyOdd(authVariable, l.auth)
	if !l.is(capability.ErrSignature) || odd == "" {
		return "", ""
	}
	return "invalid signature, and " + odd, "Set " + authVariable + " to the auth token alone, as the Twilio Console shows it."
}

func signedByAnotherAccount(l *look) (reason, hint string) {
	iss := l.payload.text("iss")
	if !l.is(capability.ErrSignature) || iss == "" || iss == l.sid {
		return "", ""
	}
	return "invalid signature: the token is for account " + l.secrets.quote(iss) + ", but " + sidVariable + " is " + l.secrets.quote(l.sid),
		"Verify it with the credentials of the account that generated it."
}

func wrongSignature(l *look) (reason, hint string) {
	if !l.is(capability.ErrSignature) {
		return "", ""
	}
	return l.packageReason(), "If the token was copied correctly, it was signed with an auth token other than " + authVariable + ": one that was changed since, " +
		"or that of a subaccount or of the test credentials."
}
