package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/capability"
)

const (
	accountSID = "AC123123"
	authToken  = "not-to-be-printed"
	appSID     = "AP123123"
	publicURL  = "https://phone.example.com"
)

// configure returns the configuration for flags, as main makes it.
func configure(args ...string) (config, error) {
	c := config{accountSID: accountSID, authToken: authToken, appSID: appSID}
	flags := flag.NewFlagSet("softphone", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	c.register(flags)
	return c, flags.Parse(args)
}

// start returns the site for flags.
func start(t *testing.T, args ...string) http.Handler {
	t.Helper()
	c, err := configure(args...)
	if err != nil {
		t.Fatal(err)
	}
	site, err := newHandler(c)
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// send sends a form, if it has one, with headers given as names and values.
func send(site http.Handler, method, path string, form url.Values, headers ...string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Host = "localhost:8080"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		} else {
			r.Header.Add(headers[i], headers[i+1])
		}
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// signIn returns the value of the Cookie header for somebody who signed in.
func signIn(t *testing.T, site http.Handler, name string) string {
	t.Helper()
	r := send(site, "POST", "/session", url.Values{"name": {name}})
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/" {
		t.Fatalf("sign-in of %q: %s, Location %q", name, r.Status, r.Header.Get("Location"))
	}
	cookie := r.Cookies()[0]
	return cookie.Name + "=" + cookie.Value
}

func TestFlagsAreChecked(t *testing.T) {
	for _, args := range [][]string{
		{"-url", ""},
		{"-url", "phone.example.com"},
		{"-url", "http://phone.example.com"},
		{"-url", "https://"},
		{"-url", "https://:443"},
		{"-url", "https://phone.example.com/path"},
		{"-url", "https://phone.example.com//"},
		{"-url", "https://phone.example.com?"},
		{"-url", "https://phone.example.com/?a=b"},
		{"-url", "https://phone.example.com#"},
		{"-url", "https://user:password@phone.example.com"},
		{"-url", "https://telefön.example"}, // from here on, as no browser sends it
		{"-url", "https://phone.example.com:443"},
		{"-url", "https://phone.example.com:08443"},
		{"-url", "https://phone.example.com:"},
		{"-url", "https://phone..example.com"},
		{"-url", "https://phone%2eexample.com"},
		{"-url", "https://phone.example.com:70000"},
		{"-url", "https://127.1"},
		{"-url", "https://0x7f000001"},
		{"-allow", ""},
		{"-allow", "4155550100"},
		{"-allow", "+1 415 555 0100"},
		{"-allow", "+04155550100"},
		{"-allow", "+14155550100\n"},
		{"-allow", "+1415555010012345"},
		{"-allow", "+14155550100", "-allow", "Bob"},
		{"-caller-id", "client:Alice"},
	} {
		if _, err := configure(args...); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
	for _, url := range []string{
		publicURL, publicURL + ":8443", "https://Phone.Example.com", "https://xn--telefn-e1a.example", "https://203.0.113.5",
	} {
		if c, err := configure("-url", url+"/"); err != nil || c.url != url {
			t.Errorf("-url %s/: %+v, %v", url, c, err)
		}
	}
	if c, err := configure("-allow", "+14155550100", "-allow", "+442071838750"); err != nil || len(c.allow) != 2 {
		t.Errorf("two numbers: %+v, %v", c, err)
	}
}

func TestCredentialsAreChecked(t *testing.T) {
	good := config{accountSID: accountSID, authToken: authToken, appSID: appSID}
	with := func(change func(*config)) config {
		c := good
		change(&c)
		return c
	}
	for _, test := range []struct {
		what string
		c    config
		want string
	}{
		{"no account SID", with(func(c *config) { c.accountSID = "" }), capability.ErrAccountSID.Error()},
		{"no auth token", with(func(c *config) { c.authToken = "" }), capability.ErrAuthToken.Error()},
		{"the two swapped", with(func(c *config) { c.accountSID, c.authToken = authToken, accountSID }), capability.ErrAccountSID.Error()},
		{"no application SID", with(func(c *config) { c.appSID = "" }), "TWILIO_APP_SID is empty"},
		{"a quoted application SID", with(func(c *config) { c.appSID = `"` + appSID + `"` }), "TWILIO_APP_SID is in quotes"},
		{"the auth token as the application SID", with(func(c *config) { c.appSID = authToken }), "TWILIO_APP_SID does not begin with AP"},
		{"a newline after the application SID", with(func(c *config) { c.appSID = appSID + "\n" }), "TWILIO_APP_SID has something other"},
		{"an API key without its secret", with(func(c *config) { c.apiKeySID = "SK123123" }), "set TWILIO_API_SECRET or TWILIO_API_KEY_SECRET"},
		{"the secret of an API key alone", with(func(c *config) { c.apiKeySecret = authToken }), "set TWILIO_API_KEY or TWILIO_API_KEY_SID"},
		{"a secret as the API key", with(func(c *config) { c.apiKeySID, c.apiKeySecret = authToken, "other-secret-key" }), capability.ErrAPIKey.Error()},
		{"an API key, but no auth token", with(func(c *config) {
			c.authToken, c.apiKeySID, c.apiKeySecret = "", "SK123123", authToken
		}), capability.ErrAuthToken.Error()},
		{"a directory as -sdk", with(func(c *config) { c.sdk = t.TempDir() }), "is not a file"},
		{"a missing file as -sdk", with(func(c *config) { c.sdk = "missing.js" }), "is not a file"},
	} {
		_, err := newHandler(test.c)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v, want %s", test.what, err, test.want)
		} else if strings.Contains(err.Error(), authToken) {
			t.Errorf("%s: the error shows a secret: %v", test.what, err)
		}
	}
	if _, err := newHandler(good); err != nil {
		t.Errorf("good credentials: %v", err)
	}
}

func TestSignIn(t *testing.T) {
	site := start(t)
	if page := body(t, send(site, "GET", "/", nil)); !strings.Contains(page, `action="/session"`) {
		t.Errorf("no form to sign in:\n%s", page)
	}
	cookie := signIn(t, site, " Alice ")
	if page := body(t, send(site, "GET", "/", nil, "Cookie", cookie)); !strings.Contains(page, `data-user="Alice"`) {
		t.Errorf("not signed in:\n%s", page)
	}
	if other := signIn(t, site, "Alice"); other == cookie {
		t.Error("two sessions have the same ID")
	}
	for _, headers := range [][]string{{"Cookie", cookie}, nil} {
		r := send(site, "POST", "/signout", nil, headers...)
		if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/" || r.Cookies()[0].MaxAge >= 0 {
			t.Errorf("sign-out with %q: %s, %v", headers, r.Status, r.Header)
		}
	}
	if r := send(site, "POST", "/token", nil, "Cookie", cookie); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("after sign-out: %s", r.Status)
	}
}

