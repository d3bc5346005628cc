package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// wants makes a client for whom all is well, and has them choose something.
func wants(t *testing.T) *sim {
	t.Helper()
	s := newSim(t, chicago(t, "2026-03-02 21:30")) // in the quiet hours
	s.happens(events.ClientUpdated, clientData(friendly()))
	return s
}

func (s *sim) chooses(c events.ClientChoice) Decision {
	s.t.Helper()
	return s.happens(events.ClientChose, events.Data{Choice: &c})
}

func (s *sim) rests(kind events.Kind, until time.Time) {
	s.t.Helper()
	p := &events.Pause{By: events.TheClient}
	if !until.IsZero() {
		p.Until = &until
	}
	s.happens(kind, events.Data{Pause: p})
}

// TestOwnMailKeepsToConsent: a list that the client asks for leaves at once, whatever
// the hour, their own break, words that nobody has read, and the mails before it; it
// never leaves against the rule consent-first, and a safety flag holds it back.
func TestOwnMailKeepsToConsent(t *testing.T) {
	update := func(c events.Client) func(*sim) {
		return func(s *sim) { s.happens(events.ClientUpdated, clientData(&c)) }
	}
	for name, tc := range map[string]struct {
		before func(*sim)
		want   Reason
	}{
		"all is well":     {func(*sim) {}, Asked},
		"their own break": {func(s *sim) { s.rests(events.ClientPaused, s.now.Add(time.Hour)) }, Asked},
		"unread words": {func(s *sim) {
			s.happens(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(true), Text: "z0z"}})
		}, Asked},
		"a mail just now": {func(s *sim) {
			s.now = chicago(s.t, "2026-03-03 10:00").UTC()
			s.happens(events.AppointmentNoShow, appointment("a1"))
			s.pass(3 * time.Hour)
		}, Asked},
		"not safe": {func(s *sim) {
			s.happens(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(false)}})
		}, FlaggedClient},
		"opted out":     {func(s *sim) { s.happens(events.ClientOptedOut, events.Data{}) }, OptedOut},
		"paused":        {func(s *sim) { s.happens(events.ClientPaused, events.Data{Pause: &events.Pause{By: "amara"}}) }, Paused},
		"not verified":  {update(events.Client{EmailVerified: new(false)}), AddressNotVerified},
		"discharged":    {update(events.Client{Status: new(events.StatusDischarged)}), Discharged},
		"no such mails": {update(events.Client{Consent: &events.Consent{Resources: &events.ConsentRecord{State: events.ConsentWithdrawn}}}), PurposeWithdrawn},
		"often": {func(s *sim) {
			for range askedPerDay {
				s.chooses(events.ClientChoice{MailList: true})
			}
		}, AskedOften},
	} {
		t.Run(name, func(t *testing.T) {
			s := wants(t)
			tc.before(s)
			had := len(s.mails(LaneCare))
			dec := s.chooses(events.ClientChoice{MailList: true, Reasons: []string{"overwhelm", "stress", "z0z own words"}})
			if got := dec.Notes[0].Reason; got != tc.want {
				t.Errorf("the list: %s, want %s", got, tc.want)
			}
			mails := s.mails(LaneCare)[had:]
			if (len(mails) == 1) != (tc.want == Asked) {
				t.Fatalf("%d mails", len(mails))
			}
			if tc.want != Asked {
				return
			}
			if m := mails[0].Message; m.Template != "C" || m.Wording != "list" || !slices.Equal(m.Reasons, []string{"overwhelm", "stress"}) {
				t.Errorf("the mail: %+v", m)
			}
			if look := s.state.Look(s.dir.Current(), mails[0].ID, s.now); !look.Wanted || !look.NotBefore.IsZero() || look.Email != "z0zmail@client.example" {
				t.Errorf("the last look: %+v", look)
			}
			s.happens(events.ClientOptedOut, events.Data{})
			if look := s.state.Look(s.dir.Current(), mails[0].ID, s.now); look.Wanted || look.Reason != OptedOut {
				t.Errorf("the last look after an opt-out: %+v", look)
			}
		})
	}
}

