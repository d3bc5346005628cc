package workflows

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
)

// allowed is the rule consent-first, said a second time and in other words.
func allowed(s *State, l letter, now time.Time) bool {
	p, template := &s.Profile, l.template
	consent := map[string]*Field[events.ConsentRecord]{"C": p.Resources, "E": p.Caring, "F": p.Orientation}[template]
	if consent == nil {
		consent = p.Outreach
	}
	return consent.Get().State == events.ConsentGranted && !p.OptedOut.Get() && (p.AddressOwner.Get() != "proxy" || consent.Get().By != "") &&
		(l.to != "" || p.Address() != "" && (p.EmailVerified.Get().OK || p.OwnAddress.Known())) &&
		(l.own || !p.Rest.Get().On || !now.Before(p.Rest.Get().Until)) &&
		(p.Status.Get() == "" || p.Status.Get() == events.StatusActive) &&
		!slices.Contains(p.Programmes.Get(), "substance-use") &&
		(!p.Minor.Get() || p.AddressOwner.Get() != "") &&
		(!p.Paused.Get().On || !p.Paused.Get().Until.IsZero() && !now.Before(p.Paused.Get().Until))
}

// letterOf is a message as the gate sees it.
func letterOf(s *State, id string) letter {
	for i := range s.Sends {
		if x := &s.Sends[i]; x.ID == id {
			return letter{x.Message.Template, x.Own, x.Email}
		}
	}
	return letter{}
}

func TestConsentFirst(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	rapid.Check(t, func(rt *rapid.T) {
		history(rt, dir, func(s *sim, st step) {
			for _, e := range st.dec.Effects {
				if e.Enqueue == nil || e.Enqueue.Lane != LaneCare {
					continue
				}
				m, l := e.Enqueue.Message, letterOf(&st.dec.State, e.Enqueue.ID)
				if !allowed(&st.dec.State, l, st.now) {
					rt.Fatalf("%s leaves although it must not: %s", m.Template, jsonOf(rt, st.dec.State.Profile))
				}
				if why := s.forbids(m.Template, l.to); why != "" {
					rt.Fatalf("%s leaves although %s: %s", m.Template, why, jsonOf(rt, st.dec.State.Profile))
				}
				if st.dec.State.Flagged(st.now) && m.Template != "E" && m.Template != "F" && m.Template != "address" && m.Template != "address-changed" {
					rt.Fatalf("%s goes to a client with a safety flag", m.Template)
				}
				for _, e := range st.dec.State.Escalations {
					if e.Open() && e.Ack == nil {
						rt.Fatalf("%s leaves while nobody has taken a question about the client's safety", m.Template)
					}
				}
				if x := sendOf(&st.dec.State, e.Enqueue.ID); m.Template == "F" && st.dec.State.Flagged(st.now) && !x.Released {
					rt.Fatal("F leaves to a client with a safety flag, and no person let it go")
				}
				local := st.now.In(st.dec.State.zone(dir[0]))
				if !l.own && (local.Hour() >= 20 || local.Hour() < 9) {
					rt.Fatalf("%s leaves at %v, in the quiet hours", m.Template, local)
				}
				if m.Person != "" {
					rt.Fatalf("a care message goes to %q", m.Person)
				}
			}
			for _, family := range families() {
				if why := s.forbids(family, ""); why != "" {
					if _, _, ok := s.state.gate(dir[0], family, s.now); ok {
						rt.Fatalf("after %s the gate is open for %s although %s: %s", st.ev.Kind, family, why, jsonOf(rt, s.state.Profile))
					}
				}
			}
			// What the gate would hold back now, the last look holds back too.
			for i := range s.state.Sends {
				x := &s.state.Sends[i]
				look := s.state.Look(dir[0], x.ID, s.now)
				if x.Lane == LaneCare && look.Wanted && (!allowed(&s.state, letterOf(&s.state, x.ID), s.now) || s.forbids(x.Message.Template, x.Email) != "") {
					rt.Fatalf("the last look lets %s pass (%s): %s", x.Message.Template, s.forbids(x.Message.Template, x.Email), jsonOf(rt, s.state.Profile))
				}
				if _, waits := s.state.unanswered(); waits && x.Lane == LaneCare && look.Wanted {
					rt.Fatalf("the last look lets %s pass while nobody has taken a question about the client's safety", x.Message.Template)
				}
				if !look.Wanted && (look.Reason == "" || look.Reason.Words() == string(look.Reason)) {
					rt.Fatalf("the last look holds %s (%s) back and does not say why", x.ID, x.Status)
				}
			}
		})
	})
}

