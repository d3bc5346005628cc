package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	// Clients' time zones, on machines that have none.
	_ "time/tzdata"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/mailbox"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// App is the whole program: New reads and connects, Start begins to work, Stop
// finishes what is under way. Tests run it as it is.
type App struct {
	reader
	cfg      Config
	log      *slog.Logger
	secrets  *secrets
	lock     *os.File
	server   *jetstream.Server
	pool     *runner.Pool
	metrics  *metrics
	notify   *notifier.Notifier
	provider notifier.Provider
	watcher  *watcher
	digester *digester
	looks    *looks
	// watchEvery and watchWaits replace the watcher's own times; 0 leaves them.
	watchEvery, watchWaits time.Duration
	mailed                 func(notifier.Mail) // nil when nobody asked
	demo                   bool                // the sample story alone may be played here
	between                Between

	public, staff, ops *http.Server
	listeners          map[string]net.Listener

	// stop ends what Start began, in order.
	stopReading, stopRest context.CancelFunc
	reading, rest         sync.WaitGroup
	stopped               sync.Once
	finished              bool        // all in hand was done; written within stopped
	stopping              atomic.Bool // no more pages, no more reading
	observers             []func(runner.Decided)
}

// reader is what telling about clients takes: the running program has one, and
// so has a command beside it.
type reader struct {
	store   *jetstream.Store
	clock   *Clock
	clinics *clinics
	runner  *runner.Runner
	index   *jetstream.Index
	mailbox *mailbox.Mailbox // nil with another mailer
}

// Option changes how an App is made.
type Option func(*App)

// WithObserver has the App tell f of every decision it makes.
func WithObserver(f func(runner.Decided)) Option {
	return func(a *App) { a.observers = append(a.observers, f) }
}

// WithProvider sends mail through p instead of the configured mailer.
func WithProvider(p notifier.Provider) Option {
	return func(a *App) { a.provider = p }
}

// WithWatch has the watcher look so often, and mail to staff wait so long before it
// alarms: stories do not wait for minutes of real time.
func WithWatch(every, waits time.Duration) Option {
	return func(a *App) { a.watchEvery, a.watchWaits = every, waits }
}

// WithMailHook has the App tell f of every mail that the provider took.
func WithMailHook(f func(notifier.Mail)) Option {
	return func(a *App) { a.mailed = f }
}

// The sizes of the pools. Deliveries wait on the disk more than on the
// processor, so there are many more workers than cores; notifiers have more
// than the runner, so that a flood of events does not hold back the mail that
// it asks for. Each care worker may hold one claim, whose fate a human must
// find out when the machine dies just then.
const (
	runnerWorkers = 96
	careWorkers   = 128
	safetyWorkers = 32
)

// How many pieces of work of one clinic are under way at once: those of the
// runner and of its lane to clients.
const (
	RunnerHands = runnerWorkers
	CareHands   = careWorkers
	Hands       = RunnerHands + CareHands
)

