package workflows

import (
	"slices"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/events"
)

// TestSpeaksOfDanger: phrases that are said of oneself, however they are written; and
// ordinary words beside them.
func TestSpeaksOfDanger(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"I want to die", "i WANT\n to   die.", "I just don’t want to live", "I don't want to be here anymore…", "I dont want to wake up",
		"sometimes I think of killing myself", "everyone would be better off without me", "I ﬁnd no reason to live", "I CAN'T go on", "thoughts of self-harm",
		"“I wish I were dead”", "I am thinking\u200b of suicide",
		"me quiero morir", "Quiero MORIR", "no quiero vivir más", "ya no puedo más", "pienso en hacerme daño", "pienso en hacerme dan\u0303o", "estarían mejor sin mí", "No me siento a salvo", "me quiero matar", "I have been considering suicide", "I want to end my own life.", "I no longer want to live", "I do not feel safe", "I cannot go on. Sorry", "no deseo vivir", "No puedo más", "Pensé mucho. Me voy a matar.", "me voy a suicidar", "me corté otra vez", "Ya me despedí de todos. Esta noche se acaba.", "i took all my pills", "goodbye everyone, it ends tonight", "I have pills here and I am scared",
	} {
		if !speaksOfDanger(text) {
			t.Errorf("%q is passed over", text)
		}
	}
	for _, text := range []string{
		"", "...", "I am dying to see you", "my dog died", "he wanted a diet", "I would rather talk by phone", "The bus was late and it killed my mood", "I cut my hair myself",
		"we end it at four", "quiero seguir viviendo aquí", "mi vida va bien", "no puedo ir más tarde", "no puedo los martes", "hace daño el calor", "voy a cortarme el pelo", "Sorry, I can't go on Tuesday", "I cannot go on Friday, could we move it?", "no puedo más temprano", "I hurt myself playing football", "I don't feel safe driving in the snow", "mi hermano habla del suicidio de un amigo",
	} {
		if speaksOfDanger(text) {
			t.Errorf("%q is taken for danger", text)
		}
	}
	for phrase := range strings.SplitSeq(dangerPhrases, "\n") {
		if got := plainWords(phrase); got != " "+strings.TrimSuffix(phrase, " .")+" . " {
			t.Errorf("%q can never be found: it would be read as %q", phrase, got)
		}
	}
}

// TestWordsOfDanger: "I am safe" with such words asks a person at once, who reads
// them; the words alone decide, and the answer stays what it was.
func TestWordsOfDanger(t *testing.T) {
	t.Parallel()
	for text, asks := range map[string]bool{"I just want to die": true, "I would like an earlier time": false} {
		s := newSim(t, historyStart, sampleClinic(t))
		s.happens(events.CheckinAnswered, events.Data{Answer: &events.Answer{Safe: new(true), Text: text}})
		open, _ := s.state.OpenEscalations()
		if (open == 1) != asks {
			t.Fatalf("%q opens %d questions", text, open)
		}
		task := slices.ContainsFunc(s.state.Tasks, func(t Task) bool { return t.What == taskReadAnswer })
		if task == asks {
			t.Errorf("%q: a task to read it later: %v", text, task)
		}
		if !asks {
			continue
		}
		e := s.state.Escalations[0]
		if e.Policy.ID != safetyPolicy || !slices.Equal(e.Questions, []string{"words-of-danger"}) || !slices.Equal(e.Said, []string{text}) {
			t.Errorf("policy %s, questions %q, said %q", e.Policy.ID, e.Questions, e.Said)
		}
		if !s.state.Profile.Answered.Get().Safe {
			t.Error("the client's own answer is not what they said")
		}
	}
}

// TestRaised: what a member of staff asks opens the ladder of its level, with their
// name and words, and joins the same question the second time.
func TestRaised(t *testing.T) {
	t.Parallel()
	s := newSim(t, historyStart, sampleClinic(t))
	for _, level := range []events.ConcernLevel{events.ConcernSameDay, events.ConcernImmediate, events.ConcernImmediate} {
		s.happens(events.SafetyRaised, events.Data{Concern: &events.Concern{Level: level, Note: "it sounds like goodbye"}, Note: &events.Note{By: "amara"}})
	}
	if len(s.state.Escalations) != 2 {
		t.Fatalf("%d questions are open", len(s.state.Escalations))
	}
	for i, want := range []struct{ policy, question string }{{sameDayPolicy, "raised-same-day"}, {safetyPolicy, "raised-immediate"}} {
		e := s.state.Escalations[i]
		if e.Policy.ID != want.policy || !slices.Equal(e.Questions, []string{want.question}) || e.Said[0] != "Amara Cole: it sounds like goodbye" {
			t.Errorf("policy %s, questions %q, said %q", e.Policy.ID, e.Questions, e.Said)
		}
	}
}
