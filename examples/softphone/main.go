// Softphone serves a web page for calling other users of the page, and phone
// numbers that you allow. See README.md for how to start it.
package main

import (
	"cmp"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/capability"
)

const (
	tokenTTL    = 10 * time.Minute // softphone.js renews a token a minute before it expires
	sessionTTL  = 12 * time.Hour
	maxSessions = 1000 // another one ends the oldest
	maxBody     = 64 << 10

	// All scripts and styles come from this server. The README of the Voice SDK
	// lists what it connects to and plays.
	contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
		"connect-src 'self' https://*.twilio.com wss://*.twilio.com; media-src mediastream: https://sdk.twilio.com; " +
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

//go:embed index.html softphone.css softphone.js softphone.svg
var files embed.FS

var page = template.Must(template.ParseFS(files, "index.html"))

func main() {
	c := config{
		accountSID:   os.Getenv("TWILIO_ACCOUNT_SID"),
		authToken:    os.Getenv("TWILIO_AUTH_TOKEN"),
		appSID:       os.Getenv("TWILIO_APP_SID"),
		apiKeySID:    cmp.Or(os.Getenv("TWILIO_API_KEY"), os.Getenv("TWILIO_API_KEY_SID")),
		apiKeySecret: cmp.Or(os.Getenv("TWILIO_API_SECRET"), os.Getenv("TWILIO_API_KEY_SECRET")),
	}
	addr := flag.String("addr", "localhost:8080", "the `address` to listen on")
	c.register(flag.CommandLine)
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unexpected argument %q", flag.Arg(0))
	}
	handler, err := newHandler(c)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	log.Fatal(server.Serve(listener))
}

// A config is what the environment and the flags say.
type config struct {
	accountSID, authToken, appSID string
	apiKeySID, apiKeySecret       string // for Access Tokens; without them, capability tokens are generated

	sdk             string // the path of twilio.min.js
	url, host, port string // the public address, such as https://phone.example.com, and its parts
	callerID        string
	allow           []string
}

func (c *config) register(flags *flag.FlagSet) {
	flags.StringVar(&c.sdk, "sdk", "", "the `path` of twilio.min.js, from the npm package @twilio/voice-sdk")
	flags.Func("url", "the public `address`, such as https://phone.example.com", func(address string) error {
		c.url = strings.TrimSuffix(address, "/")
		u, err := url.Parse(c.url)
		if err != nil || !publicAddress.MatchString(c.url) || u.Port() == "443" {
			return errors.New("want https:// and a host as browsers send it: in ASCII (xn--…), " +
				"without the port 443 and without a path")
		}
		c.host, c.port = u.Hostname(), cmp.Or(u.Port(), "443")
		return nil
	})
	flags.Func("allow", "a phone `number` that may be called; may be repeated", func(number string) error {
		c.allow = append(c.allow, number)
		return checkNumber(number)
	})
	flags.Func("caller-id", "the `number` from which phones are called", func(number string) error {
		c.callerID = number
		return checkNumber(number)
	})
}

// publicAddress matches what browsers may send as Origin, but for its case.
var publicAddress = regexp.MustCompile(
	`(?i)^https://(([a-z0-9_-]+\.)*[a-z_][a-z0-9_-]*|[0-9]{1,3}(\.[0-9]{1,3}){3})(:[1-9][0-9]{0,3}|:[1-6][0-9]{4})?$`)