// New reads clinics and keys, starts the embedded NATS server or connects to
// the external one, and brings the streams up to date. Nothing is read from
// them before Start.
func New(ctx context.Context, cfg Config, log *slog.Logger, opts ...Option) (_ *App, err error) {
	a := &App{reader: reader{clock: &Clock{}, index: jetstream.NewIndex()}, cfg: cfg, log: log, listeners: map[string]net.Listener{}}
	for _, o := range opts {
		o(a)
	}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	read, err := ReadClinics(cfg.Clinics)
	if err != nil {
		return nil, err
	}
	if cfg.Mailer == "sendgrid" {
		for _, id := range slices.Sorted(maps.Keys(read)) {
			if err := acknowledged(read[id]); err != nil {
				return nil, err
			}
		}
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, &ConfigError{"MOORING_DATA", "cannot be made: " + errText(err)}
	}
	if a.secrets, err = readSecrets(&cfg, slices.Sorted(maps.Keys(read))); err != nil {
		return nil, err
	}
	// The doors are opened before anything else, so that a taken port is said
	// at once.
	for name, addr := range map[string]string{"MOORING_HTTP": cfg.HTTP, "MOORING_STAFF_HTTP": cfg.StaffHTTP, "MOORING_OPS_HTTP": cfg.OpsHTTP} {
		if a.listeners[name], err = net.Listen("tcp", addr); err != nil { //nolint:noctx // it returns at once
			return nil, &ConfigError{name, "cannot listen on " + addr + ": " + listenErr(err)}
		}
	}
	if err := a.connect(ctx); err != nil {
		return nil, err
	}
	if err := a.store.CheckClientKey(ctx, a.secrets.clientKey); err != nil {
		return nil, fmt.Errorf("check MOORING_CLIENT_KEY: %w", err)
	}
	if err := a.usedAlike(ctx, read); err != nil {
		return nil, err
	}
	var lateness, slack time.Duration
	if cfg.TimeSpeed != 1 || cfg.TimeStart != "" {
		if err := a.clock.keepEpoch(ctx, a.store, &cfg); err != nil {
			return nil, err
		}
		// What takes half a minute of real time is not late.
		halfMinute := time.Duration(30*cfg.TimeSpeed) * time.Second
		lateness, slack = max(24*time.Hour, halfMinute), max(5*time.Minute, halfMinute)
	}
	if a.clinics, err = newClinics(ctx, a.store, read, cfg.retired(), lateness, slack); err != nil {
		return nil, err
	}
	if err := a.clinics.loadHolds(ctx); err != nil {
		return nil, err
	}
	a.watcher = newWatcher(a)
	a.digester = newDigester(a)
	a.metrics = newMetrics(a)
	a.looks = newLooks(a.between.Looks, a.store, a.clock.Now, a.metrics.lookLost, log)
	a.runner, err = runner.New(runner.Config{
		Log:    between(a.between.Log, runner.Log(a.store)),
		Timers: between(a.between.Timers, runner.Timers(a.store)),
		Outbox: between(a.between.Outbox, runner.Outbox(outbox{a.store})), Directories: between(a.between.Directories, runner.Directories(a.clinics)),
		ClientKey: a.secrets.clientKey, Now: a.clock.Now, Logger: log, Observe: a.observe,
	})
	if err != nil {
		return nil, err
	}
	if err := a.newNotifier(); err != nil {
		return nil, err
	}
	if err := writeWhole(staffFile(cfg.Data), a.staffURL()); err != nil {
		return nil, err
	}
	return a, a.newServers()
}

func listenErr(err error) string {
	if errors.Is(err, syscall.EADDRINUSE) {
		return "the port is taken; is another Mooring running?"
	}
	var oe *net.OpError
	if errors.As(err, &oe) && oe.Err != nil {
		return oe.Err.Error()
	}
	return err.Error()
}

// connect starts the embedded server or reaches the external one.
func (a *App) connect(ctx context.Context) error {
	opts := jetstream.Options{
		URL: a.cfg.NATSURL, Creds: a.cfg.NATSCreds, Replicas: a.cfg.Replicas, Real: a.clock.Real, Log: a.log,
		Archive: a.between.Archive, Arrivals: a.between.Arrivals,
	}
	if a.cfg.NATSURL == "" {
		var err error
		if a.lock, err = lockData(a.cfg.Data); err != nil {
			return err
		}
		streams := filepath.Join(a.cfg.Data, "streams")
		plain := a.secrets.store != "" && plainStreams(streams)
		a.server, err = jetstream.StartServer(jetstream.ServerConfig{
			Dir: streams, Listen: a.cfg.NATSListen,
			EventsPassword: a.secrets.events, OperatorPassword: a.secrets.operator,
			SyncAlways: a.cfg.StoreSync == "always", StoreKey: a.secrets.store, OldStoreKey: a.secrets.storeOld, Log: a.log,
		})
		if errors.Is(err, jetstream.ErrStoreKey) && a.secrets.store == "" {
			return &ConfigError{"MOORING_STORE_KEY", "is missing: the streams in the data folder were written under one; nothing was changed"}
		}
		if err != nil {
			return err
		}
		if plain {
			a.log.Warn("the streams were written without a store key and are encrypted from now on; what the disk held before may still be found on it, and in its copies")
		}
		if openToOthers(a.cfg.NATSListen) {
			a.log.Warn("MOORING_NATS_LISTEN lets other machines in, and this port has no TLS: passwords and clients' data cross the network as they are; keep it inside a private network or a tunnel, or use a server with TLS (NATS_URL)", "address", a.cfg.NATSListen)
		}
		opts.Server = a.server
		opts.Alone = true // lockData keeps every other process out
	}
	var err error
	a.store, err = jetstream.Connect(ctx, opts)
	if errors.Is(err, jetstream.ErrNoJetStream) {
		return &ConfigError{"NATS_URL", "leads to a server that cannot be used: " + jetstream.ErrNoJetStream.Error()}
	}
	if err != nil || a.server == nil {
		return err
	}
	return writeAddress(a.cfg.Data, a.server.Addr())
}

