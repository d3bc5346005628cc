package bench

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/mooring-care/mooring/events"
)

// pastLasts is how long the clients of a made-up past go on coming.
const pastLasts = 150 * 24 * time.Hour

// WritePast writes a made-up past of a clinic, one CloudEvent a line as `mooring
// backtest` reads it: so many events of each client, all of them in the order of
// their times, as a stream has them. The mix is that of a busy practice: visits
// booked, most attended, some moved, cancelled or missed; a few signals, replies
// and concerns; one client in twenty at risk. It is the same each time.
func WritePast(w io.Writer, clients, each int) error {
	r := rand.New(rand.NewPCG(20, 26)) //nolint:gosec // a past that is the same each time needs no secret
	var all []events.Event
	for i := range clients {
		p := &past{r: r, client: "p" + strconv.Itoa(i), at: time.Date(2026, 2, 2, 14, 0, 0, 0, time.UTC)}
		p.live(i, each)
		all = append(all, p.events...)
	}
	slices.SortStableFunc(all, func(a, b events.Event) int { return a.Time.Compare(b.Time) })
	out := bufio.NewWriter(w)
	for _, ev := range all {
		_, body, err := events.Encode(ev)
		if err != nil {
			return fmt.Errorf("write an event: %w", err)
		}
		_, _ = out.Write(body) // Flush says what went wrong
		_ = out.WriteByte('\n')
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write a past: %w", err)
	}
	return nil
}

// past is one client's, told from the first day to the last.
type past struct {
	r      *rand.Rand
	client string
	at     time.Time
	events []events.Event
}

func (p *past) says(kind events.Kind, data events.Data) {
	p.events = append(p.events, events.Event{
		ID: p.client + "-" + strconv.Itoa(len(p.events)), Source: "past", Clinic: clinicID, Client: p.client,
		Kind: kind, Time: p.at, Data: data,
	})
}

// after lets between one and two such stretches pass.
func (p *past) after(stretch time.Duration) {
	p.at = p.at.Add(stretch + time.Duration(p.r.Int64N(int64(stretch)))).Truncate(time.Second)
}

// live tells who the i-th client is, and what happens until there are enough events.
func (p *past) live(i, each int) {
	p.at = p.at.Add(time.Duration(p.r.IntN(20*24*60)) * time.Minute)
	yes, first, email, clinician, status := true, "Sam", address(i), "amara", events.StatusActive
	risk, consent := events.RiskNone, events.ConsentGranted
	if i%20 == 7 {
		risk = events.RiskHigh
	}
	if i%10 == 9 {
		consent = events.ConsentUnknown
	}
	p.says(events.ClientUpdated, events.Data{Client: &events.Client{
		FirstName: &first, Email: &email, EmailVerified: &yes, Risk: &risk, Clinician: &clinician, Status: &status,
		Consent: &events.Consent{Outreach: &events.ConsentRecord{State: consent}},
	}})
	for visit := 0; len(p.events) < each; visit++ {
		p.visit(visit)
		p.after(pastLasts / time.Duration(each))
	}
	p.events = p.events[:each]
}

// visit is one that is booked, and what becomes of it.
func (p *past) visit(n int) {
	start := p.at.Add(time.Duration(72+p.r.IntN(240)) * time.Hour).Truncate(time.Hour)
	a := events.Appointment{ID: p.client + "-a" + strconv.Itoa(n), Start: &start, Minutes: 50}
	says := func(kind events.Kind, by events.CancelledBy) {
		of := a
		of.By = by
		p.says(kind, events.Data{Appointment: &of})
	}
	says(events.AppointmentBooked, "")
	switch roll := p.r.IntN(100); {
	case roll < 62:
		p.at = start.Add(50 * time.Minute)
		says(events.AppointmentAttended, "")
	case roll < 72:
		p.at = start.Add(50 * time.Minute)
		says(events.AppointmentNoShow, "")
	case roll < 86:
		p.at = start.Add(-time.Duration(1+p.r.IntN(70)) * time.Hour)
		says(events.AppointmentCancelled, events.ByClient)
	case roll < 91:
		p.at = start.Add(-30 * time.Hour)
		says(events.AppointmentCancelled, events.ByProvider)
	default:
		p.at = start.Add(-60 * time.Hour)
		later := start.Add(48 * time.Hour)
		a.Start = &later
		says(events.AppointmentRescheduled, "")
		p.at = later.Add(50 * time.Minute)
		says(events.AppointmentAttended, "")
	}
	switch roll := p.r.IntN(100); {
	case roll < 6:
		p.after(time.Hour)
		p.says(events.ClientSignal, events.Data{Signal: &events.Signal{Name: "missed-homework"}})
	case roll < 9:
		p.after(time.Hour)
		p.says(events.MessageReplied, events.Data{})
	case roll < 10:
		p.after(time.Hour)
		p.says(events.SafetyConcern, events.Data{Concern: &events.Concern{Level: events.ConcernSameDay, From: "questionnaire"}})
	}
}
