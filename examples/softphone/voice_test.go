package main

import (
	"bytes"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

// needSHA1 skips a test where FIPS 140-3 mode is enforced, since SHA-1 panics
// there.
func needSHA1(t *testing.T) {
	t.Helper()
	defer func() {
		if err := recover(); err != nil {
			t.Skip(err)
		}
	}()
	signature(authToken, publicURL, nil)
}

// call posts a form to /voice, signed as Twilio signs it.
func call(site http.Handler, form url.Values) *http.Response {
	return send(site, "POST", "/voice", form, "X-Twilio-Signature", signature(authToken, publicURL+"/voice", form))
}

func TestSignature(t *testing.T) {
	needSHA1(t)
	for _, test := range []struct {
		authToken, url string
		form           url.Values
		want           string
	}{
		{ // the example in Twilio's documentation, "Security"
			"12345", "https://mycompany.com/myapp.php?foo=1&bar=2",
			url.Values{
				"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"},
				"From": {"+14158675309"}, "To": {"+18005551212"},
			},
			"RSOYDt4T1cUTdK1PDd93/VVr8B8=",
		},
		{ // computed by twilio-node 6.2.0
			"12345", "https://phone.example.com/voice",
			url.Values{"To": {"b", "a", "b"}, "From": {"client:Alice"}, "Z": {"é"}, "a": {""}},
			"Lt4nwtbB6uoazWv3tiEnVGIh3FU=",
		},
	} {
		if got := signature(test.authToken, test.url, test.form); got != test.want {
			t.Errorf("signature of %v is %s, want %s", test.form, got, test.want)
		}
	}
}

func TestVoiceChecksTheSignature(t *testing.T) {
	needSHA1(t)
	const path = "/voice"
	form := url.Values{"From": {"client:Alice"}, callerParam: {"Alice"}, "To": {"Bob"}}
	altered := url.Values{"From": {"client:Alice"}, callerParam: {"Alice"}, "To": {"Eve"}}
	tooLong := url.Values{"To": {strings.Repeat("x", maxBody)}}
	good := signature(authToken, publicURL+path, form)
	site, local := start(t, "-url", publicURL+"/", "-allow", "+14155550100"), start(t)
	onAPort := start(t, "-url", publicURL+":8443")
	post := func(site http.Handler, form url.Values, signature string) *http.Response {
		return send(site, "POST", path, form, "X-Twilio-Signature", signature)
	}
	for _, test := range []struct {
		what string
		r    *http.Response
		want int
	}{
		{"good", call(site, form), http.StatusOK},
		{"none", send(site, "POST", path, form), http.StatusForbidden},
		{"empty", post(site, form, ""), http.StatusForbidden},
		{"cut", post(site, form, good[:27]), http.StatusForbidden},
		{"of another form", post(site, altered, good), http.StatusForbidden},
		{"of another auth token", post(site, form, signature("other", publicURL+path, form)), http.StatusForbidden},
		{"of another URL", post(site, form, signature(authToken, publicURL+"/token", form)), http.StatusForbidden},
		{"with the port", post(site, form, signature(authToken, publicURL+":443"+path, form)), http.StatusOK},
		{"with another port", post(site, form, signature(authToken, publicURL+":8443"+path, form)), http.StatusForbidden},
		{"with the port of a server that has one", post(onAPort, form, signature(authToken, publicURL+":8443"+path, form)), http.StatusOK},
		{"without the port of a server that has one", call(onAPort, form), http.StatusOK},
		{"with the usual port of a server that has another", post(onAPort, form, signature(authToken, publicURL+":443"+path, form)), http.StatusForbidden},
		{"of another server", call(start(t, "-url", "https://other.example.com"), form), http.StatusForbidden},
		{"of a form that is too long", call(site, tooLong), http.StatusBadRequest},
		{"without -url", call(local, form), http.StatusForbidden},
		{"without -url, of the path", post(local, form, signature(authToken, path, form)), http.StatusForbidden},
		{
			"for the form in the query", // which Twilio signs as a part of the URL
			send(site, "POST", path+"?"+form.Encode(), nil, "X-Twilio-Signature", good),
			http.StatusForbidden,
		},
		{
			"after a wrong one",
			send(site, "POST", path, form, "X-Twilio-Signature", "wrong", "X-Twilio-Signature", good),
			http.StatusForbidden,
		},
		{"of a GET", send(site, "GET", path, nil, "X-Twilio-Signature", good), http.StatusMethodNotAllowed},
		{
			"good, under the public name",
			send(site, "POST", path, form, "X-Twilio-Signature", good, "Host", "phone.example.com"),
			http.StatusOK,
		},
	} {
		if test.r.StatusCode != test.want {
			t.Errorf("signature %s: %s, want %d", test.what, test.r.Status, test.want)
		}
		answer := body(t, test.r)
		if strings.Contains(answer, "<Response>") != (test.want == http.StatusOK) || strings.Contains(answer, authToken) {
			t.Errorf("signature %s is answered by %s", test.what, answer)
		}
	}
	// A To in the query is not signed, so it is not looked at.
	r := send(site, "POST", "/voice?To=%2B14155550100", form, "X-Twilio-Signature", good)
	if answer := body(t, r); !strings.Contains(answer, "<Client>Bob</Client>") {
		t.Errorf("with To in the query as well: %s", answer)
	}
}

