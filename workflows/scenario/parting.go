package scenario

import (
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// Parting is where one client's two timelines part.
type Parting struct {
	// Client is the client's place in the past that was compared, from 0.
	Client int
	// Before and After are the first entry that is not the same; nil where a
	// timeline has come to its end.
	Before, After *Line
}

// Line is one note of a timeline.
type Line struct {
	// At is when it was decided, and Event the kind of event decided on.
	At    time.Time   `json:"at"`
	Event events.Kind `json:"event"`
	// Text is the note as it stands in a scenario, Reason its code and Words what
	// people read.
	Text   string           `json:"text"`
	Reason workflows.Reason `json:"reason"`
	Words  string           `json:"words"`
}

// parting finds the first entry in which two timelines differ.
func parting(before, after *life) (Parting, bool) {
	if before.same(after) {
		return Parting{}, false
	}
	// The ids of one thing may differ: the text has its short name in their place.
	var was, is Names
	for i := range max(len(before.told), len(after.told)) {
		b, a := before.at(i, &was), after.at(i, &is)
		if a == nil || b == nil || !a.same(*b) {
			return Parting{Before: b, After: a}, true
		}
	}
	return Parting{}, false
}

func (l *life) at(i int, names *Names) *Line {
	if i >= len(l.told) {
		return nil
	}
	return l.told[i].line(names, l.zone)
}

// same says whether two timelines are the same to the last id, which most are; that
// is found out without a text.
func (l *life) same(as *life) bool {
	if len(l.told) != len(as.told) || l.zone != as.zone && l.zone.String() != as.zone.String() {
		return false
	}
	for i := range l.told {
		a, b := l.told[i], as.told[i]
		if !a.at.Equal(b.at) || a.event != b.event || !a.note.Until.Equal(b.note.Until) {
			return false
		}
		a.note.Until, b.note.Until = time.Time{}, time.Time{}
		if a.note != b.note {
			return false
		}
	}
	return true
}

func (l Line) same(as Line) bool {
	return l.At.Equal(as.At) && l.Event == as.Event && l.Text == as.Text
}
