package web_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/internal/links"
)

// TestWorry, on a task and on a note: one press asks, in the person's name, with their
// words; the same press again asks once, and the task stays open.
func TestWorry(t *testing.T) {
	for path, purpose := range map[string]links.Purpose{"/t/": links.Task, "/n/": links.Note} {
		w := newWorld(t)
		c := w.claims(purpose, "dana")
		v := w.visitor(t)
		v.open(path + w.keys.Sign(c))
		v.seesNot("I worry about their safety")
		v.press(url.Values{"code": {w.keys.Code(c)}})
		v.sees("I worry about their safety")
		fill := url.Values{"do": {"worry-now"}, "worry": {"  it sounds like goodbye  "}}
		w.lost = errors.New("the answer got lost")
		v.press(fill)
		v.sees("Not yet confirmed", "call now", `name="press"`, "it sounds like goodbye</textarea>")
		w.lost = nil
		v.press(fill)
		v.sees("Priya Nair is asked now", "do not wait", "Jamie Rivera")
		if want := target + ` by dana: immediate "it sounds like goodbye"`; len(w.noticed) != 1 || w.noticed[0] != want {
			t.Errorf("%s raised %q, want %q once", path, w.noticed, want)
		}
		v.press(url.Values{"do": {"worry-today"}, "worry": {strings.Repeat("a", 600)}})
		if want := `same-day "` + strings.Repeat("a", 500) + `"`; len(w.noticed) != 2 || !strings.HasSuffix(w.noticed[1], want) {
			t.Errorf("%s raised %q then", path, w.noticed[1:])
		}
		if len(w.done) != 0 {
			t.Errorf("the task is done by %q", w.done)
		}
	}
}

// TestWorryAfterTheTask: a press counts although somebody has finished the task, or the
// records cannot be read; nobody is told that they need do nothing.
func TestWorryAfterTheTask(t *testing.T) {
	for name, change := range map[string]func(*world){
		"finished":   func(w *world) { w.over = true },
		"no records": func(w *world) { w.lookFail = errors.New("away") },
	} {
		w := newWorld(t)
		c := w.claims(links.Task, "dana")
		v := w.visitor(t)
		v.open("/t/" + w.keys.Sign(c))
		v.press(url.Values{"code": {w.keys.Code(c)}})
		change(w)
		v.press(url.Values{"do": {"worry-now"}, "worry": {"it sounds like goodbye"}})
		v.sees("Priya Nair is asked now")
		v.seesNot("need do nothing")
		if len(w.noticed) != 1 {
			t.Errorf("%s: raised %q", name, w.noticed)
		}
	}
}

// TestBrokenLinkOfOneClinic: whoever opens a link that is cut off finds the crisis line
// of the one clinic that is served, in its languages; among several none is guessed.
func TestBrokenLinkOfOneClinic(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/c/abc", "/u/abc", "/a/abc", "/", "/nowhere"} {
		for _, alone := range []bool{false, true} {
			w.alone = alone
			v := w.visitor(t)
			v.open(path)
			if !alone {
				v.seesNot("988", "The harbor clinic")
				continue
			}
			v.sees("The harbor clinic", "The crisis line", `href="tel:988"`, `href="?lang=es"`)
		}
	}
}