func TestVoiceRoutes(t *testing.T) {
	needSHA1(t)
	const (
		begin   = `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Response>"
		bob     = begin + `<Dial callerId="client:Alice" answerOnBridge="true"><Client>Bob</Client></Dial></Response>`
		number  = begin + `<Dial callerId="+14155550199" answerOnBridge="true"><Number>+14155550100</Number></Dial></Response>`
		notHere = begin + `<Say>You may not call this number.</Say></Response>`
		neither = begin + `<Say>Please enter the name of a client, ` +
			`or a number that begins with plus and a country code.</Say></Response>`
		notOurs = begin + `<Say>This call does not come from a browser that may place calls.</Say></Response>`
	)
	site := start(t, "-url", publicURL, "-allow", "+14155550100", "-allow", "+442071838750", "-caller-id", "+14155550199")
	from := func(from, caller string, to ...string) url.Values {
		return url.Values{"From": {from}, callerParam: {caller}, "To": to}
	}
	alice := func(to ...string) url.Values { return from("client:Alice", "Alice", to...) }
	for _, test := range []struct {
		form url.Values
		want string
	}{
		{alice("Bob"), bob},
		{alice(" Bob "), bob},
		{alice("+14155550100"), number},
		{alice("+1 415 555 0100"), number},
		{alice("+1 (415) 555-0100"), number},
		{alice("+1.415.555.0100"), number},
		{alice("+1/415/5550100"), number},
		{alice("+1\u00a0415\u00a0555\u20110100"), number},
		{alice("+14155550101"), notHere},
		{alice("+1415555010"), notHere},
		{alice("+141555501000"), notHere},
		{alice("+1900-555-0100"), notHere},
		{alice("415-555-0100"), neither},
		{alice("++14155550100"), neither},
		{alice("+14155550100,,1"), neither},
		{alice("+14155550100\n"), number},
		{alice("+1415555０100"), neither},
		{alice("client:Bob"), neither},
		{alice("sip:bob@example.com"), neither},
		{alice("</Client><Number>+14155550100</Number>"), neither},
		{alice(""), neither},
		{alice(), neither},
		{alice("Bob", "Bob"), neither},
		{alice("+14155550100", "+19005550100"), neither},
		{from("client:Alice", "Bob", "Carol"), notOurs},
		{from("+14155550100", "Alice", "Bob"), notOurs},
		{from("Alice", "Alice", "Bob"), notOurs},
		{from("client:", "", "Bob"), notOurs},
		{url.Values{"From": {"client:Alice"}, "To": {"Bob"}}, notOurs},
		{url.Values{callerParam: {"Alice"}, "To": {"Bob"}}, notOurs},
		{url.Values{"From": {"client:Alice"}, callerParam: {"Alice", "Bob"}, "To": {"Carol"}}, notOurs},
		{url.Values{"From": {"client:Alice", "client:Alice"}, callerParam: {"Alice"}, "To": {"Bob"}}, notOurs},
		{url.Values{}, notOurs},
	} {
		r := call(site, test.form)
		if got := body(t, r); r.StatusCode != http.StatusOK || got != test.want {
			t.Errorf("%q: %s\n%s\nwant\n%s", test.form, r.Status, got, test.want)
		}
		if kind := r.Header.Get("Content-Type"); kind != "application/xml" {
			t.Errorf("%q: Content-Type %s", test.form, kind)
		}
	}
	// Without -allow, no number can be called.
	if got := body(t, call(start(t, "-url", publicURL), alice("+14155550100"))); got != notHere {
		t.Errorf("without -allow: %s", got)
	}
}

// TestVoiceLogsOneLine has a number with a line break, which must not begin
// another line of the log.
func TestVoiceLogsOneLine(t *testing.T) {
	needSHA1(t)
	site := start(t, "-url", publicURL)
	var logged bytes.Buffer
	log.SetOutput(&logged)
	log.SetFlags(0)
	defer log.SetFlags(log.LstdFlags)
	defer log.SetOutput(os.Stderr)
	call(site, url.Values{"From": {"client:Alice"}, callerParam: {"Alice"}, "To": {"Bob"}})
	call(site, url.Values{"From": {"client:Alice"}, callerParam: {"Alice"}, "To": {"x\ncall from Eve"}})
	const want = `call from ["client:Alice"] to ["Bob"]: allowed: true` + "\n" +
		`call from ["client:Alice"] to ["x\ncall from Eve"]: allowed: false` + "\n"
	if got := logged.String(); got != want {
		t.Errorf("the log is\n%s\nwant\n%s", got, want)
	}
}
