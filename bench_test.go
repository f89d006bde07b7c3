package capability

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// byHand is the limit: the least that a server can do that has everything settled in advance. It appends the bytes of a
// token, reuses a keyed HMAC and makes one string.
type byHand struct {
	mac    hash.Hash
	sum    [sha256.Size]byte
	buffer []byte
}

func newByHand(authToken string) *sync.Pool {
	return &sync.Pool{New: func() any { return &byHand{mac: hmac.New(sha256.New, []byte(authToken))} }}
}

func (h *byHand) token(clientName string) string {
	b := append(h.buffer[:0], `{"scope":"scope:client:incoming?clientName=`...)
	b = append(b, clientName...)
	b = append(b, ` scope:client:outgoing?appSid=`+benchApplication+`&appParams=Foo%3DBar&clientName=`...)
	b = append(b, clientName...)
	b = append(b, `","iss":"`+benchAccount+`","exp":`...)
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

const (
	benchAccount     = "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	benchAuthToken   = "9d8c7b6a5f4e3d2c1b0a998877665544"
	benchApplication = "AP00112233445566778899aabbccddeeff"
)

func benchBase(b *testing.B) Capability {
	base, err := New(benchAccount, benchAuthToken)
	if err != nil {
		b.Fatal(err)
	}
	return base.WithTTL(10 * time.Minute)
}

// perUser is what a token endpoint does for each of its users.
func perUser(base Capability, clientName string) (string, error) {
	return base.AllowClientIncoming(clientName).AllowClientOutgoing(benchApplication, Param("Foo", "Bar")).GenerateToken()
}

// bench runs f and fails if it ever does.
func bench(b *testing.B, f func() error) {
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
}

var token string // keeps the compiler from leaving work out

func BenchmarkByHand(b *testing.B) {
	pool := newByHand(benchAuthToken)
	bench(b, func() error {
		h := pool.Get().(*byHand)
		token = h.token("Alice")
		pool.Put(h)
		return nil
	})
}

func BenchmarkPerUser(b *testing.B) {
	base := benchBase(b)
	bench(b, func() (err error) {
		token, err = perUser(base, "Alice")
		return err
	})
}

func BenchmarkGenerateToken(b *testing.B) {
	ready := benchBase(b).AllowClientIncoming("Alice").AllowClientOutgoing(benchApplication, Param("Foo", "Bar"))
	bench(b, func() (err error) {
		token, err = ready.GenerateToken()
		return err
	})
}

func BenchmarkAppendToken(b *testing.B) {
	ready := benchBase(b).AllowClientIncoming("Alice").AllowClientOutgoing(benchApplication, Param("Foo", "Bar"))
	buf := make([]byte, 0, 1024)
	bench(b, func() (err error) {
		buf, err = ready.AppendToken(buf[:0])
		return err
	})
}

func BenchmarkParallel(b *testing.B) {
	b.Run("ByHand", func(b *testing.B) {
		pool := newByHand(benchAuthToken)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				h := pool.Get().(*byHand)
				_ = h.token("Alice")
				pool.Put(h)
			}
		})
	})
	b.Run("PerUser", func(b *testing.B) {
		base := benchBase(b)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := perUser(base, "Alice"); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkParams shows that the cost grows with the bytes of the scopes: MB/s count those of the token.
func BenchmarkParams(b *testing.B) {
	base := benchBase(b)
	for _, n := range []int{1, 10, 100, 1000} {
		params := make([]Parameter, n)
		for i := range params {
			params[i] = Param(fmt.Sprint("name", i), "some value")
		}
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			bench(b, func() (err error) {
				token, err = base.AllowClientOutgoing(benchApplication, params...).GenerateToken()
				return err
			})
			b.SetBytes(int64(len(token)))
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	base := benchBase(b)
	token, err := perUser(base, "Alice")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Valid", func(b *testing.B) {
		bench(b, func() error {
			_, err := base.Verify(token)
			return err
		})
	})
	refuse := func(token string) func(b *testing.B) {
		return func(b *testing.B) {
			bench(b, func() error {
				if _, err := base.Verify(token); err == nil {
					b.Fatal("accepted")
				}
				return nil
			})
		}
	}
	b.Run("Forged", refuse(token[:len(token)-1]+"!"))
	b.Run("16MiBOfDots", refuse(strings.Repeat(".", 16<<20)))
	b.Run("16MiBForged", refuse(header+"."+strings.Repeat("A", 16<<20)+token[strings.LastIndexByte(token, '.'):]))
}
