package workflows

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/calendar"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// TestDigestDays: the digest is due as somebody's working day begins, on their own
// clock, and not any more once it is over.
func TestDigestDays(t *testing.T) {
	c := *sampleClinic(t)
	c.Hours.Holidays = []calendar.Holiday{{From: 20260525, To: 20260526}}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	person := func(zone *time.Location, week map[time.Weekday][]calendar.Opening) *escalation.Person {
		h := &calendar.Hours{Holidays: c.Hours.Holidays}
		for day, open := range week {
			h.Week[day] = open
		}
		return &escalation.Person{ID: "kim", Email: "kim@example.org", Zone: zone, Hours: h}
	}
	clinics := &escalation.Person{ID: "amara", Email: "amara@example.org", Zone: c.Zone}
	east := person(newYork, map[time.Weekday][]calendar.Opening{
		time.Monday: {{From: 8 * time.Hour, To: 12 * time.Hour}, {From: 13 * time.Hour, To: 16 * time.Hour}}, time.Thursday: {{From: 11 * time.Hour, To: 19 * time.Hour}},
	})
	nights := person(c.Zone, map[time.Weekday][]calendar.Opening{
		time.Saturday: {{From: 22 * time.Hour, To: 24 * time.Hour}}, time.Sunday: {{From: 2*time.Hour + 30*time.Minute, To: 6 * time.Hour}},
	})
	swallowed := person(c.Zone, map[time.Weekday][]calendar.Opening{
		time.Sunday: {{From: 2 * time.Hour, To: 3 * time.Hour}, {From: 10 * time.Hour, To: 11 * time.Hour}},
	})
	for _, tt := range []struct {
		name   string
		person *escalation.Person
		after  string // the clinic's clock
		want   []string
	}{
		{"the clinic's hours", clinics, "2026-03-02 17:00", []string{"2026-03-03 09:00", "2026-03-04 09:00"}},
		{"before the morning", clinics, "2026-03-02 08:59", []string{"2026-03-02 09:00", "2026-03-03 09:00"}},
		{"late, as long as the day lasts", clinics, "2026-03-02 16:59", []string{"2026-03-02 16:59", "2026-03-03 09:00"}},
		{"a weekend", clinics, "2026-03-06 17:00", []string{"2026-03-09 09:00", "2026-03-10 09:00"}},
		{"a weekend and a holiday", clinics, "2026-05-22 18:00", []string{"2026-05-27 09:00", "2026-05-28 09:00"}},
		{"their own hours and zone", east, "2026-03-02 15:00", []string{"2026-03-05 10:00", "2026-03-09 07:00"}},
		{"between two stretches", east, "2026-03-02 11:30", []string{"2026-03-02 11:30", "2026-03-05 10:00"}},
		{"the clinic's holiday", east, "2026-05-22 18:00", []string{"2026-05-28 10:00", "2026-06-01 07:00"}},
		{"the night that is short", nights, "2026-03-07 00:00", []string{"2026-03-07 22:00", "2026-03-08 03:30", "2026-03-14 22:00"}},
		{"the night that is long", nights, "2026-10-31 00:00", []string{"2026-10-31 22:00", "2026-11-01 02:30", "2026-11-07 22:00"}},
		{"the morning after", clinics, "2026-10-31 00:00", []string{"2026-11-02 09:00"}},
		{"a stretch that the night swallowed", swallowed, "2026-03-08 00:00", []string{"2026-03-08 10:00", "2026-03-15 02:00"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			var made calendar.Day
			for now := chicago(t, tt.after); len(got) < len(tt.want); now = now.Add(time.Minute) {
				day, from, to, ok := c.DigestDay(tt.person, now)
				if ok && day > made && !now.Before(from) && now.Before(to) {
					got, made = append(got, now.In(c.Zone).Format("2006-01-02 15:04")), day
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("due %v, want %v", got, tt.want)
			}
		})
	}
}

// TestListed: who reads of a task in a digest.
func TestListed(t *testing.T) {
	now := chicago(t, "2026-03-02 10:00")
	leave := []escalation.Absence{{From: now.Add(-time.Hour), To: now.Add(time.Hour)}}
	for _, tt := range []struct {
		name     string
		away     []string
		never    []string
		owner    string
		reminded int
		want     string
	}{
		{"its owner", nil, nil, "amara", 0, "[amara]"},
		{"on leave: whoever stands in", []string{"amara"}, nil, "amara", 1, "[jonas]"},
		{"and whoever stands in for them", []string{"amara", "jonas"}, nil, "amara", 2, "[mei]"},
		{"nobody stands in", []string{"amara", "jonas", "mei"}, nil, "amara", 0, "[ruth]"},
		{"overdue for long: the task owner too", nil, nil, "amara", 3, "[amara ruth]"},
		{"it is theirs", nil, nil, "ruth", 3, "[ruth]"},
		{"who has left the clinic", nil, nil, "nobody", 0, "[ruth]"},
		{"never asked about this client", nil, []string{"amara"}, "amara", 0, "[jonas]"},
		{"nor the task owner: whoever stands in for them", nil, []string{"ruth"}, "amara", 3, "[amara mei]"},
		{"nobody on the staff may be asked", nil, []string{"amara", "jonas", "mei", "ruth"}, "amara", 3, "[emergency-1]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := *sampleClinic(t)
			c.Staff.People = slices.Clone(c.Staff.People)
			for i := range c.Staff.People {
				if p := &c.Staff.People[i]; slices.Contains(tt.away, p.ID) {
					p.Away = leave
				}
			}
			s := newSim(t, now, &c)
			client := friendly()
			client.NeverAsk = tt.never
			s.happens(events.ClientUpdated, clientData(client))
			s.state.Tasks = []Task{{ID: "t1", What: "call-client", Owner: tt.owner, Reminded: tt.reminded}}
			got := []string{}
			for _, l := range s.state.Listed(&c, now) {
				if got = append(got, l.Person); l.Task.ID != "t1" {
					t.Errorf("it lists %+v", l.Task)
				}
			}
			if fmt.Sprint(got) != tt.want {
				t.Errorf("read by %v, want %s", got, tt.want)
			}
		})
	}
}
