package capability_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"example.com/capability"
)

// parse returns the members that parseObject finds.
func parse(text string) (map[string]capability.Value, error) {
	members := make(map[string]capability.Value)
	err := capability.ParseObject("payload", text, func(name string, v capability.Value) error {
		members[name] = v
		return nil
	})
	return members, err
}

// checkNotParsed checks that a text is rejected.
func checkNotParsed(t *testing.T, text string) {
	t.Helper()
	members, err := parse(text)
	if !errors.Is(err, capability.ErrMalformed) {
		t.Errorf("parseObject(%q) = %v, %v, want ErrMalformed", text, members, err)
	}
}

// RFC 8259, section 6.
func TestNumberGrammar(t *testing.T) {
	numbers := []string{
		"0", "-0", "1", "-1", "9", "10", "1234567890", "0.0", "-0.0", "0.5", "1.50", "10.01", "0e0", "0E0", "0e+0",
		"0e-0", "1e1", "1E1", "1e+1", "1E-1", "1e01", "1e00", "-1.5e-10", "123456789012345678901234567890",
		"1e999999999", "0.1e1", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
	}
	others := []string{
		"", "-", "+", "+1", "--1", "-+1", "00", "01", "-01", "-00", "0123", ".", ".5", "-.5", "5.", "-5.", "1.", "0.",
		"1..2", "1.2.3", "e", "e1", "E", "1e", "1E", "1e+", "1e-", "1e++1", "1e+-1", "1e1.5", "1e1e1", "1.e1", ".e1",
		"-e1", "1ee1", "0x1", "0X1", "0b1", "0o7", "1_000", "1,000", "1 000", "1f", "1d", "1L", "1n", "Infinity",
		"-Infinity", "inf", "NaN", "nan", "١", "１", "½", "²", "−1", "1\u00a0", "1\x00", "1\f", "1\v", "0-", "0+",
		"0e0.", "1/2", "1#", "1\"", "99999999999999999999x", "-a", "0a", "0 0",
	}
	for _, raw := range numbers {
		if !json.Valid([]byte(raw)) {
			t.Errorf("encoding/json rejects the number %q", raw)
		}
		members, err := parse(`{"n":` + raw + `,"a":[` + raw + `,0]}`)
		if err != nil || members["n"] != (capability.Value{Text: raw}) {
			t.Errorf("parseObject of the number %q: %v, %v", raw, members, err)
		}
	}
	for _, raw := range others {
		if json.Valid([]byte(raw)) {
			t.Errorf("encoding/json accepts the number %q", raw)
		}
		checkNotParsed(t, `{"n":`+raw+`}`)
		checkNotParsed(t, `{"n":[`+raw+`,0]}`)
	}
}

func TestIntegers(t *testing.T) {
	for _, test := range []struct {
		raw  string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"-0", 0, true}, {"1700000000", 1700000000, true}, {"-1", -1, true},
		{"9223372036854775807", math.MaxInt64, true}, {"-9223372036854775808", math.MinInt64, true},
		{"9223372036854775808", math.MaxInt64, false}, {"-9223372036854775809", math.MinInt64, false},
		{"1.0", 0, false}, {"1e0", 0, false}, {`"1"`, 1, false}, {"true", 0, false}, {"null", 0, false},
		{"[1]", 0, false}, {`""`, 0, false},
	} {
		members, err := parse(`{"n":` + test.raw + `}`)
		if got, ok := members["n"].Integer(); got != test.want || ok != test.ok || err != nil {
			t.Errorf("integer of %s = %d, %v, want %d, %v (%v)", test.raw, got, ok, test.want, test.ok, err)
		}
	}
}

// RFC 8259, section 3.
func TestLiterals(t *testing.T) {
	for _, word := range []string{"true", "false", "null"} {
		members, err := parse(`{"a":` + word + `,"b":[` + word + "]}")
		if err != nil || members["a"] != (capability.Value{Text: word}) {
			t.Errorf("parseObject of %s: %v, %v", word, members, err)
		}
	}
	for _, word := range []string{
		"True", "TRUE", "tru", "truee", "t", "fals", "FALSE", "falsetrue", "Null", "nul", "nulll", "nil", "undefined",
		"none", "yes", "null\x00", "null\f", "null/", "null:", "null\"\"", "null{}", "'null'",
	} {
		checkNotParsed(t, `{"a":`+word+`}`)
	}
}

