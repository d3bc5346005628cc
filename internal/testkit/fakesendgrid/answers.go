package fakesendgrid

import (
	"encoding/json"
	"time"
)

// Answer is what one request for a mail that could be read was answered with,
// whether the mail was taken or not.
type Answer struct {
	Time    time.Time `json:"time"` // when the request came in
	MID     string    `json:"mid"`
	Attempt string    `json:"attempt"`
	Status  int       `json:"status"` // 0 for nothing
}

// Answered is every answer since the start, in order.
func (s *Server) Answered() []Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Answer{}, s.answered...)
}

// ReadAnswers reads a server's file of answers.
func ReadAnswers(path string) ([]Answer, error) { return readLines[Answer](path) }

func (s *Server) note(a Answer) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers != nil {
		if _, err := s.answers.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	s.answered = append(s.answered, a)
	return nil
}