// TestOwnRest: a client's break holds care mail back until its day and not longer;
// they end it, or staff do on their word, and neither lifts what staff paused.
func TestOwnRest(t *testing.T) {
	care := func(s *sim) int {
		t.Helper()
		had := len(s.mails(LaneCare))
		s.happens(events.AppointmentNoShow, appointment("a1"))
		s.pass(3 * time.Hour)
		return len(s.mails(LaneCare)) - had
	}
	day := 24 * time.Hour
	for name, tc := range map[string]struct {
		do   func(*sim)
		want int
	}{
		"no break":   {func(*sim) {}, 1},
		"on a break": {func(s *sim) { s.rests(events.ClientPaused, s.now.Add(14*day)) }, 0},
		"the break is over": {func(s *sim) {
			s.rests(events.ClientPaused, s.now.Add(14*day))
			s.pass(14 * day)
		}, 1},
		"a break without an end has one": {func(s *sim) {
			s.rests(events.ClientPaused, time.Time{})
			s.pass(101 * day)
		}, 1},
		"the client ends it": {func(s *sim) {
			s.rests(events.ClientPaused, s.now.Add(14*day))
			s.pass(time.Hour)
			s.rests(events.ClientResumed, time.Time{})
		}, 1},
		"staff end it": {func(s *sim) {
			s.rests(events.ClientPaused, s.now.Add(14*day))
			s.pass(time.Hour)
			s.happens(events.ClientResumed, events.Data{Pause: &events.Pause{By: "amara"}})
		}, 1},
		"the client ends no pause by staff": {func(s *sim) {
			s.happens(events.ClientPaused, events.Data{Pause: &events.Pause{By: "amara"}})
			s.pass(time.Hour)
			s.rests(events.ClientResumed, time.Time{})
		}, 0},
		"a short break ends no longer pause by staff": {func(s *sim) {
			s.happens(events.ClientPaused, events.Data{Pause: &events.Pause{By: "amara"}})
			s.rests(events.ClientPaused, s.now.Add(day))
			s.pass(2 * day)
		}, 0},
		"a wish for a pause": {func(s *sim) {
			s.happens(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(true), Wish: "pause"}})
			s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[0].ID, By: "amara"}})
			s.pass(27 * day)
		}, 0},
		"a wish for a pause, a month ago": {func(s *sim) {
			s.happens(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(true), Wish: "pause"}})
			s.happens(events.TaskDone, events.Data{Task: &events.TaskAct{ID: s.state.Tasks[0].ID, By: "amara"}})
			s.pass(31 * day)
		}, 1},
		"ending a break is no word on an opt-out": {func(s *sim) {
			s.happens(events.ClientOptedOut, events.Data{})
			s.happens(events.ClientResumed, events.Data{Pause: &events.Pause{By: events.TheClient, OptIn: true}})
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, chicago(t, "2026-03-02 10:00"))
			s.happens(events.ClientUpdated, clientData(friendly()))
			tc.do(s)
			s.until(s.now.Truncate(day).Add(day + 16*time.Hour)) // ten in the morning, or eleven
			if got := care(s); got != tc.want {
				t.Errorf("%d mails, want %d: %s", got, tc.want, jsonOf(t, s.state.Profile))
			}
		})
	}
}

