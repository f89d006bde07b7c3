package main

import (
	"bytes"
	"log"
	"net/http"
	"net/http/httptest"
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
		{"of a server with capital letters", call(start(t, "-url", "https://Phone.Example.com"), form), http.StatusOK},
		{"of another server", call(start(t, "-url", "https://other.example.com"), form), http.StatusForbidden},
		{"of a form that is too long", call(site, tooLong), http.StatusRequestEntityTooLarge},
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
		number  = begin + `<Dial callerId="+14155550199" answerOnBridge="true" timeLimit="3600"><Number>+14155550100</Number></Dial></Response>`
		notHere = begin + `<Say>You may not call this number.</Say></Response>`
		neither = begin + `<Say>Please enter the name of a user, ` +
			`or a number that begins with plus and a country code.</Say></Response>`
		zero = begin + `<Say>Please leave out the zero in parentheses. ` +
			`It is not dialed after a country code.</Say></Response>`
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
		{alice("\u202a+1 415 555\u200b 0100\u202c"), number}, // copied from a list of contacts
		{alice("+1\u2007415\u2009555\u20130100"), number},
		{alice("+1 415 555\u22120100"), number},
		{alice("tel:+1-415-555-0100"), number},
		{alice(" Tel: +14155550100"), number},
		{alice("client:Bob"), bob},
		{alice("\u200eCLIENT:Bob"), bob},
		{alice("+1 (0) 415 555 0100"), zero},
		{alice("+44 (0)20 7183 8750"), zero},
		{alice("+44 ( 0\u00a0)20 7183 8750"), zero},
		{alice("415-555-0100"), neither},
		{alice("4155550100"), neither},
		{alice("0"), neither},
		{alice("\u200e4155550100\u200e"), neither},
		{alice("client:4155550100"), neither},
		{alice("tel:4155550100"), neither},
		{alice("Bob Smith"), neither},
		{alice("Bob-Smith"), neither},
		{alice("client:client:Bob"), neither},
		{alice("++14155550100"), neither},
		{alice("+14155550100,,1"), neither},
		{alice("+14155550100\n"), number},
		{alice("+1415555０100"), neither},
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

// logged returns what is logged during a function.
func logged(f func()) string {
	var b bytes.Buffer
	log.SetOutput(&b)
	log.SetFlags(0)
	defer log.SetFlags(log.LstdFlags)
	defer log.SetOutput(os.Stderr)
	f()
	return b.String()
}

// TestVoiceLogsOneLine has a number with a line break, which must not begin
// another line of the log.
func TestVoiceLogsOneLine(t *testing.T) {
	needSHA1(t)
	site := start(t, "-url", publicURL)
	got := logged(func() {
		call(site, url.Values{"From": {"client:Alice"}, callerParam: {"Alice"}, "To": {"Bob"}})
		call(site, url.Values{"From": {"client:Alice"}, callerParam: {"Alice"}, "To": {"x\ncall from Eve"}})
	})
	const want = `call from ["client:Alice"] to ["Bob"]: allowed: true` + "\n" +
		`call from ["client:Alice"] to ["x\ncall from Eve"]: allowed: false` + "\n"
	if got != want {
		t.Errorf("the log is\n%s\nwant\n%s", got, want)
	}
}

func TestRejectedRequestsAreLogged(t *testing.T) {
	needSHA1(t)
	const expected = " Expected: POST https://phone.example.com/voice\n"
	site := start(t, "-url", publicURL)
	form := url.Values{"To": {"Bob"}}
	huge := url.Values{"To": {strings.Repeat("x", maxBody)}}
	for _, test := range []struct {
		method, path string
		form         url.Values
		headers      []string
		status       int
		log          string
	}{
		{"POST", "/voice", form, nil, http.StatusForbidden,
			`POST "localhost:8080/voice" answered with 403: X-Twilio-Signature is missing.` + expected},
		{"POST", "/voice", form, []string{"X-Twilio-Signature", "x"}, http.StatusForbidden,
			`POST "localhost:8080/voice" answered with 403: X-Twilio-Signature does not match. ` +
				`Check TWILIO_AUTH_TOKEN and -url.` + expected},
		{"POST", "/voice/", form, nil, http.StatusNotFound,
			`POST "localhost:8080/voice/" answered with 404: There is nothing at this address.` + expected},
		{"POST", "/voice/a%0Ab", form, nil, http.StatusNotFound,
			`POST "localhost:8080/voice/a\nb" answered with 404: There is nothing at this address.` + expected},
		{"GET", "/voice", nil, nil, http.StatusMethodNotAllowed,
			`GET "localhost:8080/voice" answered with 405: The method is not POST.` + expected},
		{"POST", "/voice", huge, nil, http.StatusRequestEntityTooLarge,
			`POST "localhost:8080/voice" answered with 413: This request is too large.` + expected},
		{"POST", "/voice", form, []string{"Host", "evil.example"}, http.StatusMisdirectedRequest,
			`POST "evil.example/voice" answered with 421: This server does not have that name. See -url.` + expected},
		{"POST", "/token", form, nil, http.StatusUnauthorized, ""},
		{"POST", "/token", huge, nil, http.StatusRequestEntityTooLarge, ""},
		{"POST", "/session", huge, nil, http.StatusRequestEntityTooLarge, ""},
	} {
		var r *http.Response
		got := logged(func() { r = send(site, test.method, test.path, test.form, test.headers...) })
		if r.StatusCode != test.status || got != test.log {
			t.Errorf("%s %s with %q: %s, and the log is\n%s\nwant\n%s", test.method, test.path, test.headers, r.Status, got, test.log)
		}
	}
}

func TestLargeAndMalformedRequests(t *testing.T) {
	site := start(t)
	for _, test := range []struct {
		kind, body string
		want       int
	}{
		{"application/x-www-form-urlencoded", "a=%zz", http.StatusBadRequest},
		{"application/x-www-form-urlencoded", strings.Repeat("x", maxBody), http.StatusForbidden},
		{"application/x-www-form-urlencoded", strings.Repeat("x", maxBody+1), http.StatusRequestEntityTooLarge},
		{"application/json", strings.Repeat("x", maxBody+1), http.StatusRequestEntityTooLarge},
	} {
		for _, length := range []int64{int64(len(test.body)), -1} { // with Content-Length, and in chunks
			r := httptest.NewRequest("POST", "/voice", strings.NewReader(test.body))
			r.Host, r.ContentLength = "localhost", length
			r.Header.Set("Content-Type", test.kind)
			w := httptest.NewRecorder()
			site.ServeHTTP(w, r)
			if test.kind == "application/json" && length < 0 {
				test.want = http.StatusForbidden // what is not a form is not read
			}
			if !canSign(authToken) && test.want == http.StatusForbidden {
				test.want = http.StatusNotImplemented
			}
			if w.Code != test.want {
				t.Errorf("%d bytes of %s, Content-Length %d: %d, want %d", len(test.body), test.kind, length, w.Code, test.want)
			}
		}
	}
}

func TestVoiceWithoutSHA1(t *testing.T) {
	s := &server{config: config{url: publicURL}} // sha1 is false
	w := httptest.NewRecorder()
	s.voice(w, httptest.NewRequest("POST", "/voice", nil))
	if w.Code != http.StatusNotImplemented {
		t.Errorf("where SHA-1 may not be used, /voice answers with %d", w.Code)
	}
	if ok := canSign(authToken); ok {
		return
	}
	if got := logged(func() { start(t) }); !strings.Contains(got, "SHA-1") {
		t.Errorf("the log does not name SHA-1:\n%s", got)
	}
}

func TestStartNamesTheKindOfToken(t *testing.T) {
	if got := logged(func() { start(t) }); !strings.Contains(got, "capability tokens") {
		t.Errorf("without an API key, the log is\n%s", got)
	}
	c := config{accountSID: accountSID, authToken: authToken, appSID: appSID, apiKeySID: "SK123123", apiKeySecret: "nor-is-this-one"}
	if got := logged(func() { newHandler(c) }); !strings.Contains(got, "Access Tokens") {
		t.Errorf("with an API key, the log is\n%s", got)
	}
}
