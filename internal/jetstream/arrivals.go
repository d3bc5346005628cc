package jetstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/runner"
)

// arrivals knows which events the streams hold that nobody has decided on yet,
// by client: a last look then waits for its own client's events and not for a
// whole morning's import. It reads both streams beside the runner's queues,
// so it is as far as their ends whatever the queues' backlog.
//
// It never takes an event for decided too early: one leaves when this process
// has answered its delivery, or when its queue's consumer has been acknowledged
// past it. Forgetting that an event was decided costs a moment's wait.
type arrivals struct {
	// noting says that decisions are noted, ready that the streams are being
	// read; before that looks ask the consumers.
	noting, ready atomic.Bool

	mu sync.Mutex
	// All guarded by mu. read is up to where each stream was read; of are the
	// events not decided yet and by whom each is awaited; refs finds them by
	// client; early are those decided before they were read here; behind are
	// the looks that wait for the reading to come as far as a stream's end;
	// held and awaited count a stream's entries of and who waits for them;
	// room is signalled when of has shrunk.
	read   map[string]uint64
	of     map[place]*arrival
	refs   map[runner.Ref][]place
	early  map[place]struct{}
	behind map[*look]map[string]uint64

	held, awaited map[string]int
	room          *sync.Cond
	// anew counts how often everything was forgotten. Guarded by mu.
	anew int
	// most bounds how far the reading runs ahead of the decisions.
	most int
	// closed lets a reader go that waits for room. Guarded by mu.
	closed bool
}

// close lets a reader go.
func (a *arrivals) close(closed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = closed
	a.room.Broadcast()
}

// maxHeld is how many events may wait before the reading does. Looks then wait
// as if for all.
const maxHeld = 1 << 16

// place is where an event is stored.
type place struct {
	stream string
	seq    uint64
}

type arrival struct {
	refs   [2]runner.Ref // the second is everyone's, or zero
	queue  string        // the durable of the queue that reads it
	waited []*look
}

// look is one last look that waits.
type look struct {
	left int
	done chan error // has room for one answer
}

func (l *look) end(err error) {
	select {
	case l.done <- err:
	default:
	}
}

// arrivalStreams are those that decisions answer.
var arrivalStreams = [...]string{streamEvents, streamInside}

// everyone stands for all clients of a clinic: an event about two of them is
// waited for by each.
const everyone = "*"

// errLostPlace says that reading the streams begins anew.
var errLostPlace = errors.New("the events that wait are being read anew")

func newArrivals() *arrivals {
	a := &arrivals{most: maxHeld}
	a.room = sync.NewCond(&a.mu)
	a.reset(nil)
	return a
}

// reset forgets everything and has those who wait ask again.
func (a *arrivals) reset(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.of {
		for _, l := range x.waited {
			l.end(err)
		}
	}
	for l := range a.behind {
		l.end(err)
	}
	a.read, a.of, a.refs = map[string]uint64{}, map[place]*arrival{}, map[runner.Ref][]place{}
	a.early, a.behind = map[place]struct{}{}, map[*look]map[string]uint64{}
	a.held, a.awaited = map[string]int{}, map[string]int{}
	a.anew++
	a.room.Broadcast()
}

// arrived notes an event that was read; a zero ref is nobody's event, or one
// that was decided long ago.
func (a *arrivals) arrived(p place, ref runner.Ref, all bool, queue string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, decided := a.early[p]
	delete(a.early, p)
	if ref.Key != "" && !decided {
		x := &arrival{refs: [2]runner.Ref{ref}, queue: queue}
		a.refs[ref] = append(a.refs[ref], p)
		if all {
			x.refs[1] = runner.Ref{Clinic: ref.Clinic, Key: everyone}
			a.refs[x.refs[1]] = append(a.refs[x.refs[1]], p)
		}
		a.of[p] = x
		a.held[p.stream]++
	}
	a.advance(p.stream, p.seq)
	for len(a.of) >= a.most && !a.closed {
		a.room.Wait()
	}
}