// RFC 8259, section 7.
func TestEscapes(t *testing.T) {
	for raw, want := range map[string]string{
		`\b\f\n\r\t\"\\\/`: "\b\f\n\r\t\"\\/", `\\n`: `\n`, `\\\n`: "\\\n", `\\\\`: `\\`, `\\u0041`: `\u0041`,
		`a\/b`: "a/b", `\u0000`: "\x00", `\u001f`: "\x1f", `\u0041`: "A", `\u00e9`: "é", `\u00E9`: "é",
		`\u20AC`: "€", `\u20aC`: "€", `\u007f`: "\x7f", `\ud83d\ude00`: "😀", `\uD83D\uDE00`: "😀", `\uD83d\uDe00`: "😀",
		`\ud800\udc00`: "\U00010000", `\udbff\udfff`: "\U0010FFFF", `\ud7ff\ue000`: "\ud7ff\ue000", `\ufffd`: "\ufffd",
		`\uffff`: "\uffff", `\ufeff`: "\ufeff", `x\ud83d\ude00y\u0041z`: "x😀yAz", "\u007f": "\x7f",
		"\u2028": "\u2028", "é😀": "é😀", ``: "", ` `: " ",
		"\ufffd": "\ufffd", // the replacement character itself is not an error
	} {
		members, err := parse(`{"a":"` + raw + `"}`)
		if err != nil || members["a"] != (capability.Value{Text: want, IsString: true}) {
			t.Errorf("parseObject of the string %q: %v, %v, want %q", raw, members, err, want)
		}
		members, err = parse(`{"` + raw + `":[]}`)
		if err != nil || members[want] != (capability.Value{Text: "[]"}) || len(members) != 1 {
			t.Errorf("parseObject of the name %q: %v, %v, want %q", raw, members, err, want)
		}
	}
}

