package capability

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// TestFormOfEveryByte is the specification of the form encoding: that of net/url, which parts with PHP over one byte.
func TestFormOfEveryByte(t *testing.T) {
	for i := range 256 {
		in := string([]byte{byte(i)})
		want := url.QueryEscape(in)
		if in == "~" {
			want = "%7E"
		}
		if got := string(appendForm([]byte("lead"), []Parameter{{in, ""}}, once)); got != "lead"+want+"=" {
			t.Errorf("appendForm(%q, %q, once) = %q, want %q", "lead", in, got, "lead"+want+"=")
		}
		if got, want := string(appendForm([]byte("lead"), []Parameter{{in, in}}, twice)), "lead"+slowForm(want+"="+want); got != want {
			t.Errorf("appendForm(%q, %q, twice) = %q, want %q", "lead", in, got, want)
		}
		if got, ok := unescapeForm(want); got != in || !ok {
			t.Errorf("unescapeForm(%q) = %q, %v, want %q", want, got, ok, in)
		}
	}
}

func TestParseScope(t *testing.T) {
	type pairs = []Parameter
	cases := []struct {
		name string
		uri  string
		want Scope
	}{
		{"without parameters", "scope:client:outgoing", Scope{"client", "outgoing", nil}},
		{"with a question mark alone", "scope:client:outgoing?", Scope{"client", "outgoing", nil}},
		{"of a service that is not known", "scope:a-b.c_D9:x", Scope{"a-b.c_D9", "x", nil}},
		{"with one parameter", "scope:client:incoming?clientName=Alice", Scope{"client", "incoming", pairs{{"clientName", "Alice"}}}},
		{"with parameters in order", "scope:s:p?b=1&a=2&c=3", Scope{"s", "p", pairs{{"b", "1"}, {"a", "2"}, {"c", "3"}}}},
		{"with a parameter twice", "scope:s:p?a=1&a=2", Scope{"s", "p", pairs{{"a", "1"}, {"a", "2"}}}},
		{"with a parameter without =", "scope:s:p?a&b=", Scope{"s", "p", pairs{{"a", ""}, {"b", ""}}}},
		{"with a parameter without a name", "scope:s:p?=v", Scope{"s", "p", pairs{{"", "v"}}}},
		{"with nothing between two &", "scope:s:p?&a=1&&b=2&", Scope{"s", "p", pairs{{"a", "1"}, {"b", "2"}}}},
		{"with a second = and ?", "scope:s:p?a=b=c?d", Scope{"s", "p", pairs{{"a", "b=c?d"}}}},
		{"with escapes in either case", "scope:s:p?%61%2f=%2F+%00%FF", Scope{"s", "p", pairs{{"a/", "/ \x00\xff"}}}},
		{"with raw punctuation", "scope:s:p?a=/!'()*~:;@,", Scope{"s", "p", pairs{{"a", "/!'()*~:;@,"}}}},
	}
	for _, test := range cases {
		got, err := ParseScope(test.uri)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: ParseScope(%q) = %#v, %v, want %#v", test.name, test.uri, got, err, test.want)
		}
		if again, err := ParseScope(got.String()); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: %q reads %#v, %v", test.name, got.String(), again, err)
		}
	}
}

func TestParseScopeRefuses(t *testing.T) {
	cases := []struct{ name, uri string }{
		{"nothing", ""},
		{"another scheme", "scop:client:incoming"},
		{"a scheme in capitals", "Scope:client:incoming"},
		{"the scheme alone", "scope:"},
		{"no privilege", "scope:client"},
		{"an empty privilege", "scope:client:"},
		{"an empty service", "scope::incoming"},
		{"a colon too many", "scope:client:incoming:more"},
		{"an escaped service", "scope:cl%69ent:incoming"},
		{"a space before", " scope:client:incoming"},
		{"a space behind", "scope:client:incoming "},
		{"a line break behind", "scope:client:incoming?clientName=Alice\n"},
		{"a tab before another scope", "scope:client:incoming?clientName=a\tscope:client:incoming?clientName=b"},
		{"a control character", "scope:client:incoming?clientName=\x7f"},
		{"a fragment", "scope:client:incoming?clientName=Alice#x"},
		{"a raw letter beyond ASCII", "scope:client:incoming?clientName=Zoë"},
		{"a no-break space, which strings.Fields splits at", "scope:client:incoming?clientName=a\u00a0scope:client:incoming"},
		{"a percent sign alone", "scope:client:incoming?clientName=%"},
		{"half an escape", "scope:client:incoming?clientName=%4"},
		{"an escape that is not hexadecimal", "scope:client:incoming?clientName=%4g"},
		{"an escape with a sign", "scope:client:incoming?clientName=%+4"},
		{"a bad escape in a name", "scope:client:incoming?%zz=1"},
	}
	for _, test := range cases {
		got, err := ParseScope(test.uri)
		if !errors.Is(err, ErrScope) || !reflect.DeepEqual(got, Scope{}) {
			t.Errorf("%s: ParseScope(%q) = %#v, %v", test.name, test.uri, got, err)
		}
	}
}

func TestScopeAnswers(t *testing.T) {
	s, err := ParseScope("scope:client:outgoing?appSid=AP1&appParams=a%3D1&appSid=AP2")
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
	if zero := (Scope{}); zero.String() != "" || zero.Params() != nil {
		t.Errorf("the zero Scope is %q with %q", zero.String(), zero.Params())
	}
}

func TestParseParams(t *testing.T) {
	cases := []struct {
		query string
		want  []Parameter
	}{
		{"", nil},
		{"&&", nil},
		{"a=1", []Parameter{{"a", "1"}}},
		{"b=2+3&a=%26", []Parameter{{"b", "2 3"}, {"a", "&"}}},
		{"Foo=Bar&q=a%20b&citt%C3%A0=漢 字", []Parameter{{"Foo", "Bar"}, {"q", "a b"}, {"città", "漢 字"}}},
		{strings.Repeat("a", 1000), []Parameter{{strings.Repeat("a", 1000), ""}}},
	}
	for _, test := range cases {
		if got, err := ParseParams(test.query); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("ParseParams(%q) = %q, %v, want %q", test.query, got, err, test.want)
		}
	}
	for _, query := range []string{"%", "a=100%+2", "ok=1&a%=", "a=%g0"} {
		got, err := ParseParams(query)
		if got != nil || !errors.Is(err, ErrScope) {
			t.Errorf("ParseParams(%q) = %q, %v", query, got, err)
		}
	}
}