// tokens returns what all tokens have in common. It checks the auth token in any
// case, since Twilio signs its requests with it.
func (c *config) tokens() (capability.Capability, error) {
	kind := "capability tokens, signed with the auth token"
	base, err := capability.New(c.accountSID, c.authToken)
	if err == nil && c.apiKeySID+c.apiKeySecret != "" {
		kind = "Access Tokens, signed with the API key"
		switch {
		case c.apiKeySID == "":
			err = errors.New("the API key has no SID: set TWILIO_API_KEY or TWILIO_API_KEY_SID")
		case c.apiKeySecret == "":
			err = errors.New("the API key has no secret: set TWILIO_API_SECRET or TWILIO_API_KEY_SECRET")
		default:
			base, err = capability.NewWithAPIKey(c.accountSID, c.apiKeySID, c.apiKeySecret)
		}
	}
	if err == nil && base.AllowClientOutgoing(c.appSID).Err() != nil {
		problem := "does not begin with AP" // without its value: that may be a secret in the wrong variable
		if c.appSID == "" {
			problem = "is empty"
		} else if strings.ContainsAny(c.appSID[:1], "\"'`") {
			problem = "is in quotes"
		} else if strings.HasPrefix(c.appSID, "AP") {
			problem = "has something other than letters and digits after AP"
		}
		err = fmt.Errorf("%w: TWILIO_APP_SID %s", capability.ErrApplicationSID, problem)
	}
	if err == nil {
		log.Print("generating ", kind)
	}
	return base, err
}

// A server is shared by all requests.
type server struct {
	config
	base   capability.Capability
	cookie string // the name of the session cookie
	sha1   bool   // whether SHA-1 is allowed

	mu       sync.Mutex
	sessions []session // the oldest first
}

type session struct {
	id, user string // the cookie's value, and who has it
	ends     time.Time
}

// newHandler checks the rest of the configuration and returns the whole site.
func newHandler(c config) (http.Handler, error) {
	base, err := c.tokens()
	if err != nil {
		return nil, fmt.Errorf("check the variables TWILIO_*: %w", err)
	}
	s := &server{config: c, base: base, cookie: "session", sha1: canSign(c.authToken)}
	if c.sdk != "" {
		if info, err := os.Stat(c.sdk); err != nil || !info.Mode().IsRegular() {
			return nil, fmt.Errorf("-sdk: %q is not a file", c.sdk)
		}
	}
	if len(c.allow) > 0 && c.callerID == "" {
		log.Print("without -caller-id, Twilio does not connect calls to phone numbers")
	}
	if !s.sha1 {
		log.Print("FIPS 140-3 mode does not allow SHA-1, with which Twilio signs: no calls can be placed")
	}
	if c.url == "" {
		log.Print("without -url, /voice rejects all requests, and no calls can be placed")
	} else {
		s.cookie = "__Host-session" // the prefix keeps other hosts of the domain from setting it
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s.show(w, http.StatusOK, view{User: s.user(r)})
	})
	for _, name := range []string{"softphone.css", "softphone.js", "softphone.svg"} {
		mux.Handle("GET /"+name, http.FileServerFS(files))
	}
	if c.sdk != "" {
		mux.HandleFunc("GET /twilio.min.js", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache") // may be stored, but not used without asking
			http.ServeFile(w, r, c.sdk)
		})
	}
	mux.HandleFunc("POST /session", s.fromPage(s.signIn))
	mux.HandleFunc("POST /signout", s.fromPage(func(w http.ResponseWriter, r *http.Request) { s.setSession(w, r) }))
	mux.HandleFunc("POST /token", s.fromPage(s.token))
	mux.HandleFunc("/voice", s.voice)
	mux.HandleFunc("/voice/", s.voice)
	return s.guard(mux), nil
}

// device returns what a user's browser may do: receive calls for the user, and
// place calls through /voice, which learns from the token who the caller is.
func (s *server) device(user string) capability.Capability {
	return s.base.
		AllowClientIncoming(user).
		AllowClientOutgoing(s.appSID, capability.Param(callerParam, user)).
		WithTTL(tokenTTL)
}