// begin says from where on a stream is read.
func (a *arrivals) begin(stream string, after uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.early, func(p place, _ struct{}) bool { return p.stream == stream && p.seq <= after })
	a.advance(stream, after)
}

// advance notes up to where a stream was read. The caller holds mu.
func (a *arrivals) advance(stream string, seq uint64) {
	a.read[stream] = max(a.read[stream], seq)
	for l, ends := range a.behind {
		if a.reached(ends) {
			delete(a.behind, l)
			l.end(nil)
		}
	}
}

func (a *arrivals) reached(ends map[string]uint64) bool {
	for stream, end := range ends {
		if a.read[stream] < end {
			return false
		}
	}
	return true
}

// decided notes that the event at p was decided on, or rejected.
func (a *arrivals) decided(p place) {
	if !a.noting.Load() || !slices.Contains(arrivalStreams[:], p.stream) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.seq > a.read[p.stream] {
		a.early[p] = struct{}{}
		return
	}
	a.remove(p)
}

// remove takes an event out. The caller holds mu.
func (a *arrivals) remove(p place) {
	x, ok := a.of[p]
	if !ok {
		return
	}
	delete(a.of, p)
	a.held[p.stream]--
	a.awaited[p.stream] -= len(x.waited)
	a.room.Broadcast()
	for _, ref := range x.refs {
		if ref.Key == "" {
			continue
		}
		if kept := without(a.refs[ref], p); len(kept) > 0 {
			a.refs[ref] = kept
		} else {
			delete(a.refs, ref)
		}
	}
	for _, l := range x.waited {
		if l.left--; l.left == 0 {
			l.end(nil)
		}
	}
}

func without(ps []place, p place) []place {
	kept := ps[:0]
	for _, x := range ps {
		if x != p {
			kept = append(kept, x)
		}
	}
	return kept
}

// wait returns once the streams were read to their ends and every event of the
// client among what was read is decided. What is forgotten in between was not
// decided: then the answer is errLostPlace.
func (a *arrivals) wait(ctx context.Context, ref runner.Ref, ends map[string]uint64) error {
	l := &look{done: make(chan error, 1)}
	a.mu.Lock()
	anew := a.anew
	if !a.reached(ends) {
		a.behind[l] = ends
		a.mu.Unlock()
		if err := l.wait(ctx); err != nil {
			return err
		}
		l = &look{done: make(chan error, 1)}
		a.mu.Lock()
	}
	if a.anew != anew {
		a.mu.Unlock()
		return errLostPlace
	}
	a.await(l, ref)
	a.mu.Unlock()
	return l.wait(ctx)
}

// await has a look wait for what is open of its client. The caller holds mu.
func (a *arrivals) await(l *look, ref runner.Ref) {
	for _, r := range [...]runner.Ref{ref, {Clinic: ref.Clinic, Key: everyone}} {
		for _, p := range a.refs[r] {
			x := a.of[p]
			x.waited = append(x.waited, l)
			a.awaited[p.stream]++
			l.left++
		}
	}
	if l.left == 0 {
		l.end(nil)
	}
}

// calm says that nothing that was read waits for a decision on the client.
func (a *arrivals) calm(ref runner.Ref) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.refs[ref]) == 0 && len(a.refs[runner.Ref{Clinic: ref.Clinic, Key: everyone}]) == 0
}

func (l *look) wait(ctx context.Context) error {
	select {
	case err := <-l.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for what was acknowledged to be decided: %w", ctx.Err())
	}
}

// Read says whom an event concerns: its client, and all whether every other
// client of the clinic as well. ok is false for what nobody can act on.
type Read func(d runner.Delivery) (ref runner.Ref, all, ok bool)

