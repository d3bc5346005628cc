package app

import (
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
)

// consentLabel says what a purpose is for.
func consentLabel(p events.Purpose) string {
	switch p {
	case events.PurposeResources:
		return "Consent to practical help"
	case events.PurposeCaring:
		return "Consent to caring notes"
	case events.PurposeOrientation:
		return "Consent to first-visit notes"
	}
	return "Consent to outreach"
}

// consentWords say what was said, by whom, how, and when where that is not
// simply when it was heard of.
func consentWords(r events.ConsentRecord, zone *time.Location) string {
	words := string(r.State)
	if r.By != "" {
		words += ", by " + r.By
	}
	if r.How != "" {
		words += ", " + r.How
	}
	if r.At != nil {
		words += ", on " + r.At.In(zone).Format(storyTime)
	}
	return words
}

// consentFacts are the purposes for a client's page: outreach always, the
// others where somebody spoke of them.
func consentFacts(p *workflows.Profile, zone *time.Location) []web.Fact {
	out := []web.Fact{{Label: consentLabel(events.PurposeOutreach), Text: "unknown"}}
	for i, purpose := range events.Purposes() {
		f := p.Consent(purpose)
		switch {
		case !f.Known():
		case i == 0:
			out[0].Text = consentWords(f.Value, zone)
		default:
			out = append(out, web.Fact{Label: consentLabel(purpose), Text: consentWords(f.Value, zone)})
		}
	}
	return out
}