// guard sets security headers, limits the size of requests and rejects unknown
// host names. Otherwise another site could point a name of its own to this
// server (DNS rebinding), and its scripts could sign in and fetch tokens.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", contentSecurityPolicy)
		header.Set("Referrer-Policy", "same-origin") // under no-referrer, forms are sent with "Origin: null"
		header.Set("X-Content-Type-Options", "nosniff")
		host := strings.ToLower((&url.URL{Host: r.Host}).Hostname())
		if host == "" || host != strings.ToLower(s.host) && host != "localhost" && net.ParseIP(host) == nil {
			s.reject(w, r, http.StatusMisdirectedRequest, "This server does not have that name. See -url.")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if r.Method == http.MethodPost {
			if err := r.ParseForm(); errors.As(err, new(*http.MaxBytesError)) || r.ContentLength > maxBody {
				s.reject(w, r, http.StatusRequestEntityTooLarge, "This request is too large.")
				return
			} else if err != nil {
				s.reject(w, r, http.StatusBadRequest, "The form cannot be read.")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// reject answers with a status and a reason. For requests to /voice, it logs
// them too, since Twilio's error log shows no more than the status.
func (s *server) reject(w http.ResponseWriter, r *http.Request, status int, reason string) {
	if strings.HasPrefix(r.URL.Path, "/voice") {
		log.Printf("%s %q answered with %d: %s Expected: POST %s/voice", r.Method, r.Host+r.URL.Path, status, reason, s.url)
	}
	http.Error(w, reason, status)
}

// fromPage rejects requests that a browser sends for a page of another site. A
// request with neither header does not come from a current browser.
func (s *server) fromPage(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		_, host, _ := strings.Cut(origin, "://")
		own := origin == "" || strings.EqualFold(origin, s.url) || strings.EqualFold(host, r.Host)
		if site == "same-origin" || site == "none" || site == "" && own { // none: the user's doing, not that of a page
			next(w, r)
			return
		}
		http.Error(w, "This request comes from another site.", http.StatusForbidden)
	}
}

// signIn accepts any name from anyone. Replace it with your own login, which
// may accept the same names.
func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSpace(r.PostForm.Get("name"))
	err := s.device(name).Err()
	if err == nil && digits.MatchString(name) {
		err = errors.New("a name of digits alone would be taken for a phone number")
	}
	if err != nil {
		s.show(w, http.StatusBadRequest, view{Name: name, Problem: strings.TrimPrefix(err.Error(), "capability: ")})
		return
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		http.Error(w, "The server has no random numbers.", http.StatusInternalServerError)
		return
	}
	s.setSession(w, r, session{fmt.Sprintf("%x", random), name, time.Now().Add(sessionTTL)})
}

// setSession ends the session that a browser has, begins the next, and leads
// back to the page. Without a next one, the user is signed out.
func (s *server) setSession(w http.ResponseWriter, r *http.Request, next ...session) {
	cookie := http.Cookie{Name: s.cookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.url != "",
		SameSite: http.SameSiteStrictMode}
	if len(next) > 0 {
		cookie.Value, cookie.MaxAge = next[0].id, 0
	}
	s.mu.Lock()
	if old, err := r.Cookie(s.cookie); err == nil {
		s.sessions = slices.DeleteFunc(s.sessions, func(s session) bool { return s.id == old.Value })
	}
	s.sessions = append(s.sessions, next...)
	s.sessions = s.sessions[max(0, len(s.sessions)-maxSessions):]
	s.mu.Unlock()
	http.SetCookie(w, &cookie)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *server) token(w http.ResponseWriter, r *http.Request) {
	user := s.user(r)
	owner := r.PostForm.Get("page") // whose page asks: another user may have signed in since, in another tab
	if user == "" || owner != "" && owner != user {
		http.Error(w, "You are not signed in. Reload the page to sign in.", http.StatusUnauthorized)
		return
	}
	token, err := s.device(user).GenerateToken()
	if err != nil {
		log.Print(err) // never contains a secret
		http.Error(w, "The server could not generate a token.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"token": token})
}

// user returns the name of the user who is signed in, or "".
func (s *server) user(r *http.Request) string {
	cookie, err := r.Cookie(s.cookie)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range s.sessions {
		if err == nil && session.id == cookie.Value && time.Now().Before(session.ends) {
			return session.user
		}
	}
	return ""
}

// A view is the data of index.html.
type view struct {
	User          string // who is signed in
	Name, Problem string // the name that was rejected, and why
	SDK           bool   // whether there is a twilio.min.js
	URL           string // the public address, or ""
}

func (s *server) show(w http.ResponseWriter, status int, v view) {
	v.SDK, v.URL = s.sdk != "", s.url
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	page.Execute(w, v)
}
