// Command access generates an Access Token that allows what the token of command
// byhand does.
package main

import (
	"os"
	"time"

	"example.com/capability"
)

func main() {
	base, err := capability.NewWithAPIKey(os.Getenv("TWILIO_ACCOUNT_SID"), os.Getenv("TWILIO_API_KEY"), os.Getenv("TWILIO_API_SECRET"))
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	token, err := base.
		AllowClientIncoming("Alice").
		AllowClientOutgoing("AP123123", capability.Param("Foo", "Bar")).
		WithTTL(10 * time.Minute).
		GenerateToken()
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString(token + "\n")
}
