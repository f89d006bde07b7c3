package main

import (
	"crypto/hmac"
	"crypto/sha1" // Twilio signs with HMAC-SHA1
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// callerParam is the parameter in the token that names the caller. Twilio sends
// it to /voice together with those that the browser chooses, such as To.
const callerParam = "SignedInAs"

// A response is a TwiML document, which tells Twilio what to do with a call.
type response struct {
	XMLName xml.Name `xml:"Response"`
	Say     string   `xml:",omitempty"`
	Dial    *dial
}

type dial struct {
	CallerID       string `xml:"callerId,attr,omitempty"`
	AnswerOnBridge bool   `xml:"answerOnBridge,attr"`      // the caller hears it ring until the call is answered
	TimeLimit      int    `xml:"timeLimit,attr,omitempty"` // in seconds; Twilio's own limit is four hours
	Client         string `xml:",omitempty"`
	Number         string `xml:",omitempty"`
}

// voice answers Twilio's request for what to do with a call from a browser.
func (s *server) voice(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/voice":
		s.reject(w, r, http.StatusNotFound, "There is nothing at this address.")
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		s.reject(w, r, http.StatusMethodNotAllowed, "The method is not POST.")
	case !s.sha1:
		s.reject(w, r, http.StatusNotImplemented, "FIPS 140-3 mode does not allow SHA-1, with which Twilio signs.")
	case s.url == "":
		s.reject(w, r, http.StatusForbidden, "This server was started without -url and cannot check X-Twilio-Signature.")
	case r.Header.Get("X-Twilio-Signature") == "":
		s.reject(w, r, http.StatusForbidden, "X-Twilio-Signature is missing.")
	case !s.isSigned(r):
		s.reject(w, r, http.StatusForbidden, "X-Twilio-Signature does not match. Check TWILIO_AUTH_TOKEN and -url.")
	default:
		answer := s.route(r.PostForm)
		log.Printf("call from %q to %q: allowed: %t", r.PostForm["From"], r.PostForm["To"], answer.Dial != nil)
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, xml.Header)
		xml.NewEncoder(w).Encode(answer)
	}
}

// canSign reports whether signature works. Where FIPS 140-3 mode is enforced,
// SHA-1 panics.
func canSign(authToken string) (ok bool) {
	defer func() { ok = recover() == nil }()
	signature(authToken, "", nil)
	return
}

// isSigned reports whether Twilio has signed a request. Twilio does so with or
// without the port of the address, so its own libraries accept either.
func (s *server) isSigned(r *http.Request) bool {
	got := []byte(r.Header.Get("X-Twilio-Signature"))
	withoutPort := strings.TrimSuffix(s.url, ":"+s.port)
	for _, address := range []string{withoutPort, withoutPort + ":" + s.port} {
		for _, address := range []string{address, strings.ToLower(address)} {
			if hmac.Equal(got, []byte(signature(s.authToken, address+"/voice", r.PostForm))) {
				return true
			}
		}
	}
	return false
}

// signature returns the X-Twilio-Signature of a form posted to an address. It
// covers the address and then each name with each of its values, sorted and
// without duplicates, as in Twilio's own libraries.
func signature(authToken, address string, form url.Values) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	mac := hmac.New(sha1.New, []byte(authToken))
	io.WriteString(mac, address)
	for _, name := range names {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			io.WriteString(mac, name+value)
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// route decides who may call whom. A browser can send parameters of any name,
// including callerParam. So route trusts callerParam only if it has one value
// and agrees with From, which Twilio takes from the token as well.
func (s *server) route(form url.Values) response {
	caller, to := single(form, callerParam), invisible.ReplaceAllString(single(form, "To"), "")
	to = strings.TrimSpace(scheme.ReplaceAllString(to, ""))
	number := separators.ReplaceAllString(to, "")
	switch {
	case caller == "" || single(form, "From") != "client:"+caller:
		return response{Say: "This call does not come from a browser that may place calls."}
	case zero.MatchString(to):
		return response{Say: "Please leave out the zero in parentheses. It is not dialed after a country code."}
	case s.base.WithClientName(to).Err() == nil && !digits.MatchString(to):
		return response{Dial: &dial{CallerID: "client:" + caller, AnswerOnBridge: true, Client: to}}
	case slices.Contains(s.allow, number):
		return response{Dial: &dial{CallerID: s.callerID, AnswerOnBridge: true, TimeLimit: 3600, Number: number}}
	case checkNumber(number) == nil:
		return response{Say: "You may not call this number."}
	default:
		return response{Say: "Please enter the name of a user, or a number that begins with plus and a country code."}
	}
}

// single returns the value of a parameter that has exactly one, or else "".
func single(form url.Values, name string) string {
	if len(form[name]) != 1 {
		return ""
	}
	return form[name][0]
}

var (
	invisible  = regexp.MustCompile(`\p{Cf}`)                    // such as the direction marks of a copied number
	scheme     = regexp.MustCompile(`(?i)^\s*(client|tel):`)     // of a copied link
	separators = regexp.MustCompile(`[\s\pZ\p{Pd}\x{2212}./()]`) // what people write between the digits of a number
	zero       = regexp.MustCompile(`\([\s\pZ]*0[\s\pZ]*\)`)     // as in +44 (0)20 7183 8750
	digits     = regexp.MustCompile(`^[0-9]+$`)                  // a number without its plus, and not a name
	e164       = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)
)

func checkNumber(number string) error {
	if !e164.MatchString(number) {
		return errors.New("want + and the country code first, and then digits alone, as in +14155550100")
	}
	return nil
}
