package capability

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// header is {"typ":"JWT","alg":"HS256"} in base64url, the first part of every token that is made here.
const header = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"

// signatureLen is the length of a signature in base64url: 32 bytes, six bits to a character.
const signatureLen = (sha256.Size*8 + 5) / 6

// An hs256 signs with HMAC-SHA256 (RFC 7518, section 3.2) under one key, for one goroutine at a time, without
// allocating.
type hs256 struct {
	mac     hash.Hash
	sum     [sha256.Size]byte
	chunk   [1024]byte // a piece of a token on its way into mac, then its signature
	scratch []byte     // for whoever holds the hs256
}

// newKey returns a pool of *hs256 under one key, or nil if an enforced FIPS 140-3 mode refuses the key as too short.
// It is a pool because an HMAC takes longer to key than to use, and because nothing else here holds the key but a
// function value, into which no verb of package fmt and no encoder looks.
func newKey(secret string) *sync.Pool {
	key := &sync.Pool{New: func() any { return newHS256(secret) }}
	h := key.Get()
	if h == nil {
		return nil
	}
	key.Put(h)
	return key
}

// newHS256 returns an *hs256, or nil if package hmac refuses the key: under GODEBUG=fips140=only it panics on one of
// less than 14 bytes, and only from Go 1.26 on could it be asked whether it will.
func newHS256(secret string) (h any) {
	defer func() {
		if recover() != nil {
			h = nil
		}
	}()
	return &hs256{mac: hmac.New(sha256.New, []byte(secret))}
}

// appendToken appends the signed token with that payload.
func (h *hs256) appendToken(dst, payload []byte) []byte {
	n := len(header) + 1 + base64.RawURLEncoding.EncodedLen(len(payload))
	start := len(dst)
	dst = append(dst, make([]byte, n+1+signatureLen)...)
	token := dst[start:]
	copy(token, header+".")
	base64.RawURLEncoding.Encode(token[len(header)+1:], payload)
	h.mac.Reset()
	h.mac.Write(token[:n])
	token[n] = '.'
	h.encodeSum(token[n+1:])
	return dst
}

// verifies reports whether signature is that of signed. It compares what is written, so that no decoder can be lenient
// about it, and takes no more memory for a long token than for a short one.
func (h *hs256) verifies(signed, signature string) bool {
	h.mac.Reset()
	for signed != "" {
		n := copy(h.chunk[:], signed)
		h.mac.Write(h.chunk[:n])
		signed = signed[n:]
	}
	h.encodeSum(h.chunk[:])
	return len(signature) == signatureLen && hmac.Equal(h.chunk[:signatureLen], []byte(signature))
}

// encodeSum writes the signature of what was written into mac.
func (h *hs256) encodeSum(dst []byte) { base64.RawURLEncoding.Encode(dst, h.mac.Sum(h.sum[:0])) }

// openToken returns the payload of a token, decoded. It verifies the signature before it looks at anything else; with
// a nil h it does not verify it.
func openToken(token string, h *hs256) (payload string, err error) {
	signed, signature := token, ""
	if i := strings.LastIndexByte(token, '.'); i >= 0 {
		signed, signature = token[:i], token[i+1:]
	}
	head, payload, ok := strings.Cut(signed, ".")
	if !ok || strings.Contains(payload, ".") {
		return "", malformed("not three parts with a dot between them")
	}
	if h != nil && !h.verifies(signed, signature) {
		return "", ErrSignature
	}
	if err := checkHeader(head); err != nil {
		return "", err
	}
	return decodePart("payload", payload)
}

// checkHeader refuses a header that asks for anything but a JWT under HS256.
func checkHeader(part string) error {
	text, err := decodePart("header", part)
	if err != nil {
		return err
	}
	var alg value
	err = readObject("header", text, func(name string, v value) error {
		switch name {
		case "alg":
			alg = v
		case "typ":
			if v.kind != aString || !strings.EqualFold(v.text, "JWT") {
				return malformed("header: typ is " + quote(v.text) + ": want JWT")
			}
		case "crit":
			return malformed("header: crit: no extension is understood (RFC 7515, section 4.1.11)")
		}
		return nil
	})
	if err == nil && (alg.kind != aString || alg.text != "HS256") {
		err = refuse(ErrAlgorithm, alg.text, "HS256")
	}
	return err
}

// decodePart decodes a header or payload.
func decodePart(name, part string) (string, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(part)              // Strict refuses unused bits that are not zero,
	if err != nil || len(part) != base64.RawURLEncoding.EncodedLen(len(b)) { // but passes over line breaks
		return "", malformed(name + ": not base64url without padding (RFC 7515, section 2)")
	}
	return string(b), nil
}

// appendString appends s, which is valid UTF-8, as a JSON string, escaped as PHP's json_encode does it.
func appendString(dst []byte, s string) []byte {
	const special, letter = "\b\f\n\r\t\"\\/", `bfnrt"\/`
	const hex = "0123456789abcdef"
	var units [2]uint16
	dst = append(dst, '"')
	for _, r := range s {
		if i := strings.IndexRune(special, r); i >= 0 {
			dst = append(dst, '\\', letter[i])
		} else if ' ' <= r && r < 0x80 {
			dst = append(dst, byte(r))
		} else {
			for _, u := range utf16.AppendRune(units[:0], r) {
				dst = append(dst, '\\', 'u', hex[u>>12], hex[u>>8&15], hex[u>>4&15], hex[u&15])
			}
		}
	}
	return append(dst, '"')
}

// A value is what a member of a JSON object holds.
type value struct {
	kind kind
	text string // the characters of a string, anything else as written
}

type kind int

const (
	aString kind = iota + 1
	aNumber
	aWord   // true, false or null
	aNested // an array or an object
)