// TestConsentFirstSays holds each bar against a client for whom all else is
// well: nothing leaves, the timeline says why, and the last look names the
// event that withdrew a message asked for before.
func TestConsentFirstSays(t *testing.T) {
	update := func(change func(*events.Client)) (events.Kind, events.Data) {
		c := &events.Client{}
		change(c)
		return events.ClientUpdated, clientData(c)
	}
	consent := func(state events.ConsentState) func(*events.Client) {
		return func(c *events.Client) {
			c.Consent = &events.Consent{Outreach: &events.ConsentRecord{State: state}}
		}
	}
	for name, tc := range map[string]struct {
		want   Reason
		change func(*events.Client)
		kind   events.Kind
		data   events.Data
		ends   bool // the journey ends too
	}{
		"consent unknown":   {want: NoConsent, change: consent(events.ConsentUnknown)},
		"consent withdrawn": {want: ConsentWithdrawn, change: consent(events.ConsentWithdrawn)},
		"no address":        {want: NoAddress, change: func(c *events.Client) { c.Email = new("") }},
		"another address":   {want: AddressNotVerified, change: func(c *events.Client) { c.Email = new("z0z2@client.example") }},
		"not verified":      {want: AddressNotVerified, change: func(c *events.Client) { c.EmailVerified = new(false) }},
		"programme":         {want: ProgrammeExcluded, change: func(c *events.Client) { c.Programmes = []string{"substance-use"} }},
		"minor":             {want: MinorUnknownOwner, change: func(c *events.Client) { c.Minor = new(true) }},
		"paused":            {want: Paused, kind: events.ClientPaused, data: events.Data{Pause: &events.Pause{By: "amara"}}},
		"their own break":   {want: ClientRests, kind: events.ClientPaused, data: events.Data{Pause: &events.Pause{By: events.TheClient}}},
		"opted out":         {want: OptedOut, kind: events.ClientOptedOut, ends: true},
		"wish to stop":      {want: OptedOut, kind: events.CheckinAnswered, data: events.Data{Answer: &events.Answer{Safe: new(true), Wish: "stop"}}, ends: true},
		"discharged":        {want: Discharged, change: func(c *events.Client) { c.Status = new(events.StatusDischarged) }, ends: true},
		"deceased":          {want: Deceased, change: func(c *events.Client) { c.Status = new(events.StatusDeceased) }, ends: true},
		"hospitalised":      {want: Hospitalised, change: func(c *events.Client) { c.Status = new(events.StatusHospitalised) }, ends: true},
		"transferred":       {want: Transferred, change: func(c *events.Client) { c.Status = new(events.StatusTransferred) }, ends: true},
		"risk":              {want: FlaggedClient, change: func(c *events.Client) { c.Risk = new(events.RiskElevated) }, ends: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-03-02 10:00"))
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.AppointmentNoShow, appointment("a1"))
			s.pass(3 * time.Hour)
			mails := s.mails(LaneCare)
			if len(mails) != 1 || !s.state.Look(s.dir.Current(), mails[0].ID, s.now).Wanted {
				t.Fatalf("the notice is not on its way: %+v", mails)
			}
			kind, data := tc.kind, tc.data
			if tc.change != nil {
				kind, data = update(tc.change)
			}
			s.pass(time.Minute)
			s.happens(kind, data)
			by := s.steps[len(s.steps)-1].ev.Hash()
			look := s.state.Look(s.dir.Current(), mails[0].ID, s.now)
			want := Look{Reason: tc.want, By: by}
			if tc.ends {
				want.Reason = JourneyEnded
			}
			if look != want {
				t.Errorf("the last look says %+v, want %+v", look, want)
			}
			if why, said, ok := s.state.gate(s.dir.Current(), "A", s.now); ok || why != tc.want || said != by {
				t.Errorf("the gate says %s by %v, want %s by %v", why, said, tc.want, by)
			}
			s.pass(20 * 24 * time.Hour)
			if got := s.mails(LaneCare); len(got) != 1 {
				t.Errorf("mail went out all the same: %+v", got[1:])
			}
			if skipped := s.everNoted(WhatMessage, tc.want); !tc.ends && skipped != 2 {
				t.Errorf("B and D were skipped %d times with the reason %s", skipped, tc.want)
			}
		})
	}
}

