package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"time"

	gosmtp "github.com/wneessen/go-mail/smtp"

	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/mime"
)

// phase is how far a conversation has come.
type phase string

const (
	connect phase = "connect"
	greet   phase = "greet"
	secure  phase = "tls"
	login   phase = "auth"
	sender  phase = "mail"
	rcpt    phase = "rcpt"
	data    phase = "data"
	content phase = "content"
	end     phase = "end" // the final dot is written
)

// goodbye bounds the farewell of a mail that is already taken.
const goodbye = time.Second

// Send hands m to the server in a conversation of its own.
//
// The conversation is led command by command over the library's connection: its
// own sender reports a server that hangs up after having taken the mail as a
// failure, and cannot tell a mail cut short from one whose reply was lost.
func (m *Mailer) Send(ctx context.Context, mail notifier.Mail) (notifier.Receipt, error) {
	body, err := mime.Leaving(mail, m.cfg.Inspect)
	if err != nil {
		return notifier.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	t := &talk{at: connect}
	if err := m.converse(ctx, t, mail, body); err != nil {
		return notifier.Receipt{}, t.classify(ctx, err)
	}
	return notifier.Receipt{}, nil
}

// talk is one conversation.
type talk struct {
	at   phase
	wire *wire
}

func (m *Mailer) converse(ctx context.Context, t *talk, mail notifier.Mail, body []byte) error {
	c, err := m.open(ctx, t, mail)
	if err != nil {
		return err
	}
	// Always the bare connection: the library's Close and Quit would end a mail
	// that was cut short with the very dot that makes it whole.
	defer func() { _ = t.wire.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = t.wire.Close() })
	defer stop()

	t.at = sender
	if err := c.Mail("<" + mail.From.Email + ">"); err != nil {
		return err
	}
	t.at = rcpt
	if err := c.Rcpt("<" + mail.To.Email + ">"); err != nil {
		return err
	}
	t.at = data
	w, err := c.Data()
	if err != nil {
		return err
	}
	dots, ok := w.(*gosmtp.DataCloser)
	if !ok {
		return errors.New("the library has another writer than we know")
	}
	// Until the final dot is written, to its last byte, the server has taken
	// nothing. So write it apart from reading the reply: the library's own Close
	// does both and drops the first one's error.
	t.at = content
	if _, err := dots.Write(body); err != nil {
		return err
	}
	if err := dots.WriteCloser.Close(); err != nil {
		return err
	}
	// From here on it may have.
	t.at = end
	if _, _, err := c.Text.ReadResponse(250); err != nil {
		return err
	}
	// Taken. What fails now is no longer about the mail.
	if stop() {
		_ = t.wire.SetDeadline(time.Now().Add(goodbye))
		_ = c.Quit()
	}
	return nil
}

// open connects, protects the connection and signs in. On an error it leaves
// nothing open.
func (m *Mailer) open(ctx context.Context, t *talk, mail notifier.Mail) (_ *gosmtp.Client, err error) {
	raw, err := m.connect(ctx)
	if err != nil {
		return nil, err
	}
	t.wire = &wire{Conn: raw}
	stop := context.AfterFunc(ctx, func() { _ = t.wire.Close() })
	defer stop()
	defer func() {
		if err != nil {
			_ = t.wire.Close()
		}
	}()
	if m.cfg.TLS == Plain && !remoteIsLoopback(raw) {
		return nil, errNotLocal
	}
	var conn net.Conn = t.wire
	if m.cfg.TLS == Implicit {
		t.at = secure
		secured := tls.Client(t.wire, m.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = secured
	}
	t.at = greet
	c, err := gosmtp.NewClient(conn, m.cfg.Host)
	if err != nil {
		return nil, err
	}
	c.SkipSMTPUTF8(true) // our addresses are ASCII, and our headers are encoded
	if err := c.Hello(m.hello(mail)); err != nil {
		return nil, err
	}
	if m.cfg.TLS == Required {
		t.at = secure
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return nil, errNoTLS
		}
		if err := c.StartTLS(m.tls); err != nil {
			return nil, err
		}
	}
	if m.cfg.Username != "" {
		t.at = login
		auth, err := m.auth(c)
		if err != nil {
			return nil, err
		}
		if err := c.Auth(auth); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (m *Mailer) connect(ctx context.Context) (net.Conn, error) {
	if m.dial != nil {
		return m.dial("tcp", m.cfg.Timeout, m.addr())
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", m.addr())
}

func remoteIsLoopback(c net.Conn) bool {
	a, ok := c.RemoteAddr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}

func (m *Mailer) hello(mail notifier.Mail) string {
	if m.cfg.Hello != "" {
		return m.cfg.Hello
	}
	_, domain, _ := strings.Cut(mail.From.Email, "@")
	return domain
}

// auth takes the first mechanism of ours that the server offers. Those that
// show the password come after the one that does not; both are behind TLS, or
// on this machine.
func (m *Mailer) auth(c *gosmtp.Client) (gosmtp.Auth, error) {
	_, offered := c.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	user, pass, local := m.cfg.Username, m.password(), m.cfg.TLS == Plain
	switch {
	case slices.Contains(mechanisms, "SCRAM-SHA-256"):
		return gosmtp.ScramSHA256Auth(user, pass), nil
	case slices.Contains(mechanisms, "PLAIN"):
		return gosmtp.PlainAuth("", user, pass, m.cfg.Host, local), nil
	case slices.Contains(mechanisms, "LOGIN"):
		return gosmtp.LoginAuth(user, pass, m.cfg.Host, local), nil
	case slices.Contains(mechanisms, "CRAM-MD5"):
		return gosmtp.CRAMMD5Auth(user, pass), nil
	default:
		return nil, errNoAuth
	}
}

var (
	errNotLocal = errors.New("the server is not on this machine, and plain is for this machine alone")
	errNoTLS    = errors.New("the server offers no STARTTLS")
	errNoAuth   = errors.New("the server offers no way to sign in that we know")
	errWords    = errors.New("the server's words could not be read")
	errTooLong  = errors.New("the server says too much")
)

// wire is the connection below TLS. It bounds what a server may say.
type wire struct {
	net.Conn
	read int64 // by the one goroutine that reads
}

// maxReplies is many times what certificates and replies need.
const maxReplies = 1 << 20

func (w *wire) Read(b []byte) (int, error) {
	if w.read >= maxReplies {
		return 0, errTooLong
	}
	n, err := w.Conn.Read(b)
	w.read += int64(n)
	return n, err
}

// ReplyError is what the server answered: codes alone, since its text may repeat
// an address.
type ReplyError struct {
	Code     int
	Enhanced string // such as "5.1.1", "" where the server gave none
}

// Error is the codes.
func (r *ReplyError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("smtp %d %s", r.Code, r.Enhanced))
}

func replyOf(err error) (*ReplyError, bool) {
	var te *textproto.Error
	if !errors.As(err, &te) {
		return nil, false
	}
	word, _, _ := strings.Cut(te.Msg, " ")
	return &ReplyError{Code: te.Code, Enhanced: enhanced(word)}, true
}

// enhanced accepts a status of RFC 3463 and nothing else.
func enhanced(word string) string {
	parts := strings.Split(word, ".")
	if len(parts) != 3 || !slices.Contains([]string{"2", "4", "5"}, parts[0]) {
		return ""
	}
	for _, p := range parts {
		if p == "" || len(p) > 3 || strings.Trim(p, "0123456789") != "" {
			return ""
		}
	}
	return word
}
