package capability

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	benchAccount     = "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	benchKey         = "SK1f2e3d4c5b6a79889796a5b4c3d2e1f0"
	benchSecret      = "9d8c7b6a5f4e3d2c1b0a998877665544"
	benchApplication = "AP00112233445566778899aabbccddeeff"
)

// BenchmarkRatio prints how many times as long a call takes as a bare loop that
// does the same by hand with everything settled in advance. Both take turns of
// about ten milliseconds, so that the garbage they leave counts and what else
// the machine does weighs on both alike. The ratio is the median of all turns.
//
//	go test -run '^$' -bench Ratio -benchtime 100x .
func BenchmarkRatio(b *testing.B) {
	heap := make([]byte, 64<<20) // as a server has: with an empty one, the garbage collector hardly pauses
	defer runtime.KeepAlive(heap)
	capabilityBase, err := New(benchAccount, benchSecret)
	if err != nil {
		b.Fatal(err)
	}
	accessBase, err := NewWithAPIKey(benchAccount, benchKey, benchSecret)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Capability", func(b *testing.B) { ratios(b, capabilityBase.WithTTL(10*time.Minute)) })
	b.Run("Access", func(b *testing.B) { ratios(b, accessBase.WithTTL(10*time.Minute)) })
}

// ratios measures one kind of token.
func ratios(b *testing.B, base Capability) {
	ready := base.AllowClientIncoming("Alice").AllowClientOutgoing(benchApplication, Param("Foo", "Bar"))
	token, err := ready.GenerateToken()
	if err != nil {
		b.Fatal(err)
	}
	forged := token[:len(token)-1] + "!"
	hand := newByHand(ready)
	buf := make([]byte, 0, len(token))

	b.Run("PerUser", func(b *testing.B) {
		ratio(b, 10000, func() { hand.mint() }, func() { perUser(base, "Alice") })
	})
	b.Run("GenerateToken", func(b *testing.B) {
		ratio(b, 10000, func() { hand.mint() }, func() { ready.GenerateToken() })
	})
	b.Run("AppendToken", func(b *testing.B) {
		ratio(b, 10000, func() { hand.mint() }, func() { ready.AppendToken(buf) })
	})
	for _, n := range []int{1, 10, 100, 1000} {
		params := benchParams(n)
		named := base.WithClientName("Alice")
		hand := newByHand(named.AllowClientOutgoing(benchApplication, params...))
		b.Run("Params/"+strconv.Itoa(n), func(b *testing.B) {
			ratio(b, 10000/n, func() { hand.mint() }, func() {
				named.AllowClientOutgoing(benchApplication, params...).GenerateToken()
			})
		})
	}
	b.Run("Verify", func(b *testing.B) {
		ratio(b, 10000, func() { hand.verify(token) }, func() { base.Verify(token) })
	})
	b.Run("VerifyForged", func(b *testing.B) {
		ratio(b, 10000, func() { hand.verify(token) }, func() { base.Verify(forged) })
	})
}

// ratio runs two functions in turns of so many calls and reports the ratio.
func ratio(b *testing.B, calls int, hand, ours func()) {
	turn := func(f func()) float64 {
		start := time.Now()
		for range calls {
			f()
		}
		return float64(time.Since(start))
	}
	var ratios []float64
	for i := 0; i < b.N; i++ {
		byHand := turn(hand)
		ratios = append(ratios, turn(ours)/byHand)
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-by-hand")
	b.ReportMetric(0, "ns/op") // it would count both
}

// byHand is the least that a server can do: it appends the bytes of a payload
// that is escaped already, reuses a keyed HMAC and its buffers, and makes one
// string.
type byHand struct {
	header        string
	before, after string // of the payload, around the expiry
	mac           hash.Hash
	sum           [sha256.Size]byte
	buffer        []byte
}

// newByHand returns what mints the tokens of a Capability.
func newByHand(c Capability) *byHand {
	payload := string(c.appendPayload(nil, time.Now().Unix(), 999))
	before, after, _ := strings.Cut(payload, `"exp":999`)
	mac := hmac.New(sha256.New, []byte(benchSecret))
	return &byHand{header: c.issuer.header, before: before + `"exp":`, after: after, mac: mac}
}

func (h *byHand) mint() string {
	b := append(h.buffer[:0], h.before...)
	b = strconv.AppendInt(b, time.Now().Unix()+600, 10)
	b = append(b, h.after...)
	n := len(b)
	b = append(b, h.header...)
	b = append(b, '.')
	b = base64.RawURLEncoding.AppendEncode(b, b[:n])
	h.mac.Reset()
	h.mac.Write(b[n:])
	b = append(b, '.')
	b = base64.RawURLEncoding.AppendEncode(b, h.mac.Sum(h.sum[:0]))
	h.buffer = b
	return string(b[n:])
}

// verify checks the signature as written and decodes the payload.
func (h *byHand) verify(token string) string {
	part := strings.SplitN(token, ".", 3)
	h.mac.Reset()
	h.mac.Write([]byte(token[:len(token)-len(part[2])-1]))
	signature := base64.RawURLEncoding.EncodeToString(h.mac.Sum(h.sum[:0]))
	if !hmac.Equal([]byte(signature), []byte(part[2])) {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(part[1])
	if err != nil {
		return ""
	}
	return string(payload)
}

// benchParams returns parameters with values as people have them.
func benchParams(n int) []Parameter {
	values := []string{"a value with spaces & more", "+14155550100", "José García"}
	params := make([]Parameter, n)
	for i := range params {
		params[i] = Param(fmt.Sprint("name", i), values[i%len(values)])
	}
	return params
}

// perUser is what a token endpoint does for each of its users.
func perUser(base Capability, clientName string) (string, error) {
	return base.AllowClientIncoming(clientName).AllowClientOutgoing(benchApplication, Param("Foo", "Bar")).GenerateToken()
}