func TestBadNames(t *testing.T) {
	site := start(t)
	for _, form := range []url.Values{
		nil,
		{"name": {""}},
		{"name": {"alice@example.com"}},
		{"name": {"José"}},
		{"name": {`<script>"x"</script>`}},
		{"name": {"x&appSid=AP999"}},
		{"name": {strings.Repeat("x", 257)}},
	} {
		r := send(site, "POST", "/session", form)
		page := body(t, r)
		if r.StatusCode != http.StatusBadRequest || len(r.Cookies()) != 0 {
			t.Errorf("%.50q: %s, %v", form, r.Status, r.Cookies())
		}
		reason := strings.TrimPrefix(capability.ErrClientName.Error(), "capability: ")
		for _, want := range []string{reason, `aria-invalid="true"`} {
			if !strings.Contains(page, want) {
				t.Errorf("%.50q: no %s in\n%s", form, want, page)
			}
		}
		if strings.Contains(page, "capability:") {
			t.Errorf("%.50q: the reason has a prefix in\n%s", form, page)
		}
		if strings.Contains(page, `<script>"x`) {
			t.Errorf("%.50q is not escaped in\n%s", form, page)
		}
	}
	for _, name := range []string{"4155550100", "0", " 42 "} {
		r := send(site, "POST", "/session", url.Values{"name": {name}})
		if page := body(t, r); r.StatusCode != http.StatusBadRequest || !strings.Contains(page, "a name of digits alone") {
			t.Errorf("%q: %s\n%s", name, r.Status, page)
		}
	}
	signIn(t, site, strings.Repeat("x", 256))
	signIn(t, site, "4_2")
	// A name in the address is not in the form.
	if r := send(site, "POST", "/session?name=Alice", nil); r.StatusCode != http.StatusBadRequest {
		t.Errorf("name in the query: %s", r.Status)
	}
}

func TestCookie(t *testing.T) {
	cookie := func(args ...string) *http.Cookie {
		return send(start(t, args...), "POST", "/session", url.Values{"name": {"Alice"}}).Cookies()[0]
	}
	local, public := cookie(), cookie("-url", publicURL)
	for _, c := range []*http.Cookie{local, public} {
		if c.MaxAge != 0 || !c.Expires.IsZero() {
			t.Errorf("cookie %v outlasts the browser, or does not last as long", c)
		}
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 32 {
			t.Errorf("cookie %v", c)
		}
	}
	if local.Secure || !public.Secure || public.Name != "__Host-session" {
		t.Errorf("cookies %v and %v", local, public)
	}
}

