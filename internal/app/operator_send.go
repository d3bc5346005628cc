package app

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/workflows/sample"
)

// Draft is an event from outside, before it is checked.
type Draft struct {
	Kind string
	// Client is the EHR's id; Clinic may be empty where there is only one.
	Client, Clinic string
	// ID and Source are made when empty.
	ID, Source string
	// At is when it happened, Data its JSON object; see events.Data.
	At   time.Time
	Data map[string]any
}

// DraftError is a draft that cannot be sent as it stands.
type DraftError struct{ text string }

// Error names the field and what is expected there.
func (e *DraftError) Error() string { return e.text }

// OutsideKinds lists the kinds that a clinic's systems may send, each with its
// meaning.
func OutsideKinds() [][2]string {
	var out [][2]string
	for _, s := range events.Kinds() {
		if s.Origin == events.Outside {
			out = append(out, [2]string{string(s.Kind), s.Meaning})
		}
	}
	return out
}

// CheckKind says whether a kind may be sent from outside. Its error is a
// *DraftError that helps on.
func CheckKind(kind string) error {
	name := strings.TrimPrefix(kind, events.TypePrefix)
	spec, ok := events.Lookup(events.Kind(name))
	switch {
	case ok && spec.Origin == events.Outside:
		return nil
	case ok:
		return &DraftError{name + " comes from inside: only Mooring itself states that " + spec.Meaning +
			", when somebody acts on its pages or a provider reports. From outside it would be rejected. " + kindList()}
	}
	return &DraftError{fmt.Sprintf("there is no kind %q; the nearest is %s. %s", kind, nearest(name), kindList())}
}

func kindList() string {
	names := make([]string, 0, 16)
	for _, k := range OutsideKinds() {
		names = append(names, k[0])
	}
	return "What can be sent: " + strings.Join(names, ", ")
}

// nearest is the outside kind that takes the fewest changes to type, whole or
// one side of its dot.
func nearest(name string) string {
	changes := func(kind string) int {
		family, short, _ := strings.Cut(kind, ".")
		return min(distance(name, kind), distance(name, family), distance(name, short))
	}
	return slices.MinFunc(OutsideKinds(), func(a, b [2]string) int { return cmp.Compare(changes(a[0]), changes(b[0])) })[0]
}

// distance counts the letters to add, drop or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// Courier takes drafts to one Mooring.
type Courier struct {
	op      *Operator // beside it, on its machine; else nil
	clinics []string  // those known; nil when any may be named
	nats    *jetstream.Sender
	door    *door
	now     func() time.Time
}

// Route says where a courier goes. The zero value means NATS_URL, and without
// one the Mooring that runs on the data folder.
type Route struct {
	// NATS is the URL of a server; HTTP that of a Mooring's public pages,
	// whose event door Token opens.
	NATS, HTTP, Token string
}

