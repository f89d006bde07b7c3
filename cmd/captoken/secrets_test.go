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

// TestWrongAccountSIDIsNoSecret has account SIDs of the wrong length in the
// environment. They are shown, as are the tokens that begin with them.
func TestWrongAccountSIDIsNoSecret(t *testing.T) {
	const digits, auth = "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "9d8c7b6a5f4e3d2c1b0a998877665544"
	token := signedBy(auth, header, `{"iss":"AC`+digits+`","scope":"scope:client:incoming?clientName=Alice","exp":1767352200}`)
	for _, sid := range []string{"AC" + digits[:30], "AC" + digits[:31], "AC" + digits + "0", digits} {
		env := map[string]string{sidVariable: sid, authVariable: auth}
		_, inspected, _ := call([]string{"inspect", token}, env, nil)
		_, _, verified := call([]string{"verify", token}, env, nil)
		if strings.Contains(inspected, masked) || strings.Contains(inspected, "WARNING") || !strings.Contains(inspected, "AC"+digits) {
			t.Errorf("%s is set, and inspect says\n%s", sid, inspected)
		}
		if want := `but ` + sidVariable + ` is "` + sid + `"`; sid != digits && !strings.Contains(verified, want) {
			t.Errorf("%s is set, and verify says\n%s", sid, verified)
		}
	}
	for _, env := range []map[string]string{
		{sidVariable: auth}, {sidVariable: auth, authVariable: "AC" + digits}, {sidVariable: strings.ToUpper("ac" + digits[2:])},
	} {
		stray := signedBy(auth, header, `{"iss":"AC1","scope":"","x":"`+env[sidVariable]+`","exp":1767352200}`)
		_, inspected, _ := call([]string{"inspect", stray}, env, nil)
		checkHidden(t, "an auth token in place of the account SID", env[sidVariable], inspected)
	}
}
