package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"unicode"
)

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

// TestWarnings says something that Twilio would not take, in each way.
func TestWarnings(t *testing.T) {
	at := noon.Unix()
	scope := func(uri string) string { return fmt.Sprintf(`"exp":%d,"scope":"%s"`, at+600, uri) }
	const alice = `"scope":"scope:client:incoming?clientName=Alice"`
	const tooLong = "is over 24 hours: Twilio rejects it with error 31207, and recommends at most 86,399 seconds"
	const milliseconds = "is far in the future: is it in milliseconds instead of seconds?"
	const clock = "the token was issued in the future: the clock is wrong here or on the server that generated it"
	const early = "the token is not valid yet: if it should be, the clock is wrong here or on the server that generated it"
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
		{"an expired one that lasted too long", fmt.Sprintf(`"exp":%d,"iat":%d,%s`, at-600, at-90000, alice), []string{"the token has expired: Twilio rejects it with error 20104 or 31205", "the lifetime of 1d50m " + tooLong}},
		{"the longest there can be", fmt.Sprintf(`"exp":%d,"iat":%d,%s`, int64(10*math.MaxInt32), int64(math.MinInt64), alice), []string{"the lifetime of 106751991167300d15h30m7s " + tooLong}},

		{"expired right now", fmt.Sprintf(`"exp":%d,%s`, at, alice), []string{"the token has expired: Twilio rejects it with error 20104 or 31205"}},
		{"an expiry in milliseconds", fmt.Sprintf(`"exp":%d,%s`, at*1000, alice), []string{"exp " + milliseconds}},
		{"everything in milliseconds", fmt.Sprintf(`"exp":%d,"nbf":%d,"iat":%d,%s`, at*1000+600, at*1000, at*1000, alice), []string{"exp " + milliseconds, "nbf " + milliseconds, "iat " + milliseconds}},
		{"issued in a second", fmt.Sprintf(`"exp":%d,"iat":%d,%s`, at+600, at+1, alice), []string{clock}},
		{"issued now", fmt.Sprintf(`"exp":%d,"iat":%d,%s`, at+600, at, alice), nil},
		{"valid in a second", fmt.Sprintf(`"exp":%d,"nbf":%d,%s`, at+600, at+1, alice), []string{early}},
		{"valid now", fmt.Sprintf(`"exp":%d,"nbf":%d,%s`, at+600, at, alice), nil},
		{"never valid", fmt.Sprintf(`"exp":%d,"nbf":%d,%s`, at+600, at+600, alice), []string{early, never}},

		{"nothing allowed", scope(""), []string{"the token allows nothing: in Go, was a result dropped? Write c = c.AllowClientIncoming(...)"}},
		{"an e-mail address", scope("scope:client:incoming?clientName=alice%40example.com"), []string{`the client name is "alice@example.com": Twilio accepts only A-Z, a-z, 0-9 and _`}},
		{"an e-mail address twice", scope("scope:client:incoming?clientName=a%40b scope:client:outgoing?appSid=AP1&clientName=a%40b"), []string{`the client name is "a@b": Twilio accepts only A-Z, a-z, 0-9 and _`}},
		{"an empty client name", scope("scope:client:incoming?clientName="), []string{`the client name is "": Twilio accepts only A-Z, a-z, 0-9 and _`}},
		{"a client name with a hyphen and a control character", scope("scope:client:incoming?clientName=a-%1B"), []string{`the client name is "a-\x1b": Twilio accepts only A-Z, a-z, 0-9 and _`}},
		{"a long client name", scope("scope:client:incoming?clientName=" + strings.Repeat("-", 100)), []string{`the client name is "` + strings.Repeat("-", 45) + `...": Twilio accepts only A-Z, a-z, 0-9 and _`}},
		{"no client name", scope("scope:client:incoming"), []string{"the token allows incoming calls without a client name (clientName): nobody can call it"}},
		{"no application SID", scope("scope:client:outgoing?clientName=Alice"), []string{"the token allows outgoing calls without an application SID (appSid): no call can be placed"}},
		{"an empty application SID", scope("scope:client:outgoing?appSid=&clientName=Alice"), []string{"the application SID is empty"}},
		{"an account SID for an application", scope("scope:client:outgoing?appSid=AC" + sid34), []string{`the application SID is "AC` + sid34 + `": it has to begin with AP, and this is the SID of an account`}},
		{"a phone number for an application", scope("scope:client:outgoing?appSid=%2B15551234567"), []string{`the application SID is "+15551234567": it has to begin with AP`}},
		{"the SID of a phone number", scope("scope:client:outgoing?appSid=PN" + sid34), []string{`the application SID is "PN` + sid34 + `": it has to begin with AP, and this is a SID`}},
		{"a cut application SID", scope("scope:client:outgoing?appSid=AP" + sid34[1:]), []string{"the application SID has 33 characters instead of 34: was it copied whole?"}},
		{"the letter O in an application SID", scope("scope:client:outgoing?appSid=APO" + sid34[1:]), []string{`the application SID is "APO` + sid34[1:] + `": it has to be AP and 32 hexadecimal digits`}},
		{"an application SID with a space", scope("scope:client:outgoing?appSid=AP1+"), []string{`the application SID is "AP1 ": it has to be AP and 32 hexadecimal digits`}},
		{"a scope misspelt", scope("scope:client:incomming?clientName=Alice"), []string{`unknown scope "client:incomming": did you mean client:incoming?`}},
		{"a scope in upper case", scope("scope:Client:Incoming?clientName=Alice"), []string{`unknown scope "Client:Incoming": did you mean client:incoming?`}},
		{"a scope that nobody knows", scope("scope:video:join"), []string{`unknown scope "video:join"`}},
		{"a client name of another service", scope("scope:video:join?clientName=a-b"), []string{`unknown scope "video:join"`}},
		{"many scopes that nobody knows", scope("scope:x:a scope:x:b scope:x:c scope:x:d scope:x:e scope:x:f scope:x:g"), []string{`unknown scope "x:a"`, `unknown scope "x:b"`, `unknown scope "x:c"`, `unknown scope "x:d"`, `unknown scope "x:e"`, "there are more like the one above"}},
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
		"AC0123456789abcdef0123456789abcdef0": "the account SID has 35 characters instead of 34: was it copied whole?",
		"SK0123456789abcdef0123456789abcdef":  `the account SID is "SK0123456789abcdef0123456789abcdef": it has to begin with AC, and this is the SID of an API key`,
		"alice":                               `the account SID is "alice": it has to begin with AC`,
		"AC12-3":                              `the account SID is "AC12-3": it has to be AC and 32 hexadecimal digits`,
		"ac0123456789abcdef0123456789abcdef":  `the account SID is "ac0123456789abcdef0123456789abcdef": it has to begin with AC`,
	} {
		token := signed(header, `{"iss":"`+iss+`","scope":"scope:client:incoming?clientName=Alice","exp":1767352200}`)
		_, page, _ := call([]string{"inspect", token}, nil, nil)
		if want != "" && !strings.Contains(page, "\nWARNING       "+want+"\n") || want == "" && strings.Contains(page, "WARNING") {
			t.Errorf("iss %q: want %q in\n%s", iss, want, page)
		}
	}
}

