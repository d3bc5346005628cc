package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/app"
	"github.com/mooring-care/mooring/internal/jetstream"
)

// Burst is part a: so many events at once until the last first mail is
// accepted; and part e, the same messages written without the program.
type Burst struct {
	Events int `json:"events"`
	// PerSecond are journeys a second of each run, Median theirs.
	PerSecond []float64 `json:"journeys_per_second"`
	Median    float64   `json:"median_journeys_per_second"`
	// Processor is the processor time of one journey in microseconds, the
	// sender's and the server's included: the median.
	Processor float64 `json:"median_processor_us_per_journey"`
	processor []float64
	// Bare are journeys' worth of bare publishes a second of each run.
	Bare       []float64 `json:"bare_per_second"`
	BareMedian float64   `json:"median_bare_per_second"`
	Ratio      float64   `json:"ratio"`
	// Ordered is the same with each journey's messages one after another, as a
	// journey needs them, by as many hands as the program has.
	Ordered       []float64 `json:"ordered_per_second"`
	OrderedMedian float64   `json:"median_ordered_per_second"`
	OrderedRatio  float64   `json:"ordered_ratio"`
	// Plain is the same journey with its reading, by as many hands: each message
	// is written once the one that it follows from was read. Nothing is decided,
	// rendered or looked up, so it is what streams and client library cost.
	Plain       []float64 `json:"plain_per_second"`
	PlainMedian float64   `json:"median_plain_per_second"`
	PlainRatio  float64   `json:"plain_ratio"`
	// Writes is what one journey stores, by stream.
	Writes map[string]Write `json:"writes_per_journey"`
	// Twice counts mails beyond the first of a client: none.
	Twice int64 `json:"mails_twice"`
}

// Write is what one journey stores in one stream.
type Write struct {
	Messages float64 `json:"messages"`
	// Bytes is 0 for a stream that was never seen to hold a message, in runs
	// of a moment.
	Bytes float64 `json:"bytes_per_message"`
}

// bareInFlight is how many bare publishes of one stream are on their way.
const bareInFlight = 512

func (o *Options) burst(ctx context.Context, sync string) (*Burst, error) {
	b := &Burst{Events: o.Events[sync], Writes: map[string]Write{}}
	for run := range o.Runs {
		perSecond, err := o.burstOnce(ctx, sync, b)
		if err != nil {
			return nil, err
		}
		bare, err := o.without(ctx, sync, b, func(opts jetstream.Options, loads []jetstream.Load) error {
			return jetstream.WriteBare(ctx, opts, loads, bareInFlight)
		})
		if err != nil {
			return nil, err
		}
		ordered, err := o.without(ctx, sync, b, func(opts jetstream.Options, loads []jetstream.Load) error {
			return jetstream.WriteBareInOrder(ctx, opts, loads, b.Events, app.Hands)
		})
		if err != nil {
			return nil, err
		}
		plain, err := o.without(ctx, sync, b, func(opts jetstream.Options, loads []jetstream.Load) error {
			return jetstream.WritePlainly(ctx, opts, loads, b.Events, app.RunnerHands, app.CareHands)
		})
		if err != nil {
			return nil, err
		}
		o.progress("a  sync %-8s  run %d: %.0f journeys/s of %.0f us processor time, written bare %.0f/s, in order %.0f/s, plainly %.0f/s",
			sync, run+1, perSecond, b.processor[run], bare, ordered, plain)
		b.PerSecond, b.Bare = append(b.PerSecond, perSecond), append(b.Bare, bare)
		b.Ordered, b.Plain = append(b.Ordered, ordered), append(b.Plain, plain)
	}
	b.Median, b.BareMedian, b.OrderedMedian, b.PlainMedian = median(b.PerSecond), median(b.Bare), median(b.Ordered), median(b.Plain)
	b.Processor = median(b.processor)
	b.Ratio, b.OrderedRatio, b.PlainRatio = round(b.Median/b.BareMedian, 3), round(b.Median/b.OrderedMedian, 3), round(b.Median/b.PlainMedian, 3)
	return b, nil
}

