package workflows

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mooring-care/mooring/events"
)

// TestConditionWords: conditions as people read them.
func TestConditionWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`first_visit && !(flagged && minor)`:         "it is a first visit, and (there is no safety flag, or the client is no minor)",
		`!(flagged || minor) || first_visit`:         "(there is no safety flag, and the client is no minor), or it is a first visit",
		`!(!(flagged && minor))`:                     "there is a safety flag, and the client is a minor",
		`days_since("appointment.attended") >= 1`:    "the last visit was 1 day ago or more",
		`days_since("appointment.attended") == 0`:    "the last visit was exactly 0 days ago",
		`days_since("appointment.attended") <= 14`:   "the last visit was at most 14 days ago, or there was none",
		`!(days_since("appointment.attended") > 14)`: "the last visit was at most 14 days ago, or there was none",
		`days_since("appointment.attended") < 0`:     "there was never a visit",
		`days_since("appointment.attended") == -1`:   "there was never a visit",
		`days_since("appointment.attended") != -1`:   "there was a visit before",
		`days_since("appointment.attended") >= 0`:    "there was a visit before",
		`!(risk in ["elevated", "high"])`:            "the risk is neither elevated nor high",
		`!(cancelled_by in ["client", "provider"])`:  "it is not known that the client or the clinic cancelled",
		`concern == ""`:       "the question raised is none",
		`concern_from == ""`:  "the question’s source is unknown",
		`flagged`:             "there is a safety flag",
		`!flagged`:            "there is no safety flag",
		`!(flagged || minor)`: "there is no safety flag, and the client is no minor",
		`flagged || risk in ["elevated", "high"]`:                                     "there is a safety flag, or the risk is elevated or high",
		`cancelled_by == "client" && late && !same_day && risk == "none" && !flagged`: "the client cancelled, the notice was less than 48 hours, the notice was 24 hours or more, or is not known, the client is not at risk, and there is no safety flag",
		`cancelled_by != "provider"`:                                                  "it is not known that the clinic cancelled",
		`minor && (flagged || first_visit)`:                                           "the client is a minor, and (there is a safety flag, or it is a first visit)",
		`count("appointment.noshow", "60d") == 1`:                                     "there was exactly 1 no-show in 60 days",
		`count("appointment.noshow", "60d") >= 2`:                                     "there were 2 no-shows or more in 60 days",
		`2 <= count("appointment.noshow", "60d")`:                                     "there were 2 no-shows or more in 60 days",
		`count("appointment.noshow", "7d") > 0`:                                       "there was a no-show in 7 days",
		`!(count("appointment.noshow", "7d") > 0)`:                                    "there was no no-show in 7 days",
		`days_since("appointment.attended") > 14`:                                     "the last visit was 15 days ago or more",
		`late_cancellations("24h", "30d") >= 2`:                                       "there were 2 cancellations or more with less than 24 hours’ notice in 30 days",
		`notice < duration("36h")`:                                                    "the notice is less than 36 hours or not known",
		`!(notice > duration("36h"))`:                                                 "the notice is at most 36 hours or not known",
		`notice >= duration("36h")`:                                                   "the notice is at least 36 hours",
		`reason == "stress"`:                                                          "the reason is “Life gets in the way: work, family, money”",
		`reason == ""`:                                                                "the reason is unknown",
		`reason in ["no-progress", "resistance"]`:                                     "the reason is “It does not seem to help” or “They are not ready for a change”",
		`"wants-to-stop" in noticed`:                                                  "a clinician noticed “Speaks of stopping”",
		`!("group" in programmes)`:                                                    "the client is not in the programme “group”",
		`kind != "appointment.noshow"`:                                                "what happened is not: the client did not come to an appointment",
		`status == "active" && status_before == "hospitalised"`:                       "the client is active, and the client was in hospital before",
		`wish == "call"`:                                                              "their wish is a call",
		`safe == "no"`:                                                                "the check-in’s answer “I am safe” is no",
		`concern == "immediate"`:                                                      "the question raised is one for now",
		`concern_from == "questionnaire"`:                                             "the question’s source is “questionnaire”",
		`has_future_appointment`:                                                      "another appointment is booked",
		`minor ? flagged : first_visit`:                                               `minor ? flagged : first_visit`,
		`signal.startsWith("x")`:                                                      `signal.startsWith("x")`,
	} {
		c, wrong := compileCondition(text)
		if len(wrong) > 0 {
			t.Errorf("%s: %v", text, wrong)
			continue
		}
		if got := c.Words(); got != want {
			t.Errorf("%s\n reads %q,\n want  %q", text, got, want)
		}
	}
	if got := (*Condition)(nil).Words(); got != "" {
		t.Errorf("no condition reads %q", got)
	}
}

