package main

import (
	"strings"
	"testing"
	"time"

	"example.com/capability"
)

func TestMintIsThePackage(t *testing.T) {
	param := capability.Param
	for _, test := range []struct {
		name string
		args string
		want func(capability.Capability) capability.Capability
	}{
		{"nothing is allowed", "", func(c capability.Capability) capability.Capability { return c }},
		{"the README's command", "-incoming Alice -outgoing AP123123 -param Foo=Bar -ttl 10m", func(c capability.Capability) capability.Capability {
			return c.AllowClientIncoming("Alice").AllowClientOutgoing("AP123123", param("Foo", "Bar")).WithTTL(10 * time.Minute)
		}},
		{"the order of the flags is that of the scopes", "-events -outgoing AP1 -incoming A", func(c capability.Capability) capability.Capability {
			return c.AllowEventStream().AllowClientOutgoing("AP1").AllowClientIncoming("A")
		}},
		{"parameters keep their order, before and after their scope", "-param b=1 -filter d=3 -outgoing AP1 -events -param a==2 -filter c=", func(c capability.Capability) capability.Capability {
			return c.AllowClientOutgoing("AP1", param("b", "1"), param("a", "=2")).AllowEventStream(param("d", "3"), param("c", ""))
		}},
		{"a client name counts although an incoming one follows", "-client Bob -outgoing AP1 -incoming Alice", func(c capability.Capability) capability.Capability {
			return c.AllowClientOutgoing("AP1").AllowClientIncoming("Alice").WithClientName("Bob")
		}},
		{"claims keep their order", "-claim b=1 -incoming A -claim a==2 -claim c=", func(c capability.Capability) capability.Capability {
			return c.AllowClientIncoming("A").WithClaim("b", "1").WithClaim("a", "=2").WithClaim("c", "")
		}},
		{"times in RFC 3339", "-expires 2026-01-02T12:30:00+01:00 -not-before 2026-01-02T11:10:00Z", func(c capability.Capability) capability.Capability {
			return c.WithExpiry(noon.Add(30 * time.Minute)).WithNotBefore(noon.Add(10 * time.Minute))
		}},
		{"times in Unix seconds", "-expires 1767353400 -not-before -5", func(c capability.Capability) capability.Capability {
			return c.WithExpiry(noon.Add(30 * time.Minute)).WithNotBefore(time.Unix(-5, 0))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			base, err := capability.New("AC123123", secret)
			if err != nil {
				t.Fatal(err)
			}
			want, err := test.want(base.WithClock(func() time.Time { return noon })).GenerateToken()
			if err != nil {
				t.Fatal(err)
			}
			status, got, stderr := call(append([]string{"mint"}, strings.Fields(test.args)...), account(), nil)
			if status != 0 || got != want+"\n" {
				t.Errorf("status %d, errors %q, output\n%swant\n%s", status, stderr, got, want)
			}
		})
	}
}

// TestOddCredentials names what is odd and shows nothing of it.
func TestOddCredentials(t *testing.T) {
	const hex = "0123456789abcdef0123456789abcdef"
	for _, test := range []struct {
		name      string
		sid, auth string
		want      string
	}{
		{"documentation", "AC123123", "secret", ""},
		{"real ones", "AC" + hex, hex, ""},
		{"quotes around the auth token", "AC123123", `"` + hex + `"`, "TWILIO_AUTH_TOKEN has quotation marks around it, which become a part of it"},
		{"one quote", "AC123123", hex + "'", "TWILIO_AUTH_TOKEN has quotation marks around it, which become a part of it"},
		{"nothing but a space for an auth token", "AC123123", " ", "TWILIO_AUTH_TOKEN is nothing but white space"},
		{"a variable", "AC123123", "${AUTH_TOKEN}", "TWILIO_AUTH_TOKEN is a placeholder"},
		{"a variable without braces", "AC123123", "$AUTH_TOKEN", "TWILIO_AUTH_TOKEN is a placeholder"},
		{"a variable of Windows", "AC123123", "%AUTH_TOKEN%", "TWILIO_AUTH_TOKEN is a placeholder"},
		{"a placeholder", "AC123123", "your_auth_token", "TWILIO_AUTH_TOKEN is a placeholder"},
		{"a placeholder in angle brackets", "AC123123", "<auth-token>", "TWILIO_AUTH_TOKEN is a placeholder"},
		{"a placeholder of x", "ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", hex, "TWILIO_ACCOUNT_SID is a placeholder"},
		{"an API key", "AC123123", "SK" + hex, "TWILIO_AUTH_TOKEN looks like a SID"},
		{"an auth token too short", "AC" + hex, hex[:31], "TWILIO_AUTH_TOKEN is not 32 hexadecimal digits, as Twilio's are"},
		{"an auth token too long", "AC" + hex, hex + "0", "TWILIO_AUTH_TOKEN is not 32 hexadecimal digits, as Twilio's are"},
		{"an SID too short", "AC" + hex[:31], hex, "TWILIO_ACCOUNT_SID is not AC and 32 hexadecimal digits, as Twilio's are"},
		{"letters in a SID", "AC" + strings.Replace(hex, "a", "z", 1), hex, "TWILIO_ACCOUNT_SID is not AC and 32 hexadecimal digits, as Twilio's are"},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := map[string]string{sidVariable: test.sid, authVariable: test.auth}
			tool := &tool{getenv: func(name string) string { return env[name] }}
			if got := strings.Join(tool.oddCredentials(), "; "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
