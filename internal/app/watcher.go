package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// The watcher's times.
const (
	// watchEvery is how often it looks, and overdueAfter how long after its time a
	// question or task must have moved.
	watchEvery   = 15 * time.Second
	overdueAfter = time.Minute
	// mailWaits is how long mail to staff may wait to leave.
	mailWaits = 2 * time.Minute
	// calmLooks is how many looks in a row must find nothing before an alarm is over.
	calmLooks = 20
	// alarmAlone is how long an alarm that cannot be shared is not told again.
	alarmAlone = time.Hour
	// mostSuspects bounds what one look reads from the leader.
	mostSuspects = 200
)

// alarmPrefix begins the ids of the watcher's own mails: no decision asked for them.
const alarmPrefix = "alarm"

// What can be wrong, in the codes of the alarm's mail.
const (
	alarmQuestions = "questions"
	alarmNobody    = "nobody"
	alarmTasks     = "tasks"
	alarmMail      = "mail"
)

// watcher sees that questions and tasks move. It shares no reader, queue or timer
// with what it watches, and sends by itself: what stops the one must not stop the
// other.
type watcher struct {
	a     *App
	watch *jetstream.Watch
	// every and waits are watchEvery and mailWaits, shorter in tests.
	every, waits time.Duration
	// overdue is what the last look found, and calm counts the looks in a row, by
	// clinic, that found nothing.
	mu      sync.Mutex
	overdue map[string]trouble
	silent  map[string]bool // by clinic, as the last look found; guarded by mu
	calm    map[string]int
	// seen are the clinics in which the look before found something: an alarm needs
	// two looks.
	seen map[string]bool
	// alone is when an alarm was told without asking the other replicas.
	alone map[string]time.Time
	// feeds are what is known of each clinic's events.
	feeds map[string]*feed
	http  *http.Client
	// looked counts the looks, and heard those at the clinics' events.
	looked, heard atomic.Int64
	// feedEvery is how often it looks at those.
	feedEvery time.Duration
}

// trouble is what does not go on in a clinic.
type trouble struct {
	questions, tasks int
	// nobody counts the questions that move and that nobody can be asked.
	nobody int
	mail   bool
	// since is the oldest time that has passed, as the program's clock shows it.
	since time.Time
}

func (t trouble) any() bool { return t.questions+t.nobody+t.tasks > 0 || t.mail }

// what is the worst of it, as the mail's code, and rank how bad that is.
func (t trouble) what() (code string, rank int) {
	switch {
	case t.questions > 0:
		return alarmQuestions, 4
	case t.nobody > 0:
		return alarmNobody, 3
	case t.mail:
		return alarmMail, 2
	}
	return alarmTasks, 1
}

func newWatcher(a *App) *watcher {
	w := &watcher{
		a: a, watch: jetstream.NewWatch(), every: watchEvery, waits: mailWaits, feedEvery: time.Minute,
		overdue: map[string]trouble{}, calm: map[string]int{}, seen: map[string]bool{}, alone: map[string]time.Time{},
		feeds: map[string]*feed{}, http: &http.Client{Timeout: 10 * time.Second},
	}
	if a.watchEvery > 0 {
		w.every, w.waits, w.feedEvery = a.watchEvery, a.watchWaits, a.watchEvery
	}
	return w
}

// run looks until ctx ends.
func (w *watcher) run(ctx context.Context) {
	for pause(ctx, w.every) {
		w.once(ctx)
	}
}

// once takes one look, alarms where it must, and tells the outside monitor.
func (w *watcher) once(ctx context.Context) {
	if !w.watch.Ready() {
		return // the outside monitor hears nothing, and alarms where that lasts
	}
	found, whole, err := w.look(ctx)
	if err != nil {
		w.a.log.Error("the watcher cannot see whether questions and tasks move", "error", err)
	}
	w.keep(found)
	// A clinic that has closed for good has questions too.
	for _, id := range slices.Sorted(maps.Keys(w.a.clinics.byID)) {
		if t := found[id]; t.any() {
			w.alarm(ctx, id, t)
		} else if whole {
			w.rest(ctx, id)
		}
	}
	w.ping(ctx, err == nil && len(found) == 0)
	w.looked.Add(1)
}