// errInUse says that another process holds the data folder.
var errInUse = error(&ConfigError{"MOORING_DATA", "is in use by another Mooring"})

// lockData keeps two processes from opening one data folder. Its error is
// errInUse when another has it.
func lockData(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, &ConfigError{"MOORING_DATA", "cannot be written: " + errText(err)}
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, errInUse
	}
	return f, nil
}

func (a *App) observe(d runner.Decided) {
	a.metrics.decided(d)
	for _, f := range a.observers {
		f(d)
	}
}

// Start begins to work and returns. It fails when a consumer cannot be made.
func (a *App) Start(ctx context.Context) error {
	lanes := []jetstream.Lane{jetstream.SafetyLane()}
	workers := []int{safetyWorkers}
	for _, id := range a.clinics.ids() {
		lanes, workers = append(lanes, jetstream.CareLane(id)), append(workers, careWorkers)
	}
	if err := a.store.CreateConsumers(ctx, lanes...); err != nil {
		return err
	}
	walks, err := a.planWalks(ctx)
	if err != nil {
		return err
	}
	reading, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	rest, stopRest := context.WithCancel(context.WithoutCancel(ctx))
	a.stopReading, a.stopRest = stopReading, stopRest
	a.pool = runner.NewPool(runnerWorkers)
	for _, q := range jetstream.Queues() {
		a.reading.Go(func() { a.store.Consume(reading, q, 2*runnerWorkers, a.handle) })
	}
	a.reading.Go(func() {
		a.store.ConsumeTimers(reading, 2*runnerWorkers, func(ctx context.Context, ref runner.Ref, finish func(runner.Verdict)) {
			a.submitTimer(ref, func() { finish(a.runner.Due(context.WithoutCancel(ctx), ref)) })
		})
	})
	a.reading.Go(func() {
		a.store.ConsumeEffects(reading, 2*runnerWorkers, a.pool.Submit, func(ctx context.Context, r jetstream.Recorded) ([]byte, error) {
			head, err := a.runner.Recorded(ctx, r.Ref, r.Sequence, r.Record)
			if err == nil {
				a.escalationDecided(r, head)
			}
			return head, err
		})
	})
	for i, lane := range lanes {
		a.reading.Go(func() {
			a.store.ConsumeLane(reading, lane, workers[i], func(j jetstream.Job) {
				// Each on a goroutine of its own: a slow mail holds up no other.
				a.reading.Go(func() { j.Finish(a.notify.Deliver(reading, j.Message)) })
			})
		})
	}
	a.reading.Go(func() { a.walk(reading, walks) })
	a.reading.Go(func() { a.handOver(reading) })
	a.rest.Go(func() { a.clinics.followHolds(rest) })
	a.rest.Go(func() { a.store.FollowWatch(rest, a.watcher.watch) })
	a.rest.Go(func() { a.watcher.run(rest) })
	a.rest.Go(func() { a.watcher.runFeed(rest) })
	a.rest.Go(func() { a.countTimes(rest) })
	a.rest.Go(func() { a.digester.run(rest) })
	a.rest.Go(func() { a.looks.run(rest) })
	a.rest.Go(func() { a.store.Follow(rest, a.index) })
	a.rest.Go(func() { a.store.FollowArrivals(rest, a.concerns) })
	if a.clock.epoch.Load() != nil {
		a.rest.Go(func() { a.clock.follow(rest, a.store) })
		a.reading.Go(func() { a.retime(reading) })
	}
	for name, srv := range map[string]*http.Server{"MOORING_HTTP": a.public, "MOORING_STAFF_HTTP": a.staff, "MOORING_OPS_HTTP": a.ops} {
		a.rest.Go(func() {
			if err := srv.Serve(a.listeners[name]); !errors.Is(err, http.ErrServerClosed) {
				a.log.Error("a listener ended", "name", name, "error", err)
			}
		})
	}
	return nil
}

