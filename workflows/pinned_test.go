package workflows

import (
	"maps"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// TestPinnedPolicies: a journey asks under the policy as it was when the journey
// began, also where the folder in force has another or none; a journey that
// begins now asks under the one in force.
func TestPinnedPolicies(t *testing.T) {
	const flow = "workflow: own\ntitle: t\nwhy: w\nstart: {on: [client.signal]}\nsteps:\n  - wait: 1d\n  - escalate: {policy: same-day, question: high-risk-no-show}\n"
	before := withWorkflows(t, sampleClinic(t), "v1", map[string]string{"own": flow})
	for name, edit := range map[string]func(*Clinic){
		"changed": func(c *Clinic) {
			p := c.Policies["same-day"]
			p.Hold = 99 * time.Hour
			c.Policies["same-day"] = p
		},
		"gone": func(c *Clinic) { delete(c.Policies, "same-day") },
	} {
		t.Run(name, func(t *testing.T) {
			after := withWorkflows(t, before, "v2", map[string]string{"own": flow})
			after.Policies = maps.Clone(before.Policies)
			edit(after)
			s := newSim(t, chicago(t, "2026-03-02 10:00"), before)
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.ClientSignal, signal("diary"))
			s.dir = append(s.dir, after)
			s.pass(25 * time.Hour)
			e := s.openEscalation()
			if e == nil || e.Policy.ID != "same-day" || e.Policy.Hold != before.Policies["same-day"].Hold {
				t.Fatalf("it is asked under %+v", e)
			}

			s = newSim(t, chicago(t, "2026-03-02 10:00"), before, after)
			s.happens(events.ClientUpdated, clientData(friendly()))
			s.happens(events.ClientSignal, signal("diary"))
			s.pass(25 * time.Hour)
			want := after.Policies["same-day"]
			if want.ID == "" {
				want = after.Policies[safetyPolicy]
			}
			if e := s.openEscalation(); e == nil || e.Policy.ID != want.ID || e.Policy.Hold != want.Hold {
				t.Errorf("a journey of today is asked under %+v", e)
			}
		})
	}
}
