package app

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
)

// What a clinician notices decides which words come next; a pause keeps mail
// back until staff lift it, and an opt-out until staff say that the client wants
// mail again.
func TestWhatStaffSayIsDecided(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	b := p.browser()
	if g := b.post(p.SignInLink()); g.status != http.StatusSeeOther {
		t.Fatalf("signing in: %d\n%s", g.status, g.text)
	}
	p.say(events.AppointmentCancelled, "ana", events.Data{Client: person("ana", events.RiskNone), Appointment: cancelled(p.appointment("ana-1", 30*time.Hour))})
	p.pass(5 * time.Hour)
	p.expect("ana@example.org", "A")

	page := staffURL + "/clients/sample/" + p.ref("ana").Key
	form := b.get(page + "/notice")
	press := func(path string, pairs ...string) string {
		t.Helper()
		g := b.post(page+path, append(pairs, "form", form.field(t, "form"), "id", form.field(t, "id"))...)
		if g.status != http.StatusOK {
			t.Fatalf("%s %q: %d\n%s", path, pairs, g.status, g.text)
		}
		p.settle()
		return g.text
	}
	text := press("/notice", "noticed", "quieter", "noticed", "late", "reason", "stress", "approach", "remote")
	for _, want := range []string{"<h2>Thank you</h2>", "Noted.", "Quieter than before; Often late, or moves visits", "Life gets in the way", "By phone or video", "A clinician noticed something"} {
		if !strings.Contains(text, want) {
			t.Errorf("the client's page does not say %q:\n%s", want, text)
		}
	}
	s := p.state("ana")
	if got := s.Profile.Noticed.Get(); !slices.Equal(got, []string{"quieter", "late"}) || s.Profile.Approach.Get() != "remote" {
		t.Errorf("the record has %q and %q", got, s.Profile.Approach.Get())
	}
	p.pass(3 * 24 * time.Hour)
	p.expect("ana@example.org", "C")

	// The clinic's day begins at midnight in its own zone.
	day := p.Now().In(p.zone("sample")).AddDate(0, 0, 3)
	text = press("/mail", "do", "pause", "until", day.Format(time.DateOnly))
	begins := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, p.zone("sample"))
	if !strings.Contains(text, "Staff paused mail for this client.") || !p.state("ana").Profile.Paused.Get().Until.Equal(begins) {
		t.Errorf("paused until %v, want %v:\n%s", p.state("ana").Profile.Paused.Get().Until, begins, text)
	}
	if g := b.post(page+"/mail", "do", "pause", "until", p.Now().Format(time.DateOnly), "form", form.field(t, "form")); g.status != http.StatusUnprocessableEntity {
		t.Errorf("a pause until today: %d", g.status)
	}
	if text = press("/mail", "do", "resume"); !strings.Contains(text, "Staff lifted the pause.") || p.state("ana").Profile.Paused.Get().On {
		t.Errorf("after the pause:\n%s", text)
	}
	if !p.noted("ana", workflows.WhatClient, workflows.Paused, "") || !p.noted("ana", workflows.WhatClient, workflows.Resumed, "") {
		t.Error("the timeline does not tell of the pause")
	}

	ev := p.event(events.ClientOptedOut, "ana", events.Data{})
	ev.Key, ev.Client = p.ref("ana").Key, ""
	if err := publishInside(t.Context(), p.store, ev); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if text = press("/mail", "do", "resume"); !strings.Contains(text, "They asked for no more mail") || !p.state("ana").Profile.OptedOut.Get() {
		t.Errorf("the end of a pause lifts an opt-out:\n%s", text)
	}
	text = press("/mail", "do", "opt-in", "asked", "yes")
	if !strings.Contains(text, "Staff noted that the client wants mail again.") || p.state("ana").Profile.OptedOut.Get() {
		t.Errorf("after the client's word:\n%s", text)
	}
	p.quiet()
	if log := p.log.String(); strings.Contains(log, "Vandermolen") || strings.Contains(log, "quieter") {
		t.Error("the log tells about the client")
	}
}

