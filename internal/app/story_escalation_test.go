package app

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	mooringjs "github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
)

const (
	amara = "amara@harbour-lane.example.org"
	jonas = "jonas@harbour-lane.example.org"
	mei   = "mei@harbour-lane.example.org"
	ruth  = "ruth@harbour-lane.example.org"
	duty  = "duty@harbour-lane.example.org"
)

// question is the client's one escalation.
func (p *program) question(who string) escalation.Escalation {
	p.t.Helper()
	s := p.state(who)
	if len(s.Escalations) != 1 {
		p.t.Fatalf("%d escalations, want 1: %+v", len(s.Escalations), s.Escalations)
	}
	return s.Escalations[0]
}

// stillOpen keeps the rules humans-close and never-silent.
func (p *program) stillOpen(who, after string) escalation.Escalation {
	p.t.Helper()
	e := p.question(who)
	if !e.Open() {
		p.t.Fatalf("after %s the question is closed: %+v", after, e.Closed)
	}
	if e.Owner == "" || !e.Next.After(p.Now()) {
		p.t.Fatalf("after %s the question has the owner %q and the deadline %v, at %v", after, e.Owner, e.Next, p.Now())
	}
	return e
}

// A high-risk client does not come; silence, a late answer, a cover who presses
// too, a hold that runs out, an outcome.
func TestStoryEscalation(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("dee", events.RiskHigh)
	first := p.expect(amara, "escalation")
	p.quiet()
	p.stillOpen("dee", "asking the clinician")

	// Thirty minutes pass; the cover is asked; nobody else is.
	p.pass(31 * time.Minute)
	second := p.expect(jonas, "escalation")
	p.quiet()
	if e := p.stillOpen("dee", "silence"); e.Owner != "jonas" || e.Ack != nil {
		t.Fatalf("owner %q, ack %+v", e.Owner, e.Ack)
	}

	// The first clinician's older link still works.
	clinician := p.browser()
	link := first.link(t, "e")
	if g := clinician.post(link, "code", first.code(t), "do", "take"); g.status != http.StatusSeeOther {
		t.Fatalf("taking it: %d\n%s", g.status, g.text)
	}
	p.settle()
	if e := p.stillOpen("dee", "an acknowledgement"); e.Ack == nil || e.Ack.By != "amara" || e.Owner != "amara" {
		t.Fatalf("owner %q, ack %+v", e.Owner, e.Ack)
	}
	g := clinician.get(link)
	for _, want := range []string{"Firstdee Vandermolen-dee", "&#43;1 555 0142", "You took this"} {
		if !strings.Contains(g.text, want) {
			t.Errorf("the page does not say %q:\n%s", want, g.text)
		}
	}
	// The caring mail leaves only now; whoever was asked since goes on for nothing
	// no longer.
	p.expect("dee@example.org", "E")
	if taken := p.expect(jonas, "escalation-taken"); !strings.Contains(strings.Join(strings.Fields(taken.Text), " "), "Amara Cole has taken it") {
		t.Errorf("the cover reads\n%s", taken.Text)
	}
	p.quiet()

	// The cover presses after her and is told who has it, and since when.
	p.pass(10 * time.Minute)
	g = p.browser().post(second.link(t, "e"), "code", second.code(t), "do", "take")
	if g.status != http.StatusConflict || !strings.Contains(g.text, "Amara Cole took this 10 minutes ago") {
		t.Fatalf("the cover's press: %d\n%s", g.status, g.text)
	}

	// A re-booking answers no safety question, nor does coming.
	p.say(events.AppointmentBooked, "dee", events.Data{Appointment: p.appointment("dee-next", 72*time.Hour)})
	p.stillOpen("dee", "a re-booking")
	p.quiet()

	// Before the hold runs out whoever took it is reminded; then the ladder goes
	// on, and they are told.
	p.pass(96 * time.Minute)
	if hold := p.expect(amara, "escalation-hold"); !strings.Contains(hold.Text, "If nothing is written down by") {
		t.Errorf("the reminder reads\n%s", hold.Text)
	}
	p.quiet()
	p.pass(24 * time.Minute)
	third := p.expect(ruth, "escalation")
	p.expect(amara, "escalation-inform")
	p.quiet()
	if e := p.stillOpen("dee", "the end of the hold"); e.Ack != nil || e.Owner != "ruth" {
		t.Fatalf("owner %q, ack %+v", e.Owner, e.Ack)
	}

	// A person with an outcome closes it.
	supervisor := p.browser()
	link = third.link(t, "e")
	if g := supervisor.post(link, "code", third.code(t), "do", "show"); g.status != http.StatusSeeOther {
		t.Fatalf("the code: %d\n%s", g.status, g.text)
	}
	g = supervisor.get(link)
	form := g.field(t, "form")
	if g := supervisor.post(link, "form", form, "id", g.field(t, "id"), "do", "close"); g.status != http.StatusUnprocessableEntity {
		t.Fatalf("closing without an outcome: %d\n%s", g.status, g.text)
	}
	p.stillOpen("dee", "closing without an outcome")
	g = supervisor.post(link, "form", form, "id", g.field(t, "id"), "turn", g.field(t, "turn"), "do", "close", "outcome", string(events.OutcomeReachedPlan), "note", "spoke for a while")
	if g.status != http.StatusSeeOther {
		t.Fatalf("closing: %d\n%s", g.status, g.text)
	}
	p.settle()
	if e := p.question("dee"); e.Open() || e.Closed.By != "ruth" || e.Closed.Outcome != events.OutcomeReachedPlan {
		t.Fatalf("closed: %+v", e.Closed)
	}
	// The next colleague reads the note, on the question's page and in the story.
	if g := supervisor.get(link); !strings.Contains(g.text, "spoke for a while") {
		t.Errorf("the closed question does not show the note:\n%s", g.text)
	}
	view, err := (&views{&p.reader}).Client(t.Context(), p.clinic(), p.ref("dee").Key)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(view.Entries, func(e web.Entry) bool { return e.Note == "spoke for a while" }) {
		t.Errorf("the timeline does not show the note: %+v", view.Entries)
	}
	g = p.browser().post(second.link(t, "e"), "code", second.code(t), "do", "take")
	if g.status != http.StatusConflict || !strings.Contains(g.text, "Ruth Adeyemi closed this") {
		t.Fatalf("pressing after the outcome: %d\n%s", g.status, g.text)
	}

	// Nothing more is sent: neither asks nor the mails of a withdrawal.
	p.pass(20 * 24 * time.Hour)
	p.settle()
	p.quiet()
	if len(p.all) != 7 {
		t.Errorf("%d mails left in the whole story, want 7", len(p.all))
	}
}

