package jetstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/runner"
)

// MinServer is the oldest server that keeps the promises relied on here.
const MinServer = "2.14.0"

// Options describe a connection to a JetStream.
type Options struct {
	// URL and Creds reach an external server; Server is the embedded one and
	// wins when set.
	URL, Creds string
	Server     *Server
	// User and Password sign in at URL where it carries none.
	User, Password string
	// Beside is for commands beside a running program: the streams are opened
	// as they are and none is made.
	Beside bool
	// Alone says that no other process appends decisions while this one is
	// connected: then it need not ask for what it wrote itself.
	Alone bool
	// Replicas of each stream: 0 means 3 in a cluster and 1 elsewhere.
	Replicas int
	// Real turns a moment of the program's clock into a moment of the server's.
	Real func(time.Time) time.Time
	Log  *slog.Logger
	// Archive and Arrivals stand between the store and what it asks of the
	// server of its own accord: each is given the real thing and returns what is
	// used instead; nil leaves it.
	Archive  func(Archive) Archive
	Arrivals func(Arrivals) Arrivals
}

// Store is a connected JetStream with its streams in place.
type Store struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	log     *slog.Logger
	real    func(time.Time) time.Time
	streams map[string]jetstream.Stream
	kv      jetstream.KeyValue
	// passed and ends are what last looks ask, arrivals what they wait for.
	passed      shared[struct{}]
	ends        shared[map[string]uint64]
	arrivals    *arrivals
	archive     Archive
	eventReader Arrivals
	chain       *lru.Cache[string, ChainEnd]
	// heads are the last sequences of clients that this process appended to;
	// nil unless it is the only one that does.
	heads *heads
}

// Connect connects, refuses a server that is too old, and creates or updates
// every stream.
func Connect(ctx context.Context, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Real == nil {
		o.Real = func(t time.Time) time.Time { return t }
	}
	nc, err := dial(o)
	if err != nil {
		return nil, err
	}
	if err := checkVersion(nc.ConnectedServerVersion()); err != nil {
		nc.Close()
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	chain, err := lru.New[string, ChainEnd](32 << 10)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("set up the audit chain's cache: %w", err)
	}
	s := &Store{nc: nc, js: js, log: o.Log, real: o.Real, streams: map[string]jetstream.Stream{}, chain: chain}
	if o.Alone {
		if s.heads, err = newHeads(); err != nil {
			nc.Close()
			return nil, err
		}
	}
	replicas := o.Replicas
	if replicas == 0 {
		replicas = 1
		if nc.ConnectedClusterName() != "" {
			replicas = 3
		}
	}
	if o.Beside {
		err = s.openStreams(ctx)
	} else {
		err = s.createStreams(ctx, replicas, o.Server != nil)
	}
	if err != nil {
		nc.Close()
		return nil, enabled(err)
	}
	s.passed.ask, s.ends.ask, s.arrivals = s.passAll, s.readEnds, newArrivals()
	s.archive, s.eventReader = archive{s}, eventReader{s}
	if o.Archive != nil {
		s.archive = o.Archive(s.archive)
	}
	if o.Arrivals != nil {
		s.eventReader = o.Arrivals(s.eventReader)
	}
	return s, nil
}

func dial(o Options) (*nats.Conn, error) {
	opts := []nats.Option{
		nats.Name("mooring"),
		nats.CustomInboxPrefix(inboxPrefix),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500 * time.Millisecond),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				o.Log.Warn("the connection to NATS was lost; reconnecting", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { o.Log.Info("connected to NATS again") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			o.Log.Warn("nats", "error", err)
		}),
	}
	url := o.URL
	switch {
	case o.Server != nil:
		url = "nats://" + o.Server.Addr()
		opts = append(opts, nats.UserInfo(userInternal, o.Server.internal), nats.InProcessServer(o.Server.ns))
	case o.Creds != "":
		opts = append(opts, nats.UserCredentials(o.Creds))
	case o.User != "":
		opts = append(opts, nats.UserInfo(o.User, o.Password))
	}
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	return nc, nil
}

// checkVersion refuses servers before MinServer, naming the version found.
func checkVersion(found string) error {
	want, err := parseVersion(MinServer)
	if err != nil {
		return err
	}
	got, err := parseVersion(found)
	if err != nil {
		return fmt.Errorf("the NATS server says it is version %q, which cannot be read; Mooring needs %s or newer", found, MinServer)
	}
	for i := range want {
		if got[i] != want[i] {
			if got[i] < want[i] {
				return fmt.Errorf("the NATS server is version %s; Mooring needs %s or newer", found, MinServer)
			}
			return nil
		}
	}
	return nil
}

func parseVersion(v string) (out [3]int, err error) {
	v, _, _ = strings.Cut(v, "-")
	parts := strings.SplitN(v, ".", 3)
	if len(parts) != 3 {
		return out, fmt.Errorf("read version %q: want three numbers", v)
	}
	for i, p := range parts {
		if out[i], err = strconv.Atoi(p); err != nil {
			return out, fmt.Errorf("read version %q: %w", v, err)
		}
	}
	return out, nil
}

// Close ends the connection, once the server has everything that was written to
// it: an acknowledgement that is lost costs a repeat.
func (s *Store) Close() {
	if s.nc.IsConnected() {
		_ = s.nc.FlushTimeout(time.Second)
	}
	s.nc.Close()
}

