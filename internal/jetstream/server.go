package jetstream

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/mooring-care/mooring/events"
)

// ServerConfig describes the embedded server.
type ServerConfig struct {
	// Dir is where the streams are kept.
	Dir string
	// Listen is the client port's address, host:port; port 0 picks a free one.
	Listen string
	// EventsPassword is the password of the user "events", who may publish
	// events.> and bulk.> and read replies, nothing else.
	EventsPassword string
	// OperatorPassword is the password of the user "operator", our own
	// commands on the same machine.
	OperatorPassword string
	// SyncAlways flushes every write to disk before it is acknowledged.
	SyncAlways bool
	// StoreKey encrypts the streams at rest; OldStoreKey reads those written
	// under the key before. Empty means plain.
	StoreKey, OldStoreKey string
	Log                   *slog.Logger
}

// Server is a running embedded NATS server.
type Server struct {
	ns       *server.Server
	internal string
}

// The embedded server's users.
const (
	UserEvents   = "events"
	UserOperator = "operator"
	userInternal = "mooring"
)

// inboxPrefix keeps our own replies out of the reach of the user "events",
// who may read _INBOX.> only.
const inboxPrefix = "_MOORING_INBOX"

// StartServer starts the embedded server and returns once it is ready.
func StartServer(cfg ServerConfig) (*Server, error) {
	host, portText, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("read the embedded server's address %q: %w", cfg.Listen, err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("read the embedded server's port %q: %w", portText, err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	inside, outside, err := accounts()
	if err != nil {
		return nil, fmt.Errorf("set up the embedded server's accounts: %w", err)
	}
	internal := randomPassword()
	opts := &server.Options{
		ServerName: "mooring",
		Host:       host,
		Port:       port,
		JetStream:  true,
		StoreDir:   cfg.Dir,
		SyncAlways: cfg.SyncAlways,
		NoSigs:     true,
		NoLog:      true,
		MaxPayload: 1 << 20,
		MaxPending: 256 << 20,
		Accounts:   []*server.Account{inside, outside},
		Users: []*server.User{
			// Without permissions to check, a user may do everything in its account.
			{Username: userInternal, Password: internal, Account: inside},
			{Username: UserOperator, Password: cfg.OperatorPassword, Account: inside},
			{Username: UserEvents, Password: cfg.EventsPassword, Account: outside, Permissions: &server.Permissions{
				Publish:   &server.SubjectPermission{Allow: []string{"events.>", "bulk.>"}},
				Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
			}},
		},
	}
	opts.JetStreamMaxStore = 1 << 50 // the disk's size is the operator's choice
	opts.JetStreamMaxMemory = 64 << 20
	if cfg.StoreKey != "" {
		opts.JetStreamKey = cfg.StoreKey
		opts.JetStreamOldKey = cfg.OldStoreKey
		opts.JetStreamCipher = server.ChaCha
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("set up the embedded NATS server: %w", err)
	}
	if cfg.Log != nil {
		ns.SetLoggerV2(serverLog{cfg.Log}, false, false, false)
	}
	ns.Start()
	if !ns.ReadyForConnections(30 * time.Second) {
		ns.Shutdown()
		ns.WaitForShutdown()
		return nil, fmt.Errorf("start the embedded NATS server on %s: it was not ready within 30 s; is the port taken, or the store key another one?", cfg.Listen)
	}
	if err := openStore(ns, cfg.Dir); err != nil {
		ns.Shutdown()
		ns.WaitForShutdown()
		return nil, fmt.Errorf("start the embedded NATS server: %w", err)
	}
	return &Server{ns: ns, internal: internal}, nil
}

// accounts makes two, because replies travel on subjects too: in one account,
// whoever publishes an event names the subject that its acknowledgement is
// stored under, a client's log included. The clinic's systems stand outside
// and hand events in through two doors; replies lead back outside.
func accounts() (inside, outside *server.Account, err error) {
	inside, outside = server.NewAccount(server.DEFAULT_GLOBAL_ACCOUNT), server.NewAccount("OUTSIDE")
	for _, subject := range []string{events.SubjectEvents + ".>", events.SubjectBulk + ".>"} {
		if err := inside.AddServiceExport(subject, []*server.Account{outside}); err != nil {
			return nil, nil, err
		}
		if err := outside.AddServiceImport(inside, subject, subject); err != nil {
			return nil, nil, err
		}
	}
	return inside, outside, nil
}

// openStore opens the streams of our own account, every one of them: with
// another key the server passes over what it cannot read and would go on
// without it.
func openStore(ns *server.Server, dir string) error {
	if !ns.JetStreamEnabled() {
		return errors.New("its store could not be opened; is another process using the data folder?")
	}
	inside := ns.GlobalAccount()
	if err := inside.EnableJetStream(nil, nil); err != nil {
		return fmt.Errorf("open its streams: %w", err)
	}
	folder := filepath.Join(dir, server.JetStreamStoreDir, server.DEFAULT_GLOBAL_ACCOUNT, "streams")
	kept, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look into its data folder: %w", err)
	}
	whole := 0
	for _, k := range kept {
		// A crash may leave a stream that was never quite made; it has no such file.
		if _, err := os.Stat(filepath.Join(folder, k.Name(), server.JetStreamMetaFile)); err == nil {
			whole++
		}
	}
	if open := inside.JetStreamUsage().Streams; open < whole {
		return fmt.Errorf("of %d streams in its data folder only %d could be read: %w", whole, open, ErrStoreKey)
	}
	return nil
}

// ErrStoreKey says that the streams on disk cannot be read.
var ErrStoreKey = errors.New("is the store key the one they were written under? Nothing was changed")

// Addr is the client port's address, host:port.
func (s *Server) Addr() string {
	addr := s.ns.Addr()
	if addr == nil {
		return ""
	}
	return addr.String()
}

// Stop shuts the server down and waits for its files to be closed.
func (s *Server) Stop() {
	s.ns.Shutdown()
	s.ns.WaitForShutdown()
}

func randomPassword() string {
	return rand.Text()
}

// serverLog passes the embedded server's warnings and errors on. Its notices
// and traces are of no use to a clinic.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(string, ...any) {}
func (l serverLog) Debugf(string, ...any)  {}
func (l serverLog) Tracef(string, ...any)  {}
func (l serverLog) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Plaintext passwords") {
		return // ours are random, live in memory and in files of mode 0600
	}
	l.log.Warn("nats", "text", fmt.Sprintf(format, v...))
}

func (l serverLog) Errorf(format string, v ...any) {
	l.log.Error("nats", "text", fmt.Sprintf(format, v...))
}

func (l serverLog) Fatalf(format string, v ...any) {
	l.log.Error("nats", "text", fmt.Sprintf(format, v...))
}
