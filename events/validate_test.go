package events

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInvalidData(t *testing.T) {
	long := strings.Repeat("x", 501)
	for _, tc := range []struct {
		kind  Kind
		path  string
		value any
		// field is where the problem lies when not at path.
		field string
	}{
		{ClientUpdated, "data.client.first_name", 7, ""},
		{ClientUpdated, "data.client.first_name", long, ""},
		{ClientUpdated, "data.client.last_name", secretValue + "\r\nBcc: x", ""},
		{ClientUpdated, "data.client.email", secretValue, ""},
		{ClientUpdated, "data.client.email", "Ada <" + secretValue + "@example.org>", ""},
		{ClientUpdated, "data.client.email", "a@example.org, " + secretValue + "@example.org", ""},
		{ClientUpdated, "data.client.email", strings.Repeat("a", 250) + "@example.org", ""},
		{ClientUpdated, "data.client.email_verified", "yes", ""},
		{ClientUpdated, "data.client.phone", true, ""},
		{ClientUpdated, "data.client.chart_url", "javascript:" + secretValue, ""},
		{ClientUpdated, "data.client.chart_url", "/" + secretValue, ""},
		{ClientUpdated, "data.client.chart_url", "https://" + strings.Repeat("a", 2000), ""},
		{ClientUpdated, "data.client.language", secretValue + "!", ""},
		{ClientUpdated, "data.client.language", "-", ""},
		{ClientUpdated, "data.client.time_zone", "Mars/" + secretValue, ""},
		{ClientUpdated, "data.client.time_zone", "Local", ""},
		{ClientUpdated, "data.client.time_zone", "../etc/passwd", ""},
		{ClientUpdated, "data.client.risk", secretValue, ""},
		{ClientUpdated, "data.client.risk", "", ""},
		{ClientUpdated, "data.client.status", "Active", ""},
		{ClientUpdated, "data.client.programmes", "outpatient", ""},
		{ClientUpdated, "data.client.programmes", []any{1}, ""},
		{ClientUpdated, "data.client.programmes", []any{""}, ""},
		{ClientUpdated, "data.client.programmes", make([]int, 51), ""},
		{ClientUpdated, "data.client.minor", 1, ""},
		{ClientUpdated, "data.client.address_owner", secretValue, ""},
		{ClientUpdated, "data.client.consent", "granted", ""},
		{ClientUpdated, "data.client.consent.outreach", "granted", ""},
		{ClientUpdated, "data.client.consent.outreach.state", "yes", ""},
		{ClientUpdated, "data.client.consent.outreach.at", secretValue, ""},
		{ClientUpdated, "data.client.consent.resources.state", "yes", ""},
		{ClientUpdated, "data.client.consent.resources.at", secretValue, ""},
		{ClientUpdated, "data.client.consent.caring.state", "yes", ""},
		{ClientUpdated, "data.client.consent.caring.at", secretValue, ""},
		{ClientUpdated, "data.client.consent.orientation.state", "yes", ""},
		{ClientUpdated, "data.client.consent.orientation.at", secretValue, ""},
		{ClientUpdated, "data.client", secretValue, ""},
		{ClientUpdated, "data", secretValue, ""},
		{ClientUpdated, "data", []any{}, ""},
		{ClientUpdated, "data.appointment", map[string]any{"minutes": 50}, "data.appointment.id"},
		{AppointmentBooked, "data.appointment.id", strings.Repeat("x", 257), ""},
		{AppointmentBooked, "data.appointment.id", 12, ""},
		{AppointmentBooked, "data.appointment.start", "2026-03-02 15:00", ""},
		{AppointmentBooked, "data.appointment.start", "2026-03-02", ""},
		{AppointmentBooked, "data.appointment.start", 1700000000, ""},
		{AppointmentBooked, "data.appointment.start", "9999-12-31T23:59:59-05:00", ""},
		{AppointmentBooked, "data.appointment.minutes", -1, ""},
		{AppointmentBooked, "data.appointment.minutes", 1441, ""},
		{AppointmentBooked, "data.appointment.minutes", 50.5, ""},
		{AppointmentBooked, "data.appointment.version", -1, ""},
		{AppointmentBooked, "data.appointment.version", 1e30, ""},
		{AppointmentBooked, "data.appointment.visit", "third", ""},
		{AppointmentCancelled, "data.appointment.cancelled_by", "patient", ""},
		{AppointmentCancelled, "data.appointment.reason", long, ""},
		{ClientSignal, "data.signal.strength", 1.5, ""},
		{ClientSignal, "data.signal.strength", "high", ""},
		{ClientSignal, "data.signal.name", "", ""},
		{SafetyConcern, "data.concern.level", "urgent", ""},
		{SafetyConcern, "data.concern.note", strings.Repeat("x", 5001), ""},
		{SafetyConcern, "data.concern.note", secretValue + "\x00", ""},
		{ClientMerged, "data.merge.into", "8421", ""},
		{MessageReplied, "data.reply.message_id", 1, ""},
		{CheckinAnswered, "data.answer.safe", "no", ""},
		{CheckinAnswered, "data.answer", true, ""},
		{EscalationClosed, "data.escalation.outcome", secretValue, ""},
		{EscalationAcknowledged, "data.escalation.by", " ", ""},
		{ClientPaused, "data.pause.until", "tomorrow", ""},
		{MessageAccepted, "data.message.attempt", -1, ""},
		{AppointmentBooked, "time", "yesterday", ""},
		{AppointmentBooked, "time", nil, ""},
		{AppointmentBooked, "time", "0001-01-01T00:00:00Z", ""},
		{AppointmentBooked, "time", "9999-12-31T23:59:59-05:00", ""},
		{AppointmentBooked, "time", "2026-03-02T14:00:00", ""},
	} {
		t.Run(fmt.Sprintf("%s=%.20v", tc.path, tc.value), func(t *testing.T) {
			w := sampleWire(t, tc.kind)
			w.Body = change(t, w.Body, tc.path, tc.value)
			field := tc.field
			if field == "" {
				field = tc.path
			}
			e := wantProblem(t, w, ReasonInvalidData, field)
			if e.Clinic == "" || e.Kind != tc.kind || e.ID == "" || (e.Client == "" && e.Key == "") {
				t.Errorf("what could be trusted is lost: %+v", e)
			}
			if diff := cmp.Diff(Data{}, e.Data); diff != "" {
				t.Errorf("refused data is handed on:\n%s", diff)
			}
		})
	}
}
