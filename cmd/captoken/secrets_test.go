package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// TestSecretsInEveryPlace puts auth tokens into every place of a token, escaped
// in every way and at places where a reason would cut them, and looks for any
// eight characters of them in what is printed.
func TestSecretsInEveryPlace(t *testing.T) {
	inUnicode := func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, `\u%04x`, s[i])
		}
		return b.String()
	}
	everyByte := func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, "%%%02x", s[i])
		}
		return b.String()
	}
	inJSON := func(s string) string { return strings.Trim(quoteJSON(s), `"`) }
	twice := func(s string) string { return url.QueryEscape(url.QueryEscape(s)) }
	for _, auth := range []string{"0f1e2d3c4b5a69788796a5b4c3d2e1f0", `Q"u\o&te<>~%+/=-x.y`} {
		for i, escape := range []func(string) string{inJSON, inUnicode, url.QueryEscape, everyByte, twice} {
			for _, padding := range []int{0, 20, 35, 60} {
				value := strings.Repeat("x", padding) + escape(auth) + "y"
				for _, token := range tokensWith(auth, value) {
					for _, args := range [][]string{{"verify", token}, {"verify", "-json", token}, {"inspect", "-json", token}, {"inspect", "-strict", token}} {
						_, stdout, stderr := call(args, map[string]string{sidVariable: "AC123123", authVariable: auth}, nil)
						checkHidden(t, fmt.Sprintf("escape %d, %s", i, token), auth, stdout+stderr)
						checkClean(t, token, stdout+stderr)
					}
				}
			}
		}
	}
}

// tokensWith returns tokens that have the value in one place each, and the
// payloads alone.
func tokensWith(auth, value string) []string {
	var tokens []string
	for _, members := range []string{
		`"iss":"%[1]s","scope":""`, `"iss":["%[1]s"],"scope":""`, `"iss":"AC1","scope":"scope:client:incoming?clientName=%[1]s"`,
		`"iss":"AC123123","scope":"scope:client:outgoing?appSid=%[1]s&appParams=%[1]s%%3D%[1]s&%[1]s=1"`, `"iss":"AC123123","scope":"%[1]s"`,
		`"iss":"AC123123","scope":"scope:%[1]s:%[1]s"`, `"iss":"AC123123","scope":["%[1]s"]`, `"iss":"AC123123","scope":"","nbf":"%[1]s"`,
		`"iss":"AC123123","scope":"","iat":{"%[1]s":"%[1]s"}`, `"iss":"AC123123","scope":"","%[1]s":["%[1]s",{"%[1]s":1}]`, `"iss":"AC123123","x":"%[1]s`,
	} {
		payload := fmt.Sprintf(`{"exp":1767352200,`+members+`}`, value)
		tokens = append(tokens, payload, signedBy(auth, header, payload), signedBy("another-auth-token", header, payload))
	}
	for _, header := range []string{`{"alg":"%s"}`, `{"alg":"HS256","typ":"%s"}`, `{"alg":"HS256","%s":1,"crit":1}`} {
		tokens = append(tokens, signedBy(auth, fmt.Sprintf(header, value), "{}"))
	}
	return tokens
}

// checkHidden reports eight characters of the auth token in a row.
func checkHidden(t *testing.T, name, auth, got string) {
	t.Helper()
	for i := range len(auth) - 7 {
		if strings.Contains(got, auth[i:i+8]) {
			t.Errorf("%s: %q is shown in\n%s", name, auth[i:i+8], got)
		}
	}
}