// integer returns a number that is written without fraction and exponent and fits an int64.
func (v value) integer() (int64, bool) {
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, v.kind == aNumber && err == nil
}

// readObject reads the one JSON object (RFC 8259) that text has to be, and calls member with each of its members. It
// is stricter than the RFC: text must be UTF-8, no member may occur twice, no surrogate be without its pair. The errors
// name part, which is header or payload.
func readObject(part, text string, member func(name string, v value) error) error {
	r := reader{part, text, 0}
	if !utf8.ValidString(text) {
		return r.want("valid UTF-8")
	}
	if !r.next('{') {
		return r.want("an object")
	}
	seen := make(map[string]bool)
	for !r.next('}') {
		if len(seen) > 0 && !r.next(',') {
			return r.want("a comma or }")
		}
		name, err := r.name()
		if err != nil {
			return err
		}
		if seen[name] {
			return malformed(part + ": member " + quote(name) + " occurs twice")
		}
		seen[name] = true
		v, err := r.value()
		if err != nil {
			return err
		}
		if err := member(name, v); err != nil {
			return err
		}
	}
	r.space()
	if r.pos < len(text) {
		return r.want("nothing after the object")
	}
	return nil
}

// A reader walks through a JSON text. Its methods pass over white space first.
type reader struct {
	part, text string
	pos        int
}

// want returns the error that something else was wanted at the reader's place.
func (r *reader) want(what string) error {
	return malformed(r.part + ", byte " + strconv.Itoa(r.pos) + ": want " + what)
}

func (r *reader) space() {
	for r.pos < len(r.text) {
		switch r.text[r.pos] {
		case ' ', '\t', '\r', '\n':
			r.pos++
		default:
			return
		}
	}
}

// next passes over c and reports whether it was there.
func (r *reader) next(c byte) bool {
	r.space()
	if r.pos == len(r.text) || r.text[r.pos] != c {
		return false
	}
	r.pos++
	return true
}

// name reads the name of a member and the colon behind it.
func (r *reader) name() (string, error) {
	if !r.next('"') {
		return "", r.want("a name in quotes")
	}
	name, err := r.string()
	if err == nil && !r.next(':') {
		err = r.want("a colon")
	}
	return name, err
}

// value reads a value. It passes over nested ones without recursion, so that no depth can exhaust the stack.
func (r *reader) value() (value, error) {
	var closers []byte // of the arrays and objects that the reader is in
	r.space()
	start := r.pos
	for {
		var v value
		var err error
		opened := true // and still empty
		switch {
		case r.next('{'):
			closers = append(closers, '}')
		case r.next('['):
			closers = append(closers, ']')
		default:
			opened = false
			if v, err = r.scalar(); err != nil || closers == nil {
				return v, err
			}
		}
		for len(closers) > 0 && r.next(closers[len(closers)-1]) {
			closers = closers[:len(closers)-1]
			opened = false
		}
		if len(closers) == 0 {
			return value{aNested, r.text[start:r.pos]}, nil
		}
		if !opened && !r.next(',') {
			return value{}, r.want("a comma or " + string(closers[len(closers)-1]))
		}
		if closers[len(closers)-1] == '}' {
			if _, err := r.name(); err != nil {
				return value{}, err
			}
		}
	}
}

// scalar reads a string, a number, true, false or null.
func (r *reader) scalar() (value, error) {
	if r.next('"') {
		s, err := r.string()
		return value{aString, s}, err
	}
	end := r.pos
	for end < len(r.text) && strings.IndexByte(",]} \t\r\n", r.text[end]) < 0 {
		end++
	}
	word := r.text[r.pos:end]
	v := value{aNumber, word}
	if word == "true" || word == "false" || word == "null" {
		v.kind = aWord
	} else if !isNumber(word) {
		return value{}, r.want("a value")
	}
	r.pos = end
	return v, nil
}

// string reads on from behind the opening quote to the closing one.
func (r *reader) string() (string, error) {
	escaped := false
	for i := r.pos; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '"':
			s, ok := r.text[r.pos:i], true
			if escaped {
				s, ok = unescape(s)
			}
			if !ok {
				return "", r.want("a string with valid escapes, surrogates in pairs")
			}
			r.pos = i + 1
			return s, nil
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			return "", r.want("a string without raw control characters")
		}
	}
	return "", r.want("a string with its closing quote")
}

// unescape resolves the escapes of a JSON string; every backslash has a byte behind it. It reports whether they are
// those of the RFC and every surrogate has its pair.
func unescape(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		if letter := strings.IndexByte(`bfnrt"\/`, s[i+1]); letter >= 0 {
			b = append(b, "\b\f\n\r\t\"\\/"[letter])
			i++
			continue
		}
		c, ok := codeUnit(s[i:])
		i += 5
		if utf16.IsSurrogate(c) {
			low, _ := codeUnit(s[i+1:])
			i += 6
			c = utf16.DecodeRune(c, low)
			ok = ok && c != utf8.RuneError
		}
		if !ok {
			return "", false
		}
		b = utf8.AppendRune(b, c)
	}
	return string(b), true
}

// codeUnit reads the \uXXXX that s begins with.
func codeUnit(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}

// isNumber reports whether s is a number by the grammar of RFC 8259, section 6.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole := digits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if fraction, ok := strings.CutPrefix(s, "."); ok {
		if digits(fraction) == 0 {
			return false
		}
		s = fraction[digits(fraction):]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		exponent := s[1:]
		if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
			exponent = exponent[1:]
		}
		return exponent != "" && digits(exponent) == len(exponent)
	}
	return s == ""
}

// digits returns how many digits s begins with.
func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}
