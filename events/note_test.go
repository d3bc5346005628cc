package events

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNotesOfAnotherVersionCount: words that this program does not know are
// refused where a note is stated, and left out where one is read back. The note
// itself is never lost.
func TestNotesOfAnotherVersionCount(t *testing.T) {
	w := sampleWire(t, ClientNoted)
	w.Body = change(t, w.Body, "data.note.noticed", []any{"hums", "late", "quieter"})
	w.Body = change(t, w.Body, "data.note.approach", "by letter")
	e, err := Decode(w)
	if err != nil {
		t.Fatal(err)
	}
	want := &Note{By: "dr-lee", Noticed: []string{"late", "quieter"}, Reason: "overwhelm"}
	if diff := cmp.Diff(want, e.Data.Note); diff != "" {
		t.Errorf("the note reads:\n%s", diff)
	}
	for field, n := range map[string]Note{
		"data.note.noticed":  {By: "dr-lee", Noticed: []string{"late", "hums"}},
		"data.note.approach": {By: "dr-lee", Approach: "by letter"},
	} {
		e.Data.Note = &n
		p, ok := Validate(e).(*Problem) //nolint:errorlint // Validate promises it
		if !ok || p.Field != field {
			t.Errorf("%+v: %v, want a problem with %s", n, p, field)
		}
	}
}