func TestWarningsForTheSignature(t *testing.T) {
	token := minted(t)
	for _, test := range []struct{ token, want string }{
		{token, ""},
		{token[:len(token)-2], "the signature was cut: it has 41 of 43 characters"},
		{token[:len(token)-43], "the signature was cut: it has 0 of 43 characters"},
		{token + "x", "the signature is too long: it has 44 characters instead of 43"},
	} {
		_, page, stderr := call([]string{"inspect", test.token}, nil, nil)
		if got := strings.Contains(page, "\nWARNING       "+test.want+"\n"); got != (test.want != "") {
			t.Errorf("want %q in\n%s%s", test.want, page, stderr)
		}
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

func TestDifference(t *testing.T) {
	for _, test := range []struct{ a, b, want int64 }{
		{5, 3, 2},
		{math.MinInt64, 1, math.MinInt64},
		{math.MinInt64, math.MinInt64, 0},
		{math.MaxInt64, -1, math.MaxInt64},
		{math.MaxInt64, math.MaxInt64, 0},
		{0, math.MinInt64, math.MaxInt64},
		{-1, math.MinInt64, math.MaxInt64},
		{-1, math.MaxInt64, math.MinInt64},
		{-2, math.MaxInt64, math.MinInt64},
	} {
		if got := difference(test.a, test.b); got != test.want {
			t.Errorf("difference(%d, %d) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestFirstLine(t *testing.T) {
	at := noon.Unix()
	const alice = `"scope":"scope:client:incoming?clientName=Alice"`
	for _, test := range []struct{ name, claims, want string }{
		{"it expires in a second", fmt.Sprintf(`"exp":%d,%s`, at+1, alice), "Alice may receive calls, for the next 1s."},
		{"it expires right now", fmt.Sprintf(`"exp":%d,%s`, at, alice), "the token expired just now; before that, Alice could receive calls."},
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

func TestFromNow(t *testing.T) {
	for seconds, want := range map[int64]string{
		0:             "just now",
		1:             "in 1s",
		598:           "in 9m58s",
		-11100:        "3h5m ago",
		-86400:        "1d ago",
		3605:          "in 1h5s",
		9000000:       "in 104d4h",
		math.MinInt64: "106751991167300d15h30m7s ago",
	} {
		if got := fromNow(seconds); got != want {
			t.Errorf("fromNow(%d) = %q, want %q", seconds, got, want)
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
		"e\u0301":             "\"e\u0301\"",
		"שלום":                `"שלום"`,
		"سلام":                `"سلام"`,
		"\U00010800":          "\"\U00010800\"",
		"a\xffb":              `"a\xffb"`,
		"\ufffd":              "\"\ufffd\"",
		"\U000e0041":          `"\U000e0041"`,
	} {
		if got := bareValue(in); got != want {
			t.Errorf("bareValue(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestBareName(t *testing.T) {
	for in, want := range map[string]string{
		"Foo_1-x.y": "Foo_1-x.y", "città": "città", "a b": `"a b"`, "a=b": `"a=b"`, "https://example.com/role": `"https://example.com/role"`, "": `""`,
	} {
		if got := bareName(in); got != want {
			t.Errorf("bareName(%q) = %s, want %s", in, got, want)
		}
	}
}

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
		if hidden && strings.ContainsRune(visibleJSON(string(c)), c) && c != '\n' {
			t.Errorf("%U is not escaped in JSON", c)
		}
		if got := visible(string(c)); !hidden && c < 0x7f && got != string(c) {
			t.Errorf("%U is escaped: %s", c, got)
		}
	}
}

func TestVisible(t *testing.T) {
	if got, want := visible("é\xff\x80\ufffd\x1b\n"), `é\xff\x80`+"\ufffd"+`\x1b\n`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVisibleJSON(t *testing.T) {
	if got, want := visibleJSON("é\ufffd\u202e\U000e0020\n"), `é\ufffd\u202e\udb40\udc20`+"\n"; got != want {
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

func TestDepth(t *testing.T) {
	for text, want := range map[string]int{
		`1`: 0, `"[[{{"`: 0, `"\"[["`: 0, `"\\"`: 0, `[]`: 1, `{}`: 1, `{"a":"[["}`: 1, `["\\",[]]`: 2, `[[],[]]`: 2, `[{},{}]`: 2,
		`{"a":{"b":[]},"c":[]}`: 3, `[[[]],[]]`: 3,
	} {
		if got := depth([]byte(text)); got != want {
			t.Errorf("depth(%s) = %d, want %d", text, got, want)
		}
	}
}

func TestMask(t *testing.T) {
	odd := `q"u&o\te~<` // escaped in every way
	s := newSecrets("AC123123", odd)
	for in, want := range map[string]string{odd: masked, "x" + odd + "y": "x" + masked + "y", "AC123123": "AC123123", `q\"u&o\\te~<`: masked} {
		if got := s.mask(in); got != want {
			t.Errorf("mask(%q) = %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{"q%22u%26o%5Cte%7E%3C", "q%22u%26o%5cte~%3c", "q%2522u%2526o%255Cte%257E%253C", `q\u0022u\u0026o\\te~\u003c`, "q%25%32%32u&o\\te~<"} {
		if !s.foundIn(in) || s.cover(in) != masked {
			t.Errorf("cover(%q) = %q", in, s.cover(in))
		}
	}
	short := newSecrets("AC123123", "abc")
	if short.mask("abc") != masked || short.mask("xabc") != "xabc" || short.foundIn("xabc") || !short.anyFoundIn("xabc") || short.anyFoundIn("ab") {
		t.Error("a short one is not masked as a whole alone")
	}
	if six := newSecrets("AC123123", "abcdej"); six.mask("xabcdejx") != "x"+masked+"x" || !six.foundIn("abcde%6A") || !six.foundIn("abcde%6a") {
		t.Error("one of six characters is not found inside of other text")
	}
	if five := newSecrets("AC123123", "abcde"); five.mask("xabcdex") != "xabcdex" {
		t.Error("one of five characters is found inside of other text")
	}
	if swapped := newSecrets(secret, "AC123123"); swapped.mask(secret) != masked || swapped.mask("AC123123") != "AC123123" {
		t.Error("swapped credentials are not told apart")
	}
}
