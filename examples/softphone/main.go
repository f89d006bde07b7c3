// Softphone serves a web page for calling other users of the page, and phone
// numbers that you allow. See README.md for how to start it.
package main

import (
	"cmp"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"example.com/capability"
)

const (
	tokenTTL    = 10 * time.Minute // softphone.js renews a token a minute before it expires
	sessionTTL  = 12 * time.Hour
	maxSessions = 1000
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
		accountSID: os.Getenv("TWILIO_ACCOUNT_SID"),
		authToken:  os.Getenv("TWILIO_AUTH_TOKEN"),
		appSID:     os.Getenv("TWILIO_APP_SID"),
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
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	log.Fatal(server.Serve(listener))
}

// A config is what the environment and the flags say.
type config struct {
	accountSID, authToken, appSID string

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
		if err != nil || u.Hostname() == "" || c.url != "https://"+u.Host {
			return errors.New("want https:// and a host, without a path")
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

// A server is shared by all requests.
type server struct {
	config
	base   capability.Capability
	cookie string // the name of the session cookie

	mu       sync.Mutex
	sessions map[string]session // by the cookie's value
}

type session struct {
	user string
	ends time.Time
}

// newHandler checks the rest of the configuration and returns the whole site.
func newHandler(c config) (http.Handler, error) {
	s := &server{config: c, cookie: "session", sessions: map[string]session{}}
	var err error
	s.base, err = capability.New(c.accountSID, c.authToken)
	if err == nil {
		err = s.device("Alice").Err()
	}
	if errors.Is(err, capability.ErrApplicationSID) {
		err = capability.ErrApplicationSID // without its value: that may be an auth token in the wrong variable
	}
	if err != nil {
		return nil, fmt.Errorf("check TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_APP_SID: %w", err)
	}
	if c.sdk != "" {
		if info, err := os.Stat(c.sdk); err != nil || !info.Mode().IsRegular() {
			return nil, fmt.Errorf("-sdk: %q is not a file", c.sdk)
		}
	}
	if len(c.allow) > 0 && c.callerID == "" {
		log.Print("without -caller-id, Twilio does not connect calls to phone numbers")
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
	static := http.FileServerFS(files)
	mux.Handle("GET /softphone.css", static)
	mux.Handle("GET /softphone.js", static)
	mux.Handle("GET /softphone.svg", static)
	if c.sdk != "" {
		mux.HandleFunc("GET /twilio.min.js", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache") // may be stored, but not used without asking
			http.ServeFile(w, r, c.sdk)
		})
	}
	mux.HandleFunc("POST /session", s.fromPage(s.signIn))
	mux.HandleFunc("POST /signout", s.fromPage(s.signOut))
	mux.HandleFunc("POST /token", s.fromPage(s.token))
	mux.HandleFunc("POST /voice", s.voice)
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

// guard limits the size of requests, sets security headers and rejects unknown
// host names. Otherwise another site could point a name of its own to this
// server (DNS rebinding), and its scripts could sign in and fetch tokens.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", contentSecurityPolicy)
		header.Set("Referrer-Policy", "same-origin") // under no-referrer, forms are sent with "Origin: null"
		header.Set("X-Content-Type-Options", "nosniff")
		host := (&url.URL{Host: r.Host}).Hostname()
		public := host != "" && strings.EqualFold(host, s.host)
		if !public && host != "localhost" && net.ParseIP(host) == nil {
			http.Error(w, "This server does not have that name. See -url.", http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// fromPage rejects requests that a browser sends for a page of another site. A
// request with neither header does not come from a current browser.
func (s *server) fromPage(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		_, host, _ := strings.Cut(origin, "://")
		own := site == "same-origin" || site == "none" // none: the user's doing, not that of a page
		if site == "" {
			own = origin == "" || origin == s.url || host == r.Host
		}
		if !own {
			http.Error(w, "This request comes from another site.", http.StatusForbidden)
			return
		}
		next(w, r)
	}
}

// signIn accepts any name from anyone. Replace it with your own login.
func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSpace(r.PostFormValue("name"))
	if err := s.device(name).Err(); err != nil {
		reason := strings.TrimPrefix(err.Error(), "capability: ")
		s.show(w, http.StatusBadRequest, view{Name: name, Problem: reason})
		return
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		log.Print(err)
		http.Error(w, "The server has no random numbers.", http.StatusInternalServerError)
		return
	}
	id := hex.EncodeToString(random)
	if !s.remember(id, session{name, time.Now().Add(sessionTTL)}) {
		const reason = "too many people are signed in; try again later"
		s.show(w, http.StatusServiceUnavailable, view{Name: name, Problem: reason})
		return
	}
	s.setCookie(w, id, 0)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// remember stores a session. It returns false if there are too many.
func (s *server) remember(id string, new session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.sessions, func(_ string, old session) bool { return time.Now().After(old.ends) })
	if len(s.sessions) >= maxSessions {
		return false
	}
	s.sessions[id] = new
	return true
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(s.cookie); err == nil {
		s.mu.Lock()
		delete(s.sessions, cookie.Value)
		s.mu.Unlock()
	}
	s.setCookie(w, "", -1)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *server) setCookie(w http.ResponseWriter, id string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name:     s.cookie,
		Value:    id,
		Path:     "/",
		MaxAge:   maxAge,
		HttpOnly: true,
		Secure:   s.url != "",
		SameSite: http.SameSiteStrictMode,
	})
}

func (s *server) token(w http.ResponseWriter, r *http.Request) {
	user := s.user(r)
	if user == "" {
		http.Error(w, "You are not signed in. Reload the page to sign in.", http.StatusUnauthorized)
		return
	}
	token, err := s.device(user).GenerateToken()
	if err != nil {
		log.Print(err) // never contains the auth token
		http.Error(w, "The server could not generate a token.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"token": token})
}

// user returns the name of the user who is signed in, or "".
func (s *server) user(r *http.Request) string {
	cookie, err := r.Cookie(s.cookie)
	if err != nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.sessions[cookie.Value]
	if time.Now().After(found.ends) {
		return ""
	}
	return found.user
}

// A view is the data of index.html.
type view struct {
	User          string // who is signed in
	Name, Problem string // the name that was rejected, and why
	SDK           bool   // whether there is a twilio.min.js
}

func (s *server) show(w http.ResponseWriter, status int, v view) {
	v.SDK = s.sdk != ""
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := page.Execute(w, v); err != nil {
		log.Print(err)
	}
}