// FollowArrivals reads the streams of events beside the queues until ctx ends,
// so that last looks wait for their own client's events alone. Until it has
// begun, and whenever it has lost its place, they wait for all.
func (s *Store) FollowArrivals(ctx context.Context, read Read) {
	for ctx.Err() == nil {
		s.arrivals.reset(errLostPlace)
		// From here on decisions are noted: one made before its event is read
		// here must not be waited for.
		s.arrivals.noting.Store(true)
		err := s.followArrivals(ctx, read)
		s.arrivals.noting.Store(false)
		s.arrivals.reset(errLostPlace)
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("reading the events that wait lost its place; reading again", "error", err)
		// No longer than the queues: meanwhile every look waits for all.
		pause(ctx, 250*time.Millisecond)
	}
}

func (s *Store) followArrivals(ctx context.Context, read Read) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.arrivals.close(false)
	defer context.AfterFunc(ctx, func() { s.arrivals.close(true) })()
	queues := map[string]string{} // the queue that reads a kind's subject
	for _, q := range Queues() {
		for _, f := range q.filters {
			queues[f] = q.durable
		}
	}
	failed := make(chan error, len(arrivalStreams)+1)
	var under sync.WaitGroup
	defer under.Wait()
	defer s.arrivals.close(true)
	defer cancel()
	for _, stream := range arrivalStreams {
		start, floors, err := s.eventReader.Start(ctx, stream)
		if err != nil {
			return err
		}
		it, err := s.eventReader.Read(ctx, stream, start)
		if err != nil {
			return err
		}
		s.arrivals.begin(stream, start)
		under.Go(func() {
			defer context.AfterFunc(ctx, it.Stop)()
			defer it.Stop()
			failed <- s.readArrivals(it, queues, floors, read)
		})
	}
	s.arrivals.ready.Store(true)
	defer s.arrivals.ready.Store(false)
	under.Go(func() { failed <- s.catchUp(ctx) })
	return <-failed
}

// readArrivals notes every event of one stream.
func (s *Store) readArrivals(it Reading, queues map[string]string, floors map[string]uint64, read Read) error {
	for {
		d, err := it.Next()
		if err != nil {
			return err
		}
		p := place{d.Stream, d.Sequence}
		queue := queueOf(queues, d.Wire.Subject)
		if p.seq <= floors[queue] {
			s.arrivals.arrived(p, runner.Ref{}, false, "")
			continue
		}
		ref, all, ok := read(d)
		if !ok || queue == "" {
			ref = runner.Ref{}
		}
		s.arrivals.arrived(p, ref, all, queue)
	}
}

// queueOf is the queue that a subject goes to, by the queues' filters: an urgent
// kind has one of its own, and so have imports; the plain queue reads the rest.
// What is no event's subject counts as read by none.
func queueOf(queues map[string]string, subject string) string {
	first, _, kind, ok := events.ParseSubject(subject)
	if first == events.SubjectBulk {
		return consumerBulk
	}
	if !ok {
		return ""
	}
	if urgent, ok := queues[events.Subject(first, "*", kind)]; ok {
		return urgent
	}
	return queues[first+".>"]
}

// floors says, for each queue of a stream, up to where everything it reads was
// acknowledged.
func (s *Store) floors(ctx context.Context, stream string) (map[string]uint64, error) {
	floors := map[string]uint64{}
	for _, q := range Queues() {
		if q.stream != stream {
			continue
		}
		cons, err := s.js.Consumer(ctx, q.stream, q.durable)
		switch {
		case errors.Is(err, jetstream.ErrConsumerNotFound):
			floors[q.durable] = 0
		case err != nil:
			return nil, fmt.Errorf("ask the consumer %s: %w", q.durable, err)
		default:
			floors[q.durable] = cons.CachedInfo().AckFloor.Stream
		}
	}
	return floors, nil
}

