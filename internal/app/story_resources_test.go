package app

import (
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
)

// The mail with practical help lists the clinic's own services, chosen by the
// reason that the client gave.
func TestStoryResources(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	for _, who := range []string{"ana", "ben"} {
		p.say(events.AppointmentCancelled, who, events.Data{Client: person(who, events.RiskNone), Appointment: cancelled(p.appointment(who+"-1", 96*time.Hour))})
	}
	p.pass(49 * time.Hour)
	p.settle()
	p.expect("ana@example.org", "A")
	notice := p.expect("ben@example.org", "A")
	p.browser().post(notice.link(t, "c"), "id", links.NewID(), "feeling", "okay", "reason", "overwhelm")
	p.settle()
	p.pass(6 * 24 * time.Hour)
	p.settle()
	for who, lists := range map[string]struct{ yes, no []string }{
		"ana": {[]string{"- 211\n", "- Ride Together", "https://www.211.org", "Lakeside Family Help Desk"}, []string{"Walkers"}},
		"ben": {[]string{"- Lakeside Family Help Desk", "12 Mill Street", "- Second Saturday Walkers"}, []string{"Ride Together", "211.org"}},
	} {
		mail := p.expect(who+"@example.org", "C")
		for _, name := range lists.yes {
			if !strings.Contains(mail.Text, name) {
				t.Errorf("the mail to %s does not list %q:\n%s", who, name, mail.Text)
			}
		}
		for _, name := range lists.no {
			if strings.Contains(mail.Text, name) {
				t.Errorf("the mail to %s lists %q, which does not fit", who, name)
			}
		}
	}
	p.quiet()
}
