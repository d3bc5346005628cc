package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/mooring-care/mooring/internal/app"
)

type eventCmd struct {
	Kind string `arg:"" help:"What happened, such as appointment.noshow; the list stands below."`

	Client string   `required:"true" help:"The EHR's id of the client."`
	Clinic string   `help:"The clinic's id; may be left out where there is only one."`
	At     timeText `placeholder:"TIME" help:"When it happened: RFC 3339, or from now, such as -2h or -1d12h. Unset: now."`
	ID     string   `name:"id" help:"The event's id; sending the same id and source again counts once. Unset: random."`
	Source string   `help:"Who says so. Unset: mooring-event."`
	Data   string   `placeholder:"JSON" help:"The event's data as a JSON object; the flags below add to it."`

	Appointment string   `group:"The appointment" placeholder:"ID" help:"The EHR's id of the appointment."`
	Start       timeText `group:"The appointment" placeholder:"TIME" help:"When it is: RFC 3339, or from now, such as +3d."`
	Visit       string   `group:"The appointment" help:"first or follow-up."`
	CancelledBy string   `group:"The appointment" help:"client, provider or unknown."`
	ChangeNo    *int64   `name:"version" group:"The appointment" placeholder:"N" help:"The EHR's counter of changes to the appointment."`

	FirstName     *string `group:"The client" help:"First name."`
	LastName      *string `group:"The client" help:"Last name."`
	Email         *string `group:"The client" help:"Email address."`
	EmailVerified *bool   `group:"The client" negatable:"" help:"The clinic knows that the address is right."`
	Phone         *string `group:"The client" help:"Phone number, shown to staff."`
	Language      *string `group:"The client" help:"BCP 47 tag, such as en."`
	TimeZone      *string `group:"The client" help:"IANA name, such as America/Chicago."`
	Clinician     *string `group:"The client" help:"Directory id of the assigned clinician."`
	Risk          *string `group:"The client" help:"none, elevated or high."`
	Status        *string `group:"The client" help:"active, discharged, deceased, hospitalised or transferred."`
	Consent       *string `group:"The client" help:"Consent to outreach: granted, withdrawn or unknown."`

	URL   string `name:"url" group:"Where to" xor:"way" placeholder:"nats://…" help:"A NATS server. Unset: NATS_URL, or else the Mooring that runs on the data folder."`
	HTTP  string `name:"http" group:"Where to" xor:"way" placeholder:"http://…" help:"The HTTP event door instead: the address of the public pages."`
	Token string `group:"Where to" help:"The door's bearer token. Unset: from MOORING_EVENT_TOKENS or the data folder."`
	JSON  bool   `name:"json" help:"Print one JSON object, as docs/commands.md describes it."`
}

// Help lists the kinds.
func (eventCmd) Help() string {
	var b strings.Builder
	b.WriteString("The kinds that can be sent:\n\n")
	for _, k := range app.OutsideKinds() {
		fmt.Fprintf(&b, "    %-24s %s\n", k[0], k[1])
	}
	return b.String()
}

// Run sends one event and prints it with the acknowledgement.
func (c eventCmd) Run(ctx context.Context, io streams) error {
	if err := app.CheckKind(c.Kind); err != nil {
		return misuse(err)
	}
	if c.Token != "" && c.HTTP == "" {
		return &misuseError{"--token goes with --http"}
	}
	cfg, err := app.ReadOperatorConfig()
	if err != nil {
		return err
	}
	// Read once before anything is reached: what is wrong with the flags is
	// said whatever runs.
	if _, err := c.draft(time.Now()); err != nil {
		return err
	}
	courier, err := app.OpenCourier(ctx, cfg, app.Route{NATS: c.URL, HTTP: c.HTTP, Token: c.Token})
	if err != nil {
		return misuse(err)
	}
	defer courier.Close()
	draft, err := c.draft(courier.Now())
	if err != nil {
		return err
	}
	sent, err := courier.Send(ctx, draft)
	if err != nil {
		return misuse(err)
	}
	if c.JSON {
		return writeJSON(io.out, sent)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, sent.Event, "", "  "); err != nil {
		return fmt.Errorf("print the event: %w", err)
	}
	fmt.Fprintln(io.out, pretty.String())
	if c.HTTP != "" {
		_, err = fmt.Fprintf(io.out, "%s by the HTTP door.\n", strings.ToUpper(sent.Status[:1])+sent.Status[1:])
	} else {
		_, err = fmt.Fprintf(io.out, "Stored in %s as number %d, from %s.\n", sent.Stream, sent.Sequence, sent.Subject)
	}
	return err
}