// Two people press in the same instant; one has it, and the other is told.
func TestOneAcknowledges(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	for _, who := range []string{"una", "duo", "tri"} {
		p.noshow(who, events.RiskHigh)
		first := p.expect(amara, "escalation")
		p.pass(31 * time.Minute)
		second := p.expect(jonas, "escalation")
		p.quiet()
		var both sync.WaitGroup
		got := map[string]*page{"amara": {}, "jonas": {}}
		names := map[string]string{"amara": "Amara Cole", "jonas": "Jonas Reyes"}
		ready := make(chan struct{})
		for id, l := range map[string]letter{"amara": first, "jonas": second} {
			b, link, code := p.browser(), l.link(t, "e"), l.code(t)
			both.Go(func() {
				<-ready
				*got[id] = b.post(link, "code", code, "do", "take")
			})
		}
		close(ready)
		both.Wait()
		p.settle()
		p.expect(who+"@example.org", "E")
		e := p.stillOpen(who, "two presses")
		if e.Ack == nil || got[e.Ack.By] == nil {
			t.Fatalf("taken by %+v", e.Ack)
		}
		if e.Ack.By == "amara" {
			p.expect(jonas, "escalation-taken") // he was asked since
		}
		for id, g := range got {
			switch {
			case id == e.Ack.By && g.status == http.StatusSeeOther:
			case id != e.Ack.By && g.status == http.StatusConflict && strings.Contains(g.text, names[e.Ack.By]+" took this"):
			default:
				t.Errorf("%s has it, and %s got %d:\n%s", e.Ack.By, id, g.status, g.text)
			}
		}
	}
}