// openFrom finds the first event after floor that a queue reads; 0 when there
// is none. It asks the stream: a consumer's count of what is pending runs
// behind.
func (s *Store) openFrom(ctx context.Context, q Queue, floor uint64) (uint64, error) {
	var first uint64
	for _, filter := range q.filters {
		msg, err := s.streams[q.stream].GetMsg(ctx, floor+1, jetstream.WithGetMsgSubject(filter))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("find the first event that waits for %s: %w", q.durable, err)
		}
		if first == 0 || msg.Sequence < first {
			first = msg.Sequence
		}
	}
	return first, nil
}

// startOf finds after which event a stream has to be read, and raises each
// queue's floor to just before its first event that waits.
func (s *Store) startOf(ctx context.Context, stream string) (start uint64, floors map[string]uint64, err error) {
	info, err := s.streams[stream].Info(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("ask the stream %s: %w", stream, err)
	}
	start = info.State.LastSeq
	if floors, err = s.floors(ctx, stream); err != nil {
		return 0, nil, err
	}
	for _, q := range Queues() {
		if q.stream != stream || floors[q.durable] >= start {
			continue
		}
		first, err := s.openFrom(ctx, q, floors[q.durable])
		if err != nil {
			return 0, nil, err
		}
		if first == 0 {
			first = info.State.LastSeq + 1
		}
		floors[q.durable] = max(floors[q.durable], first-1)
		start = min(start, first-1)
	}
	return start, floors, nil
}

// How often arrivals look for what other replicas have decided: soon while
// somebody waits, unless it is much work that led to nothing the last time.
const (
	catchUpSoon  = 25 * time.Millisecond
	catchUpEvery = 40 // times catchUpSoon
	fewHeld      = 1024
)

// catchUp takes out what other replicas have decided, and notes that a stream
// was read to its end where the end itself is gone.
func (s *Store) catchUp(ctx context.Context) error {
	a := s.arrivals
	var dropped [len(arrivalStreams)]int
	for n := 0; pause(ctx, catchUpSoon); n++ {
		for i, stream := range arrivalStreams {
			behind, awaited, held := a.state(stream)
			if behind > 0 {
				if err := s.skipGone(ctx, stream, behind); err != nil {
					return err
				}
			}
			soon := awaited > 0 && (held < fewHeld || dropped[i] > 0)
			if soon || (held > 0 && n%catchUpEvery == 0) {
				var err error
				if dropped[i], err = s.dropPassed(ctx, stream); err != nil {
					return err
				}
			}
		}
	}
	return ctx.Err()
}

// skipGone notes a stream as read up to end when the leader has nothing more
// to read until there. The reader's own consumer cannot say so: it may not have
// heard of the latest messages yet.
func (s *Store) skipGone(ctx context.Context, stream string, end uint64) error {
	a := s.arrivals
	a.mu.Lock()
	read := a.read[stream]
	a.mu.Unlock()
	next, err := s.eventReader.Follows(ctx, stream, read)
	if err != nil {
		return err
	}
	if next == 0 || next > end {
		a.begin(stream, end)
	}
	return nil
}

// state says up to where looks wait for a stream to be read (0: none does),
// how many wait for events of it, and how many there are.
func (a *arrivals) state(stream string) (behind uint64, awaited, held int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, ends := range a.behind {
		if ends[stream] > a.read[stream] {
			behind = max(behind, ends[stream])
		}
	}
	return behind, a.awaited[stream], a.held[stream]
}

// dropPassed takes out the events that their queues were acknowledged past.
func (s *Store) dropPassed(ctx context.Context, stream string) (int, error) {
	floors, err := s.eventReader.Floors(ctx, stream)
	if err != nil {
		return 0, err
	}
	a := s.arrivals
	a.mu.Lock()
	defer a.mu.Unlock()
	var passed []place
	for p, x := range a.of {
		if p.stream == stream && p.seq <= floors[x.queue] {
			passed = append(passed, p)
		}
	}
	for _, p := range passed {
		a.remove(p)
	}
	return len(passed), nil
}
