package capability_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"example.com/capability"
)

// TestFormOfEveryByte is the specification of the form encoding, once and
// twice. It is that of net/url but for one byte, "~", as formString has it.
func TestFormOfEveryByte(t *testing.T) {
	for i := range 256 {
		in := string([]byte{byte(i)})
		params := []capability.Parameter{{Name: in, Value: in}, {Name: "x" + in, Value: ""}}
		want := form(params)
		if got := string(capability.AppendForm([]byte("lead"), params)); got != "lead"+want {
			t.Errorf("appendForm(%q, %q, once) = %q, want %q", "lead", params, got, "lead"+want)
		}
		if got := string(capability.AppendNestedForm([]byte("lead"), params)); got != "lead"+formString(want) {
			t.Errorf("appendForm(%q, %q, twice) = %q, want %q", "lead", params, got, "lead"+formString(want))
		}
		if got, ok := capability.UnescapeForm(formString(in)); got != in || !ok {
			t.Errorf("unescapeForm(%q) = %q, %v, want %q", formString(in), got, ok, in)
		}
	}
}

// TestFormKeepsWhatStandsBefore has buffers with every amount of room around
// what is needed.
func TestFormKeepsWhatStandsBefore(t *testing.T) {
	params := []capability.Parameter{{Name: "a b", Value: "c/d"}, {Name: "", Value: "é"}}
	want := form(params)
	for room := range 3 * len(want) {
		dst := append(make([]byte, 0, 4+room), "lead"...)
		if got := string(capability.AppendForm(dst, params)); got != "lead"+want {
			t.Errorf("appendForm with %d bytes of room = %q, want %q", room, got, "lead"+want)
		}
		if got := string(capability.AppendNestedForm(dst, params)); got != "lead"+formString(want) {
			t.Errorf("appendForm with %d bytes of room = %q, want %q", room, got, "lead"+formString(want))
		}
	}
	if got := string(capability.AppendForm([]byte("lead"), nil)); got != "lead" {
		t.Errorf("appendForm of no parameters = %q", got)
	}
}

func TestParseScope(t *testing.T) {
	type pairs = []capability.Parameter
	for _, test := range []struct {
		name, uri string
		want      permission
		text      string // what String returns
	}{
		{"it has no parameters", "scope:client:outgoing", permission{"client", "outgoing", nil},
			"scope:client:outgoing"},
		{"it has a question mark and no more", "scope:client:outgoing?", permission{"client", "outgoing", nil},
			"scope:client:outgoing"},
		{"it has nothing but &", "scope:client:outgoing?&&", permission{"client", "outgoing", nil},
			"scope:client:outgoing"},
		{"its service is not known", "scope:a-b.c_D9:x", permission{"a-b.c_D9", "x", nil}, "scope:a-b.c_D9:x"},
		{"its privilege is not known", "scope:x:a-b.c_D9", permission{"x", "a-b.c_D9", nil}, "scope:x:a-b.c_D9"},
		{"it has one parameter", "scope:client:incoming?clientName=Alice",
			permission{"client", "incoming", pairs{{"clientName", "Alice"}}},
			"scope:client:incoming?clientName=Alice"},
		{"its parameters are in order", "scope:s:p?b=1&a=2&c=3",
			permission{"s", "p", pairs{{"b", "1"}, {"a", "2"}, {"c", "3"}}}, "scope:s:p?b=1&a=2&c=3"},
		{"it has a parameter twice", "scope:s:p?a=1&a=2", permission{"s", "p", pairs{{"a", "1"}, {"a", "2"}}},
			"scope:s:p?a=1&a=2"},
		{"it has a parameter without =", "scope:s:p?a&b=", permission{"s", "p", pairs{{"a", ""}, {"b", ""}}},
			"scope:s:p?a=&b="},
		{"it has a parameter without a name", "scope:s:p?=v", permission{"s", "p", pairs{{"", "v"}}}, "scope:s:p?=v"},
		{"it has nothing between two &", "scope:s:p?&a=1&&b=2&", permission{"s", "p", pairs{{"a", "1"}, {"b", "2"}}},
			"scope:s:p?a=1&b=2"},
		{"it has a second = and ?", "scope:s:p?a=b=c?d", permission{"s", "p", pairs{{"a", "b=c?d"}}},
			"scope:s:p?a=b%3Dc%3Fd"},
		{"it has escapes in either case", "scope:s:p?%61%2f=%2F+%00%FF",
			permission{"s", "p", pairs{{"a/", "/ \x00\xff"}}}, "scope:s:p?a%2F=%2F+%00%FF"},
		{"it has raw punctuation", "scope:s:p?a=/!'()*~:;@,", permission{"s", "p", pairs{{"a", "/!'()*~:;@,"}}},
			"scope:s:p?a=%2F%21%27%28%29%2A%7E%3A%3B%40%2C"},
		{"it has the first and the last visible character", "scope:s:p?!=~", permission{"s", "p", pairs{{"!", "~"}}},
			"scope:s:p?%21=%7E"},
	} {
		got, err := capability.ParseScope(test.uri)
		if err != nil || !reflect.DeepEqual(seenScope(got), test.want) || got.String() != test.text {
			t.Errorf("%s: ParseScope(%q) = %+v, %v, want %+v", test.name, test.uri, seenScope(got), err, test.want)
		}
		if again, err := capability.ParseScope(got.String()); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: %q reads %+v, %v", test.name, got.String(), again, err)
		}
	}
}

