package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// FuzzRun gives anything to verify and inspect, by argument and by standard
// input, as a page and as JSON. What it prints has to be text that a terminal
// shows as it stands, without the secrets, and a reason in one line.
func FuzzRun(f *testing.F) {
	skipWithoutShortKeys(f)
	f.Add([]byte("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.x"), false, false)
	for i, d := range slices.Concat(damages(minted(f, true)), contents(), accessContents()) {
		if i%5 == 0 {
			f.Add([]byte(d.text), i%2 == 0, i%3 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, verify, asPayload bool) {
		input := string(text)
		if asPayload && len(text)%2 == 0 {
			input = signed(header, input)
		} else if asPayload {
			input = signedBy(apiKey, accessHeader, input)
		}
		command := map[bool]string{false: "inspect", true: "verify"}[verify]
		for _, args := range [][]string{{command}, {command, "-json"}, {command, "--", input}} {
			status, stdout, stderr := call(args, credentials(), bytes.NewReader([]byte(input)))
			checkClean(t, "the page", stdout)
			if status == 1 {
				checkLines(t, "the refusal", stderr)
			}
			if status > 1 || (status == 0) != (stderr == "") || status == 1 && (stdout == "") == (len(args) == 2 && args[1] == "-json") {
				t.Errorf("%q: status %d, output %q, errors %q", args, status, stdout, stderr)
			}
			if len(args) == 2 && !json.Valid([]byte(stdout)) {
				t.Errorf("no JSON: %s", stdout)
			}
			if strings.Contains(stdout, "\nVERIFIED") {
				t.Errorf("a line looks like a verdict: %s", stdout)
			}
		}
	})
}
