package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
)

// Access Tokens of Twilio's helpers for Python (twilio-python 9.11.0) and Ruby
// (twilio-ruby 7.11.1), and of kevinburke/twilio-go at commit 5dbe02f.
const (
	pythonAccess  = "eyJhbGciOiJIUzI1NiIsImN0eSI6InR3aWxpby1mcGE7dj0xIiwidHlwIjoiSldUIn0.eyJqdGkiOiJTSzEyMzEyMy0xNzAwMDAwMDAwIiwiZ3JhbnRzIjp7InZvaWNlIjp7ImluY29taW5nIjp7ImFsbG93Ijp0cnVlfSwib3V0Z29pbmciOnsiYXBwbGljYXRpb25fc2lkIjoiQVAxMjMxMjMiLCJwYXJhbXMiOnsiRm9vIjoiQmFyIn19fSwiaWRlbnRpdHkiOiJBbGljZSJ9LCJpc3MiOiJTSzEyMzEyMyIsImV4cCI6MTcwMDAwMDYwMCwibmJmIjoxNzAwMDAwMDAwLCJzdWIiOiJBQzEyMzEyMyJ9.ZLpbnKvqLCOf4XJncLNy6jtzp3AumD5JZi-IoNfWQVc"
	rubyAccess    = "eyJjdHkiOiJ0d2lsaW8tZnBhO3Y9MSIsInR3ciI6bnVsbCwidHlwIjoiSldUIiwiYWxnIjoiSFMyNTYifQ.eyJqdGkiOiJTSzEyMzEyMy0xNzAwMDAwMDAwIiwiZ3JhbnRzIjp7ImlkZW50aXR5IjoiQWxpY2UiLCJ2b2ljZSI6eyJpbmNvbWluZyI6eyJhbGxvdyI6dHJ1ZX0sIm91dGdvaW5nIjp7ImFwcGxpY2F0aW9uX3NpZCI6IkFQMTIzMTIzIiwicGFyYW1zIjp7IkZvbyI6IkJhciJ9fX19LCJpc3MiOiJTSzEyMzEyMyIsIm5iZiI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAwNjAwLCJzdWIiOiJBQzEyMzEyMyJ9.7vO-EYoBySftzIuSyxv01vfb_tHPuFICffX04jtdT_c"
	otherGoAccess = "eyJhbGciOiJIUzI1NiIsImN0eSI6InR3aWxpby1mcGE7dj0xIiwidHlwIjoiSldUIn0.eyJncmFudHMiOnsiaWRlbnRpdHkiOiJBbGljZSIsInZvaWNlIjp7ImluY29taW5nIjp7ImFsbG93Ijp0cnVlfSwib3V0Z29pbmciOnsiYXBwbGljYXRpb25fc2lkIjoiQVAxMjMxMjMiLCJwYXJhbXMiOnsiRm9vIjoiQmFyIn19fX0sImV4cCI6MTc5NTY0ODA2NiwianRpIjoiU0sxMjMxMjMtMTc5NTY0NzQ2NiIsImlhdCI6MTc5NTY0NzQ2NiwiaXNzIjoiU0sxMjMxMjMiLCJzdWIiOiJBQzEyMzEyMyJ9.zBQfNI9KGppJEJ1zi0HqeECnRibHaoxkkaYNM8I_Ngs"
)