// TestOptOutStays: no feed lifts an opt-out, whatever time it claims.
func TestOptOutStays(t *testing.T) {
	s := newSim(t, historyStart)
	s.happens(events.ClientOptedOut, events.Data{})
	c := friendly()
	c.Consent.Outreach.At = new(s.now.Add(24 * 365 * time.Hour))
	s.pass(time.Hour)
	s.happens(events.ClientUpdated, clientData(c))
	if why, _, ok := s.state.gate(s.dir.Current(), "E", s.now); ok || why != OptedOut {
		t.Errorf("the gate says %q, %v", why, ok)
	}
}

// TestConsentFromTheFuture: a consent dated after the event that tells of it
// must not outlast a withdrawal.
func TestConsentFromTheFuture(t *testing.T) {
	s := newSim(t, historyStart)
	c := friendly()
	c.Consent.Outreach.At = new(s.now.Add(24 * 365 * time.Hour))
	s.happens(events.ClientUpdated, clientData(c))
	s.pass(time.Hour)
	s.happens(events.ClientUpdated, clientData(&events.Client{Consent: &events.Consent{Outreach: &events.ConsentRecord{State: events.ConsentWithdrawn}}}))
	if why, _, _ := s.state.gate(s.dir.Current(), "E", s.now); why != ConsentWithdrawn {
		t.Errorf("the gate says %q", why)
	}
}

// forbids folds what was said so far, event by event and not as the profile has
// it, and says why no care mail of a family may leave to the client's address;
// empty where neither consent nor the address forbids it. The consent said last
// by event time counts; only a consent that was given may count from an earlier
// day. A purpose of its own counts once it was spoken of; no to outreach takes
// it away but where it was given since, or with the same words. An address that
// returned a message, or whose owner complained, gets nothing.
func (s *sim) forbids(template, to string) string {
	type word struct {
		at    time.Time
		by    events.Hash
		state events.ConsentState
	}
	purpose := map[string]events.Purpose{"C": "resources", "E": "caring", "F": "orientation"}[template]
	later := func(a, b word) bool {
		return a.at.After(b.at) || a.at.Equal(b.at) && bytes.Compare(a.by[:], b.by[:]) > 0
	}
	var outreach, own, emailSaid, died, lives, confirmedSaid word
	confirmed, left := "", map[string]bool{}
	email, dead, went := "", map[string]bool{}, map[string]string{}
	address := func() string {
		if confirmed != "" && (emailSaid.at.IsZero() || email == confirmed || left[email] || !later(emailSaid, confirmedSaid)) {
			return confirmed
		}
		return email
	}
	for _, st := range s.steps {
		if st.dec.Nothing {
			continue
		}
		said := word{at: st.ev.Time, by: st.ev.Hash()}
		if c := st.ev.Data.Choice; c != nil && c.Confirm != "" {
			if n := st.before.NewAddress; n != nil && n.ID == c.Confirm && !st.ev.Time.After(n.Until) {
				at := said
				if !at.at.After(emailSaid.at) {
					at.at = emailSaid.at.Add(1)
				}
				if was := address(); later(at, confirmedSaid) {
					left[was], left[email] = true, true
					confirmed, confirmedSaid = n.Email, at
					delete(left, confirmed)
					delete(left, "")
				}
			}
		}
		if c := st.ev.Data.Client; c != nil {
			if c.Email != nil && later(said, emailSaid) {
				email, emailSaid = *c.Email, said
			}
			hear := func(newest *word, rec *events.ConsentRecord) {
				if rec == nil {
					return
				}
				heard := word{said.at, said.by, rec.State}
				if rec.State == events.ConsentGranted && rec.At != nil && rec.At.Before(said.at) {
					heard.at = *rec.At
				}
				// Of two words in one moment the safer one counts.
				no, wasNo := heard.state == events.ConsentWithdrawn, newest.state == events.ConsentWithdrawn
				if tie := heard.at.Equal(newest.at) && no != wasNo; tie && no || !tie && later(heard, *newest) {
					*newest = heard
				}
			}
			if c.Status != nil && *c.Status == events.StatusDeceased && later(said, died) {
				died = said
			}
			if c.Consent != nil {
				hear(&outreach, c.Consent.Outreach)
				hear(&own, c.Consent.Of(purpose))
			}
		}
		for _, e := range st.dec.Effects {
			if e.Enqueue != nil && e.Enqueue.Lane == LaneCare {
				if went[e.Enqueue.ID] = address(); letterOf(&st.dec.State, e.Enqueue.ID).to != "" {
					went[e.Enqueue.ID] = letterOf(&st.dec.State, e.Enqueue.ID).to
				}
			}
		}
		switch st.ev.Kind {
		case events.ClientResumed, events.TaskDone:
			asked := func(t Task) bool { return t.What == "status-contradiction" && t.ID == st.ev.Data.Task.ID }
			if (st.ev.Kind == events.ClientResumed || slices.ContainsFunc(st.before.Tasks, asked)) && later(said, lives) {
				lives = said
			}
		case events.MessageBounced, events.MessageDropped, events.MessageComplained:
			for i := range st.before.Sends {
				if x := &st.before.Sends[i]; x.ID == st.ev.Data.Message.ID && x.Lane == LaneCare {
					dead[went[x.ID]] = true
				}
			}
		}
	}
	switch {
	case own.state == "" && outreach.state != events.ConsentGranted:
		return "consent was not given, or taken back since"
	case own.state != "" && own.state != events.ConsentGranted:
		return "consent to this purpose was not given, or taken back since"
	case own.state != "" && outreach.state == events.ConsentWithdrawn && !own.at.After(outreach.at) && own.by != outreach.by:
		return "outreach was withdrawn since this purpose was granted"
	case !died.at.IsZero() && !later(lives, died):
		return "the client has died, and nobody said otherwise"
	case to == "" && dead[address()], dead[to]:
		return "mail to this address came back"
	}
	return ""
}