// GET and HEAD decide nothing, and neither does a POST without the code.
func TestGetShows(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("dee", events.RiskHigh)
	asked := p.expect(amara, "escalation")
	p.say(events.AppointmentCancelled, "ana", events.Data{Client: person("ana", events.RiskNone), Appointment: cancelled(p.appointment("ana-1", 30*time.Hour))})
	p.pass(5 * time.Hour) // the ladder goes on meanwhile
	care := p.expect("ana@example.org", "A")
	p.inbox = nil
	before, records := p.writes(), p.records()

	link, box := asked.link(t, "e"), p.browser()
	signed := p.browser()
	if g := signed.post(p.SignInLink()); g.status != http.StatusSeeOther {
		t.Fatalf("signing in: %d\n%s", g.status, g.text)
	}
	pages := []string{
		link, care.link(t, "c"), care.link(t, "u"), link + "x", publicURL + "/", publicURL + "/e/", publicURL + "/nothing",
		publicURL + "/v1/clinics/sample/events", staffURL + "/", staffURL + "/mails", staffURL + "/clients/sample/" + p.ref("dee").Key,
		staffURL + "/clients/sample/" + p.ref("ana").Key, staffURL + "/clients/sample/" + p.ref("ana").Key + "/notice?noticed=late&reason=stress",
		staffURL + "/clients/sample/" + p.ref("ana").Key + "/mail?do=pause", staffURL + "/fragments/overview", staffURL + "/fragments/mails", staffURL + "/nothing",
		opsURL + "/healthz", opsURL + "/readyz", opsURL + "/metrics",
	}
	for _, b := range []*browser{box, signed} {
		for _, address := range pages {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				if g := b.do(method, address, "", "", nil); g.status == 0 || g.status >= 500 {
					t.Errorf("%s %s: %d\n%s", method, address, g.status, g.text)
				}
			}
		}
	}
	for name, pairs := range map[string][]string{
		"no code": {"do", "take"}, "wrong code": {"code", "AAAAAA", "do", "take"}, "empty code": {"code", "", "do", "take"},
		"close without a session": {"do", "close", "outcome", string(events.OutcomeFalseAlarm), "form", "x"},
	} {
		if g := box.post(link, pairs...); g.status != http.StatusForbidden || !strings.Contains(g.text, "Nothing was recorded") {
			t.Errorf("%s: %d\n%s", name, g.status, g.text)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
		if g := box.do(method, link, "", "", nil); g.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, g.status)
		}
	}
	p.settle()
	after := p.writes()
	// The access log alone may differ, and only by whoever was signed in.
	if n := after[streamAccess].Written - before[streamAccess].Written; n == 0 {
		t.Error("nobody's look was written down")
	}
	p.each(streamAccess, func(m *jetstream.RawStreamMsg) {
		if !strings.Contains(string(m.Data), `"who":"operator"`) {
			t.Errorf("a look without a session is written down: %s", m.Data)
		}
	})
	delete(before, streamAccess)
	delete(after, streamAccess)
	if !maps.Equal(before, after) {
		t.Errorf("streams moved: %v, then %v", before, after)
	}
	for subject, record := range p.records() {
		if records[subject] != record {
			t.Errorf("the record of %s changed", subject)
		}
	}
	p.quiet()
	// The right code always works, wrong ones before it or not.
	if g := box.post(link, "code", strings.ToLower(asked.code(t)), "do", "take"); g.status != http.StatusSeeOther {
		t.Fatalf("the right code: %d\n%s", g.status, g.text)
	}
	p.settle()
	p.expect("dee@example.org", "E")
	// She was asked since, and the others were asked to help.
	for _, to := range []string{ruth, jonas, mei, duty} {
		p.expect(to, "escalation-taken")
	}
}

func cancelled(a *events.Appointment) *events.Appointment {
	a.By = events.ByClient
	return a
}

// writes is how much was ever written into each stream.
func (p *program) writes() map[string]mooringjs.Use {
	p.t.Helper()
	uses, err := p.Uses(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return uses
}

// records are the latest records of all clients, byte for byte.
func (p *program) records() map[string]string {
	p.t.Helper()
	out := map[string]string{}
	p.each("CLIENTS", func(m *jetstream.RawStreamMsg) { out[m.Subject] = string(m.Data) })
	if len(out) == 0 {
		p.t.Fatal("no client has a record")
	}
	return out
}

// each reads every message that a stream holds.
func (p *program) each(stream string, do func(*jetstream.RawStreamMsg)) {
	p.t.Helper()
	js, err := jetstream.New(p.nc)
	if err != nil {
		p.t.Fatal(err)
	}
	st, err := js.Stream(p.t.Context(), stream)
	if err != nil {
		p.t.Fatal(err)
	}
	state := st.CachedInfo().State
	for seq := state.FirstSeq; state.Msgs > 0 && seq <= state.LastSeq; seq++ {
		m, err := st.GetMsg(p.t.Context(), seq)
		if err != nil {
			continue // deleted since: a work queue's, or trimmed
		}
		do(m)
	}
}

// Only a person with an outcome closes a safety question: not a booking, a
// visit, an opened link, an answer, a time-out, a feed or a restart.
func TestHumansClose(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("dee", events.RiskHigh)
	asked := p.expect(amara, "escalation")
	none := events.RiskNone
	for name, happens := range map[string]func(){
		"a booking": func() {
			p.say(events.AppointmentBooked, "dee", events.Data{Appointment: p.appointment("next", 48*time.Hour)})
		},
		"a visit": func() {
			p.say(events.AppointmentAttended, "dee", events.Data{Appointment: p.appointment("came", -time.Hour)})
		},
		"the no-show taken back": func() {
			p.say(events.AppointmentRetracted, "dee", events.Data{Appointment: &events.Appointment{ID: "dee-missed"}})
		},
		"a feed that lowers the risk": func() { p.say(events.ClientUpdated, "dee", events.Data{Client: &events.Client{Risk: &none}}) },
		"an opened link":              func() { p.browser().get(asked.link(t, "e")) },
		"a restart":                   p.restart,
		"hours of silence":            func() { p.pass(3*time.Hour + 7*time.Minute) },
	} {
		happens()
		p.settle()
		p.stillOpen("dee", name)
	}
	// Whoever else was asked meanwhile: nobody but staff.
	for _, l := range p.inbox {
		if l.Lane != workflows.LaneSafety {
			t.Errorf("a %s mail to %s", l.Message.Template, l.To.Email)
		}
	}
	p.inbox = nil
	if g := p.browser().post(asked.link(t, "e"), "code", asked.code(t), "do", "take"); g.status != http.StatusSeeOther {
		t.Fatalf("the link after all that: %d\n%s", g.status, g.text)
	}
	p.settle()
	p.stillOpen("dee", "an acknowledgement")
	p.inbox = nil
}
