package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
)

// TestWarnings says something that Twilio would not take, in each way.
func TestWarnings(t *testing.T) {
	at := noon.Unix()
	scope := func(uri string) string { return fmt.Sprintf(`"exp":%d,"scope":"%s"`, at+600, uri) }
	const alice = `"scope":"scope:client:incoming?clientName=Alice"`
	const tooLong = "is over 24 hours: Twilio will reject it with error 31207, and recommends at most 86,399 seconds"
	const milliseconds = "is far in the future: Twilio will reject it; is it in milliseconds instead of seconds?"
	const clock = "the token was issued in the future: the clock is wrong here or on the server that generated it"
	const early = "the token is not valid yet: if it should be, the clock is wrong here or on the server that generated it"
	const names = ": Twilio will reject it; it has to be A-Z, a-z, 0-9 and _, at most 256 of them"
	const never = "the token is never valid: nbf is not before exp"
	const stray = " has an unknown parameter %s: were the parameters escaped once instead of twice?"
	const sid34 = "0123456789abcdef0123456789abcdef"
	for _, test := range []struct {
		name    string
		members string
		want    []string
	}{
		{"a good token", scope("scope:client:incoming?clientName=Alice scope:client:outgoing?appSid=AP123123&appParams=Foo%3DBar&clientName=Alice scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params="), nil},
		{"Node's event filters", scope("scope:stream:subscribe?path=/2010-04-01/Events&appParams=a%3Db"), nil},
		{"an SID of full length", scope("scope:client:outgoing?appSid=AP" + sid34 + "&appParams="), nil},

		{"a lifetime of a day from now", fmt.Sprintf(`"exp":%d,%s`, at+86400, alice), nil},
		{"a second more", fmt.Sprintf(`"exp":%d,%s`, at+86401, alice), []string{"the lifetime of 1d1s " + tooLong}},
		{"a day from when it was issued", fmt.Sprintf(`"exp":%d,"iat":%d,%s`, at+600, at-85800, alice), nil},
		{"a second more than that", fmt.Sprintf(`"exp":%d,"iat":%d,%s`, at+600, at-85801, alice), []string{"the lifetime of 1d1s " + tooLong}},
		{"a not-before long ago", fmt.Sprintf(`"exp":%d,"nbf":%d,%s`, at+600, at-90000, alice), nil},
		{"an hour that begins in the future", fmt.Sprintf(`"exp":%d,"iat":%d,%s`, at+93600, at+90000, alice), []string{clock}},
		{"an expired one that lasted too long", fmt.Sprintf(`"exp":%d,"iat":%d,%s`, at-600, at-90000, alice), []string{"the token has expired: Twilio will reject it with error 20104 or 31205", "the lifetime of 1d50m " + tooLong}},
		{"the longest there can be", fmt.Sprintf(`"exp":%d,"iat":%d,%s`, int64(10*math.MaxInt32), int64(math.MinInt64), alice), []string{"the lifetime of 11574074074074d1h46m40s " + tooLong}},

		{"expired right now", fmt.Sprintf(`"exp":%d,%s`, at, alice), []string{"the token has expired: Twilio will reject it with error 20104 or 31205"}},
		{"an expiry in milliseconds", fmt.Sprintf(`"exp":%d,%s`, at*1000, alice), []string{"exp " + milliseconds}},
		{"everything in milliseconds", fmt.Sprintf(`"exp":%d,"nbf":%d,"iat":%d,%s`, at*1000+600, at*1000, at*1000, alice), []string{"exp " + milliseconds, "nbf " + milliseconds, "iat " + milliseconds}},
		{"issued in a second", fmt.Sprintf(`"exp":%d,"iat":%d,%s`, at+600, at+1, alice), []string{clock}},
		{"issued now", fmt.Sprintf(`"exp":%d,"iat":%d,%s`, at+600, at, alice), nil},
		{"valid in a second", fmt.Sprintf(`"exp":%d,"nbf":%d,%s`, at+600, at+1, alice), []string{early}},
		{"valid now", fmt.Sprintf(`"exp":%d,"nbf":%d,%s`, at+600, at, alice), nil},
		{"never valid", fmt.Sprintf(`"exp":%d,"nbf":%d,%s`, at+600, at+600, alice), []string{early, never}},

		{"nothing allowed", scope(""), []string{"the token allows nothing: in Go, was a result dropped? Write c = c.AllowClientIncoming(...)"}},
		{"an e-mail address", scope("scope:client:incoming?clientName=alice%40example.com"), []string{`the client name "alice@example.com" is not acceptable` + names}},
		{"an e-mail address twice", scope("scope:client:incoming?clientName=a%40b scope:client:outgoing?appSid=AP1&clientName=a%40b"), []string{`the client name "a@b" is not acceptable` + names}},
		{"an empty client name", scope("scope:client:incoming?clientName="), []string{`the client name "" is not acceptable` + names}},
		{"a client name with a hyphen and a control character", scope("scope:client:incoming?clientName=a-%1B"), []string{`the client name "a-\x1b" is not acceptable` + names}},
		{"a long client name", scope("scope:client:incoming?clientName=" + strings.Repeat("-", 100)), []string{`the client name "` + strings.Repeat("-", 45) + `..." is not acceptable` + names}},
		{"no client name", scope("scope:client:incoming"), []string{"nobody can call the client: the token allows incoming calls without a client name (clientName)"}},
		{"no application SID", scope("scope:client:outgoing?clientName=Alice"), []string{"no call can be placed: the token allows outgoing calls without an application SID (appSid)"}},
		{"an empty application SID", scope("scope:client:outgoing?appSid=&clientName=Alice"), []string{`the application SID "" is wrong: it is empty`}},
		{"an account SID for an application", scope("scope:client:outgoing?appSid=AC" + sid34), []string{`the application SID "AC` + sid34 + `" is wrong: it has to begin with AP`}},
		{"a phone number for an application", scope("scope:client:outgoing?appSid=%2B15551234567"), []string{`the application SID "+15551234567" is wrong: it has to begin with AP`}},
		{"the SID of a phone number", scope("scope:client:outgoing?appSid=PN" + sid34), []string{`the application SID "PN` + sid34 + `" is wrong: it has to begin with AP`}},
		{"a cut application SID", scope("scope:client:outgoing?appSid=AP" + sid34[1:]), []string{`the application SID "AP` + sid34[1:] + `" is wrong: it has 33 characters instead of 34: was it copied whole?`}},
		{"the letter O in an application SID", scope("scope:client:outgoing?appSid=APO" + sid34[1:]), []string{`the application SID "APO` + sid34[1:] + `" is wrong: it has to be AP and 32 hexadecimal digits`}},
		{"an application SID with a space", scope("scope:client:outgoing?appSid=AP1+"), []string{`the application SID "AP1 " is wrong: it begins or ends with a space or a newline`}},
		{"a scope misspelt", scope("scope:client:incomming?clientName=Alice"), []string{`unknown scope "client:incomming"`}},
		{"a scope in upper case", scope("scope:Client:Incoming?clientName=Alice"), []string{`unknown scope "Client:Incoming"`}},
		{"a scope that nobody knows", scope("scope:video:join"), []string{`unknown scope "video:join"`}},
		{"a client name of another service", scope("scope:video:join?clientName=a-b"), []string{`unknown scope "video:join"`}},
		{"many scopes that nobody knows", scope("scope:x:a scope:x:b scope:x:c scope:x:d scope:x:e scope:x:f scope:x:g scope:x:h scope:x:i scope:x:j scope:x:k"), []string{`unknown scope "x:a"`, `unknown scope "x:b"`, `unknown scope "x:c"`, `unknown scope "x:d"`, `unknown scope "x:e"`, `unknown scope "x:f"`, `unknown scope "x:g"`, `unknown scope "x:h"`, `unknown scope "x:i"`, `unknown scope "x:j"`}},
		{"a scope twice", scope("scope:client:incoming?clientName=Alice scope:client:incoming?clientName=Alice"), nil},
		{"a scope four times", scope("scope:client:incoming?clientName=Alice" + strings.Repeat(" scope:client:incoming?clientName=Alice", 3)), []string{`the scope "scope:client:incoming?clientName=Alice" is there again and again: does one value collect the scopes of all requests?`}},
		{"parameters escaped once", scope("scope:client:outgoing?appSid=AP1&appParams=Foo=Bar&Baz=Qux"), []string{"client:outgoing" + fmt.Sprintf(stray, `"Baz"`)}},
		{"a client name that is not escaped", scope("scope:client:incoming?clientName=x&appSid=AP1"), []string{"client:incoming" + fmt.Sprintf(stray, `"appSid"`)}},
		{"a parameter twice", scope("scope:client:outgoing?appSid=AP1&appSid=AP2"), []string{"client:outgoing has the parameter appSid twice"}},
		{"parameters that are not well formed", scope("scope:client:outgoing?appSid=AP1&appParams=100%25+x"), []string{"the parameter appParams of client:outgoing is not well formed: was a value escaped once instead of twice?"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, text, stderr := call([]string{"inspect", "-json", saying(test.members)}, nil, nil)
			var got report
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				t.Fatal(err, text, stderr)
			}
			if fmt.Sprintf("%q", got.Warnings) != fmt.Sprintf("%q", test.want) {
				t.Errorf("got %q\nwant %q", got.Warnings, test.want)
			}
			_, page, _ := call([]string{"inspect", saying(test.members)}, nil, nil)
			if n := strings.Count(page, "\nWARNING       "); n != len(got.Warnings) {
				t.Errorf("%d warnings on the page\n%s", n, page)
			}
			if status, _, _ := call([]string{"inspect", "-strict", saying(test.members)}, nil, nil); (status == 1) != (test.want != nil) {
				t.Errorf("-strict: status %d", status)
			}
		})
	}
}

