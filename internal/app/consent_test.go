package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
)

// TestWhyConsentSaysWho: each purpose is shown with who, how and when, on the
// page and in the terminal; one that nobody spoke of is not.
func TestWhyConsentSaysWho(t *testing.T) {
	t.Parallel()
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 16, 30, 0, 0, time.UTC)
	field := func(r events.ConsentRecord) *workflows.Field[events.ConsentRecord] {
		return &workflows.Field[events.ConsentRecord]{Value: r, At: at.Add(time.Hour)}
	}
	p := &workflows.Profile{
		Outreach: field(events.ConsentRecord{State: events.ConsentGranted}),
		Caring:   field(events.ConsentRecord{State: events.ConsentWithdrawn, By: "the client", How: "phone", At: &at}),
	}
	want := []web.Fact{
		{Label: "Consent to outreach", Text: "granted"},
		{Label: "Consent to caring notes", Text: "withdrawn, by the client, phone, on Sun 1 Mar 2026 10:30"},
	}
	if diff := cmp.Diff(want, consentFacts(p, chicago)); diff != "" {
		t.Errorf("the page (-want +got):\n%s", diff)
	}
	var got []web.Fact
	for _, k := range (&Operator{}).profile("sample", "k", p, chicago) {
		if _, ok := k.Value.(events.ConsentRecord); ok {
			got = append(got, web.Fact{Label: k.label, Text: k.words})
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the terminal (-want +got):\n%s", diff)
	}
	if got := consentFacts(&workflows.Profile{}, chicago); len(got) != 1 || got[0].Text != "unknown" {
		t.Errorf("nobody spoke of it: %+v", got)
	}
}
