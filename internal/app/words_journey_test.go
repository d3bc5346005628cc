package app

import (
	"strings"
	"testing"

	"github.com/mooring-care/mooring/workflows"
)

// TestJourneyWords: only what ends a journey reads as its end.
func TestJourneyWords(t *testing.T) {
	t.Parallel()
	ends := map[workflows.Reason]bool{
		workflows.StoppedByEvent: true, workflows.StartCorrected: true, workflows.Retracted: true, workflows.Finished: true,
		workflows.ReplacedByStrong: true, workflows.WorkflowRemoved: true, workflows.NoAppointment: true, workflows.AppointmentPast: true,
	}
	for _, r := range []workflows.Reason{
		workflows.Started, workflows.FutureAppointment, workflows.StrongerRuns, workflows.AlreadyRuns, workflows.NotActive, workflows.ReturnedSince,
		workflows.TooLate, workflows.AlreadyBegan, workflows.BeganRecently, workflows.StopHolds, workflows.AbsenceOver, workflows.JourneyMoved,
		workflows.JourneyStays, workflows.GoalMet, workflows.GoalMissed, workflows.StoppedByEvent, workflows.StartCorrected, workflows.Retracted,
		workflows.Finished, workflows.ReplacedByStrong, workflows.WorkflowRemoved, workflows.NoAppointment, workflows.AppointmentPast,
		workflows.AbsenceMoved, workflows.AbsenceDropped,
	} {
		if _, words := journeyWords(workflows.Note{Reason: r}, "Own"); strings.HasSuffix(words, "ends") != ends[r] {
			t.Errorf("%s reads %q", r, words)
		}
	}
}
