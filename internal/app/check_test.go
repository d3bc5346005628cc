package app

import (
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	policy := func(within ...time.Duration) escalation.Policy {
		var p escalation.Policy
		for _, d := range within {
			p.Rungs = append(p.Rungs, escalation.Rung{Owner: "assigned", Within: d})
		}
		return p
	}
	got := Warnings(&workflows.Clinic{Policies: map[string]escalation.Policy{
		"late-rung": policy(2*time.Hour, 30*time.Minute), "safety": policy(10*time.Minute, time.Hour), "slow": policy(time.Hour, 24*time.Hour),
	}})
	if len(got) != 2 || !strings.Contains(got[0], "late-rung gives people 30 minutes") || !strings.Contains(got[1], "safety gives people 10 minutes") {
		t.Errorf("%q", got)
	}
}