// Tokens of Twilio's helpers for Ruby (twilio-ruby 7.11.1) and Node (twilio
// 5.13.1), of the account foreignAccount.
const (
	rubyTwoFilters = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6InNjb3BlOmNsaWVudDppbmNvbWluZz9jbGllbnROYW1lPUFsaWNlIHNjb3BlOmNsaWVudDpvdXRnb2luZz9hcHBTaWQ9QVAwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZiZjbGllbnROYW1lPUFsaWNlJmFwcFBhcmFtcz1Gb28lM0RCYXIlMjZCYXolM0RRdXggc2NvcGU6c3RyZWFtOnN1YnNjcmliZT9wYXRoPSUyRjIwMTAtMDQtMDElMkZFdmVudHMmcGFyYW1zPXR5cGUlM0RjYWxsJmRpcmVjdGlvbiUzRGluK291dCIsImlzcyI6IkFDMGYxZTJkM2M0YjVhNjk3ODg3OTZhNWI0YzNkMmUxZjAiLCJuYmYiOjE3OTk5OTk0MDAsImV4cCI6MTgwMDAwMDAwMH0.9q1G0O7ayglm5wVW0b3mSa_nDbVu06FDIcf3-txcLHI"
	rubyAmbiguous  = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6InNjb3BlOmNsaWVudDpvdXRnb2luZz9hcHBTaWQ9QVAwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZiZhcHBQYXJhbXM9cSUzRHglMjZhZG1pbiUzRDElMjZyYXRlJTNEMTAwJTI1JTJCMiUyNTQxJTI2aG9tZSUzRH5hbGljZSIsImlzcyI6IkFDMGYxZTJkM2M0YjVhNjk3ODg3OTZhNWI0YzNkMmUxZjAiLCJuYmYiOjE3OTk5MTM2MDAsImV4cCI6MTgwMDAwMDAwMH0.b6MJYJ3Aq6eDXEkrOI0P1jUyDwFxekRpRgAlCD3FEgk"
	nodeEvents     = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzY29wZSI6InNjb3BlOmNsaWVudDppbmNvbWluZz9jbGllbnROYW1lPW8nYnJpZW4lMjAoMSklMjAlNDBleGFtcGxlLmNvbSBzY29wZTpjbGllbnQ6b3V0Z29pbmc_YXBwU2lkPUFQMDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmYgc2NvcGU6c3RyZWFtOnN1YnNjcmliZT9wYXRoPS8yMDEwLTA0LTAxL0V2ZW50cyZhcHBQYXJhbXM9dHlwZSUzRGNhbGwlMjZub3RlJTNEYSUyNTIwYiUyNTJGY35kIiwiaXNzIjoiQUMwZjFlMmQzYzRiNWE2OTc4ODc5NmE1YjRjM2QyZTFmMCIsImV4cCI6MTc5NTQyMTIxNCwiaWF0IjoxNzk1NDE3NjE0fQ.GkDMAu3TOfXVEuNM5hiF5-myDhxdKSwV9YLzzFbNutI"
)

