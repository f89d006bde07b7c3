package capability

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A jsonValue is what a member of a JSON object holds. The zero jsonValue stands
// for a member that is absent.
type jsonValue struct {
	text     string // the characters of a string; "{" for an object; anything else as written
	isString bool
}

func (v jsonValue) isAbsent() bool { return v == jsonValue{} }
func (v jsonValue) isObject() bool { return v == jsonValue{text: "{"} }

// integer returns a number that is written without fraction and exponent and
// fits an int64.
func (v jsonValue) integer() (int64, bool) {
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, err == nil && !v.isString
}

// quoted returns a value for an error: a string in quotes, a number or a word
// as written, and of an array or an object only which of the two it is.
func (v jsonValue) quoted() string {
	switch {
	case v.isString:
		return quote(v.text)
	case v.text[0] == '[':
		return "an array"
	case v.text[0] == '{':
		return "an object"
	}
	q := quote(v.text)
	end := strings.LastIndexByte(q, '"')
	return q[1:end] + q[end+1:]
}

// parseObject reads the one JSON object (RFC 8259) that text has to be, and
// calls member with each of its members. It is stricter than the RFC: text
// must be UTF-8, no name of this object may occur twice, and no surrogate may
// stand alone. An error is an ErrMalformed that begins with part, or the first
// that member returns.
func parseObject(part, text string, member func(name string, v jsonValue) error) error {
	p := parser{part: part, text: text}
	return p.object(member)
}

// A parser walks through a JSON text. A method that reads a part of its grammar,
// except string, skips white space first.
type parser struct {
	part, text string
	pos        int
}

// object does what parseObject does. A caller that has the parser can read an
// object within the object too: member may call p.members if v is an object.
func (p *parser) object(member func(name string, v jsonValue) error) error {
	if !utf8.ValidString(p.text) {
		return newError(ErrMalformed, p.part+": not valid UTF-8")
	}
	if !p.at('{') {
		return p.expected("an object")
	}
	if err := p.members(member); err != nil {
		return err
	}
	if p.space(); p.pos < len(p.text) {
		return p.expected("nothing after the object")
	}
	return nil
}

// members reads the object at which the parser stands.
func (p *parser) members(member func(name string, v jsonValue) error) error {
	var names nameSet
	p.next('{')
	for first := true; !p.next('}'); first = false {
		if !first && !p.next(',') {
			return p.expected("a comma or '}'")
		}
		name, err := p.name()
		if err != nil {
			return err
		}
		if !names.add(name) {
			return newError(ErrMalformed, p.part+": duplicate member "+quote(name))
		}
		v, err := p.value()
		if err != nil {
			return err
		}
		start := p.pos
		if err := member(name, v); err != nil {
			return err
		}
		if v.isObject() && p.pos == start {
			if err := p.skip(); err != nil {
				return err
			}
		}
	}
	return nil
}

// expected returns an error that says what was expected at the parser's
// position, and what is there.
func (p *parser) expected(what string) error {
	found := ": the JSON ends at byte " + strconv.Itoa(p.pos)
	if p.pos < len(p.text) {
		found = ": byte " + strconv.Itoa(p.pos) + " of the JSON is " + quoteChar(p.text[p.pos:])
	}
	return newError(ErrMalformed, p.part+found+", expected "+what)
}

