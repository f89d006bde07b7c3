package main

import (
	"errors"
	"regexp"
	"strings"

	"example.com/capability"
)

// credentials returns the Capability of the account in the environment.
func (t *tool) credentials(command string) (capability.Capability, error) {
	sid, auth := t.getenv(sidVariable), t.getenv(authVariable)
	missing := ""
	switch {
	case sid == "" && auth == "":
		missing = sidVariable + " and " + authVariable + " are"
	case sid == "":
		missing = sidVariable + " is"
	case auth == "":
		missing = authVariable + " is"
	}
	if missing != "" {
		return capability.Capability{}, incorrect(command, missing+" not set in the environment")
	}
	base, err := capability.New(sid, auth)
	if err == nil {
		return base, nil
	}
	name, value := sidVariable, sid
	if errors.Is(err, capability.ErrAuthToken) {
		name, value = authVariable, auth
	}
	hint := "This is the value of " + name + "."
	if odd := plainlyOdd(name, value); odd != "" {
		hint = strings.ToUpper(odd[:1]) + odd[1:] + "."
	}
	return base, rejected(codeCredentials, bareReason(err), hint)
}

var (
	placeholderCredential = regexp.MustCompile(`(?i)\$\{|\$\(|\{\{|^\$|^%.*%$|^<.*>$|your|x{6}|\*{3}|changeme|example|placeholder|token_?here`)
	hexAuthToken          = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)
	hexSID                = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
)

// plainlyOdd says what is odd about a credential, without showing it, if it
// cannot be right; otherwise it returns "".
func plainlyOdd(name, value string) string {
	switch {
	case value == "":
		return ""
	case strings.TrimSpace(value) == "":
		return name + " is nothing but white space"
	case strings.Trim(value, quotationMarks) != value:
		return name + " has quotation marks around it, which become a part of it"
	case strings.Trim(value, " \t\r\n") != value:
		return name + " has a space or a newline around it"
	case placeholderCredential.MatchString(value):
		return name + " is a placeholder"
	case name == authVariable && sidShape.MatchString(value):
		return name + " looks like a SID"
	}
	return ""
}

// oddCredentials says what is odd about the credentials in the environment.
// Those of documentation, such as AC123123, are short and not odd.
func (t *tool) oddCredentials() []string {
	var odd []string
	for _, c := range []struct {
		name, want string
		documented int
		shape      *regexp.Regexp
	}{
		{sidVariable, "AC and 32 hexadecimal digits", len("AC123123"), hexSID},
		{authVariable, "32 hexadecimal digits", 6, hexAuthToken},
	} {
		value := t.getenv(c.name)
		if what := plainlyOdd(c.name, value); what != "" {
			odd = append(odd, what)
		} else if len(value) > c.documented && !c.shape.MatchString(value) {
			odd = append(odd, c.name+" is not "+c.want+", as Twilio's are")
		}
	}
	return odd
}
