package crash

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
	"github.com/mooring-care/mooring/internal/testkit/faults"
)

// The environment of this test: how many kills (3 unless stated), and the seed
// of a run that is to be repeated (drawn unless stated).
const (
	envKills = "MOORING_CRASH_KILLS"
	envSeed  = "MOORING_CRASH_SEED"
)

// The size of the run. A client gets at most 20 mails, so more kills take more
// clients.
const (
	fewClients = 200
	perKill    = 10
	publishing = 6
	pace       = 60 * time.Millisecond
)

func number(t *testing.T, name string, unless uint64) uint64 {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return unless
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return n
}

// run is one run of the harness.
type run struct {
	t        *testing.T
	dir      string
	seed     uint64
	rng      *mrand.Rand
	provider *provider
	replicas []*program
	natsURL  string // as the operator, who may read everything
	pubs     *publishers
	people   *people
	kills    []time.Time
	// See faults.History.
	inFlight time.Duration
	quiet    time.Time
	shared   map[string]string // the environment of every replica
}

// TestCrash kills the program, with its embedded server, at random moments under
// load: nothing-lost, once, last-look and never-silent must hold over all of it.
func TestCrash(t *testing.T) {
	t.Parallel()
	r := newRun(t)
	password := text()
	port := freePort(t)
	r.replicas = []*program{r.program("mooring", map[string]string{
		"MOORING_NATS_LISTEN": port, "MOORING_NATS_PASSWORD": password, "MOORING_STORE_SYNC": "always",
	})}
	r.inFlight = 2 * time.Second
	r.pubs.urls = []string{"nats://events:" + password + "@" + port}
	began := time.Now()
	r.load(number(t, envKills, 3), func() {
		if r.natsURL == "" { // made at the first start
			b, err := os.ReadFile(filepath.Join(r.dir, "mooring", "keys", "nats-operator-password"))
			if err != nil {
				t.Fatal(err)
			}
			r.natsURL = "nats://operator:" + strings.TrimSpace(string(b)) + "@" + port
		}
	})
	r.finish()
	server, err := jetstream.StartServer(jetstream.ServerConfig{
		Dir: filepath.Join(r.dir, "mooring", "streams"), Listen: "127.0.0.1:0", OperatorPassword: password, EventsPassword: text(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	r.judge("nats://operator:"+password+"@"+server.Addr(), time.Since(began))
}

// TestCrashReplicas kills one or the other of two replicas that share an
// external server, under load: the same rules, while the other one works on.
func TestCrashReplicas(t *testing.T) {
	t.Parallel()
	r := newRun(t)
	addr := freePort(t)
	config := filepath.Join(r.dir, "nats.conf")
	text := fmt.Sprintf("listen: %q\njetstream {\n  store_dir: %q\n  sync_interval: always\n}\n", addr, filepath.Join(r.dir, "nats"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server := &program{
		bin: build(t, r.dir, "github.com/nats-io/nats-server/v2"), args: []string{"-c", config}, log: filepath.Join(r.dir, "nats.log"),
	}
	server.start(t)
	t.Cleanup(func() { server.kill() })
	r.natsURL = "nats://" + addr
	testkit.Eventually(t, 20*time.Second, "the NATS server listens", func() bool {
		nc, err := nats.Connect(r.natsURL)
		if err == nil {
			nc.Close()
		}
		return err == nil
	})
	for _, name := range []string{"one", "two"} {
		r.replicas = append(r.replicas, r.program(name, map[string]string{"NATS_URL": r.natsURL}))
	}
	r.pubs.urls = []string{r.natsURL}
	// A look may wait for an event that was with the other replica when that one
	// was killed: the server hands it out again after five seconds.
	r.inFlight = 10 * time.Second
	began := time.Now()
	r.load(number(t, envKills, 3), func() {})
	r.finish()
	r.judge(r.natsURL, time.Since(began))
}

func text() string { return rand.Text() }

// newRun prepares everything but the program under test.
func newRun(t *testing.T) *run {
	t.Helper()
	r := &run{t: t, dir: t.TempDir(), seed: number(t, envSeed, mrand.Uint64())}
	r.rng = mrand.New(mrand.NewPCG(r.seed, 0))
	t.Logf("seed: %s=%d", envSeed, r.seed)
	key := text()
	r.provider = startProvider(t, build(t, r.dir, "github.com/mooring-care/mooring/internal/testkit/fakesendgrid/cmd"), r.dir, key)
	keys := links.Generate()
	r.people = &people{record: r.provider.record, seed: r.seed, keys: keys}
	r.pubs = &publishers{clients: fewClients + perKill*int(number(t, envKills, 3)), pace: pace, seed: r.seed, token: text()}
	if err := faults.WriteClinic(filepath.Join(r.dir, "clinics"), time.Now()); err != nil {
		t.Fatal(err)
	}
	build(t, r.dir, "github.com/mooring-care/mooring/cmd/mooring")
	shared := map[string]string{
		"MOORING_MAILER": "sendgrid", "MOORING_SENDGRID_URL": r.provider.url, "SENDGRID_API_KEY": key,
		"MOORING_CLINICS": filepath.Join(r.dir, "clinics"), "MOORING_LINK_KEYS": keys.Export(),
		"MOORING_CLIENT_KEY":   base64.StdEncoding.EncodeToString([]byte(text() + text())[:32]),
		"MOORING_EVENT_TOKENS": faults.Clinic + ":" + r.pubs.token, "MOORING_LOG_LEVEL": "warn",
		"MOORING_NATS_LISTEN": freePort(t),
		"NATS_URL":            "", "NATS_CREDS": "", "MOORING_MAIL_RATE": "0", "MOORING_TIME_SPEED": "1", "MOORING_TIME_START": "",
		"MOORING_PUBLIC_URL": "", "MOORING_STAFF_URL": "", "MOORING_STORE_KEY": "", "MOORING_STORE_KEY_FILE": "",
	}
	r.shared = shared
	return r
}

// program is one replica with doors of its own.
func (r *run) program(name string, env map[string]string) *program {
	p := &program{
		bin: filepath.Join(r.dir, "cmd-mooring"), args: []string{"serve"}, log: filepath.Join(r.dir, name+".log"), ops: freePort(r.t),
	}
	all := maps.Clone(r.shared)
	maps.Copy(all, env)
	all["MOORING_DATA"], all["MOORING_OPS_HTTP"] = filepath.Join(r.dir, name), p.ops
	all["MOORING_HTTP"], all["MOORING_STAFF_HTTP"] = freePort(r.t), freePort(r.t)
	if r.pubs.door == "" {
		r.pubs.door = "http://" + all["MOORING_HTTP"] + "/v1/clinics/" + faults.Clinic + "/events"
	}
	for k, v := range all {
		if v == "" {
			continue
		}
		p.env = append(p.env, k+"="+v)
	}
	slices.Sort(p.env)
	r.t.Cleanup(func() { p.kill() })
	return p
}

// load starts the program and everybody around it, and kills it as often as
// asked; after it the program runs and nobody talks to it any more.
func (r *run) load(kills uint64, ready func()) {
	t := r.t
	t.Helper()
	r.provider.script(t, fakesendgrid.Script{Seed: r.seed, ResetIn: 1, Chances: map[fakesendgrid.Fault]float64{
		fakesendgrid.Away: 0.02, fakesendgrid.TooMany: 0.005, fakesendgrid.CutBefore: 0.02, fakesendgrid.Bad: 0.005,
		fakesendgrid.TakenFail: 0.005, fakesendgrid.CutAfter: 0.005, fakesendgrid.Hang: 0.001,
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute+time.Duration(kills)*15*time.Second)
	defer cancel()
	stop, stopAll := context.WithCancel(ctx)
	defer stopAll()
	var around []chan error
	begin := func(f func() error) {
		ch := make(chan error, 1)
		around = append(around, ch)
		go func() { ch <- f() }()
	}
	for _, p := range r.replicas {
		p.start(t)
	}
	for _, p := range r.replicas {
		p.ready(t, 30*time.Second)
	}
	ready()
	for n := range publishing {
		begin(func() error { return r.pubs.run(ctx, stop, n, publishing) })
	}
	begin(func() error { return r.people.run(ctx, stop) })

	wait := func(p *program, d time.Duration) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.exited:
			t.Fatalf("the program ended by itself:\n%s", p.tail())
		}
	}
	for range kills {
		p := r.replicas[r.rng.IntN(len(r.replicas))]
		// A quarter of the kills comes while the program is starting.
		if r.rng.IntN(4) == 0 {
			wait(p, time.Duration(r.rng.Int64N(int64(1500*time.Millisecond))))
		} else {
			p.ready(t, 30*time.Second)
			wait(p, 100*time.Millisecond+time.Duration(r.rng.Int64N(int64(2900*time.Millisecond))))
		}
		r.kills = append(r.kills, p.kill())
		p.start(t)
	}
	for _, p := range r.replicas {
		p.ready(t, 30*time.Second)
	}
	wait(r.replicas[0], 3*time.Second)
	stopAll()
	for _, ch := range around {
		if err := <-ch; err != nil {
			t.Fatalf("%v\n%s", err, r.replicas[0].tail())
		}
	}
}

// finish waits until nothing is left to do and stops the program the polite way.
func (r *run) finish() {
	t := r.t
	t.Helper()
	r.provider.script(t, fakesendgrid.Script{})
	nc, err := nats.Connect(r.natsURL, nats.Timeout(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for quiet := 0; quiet < 3; {
		asked := time.Now()
		left, err := faults.Unfinished(ctx, nc)
		switch {
		case err != nil && !errors.Is(err, nats.ErrTimeout):
			t.Fatal(err)
		case err == nil && len(left) == 0:
			quiet++
			r.quiet = asked
		default:
			quiet = 0
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not quiet after %v, unfinished: %v\n%s", time.Since(began), left, r.replicas[0].tail())
		}
	}
	t.Logf("quiet after %v", time.Since(began).Round(time.Millisecond))
	for _, p := range r.replicas {
		if code := p.stop(30 * time.Second); code != 0 {
			t.Errorf("the program ended with %d when it was asked to stop:\n%s", code, p.tail())
		}
	}
}

// judge reads what the run left behind and holds it against the rules.
func (r *run) judge(url string, took time.Duration) {
	t := r.t
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s, err := faults.Take(ctx, nc)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := fakesendgrid.ReadLog(r.provider.record)
	if err != nil {
		t.Fatal(err)
	}
	answers, err := fakesendgrid.ReadAnswers(r.provider.answers)
	if err != nil {
		t.Fatal(err)
	}
	report := faults.Judge(s, faults.History{
		Clinics: []string{faults.Clinic}, Acked: r.pubs.acked, Acts: r.people.confirmed(), Taken: taken, Answers: answers, Kills: r.kills,
		InFlight: r.inFlight, Quiet: r.quiet,
	})
	for i, b := range report.Broken {
		if i == 40 {
			t.Errorf("… and %d more", len(report.Broken)-i)
			break
		}
		t.Error(b)
	}
	counts, err := json.MarshalIndent(report.Counts, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if testing.Verbose() {
		t.Logf("in %v, published again %d times:\n%s", took.Round(time.Second), r.pubs.repeated.Load(), counts)
	}
	t.Log("\n" + table(report.Counts, took))
	if dir := os.Getenv("MOORING_CRASH_KEEP"); dir != "" && t.Failed() {
		if err := os.CopyFS(dir, os.DirFS(r.dir)); err != nil {
			t.Logf("keep the run: %v", err)
		}
	}
	c := report.Counts
	if c.Events == 0 || c.CareTaken == 0 || c.SafetyTaken == 0 || c.Timers == 0 || c.Acts == 0 {
		t.Errorf("the run was too quiet to prove anything: %+v", c)
	}
}

// table is the verdict's figures for a reader.
func table(c faults.Counts, took time.Duration) string {
	var b strings.Builder
	row := func(what string, n ...any) {
		fmt.Fprintf(&b, "| %-58s | %s |\n", what, strings.TrimSuffix(fmt.Sprintln(n...), "\n"))
	}
	row("kills (SIGKILL)", c.Kills)
	row("duration", took.Round(time.Second))
	row("events acknowledged, distinct", c.Events)
	row("copies of them that were stored besides", c.Repeats)
	row("broken events acknowledged; records of REJECTED", c.Invalid, "/", c.Rejected)
	row("decisions; of them deadlines that came", c.Decisions, "/", c.Timers)
	row("presses that a page confirmed", c.Acts)
	row("care messages asked for", c.Care)
	row("  taken once", c.CareTaken)
	row("  withdrawn; refused", c.CareWithdrawn, "/", c.CareRefused)
	row("  of unknown fate, each with a human's task", c.CareUnknown)
	row("    because of the provider; had in truth left", c.CareUnknownFault, "/", c.CareUnknownTook)
	row("safety messages asked for", c.Safety)
	row("  taken at least once; withdrawn; refused", c.SafetyTaken, "/", c.SafetyWithdrawn, "/", c.SafetyRefused)
	row("  taken more than once: surplus mails", c.SafetyDuplicates)
	row("care messages stopped late, none of which left after", c.Stopped)
	row("care: decision to provider, median; 99th percentile", fmt.Sprintf("%.2f s / %.1f s", c.CareDelay[0], c.CareDelay[1]))
	row("safety: the same", fmt.Sprintf("%.2f s / %.1f s", c.SafetyDelay[0], c.SafetyDelay[1]))
	row("escalations open; closed by a person", c.Open, "/", c.Closed)
	return b.String()
}
