package workflows

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/calendar"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// generators make the data of a random event of each kind, in the light of the
// state: mostly about what exists, sometimes about what does not.
func generators() map[events.Kind]func(*rapid.T, *sim) events.Data {
	escalationAct := func(rt *rapid.T, s *sim) events.Data {
		return events.Data{Escalation: &events.EscalationAct{ID: s.drawEscalation(rt), By: drawPerson(rt), How: "phone", Note: "z0z note"}}
	}
	report := func(rt *rapid.T, s *sim) events.Data {
		return events.Data{Message: &events.MessageReport{
			ID:     s.drawMessage(rt),
			Detail: rapid.SampledFrom([]string{"", "550 5.1.1", "550 <z0zmail@client.example> unknown"}).Draw(rt, "detail"),
		}}
	}
	note := func(rt *rapid.T, _ *sim) events.Data {
		return events.Data{Note: &events.Note{
			By: drawPerson(rt), Reason: rapid.SampledFrom([]string{"", "stress", "shame", "z0z own words"}).Draw(rt, "reason"),
			Noticed:  rapid.SliceOfN(rapid.SampledFrom(append(choiceCodes(events.Noticed()), "z0z own words")), 0, 3).Draw(rt, "noticed"),
			Approach: rapid.SampledFrom(append(choiceCodes(events.Approaches()), "", "z0z")).Draw(rt, "approach"),
		}}
	}
	pause := func(rt *rapid.T, s *sim) events.Data {
		p := &events.Pause{By: rapid.SampledFrom([]string{drawPerson(rt), events.TheClient}).Draw(rt, "who"), Reason: "z0z", OptIn: rapid.Bool().Draw(rt, "opt in")}
		if rapid.Bool().Draw(rt, "limited") {
			p.Until = new(s.now.Add(time.Duration(rapid.IntRange(-24, 240).Draw(rt, "hours")) * time.Hour))
		}
		return events.Data{Pause: p}
	}
	nothing := func(*rapid.T, *sim) events.Data { return events.Data{} }
	return map[events.Kind]func(*rapid.T, *sim) events.Data{
		events.AppointmentBooked:      drawAppointment,
		events.AppointmentRescheduled: drawAppointment,
		events.AppointmentCancelled:   drawAppointment,
		events.AppointmentNoShow:      drawAppointment,
		events.AppointmentAttended:    drawAppointment,
		events.AppointmentRetracted:   drawAppointment,
		events.ClientUpdated: func(rt *rapid.T, s *sim) events.Data {
			d := events.Data{Client: drawClient(rt, s.now)}
			if rapid.IntRange(0, 4).Draw(rt, "company") == 0 {
				d.Appointment = drawAppointment(rt, s).Appointment
			}
			return d
		},
		events.ClientSignal: func(*rapid.T, *sim) events.Data {
			return events.Data{Signal: &events.Signal{Name: "diary"}}
		},
		events.ClientMerged: func(*rapid.T, *sim) events.Data {
			return events.Data{Merge: &events.Merge{Into: "z0z-ehr-2"}}
		},
		events.SafetyConcern: func(rt *rapid.T, _ *sim) events.Data {
			level := rapid.SampledFrom([]events.ConcernLevel{events.ConcernSameDay, events.ConcernImmediate}).Draw(rt, "level")
			return events.Data{Concern: &events.Concern{Level: level, From: "portal", Note: "z0z item 9"}}
		},
		events.SafetyRaised: func(rt *rapid.T, _ *sim) events.Data {
			level := rapid.SampledFrom([]events.ConcernLevel{events.ConcernSameDay, events.ConcernImmediate}).Draw(rt, "level")
			return events.Data{Concern: &events.Concern{Level: level, Note: "z0z words"}, Note: &events.Note{By: drawPerson(rt)}}
		},
		events.MessageReplied: nothing,
		events.CheckinAnswered: func(rt *rapid.T, _ *sim) events.Data {
			return events.Data{Answer: &events.Answer{
				Safe:    new(rapid.IntRange(0, 3).Draw(rt, "safe") > 0),
				Reasons: rapid.SliceOfN(rapid.SampledFrom(append(reasonCodes(), "z0z own words")), 0, 2).Draw(rt, "reasons"),
				Wish:    rapid.SampledFrom([]string{"", "", "slower", "pause", "stop"}).Draw(rt, "wish"),
				Text:    rapid.SampledFrom([]string{"", "z0z text"}).Draw(rt, "text"),
			}}
		},
		events.EscalationAcknowledged: escalationAct,
		events.EscalationDeclined:     escalationAct,
		events.EscalationAttempted:    escalationAct,
		events.EscalationClosed: func(rt *rapid.T, s *sim) events.Data {
			d := escalationAct(rt, s)
			d.Escalation.Outcome = rapid.SampledFrom([]events.Outcome{events.OutcomeReachedSafe, events.OutcomeFalseAlarm, "odd"}).Draw(rt, "outcome")
			return d
		},
		events.EscalationReopened: escalationAct,
		events.TaskDone: func(rt *rapid.T, s *sim) events.Data {
			ids := []string{"kunknown"}
			for i := range s.state.Tasks {
				ids = append(ids, s.state.Tasks[i].ID)
			}
			return events.Data{Task: &events.TaskAct{ID: ids[rapid.IntRange(0, len(ids)-1).Draw(rt, "task")], By: drawPerson(rt), Note: "z0z", Release: rapid.Bool().Draw(rt, "release")}}
		},
		events.ClientNoted:    note,
		events.ClientPaused:   pause,
		events.ClientResumed:  pause,
		events.ClientOptedOut: nothing,
		events.ClientErased:   nothing,
		events.ClientChose:    drawChoice,
		events.JourneyMoved: func(rt *rapid.T, s *sim) events.Data {
			id := "kunknown"
			for i := range s.state.Journeys {
				id = s.state.Journeys[i].ID
			}
			return events.Data{Move: &events.Move{Journey: id, To: rapid.SampledFrom([]string{s.dir[0].Version, "v-nowhere"}).Draw(rt, "to")}}
		},
		events.MessageAccepted:   report,
		events.MessageDelivered:  report,
		events.MessageBounced:    report,
		events.MessageDropped:    report,
		events.MessageComplained: report,
		events.MessageUnknown:    report,
		events.MessageDeferred:   report,
		events.MessageWithdrawn:  report,
		events.MessageRefused:    report,
		events.TimerDue:          nothing,
	}
}

