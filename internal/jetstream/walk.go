package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/runner"
)

// A walk looks once at every client of a clinic, because its folder asks for
// other deadlines than before: a client who is silent has no event that would
// set them. All replicas share it: its place is a durable consumer's, so that it
// goes on after a crash where it was, and whoever has time takes the next
// client. To look twice at one changes nothing.
//
//	rules change ─▶ record: these rules, not done ─▶ consumer ─▶ each client ─▶ record: done ─▶ no consumer
//
// A crash before the record leaves the old rules there, and the next start
// compares again. A crash after it finds a walk that is not done, and joins.
// Between done and the consumer's end a crash leaves a consumer that nobody
// reads; the next change takes it away.

const (
	// walkHands is how many clients of a walk are in hand at once, in each
	// process, and walkBatch how many are fetched for that.
	walkHands = 4
	walkBatch = 32
	// walkRate is how many clients a second a process looks at, at most: a walk
	// is never urgent, and whoever waits for the disk or a processor goes first.
	walkRate = 1000
	// walkTries is how often a client is looked at before a human gets it. The
	// pauses between grow to seconds, so that a store that only stumbles hands
	// nobody over.
	walkTries = 20
	// walkAgainFor is how long after a change a replica may still run that has
	// the older folder and decides by it.
	walkAgainFor = 7 * 24 * time.Hour
)

// walkRecord stands in the bucket under <clinic>.walk.
type walkRecord struct {
	// Rules are those that every client's deadlines follow once Done.
	Rules []string `json:"rules"`
	Done  bool     `json:"done"`
	// Changed is when the rules came.
	Changed time.Time `json:"changed"`
	// After is the sequence in CLIENTS after which clients are looked at, and
	// Seen the last one when the walk began.
	After uint64 `json:"after,omitempty"`
	Seen  uint64 `json:"seen"`
}

// Walk is one that is under way.
type Walk struct {
	Clinic   string
	record   walkRecord
	revision uint64
	told     bool // that it begins
	rejected atomic.Int64
}

// Rejected is how many clients this process could not look at and has handed to
// a human.
func (w *Walk) Rejected() int { return int(w.rejected.Load()) }

func (w *Walk) key() string { return w.Clinic + ".walk" }

func (w *Walk) consumer() string {
	return consumerWalkPrefix + w.Clinic + "-" + strconv.FormatUint(w.revision, 10)
}

// PlanWalk says which walk a clinic needs whose deadlines follow these rules;
// nil for none. It must come before this process decides by them: what it
// stores tells the next one, whose rules may be the old ones again.
func (s *Store) PlanWalk(ctx context.Context, clinic string, rules []string) (*Walk, error) {
	for {
		w, err := s.planWalk(ctx, clinic, rules)
		if isConflict(err) || errors.Is(err, jetstream.ErrKeyExists) {
			continue // another replica planned
		}
		if err != nil {
			return nil, fmt.Errorf("plan to look at the clients of %s: %w", clinic, err)
		}
		return w, nil
	}
}

func (s *Store) planWalk(ctx context.Context, clinic string, rules []string) (*Walk, error) {
	w := &Walk{Clinic: clinic}
	found, err := s.readWalk(ctx, w)
	if err != nil || !found && len(rules) == 0 {
		return nil, err
	}
	if found && !w.record.Done && slices.Equal(w.record.Rules, rules) {
		return w, nil
	}
	info, err := s.streams[streamClients].Info(ctx)
	if err != nil {
		return nil, err
	}
	was := &Walk{Clinic: clinic, record: w.record, revision: w.revision}
	next, needed := s.nextWalk(w.record, found, rules, info.State.LastSeq)
	if !needed && slices.Equal(next.Rules, was.record.Rules) {
		return nil, nil //nolint:nilnil // no walk is an answer
	}
	body, err := json.Marshal(next)
	if err != nil {
		return nil, err
	}
	// A revision of 0 expects that there is no record.
	if w.revision, err = s.kv.Update(ctx, w.key(), body, was.revision); err != nil {
		return nil, err
	}
	if found && !was.record.Done {
		s.endConsumer(ctx, was)
	}
	if w.record = next; !needed {
		return nil, nil //nolint:nilnil // no walk is an answer
	}
	return w, nil
}

