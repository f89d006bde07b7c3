package main

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/capability"
)

// TestMain runs the server in place of the tests if runServer is set.
func TestMain(m *testing.M) {
	if os.Getenv(runServer) != "" {
		main()
	}
	os.Exit(m.Run())
}

const runServer = "SOFTPHONE_RUN_SERVER"

// TestStartsAsTheReadmeSays runs the command of README.md on a free port.
func TestStartsAsTheReadmeSays(t *testing.T) {
	env, args := readme(t)
	dir := t.TempDir()
	sdk := filepath.Join(dir, "node_modules", "@twilio", "voice-sdk", "dist", "twilio.min.js")
	if err := os.MkdirAll(filepath.Dir(sdk), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(sdk, []byte("// Twilio"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(self, append(args, "-addr", "localhost:0")...)
	server.Dir = dir
	server.Env = append(append(os.Environ(), runServer+"=1"), env...)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Wait()
	defer server.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	site, listening := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !listening {
		t.Fatalf("the server says %q, %v", line, err)
	}

	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request := func(method, path, cookie string, form url.Values) *http.Response {
		t.Helper()
		r, err := http.NewRequest(method, site+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Cookie", cookie)
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer
	}
	cookie := request("POST", "/session", "", url.Values{"name": {"Alice"}}).Cookies()[0]
	base, err := capability.New(value(env, "TWILIO_ACCOUNT_SID"), value(env, "TWILIO_AUTH_TOKEN"))
	if err != nil {
		t.Fatal(err)
	}
	verify(t, base, request("POST", "/token", cookie.Name+"="+cookie.Value, nil))
	if r := request("POST", "/token", "", nil); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token without a cookie: %s", r.Status)
	}
	if got := body(t, request("GET", "/twilio.min.js", "", nil)); got != "// Twilio" {
		t.Errorf("/twilio.min.js is %q", got)
	}
}

// readme returns the variables and the flags of the commands that start the
// server.
func readme(t *testing.T) (env, args []string) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "\n```sh softphone\n")
	block, _, _ = strings.Cut(block, "```")
	for _, line := range strings.Split(strings.ReplaceAll(block, "\\\n", ""), "\n") {
		if variable, ok := strings.CutPrefix(line, "export "); ok {
			env = append(env, variable)
		} else if flags, ok := strings.CutPrefix(line, "go run . "); ok {
			args = strings.Fields(flags)
		}
	}
	if len(env) != 3 || len(args) == 0 {
		t.Fatalf("README.md has the variables %q and the flags %q", env, args)
	}
	return env, args
}

func value(env []string, name string) string {
	for _, variable := range env {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value
		}
	}
	return ""
}
