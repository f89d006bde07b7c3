package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/capability"
)

// mint prints a token.
func (t *tool) mint(args []string) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	base, err := t.credentials("mint")
	if err != nil {
		return err
	}
	if slices.ContainsFunc(args, t.secrets.foundIn) {
		return rejected(codeInput, "the arguments of mint contain the auth token, and so would the token",
			"Anyone who gets a token can read its contents, and other users of the computer can see arguments. Leave the auth token out.")
	}
	token, err := o.apply(base.WithClock(t.now)).GenerateToken()
	if err != nil {
		if slices.ContainsFunc(args, t.secrets.anyFoundIn) {
			err = errors.New("an argument is invalid; it is not shown, as it contains the auth token")
		}
		return rejected(codeInput, bareReason(err), "")
	}
	for _, odd := range t.oddCredentials() {
		t.warn(prefix + "warning: " + odd)
	}
	if len(o.scopes) == 0 {
		t.warn(prefix + "warning: the token allows nothing; use -incoming, -outgoing or -events")
	}
	return t.print(token + "\n")
}

// A change is a call that a flag asks for.
type change func(capability.Capability) capability.Capability

// options are what the flags of mint ask for.
type options struct {
	given           map[string]bool
	scopes          []change // in the order of their flags
	others          []change // applied after the scopes, as the last client name applies to all
	params, filters []capability.Parameter
}

func parseOptions(args []string) (*options, error) {
	o := &options{given: make(map[string]bool)}
	flags := newFlags("mint")
	o.defineScopes(flags)
	o.defineOthers(flags)
	if err := parseFlags(flags, args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		failed := incorrect("mint", fmt.Sprintf("mint takes only flags; argument %d is not one", len(args)-flags.NArg()+1))
		failed.Hint = "A client name follows -incoming. " + failed.Hint
		return nil, failed
	}
	return o, o.check()
}

func (o *options) defineScopes(flags *flag.FlagSet) {
	o.once(flags.Func, "incoming", func(name string) error {
		o.scopes = append(o.scopes, func(c capability.Capability) capability.Capability { return c.AllowClientIncoming(name) })
		return nil
	})
	o.once(flags.Func, "outgoing", func(sid string) error {
		o.scopes = append(o.scopes, func(c capability.Capability) capability.Capability {
			return c.AllowClientOutgoing(sid, o.params...) // all of them, as they may follow
		})
		return nil
	})
	o.once(flags.BoolFunc, "events", func(value string) error {
		if value != "true" { // what package flag puts there itself
			return errors.New("it takes no value")
		}
		o.scopes = append(o.scopes, func(c capability.Capability) capability.Capability { return c.AllowEventStream(o.filters...) })
		return nil
	})
	flags.Func("param", "", func(pair string) error { return appendPair(&o.params, "KEY", pair) })
	flags.Func("filter", "", func(pair string) error { return appendPair(&o.filters, "KEY", pair) })
}

func (o *options) defineOthers(flags *flag.FlagSet) {
	o.once(flags.Func, "client", func(name string) error {
		o.others = append(o.others, func(c capability.Capability) capability.Capability { return c.WithClientName(name) })
		return nil
	})
	flags.Func("claim", "", func(pair string) error {
		var claims []capability.Parameter
		err := appendPair(&claims, "NAME", pair)
		for _, claim := range claims {
			o.others = append(o.others, func(c capability.Capability) capability.Capability { return c.WithClaim(claim.Name, claim.Value) })
		}
		return err
	})
	o.once(flags.Func, "ttl", func(value string) error {
		ttl, err := parseTTL(value)
		o.others = append(o.others, func(c capability.Capability) capability.Capability { return c.WithTTL(ttl) })
		return err
	})
	o.once(flags.Func, "expires", func(value string) error {
		at, err := parseTime(value)
		o.others = append(o.others, func(c capability.Capability) capability.Capability { return c.WithExpiry(at) })
		return err
	})
	o.once(flags.Func, "not-before", func(value string) error {
		at, err := parseTime(value)
		o.others = append(o.others, func(c capability.Capability) capability.Capability { return c.WithNotBefore(at) })
		return err
	})
}

// once defines a flag that may be given once, so that no value is lost.
func (o *options) once(define func(name, usage string, set func(string) error), name string, set func(string) error) {
	define(name, "", func(value string) error {
		if o.given[name] {
			return errors.New("it may be given only once")
		}
		o.given[name] = true
		return set(value)
	})
}

// appendPair appends a parameter that is given as NAME=VALUE.
func appendPair(to *[]capability.Parameter, what, pair string) error {
	name, value, ok := strings.Cut(pair, "=")
	if !ok {
		return errors.New("want " + what + "=VALUE")
	}
	*to = append(*to, capability.Param(name, value))
	return nil
}

// check rejects flags that would have no effect on the token.
func (o *options) check() error {
	for _, rule := range []struct {
		broken bool
		reason string
	}{
		{o.params != nil && !o.given["outgoing"], "-param needs -outgoing"},
		{o.given["client"] && !o.given["outgoing"], "-client needs -outgoing"},
		{o.filters != nil && !o.given["events"], "-filter needs -events"},
		{o.given["ttl"] && o.given["expires"], "-ttl and -expires exclude each other"},
	} {
		if rule.broken {
			return incorrect("mint", rule.reason)
		}
	}
	return nil
}

// apply makes the calls that the flags ask for.
func (o *options) apply(c capability.Capability) capability.Capability {
	for _, call := range append(o.scopes, o.others...) {
		c = call(c)
	}
	return c
}

func parseTTL(value string) (time.Duration, error) {
	if value != "" && strings.Trim(value, "0123456789") == "" {
		return 0, errors.New("it has no unit: did you mean " + value + "s?")
	}
	ttl, err := time.ParseDuration(value)
	if err != nil {
		return 0, errors.New("want a duration such as 90s, 10m or 1h30m")
	}
	return ttl, nil
}

// parseTime reads a time in RFC 3339 or in Unix seconds.
func parseTime(value string) (time.Time, error) {
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		if inMilliseconds(seconds) {
			return time.Time{}, errors.New("want seconds: is it in milliseconds?")
		}
		return time.Unix(seconds, 0), nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return time.Time{}, errors.New("want a time such as 2026-01-02T15:04:05Z, or Unix seconds")
	}
	return t, nil
}
