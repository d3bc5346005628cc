package workflows

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
)

// someFacts is a client about whom everything is known.
func someFacts() *Facts {
	return &Facts{
		Kind: events.AppointmentCancelled, Risk: events.RiskElevated, Status: events.StatusActive,
		Flagged: true, Language: "es", Programmes: []string{"day", "group"}, Reason: "stress",
		CancelledBy: events.ByClient, FirstVisit: true, Notice: 30 * time.Hour, NoticeKnown: true,
		HasFutureAppointment: func() bool { return true },
		Count: func(k events.Kind, within time.Duration) int {
			if k == events.AppointmentNoShow && within == 60*24*time.Hour {
				return 2
			}
			return 0
		},
		StatusBefore: events.StatusHospitalised, Signal: "diary-skipped", ConcernFrom: "questionnaire",
		LateCancellations: func(notice, within time.Duration) int {
			if notice == 24*time.Hour && within == 30*24*time.Hour {
				return 2
			}
			return 0
		},
		DaysSince: func(k events.Kind) int {
			if k == events.AppointmentAttended {
				return 21
			}
			return -1
		},
	}
}

func TestCondition(t *testing.T) {
	for text, want := range map[string]bool{
		"true":                                        true,
		`kind == "appointment.cancelled"`:             true,
		`risk == "elevated"`:                          true,
		`risk in ["high", "elevated"]`:                true,
		`status != "active"`:                          false,
		"flagged":                                     true,
		"!flagged || minor":                           false,
		"first_visit && !minor":                       true,
		`language == "es"`:                            true,
		`language.startsWith("e")`:                    true,
		`"group" in programmes`:                       true,
		`"x" in programmes`:                           false,
		"size(programmes) == 2":                       true,
		`reason == "stress"`:                          true,
		`reason == ""`:                                false,
		`cancelled_by == "client"`:                    true,
		"late":                                        true,
		"same_day":                                    false,
		"notice_known":                                true,
		`notice < duration("1d6h")`:                   false,
		`notice <= duration("1d6h")`:                  true,
		`notice > duration("24h")`:                    true,
		"has_future_appointment":                      true,
		`count("appointment.noshow", "60d")  == 2`:    true,
		`count("appointment.noshow", "8w4d") == 2`:    true,
		`count("appointment.noshow", "59d") + 1 == 1`: true,
		`days_since("appointment.attended") >= 21`:    true,
		`days_since("client.signal") == -1`:           true,
		`late_cancellations("24h", "30d") == 2`:       true,
		`late_cancellations("48h", "30d") == 0`:       true,
		`status_before == "hospitalised"`:             true,
		`signal == "diary-skipped"`:                   true,
		`concern == ""`:                               true,
		`concern_from == "questionnaire"`:             true,
		`flagged ? risk == "none" : risk == "high"`:   false,
		`risk == "none" && count("appointment.noshow", "60d") == 1`: false,
	} {
		c, wrong := compileCondition(text)
		if len(wrong) > 0 {
			t.Errorf("%s: %v", text, wrong)
			continue
		}
		got, err := c.Eval(someFacts())
		if err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
}

// TestConditionKnowsNothing: the zero facts are readable, and nothing that is
// unknown looks like good news.
func TestConditionKnowsNothing(t *testing.T) {
	for text, want := range map[string]bool{
		`risk == "unknown"`: true, `risk == "none"`: false, `status == "unknown"`: true,
		`cancelled_by == "unknown"`: true, `reason == ""`: true, "late || same_day": false,
		"notice_known": false, `notice < duration("1m")`: true, "size(programmes) == 0": true,
	} {
		c, wrong := compileCondition(text)
		if len(wrong) > 0 {
			t.Errorf("%s: %v", text, wrong)
			continue
		}
		if got, err := c.Eval(&Facts{}); err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestNilConditionHolds(t *testing.T) {
	var c *Condition
	if ok, err := c.Eval(&Facts{}); !ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
}

// TestFailToHuman: a condition that cannot be evaluated is an error for a
// human, never a silent no.
func TestFailToHuman(t *testing.T) {
	if ok, err := (&Condition{Text: "flagged"}).Eval(someFacts()); ok || err == nil {
		t.Errorf("a condition made by hand gave %v, %v", ok, err)
	}
	for _, text := range []string{
		"has_future_appointment",
		"!has_future_appointment",
		`count("appointment.noshow", "60d") == 0`,
		`days_since("appointment.noshow") == -1`,
		`late_cancellations("24h", "30d") == 0`,
		"size(programmes) + 9223372036854775807 + 1 > 0",
	} {
		c, wrong := compileCondition(text)
		if len(wrong) > 0 {
			t.Fatalf("%s: %v", text, wrong)
		}
		if ok, err := c.Eval(&Facts{}); ok || err == nil {
			t.Errorf("%s gave %v, %v; want an error", text, ok, err)
		}
	}
}

// TestConditionAsksOnlyWhatItNeeds: what costs a search is not called unless
// the answer depends on it.
func TestConditionAsksOnlyWhatItNeeds(t *testing.T) {
	c, wrong := compileCondition(`risk == "none" && count("appointment.noshow", "60d") == 1`)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	f := someFacts()
	asked := 0
	f.Count = func(events.Kind, time.Duration) int { asked++; return 1 }
	if ok, err := c.Eval(f); ok || err != nil || asked != 0 {
		t.Errorf("at elevated risk: %v, %v, counted %d times; want no, not counted", ok, err, asked)
	}
	f.Risk = events.RiskNone
	if ok, err := c.Eval(f); !ok || err != nil || asked != 1 {
		t.Errorf("without risk: %v, %v, counted %d times; want yes, once", ok, err, asked)
	}
}

func TestConditionIsSafeForConcurrentUse(t *testing.T) {
	c, wrong := compileCondition(`count("appointment.noshow", "60d") == 2 && "day" in programmes`)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if ok, err := c.Eval(someFacts()); !ok || err != nil {
					t.Errorf("got %v, %v", ok, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestConditionBounds: what could cost much is refused when it is read.
func TestConditionBounds(t *testing.T) {
	for name, text := range map[string]string{
		"long":       strings.Repeat("flagged || ", 200) + "flagged",
		"deep":       strings.Repeat("(", 300) + "flagged" + strings.Repeat(")", 300),
		"loop":       "[1, 2].all(x, x > 0)",
		"map":        "[1, 2].map(x, x * 2) == [2]",
		"regexp":     `language.matches("(a+)+$")`,
		"hidden":     "`@facts` == 1",
		"any type":   "dyn(flagged) == 1",
		"conversion": `int(language) == 1`,
		"clock":      `timestamp("2026-01-01T00:00:00Z") > timestamp("2025-01-01T00:00:00Z")`,
	} {
		if _, wrong := compileCondition(text); len(wrong) == 0 {
			t.Errorf("%s: %.60s was taken", name, text)
		}
	}
}

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"30m": 30 * time.Minute, "3h": 3 * time.Hour, "2d": 2 * day, "1w": 7 * day,
		"1d12h": 36 * time.Hour, "1w1d1h1m": 8*day + 61*time.Minute, "730d": 730 * day, "090m": 90 * time.Minute,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "3", "h", "3s", "3 h", " 3h", "3h ", "-3h", "+3h", "1.5h", "12h1d", "1h1h", "0m", "0d0h", "731d", "105w",
		"9999999999999999999999w", "9223372036854775807m", "3H", "٣h", "1e3h", "2mo",
	} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v; want an error", text, got)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"30m", "1d12h", "1w", "0h", "99999999w", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		if d <= 0 || d > maxDuration {
			t.Fatalf("ParseDuration(%q) = %v", s, d)
		}
		if again, err := ParseDuration(FormatDuration(d)); err != nil || again != d {
			t.Errorf("%q is %v, written %s, read as %v, %v", s, d, FormatDuration(d), again, err)
		}
	})
}

func FuzzCondition(f *testing.F) {
	for _, s := range []string{
		`risk == "none" && count("appointment.noshow", "60d") == 1`, `notice < duration("2d")`,
		`"x" in programmes`, `flagged ? late : same_day`, `days_since("appointment.attended") > 21`,
		`risk == "hihg"`, `count(kind, "1d") > 0`, "1 +", "(((", `language.startsWith("e") || size(programmes) > 1`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, wrong := compileCondition(text)
		if (c == nil) == (len(wrong) == 0) {
			t.Fatalf("%q gave %v and %v", text, c, wrong)
		}
		for _, w := range wrong {
			if w.line < 0 || w.column < -1 || w.message == "" {
				t.Errorf("%q: %+v points nowhere", text, w)
			}
		}
		if c == nil {
			return
		}
		first, err1 := c.Eval(someFacts())
		second, err2 := c.Eval(someFacts())
		if first != second || (err1 == nil) != (err2 == nil) {
			t.Errorf("%q gave %v, %v and then %v, %v", text, first, err1, second, err2)
		}
	})
}

func BenchmarkConditionEval(b *testing.B) {
	c, wrong := compileCondition(`risk == "none" && !flagged && count("appointment.noshow", "60d") == 1`)
	if len(wrong) > 0 {
		b.Fatal(wrong)
	}
	f := someFacts()
	f.Risk, f.Flagged = events.RiskNone, false
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Eval(f); err != nil {
			b.Fatal(err)
		}
	}
}