// TestConsentFirstAsTold holds the gate against what was said, told in an order
// of its own, while addresses change and mail comes back.
func TestConsentFirstAsTold(t *testing.T) {
	dir := []*Clinic{historyClinic(t)}
	var forbade, let int
	rapid.Check(t, func(rt *rapid.T) {
		s := newSim(rt, chicago(t, "2026-03-02 09:00"), dir...)
		s.happens(events.ClientUpdated, clientData(friendly()))
		hours := func(name string, from, to int) time.Duration {
			return time.Duration(rapid.IntRange(from, to).Draw(rt, name)) * time.Hour
		}
		for i := range rapid.IntRange(2, 12).Draw(rt, "events") {
			s.pass(hours("pass", 0, 8))
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				rec := &events.ConsentRecord{State: rapid.SampledFrom([]events.ConsentState{
					events.ConsentGranted, events.ConsentGranted, events.ConsentWithdrawn, events.ConsentUnknown,
				}).Draw(rt, "state")}
				if rapid.Bool().Draw(rt, "dated") {
					rec.At = new(s.now.Add(hours("date", -48, 24)))
				}
				told := &events.Consent{Outreach: rec}
				switch rapid.IntRange(0, 3).Draw(rt, "purpose") {
				case 0:
					told = &events.Consent{Caring: rec}
				case 1:
					told.Caring = &events.ConsentRecord{State: events.ConsentGranted}
				}
				s.deliver(s.event(events.ClientUpdated, s.now.Add(-hours("late", 0, 3)), clientData(&events.Client{Consent: told})))
			case 1:
				email := rapid.SampledFrom([]string{"z0zmail@client.example", "z0zb@client.example", "z0zc@client.example"}).Draw(rt, "email")
				s.happens(events.ClientUpdated, clientData(&events.Client{Email: &email, EmailVerified: new(true)}))
			case 2:
				s.happens(events.AppointmentNoShow, appointment(fmt.Sprintf("a%d", i)))
				s.pass(3 * time.Hour)
			case 3:
				kind := rapid.SampledFrom([]events.Kind{events.MessageBounced, events.MessageDropped, events.MessageComplained}).Draw(rt, "fate")
				for k := range s.state.Sends {
					if x := &s.state.Sends[k]; x.Lane == LaneCare {
						s.happens(kind, events.Data{Message: &events.MessageReport{ID: x.ID}})
						break
					}
				}
			}
			for _, family := range []string{"E", "F"} {
				want := s.forbids(family, "")
				why, _, ok := s.state.gate(dir[0], family, s.now)
				if ok != (want == "") {
					rt.Fatalf("the gate says %v %q of %s; what was said says %q: %s", ok, why, family, want, jsonOf(rt, s.state.Profile))
				}
				if ok {
					let++
				} else {
					forbade++
				}
			}
		}
	})
	if let == 0 || forbade == 0 {
		t.Errorf("%d let pass, %d forbidden: nothing is shown", let, forbade)
	}
}

