package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows/runner"
)

// Operator reads what a Mooring on this machine, or behind NATS_URL, knows. It
// decides nothing and sends nothing; Close gives everything back.
type Operator struct {
	reader
	clientKey []byte
	// addr is the embedded server's address, empty with an external one.
	addr   string
	dir    string
	lock   *os.File          // held while no Mooring runs here
	server *jetstream.Server // ours, while no Mooring runs here
}

// ErrNotRunning says that a data folder is there and no Mooring works on it.
var ErrNotRunning = errors.New("no Mooring is running on the data folder")

// ErrUnknownClient says that no event about a client was ever decided on.
var ErrUnknownClient = errors.New("nobody has heard of this client")

// connectWithin is how long a command waits for a Mooring that is just
// starting or stopping.
const connectWithin = 10 * time.Second

// OpenOperator reaches the Mooring that runs on the data folder or, with
// NATS_URL, on that server. When none runs, it opens the folder's streams
// itself until Close, and no other process can meanwhile.
func OpenOperator(ctx context.Context, cfg Config) (*Operator, error) {
	return openOperator(ctx, cfg, true)
}

// openOperator is OpenOperator; with whenStopped false its error is
// ErrNotRunning where no Mooring runs.
func openOperator(ctx context.Context, cfg Config, whenStopped bool) (_ *Operator, err error) {
	o := &Operator{reader: reader{clock: &Clock{}}, dir: cfg.Data}
	defer func() {
		if err != nil {
			o.Close()
		}
	}()
	key := string(cfg.ClientKey)
	if cfg.NATSURL != "" {
		if key == "" {
			return nil, &ConfigError{"MOORING_CLIENT_KEY", "must be set with NATS_URL: it leads from an EHR's id to the client's records"}
		}
		o.store, err = jetstream.Connect(ctx, jetstream.Options{URL: cfg.NATSURL, Creds: cfg.NATSCreds, Beside: true})
	} else {
		if key == "" {
			if key, err = kept(cfg.Data, "client-key"); err != nil {
				return nil, err
			}
		}
		err = o.openFolder(ctx, cfg, whenStopped)
	}
	if err != nil {
		return nil, err
	}
	if o.clientKey, err = base64.StdEncoding.DecodeString(key); err != nil {
		return nil, &ConfigError{"MOORING_CLIENT_KEY", "is not base64"}
	}
	if err := o.store.CompareClientKey(ctx, o.clientKey); err != nil {
		return nil, fmt.Errorf("check MOORING_CLIENT_KEY: %w", err)
	}
	if err := o.readClock(ctx, cfg); err != nil {
		return nil, err
	}
	if err := o.readClinics(ctx); err != nil {
		return nil, err
	}
	// Only ever asked for states: it has no outbox and no timers.
	o.runner, err = runner.New(runner.Config{Log: o.store, Now: o.clock.Now, Logger: slog.New(slog.DiscardHandler)})
	return o, err
}

