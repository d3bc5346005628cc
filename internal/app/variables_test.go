package app

import (
	"slices"
	"testing"
)

func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	got := UnknownVariables([]string{
		"PATH=/bin", "MOORING_STAF_URL=https://staff.example.org", "MOORING_DATA=/data", "SENDGRID_API_KEY=SG.invented", "NATS_URL=",
		"MOORING_STORE_KEYS=secret", "MOORINGS=4", "MOORING_MAIL_RATE=1",
	})
	want := []UnknownVariable{{"MOORING_STAF_URL", "MOORING_STAFF_URL"}, {"MOORING_STORE_KEYS", "MOORING_STORE_KEY"}}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