// TestNewAddress: only the newest link counts, once and in its time; then mail goes
// to the new address, the old one is told, and staff are asked to note it. A feed that repeats the
// old one changes nothing, and one that names yet another one does.
func TestNewAddress(t *testing.T) {
	const first, second, old = "z0znew@client.example", "z0zother@client.example", "z0zmail@client.example"
	s := wants(t)
	s.chooses(events.ClientChoice{Address: first})
	stale := s.state.NewAddress.ID
	s.pass(time.Minute)
	s.chooses(events.ClientChoice{Address: second})
	link := s.state.NewAddress.ID
	mails := s.mails(LaneCare)
	if len(mails) != 2 || mails[1].Message.Template != "address" || mails[1].Message.Target != link {
		t.Fatalf("the links: %+v", mails)
	}
	if look := s.state.Look(s.dir.Current(), mails[0].ID, s.now); look.Wanted {
		t.Errorf("the first link still leaves: %+v", look)
	}
	if look := s.state.Look(s.dir.Current(), mails[1].ID, s.now); !look.Wanted || look.Email != second {
		t.Errorf("the second link: %+v", look)
	}
	if dec := s.chooses(events.ClientChoice{Confirm: stale}); dec.Notes[0].Reason != AddressLinkOld || s.state.Profile.Address() != old {
		t.Errorf("a link that is not the newest one: %s, %s", dec.Notes[0].Reason, s.state.Profile.Address())
	}
	if dec := s.chooses(events.ClientChoice{Confirm: link}); dec.Notes[0].Reason != AddressConfirmed || s.state.Profile.Address() != second {
		t.Fatalf("the newest link: %s, %s", dec.Notes[0].Reason, s.state.Profile.Address())
	}
	if dec := s.chooses(events.ClientChoice{Confirm: link}); dec.Notes[0].Reason != AddressLinkOld {
		t.Errorf("the same link again: %s", dec.Notes[0].Reason)
	}
	told := s.mails(LaneCare)[2]
	if look := s.state.Look(s.dir.Current(), told.ID, s.now); told.Message.Template != "address-changed" || look.Email != old {
		t.Errorf("the old address: %+v, %+v", told.Message, look)
	}
	if !slices.ContainsFunc(s.state.Tasks, func(t Task) bool { return t.What == taskAddressMoved }) {
		t.Error("nobody notes the address in the chart")
	}
	if why, _, ok := s.state.gate(s.dir.Current(), "A", s.now); !ok {
		t.Errorf("mail to the new address: %s", why)
	}
	s.pass(time.Hour)
	s.happens(events.ClientUpdated, clientData(friendly()))
	if got := s.state.Profile.Address(); got != second {
		t.Errorf("after a feed repeated the old address mail goes to %q", got)
	}
	s.pass(time.Hour)
	s.happens(events.ClientUpdated, clientData(&events.Client{Email: new("z0zthird@client.example")}))
	if why, _, ok := s.state.gate(s.dir.Current(), "A", s.now); ok || why != AddressNotVerified || s.state.Profile.Address() != "z0zthird@client.example" {
		t.Errorf("a feed named another address: %s, %v", why, s.state.Profile.Address())
	}
}

// TestNewAddressGivesNoConsent: what is confirmed after an opt-out is used, and no
// mail leaves all the same; a link that is days old opens nothing; a fourth link in
// a day is not sent, nor one to an address that returned mail.
func TestNewAddressGivesNoConsent(t *testing.T) {
	const other = "z0znew@client.example"
	s := wants(t)
	s.chooses(events.ClientChoice{Address: other})
	s.happens(events.ClientOptedOut, events.Data{})
	if look := s.state.Look(s.dir.Current(), s.mails(LaneCare)[0].ID, s.now); look.Wanted {
		t.Errorf("the link leaves after an opt-out: %+v", look)
	}
	s.chooses(events.ClientChoice{Confirm: s.state.NewAddress.ID})
	if why, _, ok := s.state.gate(s.dir.Current(), "E", s.now); ok || why != OptedOut || s.state.Profile.Address() != other {
		t.Errorf("after the confirmation: %s, %s", why, s.state.Profile.Address())
	}
	if got := len(s.mails(LaneCare)); got != 1 {
		t.Errorf("%d mails, want the link alone", got)
	}

	s = wants(t)
	s.chooses(events.ClientChoice{Address: other})
	link := s.state.NewAddress.ID
	s.pass(AddressWaits + time.Minute)
	if dec := s.chooses(events.ClientChoice{Confirm: link}); dec.Notes[0].Reason != AddressLinkOld {
		t.Errorf("a link of days ago: %s", dec.Notes[0].Reason)
	}

	s = wants(t)
	for range askedPerDay {
		s.chooses(events.ClientChoice{Address: other})
	}
	link = s.state.NewAddress.ID
	if dec := s.chooses(events.ClientChoice{Address: "z0zother@client.example"}); dec.Notes[0].Reason != AskedOften || s.state.NewAddress.ID != link {
		t.Errorf("the fourth link: %s, and %q waits", dec.Notes[0].Reason, s.state.NewAddress.ID)
	}

	s = wants(t)
	s.chooses(events.ClientChoice{Address: other})
	s.happens(events.MessageBounced, events.Data{Message: &events.MessageReport{ID: s.mails(LaneCare)[0].ID}})
	if len(s.state.Tasks) != 0 {
		t.Errorf("a mistyped address makes a task: %+v", s.state.Tasks)
	}
	if dec := s.chooses(events.ClientChoice{Address: other}); dec.Notes[0].Reason != Suppressed {
		t.Errorf("a link to an address that returned mail: %s", dec.Notes[0].Reason)
	}
}