func TestParseScopeRefuses(t *testing.T) {
	for _, test := range []struct{ name, uri string }{
		{"it is empty", ""},
		{"its scheme is another one", "scop:client:incoming"},
		{"its scheme is in capitals", "Scope:client:incoming"},
		{"it is the scheme alone", "scope:"},
		{"it has no privilege", "scope:client"},
		{"it has an empty privilege", "scope:client:"},
		{"it has an empty service", "scope::incoming"},
		{"it has a colon too many", "scope:client:incoming:more"},
		{"its service has an escape", "scope:cl%69ent:incoming"},
		{"its privilege has an escape", "scope:client:in%63oming"},
		{"its service has a tilde", "scope:client~:incoming"},
		{"it has a space before it", " scope:client:incoming"},
		{"it has a space behind it", "scope:client:incoming "},
		{"it has a line break behind it", "scope:client:incoming?clientName=Alice\n"},
		{"it has a tab before another scope",
			"scope:client:incoming?clientName=a\tscope:client:incoming?clientName=b"},
		{"it has a control character", "scope:client:incoming?clientName=\x7f"},
		{"it has a NUL", "scope:client:incoming?clientName=\x00"},
		{"it has a fragment", "scope:client:incoming?clientName=Alice#x"},
		{"it has a fragment for its parameters", "scope:client:incoming#clientName=Alice"},
		{"it has a raw letter beyond ASCII", "scope:client:incoming?clientName=Zoë"},
		{"it has a next line, which str.splitlines splits at",
			"scope:client:incoming?clientName=a\u0085scope:client:incoming"},
		{"it has a no-break space, which strings.Fields splits at",
			"scope:client:incoming?clientName=a\u00a0scope:client:incoming"},
		{"it has an ideographic space, which strings.Fields splits at",
			"scope:client:incoming?clientName=a\u3000scope:client:incoming"},
		{"it is not UTF-8", "scope:client:incoming?clientName=\xff"},
		{"it has a percent sign alone", "scope:client:incoming?clientName=%"},
		{"it has half an escape", "scope:client:incoming?clientName=%4"},
		{"it has half an escape before a parameter", "scope:client:incoming?clientName=%4&a=b"},
		{"it has an escape that is not hexadecimal", "scope:client:incoming?clientName=%4g"},
		{"it has an escape with a sign", "scope:client:incoming?clientName=%+4"},
		{"it has a bad escape in a name", "scope:client:incoming?%zz=1"},
	} {
		got, err := capability.ParseScope(test.uri)
		if !reflect.DeepEqual(got, capability.Scope{}) {
			t.Errorf("%s: ParseScope(%q) = %+v, %v", test.name, test.uri, got, err)
		}
		checkReason(t, test.uri, err, capability.ErrScope)
		checkMessage(t, err)
	}
}