// nextWalk is the record that follows, and whether it asks for a walk. Rules
// that are only fewer ask for none: a deadline that no rule sets any more is
// dropped when its time comes.
func (s *Store) nextWalk(was walkRecord, found bool, rules []string, last uint64) (next walkRecord, needed bool) {
	fewer := found && was.Done && !slices.ContainsFunc(rules, func(r string) bool { return !slices.Contains(was.Rules, r) })
	switch {
	case len(rules) == 0:
		return walkRecord{Done: true, Changed: time.Now(), Seen: last}, false
	case !fewer:
		return walkRecord{Rules: rules, Changed: time.Now(), Seen: last}, true
	case !slices.Equal(was.Rules, rules):
		was.Rules = rules
		return was, false
	case s.heads != nil || time.Since(was.Changed) > walkAgainFor || was.Seen == last:
		return was, false
	}
	// Another replica may have decided by older rules since, until it stopped.
	return walkRecord{Rules: rules, Changed: was.Changed, After: was.Seen, Seen: last}, true
}

// readWalk reads the clinic's record into w.
func (s *Store) readWalk(ctx context.Context, w *Walk) (found bool, err error) {
	entry, err := s.kv.Get(ctx, w.key())
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	w.revision, w.record = entry.Revision(), walkRecord{}
	return true, json.Unmarshal(entry.Value(), &w.record)
}

// Walk hands the clients of a walk to look, each with a record of theirs, until
// none is left or ctx ends; over says that this replica or another has ended it.
// look calls finish exactly once, on any goroutine. Whatever is not Done has the
// client come again; one whose look keeps failing ends in REJECTED, so that a
// human has them (the rules nothing-lost and fail-to-human).
func (s *Store) Walk(ctx context.Context, w *Walk, look func(ctx context.Context, ref runner.Ref, record []byte, finish func(runner.Verdict))) (over bool) {
	for ctx.Err() == nil {
		over, err := s.walkOn(ctx, w, look)
		if over {
			s.endConsumer(ctx, w)
			return true
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("looking at a clinic's clients has to wait; trying again", "clinic", w.Clinic, "error", err)
			pause(ctx, time.Second)
		}
	}
	return false
}

// walkOn does one batch.
func (s *Store) walkOn(ctx context.Context, w *Walk, look func(context.Context, runner.Ref, []byte, func(runner.Verdict))) (over bool, err error) {
	now := Walk{Clinic: w.Clinic}
	// Done, or another change came: then its own walk looks at everybody.
	if found, err := s.readWalk(ctx, &now); err != nil || !found || now.revision != w.revision {
		return err == nil, err
	}
	cons, err := s.walkConsumer(ctx, w)
	if err != nil {
		return false, err
	}
	began := time.Now()
	got, looked, err := s.walkBatch(ctx, cons, w, look)
	if err != nil || ctx.Err() != nil {
		return false, err
	}
	if got > 0 {
		pause(ctx, time.Duration(looked)*time.Second/walkRate-time.Since(began))
		return false, nil
	}
	info, err := cons.Info(ctx)
	if err != nil {
		return false, err
	}
	if info.NumPending > 0 || info.NumAckPending > 0 {
		pause(ctx, 250*time.Millisecond) // another replica has the last ones, or they come again
		return false, nil
	}
	done := w.record
	done.Done = true
	body, err := json.Marshal(done)
	if err != nil {
		return false, err
	}
	_, err = s.kv.Update(ctx, w.key(), body, w.revision)
	return err == nil, err
}