func TestSessionsEnd(t *testing.T) {
	s := &server{cookie: "session", sessions: []session{{"old", "Alice", time.Now().Add(-time.Second)}}}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "session=old")
	if user := s.user(r); user != "" {
		t.Errorf("%s is signed in by an old session", user)
	}
}

// whoIs returns the status of a request for a token, which says whether a
// session exists.
func whoIs(site http.Handler, cookie string) int {
	return send(site, "POST", "/token", nil, "Cookie", cookie).StatusCode
}

func TestSignInEndsTheSessionOfTheBrowser(t *testing.T) {
	site := start(t)
	alice := signIn(t, site, "Alice")
	other := signIn(t, site, "Alice")
	if r := send(site, "POST", "/session", url.Values{"name": {"Bob"}}, "Cookie", alice); r.StatusCode != http.StatusSeeOther {
		t.Fatal(r.Status)
	}
	if got := whoIs(site, alice); got != http.StatusUnauthorized {
		t.Errorf("after another sign-in, the session answers with %d", got)
	}
	if got := whoIs(site, other); got != http.StatusOK {
		t.Errorf("the session of another browser answers with %d", got)
	}
}

func TestTheOldestOfTooManySessionsEnds(t *testing.T) {
	site := start(t)
	first, second := signIn(t, site, "Alice"), signIn(t, site, "Bob")
	for range maxSessions - 2 {
		signIn(t, site, "Carol")
	}
	if got := whoIs(site, first); got != http.StatusOK {
		t.Errorf("with %d sessions, the first answers with %d", maxSessions, got)
	}
	last := signIn(t, site, "Dave")
	for cookie, want := range map[string]int{first: http.StatusUnauthorized, second: http.StatusOK, last: http.StatusOK} {
		if got := whoIs(site, cookie); got != want {
			t.Errorf("with one session more, %s answers with %d, want %d", cookie, got, want)
		}
	}
}

func TestToken(t *testing.T) {
	site := start(t)
	if r := send(site, "POST", "/token", nil); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a session: %s", r.Status)
	}
	if r := send(site, "POST", "/token", nil, "Cookie", "session="); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("with an empty cookie: %s", r.Status)
	}
	alice := signIn(t, site, "Alice")
	if r := send(site, "POST", "/token", url.Values{"page": {"Bob"}}, "Cookie", alice); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("for the page of another user: %s", r.Status)
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"} {
		r := send(site, method, "/token", nil, "Cookie", alice)
		if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "POST" {
			t.Errorf("%s: %s, Allow %q", method, r.Status, r.Header.Get("Allow"))
		}
	}
	r := send(site, "POST", "/token", url.Values{"page": {"Alice"}, "name": {"Bob"}}, "Cookie", alice)
	if r.StatusCode != http.StatusOK || r.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s, %v", r.Status, r.Header)
	}
	if kind := r.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("Content-Type %s", kind)
	}
	base, err := capability.New(accountSID, authToken)
	if err != nil {
		t.Fatal(err)
	}
	claims := verify(t, base, r)
	if left := time.Until(claims.ExpiresAt); left < 9*time.Minute || left > 10*time.Minute {
		t.Errorf("the token expires in %s", left)
	}
}

// verify checks the token in an answer, and what it allows Alice.
func verify(t *testing.T, base capability.Capability, r *http.Response) capability.Claims {
	t.Helper()
	var answer struct{ Token string }
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	claims, err := base.Verify(answer.Token)
	if err != nil {
		t.Fatal(err)
	}
	var scopes []string
	for _, scope := range claims.Scopes {
		scopes = append(scopes, scope.String())
	}
	want := "[scope:client:incoming?clientName=Alice " +
		"scope:client:outgoing?appSid=AP123123&appParams=SignedInAs%3DAlice&clientName=Alice]"
	if got := fmt.Sprint(scopes); got != want {
		t.Errorf("the token allows %s, want %s", got, want)
	}
	return claims
}

func TestAccessToken(t *testing.T) {
	const apiKeySID, apiKeySecret = "SK123123", "nor-is-this-one"
	site, err := newHandler(config{accountSID: accountSID, authToken: authToken, appSID: appSID,
		apiKeySID: apiKeySID, apiKeySecret: apiKeySecret})
	if err != nil {
		t.Fatal(err)
	}
	base, err := capability.NewWithAPIKey(accountSID, apiKeySID, apiKeySecret)
	if err != nil {
		t.Fatal(err)
	}
	verify(t, base, send(site, "POST", "/token", nil, "Cookie", signIn(t, site, "Alice")))
}