func TestPages(t *testing.T) {
	token := minted(t, false)
	odd := saying(`"exp":1767352200,"a = b":1,"\u202e":"\u0000\u2800","\ufeff":["\u3164",{"x":1.50,"x":2}],"scope":"scope:client:incoming?clientName=%1B%5B31mred%07` +
		` scope:client:outgoing?appSid=AP1&appParams=bidi%3D%25E2%2580%25AE%26wide%3D%25E2%2580%258B%26bytes%3D%25FF%25FE` +
		`%26c1%3D%25C2%259B%26%250A%3D%26space%3D%2B%26quote%3D%2522a%2522%26town%3Dcitt%25C3%25A0%26set%3D%25F3%25A0%2580%25A0` +
		`&appSid=AP2&note&appParams=%25%1B scope:video:join?room=1&%E2%80%AE= scope:x:y"`)
	var pages strings.Builder
	for _, test := range []struct {
		name   string
		args   []string
		env    map[string]string
		stdin  string
		status int
	}{
		{"mint prints the token alone", []string{"mint", "-incoming", "Alice", "-outgoing", "AP123123", "-param", "Foo=Bar", "-ttl", "10m"}, regular(), "", 0},
		{"mint warns if nothing is allowed", []string{"mint"}, regular(), "", 0},
		{"mint warns of odd credentials", []string{"mint", "-incoming", "Alice"}, account("TWILIO_ACCOUNT_SID", "AC"+auth[:3]+"0123456789"), "", 0},
		{"verify says that the token is good", []string{"verify", token}, account(), "", 0},
		{"inspect says that nothing was verified", []string{"inspect", token}, nil, "", 0},
		{"verify prints JSON", []string{"verify", "-json", token}, account(), "", 0},
		{"inspect prints JSON", []string{"inspect", "-json", token}, nil, "", 0},
		{"-strict changes nothing without a warning", []string{"verify", "-strict", token}, account(), "", 0},
		{"-strict rejects a token for a warning", []string{"verify", "-strict", lasting(600)}, account(), "", 1},
		{"it says so in JSON", []string{"verify", "-strict", "-json", lasting(600)}, account(), "", 1},
		{"it shows claims that are not strings", []string{"verify", saying(`"role":"agent","level":5,"admin":true,"none":null,"teams":["a", "b"],"o":{"z":1,"a":{}},"exp":1767352200,"scope":"scope:client:incoming?clientName=Alice"`)}, account(), "", 0},
		{"it shows them in JSON", []string{"verify", "-json", saying(`"role":"agent","level":5,"big":12345678901234567890.10,"teams":["a", "b"],"exp":1767352200,"scope":"scope:client:incoming?clientName=Alice"`)}, account(), "", 0},
		{"a claim that is nested too deeply is named", []string{"inspect", saying(`"deep":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `,"lost":1,"exp":1767352200,"scope":""`)}, nil, "", 0},
		{"it never shows the auth token that a token contains", []string{"verify", saying(`"` + auth + `":{"key":"` + auth + `"},"exp":1767352200,"scope":"scope:client:outgoing?appSid=AP1&appParams=k%3D` + auth[:9] + `%252D` + auth[10:] + `&clientName=` + auth + `"`)}, account(), "", 0},
		{"it shows filters that a helper did not escape", []string{"inspect", rubyTwoFilters}, nil, "", 0},
		{"it shows parameters that are not well formed as they are", []string{"inspect", rubyAmbiguous}, nil, "", 0},
		{"it leaves them out of the JSON", []string{"inspect", "-json", rubyAmbiguous}, nil, "", 0},
		{"it verifies the token of another helper, and warns", []string{"verify", nodeEvents}, account("TWILIO_ACCOUNT_SID", "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0", "TWILIO_AUTH_TOKEN", "9d8c7b6a5f4e3d2c1b0a998877665544"), "", 0},
		{"it shows when a token was issued and when it begins", []string{"inspect", saying(`"scope":"","iat":1767351000,"nbf":1767351600,"exp":1767353777`)}, nil, "", 0},
		{"it shows how long ago a token expired", []string{"inspect", lasting(-11100)}, nil, "", 0},
		{"it shows who could do what with it", []string{"inspect", saying(`"exp":1767350000,"scope":"scope:client:incoming?clientName=Alice"`)}, nil, "", 0},
		{"a token that expires right now has expired", []string{"inspect", lasting(0)}, nil, "", 0},
		{"a token has nothing to allow", []string{"inspect", lasting(86400)}, nil, "", 0},
		{"it shows that there are no parameters", []string{"inspect", saying(`"scope":"scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=","exp":1767352200`)}, nil, "", 0},
		{"it says when a token begins", []string{"inspect", saying(`"scope":"scope:client:incoming?clientName=Alice","nbf":1767351900,"exp":1767352200`)}, nil, "", 0},
		{"it says that a token is never valid", []string{"inspect", saying(`"scope":"scope:client:incoming?clientName=Alice","nbf":1767352300,"exp":1767352200`)}, nil, "", 0},
		{"an expiry in milliseconds is far away", []string{"verify", saying(`"scope":"scope:client:incoming?clientName=Alice","exp":1767352200000`)}, account(), "", 0},
		{"it shows no date after the year 9999", []string{"inspect", saying(`"scope":"","iat":-9223372036854775808,"nbf":-62135600401,"exp":9223372036854775807`)}, nil, "", 0},
		{"it shows the last date that there is", []string{"inspect", saying(`"scope":"","nbf":-62135600400,"exp":253402297199`)}, nil, "", 0},
		{"it keeps every digit of a time in JSON", []string{"inspect", "-json", saying(`"scope":"","nbf":0,"iat":-9223372036854775808,"exp":9223372036854775807`)}, nil, "", 0},
		{"a negative expiry has passed", []string{"inspect", saying(`"scope":"","exp":-9223372036854775808`)}, nil, "", 0},
		{"the first line is never long", []string{"inspect", saying(`"exp":1767352200,"scope":"scope:a:b scope:a:b scope:a:c scope:client:outgoing?appSid=` + strings.Repeat("x", 80) + ` scope:client:outgoing scope:a:d scope:a:e scope:a:f scope:a:g scope:a:h"`)}, nil, "", 0},
		{"it sends no control characters to the terminal", []string{"inspect", odd}, nil, "", 0},
		{"it sends none in JSON", []string{"inspect", "-json", odd}, nil, "", 0},
		{"it shows an account that is none", []string{"inspect", signed(header, `{"iss":"AC\u001b[2J\u202e","scope":"","exp":1767352200}`)}, nil, "", 0},
		{"it warns of a signature that was cut", []string{"inspect", token[:len(token)-1]}, nil, "", 0},

		{"inspect says what is wrong, too", []string{"inspect", saying(`"scope":"","exp":1767352200.5`)}, nil, "", 1},
		{"and in JSON", []string{"inspect", "-json", saying(`"scope":"","exp":1767352200.5`)}, nil, "", 1},
		{"mint prints an Access Token", []string{"mint", "-access", "-region", "ie1", "-incoming", "Alice", "-outgoing", "AP123123", "-param", "Foo=Bar", "-ttl", "10m"}, regular(), "", 0},
		{"verify says that an Access Token is good", []string{"verify", minted(t, true)}, credentials(), "", 0},
		{"it prints it as JSON", []string{"verify", "-json", minted(t, true)}, credentials(), "", 0},
		{"inspect needs no key for an Access Token", []string{"inspect", signedBy(apiKey, strings.Replace(accessHeader, "}", `,"twr":"au1"}`, 1), `{"jti":"SK123123-1767351600","iss":"SK123123","sub":"AC123123","exp":1767352200,"grants":{"identity":"Alice","voice":{"incoming":{"allow":true}}}}`)}, nil, "", 0},
		{"it reads an Access Token of Twilio's Ruby helper", []string{"inspect", rubyAccess}, nil, "", 0},
		{"it reads an Access Token of Twilio's Python helper", []string{"inspect", pythonAccess}, nil, "", 0},
		{"it reads an Access Token of another helper for Go", []string{"inspect", otherGoAccess}, nil, "", 0},
		{"it names other grants", []string{"inspect", granting(`{"identity":"Alice","voice":{"outgoing":{"application_sid":"AP1"}},"video":{},"chat":{"service_sid":"IS1"}}`)}, nil, "", 0},
		{"an Access Token needs its key", []string{"verify", minted(t, true)}, account(), "", 1},
		{"and so it says in JSON, with what the token says", []string{"verify", "-json", minted(t, true)}, account(), "", 1},
		{"half a key is none, and the other half is named", []string{"verify", minted(t, true)}, account("TWILIO_API_KEY_SID", "SK123123"), "", 1},
		{"a capability token needs the auth token", []string{"verify", token}, credentials("TWILIO_AUTH_TOKEN", ""), "", 1},
		{"without the auth token, damage is still told", []string{"verify", token[:50]}, credentials("TWILIO_AUTH_TOKEN", ""), "", 1},
		{"a header with a token in it is read", []string{"inspect", "Authorization: Bearer " + token}, nil, "", 0},
		{"JSON with a token in it is read", []string{"inspect"}, nil, `{"identity":"Alice","token":"` + token + `"}`, 0},
		{"-strict refuses it", []string{"inspect", "-strict", "TOKEN=" + token}, nil, "", 1},
		{"verify refuses it", []string{"verify", "'" + token + "'"}, account(), "", 1},
		{"a token in other text may be damaged", []string{"inspect", "Bearer " + strings.Replace(token, ".eyJ", ".ey", 1)}, nil, "", 1},
		{"a rejected token is decoded in JSON", []string{"verify", "-json", signedBy("another-auth-token", header, `{"iss":"AC123123","name":"José","exp":1}`)}, account(), "", 1},
		{"a lifetime as expiry is refused", []string{"mint", "-expires", "600"}, account(), "", 1},
		{"a placeholder for an application is minted with a warning", []string{"mint", "-incoming", "A", "-outgoing", "APXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"}, regular(), "", 0},
		{"the key's secret in an argument is refused", []string{"mint", "-access", "-incoming", "A", "-claim", "x=" + apiKey}, credentials(), "", 1},
		{"an API key SID that is none is refused", []string{"mint", "-access", "-incoming", "A"}, credentials("TWILIO_API_KEY", "AC123"), "", 1},
		{"a secret with a newline is refused", []string{"mint", "-access", "-incoming", "A"}, credentials("TWILIO_API_SECRET", apiKey+"\n"), "", 1},
		{"it knows the name of a file", []string{"inspect", "token.txt"}, nil, "", 1},
		{"an odd auth token is the likeliest cause", []string{"verify", token}, account("TWILIO_AUTH_TOKEN", "${TWILIO_AUTH_TOKEN}"), "", 1},
		{"quotes around the auth token are the cause", []string{"verify", token}, account("TWILIO_AUTH_TOKEN", `"`+auth+`"`), "", 1},
		{"an empty argument is refused", []string{"inspect", ""}, nil, "", 1},
		{"an empty standard input is refused", []string{"inspect"}, nil, " \n", 1},
		{"in JSON, too", []string{"inspect", "-json"}, nil, " \n", 1},
		{"a client name with a space is refused", []string{"mint", "-incoming", "Alice B\x1b"}, account(), "", 1},
		{"an application SID of another kind is refused", []string{"mint", "-outgoing", "AC123"}, account(), "", 1},
		{"a parameter without a name is refused", []string{"mint", "-outgoing", "AP1", "-param", "=x"}, account(), "", 1},
		{"a lifetime over a day is refused", []string{"mint", "-ttl", "24h1s"}, account(), "", 1},
		{"a claim that the token has is refused", []string{"mint", "-claim", "exp=5"}, account(), "", 1},
		{"an expiry that has passed is refused", []string{"mint", "-expires", "2026-01-02T10:00:00Z"}, account(), "", 1},
		{"the auth token in an argument is refused", []string{"mint", "-incoming", strings.ReplaceAll(auth, "-", "_")}, account("TWILIO_AUTH_TOKEN", strings.ReplaceAll(auth, "-", "_")), "", 1},
		{"an account SID that is none is refused", []string{"mint"}, account("TWILIO_ACCOUNT_SID", "SK1"), "", 1},
		{"an account SID in quotes is refused", []string{"mint"}, account("TWILIO_ACCOUNT_SID", "'AC123123'"), "", 1},
		{"an auth token with a newline is refused", []string{"verify", token}, account("TWILIO_AUTH_TOKEN", auth+"\n"), "", 1},
		{"in JSON, too", []string{"verify", "-json", token}, account("TWILIO_AUTH_TOKEN", auth+"\n"), "", 1},
		{"swapped credentials are refused", []string{"mint"}, account("TWILIO_ACCOUNT_SID", auth, "TWILIO_AUTH_TOKEN", "AC123123"), "", 1},
	} {
		status, stdout, stderr := call(test.args, test.env, strings.NewReader(test.stdin))
		if status != test.status {
			t.Errorf("%s: status %d, want %d", test.name, status, test.status)
		}
		if status == 0 && stderr != "" && test.args[0] != "mint" {
			t.Errorf("%s: errors %q", test.name, stderr)
		}
		if status != 0 {
			checkLines(t, test.name, stderr)
		}
		checkClean(t, test.name, stdout)
		fmt.Fprintf(&pages, "=== %s\n%s%s\n", test.name, stdout, stderr)
	}
	compareGolden(t, "testdata/pages.golden", pages.String())
}

func TestJSONIsThePage(t *testing.T) {
	token := saying(`"exp":9223372036854775807,"nbf":0,"level":5.50,"scope":"scope:client:outgoing?appParams=a%3D%25FF%26params&clientName=&note=%FF%E2%80%AE%F3%A0%80%A0"`)
	_, text, stderr := call([]string{"verify", "-json", token}, account(), nil)
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var got report
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err, text, stderr)
	}
	if _, err := decoder.Token(); err != io.EOF {
		t.Errorf("something follows the object: %v", err)
	}
	if !got.Verified || got.ExpiresAt != math.MaxInt64 || got.SecondsLeft != math.MaxInt64-noon.Unix() || got.IssuedAt != nil || *got.NotBefore != 0 {
		t.Errorf("got %+v", got)
	}
	if len(got.Claims) != 1 || got.Claims[0].Name != "level" || string(got.Claims[0].Value) != "5.50" {
		t.Errorf("claims are %s", got.Claims)
	}
	if want := "scope:client:outgoing?appParams=a%3D%25FF%26params&clientName=&note=%FF%E2%80%AE%F3%A0%80%A0"; got.Scopes[0].URI != want {
		t.Errorf("uri is %q, want %q", got.Scopes[0].URI, want)
	}
	params := got.Scopes[0].Params
	if list := *params[0].List; len(list) != 2 || list[0].Value != "\ufffd" || list[1].Name != "params" || list[1].Value != "" || list[1].List != nil {
		t.Errorf("appParams are %+v", list)
	}
	if want := "\ufffd\u202e\U000e0020"; params[2].Value != want || params[1].List != nil {
		t.Errorf("note is %q, want %q", params[2].Value, want)
	}
	if strings.Contains(text, "null") {
		t.Errorf("null in %s", text)
	}
}

// TestListsNeverPrintAlike has lists that look alike if names and values are
// not quoted.
func TestListsNeverPrintAlike(t *testing.T) {
	pages := make(map[string]string)
	for _, list := range []string{
		"a=b+%3D+c", "a+%3D+b=c", "a=b%0A++++++++++++++c+%3D+d", "a=b&c=d", "a=(none)", "", "a", "a=%22%22", "a+=b", "a=+b", "a=b+", "a=b++c", "a=b+c",
		"a=b%E2%80%8B", "a=b%E3%85%A4", "a=b%E2%A0%80", "a=b", "a=b%EF%B8%8F", "a=b%CD%8F", "a=b%C2%A0", "%CC%81a=b", "a=%CC%81b", "a=b%5Cn", "a=b%0A",
		"a=%22b%5Cn%22", "a%22=b", "a=b%FF", "a=b%EF%BF%BD", "a=%D7%90", "%D7%90=a", "Allows=nothing", "a=b+%28not+well+formed%29", "a=%5Bauth+token%5D",
	} {
		token := saying(`"exp":1767352200,"scope":"scope:client:outgoing?appSid=AP1&appParams=` + strings.NewReplacer("%", "%25", "=", "%3D", "&", "%26", "+", "%2B").Replace(list) + `"`)
		status, page, stderr := call([]string{"inspect", token}, nil, nil)
		if status != 0 {
			t.Errorf("%q: %s", list, stderr)
		}
		if other, ok := pages[page]; ok {
			t.Errorf("%q and %q print alike:\n%s", list, other, page)
		}
		pages[page] = list
		checkClean(t, list, page)
	}
}

// TestNamesAreNoRows gives parameters and claims names of rows, and values that
// would begin new ones.
func TestNamesAreNoRows(t *testing.T) {
	token := saying(`"exp":1767352200,"x\nVERIFIED":"y\nVERIFIED","Account     AC9":1,"scope":"scope:client:outgoing?%0AAccount+=AC9&a=%0AVERIFIED:&appSid=AP1"`)
	_, page, stderr := call([]string{"inspect", token}, nil, nil)
	for _, line := range strings.Split(page, "\n")[1:] {
		if strings.HasPrefix(line, "VERIFIED") || strings.Contains(line, "Account ") && !strings.HasPrefix(line, "Account       AC123123") && !strings.HasPrefix(line, `  "`) && !strings.HasPrefix(line, "WARNING ") {
			t.Errorf("%q in\n%s%s", line, page, stderr)
		}
	}
}

func TestFirstLine(t *testing.T) {
	at := noon.Unix()
	const alice = `"scope":"scope:client:incoming?clientName=Alice"`
	for _, test := range []struct{ name, claims, want string }{
		{"it expires in a second", fmt.Sprintf(`"exp":%d,%s`, at+1, alice), "Alice may receive calls, for the next 1s."},
		{"it expires right now", fmt.Sprintf(`"exp":%d,%s`, at, alice), "the token expired 0s ago; before that, Alice could receive calls."},
		{"it begins right now", fmt.Sprintf(`"exp":%d,"nbf":%d,%s`, at+60, at, alice), "Alice may receive calls, for the next 1m."},
		{"it begins a second before it ends", fmt.Sprintf(`"exp":%d,"nbf":%d,%s`, at+60, at+59, alice), "Alice may receive calls, for 1s, beginning in 59s."},
		{"it begins when it ends", fmt.Sprintf(`"exp":%d,"nbf":%d,%s`, at+60, at+60, alice), "the token would allow Alice to receive calls, but is never valid."},
		{"the application is not the first parameter", fmt.Sprintf(`"exp":%d,"scope":"scope:client:outgoing?clientName=Bob&appSid=AP1"`, at+60), "Bob may place calls through AP1, for the next 1m."},
	} {
		_, page, _ := call([]string{"inspect", saying(test.claims)}, nil, nil)
		line, _, _ := strings.Cut(page, "\n")
		if want := "NOT VERIFIED (anyone could have written it): " + test.want; line != want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.name, line, want)
		}
	}
}