// TestEscapesOfEveryByte shows which bytes may follow a backslash, and which
// may be digits of a \u.
func TestEscapesOfEveryByte(t *testing.T) {
	accepts := func(raw, bytes string, b int) {
		_, err := parse(`{"a":"` + raw + `"}`)
		if want := strings.IndexByte(bytes, byte(b)) >= 0; want != (err == nil) {
			t.Errorf("parseObject of the string %q: %v, want accepted: %v", raw, err, want)
		}
	}
	for b := range 256 {
		s := string([]byte{byte(b)})
		accepts(`x\`+s+`y`, `bfnrt"\/`, b)
		accepts(`\u`+s+`041`, "0123456789abcdefABCDEF", b)
		accepts(`\u0`+s+`41`, "0123456789abcdefABCDEF", b)
		accepts(`\u00`+s+`1`, "0123456789abcdefABCDEF", b)
		accepts(`\u004`+s, "0123456789abcdefABCDEF", b)
	}
}

// TestPairThatIsCut has a surrogate pair that is cut off anywhere, at the end
// of the string, of the object and of the text.
func TestPairThatIsCut(t *testing.T) {
	const pair = `\ud83d\ude00`
	for n := 1; n < len(pair); n++ {
		checkNotParsed(t, `{"a":"`+pair[:n]+`"}`)
	}
	for n := range len(pair) + 1 {
		checkNotParsed(t, `{"a":"`+pair[:n]+`"`)
		checkNotParsed(t, `{"a":"`+pair[:n])
	}
}

// RFC 8259, section 2: four characters are white space, between any two tokens
// and nowhere else.
func TestWhiteSpace(t *testing.T) {
	tokens := []string{"", "{", `"a"`, ":", "[", "1", ",", "{", "}", ",", `"b c"`, ",", "null", "]", ",", `"d"`, ":",
		`""`, "}", ""}
	for b := range 256 {
		text := strings.Join(tokens, string([]byte{byte(b)}))
		members, err := parse(text)
		space := strings.IndexByte(" \t\r\n", byte(b)) >= 0
		if space != (err == nil) || space && (len(members) != 2 || members["d"] != capability.Value{IsString: true}) {
			t.Errorf("parseObject(%q) = %v, %v, want accepted: %v", text, members, err, space)
		}
	}
}

// TestObjectIsWhole cuts an object off everywhere, and puts everything behind.
func TestObjectIsWhole(t *testing.T) {
	text := `{"a":{"b":[1,true,"\u0041",{}],"c":-1.5e3},"d":"e"}`
	if members, err := parse(text); err != nil || len(members) != 2 {
		t.Fatalf("parseObject(%q) = %v, %v", text, members, err)
	}
	for i := range len(text) {
		checkNotParsed(t, text[:i])
	}
	for b := range 256 {
		behind := text + string([]byte{byte(b)})
		_, err := parse(behind)
		if space := strings.IndexByte(" \t\r\n", byte(b)) >= 0; space != (err == nil) {
			t.Errorf("parseObject(%q): %v, want accepted: %v", behind, err, space)
		}
	}
	if members, err := parse(`{}`); err != nil || len(members) != 0 {
		t.Errorf("parseObject({}) = %v, %v", members, err)
	}
}

// TestValues has each kind of value, as the parser hands it over: a string
// without its escapes, of an object the brace, anything else as it is written.
func TestValues(t *testing.T) {
	for _, test := range []struct {
		raw  string
		want capability.Value
	}{
		{`""`, capability.Value{Text: "", IsString: true}},
		{`"a\tb"`, capability.Value{Text: "a\tb", IsString: true}},
		{`"null"`, capability.Value{Text: "null", IsString: true}},
		{`null`, capability.Value{Text: "null"}},
		{`-0.50E+7`, capability.Value{Text: "-0.50E+7"}},
		{`[ ]`, capability.Value{Text: "[ ]"}},
		{`[1 , "\u0041", {"a" : []}]`, capability.Value{Text: `[1 , "\u0041", {"a" : []}]`}},
		{`{ }`, capability.Value{Text: "{"}},
		{`{"a":1,"a":{"a":[{}]}}`, capability.Value{Text: "{"}},
	} {
		members, err := parse(`{"a": ` + test.raw + ` , "b":0}`)
		if members["a"] != test.want || len(members) != 2 || err != nil {
			t.Errorf("parseObject of %s = %+v, %v, want %+v", test.raw, members, err, test.want)
		}
	}
}

// TestRefusalTellsThePlace has a message for each place at which the parser can
// stop. Positions are those of bytes, from 0.
func TestRefusalTellsThePlace(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{``, "the JSON ends at byte 0, expected an object"},
		{" \n", "the JSON ends at byte 2, expected an object"},
		{`[]`, "byte 0 of the JSON is '[', expected an object"},
		{"\ufeff{}", `byte 0 of the JSON is '\ufeff', expected an object`},
		{`{`, "the JSON ends at byte 1, expected a name in double quotes"},
		{`{a:1}`, "byte 1 of the JSON is 'a', expected a name in double quotes"},
		{`{,}`, "byte 1 of the JSON is ',', expected a name in double quotes"},
		{`{"a":1,}`, "byte 7 of the JSON is '}', expected a name in double quotes"},
		{`{"é" 1}`, "byte 6 of the JSON is '1', expected a colon"},
		{`{"a" 1}`, "byte 5 of the JSON is '1', expected a colon"},
		{`{"a"`, "the JSON ends at byte 4, expected a colon"},
		{`{"a":}`, "byte 5 of the JSON is '}', expected a value"},
		{`{"a": Ünder}`, "byte 6 of the JSON is 'Ü', expected a value"},
		{`{"a":01}`, "byte 5 of the JSON is '0', expected a value"},
		{`{"a":`, "the JSON ends at byte 5, expected a value"},
		{`{"a":1 "b":2}`, "byte 7 of the JSON is '\"', expected a comma or '}'"},
		{`{"a":1`, "the JSON ends at byte 6, expected a comma or '}'"},
		{`{"a":[1 2]}`, "byte 8 of the JSON is '2', expected a comma or ']'"},
		{`{"a":[1}`, "byte 7 of the JSON is '}', expected a comma or ']'"},
		{`{"a":[1,]}`, "byte 8 of the JSON is ']', expected a value"},
		{`{"a":{"b":1]}`, "byte 11 of the JSON is ']', expected a comma or '}'"},
		{`{"a":{1:1}}`, "byte 6 of the JSON is '1', expected a name in double quotes"},
		{`{"a":{"b"}}`, "byte 9 of the JSON is '}', expected a colon"},
		{`{"a":[[]`, "the JSON ends at byte 8, expected a comma or ']'"},
		{`{"a":"b`, "the JSON ends at byte 7, expected a closing quote"},
		{`{"a`, "the JSON ends at byte 3, expected a closing quote"},
		{"{\"a\":\"b\nc\"}", `byte 7 of the JSON is '\n', expected an escape instead of a control character`},
		{"{\"a\x1f\":1}", `byte 3 of the JSON is '\x1f', expected an escape instead of a control character`},
		{`{"a":"\x"}`, `byte 6 of the JSON is '\\', expected a string with valid escapes and paired surrogates`},
		{`{"a":"b\ud83d"}`, `byte 6 of the JSON is 'b', expected a string with valid escapes and paired surrogates`},
		{`{"a":1} x`, "byte 8 of the JSON is 'x', expected nothing after the object"},
		{`{}}`, "byte 2 of the JSON is '}', expected nothing after the object"},
		{"{}\xff", "not valid UTF-8"},
		{"{\"a\":\"\xc3\"}", "not valid UTF-8"},
		{`{"a":1,"a":2}`, `duplicate member "a"`},
		{`{"é":1,"\u00e9":2}`, `duplicate member "é"`},
	} {
		_, err := parse(test.text)
		if got := fmt.Sprint(err); got != "capability: malformed token: payload: "+test.want {
			t.Errorf("parseObject(%q): %v, want %s", test.text, err, test.want)
		}
		checkMessage(t, err)
		checkReason(t, test.text, err, capability.ErrMalformed)
	}
}