// Ping makes a real round trip through a stream: something is written and
// acknowledged, so that a full disk or a lost leader shows.
func (s *Store) Ping(ctx context.Context) error {
	if _, err := s.kv.Put(ctx, metaPing, []byte(s.nc.ConnectedServerId())); err != nil {
		return fmt.Errorf("write to the bucket %s: %w", bucketDirectory, err)
	}
	if _, err := s.streams[streamClients].Info(ctx); err != nil {
		return fmt.Errorf("ask the stream %s: %w", streamClients, err)
	}
	return nil
}

const (
	day   = 24 * time.Hour
	year  = 365 * day
	dedup = 2 * time.Minute
)

// createStreams makes the streams. A direct get may be answered by a replica
// that lags, so it is allowed on the embedded server alone, which has none and
// is every stream's leader: there it reads the same and costs less.
func (s *Store) createStreams(ctx context.Context, replicas int, embedded bool) error {
	configs := []jetstream.StreamConfig{
		// What is larger than an event may be is rejected, and so must fit whole,
		// with the reason, into one message of REJECTED; beyond that the sender
		// is refused.
		{Name: streamEvents, Subjects: []string{"events.>", "bulk.>"}, MaxAge: 90 * day, Duplicates: dedup, MaxMsgSize: 2 * events.MaxEvent},
		{Name: streamInside, Subjects: []string{"inside.>"}, MaxAge: 90 * day, Duplicates: dedup},
		{Name: streamClients, Subjects: []string{prefixClients + ">"}},
		{Name: streamAudit, Subjects: []string{prefixAudit + ">"}, MaxAge: 6 * year},
		{Name: streamAccess, Subjects: []string{prefixAccess + ">"}, MaxAge: 6 * year},
		{
			Name: streamTimers, Subjects: []string{prefixTimersSet + ">", prefixTimersDue + ">"},
			Retention: jetstream.WorkQueuePolicy, MaxMsgsPerSubject: 1, AllowMsgSchedules: true, AllowRollup: true,
		},
		{Name: streamOutbox, Subjects: []string{prefixOutbox + ">"}, Retention: jetstream.WorkQueuePolicy},
		{Name: streamDeliveries, Subjects: []string{prefixDeliveries + ">"}},
		{Name: streamRejected, Subjects: []string{prefixRejected + ">"}, MaxAge: 90 * day},
	}
	for _, cfg := range configs {
		cfg.Storage = jetstream.FileStorage
		cfg.Replicas = replicas
		cfg.AllowDirect = embedded
		st, err := s.js.CreateOrUpdateStream(ctx, cfg)
		if err != nil {
			return fmt.Errorf("create the stream %s: %w", cfg.Name, err)
		}
		s.streams[cfg.Name] = st
	}
	// The library's own way of making a bucket lets any replica answer.
	_, err := s.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: "KV_" + bucketDirectory, Subjects: []string{"$KV." + bucketDirectory + ".>"}, MaxMsgsPerSubject: 1,
		Discard: jetstream.DiscardNew, AllowRollup: true, DenyDelete: true, Duplicates: dedup,
		AllowMsgTTL: true, // used links are forgotten with their end
		Storage:     jetstream.FileStorage, Replicas: replicas, AllowDirect: embedded,
	})
	if err != nil {
		return fmt.Errorf("create the bucket %s: %w", bucketDirectory, err)
	}
	kv, err := s.js.KeyValue(ctx, bucketDirectory)
	if err != nil {
		return fmt.Errorf("ask the bucket %s: %w", bucketDirectory, err)
	}
	s.kv = kv
	return nil
}

// tail is what follows the prefix in a client's subjects.
func tail(ref runner.Ref) string {
	return bucketOf(ref.Key) + "." + ref.Clinic + "." + ref.Key
}

func bucketOf(key string) string {
	if key == "" {
		return none
	}
	return key[:1]
}

// refOf reads <bucket>.<clinic>.<key> back, with whatever follows it.
func refOf(subject, prefix string) (ref runner.Ref, rest string, ok bool) {
	s, ok := strings.CutPrefix(subject, prefix)
	if !ok {
		return ref, "", false
	}
	parts := strings.SplitN(s, ".", 4)
	if len(parts) < 3 {
		return ref, "", false
	}
	if len(parts) == 4 {
		rest = parts[3]
	}
	return runner.Ref{Clinic: parts[1], Key: parts[2]}, rest, true
}

// isConflict recognises every answer that means "the last sequence of the
// subject is another": racing writers on a replicated stream meet all three.
func isConflict(err error) bool {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode {
	case codeWrongLastSequence, codeWrongLastSequenceConst, codeAtomicWrongLast:
		return true
	}
	return false
}

// The server's error codes for a compare-and-set that lost.
const (
	codeWrongLastSequence      jetstream.ErrorCode = 10071
	codeWrongLastSequenceConst jetstream.ErrorCode = 10164
	codeAtomicWrongLast        jetstream.ErrorCode = 10158
)

// isTooLarge says that a message passes what the connection or the stream
// takes, and so was not stored.
func isTooLarge(err error) bool {
	if errors.Is(err, nats.ErrMaxPayload) {
		return true
	}
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == codeMessageTooLarge
}

// codeMessageTooLarge is the server's for a stream's own limit.
const codeMessageTooLarge jetstream.ErrorCode = 10054

// timeout bounds one request to the server.
const timeout = 5 * time.Second

// publish stores one message and returns its sequence.
func (s *Store) publish(ctx context.Context, msg *nats.Msg, opts ...jetstream.PublishOpt) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ack, err := s.js.PublishMsg(ctx, msg, opts...)
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}