func TestParseScopeOfEveryByte(t *testing.T) {
	for i := range 256 {
		uri := "scope:s:p?a=" + string([]byte{byte(i)})
		want, ok := readScope(uri)
		if got, err := capability.ParseScope(uri); ok != (err == nil) || ok &&
			!reflect.DeepEqual(seenScope(got), want) {
			t.Errorf("ParseScope(%q) = %+v, %v, want %+v, %v", uri, got, err, want, ok)
		}
		uri = "scope:s" + string([]byte{byte(i)}) + ":p"
		want, ok = readScope(uri)
		if got, err := capability.ParseScope(uri); ok != (err == nil) || ok &&
			!reflect.DeepEqual(seenScope(got), want) {
			t.Errorf("ParseScope(%q) = %+v, %v, want %+v, %v", uri, got, err, want, ok)
		}
	}
}

func TestScopeAnswers(t *testing.T) {
	s, err := capability.ParseScope("scope:client:outgoing?appSid=AP1&appParams=a%3D1&appSid=AP2")
	if err != nil {
		t.Fatal(err)
	}
	if s.Service() != "client" || s.Privilege() != "outgoing" {
		t.Errorf("service %q, privilege %q", s.Service(), s.Privilege())
	}
	for _, test := range []struct {
		name, want string
		ok         bool
	}{{"appSid", "AP1", true}, {"appParams", "a=1", true}, {"AppSid", "", false}, {"", "", false}} {
		if got, ok := s.Param(test.name); got != test.want || ok != test.ok {
			t.Errorf("Param(%q) = %q, %v", test.name, got, ok)
		}
	}
	s.Params()[0].Value = "changed"
	if got, _ := s.Param("appSid"); got != "AP1" {
		t.Errorf("a change of what Params returned went through: %q", got)
	}
	if zero := (capability.Scope{}); zero.String() != "" || zero.Params() != nil {
		t.Errorf("the zero Scope is %q with %q", zero.String(), zero.Params())
	}
}

// TestScopeInJSON has scopes as values, in a slice and as keys of a map.
func TestScopeInJSON(t *testing.T) {
	s, err := capability.ParseScope("scope:client:outgoing?appSid=AP1&appParams=a%3D~")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		value any
		want  string
	}{
		{s, `"scope:client:outgoing?appSid=AP1\u0026appParams=a%3D%7E"`},
		{&s, `"scope:client:outgoing?appSid=AP1\u0026appParams=a%3D%7E"`},
		{[]capability.Scope{s, {}}, `["scope:client:outgoing?appSid=AP1\u0026appParams=a%3D%7E",""]`},
		{map[string]any{"s": s}, `{"s":"scope:client:outgoing?appSid=AP1\u0026appParams=a%3D%7E"}`},
	} {
		if got, err := json.Marshal(test.value); string(got) != test.want || err != nil {
			t.Errorf("json.Marshal(%v) = %s, %v, want %s", test.value, got, err, test.want)
		}
	}
	if text, err := s.MarshalText(); string(text) != s.String() || err != nil {
		t.Errorf("MarshalText() = %s, %v, want %s", text, err, s)
	}
}

func TestParseParams(t *testing.T) {
	for _, test := range []struct {
		query string
		want  []capability.Parameter
	}{
		{"", nil},
		{"&&", nil},
		{"a=1", []capability.Parameter{{"a", "1"}}},
		{"=", []capability.Parameter{{"", ""}}},
		{"b=2+3&a=%26", []capability.Parameter{{"b", "2 3"}, {"a", "&"}}},
		{"Foo=Bar&q=a%20b&citt%C3%A0=漢 字", []capability.Parameter{{"Foo", "Bar"}, {"q", "a b"}, {"città", "漢 字"}}},
		{strings.Repeat("a", 1000), []capability.Parameter{{strings.Repeat("a", 1000), ""}}},
	} {
		if got, err := capability.ParseParams(test.query); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("ParseParams(%q) = %q, %v, want %q", test.query, got, err, test.want)
		}
	}
	for _, query := range []string{"%", "%4", "a=100%+2", "ok=1&a%=", "a=%g0", "a=%0g", "a=%-1"} {
		got, err := capability.ParseParams(query)
		if got != nil {
			t.Errorf("ParseParams(%q) = %q, %v", query, got, err)
		}
		checkReason(t, query, err, capability.ErrScope)
	}
}