// TestOwnLanguage: what the client chose stands, whatever a feed says later.
func TestOwnLanguage(t *testing.T) {
	s := wants(t)
	s.chooses(events.ClientChoice{Language: "es"})
	s.pass(time.Hour)
	s.happens(events.ClientUpdated, clientData(&events.Client{Language: new("en")}))
	if got := s.state.Profile.Speaks(); got != "es" {
		t.Errorf("the client reads %q", got)
	}
}

// confirms has the client name an address and confirm it.
func (s *sim) confirms(email string) {
	s.t.Helper()
	s.pass(time.Hour)
	s.chooses(events.ClientChoice{Address: email})
	if s.state.NewAddress == nil {
		s.t.Fatalf("no link to %s", email)
	}
	s.chooses(events.ClientChoice{Confirm: s.state.NewAddress.ID})
	s.pass(time.Hour)
}

// TestOwnAddressStands: what the client's systems say after the client confirmed an
// address. Only another one than those that were left moves mail, and only a word about
// the very address takes its proof back.
func TestOwnAddressStands(t *testing.T) {
	const first, second, old = "z0znew@client.example", "z0zother@client.example", "z0zmail@client.example"
	says := func(email string, verified *bool) events.Data {
		return clientData(&events.Client{Email: new(email), EmailVerified: verified})
	}
	for name, tc := range map[string]struct {
		moves []string
		feed  events.Data
		want  string
		open  bool
	}{
		"the one it noted down":              {[]string{first}, says(first, nil), first, true},
		"the one it noted down, not checked": {[]string{first}, says(first, new(false)), first, false},
		"the one that was left":              {[]string{first}, says(old, nil), first, true},
		"that one after two moves":           {[]string{first, second}, says(old, nil), second, true},
		"the one between after two moves":    {[]string{first, second}, says(first, nil), second, true},
		"yet another one":                    {[]string{first}, says("z0zthird@client.example", nil), "z0zthird@client.example", false},
		"yet another one, checked":           {[]string{first}, says("z0zthird@client.example", new(true)), "z0zthird@client.example", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := wants(t)
			for _, to := range tc.moves {
				s.confirms(to)
			}
			s.happens(events.ClientUpdated, tc.feed)
			why, _, ok := s.state.gate(s.dir.Current(), "A", s.now)
			if got := s.state.Profile.Address(); got != tc.want || ok != tc.open {
				t.Errorf("mail goes to %q (%v, %s), want %q (%v)", got, ok, why, tc.want, tc.open)
			}
		})
	}
}

// TestLeftAddressIsWarned: the address that was left hears of the change where it was
// verified; where it was not, or the warning may not leave, a person tells the client.
func TestLeftAddressIsWarned(t *testing.T) {
	const to = "z0znew@client.example"
	warned := func(s *sim) (mails int, person bool) {
		for _, m := range s.mails(LaneCare) {
			if m.Message.Template == templateMoved {
				mails++
			}
		}
		return mails, s.task(taskAddressUntold) != nil
	}
	s := wants(t)
	s.confirms(to)
	if mails, person := warned(s); mails != 1 || person {
		t.Errorf("a verified address: %d mails, a person asked: %v", mails, person)
	}

	s = wants(t)
	s.chooses(events.ClientChoice{Address: to})
	s.happens(events.ClientUpdated, clientData(&events.Client{Email: new("z0ztypo@client.example"), EmailVerified: new(false)}))
	s.chooses(events.ClientChoice{Confirm: s.state.NewAddress.ID})
	if mails, person := warned(s); mails != 0 || !person {
		t.Errorf("one that nobody verified: %d mails, a person asked: %v", mails, person)
	}

	s = wants(t)
	s.chooses(events.ClientChoice{Address: to})
	s.happens(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(false)}})
	s.chooses(events.ClientChoice{Confirm: s.state.NewAddress.ID})
	if mails, person := warned(s); mails != 0 || !person {
		t.Errorf("while a question is open: %d mails, a person asked: %v", mails, person)
	}

	s = wants(t)
	s.confirms(to)
	id := s.mails(LaneCare)[1].ID
	s.happens(events.MessageWithdrawn, events.Data{Message: &events.MessageReport{ID: id, Detail: string(HumanFirst)}})
	if _, person := warned(s); !person {
		t.Error("a warning that was held back: nobody is asked")
	}
}

