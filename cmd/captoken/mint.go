package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/capability"
)

func (t *tool) mint(args []string) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	signer := t.signer(o.has("access"))
	if missing := signer.missing(); missing != "" {
		return incorrect("mint", missing)
	}
	c, failed := signer.capability()
	if failed != nil {
		return failed
	}
	if what := t.secrets.in(args...); what != "" {
		return rejected("input", "the arguments of mint contain the "+what+", and so would the token", "Anyone who gets a token "+
			"can read its contents, and other users of the computer can see arguments. Leave the "+what+" out.")
	}
	c = c.WithClock(t.now)
	for _, call := range append(o.allow, o.with...) {
		c = call(c)
	}
	token, err := c.GenerateToken()
	if err != nil {
		return rejected("input", bareReason(err), "")
	}
	l := &look{secrets: t.secrets}
	for _, credential := range []credential{signer.account, signer.id, signer.secret} {
		l.warn(credential.odd() != "", "%s", credential.odd())
	}
	l.warnSID(o.has("outgoing"), "application", "AP", o.given["outgoing"])
	l.warn(len(o.allow) == 0, "the token allows nothing; use -incoming, -outgoing or -events")
	for _, warning := range l.warnings {
		t.warn("captoken: warning: " + warning)
	}
	return t.print(token + "\n")
}

// options are what the flags of mint ask for: calls to the package.
type options struct {
	given           map[string]string // the flags
	allow           []change          // in the order of their flags
	with            []change          // after these, as the last client name applies to all
	params, filters []capability.Parameter
}

type change func(capability.Capability) capability.Capability

func (o *options) has(flag string) bool { _, ok := o.given[flag]; return ok }

func parseOptions(args []string) (*options, error) {
	o, flags := &options{given: make(map[string]string)}, flag.NewFlagSet("mint", flag.ContinueOnError)
	o.define(flags)
	if err := parseFlags(flags, args); err != nil {
		return nil, err
	}
	for _, rule := range []struct { // flags that would have no effect on the token
		broken bool
		reason string
	}{
		{o.has("param") && !o.has("outgoing"), "-param needs -outgoing"},
		{o.has("client") && !o.has("outgoing") && !o.has("access"), "-client needs -outgoing"},
		{o.has("filter") && !o.has("events"), "-filter needs -events"},
		{o.has("events") && o.has("access"), "-events and -access exclude each other: Access Tokens have no event streams"},
		{o.has("access") && !o.has("incoming") && !o.has("client"), "-access needs -incoming or -client"},
		{o.has("region") && !o.has("access"), "-region needs -access: capability tokens are for us1 only"},
		{o.has("ttl") && o.has("expires"), "-ttl and -expires exclude each other"},
	} {
		if rule.broken {
			return nil, incorrect("mint", rule.reason)
		}
	}
	return o, nil
}

// define defines the flags. Only those of pairs may be repeated, so that no
// value is lost.
func (o *options) define(flags *flag.FlagSet) {
	type c = capability.Capability
	type pair = capability.Parameter
	for name, set := range map[string]func(value string) error{
		"incoming":   calling(&o.allow, asIs, c.AllowClientIncoming),
		"outgoing":   calling(&o.allow, asIs, func(c c, sid string) c { return c.AllowClientOutgoing(sid, o.params...) }),
		"events":     calling(&o.allow, asIs, func(c c, _ string) c { return c.AllowEventStream(o.filters...) }),
		"access":     func(string) error { return nil },
		"client":     calling(&o.with, asIs, c.WithClientName),
		"region":     calling(&o.with, asIs, c.WithRegion),
		"ttl":        calling(&o.with, time.ParseDuration, c.WithTTL),
		"expires":    calling(&o.with, parseTime, c.WithExpiry),
		"not-before": calling(&o.with, parseTime, c.WithNotBefore),
		"param":      func(v string) error { p, err := parsePair(v); o.params = append(o.params, p); return err },
		"filter":     func(v string) error { p, err := parsePair(v); o.filters = append(o.filters, p); return err },
		"claim":      calling(&o.with, parsePair, func(c c, p pair) c { return c.WithClaim(p.Name, p.Value) }),
	} {
		define, isSwitch := flags.Func, name == "events" || name == "access"
		if isSwitch {
			define = flags.BoolFunc
		}
		define(name, "", func(value string) error {
			if o.has(name) && !slices.Contains([]string{"param", "filter", "claim"}, name) {
				return errors.New("it may be given only once")
			} else if isSwitch && value != "true" { // what package flag puts there
				return errors.New("it takes no value")
			}
			o.given[name] = value
			return set(value)
		})
	}
}

// calling returns what sets a flag: it parses the value, and adds the call of a
// method with it.
func calling[T any](calls *[]change, parse func(string) (T, error),
	method func(capability.Capability, T) capability.Capability) func(string) error {
	return func(text string) error {
		value, err := parse(text)
		*calls = append(*calls, func(c capability.Capability) capability.Capability { return method(c, value) })
		return err
	}
}

func asIs(text string) (string, error) { return text, nil }

func parsePair(text string) (capability.Parameter, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return capability.Parameter{}, errors.New("want KEY=VALUE")
	}
	return capability.Param(name, value), nil
}

func parseTime(text string) (time.Time, error) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		err = errors.New("want a time such as 2026-01-02T15:04:05Z, or Unix seconds")
	}
	return t, err
}

func parseFlags(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard) // the manual is written by hand
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("%s takes only flags; argument %d is not one", flags.Name(), len(args)-flags.NArg()+1)
	}
	if err == nil || err == flag.ErrHelp {
		return err
	}
	failed := incorrect(flags.Name(), err.Error())
	if strings.HasPrefix(failed.Reason, "flag provided but not defined: ") {
		failed.Reason = flags.Name() + " has no such flag"
	}
	return failed
}