func (o *Options) burstOnce(ctx context.Context, sync string, b *Burst) (float64, error) {
	mailer := newNoted(b.Events, b.Events)
	in, err := o.start(ctx, sync, app.WithProvider(mailer))
	if err != nil {
		return 0, err
	}
	defer in.stop(ctx)
	// Written before the clock starts, so that the sender costs nothing but
	// its publishes.
	msgs := make([]message, b.Events)
	now := time.Now()
	for i := range msgs {
		if msgs[i], err = clientEvent(events.AppointmentNoShow, i, now); err != nil {
			return 0, err
		}
	}
	sampling, stop := context.WithCancel(ctx)
	sampled := make(chan map[string]jetstream.Use, 1)
	go func() { sampled <- in.sample(sampling) }()

	busy := processorTime()
	first := time.Since(mailer.began)
	for _, m := range msgs {
		if err := in.pipe.Publish(m.subject, m.header, m.body); err != nil {
			stop()
			return 0, err
		}
	}
	if err := in.pipe.Flush(ctx); err != nil {
		stop()
		return 0, err
	}
	if err := mailer.wait(ctx); err != nil {
		stop()
		return 0, err
	}
	took := time.Duration(mailer.last.Load()) - first
	stop()
	sizes := <-sampled
	if err := in.settled(ctx); err != nil {
		return 0, err
	}
	busy = processorTime() - busy
	b.processor = append(b.processor, round(float64(busy.Microseconds())/float64(b.Events), 1))
	uses, err := in.Uses(ctx)
	if err != nil {
		return 0, err
	}
	for name, u := range uses {
		if s := sizes[name]; u.Held == 0 {
			u.Held, u.Bytes = s.Held, s.Bytes
		}
		// REJECTED and the like have nothing to do with a journey.
		if u.Written*100 > uint64(b.Events) {
			b.Writes[name] = Write{
				round(float64(u.Written)/float64(b.Events), 3),
				round(float64(u.Bytes)/float64(max(u.Held, 1)), 1),
			}
		}
	}
	b.Twice += mailer.again.Load()
	return round(float64(b.Events)/took.Seconds(), 1), nil
}

// sample watches the streams whose messages leave again, and returns for each
// the sample with the most messages.
func (in *instance) sample(ctx context.Context) map[string]jetstream.Use {
	out := map[string]jetstream.Use{}
	for sleep(ctx, 500*time.Millisecond) == nil {
		uses, err := in.Uses(ctx)
		if err != nil {
			continue // the next sample asks again
		}
		for name, u := range uses {
			if u.Held > out[name].Held {
				out[name] = u
			}
		}
	}
	return out
}

// without writes what the journeys wrote, without the program, on a fresh server
// of the same settings.
func (o *Options) without(
	ctx context.Context, sync string, b *Burst, write func(jetstream.Options, []jetstream.Load) error,
) (float64, error) {
	dir, err := os.MkdirTemp(o.Dir, "mooring-bench-")
	if err != nil {
		return 0, fmt.Errorf("make a folder to measure in: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	server, err := jetstream.StartServer(jetstream.ServerConfig{
		Dir: filepath.Join(dir, "streams"), Listen: "127.0.0.1:0",
		EventsPassword: "bench", OperatorPassword: "bench", SyncAlways: sync == "always",
	})
	if err != nil {
		return 0, err
	}
	defer server.Stop()
	opts := jetstream.Options{Server: server, Log: slog.New(slog.DiscardHandler)}
	store, err := jetstream.Connect(ctx, opts)
	if err != nil {
		return 0, err
	}
	defer store.Close()
	var loads []jetstream.Load
	for name, w := range b.Writes {
		loads = append(loads, jetstream.Load{
			Stream: name, Messages: int(w.Messages*float64(b.Events) + 0.5), Bytes: int(w.Bytes),
		})
	}
	slices.SortFunc(loads, func(x, y jetstream.Load) int { return order(x.Stream) - order(y.Stream) })
	began := time.Now()
	if err := write(opts, loads); err != nil {
		return 0, err
	}
	return round(float64(b.Events)/time.Since(began).Seconds(), 1), nil
}

// order is where a stream stands in a journey.
func order(stream string) int {
	return slices.Index([]string{"EVENTS", "CLIENTS", "TIMERS", "OUTBOX", "AUDIT", "DELIVERIES"}, stream)
}

// processorTime is what this process has used of its processors so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