// look asks the leader about every client whose time has passed. A client whose
// record cannot be read counts by what its headers say. whole is false where there was
// more than one look can read.
func (w *watcher) look(ctx context.Context) (found map[string]trouble, whole bool, err error) {
	now := w.a.clock.Now()
	past := now.Add(-w.slack())
	found = map[string]trouble{}
	suspects := w.watch.Suspects(past)
	whole = len(suspects) <= mostSuspects
	for _, row := range suspects[:min(len(suspects), mostSuspects)] {
		t := trouble{questions: row.Meta.Open, nobody: row.Meta.Ownerless, tasks: row.Meta.Tasks, since: row.Meta.Next}
		s, _, readErr := w.a.runner.State(ctx, row.Ref)
		if err = errors.Join(err, readErr); readErr == nil {
			t = overdue(&s, past)
		}
		if t.any() {
			found[row.Ref.Clinic] = found[row.Ref.Clinic].with(t)
		}
	}
	for id := range w.a.clinics.byID {
		oldest, askErr := w.a.store.OldestSafety(ctx, id)
		err = errors.Join(err, askErr)
		if waits := time.Since(oldest); !oldest.IsZero() && waits > w.waits {
			since := now.Add(-time.Duration(float64(waits) * w.a.clock.Speed()))
			found[id] = found[id].with(trouble{mail: true, since: since})
		}
		whole = whole && askErr == nil
	}
	return found, whole, err
}

// slack is overdueAfter on the program's clock.
func (w *watcher) slack() time.Duration {
	return time.Duration(float64(overdueAfter) * max(1, w.a.clock.Speed()))
}

func (t trouble) with(more trouble) trouble {
	t.questions += more.questions
	t.nobody += more.nobody
	t.tasks += more.tasks
	t.mail = t.mail || more.mail
	if t.since.IsZero() || more.since.Before(t.since) {
		t.since = more.since
	}
	return t
}

// overdue is what of a client's has no deadline, or one before past, or nobody to
// ask.
func overdue(s *workflows.State, past time.Time) trouble {
	var t trouble
	for i := range s.Escalations {
		switch e := &s.Escalations[i]; {
		case e.Open() && e.Next.Before(past):
			t = t.with(trouble{questions: 1, since: e.Next})
		case e.Ownerless():
			t = t.with(trouble{nobody: 1, since: e.Opened})
		}
	}
	for i := range s.Tasks {
		if task := &s.Tasks[i]; task.Next.Before(past) {
			t = t.with(trouble{tasks: 1, since: task.Next})
		}
	}
	return t
}

func (w *watcher) keep(found map[string]trouble) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.overdue = found
}

// counts are what the last look found, for the metrics.
func (w *watcher) counts() (questions, nobody, tasks, mail int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.overdue {
		questions += t.questions
		nobody += t.nobody
		tasks += t.tasks
		if t.mail {
			mail = 1
		}
	}
	return questions, nobody, tasks, mail
}

// alarm tells the clinic's emergency addresses once, when two looks in a row have
// found something. Of several replicas one tells.
func (w *watcher) alarm(ctx context.Context, id string, t trouble) {
	w.calm[id] = 0
	if !w.seen[id] {
		w.seen[id] = true
		return
	}
	_, rank := t.what()
	taken, mine, err := w.a.store.TakeAlarm(ctx, id, jetstream.AlarmStands, rank, time.Now())
	if err != nil && time.Since(w.alone[id]) > alarmAlone {
		w.a.log.Error("an alarm could not be taken on; it is told all the same", "clinic", id, "error", err)
		w.alone[id], mine = time.Now(), true
	}
	if !mine {
		return
	}
	w.a.log.Error("questions or tasks do not go on; the emergency addresses are told", "clinic", id,
		"questions", t.questions, "nobody", t.nobody, "tasks", t.tasks, "mail", t.mail)
	if w.tell(ctx, id, t) && err == nil {
		if err := w.a.store.AlarmTold(ctx, id, jetstream.AlarmStands, taken); err != nil {
			w.a.log.Error("an alarm was told, and that could not be kept; it may be told again", "clinic", id, "error", err)
		}
	}
}