// TestEveryFactHasWords, and everything that is counted.
func TestEveryFactHasWords(t *testing.T) {
	t.Parallel()
	for _, f := range factList() {
		_, _, truth := sayFact(f.name)
		values := f.values
		if len(values) == 0 {
			values = []string{"x"}
		}
		for _, v := range values {
			words, ok := sayValues(f.name, []string{v}, false)
			if !ok && !truth && f.name != "notice" {
				t.Errorf("%s has no words", f.name)
			}
			if ok && strings.HasSuffix(words, " ") {
				t.Errorf("%s has no words for %q: %q", f.name, v, words)
			}
		}
	}
	for _, s := range events.Kinds() {
		if _, _, ok := OccurrenceWords(s.Kind); ok != Counted(s.Kind) {
			t.Errorf("%s: has words %v, is counted %v", s.Kind, ok, Counted(s.Kind))
		}
	}
}

// holdsInWords reads words back: parts joined by "and" or "or", in brackets where the two mix.
func holdsInWords(t failer, words string, facts map[string]bool) bool {
	var parts []string
	depth, from := 0, 0
	operator := ""
	for i := range len(words) {
		switch {
		case words[i] == '(':
			depth++
		case words[i] == ')':
			depth--
		case depth == 0 && words[i] == ',':
			parts = append(parts, words[from:i])
			from = i + 2
			for _, o := range []string{"and", "or"} {
				if rest, ok := strings.CutPrefix(words[from:], o+" "); ok {
					if operator != "" && operator != o {
						t.Fatalf("%q mixes and with or", words)
					}
					operator, from = o, len(words)-len(rest)
				}
			}
		}
	}
	parts = append(parts, words[from:])
	if len(parts) == 1 {
		if inner, ok := strings.CutPrefix(words, "("); ok {
			return holdsInWords(t, strings.TrimSuffix(inner, ")"), facts)
		}
		is, known := facts[words]
		if !known {
			t.Fatalf("nobody said %q", words)
		}
		return is
	}
	for _, p := range parts {
		if holdsInWords(t, p, facts) == (operator == "or") {
			return operator == "or"
		}
	}
	return operator == "and"
}

// TestWordsMeanTheCondition, whatever stands in brackets and behind a "not".
func TestWordsMeanTheCondition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var draw func(depth int) string
		draw = func(depth int) string {
			switch n := rapid.IntRange(0, 3).Draw(rt, "shape"); {
			case depth == 0 || n == 0:
				return rapid.SampledFrom([]string{"flagged", "minor", "first_visit"}).Draw(rt, "fact")
			case n == 1:
				return "!(" + draw(depth-1) + ")"
			default:
				return "(" + draw(depth-1) + []string{" && ", " || "}[n-2] + draw(depth-1) + ")"
			}
		}
		c, wrong := compileCondition(draw(4))
		if wrong != nil {
			rt.Fatal(wrong)
		}
		for i := range 8 {
			f := &Facts{Flagged: i&1 > 0, Minor: i&2 > 0, FirstVisit: i&4 > 0}
			want, err := c.Eval(f)
			if err != nil {
				rt.Fatal(err)
			}
			facts := map[string]bool{}
			for name, is := range map[string]bool{"flagged": f.Flagged, "minor": f.Minor, "first_visit": f.FirstVisit} {
				yes, no, _ := sayFact(name)
				facts[yes], facts[no] = is, !is
			}
			if got := holdsInWords(rt, c.Words(), facts); got != want {
				rt.Fatalf("%s\nreads %q,\nwhich is %v, and not %v, for %+v", c.Text, c.Words(), got, want, facts)
			}
		}
	})
}