func TestEveryKindHasAGenerator(t *testing.T) {
	gens := generators()
	for _, spec := range events.Kinds() {
		if gens[spec.Kind] == nil {
			t.Errorf("%s has no generator: no random history would ever meet it", spec.Kind)
		}
		delete(gens, spec.Kind)
	}
	for kind := range gens {
		t.Errorf("the generator of %s belongs to no kind", kind)
	}
}

func drawPerson(rt *rapid.T) string {
	return rapid.SampledFrom([]string{"amara", "jonas", "mei", "ruth", "nobody"}).Draw(rt, "by")
}

func (s *sim) drawEscalation(rt *rapid.T) string {
	ids := []string{"kunknown"}
	for i := range s.state.Escalations {
		ids = append(ids, s.state.Escalations[i].ID, s.state.Escalations[i].ID)
	}
	return ids[rapid.IntRange(0, len(ids)-1).Draw(rt, "escalation")]
}

// drawChoice is mostly one choice; a confirmation is mostly of what waits for one.
func drawChoice(rt *rapid.T, s *sim) events.Data {
	c := &events.ClientChoice{}
	for c.Language == "" && !c.MailList && c.Address == "" && c.Confirm == "" {
		switch rapid.IntRange(0, 4).Draw(rt, "choice") {
		case 0:
			c.Language = rapid.SampledFrom([]string{"es", "en"}).Draw(rt, "language")
		case 1:
			c.MailList, c.Reasons = true, rapid.SliceOfN(rapid.SampledFrom(append(reasonCodes(), "z0z own words")), 0, 2).Draw(rt, "reasons")
		case 2:
			c.Address = rapid.SampledFrom([]string{"z0znew@client.example", "z0zother@client.example"}).Draw(rt, "address")
		default:
			c.Confirm = "kunknown"
			if n := s.state.NewAddress; n != nil {
				c.Confirm = n.ID
			}
		}
	}
	return events.Data{Choice: c}
}