// draft is the event that the flags describe. Its error is a *misuseError.
func (c eventCmd) draft(now time.Time) (app.Draft, error) {
	d := app.Draft{Kind: c.Kind, Client: c.Client, Clinic: c.Clinic, ID: c.ID, Source: c.Source, At: now, Data: map[string]any{}}
	if c.Data != "" {
		dec := json.NewDecoder(strings.NewReader(c.Data))
		dec.UseNumber()
		if err := dec.Decode(&d.Data); err != nil || d.Data == nil || dec.More() {
			return d, &misuseError{"--data must be one JSON object"}
		}
	}
	var err error
	if c.At != "" {
		if d.At, err = c.At.time(now); err != nil {
			return d, err
		}
	}
	set := func(part, name string, value any) {
		object, ok := d.Data[part].(map[string]any)
		if !ok {
			object = map[string]any{}
			d.Data[part] = object
		}
		object[name] = value
	}
	if c.Start != "" {
		start, err := c.Start.time(now)
		if err != nil {
			return d, err
		}
		set("appointment", "start", start.UTC().Format(time.RFC3339Nano))
	}
	for name, value := range map[string]string{"id": c.Appointment, "visit": c.Visit, "cancelled_by": c.CancelledBy} {
		if value != "" {
			set("appointment", name, value)
		}
	}
	if c.ChangeNo != nil {
		set("appointment", "version", *c.ChangeNo)
	}
	for name, value := range map[string]*string{
		"first_name": c.FirstName, "last_name": c.LastName, "email": c.Email, "phone": c.Phone, "language": c.Language,
		"time_zone": c.TimeZone, "clinician": c.Clinician, "risk": c.Risk, "status": c.Status,
	} {
		if value != nil {
			set("client", name, *value)
		}
	}
	if c.EmailVerified != nil {
		set("client", "email_verified", *c.EmailVerified)
	}
	if c.Consent != nil {
		set("client", "consent", map[string]any{"outreach": map[string]any{"state": *c.Consent}})
	}
	return d, nil
}

// timeText is a moment as it is typed: RFC 3339, or a stretch from now.
type timeText string

// Decode takes the next word even when it begins with a hyphen, as in -2h.
func (t *timeText) Decode(ctx *kong.DecodeContext) error {
	token := ctx.Scan.Pop()
	if token.IsEOL() {
		return &misuseError{"a time is missing"}
	}
	*t = timeText(token.String())
	_, err := t.time(time.Now())
	return err
}

// time is the moment meant. Its error is a *misuseError.
func (t *timeText) time(now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, string(*t)); err == nil {
		return at, nil
	}
	if d, ok := stretch(string(*t)); ok {
		if at := now.Add(d); at.Year() >= 1 && at.Year() <= 9999 {
			return at, nil
		}
	}
	return time.Time{}, &misuseError{"must be a time such as 2026-03-02T15:04:05Z, now, -2h or +3d"}
}

// stretch reads "now" or a signed sum of whole weeks, days, hours, minutes and
// seconds, such as -1d12h.
func stretch(s string) (time.Duration, bool) {
	if s == "now" {
		return 0, true
	}
	back := strings.HasPrefix(s, "-")
	if !back && !strings.HasPrefix(s, "+") {
		return 0, false
	}
	units := map[byte]time.Duration{'w': 7 * 24 * time.Hour, 'd': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute, 's': time.Second}
	var sum time.Duration
	rest := s[1:]
	if rest == "" {
		return 0, false
	}
	for rest != "" {
		end := strings.IndexAny(rest, "wdhms")
		if end < 1 {
			return 0, false
		}
		n, err := strconv.ParseUint(rest[:end], 10, 32)
		unit := units[rest[end]]
		if err != nil || sum > maxStretch || time.Duration(n) > maxStretch/unit {
			return 0, false
		}
		sum += time.Duration(n) * unit
		rest = rest[end+1:]
	}
	if back {
		sum = -sum
	}
	return sum, true
}

// maxStretch is about a century, which no event is away.
const maxStretch = 100 * 365 * 24 * time.Hour
