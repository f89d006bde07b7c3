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
			base, err := capability.New("AC123123", auth)
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

func TestMintIsThePackageForAccessTokens(t *testing.T) {
	param := capability.Param
	for args, want := range map[string]func(capability.Capability) capability.Capability{
		"-incoming Alice": func(c capability.Capability) capability.Capability { return c.AllowClientIncoming("Alice") },
		"-region ie1 -outgoing AP1 -param b=1 -incoming Alice -param a==2 -ttl 10m": func(c capability.Capability) capability.Capability {
			return c.AllowClientOutgoing("AP1", param("b", "1"), param("a", "=2")).AllowClientIncoming("Alice").WithRegion("ie1").WithTTL(10 * time.Minute)
		},
		"-client Alice": func(c capability.Capability) capability.Capability { return c.WithClientName("Alice") },
		"-client Alice -claim b=1 -claim a=2 -not-before 1767351000": func(c capability.Capability) capability.Capability {
			return c.WithClientName("Alice").WithClaim("b", "1").WithClaim("a", "2").WithNotBefore(time.Unix(1767351000, 0))
		},
	} {
		base, err := capability.NewWithAPIKey("AC123123", "SK123123", apiKey)
		if err != nil {
			t.Fatal(err)
		}
		token, err := want(base.WithClock(func() time.Time { return noon })).GenerateToken()
		if err != nil {
			t.Fatal(err)
		}
		for _, env := range []map[string]string{
			credentials(), credentials("TWILIO_AUTH_TOKEN", ""), account("TWILIO_API_KEY_SID", "SK123123", "TWILIO_API_KEY_SECRET", apiKey),
			account("TWILIO_API_KEY", "SK123123", "TWILIO_API_KEY_SECRET", apiKey), credentials("TWILIO_API_KEY_SID", "SK9", "TWILIO_API_KEY_SECRET", "x"),
		} {
			status, got, stderr := call(append([]string{"mint", "-access"}, strings.Fields(args)...), env, nil)
			if status != 0 || got != token+"\n" {
				t.Errorf("%s: status %d, errors %q, output\n%swant\n%s", args, status, stderr, got, token)
			}
		}
	}
}

// TestKindOfMintIsNotGuessed has an API key and an auth token in the
// environment.
func TestKindOfMintIsNotGuessed(t *testing.T) {
	_, both, _ := call([]string{"mint", "-incoming", "Alice"}, credentials(), nil)
	_, alone, _ := call([]string{"mint", "-incoming", "Alice"}, account(), nil)
	if both == "" || both != alone {
		t.Errorf("got %q, want %q", both, alone)
	}
}
