// Mint prints a capability token for Alice, who may receive calls and place
// calls through a TwiML application.
package main

import (
	"fmt"
	"log"
	"os"
	"time"

	"example.com/capability"
)

func main() {
	accountSID, authToken := os.Getenv("TWILIO_ACCOUNT_SID"), os.Getenv("TWILIO_AUTH_TOKEN")
	base, err := capability.New(accountSID, authToken)
	// for Access Tokens: NewWithAPIKey(accountSID, apiKeySID, apiKeySecret)
	if err != nil {
		log.Fatal(err)
	}
	token, err := base.
		AllowClientIncoming("Alice").
		AllowClientOutgoing("AP123123", capability.Param("Foo", "Bar")).
		WithTTL(10 * time.Minute).
		GenerateToken()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token)
}
