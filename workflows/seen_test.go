package workflows

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
)

// TestOnceSurvivesStorage: what is stored of the events decided on comes back
// whole, whatever the clock did between them.
func TestOnceSurvivesStorage(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Seen {
			x := Seen{
				At:     rapid.Int64().Draw(rt, "at"),
				Reason: rapid.SampledFrom([]Reason{"", Asked, Started, "a \"word\" of a later version"}).Draw(rt, "reason"),
			}
			copy(x.Hash[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "hash"))
			return x
		}), 1, 20).Draw(rt, "seen")
		var got SeenList
		if err := json.Unmarshal([]byte(jsonOf(rt, SeenList(want))), &got); err != nil || !reflect.DeepEqual([]Seen(got), want) {
			rt.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
		var old SeenList
		if err := json.Unmarshal([]byte(jsonOf(rt, want)), &old); err != nil || !reflect.DeepEqual([]Seen(old), want) {
			rt.Fatalf("of the first version: got %+v, %v; want %+v", old, err, want)
		}
	})
}

// FuzzSeenList: no text makes reading fail otherwise than with an error, and
// what was read is written and read alike.
func FuzzSeenList(f *testing.F) {
	f.Add(`""`)
	f.Add(`"AA"`)
	f.Add(`"/////w8"`)
	f.Add(jsonOf(f, SeenList{{Hash: events.Hash{1}, At: 1772467200, Reason: Asked}, {Hash: events.Hash{2}, At: 1772467100}}))
	f.Add(jsonOf(f, []Seen{{Hash: events.Hash{1}, At: 1772467200, Reason: Asked}}))
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		var got, again SeenList
		if json.Unmarshal([]byte(text), &got) != nil {
			return
		}
		if err := json.Unmarshal([]byte(jsonOf(t, got)), &again); err != nil || len(got) != len(again) || len(got) > 0 && !reflect.DeepEqual(got, again) {
			t.Fatalf("%q: %+v, then %+v (%v)", text, got, again, err)
		}
	})
}

// TestRecordStaysSmall: a feed that touches a client's record a hundred times a
// day leaves a record that the store takes, with all that the rule
// once needs and the newest of what conditions count.
func TestRecordStaysSmall(t *testing.T) {
	clinic := *sampleClinic(t)
	clinic.Workflows = nil
	s := State{}
	now := historyStart
	kinds := []events.Kind{events.ClientSignal, events.ClientNoted, events.AppointmentAttended, events.AppointmentBooked, events.AppointmentCancelled}
	data := func(k events.Kind, i int) events.Data {
		switch k {
		case events.ClientSignal:
			return events.Data{Signal: &events.Signal{Name: "diary"}}
		case events.ClientNoted:
			return events.Data{Note: &events.Note{By: "amara"}}
		}
		return booking(fmt.Sprintf("appointment-%d", i), now.Add(time.Duration(i%90)*24*time.Hour))
	}
	// Only what is kept matters: deciding on every event would take minutes.
	sim := newSim(t, now, &clinic)
	for i := range 3000 {
		k := kinds[i%len(kinds)]
		now = now.Add(time.Hour)
		ev := sim.event(k, now, data(k, i))
		s = Decide(s, versions{&clinic}, ev, now).State
	}
	for i := len(s.Seen); i < 9100; i++ {
		s.Seen = append(s.Seen, Seen{Hash: sim.event(events.ClientSignal, now, events.Data{}).Hash(), At: now.Unix(), Reason: NothingFollows})
	}
	counted := map[events.Kind]int{}
	for _, o := range s.Past {
		counted[o.Kind]++
	}
	for k, n := range counted {
		if n != CountedAtMost {
			t.Errorf("%d of %s are kept", n, k)
		}
	}
	if last := s.Past[len(s.Past)-1]; !last.At.Equal(now) || len(counted) != len(kinds) {
		t.Errorf("the newest is %v of %v", last.At, counted)
	}
	if len(s.Appointments) != keptAppointments || !s.HasFutureAppointment(now) {
		t.Errorf("%d appointments", len(s.Appointments))
	}
	if size := len(jsonOf(t, s)); size > 640<<10 {
		t.Errorf("the record has %d bytes", size)
	}
	if perEvent := len(jsonOf(t, s.Seen)) / len(s.Seen); perEvent > 27 {
		t.Errorf("%d bytes an event", perEvent)
	}
}
