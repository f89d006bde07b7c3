package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// page returns the report for people.
func (r *report) page() string {
	var b strings.Builder
	b.WriteString(r.verdict() + r.sentence() + "\n\n")
	row := func(label, value string) { fmt.Fprintf(&b, "%-12s  %s\n", label, value) }
	for _, w := range r.Warnings {
		row("WARNING", w)
	}
	if len(r.Warnings) > 0 {
		b.WriteString("\n")
	}
	row("Account", bareValue(r.AccountSID))
	if r.ClientName != "" {
		row("Client", bareValue(r.ClientName))
	}
	if r.IssuedAt != nil {
		row("Issued", r.when(*r.IssuedAt))
	}
	if r.NotBefore != nil {
		row("Not before", r.when(*r.NotBefore))
	}
	if r.SecondsLeft > 0 {
		row("Expires", r.when(r.ExpiresAt))
	} else {
		row("EXPIRED", r.when(r.ExpiresAt))
	}
	if len(r.Scopes) == 0 {
		row("Allows", "nothing")
	}
	for _, s := range r.Scopes {
		b.WriteString("\n")
		row("Allows", s.words())
		for _, p := range s.Params {
			fmt.Fprintf(&b, "  %-10s  %s\n", bareName(p.Name), strings.Join(p.lines(), "\n"+strings.Repeat(" ", 14)))
		}
	}
	if len(r.Claims) > 0 {
		b.WriteString("\nClaims\n")
	}
	for _, c := range r.Claims {
		fmt.Fprintf(&b, "  %-10s  %s\n", bareName(c.Name), c.words())
	}
	return b.String()
}

// verdict says how far the rest can be believed.
func (r *report) verdict() string {
	switch {
	case !r.Verified:
		return "NOT VERIFIED (anyone could have written it): "
	case len(r.Warnings) > 0:
		return "WARNING: signed correctly, but Twilio may reject it: "
	default:
		return "VERIFIED: "
	}
}

// sentence says who may do what until when.
func (r *report) sentence() string {
	who := shorten(bareValue(r.ClientName), 60)
	if r.ClientName == "" {
		who = "a client without a name"
	}
	what := r.activities()
	left := ", for the next " + inUnits(r.SecondsLeft)
	if inMilliseconds(r.ExpiresAt) {
		left = ", until a time far in the future"
	}
	wait := int64(0)
	if r.NotBefore != nil {
		wait = difference(*r.NotBefore, r.now.Unix())
	}
	switch {
	case len(r.Scopes) == 0 && r.SecondsLeft > 0:
		return "the token allows nothing."
	case len(r.Scopes) == 0:
		return "the token expired " + fromNow(r.SecondsLeft) + ", and allowed nothing."
	case r.SecondsLeft <= 0:
		return "the token expired " + fromNow(r.SecondsLeft) + "; before that, " + who + " could " + what + "."
	case wait > 0 && wait < r.SecondsLeft:
		left = ", for " + inUnits(difference(r.ExpiresAt, *r.NotBefore)) + ", beginning " + fromNow(wait)
	case wait > 0:
		return "the token would allow " + who + " to " + what + ", but is never valid."
	}
	return who + " may " + what + left + "."
}

// mostActivities is how many things the first line says that a client may do.
const mostActivities = 3

// activities returns what the scopes allow, as words for a sentence.
func (r *report) activities() string {
	var found []string
	for i, s := range r.Scopes {
		activity := s.activity()
		if slices.Contains(found, activity) {
			continue
		}
		if len(found) == mostActivities {
			found = append(found, "use "+plural(len(r.Scopes)-i, "more scope"))
			break
		}
		found = append(found, activity)
	}
	if last := len(found) - 1; last > 0 {
		found[last] = "and " + found[last]
	}
	return strings.Join(found, ", ")
}

// plural returns a number of things.
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

func (s scope) activity() string {
	switch name := s.Service + ":" + s.Privilege; name {
	case "client:incoming":
		return "receive calls"
	case "client:outgoing":
		for _, p := range s.Params {
			if p.Name == "appSid" {
				return "place calls through " + shorten(bareValue(p.Value), 60)
			}
		}
		return "place calls through no application"
	case "stream:subscribe":
		return "follow the account's events"
	default:
		return "use the scope " + shorten(name, 60)
	}
}

func (s scope) words() string {
	switch name := s.Service + ":" + s.Privilege; name {
	case "client:incoming":
		return "incoming calls"
	case "client:outgoing":
		return "outgoing calls through a TwiML application"
	case "stream:subscribe":
		return "subscribing to the account's events"
	default:
		return name + " (unknown)"
	}
}

// lines returns the value of a parameter, each item of a list on a line of its
// own.
func (p param) lines() []string {
	switch {
	case p.List == nil && holdsList(p.Name):
		return []string{quoted(p.Value) + " (not well formed)"}
	case p.List == nil:
		return []string{bareValue(p.Value)}
	case len(*p.List) == 0:
		return []string{"(none)"}
	}
	var lines []string
	for _, item := range *p.List {
		lines = append(lines, bareName(item.Name)+" = "+bareValue(item.Value))
	}
	return lines
}

// words returns a claim as JSON: a string is in quotes, so that it is told
// from a number.
func (c claim) words() string {
	if c.Value == nil {
		return "(not shown: the payload is nested too deeply)"
	}
	return string(c.Value)
}

// when returns a time in words, or bare seconds outside the years 1 to 9999.
func (r *report) when(seconds int64) string {
	t := time.Unix(seconds, 0).In(r.now.Location())
	if t.Year() < 1 || t.Year() > 9999 {
		return fmt.Sprintf("Unix second %d", seconds)
	}
	return t.Format("2006-01-02 15:04:05 -0700") + ", " + fromNow(difference(seconds, r.now.Unix()))
}

func fromNow(seconds int64) string {
	switch {
	case seconds < 0:
		return inUnits(difference(0, seconds)) + " ago"
	case seconds > 0:
		return "in " + inUnits(seconds)
	default:
		return "just now"
	}
}

// inUnits returns a duration such as 1d2h3m4s. A time.Duration ends after 292
// years and is not formatted in days.
func inUnits(seconds int64) string {
	s := ""
	for _, unit := range []struct {
		seconds int64
		letter  string
	}{{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}} {
		if n := seconds / unit.seconds; n > 0 {
			s += strconv.FormatInt(n, 10) + unit.letter
		}
		seconds %= unit.seconds
	}
	return s
}
