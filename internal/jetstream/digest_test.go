package jetstream

import (
	"testing"

	"github.com/mooring-care/mooring/workflows/calendar"
)

// TestDigestsAreTakenOnce: one replica makes somebody's digest of a day, and none one of
// a day that is over; what was given back may be taken again.
func TestDigestsAreTakenOnce(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	s, other := connect(t, Options{Server: srv}), connect(t, Options{Server: srv})
	take := func(s *Store, person string, day calendar.Day, want bool) Digest {
		t.Helper()
		d, mine, err := s.TakeDigest(t.Context(), "harbor", person, day)
		if err != nil || mine != want {
			t.Errorf("%s's of %d: mine %t, %v", person, day, mine, err)
		}
		return d
	}
	first := take(s, "amara", 20260302, true)
	take(other, "amara", 20260302, false)
	take(s, "amara", 20260302, false)
	take(other, "jonas", 20260302, true)
	if err := s.DigestMade(t.Context(), "harbor", "amara", first); err != nil {
		t.Error(err)
	}
	if last, err := other.LastDigest(t.Context(), "harbor", "amara"); err != nil || last.Day != 20260302 || !last.Made {
		t.Errorf("the last one is %+v, %v", last, err)
	}
	take(other, "amara", 20260302, false)
	take(other, "amara", 20260301, false)

	next := take(other, "amara", 20260303, true)
	if err := other.ReturnDigest(t.Context(), "harbor", "amara", next); err != nil {
		t.Error(err)
	}
	again := take(s, "amara", 20260303, true)
	if err := other.ReturnDigest(t.Context(), "harbor", "amara", next); err == nil {
		t.Error("a replica gives back what another took")
	}
	if err := s.DigestMade(t.Context(), "harbor", "amara", again); err != nil {
		t.Error(err)
	}
	take(other, "amara", 20260303, false)
}

// TestDigestKeysNameNobody: a person's id may be their name.
func TestDigestKeysNameNobody(t *testing.T) {
	a, b := digestKey("harbor", "amara"), digestKey("harbor", "jonas")
	if a == b || a != digestKey("harbor", "amara") || len(a) != len("harbor.digest.")+24 {
		t.Errorf("the keys are %s and %s", a, b)
	}
}