func (s *sim) drawMessage(rt *rapid.T) string {
	ids := []string{"kunknown"}
	for i := range s.state.Sends {
		ids = append(ids, s.state.Sends[i].ID)
	}
	return ids[rapid.IntRange(0, len(ids)-1).Draw(rt, "message")]
}

func drawAppointment(rt *rapid.T, s *sim) events.Data {
	a := &events.Appointment{
		ID:      rapid.SampledFrom([]string{"a1", "a2", "a3", "a4"}).Draw(rt, "appointment"),
		Version: rapid.SampledFrom([]int64{0, 0, 0, 1, 2}).Draw(rt, "version"),
		By:      rapid.SampledFrom([]events.CancelledBy{"", events.ByClient, events.ByClient, events.ByProvider, events.ByUnknown}).Draw(rt, "cancelled by"),
		Visit:   rapid.SampledFrom([]events.Visit{"", events.VisitFirst}).Draw(rt, "visit"),
	}
	if rapid.IntRange(0, 3).Draw(rt, "start") > 0 {
		a.Start = new(s.now.Add(time.Duration(rapid.IntRange(-72, 72).Draw(rt, "hours")) * time.Hour))
	}
	return events.Data{Appointment: a}
}

// drawClient says a few things about a client.
func drawClient(rt *rapid.T, now time.Time) *events.Client {
	c := friendly()
	some := func(name string, of int) bool { return rapid.IntRange(0, of).Draw(rt, name) == 0 }
	if some("an address", 3) {
		c.Email = new(rapid.SampledFrom([]string{"", "z0zother@client.example"}).Draw(rt, "email"))
		c.EmailVerified = new(rapid.Bool().Draw(rt, "verified"))
	}
	if some("other risk", 3) {
		c.Risk = new(rapid.SampledFrom([]events.Risk{events.RiskElevated, events.RiskHigh}).Draw(rt, "risk"))
	}
	if some("other status", 5) {
		c.Status = new(rapid.SampledFrom([]events.Status{
			events.StatusDischarged, events.StatusDeceased, events.StatusHospitalised, events.StatusTransferred,
		}).Draw(rt, "status"))
	}
	if some("consent", 4) {
		c.Consent.Outreach = drawConsent(rt, now)
	}
	for _, to := range []**events.ConsentRecord{&c.Consent.Resources, &c.Consent.Caring, &c.Consent.Orientation} {
		if some("own consent", 7) {
			*to = drawConsent(rt, now)
		}
	}
	if some("programme", 5) {
		c.Programmes = rapid.SampledFrom([][]string{{}, {"substance-use"}, {"other"}}).Draw(rt, "programmes")
	}
	if some("minor", 5) {
		c.Minor = new(true)
		if rapid.Bool().Draw(rt, "owned") {
			c.AddressOwner = new(rapid.SampledFrom([]string{"guardian", "proxy"}).Draw(rt, "owner"))
		}
	}
	if some("elsewhere", 3) {
		c.TimeZone = new(rapid.SampledFrom([]string{"", "America/Los_Angeles", "Asia/Kolkata", "Nowhere/Land"}).Draw(rt, "zone"))
	}
	for i, unsay := range []func(){
		func() { c.FirstName = nil }, func() { c.Email, c.EmailVerified = nil, nil }, func() { c.EmailVerified = nil },
		func() { c.Risk = nil }, func() { c.Status = nil }, func() { c.Consent = nil }, func() { c.Clinician = nil },
	} {
		if some(fmt.Sprintf("without %d", i), 7) {
			unsay()
		}
	}
	return c
}

func drawConsent(rt *rapid.T, now time.Time) *events.ConsentRecord {
	rec := &events.ConsentRecord{
		State: rapid.SampledFrom([]events.ConsentState{events.ConsentGranted, events.ConsentWithdrawn, events.ConsentUnknown}).Draw(rt, "consent"),
		By:    rapid.SampledFrom([]string{"", "z0z"}).Draw(rt, "by"), How: "z0z",
	}
	if rapid.Bool().Draw(rt, "dated") {
		rec.At = new(now.Add(time.Duration(rapid.IntRange(-100, 100).Draw(rt, "given")) * time.Hour))
	}
	return rec
}

// historyStart is a Saturday before the clocks change where the sample clinic
// is.
var historyStart = time.Date(2026, 3, 7, 16, 0, 0, 0, time.UTC)

