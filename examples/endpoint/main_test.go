package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"

	"example.com/capability"
)

// TestCurl sends the request of the README's curl command.
func TestCurl(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	curl := regexp.MustCompile(`curl -X (\w+) -H '([\w-]+): ([^']+)' http://localhost:8080(/\w+)`).FindStringSubmatch(string(readme))
	if curl == nil {
		t.Fatal("there is no curl command in README.md")
	}
	base, err := capability.NewWithAPIKey("AC123123", "SK123123", "long-enough-for-FIPS-140-3-mode")
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(curl[1], curl[4], nil)
	request.Header.Set(curl[2], curl[3])
	response := httptest.NewRecorder()
	routes(base).ServeHTTP(response, request)
	if got := response.Header().Get("Cache-Control"); response.Code != 200 || got != "no-store" {
		t.Fatalf("%s: status %d, Cache-Control %q: %s", curl[0], response.Code, got, response.Body)
	}
	var body struct{ Token string }
	if err := json.Unmarshal(response.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if claims, err := base.Verify(body.Token); err != nil || claims.ClientName() != "Alice" {
		t.Errorf("the token is for %q: %v", claims.ClientName(), err)
	}
}

// TestRefused sends requests that get no token.
func TestRefused(t *testing.T) {
	base, err := capability.NewWithAPIKey("AC123123", "SK123123", "long-enough-for-FIPS-140-3-mode")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, method, site string
		want               int
	}{
		{"from a page of another site", "POST", "cross-site", 403},
		{"from no page", "POST", "", 403},
		{"by a link", "GET", "same-origin", 405},
	}
	for _, test := range tests {
		request := httptest.NewRequest(test.method, "/token", nil)
		request.Header.Set("Sec-Fetch-Site", test.site)
		response := httptest.NewRecorder()
		routes(base).ServeHTTP(response, request)
		if response.Code != test.want {
			t.Errorf("a request %s: status %d, want %d", test.name, response.Code, test.want)
		}
	}
}