// rest ends a clinic's alarm once nothing was found for a while.
func (w *watcher) rest(ctx context.Context, id string) {
	delete(w.seen, id)
	if w.calm[id]++; w.calm[id] != calmLooks {
		return
	}
	if err := w.a.store.EndAlarm(ctx, id, jetstream.AlarmStands); err != nil {
		w.calm[id]--
		w.a.log.Warn("an alarm that is over could not be forgotten; trying again", "clinic", id, "error", err)
	}
}

// tell mails the emergency addresses, or whoever is on call where there is none; it
// says whether anybody's mail was taken.
func (w *watcher) tell(ctx context.Context, id string, t trouble) (told bool) {
	c := w.a.clinics.byID[id].current
	people := c.Staff.Emergency()
	if len(people) == 0 {
		if p := c.Staff.Person(c.Staff.Fallback(w.a.clock.Now())); p != nil {
			people = append(people, p)
		}
	}
	what, _ := t.what()
	for _, p := range people {
		told = w.send(ctx, c, p, "alarm", what, t.since) || told
	}
	return told
}

// send writes to one person by itself, and says whether the provider took the mail.
func (w *watcher) send(ctx context.Context, c *version, p *escalation.Person, family, what string, since time.Time) bool {
	mail, err := w.mail(c, family, what, since, notifier.Address{Name: p.Name, Email: p.Email})
	if err == nil {
		if family == "alarm" {
			mail.Pages = pages(p, &mail, w.a.staffURL()+"/", "")
		}
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		_, err = w.a.provider.Send(ctx, mail)
	}
	if err != nil {
		w.a.log.Error("the watcher's mail could not be sent", "clinic", c.ID, "mail", family, "error", notifier.Classify(err).Class.String())
	}
	return err == nil
}

func (w *watcher) mail(c *version, family, what string, since time.Time, to notifier.Address) (notifier.Mail, error) {
	language := c.wording.Speaks(family, c.Language())
	v := templates.Values{
		ClinicName: c.Name, StaffName: to.Name, StaffURL: w.a.staffURL() + "/",
		Alarm: what, OpenedAgo: templates.Span(language, w.a.clock.Now().Sub(since)),
	}
	if since.IsZero() {
		v.OpenedAgo = ""
	}
	out, err := c.wording.Render(family, language, templates.Unknown, v)
	if err != nil {
		return notifier.Mail{}, err
	}
	messageID := alarmPrefix + strings.ToLower(rand.Text()[:20])
	_, domain, _ := strings.Cut(c.From.Email, "@")
	return notifier.Mail{
		ID: messageID, Attempt: 1, Lane: notifier.Safety, MessageID: messageID + "@" + domain, Date: w.a.clock.Now(),
		From: notifier.Address(c.From), ReplyTo: notifier.Address(c.ReplyTo), To: to,
		Subject: out.Subject, Text: out.Text, HTML: out.HTML, Origin: notifier.Origin{Clinic: c.ID, Version: c.Version, Language: out.Language},
	}, nil
}

// ping tells the outside monitor that all is well, or that it is not; when it hears
// nothing at all, it alarms by itself.
func (w *watcher) ping(ctx context.Context, well bool) {
	address := string(w.a.cfg.PingURL)
	if address == "" {
		return
	}
	if !well {
		address = strings.TrimRight(address, "/") + "/fail"
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
	if err == nil {
		var resp *http.Response
		if resp, err = w.http.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode >= 300 {
				err = fmt.Errorf("it answered %d", resp.StatusCode)
			}
		}
	}
	if err != nil {
		w.a.log.Warn("the outside monitor did not hear from this program", "error", hideURL(err))
	}
}

// hideURL drops the address from an error: it is a secret.
func hideURL(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}
