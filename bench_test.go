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
	benchAuthToken   = "9d8c7b6a5f4e3d2c1b0a998877665544"
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
	base := benchBase(b)
	ready := base.AllowClientIncoming("Alice").AllowClientOutgoing(benchApplication, Param("Foo", "Bar"))
	token, err := ready.GenerateToken()
	if err != nil {
		b.Fatal(err)
	}
	forged := token[:len(token)-1] + "!"
	payload := `{"scope":"scope:client:incoming?clientName=Alice scope:client:outgoing?appSid=` + benchApplication +
		`&appParams=Foo%3DBar&clientName=Alice","iss":"` + benchAccount + `","exp":`
	hand := newByHand()
	buf := make([]byte, 0, len(token))

	b.Run("PerUser", func(b *testing.B) {
		ratio(b, 10000, func() { hand.mint(payload) }, func() { perUser(base, "Alice") })
	})
	b.Run("GenerateToken", func(b *testing.B) {
		ratio(b, 10000, func() { hand.mint(payload) }, func() { ready.GenerateToken() })
	})
	b.Run("AppendToken", func(b *testing.B) {
		ratio(b, 10000, func() { hand.mint(payload) }, func() { ready.AppendToken(buf) })
	})
	for _, n := range []int{1, 10, 100, 1000} {
		params := benchParams(n)
		only := base.AllowClientOutgoing(benchApplication, params...)
		scope := only.grants.append(nil, "")
		payload := `{"scope":"` + string(scope) + `","iss":"` + benchAccount + `","exp":`
		b.Run("Params/"+strconv.Itoa(n), func(b *testing.B) {
			ratio(b, 10000/n, func() { hand.mint(payload) }, func() {
				base.AllowClientOutgoing(benchApplication, params...).GenerateToken()
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
	mac    hash.Hash
	sum    [sha256.Size]byte
	buffer []byte
}

func newByHand() *byHand {
	return &byHand{mac: hmac.New(sha256.New, []byte(benchAuthToken))}
}

func (h *byHand) mint(payload string) string {
	b := append(h.buffer[:0], payload...)
	b = strconv.AppendInt(b, time.Now().Unix()+600, 10)
	b = append(b, '}')
	n := len(b)
	b = append(b, header+"."...)
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

func benchBase(b *testing.B) Capability {
	base, err := New(benchAccount, benchAuthToken)
	if err != nil {
		b.Fatal(err)
	}
	return base.WithTTL(10 * time.Minute)
}

func benchParams(n int) []Parameter {
	params := make([]Parameter, n)
	for i := range params {
		params[i] = Param(fmt.Sprint("name", i), "some value")
	}
	return params
}

// perUser is what a token endpoint does for each of its users.
func perUser(base Capability, clientName string) (string, error) {
	return base.AllowClientIncoming(clientName).AllowClientOutgoing(benchApplication, Param("Foo", "Bar")).GenerateToken()
}