func TestOtherSites(t *testing.T) {
	for _, test := range []struct {
		headers []string
		own     bool
	}{
		{nil, true},
		{[]string{"Sec-Fetch-Site", "same-origin"}, true},
		{[]string{"Sec-Fetch-Site", "none"}, true},
		{[]string{"Sec-Fetch-Site", "same-site"}, false},
		{[]string{"Sec-Fetch-Site", "cross-site"}, false},
		{[]string{"Sec-Fetch-Site", "cross-site", "Origin", publicURL}, false},
		{[]string{"Sec-Fetch-Site", "same-origin", "Origin", "https://elsewhere.example"}, true}, // a proxy changed Host
		{[]string{"Origin", "http://localhost:8080"}, true},
		{[]string{"Origin", publicURL}, true},
		{[]string{"Origin", publicURL, "Host", "phone.example.com"}, true},
		{[]string{"Origin", "https://PHONE.example.com"}, true},
		{[]string{"Origin", "http://LOCALHOST:8080"}, true},
		{[]string{"Origin", publicURL + ".evil.example"}, false},
		{[]string{"Origin", "http://localhost:3000"}, false},
		{[]string{"Origin", "https://evil.example"}, false},
		{[]string{"Origin", "null"}, false},
	} {
		for path, status := range map[string]int{
			"/token":   http.StatusOK,
			"/session": http.StatusSeeOther,
			"/signout": http.StatusSeeOther,
		} {
			site := start(t, "-url", publicURL)
			headers := append([]string{"Cookie", signIn(t, site, "Alice")}, test.headers...)
			if !test.own {
				status = http.StatusForbidden
			}
			r := send(site, "POST", path, url.Values{"name": {"Eve"}}, headers...)
			if r.StatusCode != status || !test.own && len(r.Cookies()) != 0 {
				t.Errorf("%s with %q: %s, want %d; it sets %v", path, test.headers, r.Status, status, r.Cookies())
			}
		}
	}
}

func TestHosts(t *testing.T) {
	local, public, upper := start(t), start(t, "-url", publicURL), start(t, "-url", "https://Phone.Example.com")
	for _, test := range []struct {
		site http.Handler
		host string
		want int
	}{
		{local, "localhost", http.StatusOK},
		{local, "localhost:8080", http.StatusOK},
		{local, "LOCALHOST:8080", http.StatusOK},
		{local, "127.0.0.1:8080", http.StatusOK},
		{local, "[::1]:8080", http.StatusOK},
		{local, "evil.example:8080", http.StatusMisdirectedRequest},
		{local, "127.0.0.1.evil.example", http.StatusMisdirectedRequest},
		{local, "phone.example.com", http.StatusMisdirectedRequest},
		{local, "", http.StatusMisdirectedRequest},
		{public, "localhost:8080", http.StatusOK},
		{public, "phone.example.com", http.StatusOK},
		{public, "Phone.Example.com:443", http.StatusOK},
		{public, "evil.example", http.StatusMisdirectedRequest},
		{upper, "phone.example.com", http.StatusOK},
		{upper, "evil.example", http.StatusMisdirectedRequest},
	} {
		if r := send(test.site, "GET", "/", nil, "Host", test.host); r.StatusCode != test.want {
			t.Errorf("Host %q: %s, want %d", test.host, r.Status, test.want)
		}
	}
}

func TestPage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "twilio.min.js")
	if err := os.WriteFile(file, []byte("the SDK"), 0o600); err != nil {
		t.Fatal(err)
	}
	with, without := start(t, "-sdk", file), start(t)
	for path, kind := range map[string]string{
		"/":              "text/html; charset=utf-8",
		"/softphone.css": "text/css; charset=utf-8",
		"/softphone.js":  "text/javascript; charset=utf-8",
		"/softphone.svg": "image/svg+xml",
		"/twilio.min.js": "text/javascript; charset=utf-8",
	} {
		r := send(with, "GET", path, nil)
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %s, %s", path, r.Status, r.Header.Get("Content-Type"))
		}
		caching := "no-store"
		if path == "/twilio.min.js" {
			caching = "no-cache"
		}
		for name, want := range map[string]string{
			"Cache-Control":          caching,
			"Referrer-Policy":        "same-origin",
			"X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
				"connect-src 'self' https://*.twilio.com wss://*.twilio.com; media-src mediastream: https://sdk.twilio.com; " +
				"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	for _, path := range []string{"/index.html", "/main.go", "/twilio.min.js/", "/../main.go"} {
		if r := send(with, "GET", path, nil); r.StatusCode == http.StatusOK {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	if r := send(without, "GET", "/twilio.min.js", nil); r.StatusCode != http.StatusNotFound {
		t.Errorf("without -sdk: %s", r.Status)
	}
	const advice = "npm install @twilio/voice-sdk"
	if strings.Contains(body(t, send(with, "GET", "/", nil)), advice) {
		t.Error("the page says that the Voice SDK is missing, but it is there")
	}
	if !strings.Contains(body(t, send(without, "GET", "/", nil)), advice) {
		t.Error("the page does not say how to get the Voice SDK")
	}
}