func (p *parser) space() {
	for p.pos < len(p.text) && isSpace(p.text[p.pos]) {
		p.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// at reports whether the parser stands at c.
func (p *parser) at(c byte) bool {
	p.space()
	return p.pos < len(p.text) && p.text[p.pos] == c
}

// next skips c and reports whether it was there.
func (p *parser) next(c byte) bool {
	if !p.at(c) {
		return false
	}
	p.pos++
	return true
}

// name reads the name of a member and the colon after it.
func (p *parser) name() (string, error) {
	if !p.next('"') {
		return "", p.expected("a name in double quotes")
	}
	name, err := p.string()
	if err == nil && !p.next(':') {
		err = p.expected("a colon")
	}
	return name, err
}

// value reads a value, unless it is an object: the parser then stands at its
// brace, which is the text of the value.
func (p *parser) value() (jsonValue, error) {
	if p.at('{') {
		return jsonValue{text: "{"}, nil
	}
	start := p.pos
	if p.next('"') {
		s, err := p.string()
		return jsonValue{s, true}, err
	}
	err := p.skip()
	return jsonValue{text: p.text[start:p.pos]}, err
}

// skip reads a value and drops it. It keeps the open arrays and objects in a
// list instead of calling itself, so that no depth exhausts the stack.
func (p *parser) skip() error {
	var closers []byte // one for each array and object that is open
	for {
		opened := true // the last that was read is an opening bracket
		switch {
		case p.next('{'):
			closers = append(closers, '}')
		case p.next('['):
			closers = append(closers, ']')
		default:
			opened = false
			if err := p.scalar(); err != nil {
				return err
			}
		}
		for len(closers) > 0 && p.next(closers[len(closers)-1]) {
			closers = closers[:len(closers)-1]
			opened = false
		}
		if len(closers) == 0 {
			return nil
		}
		closer := closers[len(closers)-1]
		if !opened && !p.next(',') {
			return p.expected("a comma or '" + string(closer) + "'")
		}
		if closer == '}' {
			if _, err := p.name(); err != nil {
				return err
			}
		}
	}
}

// scalar reads a string, a number, true, false or null and drops it.
func (p *parser) scalar() error {
	if p.next('"') {
		_, err := p.string()
		return err
	}
	end := p.pos
	for end < len(p.text) && !endsScalar(p.text[end]) {
		end++
	}
	if word := p.text[p.pos:end]; word != "true" && word != "false" && word != "null" && !isNumber(word) {
		return p.expected("a value")
	}
	p.pos = end
	return nil
}

func endsScalar(c byte) bool {
	return c == ',' || c == ']' || c == '}' || isSpace(c)
}

// string reads from after the opening quote to the closing one.
func (p *parser) string() (string, error) {
	rest := p.text[p.pos:]
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			s, ok := unescape(rest[:i])
			if !ok {
				return "", p.expected("a string with valid escapes and paired surrogates")
			}
			p.pos += i + 1
			return s, nil
		case c == '\\':
			i++ // whatever is escaped, it is not the closing quote
		case c < ' ':
			p.pos += i
			return "", p.expected("an escape instead of a control character")
		}
	}
	p.pos = len(p.text)
	return "", p.expected("a closing quote")
}

// unescape replaces the escapes of a JSON string, in which every backslash has
// a byte after it. It reports whether they are those of the RFC and every
// surrogate is half of a pair.
func unescape(s string) (string, bool) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		if letter := strings.IndexByte(escapeLetters, s[i+1]); letter >= 0 {
			b = append(b, escapedBytes[letter])
			i++
			continue
		}
		r, ok := codeUnit(s[i:])
		i += 5
		if utf16.IsSurrogate(r) {
			low, _ := codeUnit(s[i+1:])
			i += 6
			r = utf16.DecodeRune(r, low)
			ok = r != utf8.RuneError
		}
		if !ok {
			return "", false
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b), true
}

// codeUnit reads the \uXXXX at the beginning of s.
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
	whole := countDigits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if fraction, ok := strings.CutPrefix(s, "."); ok {
		n := countDigits(fraction)
		if n == 0 {
			return false
		}
		s = fraction[n:]
	}
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	exponent := s[1:]
	if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
		exponent = exponent[1:]
	}
	return exponent != "" && countDigits(exponent) == len(exponent)
}

// countDigits returns how many digits s begins with.
func countDigits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// A nameSet is a set of names. It compares a handful one by one, which takes
// less time than a map.
type nameSet struct {
	few  [16]string
	n    int // how many of few there are
	many map[string]struct{}
}

// add adds a name and reports whether it is new.
func (s *nameSet) add(name string) bool {
	if s.n < len(s.few) {
		for _, known := range s.few[:s.n] {
			if known == name {
				return false
			}
		}
		s.few[s.n] = name
		s.n++
		return true
	}
	if s.many == nil {
		s.many = make(map[string]struct{}, 2*len(s.few))
		for _, known := range s.few {
			s.many[known] = struct{}{}
		}
	}
	before := len(s.many)
	s.many[name] = struct{}{}
	return len(s.many) > before
}

// The characters that JSON escapes by a letter, and their letters.
const (
	escapedBytes  = "\b\f\n\r\t\"\\/"
	escapeLetters = `bfnrt"\/`
)

// appendString appends s, which is valid UTF-8, as a JSON string with the
// escapes of PHP's json_encode: "/" is escaped, as is all beyond ASCII. What
// needs no escape is copied in runs.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	run := 0 // where what is not yet copied begins
	for i := 0; i < len(s); {
		if c := s[i]; ' ' <= c && c < utf8.RuneSelf && c != '"' && c != '\\' && c != '/' {
			i++
			continue
		}
		dst = append(dst, s[run:i]...)
		r, size := utf8.DecodeRuneInString(s[i:])
		dst = appendEscape(dst, r)
		i += size
		run = i
	}
	dst = append(dst, s[run:]...)
	return append(dst, '"')
}

// appendEscape appends the escape of a character.
func appendEscape(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	if i := strings.IndexByte(escapedBytes, byte(r)); i >= 0 && r < utf8.RuneSelf {
		return append(dst, '\\', escapeLetters[i])
	}
	var units [2]uint16
	for _, u := range utf16.AppendRune(units[:0], r) {
		dst = append(dst, '\\', 'u', hex[u>>12], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	return dst
}
