package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzBacktestPast: whatever stands in a file, each line is an event that is read again
// as it was, or is named as unread, or is empty.
func FuzzBacktestPast(f *testing.F) {
	const one = `{"specversion":"1.0","id":"1","source":"ehr","type":"care.mooring.message.replied","subject":"a","time":"2026-03-02T15:04:05Z","data":{}}`
	for _, seed := range []string{
		"", "\n", one, one + "\n" + one, " \t" + one + " \r\n\r\n" + strings.Replace(one, `"a"`, `"b"`, 1), one[:40] + "\n" + one, "{}\n" + one,
		strings.Replace(one, "2026-03-02", "0001-01-01", 1), strings.Replace(one, "2026-03-02", "9999-12-31", 1), "\xef\xbb\xbf" + one, "\x00\n" + one,
	} {
		f.Add([]byte(seed))
	}
	file := filepath.Join(f.TempDir(), "past.jsonl")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		p, closing, err := readPastFile(t.Context(), file, "quay", time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))
		if err != nil {
			return // it has no event, and says so
		}
		defer closing()
		lines := 0
		for line := range strings.Lines(string(text)) {
			if strings.TrimSpace(line) != "" {
				lines++
			}
		}
		again := 0
		for i := range p.Len() {
			all, err := p.Client(i)
			if err != nil {
				t.Fatalf("client %d: %v", i, err)
			}
			for j, ev := range all {
				if ev.Client != all[0].Client || ev.Clinic != "quay" || ev.Key != all[0].Key || j > 0 && ev.Time.Before(all[j-1].Time) || ev.Time.Before(p.first) || ev.Time.After(p.last) {
					t.Errorf("client %d has %+v", i, ev)
				}
			}
			again += len(all)
		}
		if again != p.events || p.events+len(p.unread) != lines {
			t.Errorf("%d events are read again, of %d with %d lines unread, of %d lines", again, p.events, len(p.unread), lines)
		}
	})
}