// TestOldLinksNameNoAddress: a link that lay in an inbox which the client has left asks
// for no other address.
func TestOldLinksNameNoAddress(t *testing.T) {
	s := wants(t)
	made := s.now
	s.confirms("z0znew@client.example")
	dec := s.chooses(events.ClientChoice{Address: "z0zother@client.example", Linked: &made})
	if s.state.NewAddress != nil || dec.Notes[0].Reason != AddressLinkOld {
		t.Errorf("an old link: %+v, %s", s.state.NewAddress, dec.Notes[0].Reason)
	}
	fresh := s.now
	if s.chooses(events.ClientChoice{Address: "z0zother@client.example", Linked: &fresh}); s.state.NewAddress == nil {
		t.Error("a new link asks for nothing")
	}
	s.pass(AddressWaits + 2*time.Hour)
	s.happens(events.ClientUpdated, clientData(friendly()))
	if s.state.NewAddress != nil {
		t.Error("an address that nobody confirmed is kept")
	}
}

// TestHeldLinkIsAPersons: a link that was held back for what it holds is not waited for.
func TestHeldLinkIsAPersons(t *testing.T) {
	s := wants(t)
	s.chooses(events.ClientChoice{Address: "z0znew@client.example"})
	id := s.mails(LaneCare)[0].ID
	s.happens(events.MessageRefused, events.Data{Message: &events.MessageReport{ID: id, Detail: "held clinical-word"}})
	if s.state.NewAddress != nil || len(s.state.Tasks) != 1 {
		t.Errorf("it waits: %+v, %d tasks", s.state.NewAddress, len(s.state.Tasks))
	}
}

// TestHardIsRead: a client who has a hard time and is safe is read by a person before
// anything else is mailed, though they wrote no word.
func TestHardIsRead(t *testing.T) {
	s := wants(t)
	s.happens(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(true), Hard: true}})
	if s.task(taskReadAnswer) == nil || s.openEscalation() != nil {
		t.Fatalf("the tasks: %+v", s.state.Tasks)
	}
	if why, _, ok := s.state.gate(s.dir.Current(), "B", s.now); ok || why != ReplyUnread {
		t.Errorf("mail before a person has read it: %s", why)
	}
	s = wants(t)
	s.happens(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(true)}})
	if s.task(taskReadAnswer) != nil {
		t.Error("an answer that all is well is a task")
	}
}

// TestNoAddressOfTheClinics: care mail never moves to a colleague's inbox or the
// clinic's own.
func TestNoAddressOfTheClinics(t *testing.T) {
	t.Parallel()
	c := sampleClinic(t)
	own := []string{c.From.Email, c.ReplyTo.Email, "AMARA@harbour-lane.example.org"}
	for _, p := range c.Staff.People {
		own = append(own, p.Email)
	}
	for _, email := range own {
		s := wants(t)
		dec := s.chooses(events.ClientChoice{Address: email})
		if s.state.NewAddress != nil || !slices.ContainsFunc(dec.Notes, func(n Note) bool { return n.Reason == ClinicsAddress }) {
			t.Errorf("%s: %+v", email, dec.Notes)
		}
	}
	s := wants(t)
	if s.chooses(events.ClientChoice{Address: "new@client.example"}); s.state.NewAddress == nil {
		t.Error("an address of the client's own is refused, too")
	}
}