// TestConsentFirstDated: a withdrawal counts from when it was said, whatever
// date it carries; a consent from when it was given. Both whatever the order.
func TestConsentFirstDated(t *testing.T) {
	day := chicago(t, "2026-03-02 00:00").UTC()
	hour := func(h int) *time.Time { return new(day.Add(time.Duration(h) * time.Hour)) }
	type word struct {
		state events.ConsentState
		said  int        // the event's hour
		at    *time.Time // the record's own date
	}
	for name, tc := range map[string]struct {
		words []word
		want  Reason
	}{
		"withdrawn, dated to the day":       {[]word{{events.ConsentGranted, 10, nil}, {events.ConsentWithdrawn, 16, hour(0)}}, ConsentWithdrawn},
		"unknown, dated to the day":         {[]word{{events.ConsentGranted, 10, nil}, {events.ConsentUnknown, 16, hour(0)}}, NoConsent},
		"withdrawn, dated ahead":            {[]word{{events.ConsentWithdrawn, 10, hour(24 * 365)}, {events.ConsentGranted, 16, nil}}, ""},
		"an old consent said again":         {[]word{{events.ConsentWithdrawn, 10, nil}, {events.ConsentGranted, 16, hour(0)}}, ConsentWithdrawn},
		"given anew":                        {[]word{{events.ConsentWithdrawn, 10, hour(0)}, {events.ConsentGranted, 16, hour(12)}}, ""},
		"given between date and word of it": {[]word{{events.ConsentGranted, 10, hour(9)}, {events.ConsentWithdrawn, 16, hour(8)}}, ConsentWithdrawn},
	} {
		for _, reversed := range []bool{false, true} {
			s := newSim(t, day.Add(20*time.Hour))
			c := friendly()
			c.Consent = nil
			s.deliver(s.event(events.ClientUpdated, day, clientData(c)))
			for i := range tc.words {
				w := tc.words[i]
				if reversed {
					w = tc.words[len(tc.words)-1-i]
				}
				s.deliver(s.event(events.ClientUpdated, day.Add(time.Duration(w.said)*time.Hour), clientData(&events.Client{
					Consent: &events.Consent{Outreach: &events.ConsentRecord{State: w.state, At: w.at}},
				})))
			}
			if why, _, _ := s.state.gate(s.dir.Current(), "E", s.now); why != tc.want {
				t.Errorf("%s, reversed %v: the gate says %q, want %q", name, reversed, why, tc.want)
			}
		}
	}
}

// TestConsentFirstFailedAddresses: what failed is the address that the message
// went to, and several are remembered.
func TestConsentFirstFailedAddresses(t *testing.T) {
	s := newSim(t, chicago(t, "2026-03-02 10:00"))
	s.happens(events.ClientUpdated, clientData(friendly()))
	moves := func(email string) {
		s.pass(time.Minute)
		s.happens(events.ClientUpdated, clientData(&events.Client{Email: &email, EmailVerified: new(true)}))
	}
	fails := func(to string) {
		report := &events.MessageReport{ID: s.mails(LaneCare)[0].ID}
		if to != "" {
			report.To = events.AddressMark(simKey, to)
		}
		s.pass(time.Minute)
		s.happens(events.MessageBounced, events.Data{Message: report})
	}
	gate := func(email string, want Reason) {
		t.Helper()
		moves(email)
		if why, _, _ := s.state.gate(s.dir.Current(), "A", s.now); why != want {
			t.Errorf("%s: the gate says %q, want %q", email, why, want)
		}
	}
	s.happens(events.AppointmentNoShow, appointment("a1"))
	s.pass(3 * time.Hour)
	moves("z0znew@client.example")
	fails("") // it went to the address that it was asked for
	gate("z0znew@client.example", "")
	gate("z0zmail@client.example", Suppressed)
	gate("Z0ZMAIL@client.example", Suppressed)
	fails("z0znew@client.example") // the ledger knows better where it went
	gate("z0znew@client.example", Suppressed)
	gate("z0zmail@client.example", Suppressed)
	gate("z0zthird@client.example", "")
}

// TestOrderFreeFailedAddresses: the same few addresses are remembered whatever
// the order of the reports, and the newest word about each.
func TestOrderFreeFailedAddresses(t *testing.T) {
	var one, two Profile
	const reports = 3 * keptFailures
	report := func(p *Profile, i int) {
		p.suppress(events.AddressMark(simKey, string(rune('a'+i%(keptFailures+4)))), said{historyStart.Add(time.Duration(i) * time.Hour), events.Hash{byte(i)}})
	}
	for i := range reports {
		report(&one, i)
		report(&two, reports-1-i)
	}
	if a, b := jsonOf(t, one), jsonOf(t, two); a != b || len(one.Suppressed) != keptFailures {
		t.Errorf("another order, other addresses:\n%s\n%s", a, b)
	}
}

func sendOf(s *State, id string) *Send {
	for i := range s.Sends {
		if s.Sends[i].ID == id {
			return &s.Sends[i]
		}
	}
	return &Send{}
}