// handle takes one delivery of the runner's queues to its client's worker.
func (a *App) handle(ctx context.Context, d runner.Delivery, finish func(runner.Verdict)) {
	ev, verdict, ok := a.runner.Read(d)
	if !ok {
		a.metrics.rejected(verdict.Reason)
		a.log.Warn("an event was rejected", "reason", verdict.Reason, "kind", knownKind(ev.Kind))
		finish(verdict)
		return
	}
	a.metrics.event(ev.Kind)
	a.submitEvent(ev, d, func() { finish(a.runner.Handle(context.WithoutCancel(ctx), ev, d)) })
}

// concerns says whose event a delivery is; a merge is everybody's, as it speaks
// of a second client.
func (a *App) concerns(d runner.Delivery) (ref runner.Ref, all, ok bool) {
	ev, _, ok := a.runner.Read(d)
	return runner.Ref{Clinic: ev.Clinic, Key: ev.Key}, ev.Kind == events.ClientMerged, ok
}

// knownKind keeps what a stranger wrote out of logs and metrics.
func knownKind(k events.Kind) events.Kind {
	if _, ok := events.Lookup(k); ok {
		return k
	}
	return "unknown"
}

// pagesWithin is how long requests under way may take at a stop: longer than a
// page waits for its decision.
const pagesWithin = confirmWithin + 2*time.Second

// Stop finishes what is under way and closes everything, in order: not ready
// any more, then the pages, while what was pressed on them is still decided on,
// then no new deliveries, then the work in hand, then the store. It says
// whether all in hand was finished before ctx ended, and may be called twice.
func (a *App) Stop(ctx context.Context) (finished bool) {
	a.stopped.Do(func() {
		a.stopping.Store(true)
		a.finished = a.finish(ctx)
		a.close()
	})
	return a.finished
}

func (a *App) finish(ctx context.Context) bool {
	if a.stopReading == nil {
		return true // it never began
	}
	shut(ctx, pagesWithin, a.public, a.staff)
	a.stopReading()
	if !within(ctx, a.reading.Wait) {
		// Work that cannot end, such as a write to a full disk, is left: what
		// was acknowledged is there at the next start.
		a.log.Warn("stopping before all work in hand is done")
		a.stopRest()
		return false
	}
	a.pool.Close()
	shut(ctx, time.Second, a.ops)
	a.stopRest()
	return within(ctx, a.rest.Wait)
}

// shut closes listeners at once, and waits so long for the requests under way.
func shut(ctx context.Context, d time.Duration, servers ...*http.Server) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var all sync.WaitGroup
	for _, srv := range servers {
		all.Go(func() {
			if err := srv.Shutdown(ctx); err != nil {
				_ = srv.Close()
			}
		})
	}
	all.Wait()
}

// within runs f and says whether it ended before ctx did.
func within(ctx context.Context, f func()) bool {
	done := make(chan struct{})
	go func() {
		f()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

func (a *App) close() {
	for _, l := range a.listeners {
		if l != nil {
			_ = l.Close()
		}
	}
	if a.store != nil {
		a.store.Close()
	}
	if a.server != nil {
		a.server.Stop()
	}
	if a.lock != nil {
		_ = a.lock.Close()
	}
}

// Addr is the address a listener has: "MOORING_HTTP", "MOORING_STAFF_HTTP",
// "MOORING_OPS_HTTP", or "NATS" for the embedded server's port.
func (a *App) Addr(name string) string {
	if name == "NATS" {
		if a.server == nil {
			return ""
		}
		return a.server.Addr()
	}
	if l := a.listeners[name]; l != nil {
		return l.Addr().String()
	}
	return ""
}

// EventsURL is how a publisher of events reaches the embedded server. It holds
// the password and is for the terminal of whoever started the program.
func (a *App) EventsURL() string {
	if a.server == nil {
		return ""
	}
	return "nats://" + jetstream.UserEvents + ":" + a.secrets.events + "@" + a.server.Addr()
}

// EventToken is the bearer token of a clinic's HTTP event door.
func (a *App) EventToken(clinic string) string { return a.secrets.eventTokens[clinic] }

// Now is the program's time.
func (a *App) Now() time.Time { return a.clock.Now() }

// acknowledged refuses SendGrid for a clinic that has not said it knows what that means.
func acknowledged(c *workflows.Clinic) error {
	if c.AcknowledgeNoBAA {
		return nil
	}
	return fmt.Errorf("the clinic %s: SendGrid signs no business associate agreement; its clinic.yaml must say `acknowledge_no_baa: true` before mail goes that way", c.ID)
}
