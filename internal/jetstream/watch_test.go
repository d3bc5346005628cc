package jetstream

import (
	"testing"
	"time"
)

// TestAlarmsAreTaken: of two replicas one tells; another does where that one did not;
// what gets worse is told again, and so is what goes on for half a day.
func TestAlarmsAreTaken(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	s := connect(t, Options{Server: srv})
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	take := func(rank int, after time.Duration) (Alarm, bool) {
		t.Helper()
		a, mine, err := s.TakeAlarm(t.Context(), "harbor", AlarmStands, rank, now.Add(after))
		if err != nil {
			t.Fatal(err)
		}
		return a, mine
	}
	first, mine := take(1, 0)
	if !mine {
		t.Fatal("nobody tells")
	}
	if _, mine := take(1, time.Minute); mine {
		t.Error("two replicas tell of one alarm")
	}
	if err := s.AlarmTold(t.Context(), "harbor", AlarmStands, first); err != nil {
		t.Fatal(err)
	}
	if _, mine := take(1, time.Hour); mine {
		t.Error("it is told twice")
	}
	if _, mine := take(3, 2*time.Hour); !mine {
		t.Error("what got worse is not told")
	}
	if _, mine := take(3, 2*time.Hour+time.Minute); mine {
		t.Error("two replicas tell of what got worse")
	}
	// The one that took it has died: another tells.
	worse, mine := take(3, 2*time.Hour+alarmAgain)
	if !mine {
		t.Error("what nobody told is told by nobody")
	}
	if err := s.AlarmTold(t.Context(), "harbor", AlarmStands, worse); err != nil {
		t.Fatal(err)
	}
	if _, mine := take(1, 8*time.Hour); mine {
		t.Error("what got better is told")
	}
	if _, mine := take(3, 2*time.Hour+alarmAgain+alarmRepeat); !mine {
		t.Error("what goes on for half a day is not told again")
	}
	for range 2 {
		if err := s.EndAlarm(t.Context(), "harbor", AlarmStands); err != nil {
			t.Fatal(err)
		}
	}
	if _, mine := take(1, 2*time.Hour+alarmAgain+alarmRepeat+time.Minute); !mine {
		t.Error("after its end the next one is told by nobody")
	}
}