// A note said twice by one press counts once, and a pause holds back what comes
// due meanwhile.
func TestStoryStaffSay(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	x := &acts{p.App}
	p.noshow("ana", events.RiskNone)
	p.settle()
	act := func() web.Act {
		return web.Act{ID: links.NewID(), Clinic: p.ref("ana").Clinic, Target: p.ref("ana").Key, Recipient: "amara"}
	}
	once := act()
	note := web.Notice{Noticed: []string{"quieter"}, Reason: "overwhelm", Approach: "slower"}
	for range 2 { // pressed twice
		if said, err := x.Notice(t.Context(), once, note); err != nil || !said.Counted {
			t.Fatalf("%+v, %v", said, err)
		}
	}
	notes := 0
	for _, m := range p.story("ana").moments {
		if m.kind == events.ClientNoted {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("one press is told %d times", notes)
	}
	p.pass(4 * time.Hour)
	p.expect("ana@example.org", "A")
	if said, err := x.Pause(t.Context(), act(), ""); err != nil || !said.Counted {
		t.Fatalf("%+v, %v", said, err)
	}
	p.pass(3 * 24 * time.Hour)
	if !p.noted("ana", workflows.WhatMessage, workflows.Paused, "B") {
		t.Error("the timeline does not say that the pause held B back")
	}
	stranger := act()
	stranger.Target = "znobody"
	if _, err := x.Notice(t.Context(), stranger, note); !unknown(err) {
		t.Errorf("a client nobody heard of: %v", err)
	}
}

// A clinician opens a task from its mail, on a phone: the code of that mail
// shows the client, two taps say what they notice, and one press finishes the
// task, each in their own name.
func TestStoryTaskFromItsMail(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	p.noshow("ana", events.RiskNone)
	p.pass(7 * 24 * time.Hour)
	p.expect("ana@example.org", "A")
	p.expect("ana@example.org", "B")
	mail := p.expect("amara@harbour-lane.example.org", "task")
	p.quiet()
	for _, secret := range []string{"Firstana", "Vandermolen", "ana@", "0142"} {
		if strings.Contains(mail.Text+mail.HTML+mail.Subject, secret) {
			t.Errorf("the mail holds %q:\n%s", secret, mail.Text)
		}
	}
	task := p.state("ana").Tasks[0].ID
	b, link := p.browser(), mail.link(t, "t")
	if g := b.get(link); g.status != http.StatusOK || strings.Contains(g.text, "Vandermolen") {
		t.Fatalf("the link alone: %d\n%s", g.status, g.text)
	}
	if g := b.post(link, "do", "done"); g.status != http.StatusForbidden || len(p.state("ana").Tasks) != 1 {
		t.Errorf("done without a code: %d", g.status)
	}
	if g := b.post(link, "code", mail.code(t), "do", "show"); g.status != http.StatusSeeOther {
		t.Fatalf("the code: %d\n%s", g.status, g.text)
	}
	g := b.get(link)
	// Two mails have left.
	for _, want := range []string{"Firstana Vandermolen-ana", "1 555 0142", questionWords("call-client"), "<dd>two</dd>"} {
		if !strings.Contains(g.text, want) {
			t.Errorf("the task's page does not say %q:\n%s", want, g.text)
		}
	}
	if g = b.post(link, "do", "notice", "noticed", "quieter", "form", g.field(t, "form"), "id", g.field(t, "id")); g.status != http.StatusOK {
		t.Fatalf("noticing: %d\n%s", g.status, g.text)
	}
	if g = b.post(link, "do", "done", "form", g.field(t, "form"), "id", g.field(t, "id")); g.status != http.StatusOK || !strings.Contains(g.text, "that is done") {
		t.Fatalf("done: %d\n%s", g.status, g.text)
	}
	p.settle()
	if s := p.state("ana"); len(s.Tasks) != 0 || !slices.Equal(s.Profile.Noticed.Get(), []string{"quieter"}) {
		t.Errorf("open tasks %+v, noticed %v", s.Tasks, s.Profile.Noticed.Get())
	}
	named := 0
	for _, m := range p.story("ana").moments {
		if (m.kind == events.ClientNoted || m.kind == events.TaskDone) && m.note.Person == "amara" {
			named++
		}
	}
	if named != 2 {
		t.Errorf("%d of the two acts name who did them", named)
	}
	if g := b.get(link); !strings.Contains(g.text, "You finished this task") || strings.Contains(g.text, "Vandermolen") {
		t.Errorf("after it is done:\n%s", g.text)
	}
	// A colleague presses too: she is told who was first, and when.
	before := p.state("ana").Decisions
	end, err := (&acts{p.App}).Finish(t.Context(), "sample", p.ref("ana").Key, task, "mei", false)
	if err != nil || end.By != "amara" || end.Name != p.personName("sample", "amara") || end.At.After(p.Now()) || p.Now().Sub(end.At) > time.Minute {
		t.Errorf("the task was finished by %+v, %v", end, err)
	}
	if n := p.state("ana").Decisions; n != before {
		t.Errorf("a second press led to %d decisions", n-before)
	}
	p.quiet()
}