// kept reads a key that a first start has made.
func kept(dir, name string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, "keys", name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", &ConfigError{"MOORING_DATA", "there is no Mooring's data in " + dir + "; run the command where `mooring serve` runs, or name its data folder"}
	}
	if err != nil {
		return "", fmt.Errorf("read the key %s: %w", name, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// openFolder connects to the Mooring on the data folder, or stands in for it.
// A Mooring that is just starting or stopping makes it try again.
func (o *Operator) openFolder(ctx context.Context, cfg Config, whenStopped bool) error {
	password, err := kept(cfg.Data, "nats-operator-password")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	for {
		err := o.standIn(ctx, cfg, whenStopped)
		if !errors.Is(err, errInUse) {
			return err
		}
		o.addr = readAddress(cfg.Data, cfg.NATSListen)
		o.store, err = jetstream.Connect(ctx, jetstream.Options{
			URL: "nats://" + o.addr, User: jetstream.UserOperator, Password: password, Beside: true,
		})
		if err == nil {
			return nil
		}
		if !pause(ctx, 100*time.Millisecond) {
			return fmt.Errorf("reach the Mooring that runs on %s at %s: %w", cfg.Data, o.addr, err)
		}
	}
}

// standIn opens the streams while no Mooring runs; errInUse when one does.
func (o *Operator) standIn(ctx context.Context, cfg Config, whenStopped bool) error {
	lock, err := lockData(cfg.Data)
	if err != nil {
		return err
	}
	o.lock = lock
	if !whenStopped {
		return ErrNotRunning
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, "streams")); err != nil {
		return fmt.Errorf("open %s: %w", cfg.Data, jetstream.ErrNoStreams)
	}
	store, old, err := storeKeys(&cfg)
	if err != nil {
		return err
	}
	// Other commands may come meanwhile, events may not.
	password, err := kept(cfg.Data, "nats-operator-password")
	if err != nil {
		return err
	}
	o.server, err = jetstream.StartServer(jetstream.ServerConfig{
		Dir: filepath.Join(cfg.Data, "streams"), Listen: "127.0.0.1:0",
		EventsPassword: rand.Text(), OperatorPassword: password,
		SyncAlways: cfg.StoreSync == "always", StoreKey: store, OldStoreKey: old,
	})
	if err != nil {
		return err
	}
	if err := writeAddress(cfg.Data, o.server.Addr()); err != nil {
		return err
	}
	o.store, err = jetstream.Connect(ctx, jetstream.Options{Server: o.server, Beside: true})
	return err
}

// readClock shows the program's time, where it keeps one of its own.
func (o *Operator) readClock(ctx context.Context, cfg Config) error {
	e, err := o.store.KeptEpoch(ctx)
	if errors.Is(err, jetstream.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	switch age := time.Since(e.Real); {
	case age <= stoppedAfter:
	case o.server != nil || cfg.TimeSpeed != 1 || cfg.TimeStart != "":
		e.Real = time.Now() // while nobody runs, such a clock stands still
	default:
		return nil // a Mooring at the speed of life keeps no epoch fresh
	}
	o.clock.epoch.Store(&e)
	return nil
}

// readClinics reads the clinics as the program has them in force, whatever
// this command's environment says.
func (o *Operator) readClinics(ctx context.Context) error {
	base, err := templates.Builtin()
	if err != nil {
		return fmt.Errorf("read the built-in wording: %w", err)
	}
	current, err := o.store.CurrentDirectories(ctx)
	if err != nil {
		return err
	}
	o.clinics = &clinics{store: o.store, base: base, byID: map[string]*clinic{}}
	for id, v := range current {
		if o.clinics.byID[id], err = o.clinics.stored(ctx, id, v); err != nil {
			return err
		}
	}
	return nil
}

// Close gives back connection, server and lock.
func (o *Operator) Close() {
	if o.store != nil {
		o.store.Close()
	}
	if o.server != nil {
		o.server.Stop()
		_ = os.Remove(addressFile(o.dir))
	}
	if o.lock != nil {
		_ = o.lock.Close()
	}
}

// ClinicError is a clinic that was not named or does not exist.
type ClinicError struct{ text string }

// Error lists the clinics there are.
func (e *ClinicError) Error() string { return e.text }

// Clinic is the clinic that a command means: the one named, or the only one.
// Its error is a *ClinicError.
func (o *Operator) Clinic(named string) (string, error) {
	return chooseClinic(named, slices.Sorted(maps.Keys(o.clinics.byID)))
}

func chooseClinic(named string, ids []string) (string, error) {
	list := strings.Join(ids, ", ")
	switch {
	case named != "" && slices.Contains(ids, named):
		return named, nil
	case named != "":
		return "", &ClinicError{fmt.Sprintf("there is no clinic %q here; there is: %s", named, list)}
	case len(ids) == 1:
		return ids[0], nil
	case len(ids) == 0:
		return "", &ClinicError{"no clinic is configured here yet"}
	}
	return "", &ClinicError{"there are several clinics; name one with --clinic: " + list}
}

// Running says whether a Mooring works on what this reads.
func (o *Operator) Running() bool { return o.server == nil }

// Now is the program's time.
func (o *Operator) Now() time.Time { return o.clock.Now() }

// ref is the client of an EHR's id.
func (o *Operator) ref(clinic, ehrID string) runner.Ref {
	return runner.Ref{Clinic: clinic, Key: events.ClientKey(o.clientKey, clinic, ehrID)}
}

// writeWhole writes a small file of the data folder whole or not at all.
func writeWhole(path, text string) error {
	tmp := path + ".new"
	err := os.WriteFile(tmp, []byte(text+"\n"), 0o600)
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return &ConfigError{"MOORING_DATA", "cannot be written: " + errText(err)}
	}
	return nil
}

// addressFile holds where the embedded server of a data folder listens.
func addressFile(dir string) string { return filepath.Join(dir, "nats-address") }

// writeAddress tells commands on this machine where the embedded server
// listens. The lock says whether it holds.
func writeAddress(dir, addr string) error { return writeWhole(addressFile(dir), addr) }

// readAddress is where to reach the embedded server from this machine.
func readAddress(dir, otherwise string) string {
	addr := otherwise
	if b, err := os.ReadFile(addressFile(dir)); err == nil {
		addr = strings.TrimSpace(string(b))
	}
	return Loopback(addr)
}

// Loopback is how this machine reaches a host:port that may mean every
// interface.
func Loopback(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