// walkConsumer makes the walk's consumer or finds it. A server that was started
// again in between delivers a client's records before the last one too: they are
// looked at for nothing.
func (s *Store) walkConsumer(ctx context.Context, w *Walk) (jetstream.Consumer, error) {
	cfg := jetstream.ConsumerConfig{
		Durable: w.consumer(), AckPolicy: jetstream.AckExplicitPolicy, AckWait: runnerAckWait, MaxDeliver: -1,
		FilterSubject: prefixClients + "*." + w.Clinic + ".*", DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
	}
	if w.record.After > 0 {
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, w.record.After+1
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cons, err := s.js.CreateOrUpdateConsumer(ctx, streamClients, cfg)
	if err != nil {
		return nil, fmt.Errorf("create the consumer %s: %w", cfg.Durable, err)
	}
	if n := cons.CachedInfo().NumPending; !w.told && n > 0 {
		s.log.Info("a clinic's folder sets other deadlines; its clients are looked at", "clinic", w.Clinic, "left", n)
		w.told = true
	}
	return cons, nil
}

// endConsumer takes the walk's consumer away; one that stays harms nobody.
func (s *Store) endConsumer(ctx context.Context, w *Walk) {
	err := s.js.DeleteConsumer(context.WithoutCancel(ctx), streamClients, w.consumer())
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		s.log.Warn("a consumer that nobody reads any more stays", "consumer", w.consumer(), "error", err)
	}
}

// walkBatch hands over what is there now and waits until all of it is answered.
// What was appended since the walk began is passed over: it was decided by the
// new rules, or by a replica that has the older ones, after which a walk of its
// own comes.
func (s *Store) walkBatch(ctx context.Context, cons jetstream.Consumer, w *Walk, look func(context.Context, runner.Ref, []byte, func(runner.Verdict))) (got, looked int, err error) {
	batch, err := cons.FetchNoWait(walkBatch)
	if err != nil {
		return 0, 0, err
	}
	var under sync.WaitGroup
	defer under.Wait()
	permits := make(chan struct{}, walkHands)
	for msg := range batch.Messages() {
		got++
		ref, _, ok := refOf(msg.Subject(), prefixClients)
		md, err := msg.Metadata()
		if !ok || err != nil || md.Sequence.Stream > w.record.Seen {
			_ = msg.Ack()
			continue
		}
		if ctx.Err() != nil {
			giveBack(msg)
			continue
		}
		looked++
		permits <- struct{}{}
		under.Add(1)
		look(ctx, ref, msg.Data(), func(v runner.Verdict) {
			defer under.Done()
			defer func() { <-permits }()
			s.answerWalk(ctx, w, ref, msg, v)
		})
	}
	return got, looked, batch.Error()
}

// answerWalk tells the server what became of a look. What was not done comes
// again, here or in another replica, and the walk goes on as long: a crash at any
// point leaves the client to the next start.
func (s *Store) answerWalk(ctx context.Context, w *Walk, ref runner.Ref, msg jetstream.Msg, v runner.Verdict) {
	if v.Action != runner.Done {
		md, err := msg.Metadata()
		if err != nil || md.NumDelivered < walkTries || !s.rejectLook(ctx, ref, msg) {
			_ = msg.NakWithDelay(max(v.After, 50*time.Millisecond))
			return
		}
		w.rejected.Add(1)
	}
	_ = msg.Ack()
}

// rejectLook hands a client who cannot be looked at to a human; false means that
// it could not be stored. REJECTED names the record and does not repeat it.
func (s *Store) rejectLook(ctx context.Context, ref runner.Ref, msg jetstream.Msg) bool {
	d, err := deliveryOf(msg)
	if err == nil {
		d.Wire = events.Wire{Subject: msg.Subject()}
		err = s.archive.Reject(context.WithoutCancel(ctx), d, runner.Verdict{
			Action: runner.Reject, Clinic: ref.Clinic, Key: ref.Key, Reason: runner.ReasonCannotDecide,
			Text: "the clinic's folder sets other deadlines than before, and this client's could not be set anew; until an event about them is decided on, nobody is told that they stay away: look after them yourself",
		})
	}
	if err != nil {
		s.log.Warn("handing a client who cannot be looked at to a human failed; trying again", "error", err)
		return false
	}
	s.log.Error("a client could not be looked at and waits for a human in REJECTED", "clinic", ref.Clinic, "key", ref.Key)
	return true
}