// OpenCourier connects. Through NATS it goes as the user events.
func OpenCourier(ctx context.Context, cfg Config, to Route) (*Courier, error) {
	c := &Courier{now: time.Now}
	if cfg.Clinics == "" {
		c.clinics = []string{sample.ID}
	} else if entries, err := os.ReadDir(cfg.Clinics); err == nil {
		for _, e := range entries {
			if e.IsDir() && events.ValidClinic(e.Name()) {
				c.clinics = append(c.clinics, e.Name())
			}
		}
	}
	var err error
	switch {
	case to.HTTP != "":
		c.door, err = newDoor(cfg, to)
		return c, err
	case to.NATS != "" || cfg.NATSURL != "":
		var natsURL string
		if natsURL, err = signIn(cmp.Or(to.NATS, cfg.NATSURL), cfg); err != nil {
			return nil, err
		}
		c.nats, err = jetstream.DialSender(natsURL, cfg.NATSCreds)
		return c, err
	}
	c.op, err = openOperator(ctx, cfg, false)
	if errors.Is(err, ErrNotRunning) {
		return nil, fmt.Errorf("%w; start it with `mooring serve`, or name another with --url or --http", err)
	}
	if err != nil {
		return nil, err
	}
	c.now, c.clinics = c.op.Now, slices.Sorted(maps.Keys(c.op.clinics.byID))
	password := string(cfg.NATSPassword)
	if password == "" {
		password, err = kept(cfg.Data, "nats-events-password")
	}
	if err == nil {
		at := url.URL{Scheme: "nats", Host: c.op.addr, User: url.UserPassword(jetstream.UserEvents, password)}
		c.nats, err = jetstream.DialSender(at.String(), "")
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// signIn adds the user events to a URL that names nobody, where the
// environment has its password.
func signIn(natsURL string, cfg Config) (string, error) {
	u, err := url.Parse(natsURL)
	if err != nil || u.Host == "" {
		return "", &DraftError{"the NATS URL must look like nats://127.0.0.1:4222"}
	}
	if u.User == nil && cfg.NATSPassword != "" && cfg.NATSCreds == "" {
		u.User = url.UserPassword(jetstream.UserEvents, string(cfg.NATSPassword))
	}
	return u.String(), nil
}

// Close ends the connections.
func (c *Courier) Close() {
	if c.nats != nil {
		c.nats.Close()
	}
	if c.op != nil {
		c.op.Close()
	}
}

// Now is what relative times count from: the program's clock where the courier
// can see it, which may run at another speed.
func (c *Courier) Now() time.Time { return c.now() }

// Sent is an event that arrived.
type Sent struct {
	// Event is the CloudEvent as it was sent.
	Event  json.RawMessage `json:"event"`
	Clinic string          `json:"clinic"`
	// Subject, Stream and Sequence say where NATS stored it; the HTTP door
	// tells Status instead.
	Subject  string `json:"subject,omitempty"`
	Stream   string `json:"stream,omitempty"`
	Sequence uint64 `json:"sequence,omitempty"`
	Status   string `json:"status,omitempty"`
	// Hash is how Mooring recognises a repeat.
	Hash string `json:"hash"`
}

// Send checks a draft as the doors do and sends it. A *DraftError or
// *ClinicError means that nothing was sent.
func (c *Courier) Send(ctx context.Context, d Draft) (Sent, error) {
	if err := CheckKind(d.Kind); err != nil {
		return Sent{}, err
	}
	clinic := d.Clinic
	if c.op != nil || clinic == "" {
		var err error
		if clinic, err = chooseClinic(d.Clinic, c.clinics); err != nil {
			return Sent{}, err
		}
	}
	if !events.ValidClinic(clinic) {
		return Sent{}, &ClinicError{"a clinic id has 1 to 40 of a-z, 0-9 and -"}
	}
	ev, header, body, err := d.encode(clinic, c.now())
	if err != nil {
		return Sent{}, err
	}
	sent := Sent{Event: body, Clinic: clinic, Hash: ev.Hash().String()}
	if c.door != nil {
		sent.Status, err = c.door.post(ctx, clinic, header, body)
		return sent, err
	}
	sent.Subject = events.Subject(events.SubjectEvents, clinic, ev.Kind)
	sent.Stream, sent.Sequence, err = c.nats.Send(ctx, sent.Subject, header, body)
	return sent, err
}

// encode writes the draft as a CloudEvent. It is read back as a door reads it,
// so that errors name the field.
func (d Draft) encode(clinic string, now time.Time) (events.Event, map[string]string, []byte, error) {
	wire, err := json.Marshal(map[string]any{
		"specversion": "1.0", "id": cmp.Or(d.ID, rand.Text()), "source": cmp.Or(d.Source, "mooring-event"),
		"type": events.TypePrefix + strings.TrimPrefix(d.Kind, events.TypePrefix), "subject": d.Client,
		"time": cmp.Or(d.At, now).UTC().Format(time.RFC3339Nano), "data": d.Data,
	})
	if err != nil {
		return events.Event{}, nil, nil, fmt.Errorf("write the event: %w", err)
	}
	ev, err := events.DecodeOutside(clinic, events.Wire{Header: map[string][]string{"Content-Type": {events.ContentType}}, Body: wire})
	if err != nil {
		return ev, nil, nil, &DraftError{"the event is not sound: " + err.Error()}
	}
	header, body, err := events.Encode(ev)
	if err != nil {
		return ev, nil, nil, &DraftError{"the event is not sound: " + err.Error()}
	}
	return ev, header, body, nil
}

// door is a Mooring's HTTP event door.
type door struct {
	base, token string
	cfg         Config
	client      *http.Client
}

func newDoor(cfg Config, to Route) (*door, error) {
	u, err := url.Parse(to.HTTP)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, &DraftError{"the address of the HTTP door must look like http://127.0.0.1:8080"}
	}
	return &door{base: strings.TrimRight(to.HTTP, "/"), token: to.Token, cfg: cfg, client: &http.Client{
		Timeout: 15 * time.Second,
		// A token goes nowhere but where it was meant to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// tokenOf is the token given, or the environment's, or the data folder's.
func (d *door) tokenOf(clinic string) (string, error) {
	if d.token != "" {
		return d.token, nil
	}
	for pair := range strings.SplitSeq(string(d.cfg.EventTokens), ",") {
		if id, token, ok := strings.Cut(strings.TrimSpace(pair), ":"); ok && id == clinic {
			return token, nil
		}
	}
	token, err := kept(d.cfg.Data, "event-token-"+clinic)
	if err != nil {
		return "", &DraftError{"the HTTP door needs the clinic's token: give --token, or set MOORING_EVENT_TOKENS"}
	}
	return token, nil
}

func (d *door) post(ctx context.Context, clinic string, header map[string]string, body []byte) (status string, err error) {
	token, err := d.tokenOf(clinic)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base+"/v1/clinics/"+clinic+"/events", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("write the request: %w", err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := d.client.Do(req)
	if err != nil {
		return "", fmt.Errorf("reach the HTTP door: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return "", fmt.Errorf("read the HTTP door's answer: %w", err)
	}
	var said struct{ Status, Detail any }
	_ = json.Unmarshal(answer, &said) // another program may answer in another form
	if res.StatusCode != http.StatusAccepted {
		text := http.StatusText(res.StatusCode)
		if detail, ok := said.Detail.(string); ok {
			text = detail
		}
		return "", fmt.Errorf("the HTTP door did not take the event (%d): %s", res.StatusCode, text)
	}
	status, ok := said.Status.(string)
	if !ok {
		return "", errors.New("the HTTP door answered in a form that is not a Mooring's")
	}
	return status, nil
}