// calendarWorkflow is one that histories run beside the built-in ones: it keeps
// to the clinic's hours and tells staff.
const calendarWorkflow = `workflow: calendar
title: t
why: w
start: {on: [client.signal, client.noted]}
stop: [{on: [message.replied], outcome: replied}]
steps:
  - send: {template: note, to: assigned, id: news}
  - send: {template: A, after: 5h, within: office-hours, id: open}
  - wait: {until: "09:30", days: workdays}
  - send: {template: E, within: office-hours, lateness: {after: 3d, then: ask}, id: caring}
  - send: {template: note, to: role:clinician, after: 1d, id: clinicians}
  - task: {what: review, owner: person:amara, due: 3d}
  - send: {template: note, to: task-owner, id: owner}
`

// historyClinic is the sample clinic with a holiday, two people's leave, and
// slower ladders: a day without an answer is a handful of decisions.
func historyClinic(t failer) *Clinic {
	c := *withWorkflows(t, sampleClinic(t), "v-history", map[string]string{"calendar": calendarWorkflow})
	c.Workflows = append(slices.Clone(sampleClinic(t).Workflows), c.Workflows...)
	c.Hours.Holidays = []calendar.Holiday{{From: 20260310, To: 20260310}}
	c.Staff.People = slices.Clone(c.Staff.People)
	for i, first := range []int{9, 12} { // amara from Monday, jonas from Thursday
		p := &c.Staff.People[i]
		p.Away = []escalation.Absence{{From: time.Date(2026, 3, first, 0, 0, 0, 0, c.Zone), To: time.Date(2026, 3, first+2, 0, 0, 0, 0, c.Zone)}}
	}
	c.Policies = map[string]escalation.Policy{}
	for id, p := range sampleClinic(t).Policies {
		p.Rungs, p.Hold = slices.Clone(p.Rungs), 12*time.Hour
		for i := range p.Rungs {
			p.Rungs[i].Within = 7 * time.Hour
		}
		c.Policies[id] = p
	}
	return &c
}

// history runs a random history of all kinds of events, late, repeated and
// with outages, and calls each after every decision. first is what every history
// of a test begins with, so that it comes past what the test is about.
func history(rt *rapid.T, dir []*Clinic, each func(*sim, step), first ...func(*sim)) *sim {
	s := newSim(rt, historyStart, dir...)
	s.each = func(st step) { each(s, st) }
	gens := generators()
	var kinds []events.Kind
	for _, spec := range events.Kinds() {
		kinds = append(kinds, spec.Kind)
		switch spec.Kind { // what most histories are made of
		case events.AppointmentNoShow, events.AppointmentCancelled, events.ClientUpdated:
			kinds = append(kinds, spec.Kind, spec.Kind, spec.Kind)
		}
	}
	if rapid.IntRange(0, 3).Draw(rt, "known client") > 0 {
		s.happens(events.ClientUpdated, clientData(friendly()))
	}
	for _, do := range first {
		do(s)
	}
	for range rapid.IntRange(1, 25).Draw(rt, "events") {
		gap := time.Duration(rapid.SampledFrom([]int{0, 1, 5, 60, 60 * 4, 60 * 24, 60 * 24 * 4}).Draw(rt, "minutes")) * time.Minute
		if rapid.IntRange(0, 9).Draw(rt, "outage") == 0 {
			s.outage(gap)
		} else {
			s.pass(gap)
		}
		if len(s.steps) > 0 && rapid.IntRange(0, 9).Draw(rt, "repeat") == 0 {
			if ev := s.steps[rapid.IntRange(0, len(s.steps)-1).Draw(rt, "which")].ev; ev.Kind != events.TimerDue {
				s.deliver(ev)
			}
			continue
		}
		kind := rapid.SampledFrom(kinds).Draw(rt, "kind")
		if kind == events.TimerDue {
			s.due()
			continue
		}
		at := s.now
		if rapid.IntRange(0, 4).Draw(rt, "late") == 0 {
			at = at.Add(-time.Duration(rapid.SampledFrom([]int{1, 24, 24 * 10, 24 * 40}).Draw(rt, "hours ago")) * time.Hour)
		}
		s.deliver(s.event(kind, at, gens[kind](rt, s)))
	}
	return s
}
