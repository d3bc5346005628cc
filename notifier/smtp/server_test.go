package smtp

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is a mail server that fails as it is told.
type server struct {
	// What to answer at each point, "" for the usual. A reply of cut closes the
	// connection instead, stall never answers.
	greet, ehlo, starttls, auth, mail, rcpt, data, dot string
	// partial resets the connection after so many octets of the mail.
	partial int
	noTLS   bool // STARTTLS is not offered
	mechs   string

	tls      *tls.Config
	implicit bool

	host string
	port int

	mu    sync.Mutex
	taken []string // mails whose final dot arrived
	login []string // AUTH lines
	done  chan struct{}
}

const (
	cut   = "cut"
	stall = "stall"
)

func (s *server) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal("not a TCP listener")
	}
	s.host, s.port, s.done = "127.0.0.1", addr.Port, make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		close(s.done)
		_ = l.Close()
		wg.Wait()
	})
}

// say answers, and reports whether the conversation goes on.
func (s *server) say(c net.Conn, told, usual string) bool {
	switch told {
	case cut:
		return false
	case stall:
		<-s.done
		return false
	case "":
		told = usual
	}
	_, err := c.Write([]byte(told + "\r\n"))
	return err == nil
}

func (s *server) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	if tc, ok := c.(*net.TCPConn); ok && s.partial > 0 {
		_ = tc.SetReadBuffer(4096)
		_ = tc.SetLinger(0)
	}
	go func() { <-s.done; _ = c.SetDeadline(time.Unix(1, 0)) }()
	if s.implicit {
		c = tls.Server(c, s.tls)
	}
	r := bufio.NewReader(c)
	if !s.say(c, s.greet, "220 mail.test ready") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		on := false
		switch strings.ToUpper(verb) {
		case "EHLO":
			offer := "250-mail.test\r\n"
			if s.tls != nil && !s.noTLS && !s.implicit {
				offer += "250-STARTTLS\r\n"
			}
			if s.mechs != "" {
				offer += "250-AUTH " + s.mechs + "\r\n"
			}
			on = s.say(c, s.ehlo, offer+"250 ENHANCEDSTATUSCODES")
		case "HELO":
			on = s.say(c, s.ehlo, "250 mail.test")
		case "STARTTLS":
			if on = s.say(c, s.starttls, "220 go"); on && s.starttls == "" {
				c = tls.Server(c, s.tls)
				r = bufio.NewReader(c)
			}
		case "AUTH":
			s.mu.Lock()
			s.login = append(s.login, strings.TrimSpace(line))
			s.mu.Unlock()
			on = s.say(c, s.auth, "235 2.7.0 welcome")
		case "MAIL":
			on = s.say(c, s.mail, "250 2.1.0 ok")
		case "RCPT":
			on = s.say(c, s.rcpt, "250 2.1.5 ok")
		case "DATA":
			if on = s.say(c, s.data, "354 go on"); !on || s.data != "" {
				break
			}
			if s.partial > 0 {
				_, _ = r.Discard(s.partial)
				return
			}
			text, err := readDots(r)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.taken = append(s.taken, text)
			s.mu.Unlock()
			on = s.say(c, s.dot, "250 2.0.0 taken")
		case "QUIT":
			_ = s.say(c, "", "221 bye")
		default:
			on = s.say(c, "", "502 5.5.2 what?")
		}
		if !on {
			return
		}
	}
}

func readDots(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return b.String(), err
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

// certificate makes a certificate for 127.0.0.1, the pool that trusts it, and
// its PEM-ready parts.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
}
