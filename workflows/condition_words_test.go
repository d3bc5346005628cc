package workflows

import (
	"strings"
	"testing"

	"github.com/mooring-care/mooring/events"
)

// TestConditionWords: conditions as people read them.
func TestConditionWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`flagged`:             "there is a safety flag",
		`!flagged`:            "there is no safety flag",
		`!(flagged || minor)`: "there is no safety flag, and the client is no minor",
		`flagged || risk in ["elevated", "high"]`:                                     "there is a safety flag, or the risk is elevated or high",
		`cancelled_by == "client" && late && !same_day && risk == "none" && !flagged`: "the client cancelled, the notice was less than 48 hours, the notice was not less than 24 hours, the client is not at risk, and there is no safety flag",
		`cancelled_by != "provider"`:                                                  "the clinic did not cancel",
		`minor && (flagged || first_visit)`:                                           "the client is a minor, and (there is a safety flag, or it is a first visit)",
		`count("appointment.noshow", "60d") == 1`:                                     "there was exactly 1 no-show in 60 days",
		`count("appointment.noshow", "60d") >= 2`:                                     "there were 2 no-shows or more in 60 days",
		`2 <= count("appointment.noshow", "60d")`:                                     "there were 2 no-shows or more in 60 days",
		`count("appointment.noshow", "7d") > 0`:                                       "there was a no-show in 7 days",
		`!(count("appointment.noshow", "7d") > 0)`:                                    "there was no no-show in 7 days",
		`days_since("appointment.attended") > 14`:                                     "it is more than 14 days since the last visit",
		`late_cancellations("24h", "30d") >= 2`:                                       "there were 2 cancellations or more with less than 24 hours’ notice in 30 days",
		`notice < duration("36h")`:                                                    "the notice is less than 36 hours",
		`reason == "stress"`:                                                          "the reason is “Life gets in the way: work, family, money”",
		`reason == ""`:                                                                "the reason is unknown",
		`reason in ["no-progress", "resistance"]`:                                     "the reason is “It does not seem to help” or “They are not ready for a change”",
		`"wants-to-stop" in noticed`:                                                  "a clinician noticed “Speaks of stopping”",
		`!("group" in programmes)`:                                                    "the client is not in the programme “group”",
		`kind != "appointment.noshow"`:                                                "what happened is not: the client did not come to an appointment",
		`status == "active" && status_before == "hospitalised"`:                       "the client is active, and the client was in hospital before",
		`wish == "call"`:                                                              "their wish is a call",
		`safe == "no"`:                                                                "the check-in’s answer “I am safe” is no",
		`concern == "immediate"`:                                                      "the question is one for now",
		`concern_from == "questionnaire"`:                                             "the question comes from a questionnaire",
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
