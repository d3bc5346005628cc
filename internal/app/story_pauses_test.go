package app

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
)

// TestStoryPausePage: somebody without a terminal stops the clinic's mail by the
// page, at once; everybody sees it; what falls due is left out and says why; the
// question to a human goes on; and the page lets mail out again.
func TestStoryPausePage(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	b := p.browser()
	if g := b.post(p.SignInLink()); g.status != http.StatusSeeOther {
		t.Fatalf("signing in: %d\n%s", g.status, g.text)
	}
	press := func(pairs ...string) string {
		t.Helper()
		form := b.get(staffURL + "/pauses")
		g := b.post(staffURL+"/pauses", append(pairs, "clinic", p.clinic(), "form", form.field(t, "form"), "id", form.field(t, "id"))...)
		if g.status != http.StatusOK {
			t.Fatalf("%q: %d\n%s", pairs, g.status, g.text)
		}
		return g.text
	}
	paused := func() workflows.MailPause { return p.clinics.byID[p.clinic()].Current().Paused }
	cancels := func(who string) {
		p.say(events.AppointmentCancelled, who, events.Data{Client: person(who, events.RiskNone), Appointment: cancelled(p.appointment(who+"-1", 30*time.Hour))})
	}
	cancels("ana")
	text := press("do", "pause", "why", "no <heating>")
	if !paused().Clinic {
		t.Error("the page answers before the program keeps to it")
	}
	for _, want := range []string{"<h2>Mail is paused</h2>", "Let mail go out again", "<strong>operator</strong>", "no &lt;heating&gt;", "Questions about safety go on"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
	if g := b.get(staffURL + "/"); !strings.Contains(g.text, `<h2 id="paused">Mail to clients is paused</h2>`) || !strings.Contains(g.text, "no &lt;heating&gt;") {
		t.Errorf("the first page does not say so:\n%s", g.text)
	}
	p.pass(5 * time.Hour)
	p.quiet()
	if !p.noted("ana", workflows.WhatMessage, workflows.ClinicPaused, "A") {
		t.Error("nothing says that the clinic's pause kept the mail")
	}
	p.restart()
	if !paused().Clinic {
		t.Error("a restart ends the pause")
	}
	lift := b.get(staffURL+"/pauses").field(t, "pause")
	if text = press("do", "lift", "pause", lift); !strings.Contains(text, "<h2>The pause is lifted</h2>") || paused().Clinic {
		t.Errorf("after the pause:\n%s", text)
	}
	if g := b.get(staffURL + "/"); strings.Contains(g.text, `id="paused"`) {
		t.Errorf("the first page still says so:\n%s", g.text)
	}
	p.settle()
	p.quiet()
	p.pass(3 * 24 * time.Hour)
	p.settle()
	p.expect("ana@example.org", "B")

	press("workflow", "late-cancellation", "do", "pause", "why", "its words")
	if got := paused(); got.Clinic || !slices.Equal(got.Workflows, []string{"late-cancellation"}) {
		t.Errorf("with a workflow paused: %+v", got)
	}
	press("do", "pause", "why", "no <heating>")
	p.noshow("dee", events.RiskHigh)
	p.expect(amara, "escalation")
	p.quiet()
	if log := p.log.String(); strings.Contains(log, "heating") || strings.Contains(log, "its words") {
		t.Error("the log repeats the reason")
	}
}

// TestPausePresses: a press counts once, however late it comes again; nobody's pause
// is replaced, and none is lifted by a page that showed another.
func TestPausePresses(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	x, v := &acts{p.App}, &views{&p.reader}
	act := func(who string) web.Act { return web.Act{ID: links.NewID(), Clinic: p.clinic(), Recipient: who} }
	mail := func() web.MailPause {
		t.Helper()
		all, err := v.ClinicMail(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		return all[0].All
	}
	hold := func(a web.Act, why string, want bool) {
		t.Helper()
		if counted, err := x.Hold(t.Context(), a, why); err != nil || counted != want {
			t.Errorf("%s pauses for %q: %v, %v", a.Recipient, why, counted, err)
		}
	}
	release := func(pause string, want bool) {
		t.Helper()
		if counted, err := x.Release(t.Context(), act("jonas"), pause); err != nil || counted != want {
			t.Errorf("lifting %q: %v, %v", pause, counted, err)
		}
	}
	first := act("amara")
	hold(first, "a fire", true)
	began := mail().Staff
	if began == nil {
		t.Fatal("the pause is not shown once it counts")
	}
	p.set(p.Now().Add(time.Minute))
	hold(first, "a fire", true)
	hold(act("jonas"), "its words", false)
	if got := mail().Staff; got == nil || *got != *began || got.By != "Amara Cole" || got.Why != "a fire" {
		t.Errorf("the first pause became %+v", got)
	}
	release(began.ID, true)
	release(began.ID, true) // twice pressed
	hold(first, "a fire", false)
	if got := mail(); got.Is() {
		t.Errorf("a press from before lifting pauses again: %+v", got)
	}
	hold(act("jonas"), "its words", true)
	release(began.ID, false)
	if got := mail().Staff; got == nil || got.By != "Jonas Reyes" {
		t.Errorf("a page that showed another pause lifted it: %+v", got)
	}
	for name, a := range map[string]web.Act{
		"no such clinic":   {ID: links.NewID(), Clinic: "nowhere", Recipient: "amara"},
		"no such workflow": {ID: links.NewID(), Clinic: p.clinic(), Target: "nothing", Recipient: "amara"},
	} {
		if _, err := x.Hold(t.Context(), a, "why"); !unknown(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPauseKeptByItself: the process that takes a press keeps to it before it answers,
// though nothing tells it of pauses; and what cannot be stored is not done.
func TestPauseKeptByItself(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	c := &clinic{current: p.clinics.byID[p.clinic()].current}
	x := &acts{&App{reader: reader{store: p.store, clock: p.clock, clinics: &clinics{byID: map[string]*clinic{p.clinic(): c}}}}}
	act := web.Act{ID: links.NewID(), Clinic: p.clinic(), Target: "late-cancellation", Recipient: "amara"}
	if counted, err := x.Hold(t.Context(), act, "its words"); err != nil || !counted || !slices.Contains(c.Current().Paused.Workflows, act.Target) {
		t.Fatalf("%v, %v; paused %+v", counted, err, c.Current().Paused)
	}
	h := c.holds()
	lift := act
	lift.ID = links.NewID()
	if counted, err := x.Release(t.Context(), lift, pauseID(holdOf(&h, act.Target))); err != nil || !counted || len(c.Current().Paused.Workflows) != 0 {
		t.Errorf("%v, %v; paused %+v", counted, err, c.Current().Paused)
	}
	p.stop()
	act.ID = links.NewID()
	if counted, err := x.Hold(t.Context(), act, "its words"); !errors.Is(err, web.ErrNotConfirmed) || counted || len(c.Current().Paused.Workflows) != 0 {
		t.Errorf("without a store: %v, %v; paused %+v", counted, err, c.Current().Paused)
	}
}

// TestHoldsInAnyOrder: what was stored earlier never replaces what was stored later.
func TestHoldsInAnyOrder(t *testing.T) {
	t.Parallel()
	c := &clinic{current: &version{Clinic: &workflows.Clinic{ID: "quay"}}}
	c.hold(jetstream.Holds{Revision: 7, Clinic: &jetstream.Hold{By: "ruth"}})
	c.hold(jetstream.Holds{Revision: 6})
	if !c.Current().Paused.Clinic {
		t.Error("news from before the pause lifted it")
	}
	c.hold(jetstream.Holds{Revision: 8})
	if c.Current().Paused.Clinic {
		t.Error("the pause outlives its end")
	}
}

// TestClinicMailByFolder: what clinic.yaml pauses is told beside what staff pause, and
// workflows that write to staff alone are not offered.
func TestClinicMailByFolder(t *testing.T) {
	t.Parallel()
	toClient, toStaff := workflows.Step{Send: &workflows.SendStep{Template: "A"}}, workflows.Step{Send: &workflows.SendStep{Template: "note", To: "assigned"}}
	c := &clinic{current: &version{Clinic: &workflows.Clinic{
		ID: "quay", Name: "Quay", Paused: workflows.MailPause{Workflows: []string{"late"}},
		Workflows: []*workflows.Workflow{
			{Name: "late", Title: "Late", Program: []workflows.Step{toClient}},
			{Name: "noshow", Program: []workflows.Step{toStaff, toClient}},
			{Name: "alarm", Program: []workflows.Step{toStaff}},
		},
	}}}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	c.hold(jetstream.Holds{Workflows: map[string]jetstream.Hold{"gone": {By: "ruth", Why: "why", At: at}}})
	v := &views{&reader{clinics: &clinics{byID: map[string]*clinic{"quay": c}}}}
	got, err := v.ClinicMail(t.Context())
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	var said []string
	for _, m := range got[0].Workflows {
		one := m.Workflow + ": " + m.Title
		if m.Folder {
			one += " folder"
		}
		if m.Staff != nil {
			one += " " + m.Staff.By
		}
		said = append(said, one)
	}
	if want := []string{"late: Late folder", "noshow: noshow", "gone: gone ruth"}; !slices.Equal(said, want) || got[0].All.Is() {
		t.Errorf("told %q and %+v, want %q", said, got[0].All, want)
	}
}