func TestWarningsForTheAccount(t *testing.T) {
	for iss, want := range map[string]string{
		"AC123123":                            "",
		"AC0123456789abcdef0123456789abcdef":  "",
		"AC0123456789abcdef0123456789abcdef0": `the account SID "AC0123456789abcdef0123456789abcdef0" is wrong: Twilio will reject it; it has 35 characters instead of 34: was it copied whole?`,
		"SK0123456789abcdef0123456789abcdef":  `the account SID "SK0123456789abcdef0123456789abcdef" is wrong: Twilio will reject it; it has to begin with AC`,
		"alice":                               `the account SID "alice" is wrong: Twilio will reject it; it has to begin with AC`,
		"AC12-3":                              `the account SID "AC12-3" is wrong: Twilio will reject it; it has to be AC and 32 hexadecimal digits`,
		"ac0123456789abcdef0123456789abcdef":  `the account SID "ac0123456789abcdef0123456789abcdef" is wrong: Twilio will reject it; it has to begin with AC`,
	} {
		token := signed(header, `{"iss":"`+iss+`","scope":"scope:client:incoming?clientName=Alice","exp":1767352200}`)
		_, page, _ := call([]string{"inspect", token}, nil, nil)
		if want != "" && !strings.Contains(page, "\nWARNING       "+want+"\n") || want == "" && strings.Contains(page, "WARNING") {
			t.Errorf("iss %q: want %q in\n%s", iss, want, page)
		}
	}
}

