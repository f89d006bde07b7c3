package capability

import (
	"sync"
	"time"
)

// All other tests are in package capability_test, as a caller would be. This
// file holds everything that they see of the inside.

var (
	AppendString   = appendString
	Date           = date
	DecodePart     = decodePart
	Length         = length
	OpenUnverified = openUnverified
	Quote          = quote
	QuoteChar      = quoteChar
	UnescapeForm   = unescapeForm
)

func AppendForm(dst []byte, params []Parameter) []byte {
	return appendForm(dst, params, once)
}

func AppendFormTwice(dst []byte, params []Parameter) []byte {
	return appendForm(dst, params, twice)
}

// A Value is what a member of a JSON object holds.
type Value struct {
	Text     string
	IsString bool
}

func (v Value) Integer() (int64, bool) {
	return value{v.Text, v.IsString}.integer()
}

func ParseObject(part, text string, member func(name string, v Value) error) error {
	return parseObject(part, text, func(name string, v value) error {
		return member(name, Value{v.text, v.isString})
	})
}

// Open verifies a token under a secret that New need not accept.
func Open(secret, token string) (payload string, err error) {
	k, err := newKey(secret)
	if err != nil {
		return "", err
	}
	return k.open(token)
}

// SignTwice returns the signature of text twice, by one signer, which is given
// it first as a string and then as bytes.
func SignTwice(secret, text string) (first, second string) {
	s := newSigner(secret).(*signer)
	first = string(sign(s, text))
	return first, string(sign(s, []byte(text)))
}

// Times returns the times that WithExpiry and WithNotBefore have set.
func Times(c Capability) []time.Time { return []time.Time{*c.expiry, *c.notBefore} }

// WithoutSigner returns a Capability whose key cannot sign any more. No call
// brings that about, since New has made a signer from the same secret.
func WithoutSigner(c Capability) Capability {
	c.key = key{&sync.Pool{New: func() any { return nil }}}
	return c
}
