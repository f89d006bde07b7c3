package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

// TestEveryCharacterIsVisible looks for what is to be escaped by the
// categories and properties of Unicode.
func TestEveryCharacterIsVisible(t *testing.T) {
	for c := range rune(unicode.MaxRune + 1) {
		if 0xd800 <= c && c < 0xe000 {
			continue
		}
		hidden := unicode.In(c, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
			unicode.Is(unicode.Zs, c) && c != ' ' || c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0 || c == 0x2800
		if hidden && strings.ContainsRune(visible("a"+string(c)), c) {
			t.Errorf("%U is not escaped", c)
		}
		if got := visible(string(c)); !hidden && c < 0x7f && got != string(c) {
			t.Errorf("%U is escaped: %s", c, got)
		}
	}
}

func TestVisible(t *testing.T) {
	if got, want := visible("é\xff\x80\ufffd\x1b\n"), `é\xff\x80\ufffd\x1b\n`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestShorten(t *testing.T) {
	for in, want := range map[string]string{"": "", "12345": "12345", "123456": "12...", "1éé456": "1...", "\x80\x80\x80\x80\x80\x80": "..."} {
		if got := shorten(in, 5); got != want {
			t.Errorf("shorten(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestSecretsInEveryPlace puts auth tokens into every place of a token, in every
// form and at places where a reason would cut them, and looks for any eight
// characters of them in what is printed.
func TestSecretsInEveryPlace(t *testing.T) {
	for _, auth := range []string{"0f1e2d3c4b5a69788796a5b4c3d2e1f0", "qX7rT2mN9pL4vB8kW3hJ6zC1dF5gY0sA"} {
		asIs := func(s string) string { return s }
		inHex := func(s string) string { return hex.EncodeToString([]byte(s)) }
		inBase64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte("AC123123:" + s)) }
		for i, form := range []func(string) string{asIs, inHex, strings.ToUpper, inBase64} {
			value := strings.Repeat("x", i%3*15) + form(auth) + "y"
			for _, token := range tokensWith(auth, value) {
				for _, args := range [][]string{{"verify", "-json", token}, {"inspect", "-strict", token}}[i%2:][:1] {
					_, stdout, stderr := call(args, credentials("TWILIO_AUTH_TOKEN", auth), nil)
					checkHidden(t, fmt.Sprintf("form %d, %s", i, token), auth, stdout+stderr)
					checkClean(t, token, stdout+stderr)
					if args[1] == "-json" && !json.Valid([]byte(stdout)) {
						t.Errorf("no JSON: %s", stdout)
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
	for _, sid := range []string{"AC" + digits[:29], "AC" + digits[:31], "AC" + digits + "0"} {
		env := map[string]string{"TWILIO_ACCOUNT_SID": sid, "TWILIO_AUTH_TOKEN": auth}
		_, inspected, _ := call([]string{"inspect", token}, env, nil)
		_, _, verified := call([]string{"verify", token}, env, nil)
		if strings.Contains(inspected, "[") || strings.Contains(inspected, "WARNING") || !strings.Contains(inspected, "AC"+digits) {
			t.Errorf("%s is set, and inspect says\n%s", sid, inspected)
		}
		if want := `but TWILIO_ACCOUNT_SID is "` + sid + `"`; !strings.Contains(verified, want) {
			t.Errorf("%s is set, and verify says\n%s", sid, verified)
		}
	}
	for _, env := range []map[string]string{
		{"TWILIO_ACCOUNT_SID": auth}, {"TWILIO_ACCOUNT_SID": auth, "TWILIO_AUTH_TOKEN": "AC" + digits}, {"TWILIO_ACCOUNT_SID": strings.ToUpper("ac" + digits[2:])},
	} {
		stray := signedBy(auth, header, `{"iss":"AC1","scope":"","x":"`+env["TWILIO_ACCOUNT_SID"]+`","exp":1767352200}`)
		_, inspected, _ := call([]string{"inspect", stray}, env, nil)
		checkHidden(t, "an auth token in place of the account SID", env["TWILIO_ACCOUNT_SID"], inspected)
	}
}

// TestSecretIsNowhere gives the auth token wherever a user might by mistake,
// and one that messages escape and cut.
func TestSecretIsNowhere(t *testing.T) {
	const odd = `q"uo\te-` + auth + auth + auth
	for _, args := range [][]string{{odd}, {"mint", "-incoming", odd + "-"}, {"mint", "-param", odd}, {"mint", "-incoming", "x-" + odd}} {
		_, stdout, stderr := call(args, account("TWILIO_AUTH_TOKEN", odd), nil)
		if strings.Contains(stdout+stderr, auth[:8]) || strings.Contains(stderr, "uo") {
			t.Errorf("%q: %s%s", args, stdout, stderr)
		}
	}
	for _, args := range [][]string{
		{auth}, {"help", auth}, {"mint", auth}, {"mint", "-" + auth}, {"mint", "-ttl", auth}, {"mint", "-param", auth},
		{"mint", "-incoming", auth}, {"mint", "-outgoing", auth}, {"mint", "-outgoing", "AP1", "-param", "=" + auth},
		{"verify", "x"}, {"verify", auth}, {"verify", "x", auth}, {"inspect", auth}, {"inspect", "-" + auth},
	} {
		for _, value := range []string{auth, auth + "\n", "\t" + auth} {
			for _, sid := range []string{"AC123123", auth, "AC" + auth, ""} {
				env := map[string]string{"TWILIO_ACCOUNT_SID": sid, "TWILIO_AUTH_TOKEN": value}
				status, stdout, stderr := call(args, env, nil)
				if status == 0 || strings.Contains(stdout+stderr, auth) {
					t.Errorf("%q, account SID %q: status %d, %s%s", args, sid, status, stdout, stderr)
				}
			}
		}
	}
}

// TestSecretsUnderEveryName has the secret of the API key under each of its
// names, and with what surrounds a value that was taken over from elsewhere.
func TestSecretsUnderEveryName(t *testing.T) {
	for _, name := range []string{"TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET", "TWILIO_API_KEY_SECRET", "TWILIO_API_KEY", "TWILIO_API_KEY_SID"} {
		for _, format := range []string{"%s", `"%s"`, "'%s';", "NAME=%s", "export NAME='%s'", " %s\n", "%s;", "\"%s", "NAME = %s"} {
			const value = "qX7rT2mN9pL4vB8kW3hJ6zC1dF5gY0sA"
			env := map[string]string{"TWILIO_ACCOUNT_SID": "AC123123", name: fmt.Sprintf(format, value)}
			for _, args := range [][]string{
				{"inspect", value}, {"inspect", "-json", saying(`"exp":1767352200,"scope":"","x":{"y":"` + value + `"}`)},
				{"inspect", saying(`"exp":1767352200,"scope":"scope:client:incoming?clientName=` + value + `"`)},
				{"inspect", granting(`{"identity":"` + value + `","voice":{}}`)}, {"verify", value}, {"mint", "-ttl", value}, {value},
				{"mint", "-access", "-incoming", value}, {"inspect", "-" + value[:20]},
			} {
				_, stdout, stderr := call(args, env, nil)
				checkHidden(t, name+" "+format, value, stdout+stderr)
			}
		}
	}
}

// TestMintRefusesSecrets gives the secret to mint in every form in which it
// would still be known.
func TestMintRefusesSecrets(t *testing.T) {
	for _, secret := range []string{auth, apiKey} {
		for _, form := range []string{
			secret, "x" + secret + "y", strings.ToUpper(secret), hex.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret)),
			base64.RawURLEncoding.EncodeToString([]byte("AC123123:" + secret)), base64.StdEncoding.EncodeToString([]byte("SK123123:" + secret)),
		} {
			for _, args := range [][]string{{"-claim", "x=" + form}, {"-claim", form + "=x"}, {"-outgoing", "AP1", "-param", "a=" + form}} {
				status, stdout, stderr := call(append([]string{"mint", "-incoming", "Alice"}, args...), credentials(), nil)
				if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "captoken: the arguments of mint contain the ") {
					t.Errorf("%q: status %d, %s%s", args, status, stdout, stderr)
				}
				checkClean(t, form, stderr)
			}
			token := saying(`"exp":1767352200,"scope":"scope:client:incoming?clientName=Alice","x":"` + form + `"`)
			for _, command := range []string{"inspect", "verify"} {
				_, page, stderr := call([]string{command, token}, credentials(), nil)
				if !strings.Contains(page, "\n\nWARNING       the token contains the ") || strings.Contains(page, form) {
					t.Errorf("%s %s: %s%s", command, form, page, stderr)
				}
			}
		}
	}
}

// TestSecretWithOtherCharacters has a secret that New refuses, and that is not
// shown all the same.
func TestSecretWithOtherCharacters(t *testing.T) {
	const value = "pässwort-\t-geheim-1234"
	_, stdout, _ := call([]string{"inspect", saying(`"exp":1767352200,"scope":"","x":"pässwort-\t-geheim-1234"`)}, account("TWILIO_AUTH_TOKEN", value), nil)
	checkHidden(t, "a secret with other characters", "geheim-1234", stdout)
	if long := strings.Repeat("0123456789", 1000) + "\xff"; newSecret("auth token", long).pattern.FindString(long) != long {
		t.Error("a long secret is not found")
	}
}

// TestShortSecret has an auth token that is no real one: it is looked for as a
// whole value alone.
func TestShortSecret(t *testing.T) {
	skipWithoutShortKeys(t)
	env := account("TWILIO_AUTH_TOKEN", "lice")
	if status, _, stderr := call([]string{"mint", "-incoming", "Alice"}, env, nil); status != 0 {
		t.Errorf("status %d, %s", status, stderr)
	}
	if status, _, stderr := call([]string{"mint", "-incoming", "lice"}, env, nil); status != 1 || strings.Contains(stderr, "lice") {
		t.Errorf("status %d, %s", status, stderr)
	}
}

// TestNumberIsASecret has an auth token of digits alone, which JSON may hold
// without quotes.
func TestNumberIsASecret(t *testing.T) {
	const digits = "12345678901234567890123456789012"
	_, stdout, _ := call([]string{"inspect", "-json", saying(`"exp":1767352200,"scope":"","x":` + digits)}, account("TWILIO_AUTH_TOKEN", digits), nil)
	if !json.Valid([]byte(stdout)) || !strings.Contains(stdout, `"claims":[{"name":"x"}]`) {
		t.Error(stdout)
	}
	checkHidden(t, "a number", digits, stdout)
}

// TestOddCredentials names what is odd and shows nothing of it.
func TestOddCredentials(t *testing.T) {
	const hex = "0123456789abcdef0123456789abcdef"
	for _, test := range []struct {
		name      string
		sid, auth string
		want      string
	}{
		{"documentation", "AC123123", "secret", ""},
		{"real ones", "AC" + hex, hex, ""},
		{"quotes around the auth token", "AC123123", `"` + hex + `"`, "TWILIO_AUTH_TOKEN has quotation marks or white space around it, which become a part of it"},
		{"one quote", "AC123123", hex + "'", "TWILIO_AUTH_TOKEN has quotation marks or white space around it, which become a part of it"},
		{"nothing but a space for an auth token", "AC123123", " ", "TWILIO_AUTH_TOKEN has quotation marks or white space around it, which become a part of it"},
		{"a variable", "AC123123", "${AUTH_TOKEN}", "TWILIO_AUTH_TOKEN is a placeholder"},
		{"a variable without braces", "AC123123", "$AUTH_TOKEN", "TWILIO_AUTH_TOKEN is a placeholder"},
		{"a variable of Windows", "AC123123", "%AUTH_TOKEN%", "TWILIO_AUTH_TOKEN is a placeholder"},
		{"a placeholder", "AC123123", "your_auth_token", "TWILIO_AUTH_TOKEN is a placeholder"},
		{"a placeholder in angle brackets", "AC123123", "<auth-token>", "TWILIO_AUTH_TOKEN is a placeholder"},
		{"a placeholder of x", "ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", hex, "TWILIO_ACCOUNT_SID is a placeholder"},
		{"an API key", "AC123123", "SK" + hex, "TWILIO_AUTH_TOKEN looks like a SID"},
		{"the word null", "AC123123", "null", "TWILIO_AUTH_TOKEN is a placeholder"},
		{"an auth token too short", "AC" + hex, hex[:31], "TWILIO_AUTH_TOKEN is not 32 hexadecimal digits, as Twilio's are"},
		{"an auth token too long", "AC" + hex, hex + "0", "TWILIO_AUTH_TOKEN is not 32 hexadecimal digits, as Twilio's are"},
		{"an SID too short", "AC" + hex[:31], hex, "TWILIO_ACCOUNT_SID is not AC and 32 hexadecimal digits, as Twilio's are"},
		{"letters in a SID", "AC" + strings.Replace(hex, "a", "z", 1), hex, "TWILIO_ACCOUNT_SID is not AC and 32 hexadecimal digits, as Twilio's are"},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := map[string]string{"TWILIO_ACCOUNT_SID": test.sid, "TWILIO_AUTH_TOKEN": test.auth}
			signer := (&tool{getenv: func(name string) string { return env[name] }}).signer(false)
			odd := strings.Join([]string{signer.account.odd(), signer.secret.odd()}, "; ")
			if got := strings.Trim(odd, "; "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestEscapedSecretIsMasked has a secret of which each character is escaped, as
// in a scope URI and in JSON.
func TestEscapedSecretIsMasked(t *testing.T) {
	const value = "5f4e3d2c1b0a99887766554433221100"
	s := secrets{newSecret("auth token", value)}
	for _, form := range []string{"%%%02x", "%%25%02X", `\u%04x`, `\\u%04X`} {
		escaped := ""
		for _, c := range value {
			escaped += fmt.Sprintf(form, c)
		}
		if got := s.mask("a" + escaped + "b"); got != "a[auth token]b" {
			t.Errorf("%s: mask = %s", form, got)
		}
	}
}