func TestWarningsForTheSignature(t *testing.T) {
	token := minted(t, false)
	for _, test := range []struct{ token, want string }{
		{token, ""},
		{token[:len(token)-2], "the signature has 41 characters instead of 43: Twilio will reject it"},
		{token[:len(token)-43], "the signature has 0 characters instead of 43: Twilio will reject it"},
		{token + "x", "the signature has 44 characters instead of 43: Twilio will reject it"},
	} {
		_, page, stderr := call([]string{"inspect", test.token}, nil, nil)
		if got := strings.Contains(page, "\nWARNING       "+test.want+"\n"); got != (test.want != "") {
			t.Errorf("want %q in\n%s%s", test.want, page, stderr)
		}
	}
}

func TestWarningsForAccessTokens(t *testing.T) {
	for _, test := range []struct {
		name, issuer, grants string
		want                 []string
	}{
		{"a good token", `"iss":"SK123123","sub":"AC123123"`, `{"identity":"Alice","voice":{"incoming":{"allow":true}}}`, nil},
		{"iss and sub swapped", `"iss":"AC123123","sub":"SK123123"`, `{"identity":"Alice","voice":{"incoming":{"allow":true}}}`, []string{"iss and sub are swapped: Twilio will reject it; iss has to be the SID of the API key, and sub that of the account"}},
		{"an account for an API key", `"iss":"AC1","sub":"AC123123"`, `{"identity":"Alice","voice":{"incoming":{"allow":true}}}`, []string{`the API key SID "AC1" is wrong: Twilio will reject it; it has to begin with SK`}},
		{"no voice grant", `"iss":"SK123123","sub":"AC123123"`, `{"identity":"Alice","video":{}}`, []string{"the token has no voice grant: it allows no calls"}},
		{"an empty voice grant", `"iss":"SK123123","sub":"AC123123"`, `{"identity":"Alice","voice":{}}`, []string{"the token allows nothing: in Go, was a result dropped? Write c = c.AllowClientIncoming(...)"}},
		{"no identity", `"iss":"SK123123","sub":"AC123123"`, `{"voice":{"incoming":{"allow":true}}}`, []string{"the token has no identity: Twilio will reject it with error 31204"}},
		{"an e-mail address as identity", `"iss":"SK123123","sub":"AC123123"`, `{"identity":"a@b","voice":{"incoming":{"allow":true}}}`, []string{`the client name "a@b" is not acceptable: Twilio will reject it; it has to be A-Z, a-z, 0-9 and _, at most 256 of them`}},
	} {
		token := signedBy(apiKey, accessHeader, `{"jti":"SK123123-1",`+test.issuer+`,"exp":1767352200,"grants":`+test.grants+`}`)
		_, text, stderr := call([]string{"inspect", "-json", token}, nil, nil)
		var got report
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err, text, stderr)
		}
		if fmt.Sprintf("%q", got.Warnings) != fmt.Sprintf("%q", test.want) {
			t.Errorf("%s: got %q\nwant %q", test.name, got.Warnings, test.want)
		}
	}
}

// TestWarningForTheSecret verifies a token that was signed with a placeholder,
// from an environment in which it still stands.
func TestWarningForTheSecret(t *testing.T) {
	const placeholder = "your_auth_token_here"
	token := signedBy(placeholder, header, `{"iss":"AC123123","scope":"scope:client:incoming?clientName=Alice","exp":1767352200}`)
	_, page, stderr := call([]string{"verify", token}, account("TWILIO_AUTH_TOKEN", placeholder), nil)
	const wrong = "TWILIO_AUTH_TOKEN is a placeholder"
	for _, want := range []string{
		"WARNING: signed correctly, but Twilio will reject it, as " + wrong + ": Alice may receive calls, for the next 10m.\n",
		"\nWARNING       " + wrong + ": the token is signed with that, so Twilio will reject it\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("want %q in\n%s%s", want, page, stderr)
		}
	}
}