func TestErrorOfAMemberEndsTheReading(t *testing.T) {
	stop, calls := errors.New("stop"), 0
	err := capability.ParseObject("header", `{"a":1,"b":2}`, func(string, capability.Value) error {
		calls++
		return stop
	})
	if err != stop || calls != 1 {
		t.Errorf("parseObject = %v after %d calls, want the error of the first", err, calls)
	}
}

// TestMembersComeInOrder has more names than are compared one by one.
func TestMembersComeInOrder(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 18, 40} {
		var want, text []string
		for i := range n {
			want = append(want, fmt.Sprint("name", n-i))
			text = append(text, fmt.Sprintf(`"name%d":%d`, n-i, i))
		}
		var got []string
		err := capability.ParseObject("payload", "{"+strings.Join(text, ",")+"}",
			func(name string, v capability.Value) error {
				if i, ok := v.Integer(); !ok || int(i) != len(got) {
					t.Errorf("of %d members, %s has the value %+v", n, name, v)
				}
				got = append(got, name)
				return nil
			})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("parseObject of %d members = %q, %v, want %q", n, got, err, want)
		}
		for _, again := range []int{0, n / 2, n - 1} {
			checkNotParsed(t, "{"+strings.Join(text, ",")+`,"`+want[again]+`":0}`)
		}
	}
}

// TestStringOfPHP has what PHP's json_encode does without flags, as its manual
// and its own tests, ext/json/tests, have it.
func TestStringOfPHP(t *testing.T) {
	for s, want := range map[string]string{
		"": `""`, "Alice": `"Alice"`, "a/b": `"a\/b"`,
		"</script>": `"<\/script>"`, "<foo>&'bar'": `"<foo>&'bar'"`, `"baz"`: `"\"baz\""`,
		`back\slash`: `"back\\slash"`, "\b\f\n\r\t": `"\b\f\n\r\t"`,
		"\x00\x01\x0b\x1f": `"\u0000\u0001\u000b\u001f"`, " ~\x7f": "\" ~\x7f\"",
		"\u0080\u009f": `"\u0080\u009f"`, "é": `"\u00e9"`, "€": `"\u20ac"`,
		"\u2028\u2029": `"\u2028\u2029"`, "\ufeff\ufffd": `"\ufeff\ufffd"`, "\uffff": `"\uffff"`,
		"😀": `"\ud83d\ude00"`, "\U00010000": `"\ud800\udc00"`,
		"\U0010ffff": `"\udbff\udfff"`, "a😀b": `"a\ud83d\ude00b"`,
	} {
		dst := append(make([]byte, 0, 64), "lead"...)
		if got := string(capability.AppendString(dst, s)); got != "lead"+want {
			t.Errorf("appendString(%q, %q) = %s, want %s", "lead", s, got, "lead"+want)
		}
	}
}

// TestStringOfEveryCharacter writes every character there is, in runs of 4,096,
// as PHP does, and reads them back with this package and with encoding/json.
func TestStringOfEveryCharacter(t *testing.T) {
	t.Parallel()
	const run = 1 << 12
	for start := rune(0); start <= utf8.MaxRune; start += run {
		var b strings.Builder
		for r := start; r < start+run; r++ {
			if !utf16.IsSurrogate(r) {
				b.WriteRune(r)
			}
		}
		s := b.String()
		got := string(capability.AppendString(nil, s))
		if got != jsonString(s) {
			t.Errorf("appendString of U+%04X and what follows = %.80q...", start, got)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil || back != s {
			t.Errorf("encoding/json does not read back U+%04X and what follows: %v", start, err)
		}
		if members, err := parse(`{"a":` + got + `}`); err != nil || members["a"].Text != s {
			t.Errorf("parseObject does not read back U+%04X and what follows: %v", start, err)
		}
	}
}
