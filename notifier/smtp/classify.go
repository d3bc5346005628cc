package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/mooring-care/mooring/notifier"
)

// pause is how long the whole account waits when the server refuses us, not
// this mail: a person has to act.
const pause = 5 * time.Minute

// classify says what an error at this point of the conversation means, and
// whether it is about the whole account.
//
//	cannot connect, or cut before the final dot       retry-after
//	no TLS, or its certificate is wrong               retry-after, whole account
//	sign-in refused (also 530, 534, 535, 538 later)   retry-after, whole account
//	5xx to greeting, EHLO or STARTTLS                 retry-after, whole account
//	4xx at any point                                  retry-after; at sign-in, whole account
//	5xx to MAIL                                       retry-after, whole account
//	5xx to RCPT, DATA or the final dot                permanent
//	the final dot could not be written                retry-after
//	the final dot was written, no clear reply came    ambiguous
func (t *talk) classify(ctx context.Context, err error) error {
	if r, ok := replyOf(err); ok {
		return t.classifyReply(r)
	}
	out := &notifier.SendError{Class: notifier.RetryAfter, Detail: "smtp " + string(t.at) + " " + t.cause(ctx, err), Err: printable(ctx, err)}
	var cert *tls.CertificateVerificationError
	switch {
	case t.at == end:
		out.Class = notifier.Ambiguous
	case errors.Is(err, errNoTLS), errors.Is(err, errNoAuth), errors.Is(err, errNotLocal), errors.As(err, &cert):
		out.Provider, out.After = true, pause
	}
	return out
}

func (t *talk) classifyReply(r *ReplyError) error {
	out := &notifier.SendError{Class: notifier.RetryAfter, Detail: r.Error(), Err: r}
	signIn := t.at == login || r.Code == 530 || r.Code == 534 || r.Code == 535 || r.Code == 538
	// The sender is the clinic's own, the same in every mail.
	ours := t.at == connect || t.at == greet || t.at == secure || t.at == sender
	switch {
	case t.at == end && r.Code/100 == 2:
		return nil // 251 and its like are completions too
	case r.Code/100 == 4:
		out.Provider = t.at == login
	case signIn, ours && r.Code/100 == 5:
		out.Provider, out.After = true, pause
	case r.Code/100 == 5:
		out.Class = notifier.Permanent
	case t.at == end:
		out.Class = notifier.Ambiguous // no reply that RFC 5321 knows here
	}
	return out
}

// cause is one word for an error that is not a reply.
func (t *talk) cause(ctx context.Context, err error) string {
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "timed out"
	case ctx.Err() != nil:
		return "cancelled"
	case errors.Is(err, errNoTLS), errors.Is(err, errNoAuth):
		return "not offered"
	case errors.Is(err, errNotLocal):
		return "not local"
	case errors.As(err, &cert):
		return "certificate"
	case errors.Is(printable(ctx, err), errWords), errors.Is(err, errTooLong):
		return "unreadable"
	case t.at == connect:
		return "failed"
	default:
		return "cut"
	}
}

// printable keeps errors that speak of the connection alone. Others may hold
// what the server said.
func printable(ctx context.Context, err error) error {
	var ne net.Error
	var cert *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &ne):
		return ne
	case errors.As(err, &cert):
		return cert
	}
	for _, known := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, errNoTLS, errNoAuth, errNotLocal, errTooLong} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errWords
}