func TestInUnits(t *testing.T) {
	for seconds, want := range map[int64]string{
		1: "1s", 598: "9m58s", 600: "10m", 11100: "3h5m", 86400: "1d", 86401: "1d1s", 3605: "1h5s", 9000000: "104d4h",
		math.MaxInt64: "106751991167300d15h30m7s",
	} {
		if got := inUnits(seconds); got != want {
			t.Errorf("inUnits(%d) = %q, want %q", seconds, got, want)
		}
	}
}

func TestBareValue(t *testing.T) {
	for in, want := range map[string]string{
		"Alice":               "Alice",
		"José":                "José",
		"a b":                 "a b",
		"città 漢字":            "città 漢字",
		"+15551234567":        "+15551234567",
		"/2010-04-01/Events":  "/2010-04-01/Events",
		"o'brien@example.com": "o'brien@example.com",
		"📞":                   `"📞"`,
		"a  b":                `"a  b"`,
		"a=b":                 `"a=b"`,
		"(none)":              `"(none)"`,
		`a"b`:                 `"a\"b"`,
		`C:\dir`:              `"C:\\dir"`,
		"":                    `""`,
		" a":                  `" a"`,
		"a ":                  `"a "`,
		"a\nb":                `"a\nb"`,
		"\x7f":                `"\x7f"`,
		"\u009b":              `"\u009b"`,
		"\u00a0x":             `"\u00a0x"`,
		"a\u200bb":            `"a\u200bb"`,
		"a\u202eb":            `"a\u202eb"`,
		"\ufeffa":             `"\ufeffa"`,
		"a\u3164b":            `"a\u3164b"`,
		"a\u115fb":            `"a\u115fb"`,
		"a\uffa0b":            `"a\uffa0b"`,
		"a\u2800b":            `"a\u2800b"`,
		"a\ufe0f":             `"a\ufe0f"`,
		"a\u034fb":            `"a\u034fb"`,
		"\u0301a":             `"\u0301a"`,
		"e\u0301":             `"é"`,
		"שלום":                `"שלום"`,
		"سلام":                `"سلام"`,
		"\U00010800":          `"𐠀"`,
		"a\xffb":              `"a\xffb"`,
		"\ufffd":              `"\ufffd"`,
		"\U000e0041":          `"\U000e0041"`,
	} {
		if got := bare(plainValue, in); got != want {
			t.Errorf("bareValue(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestBareName(t *testing.T) {
	for in, want := range map[string]string{
		"Foo_1-x.y": "Foo_1-x.y", "città": "città", "a b": `"a b"`, "a=b": `"a=b"`, "https://example.com/role": `"https://example.com/role"`, "": `""`,
	} {
		if got := bare(plainName, in); got != want {
			t.Errorf("bareName(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestJSONIsOneLineOfASCII(t *testing.T) {
	if got, want := encodeJSON("é\xff\u202e\U000e0020\n<&\x7f"), `"\u00e9\ufffd\u202e\udb40\udc20\n\u003c\u0026\u007f"`+"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestFirstLineNamesWhoIsCalled has a token in which one name receives calls and
// another one places them.
func TestFirstLineNamesWhoIsCalled(t *testing.T) {
	env := account()
	_, token, stderr := call([]string{"mint", "-incoming", "Alice", "-outgoing", "AP123123", "-client", "Bob"}, env, nil)
	_, page, _ := call([]string{"verify", strings.TrimSpace(token)}, env, nil)
	const want = "VERIFIED: Bob may receive calls as Alice, and place calls through AP123123, for the next 1h.\n"
	if !strings.HasPrefix(page, want) {
		t.Errorf("want %q in\n%s%s", want, page, stderr)
	}
}
