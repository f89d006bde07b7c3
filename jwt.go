package capability

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strconv"
	"strings"
	"sync"
)

// A key makes and opens tokens that are signed with HMAC-SHA256 (RFC 7518,
// section 3.2) under one secret, for any number of goroutines.
//
// It is a pool because an HMAC takes longer to set up than to use. The secret
// stays in the pool's New function, which package fmt and encoders do not look
// into.
type key struct {
	signers  sync.Pool // of *signer
	rejected error     // what to return if an enforced FIPS 140-3 mode rejects the secret
}

// newKey returns the key. The error, now or later, is the argument rejected: an
// enforced FIPS 140-3 mode takes the secret to be too short.
func newKey(secret string, rejected error) (*key, error) {
	k := &key{rejected: rejected}
	k.signers.New = func() any { return newSigner(secret) }
	s, err := k.signer()
	if err != nil {
		return nil, err
	}
	k.release(s)
	return k, nil
}

// open verifies a token and takes it apart. It checks the signature before it
// looks at anything that the signature covers.
func (k *key) open(token string) (header, string, error) {
	signed, signature, err := cutSignature(token)
	if err != nil {
		return header{}, "", err
	}
	s, err := k.signer()
	if err != nil {
		return header{}, "", err
	}
	valid := s.verify(signed, signature)
	k.release(s)
	if !valid {
		return header{}, "", ErrSignature
	}
	return decode(signed)
}

// signer takes a signer out of the pool.
func (k *key) signer() (*signer, error) {
	s := k.signers.Get().(*signer)
	if s == nil {
		return nil, k.rejected
	}
	return s, nil
}

// release puts a signer back, except for one whose buffer a huge token has made
// huge.
func (k *key) release(s *signer) {
	if cap(s.buffer) <= 256<<10 {
		k.signers.Put(s)
	}
}

// A signer signs under one key, for one goroutine at a time, without
// allocating.
type signer struct {
	mac    hash.Hash
	sum    [sha256.Size]byte
	buffer []byte // for a payload and the token behind it, or for pieces of a token
}

// newSigner returns nil if package hmac rejects the secret. Where FIPS 140-3
// mode is enforced, hmac.New panics on a key of fewer than 14 bytes, and Go 1.22
// has no way to ask first.
func newSigner(secret string) (s *signer) {
	defer func() { _ = recover() }()
	return &signer{mac: hmac.New(sha256.New, []byte(secret)), buffer: make([]byte, 4<<10)}
}

// seal returns the signed token with a header, which is in base64url, and a
// payload, which stands at the beginning of the signer's buffer or has outgrown
// it. The token is valid until the signer is used again.
func (s *signer) seal(header string, payload []byte) []byte {
	b := append(payload, header...)
	b = append(b, '.')
	b = base64.RawURLEncoding.AppendEncode(b, payload)
	s.mac.Write(b[len(payload):])
	b = append(b, '.')
	b = s.appendSignature(b)
	s.buffer = b[:cap(b)]
	return b[len(payload):]
}

// verify reports whether signature, as it is written, is the signature of a
// text. Comparing what is written leaves no decoder to be lenient about it.
func (s *signer) verify(signed, signature string) bool {
	for len(signed) > 0 { // in pieces, as a string would be copied whole
		n := copy(s.buffer, signed)
		s.mac.Write(s.buffer[:n])
		signed = signed[n:]
	}
	return hmac.Equal(s.appendSignature(s.buffer[:0]), []byte(signature))
}

// appendSignature appends the signature of what was written to the HMAC, and
// resets that.
func (s *signer) appendSignature(dst []byte) []byte {
	dst = base64.RawURLEncoding.AppendEncode(dst, s.mac.Sum(s.sum[:0]))
	s.mac.Reset()
	return dst
}

// A header holds those members of a token's header that say what the payload
// is; the others are checked here.
type header struct {
	cty jsonValue // the content type (RFC 7515, section 4.1.10)
	twr jsonValue // a private parameter (section 4.3)
}

// plainHeader is {"typ":"JWT","alg":"HS256"} in base64url.
const plainHeader = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"

// encodeHeader returns a header for seal.
func encodeHeader(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }

// openUnverified takes a token apart without verifying it.
func openUnverified(token string) (header, string, error) {
	signed, signature, err := cutSignature(token)
	if err != nil {
		return header{}, "", err
	}
	if err := checkAlphabet("signature", signature); err != nil {
		return header{}, "", err
	}
	return decode(signed)
}

// cutSignature cuts a token before its third and last part. It takes no memory,
// however many dots there are.
func cutSignature(token string) (signed, signature string, err error) {
	if token == "" {
		return "", "", newError(ErrMalformed, "it is empty")
	}
	if dots := strings.Count(token, "."); dots != 2 {
		return "", "", newError(ErrMalformed, "want 3 parts separated by dots, found "+strconv.Itoa(dots+1))
	}
	dot := strings.LastIndexByte(token, '.')
	return token[:dot], token[dot+1:], nil
}

// decode reads the header and decodes the payload, the first two parts of a
// token.
func decode(signed string) (h header, payload string, err error) {
	first, second, _ := strings.Cut(signed, ".")
	if h, err = readHeader(first); err == nil {
		payload, err = decodePart("payload", second)
	}
	return h, payload, err
}

// readHeader returns an error unless the header says that the token is a JWT
// under HS256 and asks for nothing more.
func readHeader(part string) (h header, err error) {
	if part == plainHeader {
		return header{}, nil
	}
	text, err := decodePart("header", part)
	if err != nil {
		return header{}, err
	}
	alg := jsonValue{text: "missing"}
	err = parseObject("header", text, func(name string, v jsonValue) error {
		switch name {
		case "alg":
			alg = v
		case "typ":
			if !strings.EqualFold(v.text, "JWT") {
				return newError(ErrMalformed, "header: typ is "+v.quoted()+`, not "JWT"`)
			}
		case "cty":
			h.cty = v
		case "twr":
			h.twr = v
		case "crit", "b64": // RFC 7515, section 4.1.11; RFC 7797, section 3
			return newError(ErrMalformed, "header: "+name+" is present, but no extension is supported")
		}
		return nil
	})
	if err == nil && (alg != jsonValue{"HS256", true}) {
		err = newError(ErrAlgorithm, "header: alg is "+alg.quoted()+`, not "HS256"`)
	}
	return h, err
}

// decodePart decodes the header or the payload of a token.
func decodePart(name, part string) (string, error) {
	var room [512]byte // for a part of the usual size
	text, err := base64.RawURLEncoding.Strict().AppendDecode(room[:0], []byte(part))
	if err == nil && len(part) == base64.RawURLEncoding.EncodedLen(len(text)) { // even Strict skips line breaks
		return string(text), nil
	}
	if err := checkAlphabet(name, part); err != nil {
		return "", err
	}
	detail := ": the unused bits of its last character are not zero"
	if len(part)%4 == 1 {
		detail = ": its length, " + strconv.Itoa(len(part)) + ", is impossible for base64url; was it cut?"
	}
	return "", newError(ErrMalformed, name+detail)
}

// checkAlphabet returns an error unless part is in the alphabet of base64url
// (RFC 4648, section 5), without padding (RFC 7515, section 2).
func checkAlphabet(name, part string) error {
	for i := 0; i < len(part); i++ {
		if c := part[i]; !isAlphanumeric(c) && c != '-' && c != '_' {
			return newError(ErrMalformed, name+": character "+strconv.Itoa(i)+" is "+quoteChar(part[i:])+
				", which is not in base64url")
		}
	}
	return nil
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
