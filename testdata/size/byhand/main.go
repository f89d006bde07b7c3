// Command byhand mints a token without the package, with as little as it takes.
// The size of the package is how much larger than this command mint is.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"strconv"
	"time"
)

func main() {
	payload := `{"scope":"scope:client:incoming?clientName=Alice` +
		` scope:client:outgoing?appSid=AP123123&appParams=Foo%3DBar&clientName=Alice",` +
		`"iss":"` + os.Getenv("TWILIO_ACCOUNT_SID") + `","exp":` + strconv.FormatInt(time.Now().Unix()+600, 10) + `}`
	token := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(payload))
	mac := hmac.New(sha256.New, []byte(os.Getenv("TWILIO_AUTH_TOKEN")))
	mac.Write([]byte(token))
	os.Stdout.WriteString(token + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + "\n")
}
