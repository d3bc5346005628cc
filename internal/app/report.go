package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mooring-care/mooring/workflows/runner"
)

// EscalationReport is how long questions took to reach a human. Its JSON is
// described in docs/audit.md.
type EscalationReport struct {
	Now    time.Time             `json:"now"`
	Clinic string                `json:"clinic,omitempty"` // "" for all
	Since  time.Time             `json:"since,omitzero"`
	Rows   []EscalationReportRow `json:"rows"`

	zone *time.Location
}

// EscalationReportRow counts the questions of one clinic and policy that were taken
// on one rung.
type EscalationReportRow struct {
	Clinic string `json:"clinic"`
	Policy string `json:"policy"`
	// Rung is the one on which somebody took it, from 1; 0 for those that nobody has
	// taken yet.
	Rung  int `json:"rung"`
	Count int `json:"count"`
	// Open counts those that are open now, OldestOpen is when the oldest was opened.
	Open       int       `json:"open"`
	OldestOpen time.Time `json:"oldest_open,omitzero"`
	// Climbed, Declined and NotDelivered count the questions to which that happened
	// at least once.
	Climbed      int `json:"climbed"`
	Declined     int `json:"declined"`
	NotDelivered int `json:"not_delivered"`

	ToAccepted StretchStats `json:"to_accepted"`
	ToAnswer   StretchStats `json:"to_answer"`
	ToHuman    StretchStats `json:"to_human"`
	ToOutcome  StretchStats `json:"to_outcome"`
}

// StretchStats is how long a stretch took, in seconds: of Count that came to its
// end, by nearest rank.
type StretchStats struct {
	Count  int     `json:"count"`
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
	P99    float64 `json:"p99"`
}

func statsOf(took []time.Duration) StretchStats {
	if len(took) == 0 {
		return StretchStats{}
	}
	slices.Sort(took)
	rank := func(p float64) float64 {
		return took[max(int(math.Ceil(p*float64(len(took)))), 1)-1].Seconds()
	}
	return StretchStats{len(took), rank(0.5), rank(0.9), rank(0.99)}
}

// EscalationReport reads AUDIT, of one clinic or with "" of all, for questions
// opened since then.
func (o *Operator) EscalationReport(ctx context.Context, clinicID string, since time.Time) (*EscalationReport, error) {
	past := newPastEscalations()
	err := o.store.Decisions(ctx, clinicID, func(ref runner.Ref, head []byte) error {
		e, err := runner.ReadEntry(head)
		if err == nil {
			past.take(ref, e)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r := &EscalationReport{Now: o.Now(), Clinic: clinicID, Since: since, Rows: []EscalationReportRow{}, zone: time.UTC}
	if clinicID != "" {
		r.zone = o.zone(clinicID)
	}
	type key struct {
		clinic, policy string
		rung           int
	}
	rows := map[key][]*pastEscalation{}
	for _, e := range past.order {
		if !e.opened.Before(since) {
			k := key{e.ref.Clinic, e.policyName(), e.ackRung}
			rows[k] = append(rows[k], e)
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(rows), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.clinic, b.clinic), cmp.Compare(a.policy, b.policy), cmp.Compare(a.rung, b.rung))
	}) {
		r.Rows = append(r.Rows, reportRow(k.clinic, k.policy, k.rung, rows[k]))
	}
	return r, nil
}

func reportRow(clinic, policy string, rung int, list []*pastEscalation) EscalationReportRow {
	row := EscalationReportRow{Clinic: clinic, Policy: policy, Rung: rung, Count: len(list)}
	var took [stretches][]time.Duration
	for _, e := range list {
		for s := range stretches {
			if d, ok := e.took(s); ok {
				took[s] = append(took[s], d)
			}
		}
		if e.open {
			row.Open++
			if row.OldestOpen.IsZero() || e.opened.Before(row.OldestOpen) {
				row.OldestOpen = e.opened
			}
		}
		if e.climbed {
			row.Climbed++
		}
		if e.declined > 0 {
			row.Declined++
		}
		if e.undelivered > 0 {
			row.NotDelivered++
		}
	}
	row.ToAccepted, row.ToAnswer = statsOf(took[toAccepted]), statsOf(took[toAnswer])
	row.ToHuman, row.ToOutcome = statsOf(took[toHuman]), statsOf(took[toOutcome])
	return row
}

// WriteText writes the report for people.
func (r *EscalationReport) WriteText(w io.Writer) error {
	var b strings.Builder
	of, since := "all clinics", ""
	if r.Clinic != "" {
		of = r.Clinic
	}
	if !r.Since.IsZero() {
		since = " opened since " + r.Since.In(r.zone).Format(storyTime)
	}
	if len(r.Rows) == 0 {
		_, err := fmt.Fprintf(w, "No questions of %s%s.\n", of, since)
		return err
	}
	fmt.Fprintf(&b, "Questions of %s%s, as of %s (%s). Times are median / 90%% / 99%%.\n\n", of, since, r.Now.In(r.zone).Format(storyTime), r.zone)
	table := [][]string{{"CLINIC", "POLICY", "TAKEN ON", "QUESTIONS", "OPEN", "CLIMBED", "PASSED ON", "NOT DELIVERED", "OPENED TO MAIL", "MAIL TO TAKEN", "OPENED TO TAKEN", "TAKEN TO OUTCOME"}}
	for i := range r.Rows {
		x := &r.Rows[i]
		rung, open := "rung "+strconv.Itoa(x.Rung), strconv.Itoa(x.Open)
		if x.Rung == 0 {
			rung = "nobody yet"
		}
		if x.Open > 0 {
			open += " since " + x.OldestOpen.In(r.zone).Format(storyTime)
		}
		table = append(table, []string{
			x.Clinic, x.Policy, rung, strconv.Itoa(x.Count), open,
			strconv.Itoa(x.Climbed), strconv.Itoa(x.Declined), strconv.Itoa(x.NotDelivered),
			x.ToAccepted.words(), x.ToAnswer.words(), x.ToHuman.words(), x.ToOutcome.words(),
		})
	}
	columns(&b, table)
	_, err := io.WriteString(w, b.String())
	return err
}

func (s StretchStats) words() string {
	if s.Count == 0 {
		return "-"
	}
	return seconds(s.Median) + " / " + seconds(s.P90) + " / " + seconds(s.P99)
}

// seconds writes a time as short as it can be read.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second)).Round(time.Second)
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Round(time.Minute).Minutes())) + "m"
	case d < 48*time.Hour:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}
